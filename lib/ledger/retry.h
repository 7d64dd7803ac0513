#pragma once

#include <cstdint>

#include "handshake/handshake_id.h"

namespace attestrd {

/// An operator's request to poll a handshake anew that has ended.
struct Retry {
  std::uint64_t ticket = 0;  ///< Returned with the answer.
  HandshakeId id;
  bool even_completed = false;
};

/// The answer to a Retry.
enum class Retried : std::uint8_t {
  reopened,   ///< It is pending again: this is durable.
  completed,  ///< Its result was published, and it may not be published again.
  pending,
  ending,   ///< Its record is being published.
  unknown,  ///< It was never submitted, or ended too long ago.
  full,     ///< The engine holds as many handshakes as it can.
};

struct RetryAnswer {
  std::uint64_t ticket = 0;
  Retried retried{};
};

}  // namespace attestrd
