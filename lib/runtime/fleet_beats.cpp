#include "runtime/fleet_beats.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

#include "fleet/rate_shares.h"

namespace attestrd {

FleetBeats::FleetBeats(FleetRegister& fleet, FleetMember member, std::string name,
                       boost::asio::any_io_executor loop, Clock clock, NextBeat next_beat,
                       Events events)
    : fleet_(fleet),
      member_(std::move(member)),
      name_(std::move(name)),
      loop_(std::move(loop)),
      clock_(std::move(clock)),
      next_beat_(std::move(next_beat)),
      events_(std::move(events)) {}

FleetBeats::~FleetBeats() { stop(); }

void FleetBeats::start() {
  thread_ = std::thread([this] { run(); });
}

void FleetBeats::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stopped_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void FleetBeats::run() {
  Mono last{};
  do {
    last = clock_();
    if (const auto next = next_beat_()) beat(*next);
  } while (wait_until(member_.next_beat(last)));
  // An error changes nothing: the others find out by the missing beats.
  static_cast<void>(fleet_.leave());
}

/// Returns false if the thread must end.
bool FleetBeats::wait_until(Mono time) {
  const auto pause = std::max(time - clock_(), Duration(0));
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, pause, [this] { return stopping_; });
}

void FleetBeats::beat(const Beat& beat) {
  const Mono sent_at = clock_();
  auto fleet = fleet_.beat(beat);
  Result<void> done;
  if (fleet) {
    const bool is_mine = fleet->has_value();
    auto state = is_mine ? std::move(**fleet) : FleetState();
    const auto decision = member_.beaten({sent_at, clock_(), is_mine, state});
    done = follow(decision);
    // The shares come before the lease, so that no poll starts with those of the process before.
    if (is_mine) {
      const auto shared = share(state);
      if (done) done = shared;
      tell(events_.observed, std::move(state));
      tell(events_.lease_renewed, member_.lease().ends_at().value_or(sent_at));
    }
  } else {
    done = fleet.error();
  }
  if (!done && !std::exchange(is_unreachable_, true)) tell(events_.unreachable, done.error());
  if (done && std::exchange(is_unreachable_, false)) tell(events_.reachable);
}

Result<void> FleetBeats::follow(const FleetMember::Decision& decision) {
  if (decision.must_begin_anew) tell(events_.lost);
  for (const auto& node : decision.dead) {
    const auto is_dead = fleet_.declare_dead(node);
    if (!is_dead) return is_dead.error();
    if (*is_dead) tell(events_.declared_dead, node);
  }
  std::int64_t taken = 0;
  Result<void> result;
  for (const auto& shelf : decision.takeovers) {
    const auto is_taken = fleet_.take_over(shelf);
    if (!is_taken) {
      result = is_taken.error();
      break;
    }
    taken += *is_taken ? 1 : 0;
  }
  if (taken > 0) tell(events_.taken_over, taken);
  return result;
}

Result<void> FleetBeats::share(const FleetState& fleet) {
  const auto limit = fleet_limit(fleet.nodes);
  if (!limit) {
    tell(events_.shares, std::optional<std::int64_t>(), 0.0);
    return {};
  }
  const auto all = shares_of(*limit);
  const auto wanted = wanted_shares(fleet.nodes, name_, all, fleet.minute);
  const auto own = std::ranges::find(fleet.nodes, name_, &FleetNode::name);
  auto shares = Result<std::int64_t>(own == fleet.nodes.end() ? 0 : own->share);
  if (*shares != wanted) shares = fleet_.set_shares(wanted, all);
  if (!shares) return shares.error();
  tell(events_.shares, std::optional(*shares), *limit);
  return {};
}

template <class Handler, class... Arguments>
void FleetBeats::tell(const Handler& handler, Arguments... arguments) {
  boost::asio::post(loop_, [handler, ... arguments = std::move(arguments)]() mutable {
    handler(std::move(arguments)...);
  });
}

}  // namespace attestrd
