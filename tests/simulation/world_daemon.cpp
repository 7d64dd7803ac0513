#include "simulation/world_daemon.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "engine/replies.h"
#include "simulation/disk_vfs.h"

namespace attestrd::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kRowsPerPage = 7;  // Small, so that runs cross page boundaries.
constexpr Duration kTombstonesKept = std::chrono::hours(24 * 30);

std::vector<Secret> secrets() {
  std::vector<Secret> all;
  all.emplace_back("the next client secret");
  all.emplace_back(std::string(kClientSecret));
  return all;
}

HttpResponse response_of(const Upstream::Answer& answer) {
  return {answer.status, answer.retry_after, answer.date, "", answer.body};
}

}  // namespace

World::Daemon::Daemon(Disk& disk)
    : root(disk, ""), verifier(secrets(), SigningFormPolicy::automatic) {}

void World::start_later() {
  after(luck_.spread(1ms, 1min), [this, life = life_] {
    if (life == life_) start();
  });
}

void World::start() {
  daemon_ = std::make_unique<Daemon>(disk_);
  ++life_;
  note("start");
  if (std::exchange(is_power_cut_near_, false) && !is_calm_) cut_power_soon();
  if (!open_stores(*daemon_)) {
    daemon_.reset();
    if (!disk_.is_dead()) start_later();
    return;
  }
  judge_.daemon_starts(plan_.settings);
  daemon_->engine =
      std::make_unique<Engine>(plan_.settings, daemon_->verifier, luck_.seed(), now());
  const auto counts = daemon_->queue->count();
  if (!counts) return on_trouble(counts.error());
  const auto learnt = daemon_->queue->learnt();
  if (!learnt) return on_trouble(learnt.error());
  if (*learnt) step(Learnt{&**learnt});
  const auto reserved = daemon_->queue->reserved();
  if (!reserved) return on_trouble(reserved.error());
  if (*reserved) step(Recalled{**reserved});
  const auto pause = daemon_->queue->operator_pause();
  if (!pause) return on_trouble(pause.error());
  step(PauseChanged{*pause});
  step(Recovering{counts->polling, daemon_->ledger->is_clock_doubtful()});
  std::set<HandshakeId> held;
  for (;;) {
    const auto rows = daemon_->ledger->claim(kRowsPerPage);
    if (!rows) return on_trouble(rows.error());
    if (rows->empty()) break;
    for (const auto& row : *rows) {
      held.insert(row.id);
      step(Adopted{&row, false});
    }
  }
  const auto doubted = daemon_->ledger->find_doubted();
  if (!doubted) return on_trouble(doubted.error());
  for (const auto& answer : *doubted) step(DoubtedFound{answer.id, answer.reason, answer.response});
  judge_.recovered(held);
  account_for_all(std::move(held));
  if (is_calm_) end_interventions();
  scan();
}

// Checks that each submitted id is in the inbox, in the queue or in the spool, whatever happened to
// the daemon before.
void World::account_for_all(std::set<HandshakeId> held) {
  for (const auto inode : inbox_files()) {
    const auto& bytes = disk_.file(inode).bytes;
    for (const auto& id : ids_)
      if (bytes.find(id.view()) != std::string::npos) held.insert(id);
  }
  for (const auto& id : ids_)
    if (!held.contains(id)) judge_.must_have_ended(id);
}

bool World::open_stores(Daemon& daemon) {
  auto spool = FolderSpool::open(daemon.root);
  if (!spool) return false;
  daemon.spool = std::move(*spool);
  auto inbox = daemon.root.subfolder("inbox");
  auto refused = open_refused(daemon.root);
  if (!inbox || !refused) return false;
  auto opened = FolderInbox::open(std::move(*inbox), std::move(*refused));
  if (!opened) return false;
  daemon.inbox = std::move(*opened);
  auto queue = SqliteQueue::open("queue.db", use_disk_for_sqlite(disk_));
  if (!queue) {
    note("can't open the queue: " + queue.error().message);
    return false;
  }
  daemon.file = std::move(*queue);
  daemon.queue = std::make_unique<UnreliableQueue>(*daemon.file, outages_);
  daemon.ledger =
      std::make_unique<Ledger>(*daemon.inbox, *daemon.queue, *daemon.spool, plan_.bounds);
  const auto recovered = daemon.ledger->recover({std::to_string(boot_.count()), {}}, now());
  if (!recovered) note("can't recover: " + recovered.error().message);
  return bool(recovered);
}

void World::step(const EngineEvent& event, const Upstream::Answer* heard) {
  auto& actions = daemon_->actions;
  actions.clear();
  judge_.clock_shows(wall());
  daemon_->engine->step(now(), event, actions);
  for (Action& action : actions)
    std::visit([this, heard](auto& what) { perform(what, heard); }, action);
  wake_in_time();
}

void World::perform(StartPoll& action, const Upstream::Answer*) {
  note("poll", action.id.view());
  judge_.poll_starts(action.id, mono_);
  // Attestr reads the state of the handshake on arrival of the poll, or late: when it answers.
  const bool is_asked_late = luck_.chance(0.5);
  const Duration latency = luck_.up_to(upstream_.weather.latency);
  auto answer = upstream_.answer(action.id, mono_, true_wall());
  after(
      latency,
      [this, ticket = action.ticket, id = action.id, is_asked_late, answer = std::move(answer)] {
        reply(ticket, id, is_asked_late ? upstream_.answer(id, mono_, true_wall()) : answer);
      },
      true);
}

void World::reply(Poller::Ticket ticket, HandshakeId id, const Upstream::Answer& answer) {
  note("answer", id.view(), static_cast<std::uint64_t>(answer.served));
  judge_.poll_ends(id, mono_, answer);
  PollReply what;
  if (answer.failure) {
    what = *answer.failure;
  } else {
    what = response_of(answer);
  }
  step(Replied{ticket, &what}, &answer);
}

void World::perform(Verify& action, const Upstream::Answer* heard) {
  note("verifies", action.id.view());
  after(
      luck_.chance(0.1) ? luck_.spread(1ms, kLongestCheck) : luck_.up_to(20ms),
      [this, action, answer = *heard] {
        const HttpResponse response = response_of(answer);
        const auto checked = check_answer(response, action.id, daemon_->verifier);
        step(Verified{action.ticket, &checked, &response}, &answer);
      },
      true);
}

void World::perform(Settle& action, const Upstream::Answer* heard) {
  note("settles", action.finish.id.view(), static_cast<std::uint64_t>(action.finish.outcome));
  if (action.keeps_response) action.finish.response = heard->body;
  daemon_->waiting.finishes.push_back(std::move(action.finish));
  work();
}

void World::perform(StoreDoubted& action, const Upstream::Answer*) {
  note("doubts", action.finish.id.view());
  daemon_->waiting.doubted.push_back(std::move(action.finish));
  work();
}

void World::perform(Save& action, const Upstream::Answer*) {
  daemon_->waiting.progress.push_back(action.progress);
  work();
}

void World::perform(Remember& action, const Upstream::Answer*) {
  RoundRequest learnt;
  learnt.learnt = std::move(action.learnt);
  daemon_->waiting.join(std::move(learnt));
  work();
}

void World::perform(Reserve& action, const Upstream::Answer*) {
  RoundRequest reservation;
  reservation.reserve = action.wanted;
  daemon_->waiting.join(std::move(reservation));
  work();
}

void World::perform(GiveBack& action, const Upstream::Answer*) {
  RoundRequest unspent;
  unspent.give_back = action.unspent;
  daemon_->waiting.join(std::move(unspent));
  work();
}

void World::perform(Say&, const Upstream::Answer*) {}

void World::perform(Answered& action, const Upstream::Answer*) {
  if (std::holds_alternative<Hinted>(action.answer)) return;
  if (std::holds_alternative<std::vector<Kicked>>(action.answer)) return;
  const auto answer = std::get<std::vector<Cancelled>>(action.answer).at(0);
  note("cancelled", cancelled_->view(), static_cast<std::uint64_t>(answer));
  const bool is_ending = answer == Cancelled::cancelled || answer == Cancelled::after_poll;
  if (is_ending) judge_.cancel_answered(*cancelled_);
}

void World::wake_in_time() {
  const auto wake = daemon_->engine->next_wake();
  if (!wake) return;
  const Mono at = *wake - boot_;
  if (daemon_->wake <= at && daemon_->wake > mono_) return;
  daemon_->wake = at;
  const Duration lateness = luck_.chance(0.1) ? luck_.spread(1us, 2s) : 0us;
  after(
      std::max(at - mono_, Duration(0)) + lateness,
      [this] {
        daemon_->wake = Mono::max();
        step(Woke{});
      },
      true);
}

void World::scan() { scan(true, {}); }

void World::scan(bool is_full, std::vector<InboxEvent> reported) {
  if (!daemon_ || daemon_->is_stopping || inbox_files().empty()) return;
  if (daemon_->is_full)
    return after(
        limits::kInboxScanInterval, [this] { scan(); }, true);
  RoundRequest request;
  request.scan_inbox = ScanRequest{is_full, std::move(reported)};
  // No run is that long: only a wrong clock could make a tombstone that old.
  request.purge_older_than = kTombstonesKept;
  daemon_->waiting.join(std::move(request));
  work();
}

// Defers the round to an event of its own, so that all actions of one engine step join the same
// round.
void World::work() {
  after(
      0s,
      [this] {
        auto& daemon = *daemon_;
        auto& waiting = daemon.waiting;
        const bool has_work = !waiting.is_empty() || daemon.ledger->has_unmarked();
        if (daemon.is_busy || !has_work) return;
        daemon.is_busy = true;
        daemon.request = std::exchange(waiting, {});
        try_round();
      },
      true);
}

void World::try_round() {
  auto& daemon = *daemon_;
  auto report = daemon.ledger->round(daemon.request, now());
  if (disk_.is_dead()) return;
  if (!report && report.error().code == Errc::disk_full) {
    if (!std::exchange(daemon.is_full, true)) step(DiskFull{});
    return after(
        limits::kRoundRetry, [this] { try_round(); }, true);
  }
  if (!report && report.error().code == Errc::unavailable) {
    note("the queue is unavailable");
    if (!std::exchange(daemon.is_queue_unavailable, true)) step(QueueUnavailable{});
    return after(
        limits::kRoundRetry, [this] { try_round(); }, true);
  }
  if (!report) return on_trouble(report.error());
  if (std::exchange(daemon.is_queue_unavailable, false)) step(QueueAvailable{});
  if (daemon.request.is_empty() && std::exchange(daemon.is_full, false)) step(DiskHasRoom{});
  const Duration slowest = is_calm_ ? Plan().slowest_round : plan_.slowest_round;
  const Duration latency = luck_.chance(0.1) ? luck_.spread(1ms, 10s) : luck_.up_to(slowest);
  after(
      latency, [this, report = std::move(*report)] { round_ends(report); }, true);
}

void World::round_ends(const RoundReport& report) {
  daemon_->is_busy = !daemon_->request.is_empty();
  judge_.settled(report.settled);
  for (const auto& [ticket, retried] : report.retried)
    judge_.retry_answered(daemon_->asked.at(ticket), retried == Retried::reopened);
  for (const auto& [ticket, readmitted] : report.readmitted)
    judge_.readmission_answered(daemon_->asked.at(ticket), readmitted == Readmitted::readmitted);
  if (report.reserved) step(Reserved{*report.reserved});
  for (const auto& id : report.settled) step(Settled{id});
  for (const auto& row : report.accepted) {
    note("accepted", row.id.view());
    unsynced_ids_.erase(row.id);
    step(Adopted{&row, true});
  }
  if (!report.claimed.empty()) step(Recovering{report.claimed.size(), false});
  for (const auto& row : report.claimed) step(Adopted{&row, false});
  pass_on_interventions(report);
  if (report.inbox_has_more) scan(false, {});
  if (report.inbox_due)
    after(
        *report.inbox_due, [this] { scan(false, {}); }, true);
  if (report.inbox_waits && report.inbox_scanned)
    after(
        limits::kInboxScanInterval, [this] { scan(); }, true);
  if (daemon_->ledger->has_unmarked())
    after(
        limits::kMarkDelay, [this] { work(); }, true);
  if (!daemon_->is_busy) return work();
  // The real disk worker joins waiting requests in the same way.
  if (!daemon_->is_full) daemon_->request.join(std::exchange(daemon_->waiting, {}));
  try_round();
}

// Kills the process after a failed write or sync: the daemon exits with code 74, and systemd starts
// it again.
void World::on_trouble(const Error& error) {
  note("fails: " + error.message);
  disk_.kill();
}

}  // namespace attestrd::sim
