#include "verify/verifier.h"

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

Verifier::Verifier(std::vector<Secret> secrets, SigningFormPolicy policy)
    : hmacs_(secrets.begin(), secrets.end()), forms_(forms_of(policy)), last_form_(forms_.front()) {
  ATTESTRD_CHECK(!secrets.empty());
}

std::optional<SigningForm> Verifier::verify(std::string_view result, std::string_view signature) {
  const auto digest = parse_digest(signature);
  if (!digest) return std::nullopt;
  if (holds(result, *digest, last_form_, last_secret_)) return last_form_;
  for (const SigningForm form : forms_) {
    for (std::size_t secret = 0; secret < hmacs_.size(); ++secret) {
      if (form == last_form_ && secret == last_secret_) continue;
      if (!holds(result, *digest, form, secret)) continue;
      last_form_ = form;
      last_secret_ = secret;
      return form;
    }
  }
  return std::nullopt;
}

bool Verifier::holds(std::string_view result, const Sha256Digest& signature, SigningForm form,
                     std::size_t secret) {
  HmacSha256& hmac = hmacs_[secret];
  write_signing_form(form, result, [&hmac](std::string_view piece) { hmac.update(piece); });
  return equal_in_constant_time(hmac.finish(), signature);
}

}  // namespace attestrd
