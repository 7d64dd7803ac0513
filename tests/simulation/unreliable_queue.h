#pragma once

#include <cstdint>

#include "queue/queue.h"
#include "simulation/luck.h"

namespace attestrd::sim {

/// When the queue is unavailable, over all lives of the daemon. Drawn from luck of its own, so that
/// the rest of a seed goes the way it goes without.
class Outages {
 public:
  explicit Outages(std::uint64_t seed) : luck_(seed ^ 0x6f7574616765), share_(draw_share()) {}

  /// Whether a call can't reach the queue. While it can't, later ones can't either, for a while.
  bool strikes();
  /// Whether the answer to a call that reached it is lost.
  bool loses_answer();

  /// From now on all goes well.
  void end() { share_ = 0; }

 private:
  double draw_share() { return luck_.chance(0.5) ? 0 : luck_.spread(0.0005, 0.05); }
  bool begins();

  Luck luck_;
  double share_;  ///< Of calls that begin an outage.
  std::uint64_t calls_left_ = 0;
};

/// A queue that answers `unavailable` now and then; a batch is written then, or it is not.
class UnreliableQueue final : public Queue {
 public:
  UnreliableQueue(Queue& queue, Outages& outages) : queue_(queue), outages_(outages) {}

  Result<Claim> claim(std::size_t max_rows) override { return queue_.claim(max_rows); }
  Result<std::vector<HandshakeId>> renew() override;
  Result<QueueBatchResult> write(const QueueBatch& batch, Wall now) override;
  Result<std::vector<StagedHandshake>> staged() override { return queue_.staged(); }
  Result<std::vector<std::optional<QueuedHandshake>>> find_polling(
      std::span<const HandshakeId> ids) override;
  Result<KnownHandshake> find(const HandshakeId& id) override { return queue_.find(id); }
  Result<QueueCounts> count() override { return queue_.count(); }
  Result<std::optional<Hazard>> learnt() override { return queue_.learnt(); }
  Result<std::optional<DayRequests>> reserved() override { return queue_.reserved(); }

 private:
  Queue& queue_;
  Outages& outages_;
};

}  // namespace attestrd::sim
