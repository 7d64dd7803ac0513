#include "queue/postgres/postgres_register.h"

#include <algorithm>
#include <utility>

#include "queue/postgres/postgres_connection.h"

namespace attestrd {

PostgresRegister::PostgresRegister(std::unique_ptr<PostgresConnection> connection,
                                   std::shared_ptr<const SharedMembership> member)
    : connection_(std::move(connection)), member_(std::move(member)) {}

PostgresRegister::~PostgresRegister() = default;

Result<std::optional<FleetState>> PostgresRegister::beat(const Beat& beat) {
  const auto own = member_->get();
  auto fleet = send_beat(*connection_, own.node, own.instance, beat);
  if (!fleet || !*fleet) return fleet;
  (*fleet)->loss = member_->loss();
  for (const auto& node : (*fleet)->nodes) {
    if (node.instance != own.instance) continue;
    for (const auto& shelf : node.shelves) claimed_ = std::max(claimed_, shelf.epoch);
    (*fleet)->loss.is_behind = instance_ == own.instance && node.beat <= beat_;
    instance_ = own.instance;
    beat_ = node.beat;
  }
  return fleet;
}

Result<bool> PostgresRegister::declare_dead(const FleetWatch::Dead& node) {
  return attestrd::declare_dead(*connection_, node.name, {node.instance, node.beat});
}

Result<bool> PostgresRegister::take_over(const Takeover& shelf) {
  const auto epoch = take_over_shelf(*connection_, shelf, member_->get(), claimed_);
  if (!epoch) return epoch.error();
  claimed_ = std::max(claimed_, epoch->value_or(claimed_));
  return epoch->has_value();
}

Result<std::int64_t> PostgresRegister::set_shares(std::int64_t wanted, std::int64_t all) {
  const auto own = member_->get();
  return attestrd::set_shares(*connection_, own.node, own.instance, wanted, all);
}

Result<void> PostgresRegister::leave() {
  const auto own = member_->get();
  return leave_fleet(*connection_, own.node, own.instance);
}

}  // namespace attestrd
