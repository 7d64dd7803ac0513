#include "handshake/handshake.h"

#include "base/check.h"

namespace attestrd {

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::completed: return "completed";
    case Outcome::archived: return "archived";
    case Outcome::failed: return "failed";
    case Outcome::rejected: return "rejected";
  }
  check_failed("an outcome has a name", __FILE__, __LINE__);
}

std::string_view name_of(Reason reason) {
  switch (reason) {
    case Reason::none: return "none";
    case Reason::not_found: return "not_found";
    case Reason::expired: return "expired";
    case Reason::unreachable: return "unreachable";
    case Reason::invalid_signature: return "invalid_signature";
    case Reason::wrong_id: return "wrong_id";
    case Reason::duplicate_key: return "duplicate_key";
    case Reason::tag_mismatch: return "tag_mismatch";
    case Reason::replayed: return "replayed";
    case Reason::cancelled: return "cancelled";
  }
  check_failed("a reason has a name", __FILE__, __LINE__);
}

}  // namespace attestrd
