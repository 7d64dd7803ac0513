#include "daemon/config/secrets.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "files/posix_calls.h"
#include "files/posix_reader.h"

namespace attestrd {
namespace {

constexpr std::size_t kMostBytes = 4096;
constexpr mode_t kOthers = S_IRWXO;

Error refuse(const std::filesystem::path& file, std::string_view why) {
  return fail(Errc::invalid_config, fmt::format("{}: {}", file.string(), why));
}

Error refuse(const std::filesystem::path& file, const ReadFault& fault) {
  const auto failed = [&](std::string_view what) {
    const auto reason = std::generic_category().message(fault.error);
    return fail(may_pass(fault.error) ? Errc::io_failure : Errc::invalid_config,
                fmt::format("{}: {}{}", file.string(), what, reason));
  };
  switch (fault.step) {
    case ReadFault::Step::open: return failed("can't be opened: ");
    case ReadFault::Step::inspect: return failed("");
    case ReadFault::Step::kind: return refuse(file, "must be a plain file");
    case ReadFault::Step::size: return refuse(file, "larger than 4 KiB; this is no secret");
    case ReadFault::Step::read: return failed("can't be read: ");
  }
  check_failed("a step of reading is known", __FILE__, __LINE__);
}

/// Combines two errors: one that needs a person outweighs one that may be temporary.
Error both(const Error& first, const Error& second) {
  return fail(first.code == Errc::io_failure ? second.code : first.code,
              first.message + "\n" + second.message);
}

std::filesystem::path credentials_folder() {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder == nullptr ? "" : folder;
}

Result<void> check_mode(mode_t mode, const std::filesystem::path& file) {
  const auto credentials = credentials_folder();
  const bool is_credential = !credentials.empty() && file.parent_path() == credentials;
  if (is_credential || (mode & kOthers) == 0) return {};
  return refuse(file, fmt::format("its mode is {:04o}: others may use it; run chmod o= on it, "
                                  "and consider the secret known",
                                  mode));
}

Result<Secret> read_file(const std::filesystem::path& file) {
  auto reader = PosixReader::open(file.string(), FileKinds::plain);
  if (!reader) return refuse(file, reader.error());
  if (const auto checked = check_mode(reader->mode(), file); !checked) return checked.error();
  auto text = reader->read_all(kMostBytes);
  if (!text) return refuse(file, text.error());
  return Secret(std::move(*text));
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
  const auto line = without_line_end(text.substr(0, end));
  text.remove_prefix(end);
  return line;
}

}  // namespace

std::filesystem::path locate_secret(std::string_view name, const std::filesystem::path& folder) {
  const auto credentials = credentials_folder();
  if (!credentials.empty() && name.find('/') == name.npos) {
    std::error_code ignored;
    auto file = credentials / name;
    if (std::filesystem::exists(file, ignored)) return file;
  }
  return (folder / name).lexically_normal();
}

bool has_credentials(const Config& config) {
  const auto credentials = credentials_folder();
  const auto is_one = [&](std::string_view name) {
    return locate_secret(name, config.folder).parent_path() == credentials;
  };
  return !credentials.empty() &&
         (is_one(config.api.auth_token_file) || is_one(config.api.client_secret_file));
}

Result<Secret> read_auth_token(const Config& config) {
  const auto file = locate_secret(config.api.auth_token_file, config.folder);
  const auto secret = read_file(file);
  if (!secret) return secret.error();
  const std::string_view token = without_line_end(secret->reveal());
  if (token.empty()) return refuse(file, "is empty; put the auth token there, on one line");
  if (!kVisible.contains_all(token)) {
    return refuse(file,
                  "must hold the auth token alone, on one line, without blanks and without "
                  "the word Basic");
  }
  return Secret(std::string(token));
}

Result<std::vector<Secret>> read_client_secrets(const Config& config) {
  const auto file = locate_secret(config.api.client_secret_file, config.folder);
  const auto secret = read_file(file);
  if (!secret) return secret.error();
  std::vector<Secret> secrets;
  std::string_view text = secret->reveal();
  for (int number = 1; !text.empty(); ++number) {
    const auto line = take_line(text);
    if (line.empty()) continue;
    if (!kVisible.contains_all(line)) {
      return refuse(file,
                    fmt::format("line {} must hold a client secret alone, without blanks", number));
    }
    secrets.emplace_back(std::string(line));
  }
  if (secrets.empty()) return refuse(file, "is empty; put the client secret there, on one line");
  return secrets;
}

Result<Secrets> read_secrets(const Config& config) {
  auto token = read_auth_token(config);
  auto secrets = read_client_secrets(config);
  if (token && secrets) return Secrets{std::move(*token), std::move(*secrets)};
  if (!token && !secrets) return both(token.error(), secrets.error());
  return token ? secrets.error() : token.error();
}

}  // namespace attestrd
