#include "daemon/service/fleet/fleet_membership.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/service/chores.h"
#include "daemon/service/fleet/fleet_database.h"
#include "fleet/account_pause.h"
#include "fleet/rate_shares.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

constexpr Duration kClaimInterval = std::chrono::seconds(10);

}  // namespace

FleetMembership::FleetMembership(Parts parts)
    : parts_(std::move(parts)),
      name_(fleet_node_name(parts_.config)),
      lease_(parts_.config.postgres.lease),
      lease_timer_(parts_.loop),
      share_timer_(parts_.loop) {
  parts_.conductor.step(LeaseEnded{});
}

void FleetMembership::start() {
  tick();
  beats_ = std::make_unique<FleetBeats>(
      parts_.fleet, FleetMember(name_, lease_), name_, parts_.loop.get_executor(),
      [] { return read_clocks().mono; }, [this] { return next_beat(); }, events());
  beats_->start();
}

FleetBeats::Events FleetMembership::events() {
  const auto say = [this](Event event, const std::string& text) {
    parts_.notices.say(Notice(event, text));
  };
  return {
      .lease_renewed = [this](Mono until) { renewed(until); },
      .lost = [this] { lost(); },
      .taken_over =
          [this](std::int64_t shelves) {
            Notice notice(Event::fleet_taken_over,
                          "shelves without a living owner are polled "
                          "here now");
            notice.count = static_cast<std::uint64_t>(shelves);
            parts_.notices.say(notice);
            counters_.add(Metric::fleet_takeovers, "", static_cast<double>(shelves));
            claim();
          },
      .declared_dead =
          [this](const FleetWatch::Dead& node) {
            Notice notice(Event::fleet_node_dead,
                          "it was silent for a lease: the others share its handshakes");
            notice.host = node.name;
            parts_.notices.say(notice);
          },
      .shares = [this](std::optional<std::int64_t> shares, double limit) { shared(shares, limit); },
      .observed = [this](const FleetState& fleet) { observed(fleet); },
      .unreachable = [say](const Error& error) { say(Event::fleet_unreachable, error.message); },
      .reachable = [say] { say(Event::fleet_reachable, "beats reach the database again"); }};
}

void FleetMembership::tick() {
  const auto now = read_clocks().mono;
  moved_at_ = now;
  prepare_beat();
  if (holds_ && now >= claimed_at_ + kClaimInterval) claim();
}

void FleetMembership::prepare_beat() {
  const auto report = parts_.engine.report(read_clocks());
  Beat beat{.weight = static_cast<std::int64_t>(report.pending)};
  const auto& api = parts_.config.api;
  if (api.requests_per_second > 0) beat.rate_limit = api.requests_per_second;
  if (api.daily_requests > 0) beat.daily = api.daily_requests;
  beat.account.seen = seen_pause_;
  if (report.fleet_pause) beat.account.reason = attestrd::name_of(*report.fleet_pause);
  const std::lock_guard lock(beat_mutex_);
  beat_ = std::move(beat);
}

/// Runs on the thread of the beats.
std::optional<Beat> FleetMembership::next_beat() const {
  const auto now = read_clocks().mono;
  if (now - moved_at_.load() > std::max(lease_ / 3, 2 * kTickInterval)) return std::nullopt;
  if (parts_.disk.busy_for(now) > lease_) return std::nullopt;
  const std::lock_guard lock(beat_mutex_);
  return beat_;
}

void FleetMembership::renewed(Mono until) {
  const auto now = read_clocks().mono;
  lease_ends_ = until;
  if (until <= now) return;
  call_after(lease_timer_, until - now, [this] {
    if (read_clocks().mono >= lease_ends_)
      end_lease("no beat was answered for nearly a lease: polling waits");
  });
  if (std::exchange(holds_, true)) return;
  const bool is_first = !std::exchange(has_entered_, true);
  Notice notice(is_first ? Event::fleet_entered : Event::fleet_lease_holds,
                is_first ? "this daemon is a node of the fleet" : "beats are answered again");
  if (is_first) notice.host = name_;
  parts_.notices.say(notice);
  parts_.conductor.step(LeaseHolds{});
}

void FleetMembership::end_lease(const std::string& why) {
  if (!std::exchange(holds_, false)) return;
  parts_.conductor.step(LeaseEnded{});
  parts_.notices.say(Notice(Event::fleet_lease_ended, why));
}

void FleetMembership::lost() {
  lease_ends_ = Mono::min();
  end_lease("this node was declared dead");
  parts_.notices.say(
      Notice(Event::fleet_lost, "others share its handshakes; it enters the fleet anew"));
  share_.lost();
  apply_share();
  claim();
}

void FleetMembership::observed(const FleetState& fleet) {
  parts_.on_requests(fleet.requests);
  const auto before = std::exchange(fleet_, fleet);
  note_loss(fleet.loss);
  note_account_pause(fleet);
  note_operator_pause(before);
}

/// The queue looks for a loss, and claims all rows anew after one, with the next claim.
void FleetMembership::note_loss(const QueueLoss& loss) {
  const auto news = loss_.observe(loss);
  if (news.is_found) {
    counters_.add(Metric::queue_went_back);
    parts_.notices.say(Notice(
        Event::queue_went_back,
        "the database has lost commits of this node, as a failover to a standby that is behind "
        "does: what this node committed last is written again; use synchronous replication"));
  }
  if (news.repaired) {
    Notice notice(Event::queue_restored,
                  fmt::format("the rows of this node's last commits that were lost are written "
                              "again{}",
                              news.repaired->missing == 0
                                  ? ""
                                  : fmt::format("; {} more were too many to be remembered",
                                                news.repaired->missing)));
    notice.count = news.repaired->rows;
    parts_.notices.say(notice);
  }
  if (news.is_found || news.repaired) claim();
}

void FleetMembership::note_account_pause(const FleetState& fleet) {
  std::optional<SharedPause> pause;
  // A newer attestrd may know further reasons.
  if (const auto seen = pause_seen_by(name_, fleet))
    pause = SharedPause{pause_reason_named(seen->reason).value_or(PauseReason::forbidden),
                        seen->since, seen->node};
  const bool is_first = seen_pause_ < 0;
  if (is_first || pause != account_pause_)
    parts_.conductor.step(AccountShared{account_pause_ = std::move(pause)});
  // The next beat must not carry the wish of an engine that did not know this yet.
  seen_pause_ = fleet.account.number;
  prepare_beat();
}

/// Another node may have begun or ended an operator's pause. Two beats must agree: one may have
/// read the database just before this node changed it.
void FleetMembership::note_operator_pause(const FleetState& before) {
  const OperatorPause pause{fleet_.paused_since};
  if (before.paused_since != pause.since) return;
  if (parts_.engine.report(read_clocks()).operator_pause == pause.since) return;
  parts_.disk.run_between_rounds([&ledger = parts_.ledger, pause] { ledger.recall_pause(pause); });
  parts_.conductor.step(PauseChanged{pause});
}

void FleetMembership::shared(std::optional<std::int64_t> shares, double limit) {
  const auto now = read_clocks().mono;
  limit_ = shares ? std::optional(limit) : std::nullopt;
  if (shares) share_.decided(*shares, time_of_share(limit), now);
  apply_share();
}

void FleetMembership::apply_share() {
  const auto now = read_clocks().mono;
  std::optional<double> rate;
  if (limit_) rate = rate_of(share_.at(now), *limit_);
  parts_.conductor.step(ShareChanged{rate});
  if (limit_ && share_.next_change() > now)
    call_after(share_timer_, share_.next_change() - now, [this] { apply_share(); });
}

void FleetMembership::claim() {
  claimed_at_ = read_clocks().mono;
  parts_.disk.claim_rows();
}

void FleetMembership::measure(Metrics& metrics) const {
  metrics.merge(counters_);
  const auto now = read_clocks().mono;
  const auto alive = std::ranges::count_if(fleet_.nodes, &FleetNode::is_alive);
  metrics.set(Metric::fleet_nodes, static_cast<double>(alive), "alive");
  metrics.set(Metric::fleet_nodes, static_cast<double>(std::ssize(fleet_.nodes) - alive), "dead");
  const auto own = std::ranges::find(fleet_.nodes, name_, &FleetNode::name);
  if (own != fleet_.nodes.end())
    metrics.set(Metric::fleet_shelves, static_cast<double>(own->shelves.size()));
  const auto lease = holds_ ? std::max(lease_ends_ - now, Duration(0)) : Duration(0);
  metrics.set(Metric::fleet_lease, std::chrono::duration<double>(lease).count());
  metrics.set(Metric::fleet_rate_share, limit_ ? rate_of(share_.at(now), *limit_) : 0);
  metrics.set(Metric::fleet_foreign_staged, static_cast<double>(fleet_.foreign_staged));
  metrics.set(Metric::fleet_synchronous, fleet_.is_replication_synchronous ? 1 : 0);
}

}  // namespace attestrd
