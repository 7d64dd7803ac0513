#include <fmt/format.h>
#include <sysexits.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "base/limits.h"
#include "base/result.h"
#include "crypto/openssl_sealing.h"
#include "crypto/secret.h"
#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/config/secrets.h"
#include "daemon/log/exit_code.h"
#include "files/posix_memory.h"
#include "files/posix_reader.h"
#include "json/json_object.h"
#include "json/json_string.h"
#include "ledger/record_verdict.h"
#include "spool/record.h"
#include "verify/signing_method.h"
#include "verify/verifier.h"

namespace attestrd {
namespace {

constexpr std::size_t kMostKeyBytes = 64 * 1024;

/// Returns a path as it is printed: a name may have any bytes, and must not forge a line.
std::string shown(const std::string& path) { return escaped(path, kPrintableEscapes); }

RecordPlace place_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto folder = std::filesystem::weakly_canonical(file.parent_path() / ".", error);
  return {(error ? file.parent_path() : folder).filename().string(), file.filename().string()};
}

/// Returns the error of a file that can't be read.
Error unread(const std::string& file, int error) {
  return fail(
      error == EACCES ? Errc::permission_denied : Errc::io_failure,
      fmt::format("{}: can't be read: {}", shown(file), std::generic_category().message(error)));
}

/// Reads the private key that opens sealed records; null if none is given. It may come from a pipe.
Result<std::unique_ptr<Unsealer>> read_unsealer(const std::optional<std::string>& file) {
  if (!file) return std::unique_ptr<Unsealer>();
  keep_memory_private();
  auto text = read_whole(*file, FileKinds::any, kMostKeyBytes);
  if (!text) return unread(*file, text.error().error);
  const Secret key(std::move(*text));
  auto unsealer = OpensslUnsealer::make(key.reveal());
  if (!unsealer)
    return fail(unsealer.error().code,
                fmt::format("{}: {} (--unseal)", shown(*file), unsealer.error().message));
  return std::unique_ptr<Unsealer>(std::move(*unsealer));
}

/// Prints each way of signing that gives the signature of the record, in a line of its own.
void print_methods(std::string_view text, const std::string& file,
                   const std::vector<Secret>& secrets, const Unsealer* unsealer) {
  auto record = parse_record(text);
  const bool is_sealed = record && !record->sealed_response.empty();
  const auto answer = is_sealed && unsealer != nullptr
                          ? unsealer->unseal(unescape_json_string(record->sealed_response))
                          : Result<std::string>("");
  if (is_sealed && answer) record->response = *answer;
  std::array members = {JsonMember{"result"}, JsonMember{"resultSignature"}};
  const auto& [result, signature] = members;
  const bool is_signed = record && scan_object(record->response, members) == JsonFault::none &&
                         result.kind == JsonKind::object && signature.kind == JsonKind::string;
  if (is_sealed && record->response.empty()) {
    fmt::print("{}: no method: its answer is encrypted, and was not opened\n", shown(file));
    return;
  }
  if (!is_signed) {
    fmt::print("{}: no method: there is no result with a signature\n", shown(file));
    return;
  }
  const auto methods = find_signing_methods(record->response, result.text, signature.text, secrets);
  for (const SigningMethod& method : methods)
    fmt::print("{}: method: {}, written as {}, with client secret {} {}\n", shown(file),
               method.text, method.writer, method.secret, method.key);
  if (methods.empty())
    fmt::print("{}: no method gives the signature\n", shown(file));
  else if (!number_that_stringify_changes(result.text).empty())
    fmt::print("{}: JSON.stringify changes the value of a number in this result\n", shown(file));
}

/// The command, with what it needs for each file.
class Verification {
 public:
  Verification(const Config& config, std::vector<Secret> secrets, bool diagnoses,
               std::unique_ptr<Unsealer> unsealer)
      : verifier_(secrets, config.signature.form), unsealer_(std::move(unsealer)) {
    if (diagnoses) diagnosed_ = std::move(secrets);
  }

  /// Prints the verdict on a file and returns the exit code.
  int verify(const std::string& file) {
    const auto text = read_whole(file, FileKinds::plain, limits::kRecordBytes);
    if (!text && text.error().step == ReadFault::Step::size) {
      fmt::print("{}: INVALID: it is larger than any record\n", shown(file));
      return EX_DATAERR;
    }
    if (!text) return exit_with(unread(file, text.error().error));
    const auto verdict = judge_record(*text, place_of(file), verifier_, unsealer_.get());
    fmt::print("{}: {}\n", shown(file), verdict.words);
    if (!diagnosed_.empty()) print_methods(*text, file, diagnosed_, unsealer_.get());
    if (verdict.is_short) return EX_IOERR;
    return verdict.is_good ? EX_OK : EX_DATAERR;
  }

 private:
  Verifier verifier_;
  std::unique_ptr<Unsealer> unsealer_;  ///< Null: sealed records can't be opened.
  std::vector<Secret> diagnosed_;       ///< Empty: without a diagnosis.
};

}  // namespace

int cmd_verify(const Given& given) {
  const auto config = load_config(given.config_file, {"api", "signature"});
  if (!config) return exit_with(config.error());
  auto secrets = read_client_secrets(*config);
  if (!secrets) return exit_with(secrets.error());
  auto unsealer = read_unsealer(given.value_of("--unseal"));
  if (!unsealer) return exit_with(unsealer.error());
  Verification verification(*config, std::move(*secrets), given.has("--diagnose"),
                            std::move(*unsealer));
  int code = EX_OK;
  // A file that can't be read outweighs an invalid one.
  for (const auto& file : given.operands) code = std::max(code, verification.verify(file));
  return code;
}

}  // namespace attestrd
