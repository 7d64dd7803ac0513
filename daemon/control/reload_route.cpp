// POST /reload: reads the configuration and the secrets again. The answer comes once everything
// holds. The status is 409 when the file is refused.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <utility>

#include "daemon/control/routes.h"

namespace attestrd {
namespace {

std::string text_of(const ReloadOutcome& outcome) {
  if (outcome.refusal) return "The configuration stays as it was:\n" + *outcome.refusal + '\n';
  std::string text = outcome.changed.empty() ? "No setting has changed.\n" : "Changed:\n";
  for (const auto& line : outcome.changed) text += "  " + line + '\n';
  text += outcome.has_credentials
              ? "systemd passes new secrets only at a start: attestrd keeps those of its start.\n"
              : "The auth token and the client secrets are read again.\n";
  return text;
}

std::string json_of(const ReloadOutcome& outcome) {
  namespace json = boost::json;
  json::object object{{"reload", outcome.refusal ? "refused" : "accepted"}};
  if (outcome.refusal)
    object["reason"] = *outcome.refusal;
  else
    object["changed"] = json::array(outcome.changed.begin(), outcome.changed.end());
  object["secrets_need_restart"] = outcome.has_credentials;
  return json::serialize(object) + '\n';
}

}  // namespace

void reload_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const bool as_text = wants_text(request);
  questions.reload([as_text, respond = std::move(respond)](const ReloadOutcome& outcome) {
    const unsigned status = outcome.refusal ? 409 : 200;
    respond(as_text ? text_response(status, text_of(outcome))
                    : json_response(status, json_of(outcome)));
  });
}

}  // namespace attestrd
