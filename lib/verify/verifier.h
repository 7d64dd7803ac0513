#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "crypto/hmac.h"
#include "crypto/secret.h"
#include "verify/signing_form.h"

namespace attestrd {

/// The values of the setting `signature.form`.
enum class SigningFormPolicy : std::uint8_t { automatic, raw, compact, stringify };

/// Returns the form that a policy names; nothing for `automatic`.
std::optional<SigningForm> form_named_by(SigningFormPolicy policy);

/// The check whether a result was signed with one of the customer's client secrets.
class Verifier {
 public:
  /// Creates a verifier. At least one secret is needed; the current one comes first.
  Verifier(std::vector<Secret> secrets, SigningFormPolicy policy);

  /// Computes HMAC-SHA-256 over `result` (a valid JSON text: the raw slice of the answer) with
  /// every form that the policy allows and every secret; the preferred form comes first, and each
  /// form is written once for all secrets. `signature` must be 64 hex digits of either case. The
  /// comparison takes constant time (CRYPTO_memcmp over the 32 decoded bytes). Returns the form
  /// that matched, or nothing. `stringify` does not match a text with a number that it changes: the
  /// text is delivered, and would not have the value that was signed.
  std::optional<SigningForm> verify(std::string_view result, std::string_view signature);

  /// Returns whether the signature matches in this form, which the policy need not allow.
  bool verify_in(SigningForm form, std::string_view result, std::string_view signature);

  /// Makes a form the first to try, if the policy allows it.
  void prefer(SigningForm form);

  /// Replaces the secrets and the policy. What the former ones accept is still accepted, until
  /// forget_former(): answers that are under way may be signed with them.
  void replace(std::vector<Secret> secrets, SigningFormPolicy policy);
  void forget_former() { former_.clear(); }
  /// Returns whether the last replace() brought other secrets or forms. Call it before
  /// forget_former().
  bool is_changed();

 private:
  std::vector<Sha256Digest> fingerprints();
  bool holds(std::string_view result, const Sha256Digest& signature, SigningForm form);
  bool is_signed(std::string_view result, const Sha256Digest& signature, SigningForm form);

  std::vector<HmacSha256> hmacs_;  ///< One for each secret, in the same order.
  std::vector<SigningForm> forms_;
  SigningForm preferred_;
  std::vector<Verifier> former_;
};

}  // namespace attestrd
