#include "http/exchange.h"

#include <algorithm>

#include "base/check.h"

namespace attestrd {

bool is_shortage(const boost::system::error_code& error) {
  using boost::system::errc::errc_t;
  constexpr errc_t kShortages[] = {errc_t::too_many_files_open,
                                   errc_t::too_many_files_open_in_system, errc_t::not_enough_memory,
                                   errc_t::no_buffer_space, errc_t::resource_unavailable_try_again};
  return std::ranges::any_of(kShortages, [&error](errc_t kind) { return error == kind; });
}

std::string_view name_of(TransportFailure::Kind kind) {
  using Kind = TransportFailure::Kind;
  switch (kind) {
    case Kind::resolve: return "resolve";
    case Kind::connect: return "connect";
    case Kind::tls: return "tls";
    case Kind::certificate: return "certificate";
    case Kind::proxy: return "proxy";
    case Kind::timeout: return "timeout";
    case Kind::reset: return "reset";
    case Kind::framing: return "framing";
    case Kind::too_large: return "too_large";
    case Kind::shortage: return "shortage";
  }
  check_failed("a kind has a name", __FILE__, __LINE__);
}

}  // namespace attestrd
