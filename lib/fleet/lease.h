#pragma once

#include <optional>

#include "base/time.h"

namespace attestrd {

/// The right of this node to poll its handshakes. Each beat renews it; without one it ends by
/// itself, before another node may take the handshakes over (see FleetWatch).
class Lease {
 public:
  /// `length` is the same in all nodes.
  explicit Lease(Duration length) : length_(length) {}

  /// Notes that the database has taken a beat, which was sent at `sent_at`: the time of its answer
  /// would be too late, since the beat may have waited on its way.
  void renewed(Mono sent_at);

  /// Notes that another node has declared this one dead. The lease holds again after renewed().
  void lost() { ends_at_.reset(); }

  bool holds(Mono now) const { return ends_at_ && now < *ends_at_; }

  /// The time from which the lease does not hold, or nothing if it does not hold.
  std::optional<Mono> ends_at() const { return ends_at_; }

  /// The time between two beats: the lease survives the loss of one.
  Duration beat_interval() const { return length_ / 3; }

 private:
  Duration length_;
  std::optional<Mono> ends_at_;
};

}  // namespace attestrd
