#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/limits.h"
#include "sim/disk_vfs.h"

namespace attestrd::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kTraceLines = 60;
constexpr std::string_view kOutcomes[] = {"results", "archived", "failed", "rejected"};

std::vector<Secret> secrets() {
  std::vector<Secret> all;
  all.emplace_back("the next client secret");
  all.emplace_back(std::string(kClientSecret));
  return all;
}

}  // namespace

/// Everything that dies with the process.
struct World::Daemon {
  explicit Daemon(Disk& disk) : root(disk, ""), verifier(secrets(), SigningFormPolicy::automatic) {}

  DiskFolder root;
  Verifier verifier;
  std::unique_ptr<SqliteQueue> queue;
  std::unique_ptr<DirSpool> spool;
  std::unique_ptr<DirInbox> inbox;
  std::unique_ptr<Ledger> ledger;
  std::unique_ptr<Engine> engine;
  Actions actions;
  RoundRequest waiting;
  RoundRequest request;
  bool is_busy = false;
  bool is_full = false;
  bool is_stopping = false;
  Mono wake = Mono::max();
};

// Enough of them that all can settle within the bound.
std::uint32_t draw_daily_requests(Luck& luck, std::size_t handshakes) {
  const double least = 20 + 4 * static_cast<double>(handshakes);
  return luck.chance(0.5) ? 0 : static_cast<std::uint32_t>(luck.spread(least, 2000));
}

Plan draw_plan(Luck& luck, Duration hours) {
  const auto often = [&luck](double most) { return luck.chance(0.5) ? 0 : luck.spread(0.1, most); };
  const auto share = [&luck] { return luck.chance(0.5) ? 0 : luck.spread(0.001, 0.3); };
  Plan plan;
  plan.hours = hours;
  auto& settings = plan.settings;
  settings.cadence = luck.chance(0.5) ? CadenceKind::adaptive : CadenceKind::exponential;
  settings.requests_per_second = luck.chance(0.2) ? 0 : luck.spread(0.05, 200);
  plan.handshakes = static_cast<std::size_t>(luck.spread(1, 60));
  settings.daily_requests = draw_daily_requests(luck, plan.handshakes);
  settings.connections = static_cast<std::uint32_t>(luck.spread(1, 65));
  settings.min_interval = luck.spread(10ms, 60s);
  settings.max_interval = std::max(settings.min_interval, luck.spread(60s, 1h));
  settings.backoff_factor = luck.spread(1.2, 3);
  settings.give_up_after = luck.spread(10min, 25h);
  settings.expiry_grace = luck.spread(1s, 20min);
  settings.unknown_grace = luck.spread(1s, 20min);
  settings.signature_attempts = static_cast<std::uint32_t>(1 + luck.below(4));
  settings.host = "api.attestr.com";
  plan.kills = often(60);
  plan.power_cuts = often(40);
  plan.io_failures = often(15);
  plan.disk_fulls = often(8);
  plan.spells = often(8);
  plan.jumps = often(3);
  plan.suspends = often(3);
  plan.reloads = often(3);
  plan.stops = often(3);
  // A poor quartz gains or loses some seconds a day.
  plan.drift = luck.chance(0.5) ? 0 : luck.spread(1e-6, 5e-4) * (luck.chance(0.5) ? 1 : -1);
  plan.weather = {
      share(), share(), share(), share() / 2, share() / 2, share(), luck.spread(1ms, 5s)};
  plan.bounds.synced_one_by_one = luck.below(5);
  // Drawn from a copy: a seed that gets none of it goes the way it always went.
  Luck copy = luck;
  if (copy.chance(0.5)) plan.bounds.records = 1 + copy.below(5);
  if (copy.chance(0.4)) {
    plan.slowest_round = copy.spread(10min, 6h);
    plan.crowd = copy.spread(6h, 48h);
    plan.bounds.records = 1 + copy.below(3);
  }
  return plan;
}

World::World(std::uint64_t seed, Duration hours)
    : luck_(seed), plan_(draw_plan(luck_, hours)), upstream_(luck_), judge_(upstream_) {
  upstream_.weather = plan_.weather;
  upstream_.crowd = plan_.crowd;
  judge_.clock_drifts_by(scaled(hours, std::abs(plan_.drift)));
  disk_.on_rename = [this](const std::string& folder, const std::string& name) {
    if (std::ranges::find(kOutcomes, folder) == std::end(kOutcomes)) return;
    note("appears in " + folder, name);
    judge_.appears(folder, name, disk_.file(disk_.names(folder).at(name)).bytes);
    someone_consumes(folder, name);
  };
  disk_.on_sync = [this](const std::string& folder) { judge_.synced(folder); };
}

World::~World() = default;

void World::run() {
  plan_all();
  start();
  run_until(Mono(plan_.hours));
  settle_all();
  judge_.judge_the_end();
}

void World::after(Duration delay, std::function<void()> what, bool dies_with_daemon) {
  queue_.push({mono_ + std::max(delay, Duration(0)), ++last_number_, dies_with_daemon ? life_ : 0,
               std::move(what)});
}

void World::run_until(Mono end) {
  while (!queue_.empty() && queue_.top().at <= end) {
    const Later next = queue_.top();
    queue_.pop();
    if (next.life != 0 && next.life != life_) continue;
    mono_ = std::max(mono_, next.at);
    if (next.life != 0 && mono_ < busy_until_) {  // The machine is suspended.
      queue_.push({busy_until_, ++last_number_, next.life, next.what});
      continue;
    }
    disk_.now = wall();
    ++events;
    next.what();
    if (disk_.is_dead()) die();
  }
  mono_ = std::max(mono_, end);
}

void World::plan_often(double times, std::function<void()> what) {
  const auto whole = static_cast<unsigned>(times);
  const unsigned count = whole + (luck_.chance(times - whole) ? 1 : 0);
  for (unsigned i = 0; i < count; ++i)
    after(luck_.up_to(plan_.hours), [this, what] {
      if (!is_calm_) what();
    });
}

void World::plan_all() {
  for (std::size_t i = 0; i < plan_.handshakes; ++i)
    after(luck_.chance(0.3) ? luck_.up_to(1min) : luck_.up_to(plan_.hours), [this] { submit(); });
  plan_often(plan_.kills, [this] { die_soon(false); });
  plan_often(plan_.power_cuts, [this] { die_soon(true); });
  plan_often(plan_.io_failures, [this] { disk_.fail_in(luck_.below(80)); });
  plan_often(plan_.disk_fulls, [this] { fill_disk(); });
  plan_often(plan_.spells, [this] { begin_spell(); });
  plan_often(plan_.jumps, [this] { jump(); });
  plan_often(plan_.suspends, [this] { suspend(); });
  plan_often(plan_.reloads, [this] { reload(); });
  plan_often(plan_.stops, [this] { stop(); });
}

// Liveness: all faults end, the clock is right again, and everything must settle within a bound:
// its deadline, the overtime of one that was finished at it, and a share for backoff and pauses.
void World::settle_all() {
  is_calm_ = true;
  note("calm");
  upstream_.weather = {};
  upstream_.weather.latency = 100ms;
  upstream_.spell.reset();
  disk_.fill(false);
  wall_offset_ = 0s;
  disk_.kill();
  die();
  const Mono bound = mono_ + 3 * plan_.settings.give_up_after + 48h;
  while (!is_settled() && mono_ < bound) run_until(mono_ + 30min);
  if (is_settled()) return;
  judge_.judge_the_end();
  throw Violation{
      fmt::format("not everything settles within the bound: {} of {} ended, {} in the "
                  "inbox, {} pending",
                  judge_.published(), ids_.size(), disk_.names("inbox").size(),
                  daemon_ ? daemon_->engine->report(now()).pending : 0)};
}

bool World::is_settled() {
  return daemon_ && daemon_->engine->is_empty() && !daemon_->is_busy &&
         disk_.names("inbox").empty() && judge_.published() >= ids_.size();
}

void World::note(std::string_view what, std::string_view id, std::uint64_t number) {
  const auto mix = [this](std::uint64_t word) {
    trace_hash_ = (trace_hash_ ^ word) * 0x100000001b3;
  };
  mix(static_cast<std::uint64_t>(mono_.time_since_epoch().count()));
  for (const char c : what) mix(static_cast<unsigned char>(c));
  for (const char c : id) mix(static_cast<unsigned char>(c));
  mix(number);
  trace_.push_back({mono_, fmt::format("{} {} {}", what, id, number)});
  if (trace_.size() > kTraceLines) trace_.pop_front();
}

std::string World::trace_tail() const {
  std::string text;
  for (const auto& line : trace_)
    text += fmt::format("{:14.6f} {}\n",
                        static_cast<double>(line.at.time_since_epoch().count()) / 1e6, line.text);
  return text;
}

// ---- People.

void World::submit() {
  const bool is_again = !ids_.empty() && luck_.chance(0.1);
  const auto id = is_again ? *std::next(ids_.begin(), static_cast<long>(luck_.below(ids_.size())))
                           : *HandshakeId::parse(fmt::format("DS{:04}", ids_.size()));
  const auto& settings = plan_.settings;
  std::string line(id.view());
  Mono deadline = mono_ + settings.give_up_after;
  if (luck_.chance(0.4)) {
    const Duration life = luck_.spread(1s, 24h);
    const auto expiry = std::chrono::floor<std::chrono::milliseconds>(true_wall() + life);
    line =
        fmt::format(R"({{"id":"{}","expiry":{}}})", id.view(), expiry.time_since_epoch().count());
    deadline = mono_ + life + settings.expiry_grace - 1ms;
  }
  if (!is_again) upstream_.enrol(id, mono_, settings.give_up_after);
  ids_.insert(id);
  note("submitted", id.view(), static_cast<std::uint64_t>((deadline - mono_) / 1s));
  judge_.submitted(id, deadline);
  drop(fmt::format("file{}", ++files_), line + (luck_.chance(0.8) ? "\n" : ""));
}

// As `attestrd submit` does it: a temporary name, a sync, a rename, a sync of the folder.
void World::drop(const std::string& name, const std::string& text) {
  const auto inode = disk_.make("inbox", name);
  disk_.write(inode, 0, text);
  disk_.sync(inode);
  disk_.sync("inbox");
  after(luck_.up_to(limits::kInboxScanInterval), [this] { scan(); });
}

void World::someone_consumes(const std::string& folder, const std::string& name) {
  if (luck_.chance(0.2)) return;  // Never.
  const bool is_at_once = luck_.chance(0.5);
  if (is_at_once) return consume(folder, name);
  after(luck_.spread(1ms, 1h), [this, folder, name] { consume(folder, name); });
}

void World::consume(const std::string& folder, const std::string& name) {
  if (!disk_.names(folder).contains(name)) return;
  disk_.remove(folder, name);
  judge_.taken(*HandshakeId::parse(std::string_view(name).substr(0, name.find('.'))));
}

// ---- Fate.

void World::die_soon(bool is_power_cut) {
  is_power_cut_ = is_power_cut;
  if (luck_.chance(0.3)) {
    disk_.kill();
  } else {
    disk_.die_in(luck_.below(120));
  }
}

void World::die() {
  note(is_power_cut_ ? "power cut" : "death");
  ++deaths;
  daemon_.reset();
  ++life_;
  disk_.revive();
  judge_.polls_dropped();
  if (is_power_cut_) {
    disk_.lose_power(luck_);
    boot_ = luck_.up_to(1000h) - (mono_ - Mono{});
    judge_.power_cut([this](const std::string& folder, const HandshakeId& id) {
      const auto& names = disk_.names(folder);
      const auto found = names.find(record_name(id));
      return found == names.end() ? std::nullopt : std::optional(disk_.file(found->second).bytes);
    });
  }
  is_power_cut_ = false;
  start_later();
}

void World::fill_disk() {
  note("disk full");
  disk_.fill(true);
  after(luck_.spread(1s, 2h), [this] {
    note("disk has room");
    disk_.fill(false);
  });
}

void World::begin_spell() {
  upstream_.spell = static_cast<AccountTrouble::Kind>(luck_.below(6));
  note("spell", "", static_cast<std::uint64_t>(*upstream_.spell));
  after(luck_.spread(1s, 6h), [this] { upstream_.spell.reset(); });
}

void World::jump() {
  judge_.clock_jumps();
  wall_offset_ =
      luck_.chance(0.3) ? 0s : luck_.spread(1s, 365 * 24h) * (luck_.chance(0.5) ? 1 : -1);
  note("the wall clock jumps");
}

void World::suspend() {
  busy_until_ = mono_ + luck_.spread(1s, 3h);
  note("suspend");
}

void World::reload() {
  if (!daemon_) return;
  auto& settings = plan_.settings;
  settings.requests_per_second = luck_.chance(0.2) ? 0 : luck_.spread(0.05, 200);
  settings.daily_requests = draw_daily_requests(luck_, plan_.handshakes);
  settings.connections = static_cast<std::uint32_t>(luck_.spread(1, 65));
  note("reload");
  judge_.reconfigured(settings);
  step(Reconfigured{settings});
}

void World::stop() {
  if (!daemon_ || daemon_->is_stopping) return;
  note("stop");
  daemon_->is_stopping = true;
  step(Stop{});
  after(
      luck_.up_to(5s), [this] { disk_.kill(); }, true);
}

// ---- The daemon.

void World::start_later() {
  after(luck_.spread(1ms, 1min), [this, life = life_] {
    if (life == life_) start();
  });
}

void World::start() {
  daemon_ = std::make_unique<Daemon>(disk_);
  ++life_;
  note("start");
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
  const auto learnt = daemon_->queue->hazard();
  if (!learnt) return on_trouble(learnt.error());
  if (*learnt)
    if (const auto hazard = Hazard::read(**learnt)) step(Learnt{&*hazard});
  const auto reserved = daemon_->queue->reserved();
  if (!reserved) return on_trouble(reserved.error());
  if (*reserved) step(Recalled{**reserved});
  step(Recovering{counts->polling});
  std::set<HandshakeId> held;
  const auto loaded = daemon_->queue->for_each_polling([&](const QueuedHandshake& row) {
    held.insert(row.id);
    step(Adopted{&row, false});
  });
  if (!loaded) return on_trouble(loaded.error());
  account_for_all(std::move(held));
  scan();
}

// Whatever befell the daemon before: each id lies in the inbox, in the queue or in the spool.
void World::account_for_all(std::set<HandshakeId> held) {
  for (const auto& [name, inode] : disk_.names("inbox")) {
    const auto& bytes = disk_.file(inode).bytes;
    for (const auto& id : ids_)
      if (bytes.find(id.view()) != std::string::npos) held.insert(id);
  }
  for (const auto& id : ids_)
    if (!held.contains(id)) judge_.must_have_ended(id);
}

bool World::open_stores(Daemon& daemon) {
  auto spool = DirSpool::open(daemon.root);
  if (!spool) return false;
  daemon.spool = std::move(*spool);
  auto inbox = daemon.root.subfolder("inbox");
  auto refused = open_refused(daemon.root);
  if (!inbox || !refused) return false;
  daemon.inbox = std::make_unique<DirInbox>(std::move(*inbox), std::move(*refused));
  auto queue = SqliteQueue::open("queue.db", use_disk_for_sqlite(disk_));
  if (!queue) {
    note("can't open the queue: " + queue.error().message);
    return false;
  }
  daemon.queue = std::move(*queue);
  daemon.ledger = std::make_unique<Ledger>(*daemon.inbox, *daemon.queue, *daemon.spool,
                                           plan_.bounds);
  const auto recovered = daemon.ledger->recover(wall());
  if (!recovered) note("can't recover: " + recovered.error().message);
  return bool(recovered);
}

void World::step(const EngineEvent& event, const std::string* body) {
  auto& actions = daemon_->actions;
  actions.clear();
  judge_.clock_shows(wall());
  daemon_->engine->step(now(), event, actions);
  for (Action& action : actions)
    std::visit([this, body](auto& what) { perform(what, body); }, action);
  wake_in_time();
}

void World::perform(StartPoll& action, const std::string*) {
  note("poll", action.id.view());
  judge_.poll_starts(action.id, mono_);
  const bool is_asked_late = luck_.chance(0.5);  // Whether Attestr looks now or as it answers.
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
    what = HttpResponse{answer.status, answer.retry_after, answer.date, "", answer.body};
  }
  step(Replied{ticket, &what}, &answer.body);
}

void World::perform(Settle& action, const std::string* body) {
  note("settles", action.finish.id.view(), static_cast<std::uint64_t>(action.finish.outcome));
  if (action.keeps_response) action.finish.response = *body;
  daemon_->waiting.finishes.push_back(std::move(action.finish));
  work();
}

void World::perform(Save& action, const std::string*) {
  daemon_->waiting.progress.push_back(action.progress);
  work();
}

void World::perform(Remember& action, const std::string*) {
  daemon_->waiting.hazard = std::move(action.hazard);
  work();
}

void World::perform(Reserve& action, const std::string*) {
  daemon_->waiting.reservation = action.requests;
  work();
}

void World::perform(Say&, const std::string*) {}

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

void World::scan() {
  if (!daemon_ || daemon_->is_stopping || disk_.names("inbox").empty()) return;
  if (daemon_->is_full)
    return after(
        limits::kInboxScanInterval, [this] { scan(); }, true);
  daemon_->waiting.scan_inbox = true;
  work();
}

// Deferred, since the engine's actions of one step belong together.
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
  auto report = daemon.ledger->round(daemon.request, wall());
  if (disk_.is_dead()) return;
  if (!report && report.error().code == Errc::disk_full) {
    if (!std::exchange(daemon.is_full, true)) step(DiskFull{});
    return after(
        limits::kDiskFullRetry, [this] { try_round(); }, true);
  }
  if (!report) return on_trouble(report.error());
  if (daemon.request.is_empty() && std::exchange(daemon.is_full, false)) step(DiskHasRoom{});
  const Duration slowest = is_calm_ ? Plan().slowest_round : plan_.slowest_round;
  const Duration latency = luck_.chance(0.1) ? luck_.spread(1ms, 10s) : luck_.up_to(slowest);
  after(
      latency, [this, report = std::move(*report)] { round_ends(report); }, true);
}

void World::round_ends(const RoundReport& report) {
  daemon_->is_busy = !daemon_->request.is_empty();
  judge_.settled(report.settled);
  if (report.reserved) step(Reserved{*report.reserved});
  for (const auto& id : report.settled) step(Settled{id});
  for (const auto& row : report.accepted) {
    note("accepted", row.id.view());
    step(Adopted{&row, true});
  }
  if (report.inbox_has_more) scan();
  if (report.inbox_waits)
    after(
        limits::kSubmissionQuiet, [this] { scan(); }, true);
  if (daemon_->ledger->has_unmarked())
    after(
        limits::kMarkDelay, [this] { work(); }, true);
  if (!daemon_->is_busy) return work();
  // As the disk worker does it.
  if (!daemon_->is_full) daemon_->request.join(std::exchange(daemon_->waiting, {}));
  try_round();
}

// A failed write or sync: exit 74, and systemd starts another life.
void World::on_trouble(const Error& error) {
  note("fails: " + error.message);
  disk_.kill();
}

}  // namespace attestrd::sim
