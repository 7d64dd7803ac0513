#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace attestrd {

/// Encrypts texts to recipients, each of whom can decrypt them with a private key. OpensslSealer
/// implements it.
class Sealer {
 public:
  /// Receives the encrypted text in pieces. It may throw std::bad_alloc, and nothing else.
  using Sink = std::function<void(std::string_view piece)>;

  virtual ~Sealer() = default;

  /// Encrypts a text that is not empty, and passes it to `sink` as one block of PEM that contains a
  /// CMS structure (RFC 5652). After an error, the pieces before it are of no use. Errors:
  /// `shortage` for lack of memory, else `io_failure`. Blocks no longer than the encryption takes.
  virtual Result<void> seal(std::string_view text, const Sink& sink) const = 0;
};

/// Decrypts what a Sealer has encrypted. OpensslUnsealer implements it.
class Unsealer {
 public:
  virtual ~Unsealer() = default;

  /// Returns the text that was sealed. `pem` is the block of PEM. Errors: `invalid_input` if it is
  /// none, was sealed to others, or has changed since; `shortage` for lack of memory.
  virtual Result<std::string> unseal(std::string_view pem) const = 0;
};

}  // namespace attestrd
