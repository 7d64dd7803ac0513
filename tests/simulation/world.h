#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "ledger/ledger.h"
#include "simulation/disk.h"
#include "simulation/judge.h"
#include "simulation/luck.h"
#include "simulation/plan.h"
#include "simulation/unreliable_queue.h"
#include "simulation/upstream.h"

namespace attestrd::sim {

/// A simulated run: a disk, Attestr, people who submit and consume, and a sequence of daemon
/// processes. Everything happens on one thread in the order of simulated time.
class World {
 public:
  World(std::uint64_t seed, Duration hours);
  ~World();

  /// Throws Violation.
  void run();

  std::uint64_t trace_hash() const { return trace_hash_; }
  std::string trace_tail() const;
  const Judge& judge() const { return judge_; }
  std::uint64_t deaths = 0;
  std::uint64_t events = 0;
  std::uint64_t commands = 0;  ///< Of operators.
  /// How often a process died between the write of a commit and its sync, the next one removed an
  /// inbox file of that commit, and then the power failed.
  std::uint64_t unsynced_commits_seen = 0;

 private:
  struct Daemon;
  struct Later {
    Mono at;
    std::uint64_t number;
    std::uint64_t life;  ///< 0: the world's; otherwise dropped when this life ends.
    std::function<void()> what;
    bool operator<(const Later& other) const {
      return std::pair(at, number) > std::pair(other.at, other.number);
    }
  };

  void after(Duration delay, std::function<void()> what, bool dies_with_daemon = false);
  void run_until(Mono end);
  void plan_all();
  void plan_often(double times, std::function<void()> what);
  void settle_all();
  Now now() const { return {mono_ + boot_, wall()}; }
  Wall wall() const { return true_wall() + scaled(mono_ - Mono{}, plan_.drift) + wall_offset_; }
  Wall true_wall() const { return kEpoch + (mono_ - Mono{}); }
  void note(std::string_view what, std::string_view id = "", std::uint64_t number = 0);

  // People.
  void submit();
  void drop(const std::string& name, const std::string& text);
  void enrol(const HandshakeId& id, Mono deadline);

  // Programs that write ids slowly (world_writers.cpp).
  struct Writer;
  void begin_to_write();
  void write_piece(const std::shared_ptr<Writer>& writer);
  void enrol_written(const HandshakeId& id);
  void end_writing(Writer& writer);
  void die_while_writing(Writer& writer);
  void cut_power_of_writers();
  void enrol_broken_lines();
  void retry();
  void readmit();

  // Operators who change what is pending (world_operators.cpp).
  void plan_interventions();
  void intervene();
  void pause(bool is_paused);
  void hold(const HandshakeId& id, bool is_held);
  void cancel(const HandshakeId& id);
  void kick(const HandshakeId& id);
  void drop_kick(const HandshakeId& id);
  void end_interventions();
  void pass_on_interventions(const RoundReport& report);

  // Hints of results (world_hints.cpp).
  void plan_hints(const HandshakeId& id);
  void hint(const HandshakeId& id);

  void consume(const std::string& folder, const std::string& name);
  void someone_consumes(const std::string& folder, const std::string& name);

  // Faults and operator actions.
  void die_soon(bool is_power_cut);
  void die();
  void look_for_unsynced_commit();
  void cut_power_soon();
  void fill_disk();
  void begin_spell();
  void begin_general();
  void jump();
  void suspend();
  void reload();
  void stop();

  // The daemon: the counterpart of `runtime/` (world_daemon.cpp).
  void start();
  void start_later();
  bool open_stores(Daemon& daemon);
  void account_for_all(std::set<HandshakeId> held);
  void step(const EngineEvent& event, const Upstream::Answer* answer = nullptr);
  void perform(StartPoll& action, const Upstream::Answer* answer);
  void perform(Verify& action, const Upstream::Answer* answer);
  void perform(Settle& action, const Upstream::Answer* answer);
  void perform(StoreDoubted& action, const Upstream::Answer* answer);
  void perform(Save& action, const Upstream::Answer* answer);
  void perform(Remember& action, const Upstream::Answer* answer);
  void perform(Reserve& action, const Upstream::Answer* answer);
  void perform(GiveBack& action, const Upstream::Answer* answer);
  void perform(Say& action, const Upstream::Answer* answer);
  void perform(Answered& action, const Upstream::Answer* answer);
  void reply(Poller::Ticket ticket, HandshakeId id, const Upstream::Answer& answer);
  void wake_in_time();
  void scan();
  void scan(bool is_full, std::vector<InboxEvent> events);
  void work();
  void try_round();
  void round_ends(const RoundReport& report);
  void on_trouble(const Error& error);
  bool is_settled();
  std::vector<Disk::Inode> inbox_files();
  Judge::Look look();

  static constexpr Wall kEpoch{Duration(1'764'000'000'000'000)};

  Luck luck_;
  Outages outages_;
  Luck ambush_;          ///< Of its own, so that it does not change the other draws of a seed.
  double ambush_share_;  ///< Share of the submissions whose commit is likely to be interrupted.
  Luck operators_;       ///< Likewise.
  Luck hints_;           ///< Likewise.
  double hint_share_;    ///< Share of the results that a hint announces; 0: there are no hints.
  std::optional<HandshakeId> cancelled_{};  ///< While the engine handles the command.
  Plan plan_;
  Disk disk_;
  Upstream upstream_;
  Judge judge_;
  std::priority_queue<Later> queue_;
  std::uint64_t last_number_ = 0;
  std::uint64_t last_ticket_ = 0;
  Mono mono_{};
  Duration boot_{0};  ///< Offset of the monotonic clock, changed by each boot.
  Duration wall_offset_{0};
  Mono busy_until_{};  ///< End of a suspend: the daemon does not run before.
  std::unique_ptr<Daemon> daemon_;
  std::uint64_t life_ = 0;
  bool is_power_cut_ = false;
  bool is_power_cut_near_ = false;
  /// Inbox files whose commit the process before wrote and did not sync.
  std::set<Disk::Inode> unsynced_submissions_;
  bool is_calm_ = false;
  std::set<HandshakeId> ids_;
  unsigned files_ = 0;
  unsigned written_ids_ = 0;
  std::vector<std::shared_ptr<Writer>> writers_;
  std::set<HandshakeId> kicks_dropped_;  ///< By operators, as files in the inbox.
  std::set<HandshakeId> unsynced_ids_;   ///< Written by these and neither synced nor accepted.

  struct Line {
    Mono at;
    std::string text;
  };
  std::deque<Line> trace_;
  std::uint64_t trace_hash_ = 0xcbf29ce484222325;
};

}  // namespace attestrd::sim
