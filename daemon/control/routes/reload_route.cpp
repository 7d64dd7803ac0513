// POST /reload: reads the configuration and the secrets again. The answer comes once everything
// holds. The status is 409 when the file is refused.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <string>
#include <utility>
#include <vector>

#include "daemon/control/late_answer.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

std::string list_of(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string text_of(const ReloadOutcome& outcome) {
  if (outcome.refusal) return "The configuration stays as it was:\n" + *outcome.refusal + '\n';
  std::string text = outcome.changed.empty() ? "No setting has changed.\n" : "Changed:\n";
  for (const auto& line : outcome.changed) text += "  " + line + '\n';
  const auto& [read, of_start, of_restart] = outcome.secrets;
  if (!read.empty()) text += fmt::format("Read anew: {}.\n", list_of(read));
  if (!of_start.empty())
    text += fmt::format(
        "Not read anew: {}. systemd passes a changed secret only at a restart of the unit.\n",
        list_of(of_start));
  if (!of_restart.empty())
    text += fmt::format("Not read anew: {}. A changed one needs a restart.\n", list_of(of_restart));
  if (outcome.recipients > 0)
    text += fmt::format("Later records are encrypted to {} {} (spool.seal_to).\n",
                        outcome.recipients, outcome.recipients == 1 ? "recipient" : "recipients");
  for (const auto& file : outcome.doubtful) text += "warning: " + file.text() + '\n';
  return text;
}

boost::json::array json_list(const std::vector<std::string>& texts) {
  return boost::json::array(texts.begin(), texts.end());
}

std::string json_of(const ReloadOutcome& outcome) {
  boost::json::object object{{"reload", outcome.refusal ? "refused" : "accepted"}};
  if (outcome.refusal) {
    object["reason"] = *outcome.refusal;
  } else {
    object["changed"] = json_list(outcome.changed);
    object["secrets_read"] = json_list(outcome.secrets.read);
    object["secrets_of_start"] = json_list(outcome.secrets.of_start);
    object["secrets_of_restart"] = json_list(outcome.secrets.of_restart);
    auto& warnings = object["warnings"].emplace_array();
    for (const auto& file : outcome.doubtful) warnings.emplace_back(file.text());
    object["recipients"] = outcome.recipients;
  }
  object["secrets_need_restart"] = !outcome.secrets.of_start.empty();
  return boost::json::serialize(object) + '\n';
}

}  // namespace

void reload_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const bool as_text = wants_text(request);
  const auto type = (as_text ? text_response(200, "") : json_response(200, "")).content_type;
  respond(late_answer(type, [reload = questions.reload, as_text](Responder answer) {
    reload([as_text, answer = std::move(answer)](const ReloadOutcome& outcome) {
      const unsigned status = outcome.refusal ? 409 : 200;
      answer(as_text ? text_response(status, text_of(outcome))
                     : json_response(status, json_of(outcome)));
    });
  }));
}

}  // namespace attestrd
