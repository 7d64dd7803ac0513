#pragma once

#include <bitset>
#include <optional>

#include "handshake/finish.h"

namespace attestrd {

/// The forms in which results were signed so far, as `signature.form = "auto"` remembers them. The
/// form that held first stays the usual one. A text may be signed in several forms at once, but
/// only `stringify` allows to deliver another text than the signed one, so an attacker gains from a
/// change to it alone: such a change needs the operator.
class FormMemory {
 public:
  /// The consequence of a signature that holds.
  struct Finding {
    bool is_accepted = true;
    bool is_news = false;  ///< For the first time in this form, and another was the usual one.
  };

  /// Adds a form that held. A form that the setting names is the usual one.
  Finding add(SigningForm form, std::optional<SigningForm> configured);

  /// Returns the usual form, or nothing while none has held yet.
  std::optional<SigningForm> usual() const { return usual_; }

 private:
  std::optional<SigningForm> usual_;
  std::bitset<3> seen_;
};

}  // namespace attestrd
