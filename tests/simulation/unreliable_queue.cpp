#include "simulation/unreliable_queue.h"

namespace attestrd::sim {
namespace {

Error unavailable() { return fail(Errc::unavailable, "the simulated queue is unavailable"); }

}  // namespace

bool Outages::begins() {
  if (share_ == 0 || !luck_.chance(share_)) return false;
  // The daemon retries each second, so that some outages last for half an hour.
  calls_left_ = luck_.chance(0.8) ? luck_.below(5) : luck_.below(2000);
  return true;
}

bool Outages::strikes() {
  if (share_ == 0 || calls_left_ == 0) return begins();
  --calls_left_;
  return true;
}

bool Outages::loses_answer() { return begins(); }

Result<std::vector<HandshakeId>> UnreliableQueue::renew() {
  if (outages_.strikes()) return unavailable();
  return queue_.renew();
}

Result<QueueBatchResult> UnreliableQueue::write(const QueueBatch& batch, Wall now) {
  if (outages_.strikes()) return unavailable();
  auto written = queue_.write(batch, now);
  if (written && outages_.loses_answer()) return unavailable();
  return written;
}

Result<std::vector<std::optional<QueuedHandshake>>> UnreliableQueue::find_polling(
    std::span<const HandshakeId> ids) {
  if (outages_.strikes()) return unavailable();
  return queue_.find_polling(ids);
}

Result<std::vector<std::optional<HandshakeId>>> UnreliableQueue::find_by_signature(
    std::span<const SignedResult> results) {
  if (outages_.strikes()) return unavailable();
  return queue_.find_by_signature(results);
}

}  // namespace attestrd::sim
