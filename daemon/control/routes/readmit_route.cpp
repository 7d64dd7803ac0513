// POST /readmit: verifies the records of rejected/ in the body, one name per line, again, and
// publishes the results of those that hold. With the query `all` nobody has named them: replayed
// ones are refused. The answer has one line per name, and comes once it is durable. The status is
// 409 when one of them is not readmitted, 400 when a line can't be a name, 503 while others are. A
// record that another node of a fleet has must be readmitted there: the line names it.

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "daemon/control/late_answer.h"
#include "daemon/control/routes.h"
#include "json/json_writer.h"
#include "spool/retention.h"

namespace attestrd {
namespace {

std::string_view name_of(Readmitted readmitted) {
  switch (readmitted) {
    case Readmitted::readmitted: return "readmitted";
    case Readmitted::no_record: return "no_record";
    case Readmitted::sealed: return "sealed";
    case Readmitted::not_rejected: return "not_rejected";
    case Readmitted::tag_mismatch: return "tag_mismatch";
    case Readmitted::wrong_id: return "wrong_id";
    case Readmitted::duplicate_key: return "duplicate_key";
    case Readmitted::no_result: return "no_result";
    case Readmitted::invalid_signature: return "invalid_signature";
    case Readmitted::unusual_form: return "unusual_form";
    case Readmitted::replayed: return "replayed";
    case Readmitted::completed: return "completed";
    case Readmitted::pending: return "pending";
    case Readmitted::ending: return "ending";
    case Readmitted::unknown: return "unknown";
    case Readmitted::no_file: return "no_file";
    case Readmitted::foreign: return "foreign";
    case Readmitted::unreadable: return "unreadable";
    case Readmitted::no_room: return "no_room";
  }
  check_failed("an answer to a readmission has a name", __FILE__, __LINE__);
}

std::string_view words_of(Readmitted readmitted) {
  switch (readmitted) {
    case Readmitted::readmitted: return "readmitted: the result is published";
    case Readmitted::no_record: return "refused: it is no record, or edited";
    case Readmitted::sealed:
      return "refused: its answer is encrypted, and the daemon has no key; a sealed record was "
             "verified before it was put aside, and its recipients can open it";
    case Readmitted::not_rejected: return "refused: it is a record of another outcome";
    case Readmitted::tag_mismatch:
      return "refused: the answer has another tag than the submission; `attestrd retry` polls anew";
    case Readmitted::wrong_id:
      return "refused: the answer has another id; `attestrd retry` polls anew";
    case Readmitted::duplicate_key:
      return "refused: the answer has a key twice; `attestrd retry` polls anew";
    case Readmitted::no_result: return "refused: it holds no result; `attestrd retry` polls anew";
    case Readmitted::invalid_signature: return "refused: no client secret gives the signature";
    case Readmitted::unusual_form:
      return "refused: it holds in the form stringify alone; signature.form must name that";
    case Readmitted::replayed:
      return "refused: its signature is that of another handshake; a record that says so itself is "
             "readmitted by its name, any other with signature.repeats = \"deliver\"";
    case Readmitted::completed: return "refused: a result of this handshake is published already";
    case Readmitted::pending: return "refused: its handshake is polled again";
    case Readmitted::ending: return "refused: its handshake is just ending; try again in a moment";
    case Readmitted::unknown:
      return "refused: its handshake is not known any more; submit the id again";
    case Readmitted::no_file: return "refused: there is no such file";
    case Readmitted::foreign: return "refused: the daemon has not written this file";
    case Readmitted::unreadable: return "refused: it can't be read";
    case Readmitted::no_room:
      return "refused: the disk is full, or memory is short; try again later";
  }
  check_failed("an answer to a readmission has words", __FILE__, __LINE__);
}

/// Returns the names in the body, or an error (`invalid_input`) for a line that no record has as
/// its name.
Result<std::vector<std::string>> read_names(std::string_view body) {
  constexpr CharSet kAllowed = kLettersAndDigits | CharSet("_-.");
  std::vector<std::string> names;
  while (!body.empty()) {
    const auto end = std::min(body.find('\n'), body.size());
    const auto name = body.substr(0, end);
    if (name.empty() || name.starts_with('.') || !kAllowed.contains_all(name))
      return fail(Errc::invalid_input, fmt::format("line {} is not a name", names.size() + 1));
    names.emplace_back(name);
    body.remove_prefix(std::min(end + 1, body.size()));
  }
  return names;
}

/// The nodes of a fleet that have records which are not here, by the ids of their handshakes.
using Owners = std::map<HandshakeId, std::string>;

/// Returns the other node that has the record, if there is no such file here.
const std::string* owner_of(const std::string& name, Readmitted readmitted, const Owners& owners) {
  const auto id = readmitted == Readmitted::no_file ? id_of_record(name) : std::nullopt;
  const auto owner = id ? owners.find(*id) : owners.end();
  return owner == owners.end() ? nullptr : &owner->second;
}

std::string line_of_other(const std::string& name, const std::string& node, bool as_text) {
  if (as_text)
    return fmt::format("rejected/{}: refused: the node {} has it; give the command there\n", name,
                       node);
  std::string line;
  JsonWriter writer(line);
  writer.begin_object();
  writer.text("file", "rejected/" + name);
  writer.text("readmit", name_of(Readmitted::no_file));
  writer.text("node", node);
  writer.end_object();
  return line + '\n';
}

ServerResponse response_to(const std::vector<std::string>& names,
                           const std::vector<Readmitted>& readmitted, const Owners& owners,
                           bool as_text) {
  std::string lines;
  bool are_readmitted = true;
  for (std::size_t i = 0; i < names.size(); ++i) {
    are_readmitted &= readmitted[i] == Readmitted::readmitted;
    if (const auto* const owner = owner_of(names[i], readmitted[i], owners)) {
      lines += line_of_other(names[i], *owner, as_text);
      continue;
    }
    lines += as_text ? fmt::format("rejected/{}: {}\n", names[i], words_of(readmitted[i]))
                     : fmt::format("{{\"file\":\"rejected/{}\",\"readmit\":\"{}\"}}\n", names[i],
                                   name_of(readmitted[i]));
  }
  const unsigned status = are_readmitted ? 200 : 409;
  return as_text ? text_response(status, std::move(lines))
                 : json_response(status, std::move(lines));
}

/// Finds the other nodes that have the records of which there is no file here.
void find_owners(const Questions& questions, const std::vector<std::string>& names,
                 const std::vector<Readmitted>& readmitted,
                 const std::function<void(const Owners&)>& then) {
  std::vector<HandshakeId> ids;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (const auto id = id_of_record(names[i]); id && readmitted[i] == Readmitted::no_file)
      ids.push_back(*id);
  if (!questions.fleet || ids.empty()) return then({});
  const auto own = questions.fleet->node;
  questions.fleet->locate(ids, [=](const Result<std::vector<LocatedHandshake>>& found) {
    Owners owners;
    for (std::size_t i = 0; found && i < ids.size(); ++i) {
      const auto& [known, node, reason] = (*found)[i];
      const auto* const ended = std::get_if<EndedHandshake>(&known);
      const bool is_rejected = ended != nullptr && ended->outcome == Outcome::rejected;
      if (is_rejected && !node.name.empty() && node.name != own) owners.emplace(ids[i], node.name);
    }
    then(owners);
  });
}

}  // namespace

void readmit_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  const auto names = read_names(request.body);
  if (!names) return respond(plain_response(400, names.error().message));
  const bool as_text = wants_text(request);
  const auto type = response_to({}, {}, {}, as_text).content_type;
  respond(late_answer(type, [questions, names = *names, as_text,
                             are_named = !asks_for(request, "all")](Responder answer) {
    questions.readmit(names, are_named, [=](const Result<std::vector<Readmitted>>& readmitted) {
      if (!readmitted) return answer(plain_response(503, readmitted.error().message));
      find_owners(questions, names, *readmitted, [=, all = *readmitted](const Owners& owners) {
        answer(response_to(names, all, owners, as_text));
      });
    });
  }));
}

}  // namespace attestrd
