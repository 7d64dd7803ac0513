#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "daemon/config/config.h"
#include "daemon/service/inbox_scans.h"
#include "daemon/service/notice_writer.h"
#include "runtime/side_thread.h"
#include "spool/waiting_limit.h"

namespace attestrd {

/// Stops the intake while `spool.max_waiting` records wait in results/. They are counted outside of
/// the event loop, so the number is some seconds old; pending handshakes go on in any case.
class WaitingResults {
 public:
  /// The parts must outlive this object. `config` is current as of the last reload. If it is not
  /// `enabled`, there is no limit.
  WaitingResults(boost::asio::any_io_executor loop, const Config& config, InboxScans& scans,
                 NoticeWriter& notices, bool enabled)
      : config_(config),
        scans_(scans),
        notices_(notices),
        enabled_(enabled),
        counter_(std::move(loop)) {}

  /// Counts on this thread, before the loop runs.
  void count_at_start();

  /// Begins another count if it is time. To be called at intervals.
  void check(Mono now);

  /// Returns whether the intake is stopped.
  bool is_full() const { return limit_.is_full(); }

 private:
  std::string folder() const;
  std::uint64_t most() const { return enabled_ ? config_.spool.max_waiting : 0; }
  void apply(const Result<std::uint64_t>& waiting, std::uint64_t most);

  const Config& config_;
  InboxScans& scans_;
  NoticeWriter& notices_;
  bool enabled_;
  WaitingLimit limit_;
  bool is_counting_ = false;
  Mono next_count_ = Mono::min();
  SideThread counter_;
};

}  // namespace attestrd
