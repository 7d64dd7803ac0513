#include "fleet/node_request.h"

namespace attestrd {
namespace {

constexpr RequestVerb kVerbs[] = {RequestVerb::hold, RequestVerb::release, RequestVerb::cancel,
                                  RequestVerb::kick};

}  // namespace

std::string_view name_of(RequestVerb verb) {
  switch (verb) {
    case RequestVerb::hold: return "hold";
    case RequestVerb::release: return "release";
    case RequestVerb::cancel: return "cancel";
    case RequestVerb::kick: return "kick";
  }
  return {};
}

std::optional<RequestVerb> request_verb(std::string_view name) {
  for (const auto verb : kVerbs)
    if (name == name_of(verb)) return verb;
  return std::nullopt;
}

}  // namespace attestrd
