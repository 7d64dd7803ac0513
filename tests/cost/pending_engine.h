#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "verify/verifier.h"

namespace attestrd::cost {

/// An engine whose every poll is answered as pending at once, on a clock that jumps from one
/// wake-up to the next. Its rate is proportional to its handshakes, so that each is polled once in
/// 50 s whatever their number.
class PendingEngine {
 public:
  explicit PendingEngine(std::size_t pending);

  /// Runs until `polls` more polls are answered. Only the engine's own steps are Counted.
  void play(std::size_t polls);

  /// Executes a command. Only the engine's own step is Counted.
  EngineAnswer ask(const EngineCommand& command);

  /// Returns an id that is pending; `number` is less than the number of all.
  static HandshakeId id(std::size_t number);

 private:
  Now now() const;
  void step(const EngineEvent& event);
  void answer_all();

  Mono mono_;
  Verifier verifier_;
  Engine engine_;
  Actions actions_;
  std::vector<StartPoll> started_;
  std::vector<StartPoll> asked_;
  std::string body_;
  std::size_t answered_ = 0;
};

}  // namespace attestrd::cost
