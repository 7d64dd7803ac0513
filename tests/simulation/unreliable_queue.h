#pragma once

#include <cstdint>

#include "queue/queue.h"
#include "simulation/luck.h"

namespace attestrd::sim {

/// The outages of the queue, over all processes of the daemon. They have a random generator of
/// their own, so that they do not change the other draws of a seed.
class Outages {
 public:
  explicit Outages(std::uint64_t seed) : luck_(seed ^ 0x6f7574616765), share_(draw_share()) {}

  /// Returns whether a call finds the queue unavailable. An outage lasts for several calls.
  bool strikes();
  /// Returns whether the answer to a call that reached the queue is lost.
  bool loses_answer();

  /// Ends all outages.
  void end() { share_ = 0; }

 private:
  double draw_share() { return luck_.chance(0.5) ? 0 : luck_.spread(0.0005, 0.05); }
  bool begins();

  Luck luck_;
  double share_;  ///< Share of the calls that begin an outage.
  std::uint64_t calls_left_ = 0;
};

/// A queue that returns `unavailable` at times; the batch may be committed then, or not.
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
  Result<std::vector<std::optional<HandshakeId>>> find_by_signature(
      std::span<const SignedResult> results) override;
  Result<std::vector<HandshakeId>> find_ended(const EndedQuery& query) override {
    return queue_.find_ended(query);
  }
  Result<QueueCounts> count() override { return queue_.count(); }
  Result<std::vector<BootClock>> clocks() override { return queue_.clocks(); }
  Result<std::optional<Hazard>> learnt() override { return queue_.learnt(); }
  Result<std::optional<DayRequests>> reserved() override { return queue_.reserved(); }
  Result<OperatorPause> operator_pause() override { return queue_.operator_pause(); }

 private:
  Queue& queue_;
  Outages& outages_;
};

}  // namespace attestrd::sim
