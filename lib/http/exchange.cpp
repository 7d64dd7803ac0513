#include "http/exchange.h"

#include "base/check.h"

namespace attestrd {

std::string_view name_of(TransportFailure::Kind kind) {
  using Kind = TransportFailure::Kind;
  switch (kind) {
    case Kind::resolve: return "resolve";
    case Kind::connect: return "connect";
    case Kind::tls: return "tls";
    case Kind::certificate: return "certificate";
    case Kind::timeout: return "timeout";
    case Kind::reset: return "reset";
    case Kind::framing: return "framing";
    case Kind::too_large: return "too_large";
  }
  check_failed("a kind has a name", __FILE__, __LINE__);
}

}  // namespace attestrd
