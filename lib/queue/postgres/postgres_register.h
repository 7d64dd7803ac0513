#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "fleet/fleet_register.h"
#include "queue/postgres/postgres_nodes.h"

namespace attestrd {

class PostgresConnection;

/// The membership of the process, which its queue changes when it enters the fleet anew, and which
/// its beats name; and what the queue has found out. Any thread may use it.
class SharedMembership {
 public:
  explicit SharedMembership(Membership member) : member_(std::move(member)) {}

  Membership get() const {
    const std::lock_guard lock(mutex_);
    return member_;
  }
  void set(Membership member) {
    const std::lock_guard lock(mutex_);
    member_ = std::move(member);
  }

  /// The losses that the queue has found.
  QueueLoss loss() const {
    const std::lock_guard lock(mutex_);
    return loss_;
  }
  void set_loss(const QueueLoss& loss) {
    const std::lock_guard lock(mutex_);
    loss_ = loss;
  }

 private:
  mutable std::mutex mutex_;
  Membership member_;
  QueueLoss loss_;
};

/// The register of the fleet in PostgreSQL, on a connection of its own.
class PostgresRegister final : public FleetRegister {
 public:
  PostgresRegister(std::unique_ptr<PostgresConnection> connection,
                   std::shared_ptr<const SharedMembership> member);
  ~PostgresRegister() override;

  Result<std::optional<FleetState>> beat(const Beat& beat) override;
  Result<bool> declare_dead(const FleetWatch::Dead& node) override;
  Result<bool> take_over(const Takeover& shelf) override;
  Result<std::int64_t> set_shares(std::int64_t wanted, std::int64_t all) override;
  Result<void> leave() override;

  const std::shared_ptr<const SharedMembership>& member() const { return member_; }

 private:
  std::unique_ptr<PostgresConnection> connection_;
  std::shared_ptr<const SharedMembership> member_;
  std::int64_t claimed_ = 0;  ///< The highest epoch that this process has had.
  std::string instance_;      ///< As which it has beaten last.
  std::int64_t beat_ = 0;     ///< The number of that beat.
};

}  // namespace attestrd
