#include "handshake/finish.h"

#include "base/check.h"

namespace attestrd {

std::string_view name_of(SigningForm form) {
  switch (form) {
    case SigningForm::raw: return "raw";
    case SigningForm::compact: return "compact";
    case SigningForm::stringify: return "stringify";
  }
  check_failed("a signing form has a name", __FILE__, __LINE__);
}

}  // namespace attestrd
