#pragma once

#include <cstdint>
#include <optional>

namespace attestrd {

/// Commits of this process that the database has lost, as after a failover to a standby that was
/// behind. Its beats notice it, and so does its queue, which then writes again what it remembers.
struct QueueLoss {
  bool is_behind = false;      ///< A beat found an older number than the one before had written.
  std::uint64_t found = 0;     ///< Losses that the queue has found since the start.
  std::uint64_t repaired = 0;  ///< Those after which it has written again what it remembered.
  std::uint64_t rows = 0;      ///< Rows that were lost and written again, after all losses.
  std::uint64_t missing = 0;   ///< Rows that the queue could not remember, at the last loss.
};

/// The reports of losses: one when the first of both notices a loss, and one when it is repaired.
class LossWatch {
 public:
  struct Repaired {
    std::uint64_t rows = 0;
    std::uint64_t missing = 0;
    bool operator==(const Repaired&) const = default;
  };
  struct News {
    bool is_found = false;
    std::optional<Repaired> repaired{};
  };

  /// Takes the state after a beat, and returns what is new.
  News observe(const QueueLoss& loss);

  /// Returns whether a loss is not repaired yet.
  bool is_open() const { return is_open_; }

 private:
  QueueLoss seen_;
  bool is_open_ = false;
  int beats_ = 0;  ///< Since a beat has opened it, without a finding of the queue.
};

}  // namespace attestrd
