#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "base/limits.h"
#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/log/exit_code.h"
#include "files/posix_reader.h"
#include "poll/answer.h"
#include "daemon/config/secrets.h"
#include "spool/record.h"
#include "spool/spool.h"
#include "verify/verifier.h"

namespace attestrd {
namespace {

/// The verdict on one spool file.
struct Verdict {
  bool holds = false;
  std::string text;
};

Verdict invalid(std::string_view reason) { return {false, fmt::format("INVALID: {}", reason)}; }

/// Verifies the response in the record, parsed as the daemon parsed it when it arrived.
Verdict verify_response(const SpoolRecord& record, Verifier& verifier) {
  HttpResponse response;
  response.status = 200;
  response.body = record.response;
  const Answer answer = read_answer(response, record.id);
  if (const auto* bad = std::get_if<Invalid>(&answer)) {
    return invalid(fmt::format("the response is no answer for this id ({})", name_of(bad->reason)));
  }
  const auto* ended = std::get_if<Ended>(&answer);
  if (ended == nullptr || ended->result.empty()) return invalid("the response holds no result");
  const auto form = verifier.verify(ended->result, ended->signature);
  if (!form) return invalid("no client secret gives the signature");
  return {true, fmt::format("valid ({})", name_of(*form))};
}

Verdict verify_record(std::string_view text, const std::string& file_name, Verifier& verifier) {
  const auto record = parse_record(text);
  if (!record) return invalid(record.error().message);
  if (file_name != record_name(record->id)) {
    return invalid(
        fmt::format("the record is of {}, which the file is not named after", record->id.view()));
  }
  const bool has_result =
      record->outcome == Outcome::completed || record->outcome == Outcome::rejected;
  if (!has_result) {
    return {true, fmt::format("nothing to verify ({})", name_of(record->outcome))};
  }
  return verify_response(*record, verifier);
}

Result<std::string> read_record(const std::string& file) {
  auto text = read_whole(file, FileKinds::plain, limits::kRecordBytes);
  if (text) return std::move(*text);
  const int error = text.error().error;
  return fail(error == EACCES ? Errc::permission_denied : Errc::io_failure,
              fmt::format("{}: can't be read: {}", file, std::generic_category().message(error)));
}

/// Combines the exit codes of several files: a read error outweighs an invalid signature.
int worse(int a, int b) { return std::max(a, b); }

}  // namespace

int cmd_verify(const Given& given) {
  const auto config = load_config(given.config_file, {"api", "signature"});
  if (!config) return exit_with(config.error());
  auto secrets = read_client_secrets(*config);
  if (!secrets) return exit_with(secrets.error());
  Verifier verifier(std::move(*secrets), config->signature.form);

  int code = EX_OK;
  for (const auto& file : given.operands) {
    const auto text = read_record(file);
    if (!text) {
      code = worse(code, exit_with(text.error()));
      continue;
    }
    const auto name = std::filesystem::path(file).filename().string();
    const Verdict verdict = verify_record(*text, name, verifier);
    fmt::print("{}: {}\n", file, verdict.text);
    if (!verdict.holds) code = worse(code, EX_DATAERR);
  }
  return code;
}

}  // namespace attestrd
