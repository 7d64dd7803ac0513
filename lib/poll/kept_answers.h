#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/limits.h"
#include "handshake/handshake.h"

namespace attestrd {

/// The last whole answers of handshakes whose result could not be trusted yet. If Attestr archives
/// the result meanwhile, the answer is not lost. The memory for all of them is bounded.
class KeptAnswers {
 public:
  struct Answer {
    Reason reason{};
    std::string body;
    std::string tag;
    std::string request_id;
    std::uint64_t secrets = 0;  ///< Verified with the secrets of this generation.
  };

  /// Sets the memory for all answers of the daemon; a quarter of it may be kept here.
  void set_memory(std::size_t bytes) {
    most_bytes_ = std::min(bytes / 4, limits::kKeptAnswerBytes);
  }

  /// Keeps the answer instead of an earlier one of the same handshake. If the memory is used up, it
  /// first drops those of all handshakes that `can_be_dropped` names. Returns false if that is not
  /// enough; nothing is kept then.
  bool keep(std::uint32_t handshake, Answer answer,
            const std::function<bool(std::uint32_t)>& can_be_dropped);
  /// Removes and returns the answer; nothing if there is none.
  std::optional<Answer> take(std::uint32_t handshake);
  void drop(std::uint32_t handshake) {
    if (!answers_.empty()) take(handshake);
  }

  /// Returns the answer; null if there is none. It is valid until the next change.
  Answer* find(std::uint32_t handshake) {
    const auto found = answers_.find(handshake);
    return found == answers_.end() ? nullptr : &found->second;
  }

  bool has(std::uint32_t handshake) const {
    return !answers_.empty() && answers_.contains(handshake);
  }
  std::size_t bytes() const { return bytes_; }

 private:
  bool has_room(std::size_t bytes) const {
    return bytes <= most_bytes_ && bytes_ <= most_bytes_ - bytes;
  }

  std::unordered_map<std::uint32_t, Answer> answers_;
  std::size_t bytes_ = 0;
  std::size_t most_bytes_ = limits::kKeptAnswerBytes;
};

}  // namespace attestrd
