#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "admission/shared_pause.h"
#include "base/time.h"
#include "daemon/config/config.h"
#include "daemon/service/notice_writer.h"
#include "engine/engine.h"
#include "fleet/fleet_counts.h"
#include "fleet/fleet_register.h"
#include "fleet/rate_share.h"
#include "ledger/ledger.h"
#include "metrics/metrics.h"
#include "runtime/conductor.h"
#include "runtime/disk_worker.h"
#include "runtime/fleet_beats.h"

namespace attestrd {

/// The part of this daemon in its fleet. It lets the engine poll while beats renew the lease, with
/// this node's share of the rate, and has rows claimed that other nodes have lost. Used on the
/// event loop only.
class FleetMembership {
 public:
  /// The parts must outlive this object.
  struct Parts {
    boost::asio::io_context& loop;
    const Config& config;  ///< As of the last reload.
    FleetRegister& fleet;
    const Engine& engine;
    Conductor& conductor;
    DiskWorker& disk;
    Ledger& ledger;
    NoticeWriter& notices;
    /// Receives what other nodes ask for handshakes of this one, with each beat.
    std::function<void(const std::vector<NodeRequest>&)> on_requests;
  };

  /// No poll starts before start() and the first beat.
  explicit FleetMembership(Parts parts);

  /// Starts to beat.
  void start();

  /// Shows that the loop moves, and looks for rows that other nodes have put into shelves of this
  /// one. To be called each kTickInterval.
  void tick();

  /// Returns the fleet as the last beat has seen it.
  FleetCounts counts() const { return count_fleet(fleet_, name_); }

  /// Adds the gauges of the fleet.
  void measure(Metrics& metrics) const;

  /// Returns whether the database has lost commits of this node that are not written again yet.
  bool has_lost_commits() const { return loss_.is_open(); }

  /// While the loop has not moved for a third of the lease, or the disk worker for a lease, no beat
  /// is sent.
  static constexpr Duration kTickInterval = std::chrono::milliseconds(500);

 private:
  FleetBeats::Events events();
  std::optional<Beat> next_beat() const;
  void renewed(Mono until);
  void lost();
  void observed(const FleetState& fleet);
  void note_account_pause(const FleetState& fleet);
  void note_operator_pause(const FleetState& before);
  void note_loss(const QueueLoss& loss);
  void prepare_beat();
  void shared(std::optional<std::int64_t> shares, double limit);
  void end_lease(const std::string& why);
  void apply_share();
  void claim();

  Parts parts_;
  const std::string name_;
  const Duration lease_;
  boost::asio::steady_timer lease_timer_;
  boost::asio::steady_timer share_timer_;
  Mono lease_ends_ = Mono::min();
  bool holds_ = false;
  bool has_entered_ = false;  ///< The first beat was answered.
  Mono claimed_at_ = Mono::min();
  RateShare share_;
  std::optional<double> limit_;  ///< Of the fleet; nothing: no limit.
  LossWatch loss_;
  FleetState fleet_;  ///< As the last beat has seen it.
  Metrics counters_;

  std::optional<SharedPause> account_pause_;  ///< As the engine has it from the fleet.
  std::int64_t seen_pause_ = -1;              ///< Its number; -1: no beat was answered yet.

  // Read by the thread of the beats.
  std::atomic<Mono> moved_at_{Mono::min()};
  mutable std::mutex beat_mutex_;
  Beat beat_;  ///< The next one. Guarded by beat_mutex_.

  std::unique_ptr<FleetBeats> beats_;  ///< Ends first.
};

}  // namespace attestrd
