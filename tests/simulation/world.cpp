#include "simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "ledger/record_verdict.h"
#include "simulation/world_daemon.h"

namespace attestrd::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t kTraceLines = 60;
constexpr std::string_view kLog = "queue.db-wal";
constexpr std::string_view kOutcomes[] = {"results", "archived", "failed", "rejected"};

}  // namespace

World::World(std::uint64_t seed, Duration hours)
    : luck_(seed),
      outages_(seed),
      ambush_(seed ^ 0x616d62757368),
      ambush_share_(ambush_.chance(0.5) ? 0 : ambush_.spread(0.01, 0.3)),
      operators_(seed ^ 0x6f70657261746f72),
      hints_(seed ^ 0x68696e746564),
      hint_share_(hints_.chance(0.5) ? 0 : std::min(hints_.spread(0.1, 2), 1.0)),
      plan_(draw_plan(luck_, hours)),
      upstream_(luck_),
      judge_(upstream_) {
  upstream_.weather = plan_.weather;
  upstream_.crowd = plan_.crowd;
  disk_.has_leases = plan_.has_leases;
  judge_.clock_drifts_by(scaled(hours, std::abs(plan_.drift)));
  disk_.on_rename = [this](const std::string& folder, const std::string& name) {
    if (std::ranges::find(kOutcomes, folder) == std::end(kOutcomes)) return;
    note("appears in " + folder, name);
    const auto& bytes = disk_.file(disk_.names(folder).at(name)).bytes;
    judge_.appears(folder, name, bytes);
    if (folder == "results")
      upstream_.delivered(*HandshakeId::parse(std::string_view(name).substr(0, name.find('.'))),
                          bytes);
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
  judge_.judge_the_end(look());
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
  plan_often(plan_.generals, [this] { begin_general(); });
  plan_often(plan_.jumps, [this] { jump(); });
  plan_often(plan_.suspends, [this] { suspend(); });
  plan_often(plan_.reloads, [this] { reload(); });
  plan_often(plan_.stops, [this] { stop(); });
  plan_often(plan_.writers, [this] { begin_to_write(); });
  plan_often(plan_.retries, [this] { retry(); });
  plan_often(plan_.readmissions, [this] { readmit(); });
  plan_interventions();
}

// Tests liveness: all faults end, the clock is correct again, and every handshake must end within a
// bound: its deadline, the overtime of one that was consumed by then, and a share for backoff and
// pauses.
void World::settle_all() {
  is_calm_ = true;
  note("calm");
  outages_.end();
  upstream_.weather = {};
  upstream_.weather.latency = 100ms;
  upstream_.spell.reset();
  upstream_.general.reset();
  disk_.fill(false);
  wall_offset_ = 0s;
  disk_.kill();
  die();
  const Mono bound = mono_ + 3 * plan_.settings.give_up_after + 120h;
  while (!is_settled() && mono_ < bound) run_until(mono_ + 30min);
  if (is_settled()) return;
  judge_.judge_the_end(look());
  throw Violation{
      fmt::format("not everything settles within the bound: {} of {} ended, {} in the "
                  "inbox, {} pending",
                  judge_.published(), ids_.size(), inbox_files().size(),
                  daemon_ ? daemon_->engine->report(now()).pending : 0)};
}

bool World::is_settled() {
  return daemon_ && daemon_->engine->is_empty() && !daemon_->is_busy && inbox_files().empty() &&
         writers_.empty() && judge_.all_have_ended();
}

Judge::Look World::look() {
  return [this](const std::string& folder, const std::string& name) {
    const auto& names = disk_.names(folder);
    const auto found = names.find(name);
    return found == names.end() ? std::nullopt : std::optional(disk_.file(found->second).bytes);
  };
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
  enrol(id, deadline);
  if (!is_calm_ && ambush_.chance(ambush_share_)) disk_.die_at_log_sync();
  drop(fmt::format("file{}", ++files_), line + (luck_.chance(0.8) ? "\n" : ""));
}

void World::enrol(const HandshakeId& id, Mono deadline) {
  if (ids_.insert(id).second) {
    upstream_.enrol(id, mono_, plan_.settings.give_up_after);
    plan_hints(id);
  }
  note("submitted", id.view(), static_cast<std::uint64_t>((deadline - mono_) / 1s));
  judge_.submitted(id, deadline);
}

// The files of the inbox, claimed or not.
std::vector<Disk::Inode> World::inbox_files() {
  std::vector<Disk::Inode> files;
  for (const auto* const folder : {"inbox", FolderInbox::kClaimed})
    for (const auto& [name, inode] : disk_.names(folder))
      if (!name.starts_with('.')) files.push_back(inode);  // A writer that died left the others.
  return files;
}

// Adds a submission in one step, complete and durable, like the final rename of `attestrd submit`.
void World::drop(const std::string& name, const std::string& text) {
  const auto inode = disk_.make("inbox", name);
  disk_.write(inode, 0, text);
  disk_.sync(inode);
  disk_.sync("inbox");
  if (luck_.chance(0.5))
    after(luck_.up_to(50ms), [this, name] { scan(false, {{InboxEvent::Kind::moved_in, name}}); });
  after(luck_.up_to(limits::kInboxScanInterval), [this] { scan(); });
}

void World::someone_consumes(const std::string& folder, const std::string& name) {
  if (luck_.chance(0.2)) return;  // Never consumes it.
  const bool is_at_once = luck_.chance(0.5);
  if (is_at_once) return consume(folder, name);
  after(luck_.spread(1ms, 1h), [this, folder, name] { consume(folder, name); });
}

void World::consume(const std::string& folder, const std::string& name) {
  if (!disk_.names(folder).contains(name)) return;
  disk_.remove(folder, name);
  judge_.taken(folder, name);
}

// An operator retries a handshake that may have ended.
void World::retry() {
  if (!daemon_ || daemon_->is_stopping || ids_.empty()) return;
  const auto id = *std::next(ids_.begin(), static_cast<long>(luck_.below(ids_.size())));
  ++commands;
  note("retry", id.view());
  judge_.retry_asked(id, mono_ + plan_.settings.give_up_after);
  daemon_->asked.emplace(++last_ticket_, id);
  daemon_->waiting.retries.push_back({last_ticket_, id, luck_.chance(0.3)});
  work();
}

// An operator has found the other secret, and readmits a rejected record.
void World::readmit() {
  const auto& names = disk_.names("rejected");
  if (!daemon_ || daemon_->is_stopping || names.empty()) return;
  const auto& [name, inode] =
      *std::next(names.begin(), static_cast<long>(luck_.below(names.size())));
  std::vector<Secret> secrets;
  secrets.emplace_back(std::string(kOtherSecret));
  Verifier verifier(std::move(secrets), SigningFormPolicy::automatic);
  auto judged = judge_rejected(disk_.file(inode).bytes, name, verifier, {{}, false, wall()});
  auto* const readmission = std::get_if<Readmission>(&judged);
  if (readmission == nullptr) return;
  const auto id = readmission->finish.id;
  ++commands;
  note("readmit", id.view());
  judge_.readmission_asked(id, name);
  readmission->ticket = ++last_ticket_;
  daemon_->asked.emplace(last_ticket_, id);
  daemon_->waiting.readmissions.push_back(std::move(*readmission));
  work();
}

// ---- Faults and operator actions.

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
  look_for_unsynced_commit();
  if (is_power_cut_) {
    cut_power_of_writers();
    disk_.lose_power(luck_);
    enrol_broken_lines();
    boot_ = luck_.up_to(1000h) - (mono_ - Mono{});
    judge_.power_cut(look());
  }
  is_power_cut_ = false;
  start_later();
}

// Looks for inbox files whose ids are in the log of the queue, but not durable. The next process
// sees these ids as accepted and may remove the files without a write. Therefore the power often
// fails soon after its start.
void World::look_for_unsynced_commit() {
  const auto inbox = inbox_files();
  const auto is_gone = [&](Disk::Inode file) {
    return std::ranges::find(inbox, file) == inbox.end();
  };
  if (is_power_cut_ && std::ranges::any_of(unsynced_submissions_, is_gone)) ++unsynced_commits_seen;
  unsynced_submissions_.clear();
  const auto log = disk_.names("queue").find(kLog);
  if (is_power_cut_ || log == disk_.names("queue").end()) return;
  const auto& unsynced = disk_.file(log->second).unsynced;
  const auto is_in_log = [&](const HandshakeId& id) {
    return std::ranges::any_of(unsynced, [&](const auto& write) {
      return write.after.find(id.view()) != std::string::npos;
    });
  };
  for (const auto inode : inbox) {
    const auto& line = disk_.file(inode).bytes;
    for (const auto& id : ids_)
      if (line.find(id.view()) != std::string::npos && is_in_log(id))
        unsynced_submissions_.insert(inode);
  }
  is_power_cut_near_ = !is_calm_ && !unsynced_submissions_.empty() && ambush_.chance(0.5);
}

void World::cut_power_soon() {
  if (ambush_.chance(0.3)) {
    is_power_cut_ = true;
    return disk_.die_in(ambush_.below(150));
  }
  after(
      ambush_.spread(1ms, 10s),
      [this] {
        is_power_cut_ = true;
        disk_.kill();
      },
      true);
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

// Begins trouble of all that is shorter than what ends a handshake without a witness. A proxy may
// answer for hours.
void World::begin_general() {
  const auto kind = static_cast<General>(luck_.below(kGenerals));
  upstream_.general = kind;
  note("general trouble", "", static_cast<std::uint64_t>(kind));
  const Duration most = kind == General::html_not_found
                            ? Duration(12h)
                            : std::min<Duration>(2h, 5 * plan_.settings.unknown_grace);
  after(luck_.spread(1ms, most), [this] { upstream_.general.reset(); });
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

}  // namespace attestrd::sim
