#include "verify/verifier.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace attestrd {
namespace {

std::vector<SigningForm> forms_of(SigningFormPolicy policy) {
  switch (policy) {
    case SigningFormPolicy::automatic:
      return {SigningForm::raw, SigningForm::compact, SigningForm::stringify};
    case SigningFormPolicy::raw: return {SigningForm::raw};
    case SigningFormPolicy::compact: return {SigningForm::compact};
    case SigningFormPolicy::stringify: return {SigningForm::stringify};
  }
  check_failed("a policy has forms", __FILE__, __LINE__);
}

}  // namespace

std::optional<SigningForm> form_named_by(SigningFormPolicy policy) {
  if (policy == SigningFormPolicy::automatic) return std::nullopt;
  return forms_of(policy).front();
}

Verifier::Verifier(std::vector<Secret> secrets, SigningFormPolicy policy)
    : hmacs_(secrets.begin(), secrets.end()), forms_(forms_of(policy)), preferred_(forms_.front()) {
  ATTESTRD_CHECK(!secrets.empty());
}

std::optional<SigningForm> Verifier::verify(std::string_view result, std::string_view signature) {
  const auto digest = parse_digest(signature);
  if (!digest) return std::nullopt;
  if (holds(result, *digest, preferred_)) return preferred_;
  for (const SigningForm form : forms_)
    if (form != preferred_ && holds(result, *digest, form)) return form;
  for (Verifier& former : former_)
    if (const auto form = former.verify(result, signature)) return form;
  return std::nullopt;
}

bool Verifier::verify_in(SigningForm form, std::string_view result, std::string_view signature) {
  const auto digest = parse_digest(signature);
  return digest && holds(result, *digest, form);
}

void Verifier::replace(std::vector<Secret> secrets, SigningFormPolicy policy) {
  Verifier next(std::move(secrets), policy);
  next.former_ = std::exchange(former_, {});
  next.former_.push_back(std::move(*this));
  *this = std::move(next);
}

bool Verifier::is_changed() {
  if (former_.empty()) return false;
  Verifier& former = former_.back();
  return forms_ != former.forms_ || fingerprints() != former.fingerprints();
}

/// Returns a digest of each secret.
std::vector<Sha256Digest> Verifier::fingerprints() {
  std::vector<Sha256Digest> digests;
  for (auto& hmac : hmacs_) digests.push_back(hmac.finish());
  return digests;
}

void Verifier::prefer(SigningForm form) {
  if (std::ranges::find(forms_, form) != forms_.end()) preferred_ = form;
}

bool Verifier::holds(std::string_view result, const Sha256Digest& signature, SigningForm form) {
  return is_signed(result, signature, form) &&
         (form != SigningForm::stringify || number_that_stringify_changes(result).empty());
}

/// Returns whether the form was signed with any of the secrets. The form is written once for all of
/// them: for a large result that costs more than the digests.
bool Verifier::is_signed(std::string_view result, const Sha256Digest& signature, SigningForm form) {
  write_signing_form(form, result, [this](std::string_view piece) {
    for (HmacSha256& hmac : hmacs_) hmac.update(piece);
  });
  bool is_equal = false;
  // Each digest is finished, so that the next message begins anew.
  for (HmacSha256& hmac : hmacs_) is_equal |= equal_in_constant_time(hmac.finish(), signature);
  return is_equal;
}

}  // namespace attestrd
