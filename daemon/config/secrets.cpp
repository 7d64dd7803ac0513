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
#include "files/posix_memory.h"
#include "files/posix_reader.h"

namespace attestrd {
namespace {

constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kLeastSecretBytes = 12;  // Of a client secret; a shorter one is warned of.
constexpr mode_t kOthers = S_IRWXO;
constexpr mode_t kWriters = S_IWUSR | S_IWGRP | S_IWOTH;
constexpr CharSet kNameParts = kLettersAndDigits | CharSet("_");

Error refuse(const std::filesystem::path& file, std::string_view why) {
  return fail(Errc::invalid_config, fmt::format("{}: {}", file.string(), why));
}

Error refuse(const std::filesystem::path& file, const ReadFault& fault) {
  const auto failed = [&](std::string_view what) {
    const auto reason = std::generic_category().message(fault.error);
    return fail(code_of_unread(fault.error), fmt::format("{}: {}{}", file.string(), what, reason));
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

/// Combines two errors: one that needs another configuration outweighs one that needs another user,
/// and that one outweighs one that may be temporary.
Error both(const Error& first, const Error& second) {
  const auto is_either = [&](Errc code) { return first.code == code || second.code == code; };
  const auto code = is_either(Errc::invalid_config)      ? Errc::invalid_config
                    : is_either(Errc::permission_denied) ? Errc::permission_denied
                                                         : Errc::io_failure;
  return fail(code, first.message + "\n" + second.message);
}

std::filesystem::path credentials_folder() {
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder == nullptr ? "" : folder;
}

bool is_credential(const std::filesystem::path& file) {
  const auto credentials = credentials_folder();
  return !credentials.empty() && file.parent_path() == credentials;
}

Result<void> check_mode(const PosixReader& reader, const std::filesystem::path& file) {
  const mode_t mode = reader.mode();
  if (is_credential(file) || (mode & kOthers) == 0) return {};
  // Container engines mount secrets so, on a volume of their own. A read-only view of the root, as
  // ProtectSystem= of systemd makes it, shows files that all users of the machine may read.
  if ((mode & (kOthers | kWriters)) == S_IROTH && reader.is_on_read_only_volume()) return {};
  return refuse(file, fmt::format("its mode is {:04o}: others may use it; run chmod o= on it, "
                                  "and consider the secret known",
                                  mode));
}

Result<Secret> read_file(const std::filesystem::path& file) {
  keep_memory_private();
  auto reader = PosixReader::open(file.string(), FileKinds::plain);
  if (!reader) return refuse(file, reader.error());
  if (const auto checked = check_mode(*reader, file); !checked) return checked.error();
  auto text = reader->read_all(kMostBytes);
  if (!text) return refuse(file, text.error());
  return Secret(std::move(*text));
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Returns what a secret looks like that is probably written in another format or not complete, or
/// an empty text.
std::string_view doubt_about(std::string_view secret, std::size_t least_bytes) {
  constexpr std::string_view kQuotes = "\"'`";
  if (secret.size() >= 2 && secret.front() == secret.back() &&
      kQuotes.find(secret.front()) != kQuotes.npos)
    return "is in quotes, which are taken for a part of it";
  const auto key = secret.substr(0, std::min(secret.find('='), secret.size()));
  const bool is_name = !key.empty() && !is_digit(key.front()) && kNameParts.contains_all(key);
  // The base64 of a token may end in one or two of them.
  const bool has_value = secret.find_first_not_of('=', key.size()) != secret.npos;
  if (is_name && has_value) return "looks like KEY=value, and all of it is taken for the secret";
  if (secret.size() < least_bytes) return "is short: is it complete?";
  return {};
}

void add_doubtful(const std::filesystem::path& file, const std::vector<Secret>& secrets,
                  std::size_t least_bytes, std::vector<DoubtfulFile>& doubtful) {
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    if (const auto doubt = doubt_about(secrets[i].reveal(), least_bytes); !doubt.empty())
      doubtful.push_back({file.string(), fmt::format("secret {} {}", i + 1, doubt)});
  }
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

SecretNames secret_names(const Config& config) {
  SecretNames names;
  for (const auto& name :
       {config.api.auth_token_file, config.api.client_secret_file, config.api.proxy_auth_file}) {
    if (name.empty()) continue;
    const bool is_of_start = is_credential(locate_secret(name, config.folder));
    (is_of_start ? names.of_start : names.read).push_back(name);
  }
  if (config.hints.listen)
    for (const auto& name : {config.hints.token_file, config.hints.tls_key_file})
      if (!name.empty()) names.of_restart.push_back(name);
  return names;
}

namespace {

/// Returns the token after `Basic`: the only line of the file.
Result<Secret> read_basic_token(const std::filesystem::path& file) {
  const auto secret = read_file(file);
  if (!secret) return secret.error();
  const std::string_view token = without_line_end(secret->reveal());
  if (token.empty()) return refuse(file, "is empty; put the auth token there, on one line");
  if (!kVisible.contains_all(token)) {
    return refuse(file,
                  "must hold the auth token alone, on one line, without blanks and without "
                  "the word Basic");
  }
  if (token.find(':') != token.npos) {
    return refuse(file, "looks like USER:PASSWORD; put the auth token there, which is base64");
  }
  return Secret(std::string(token));
}

}  // namespace

Result<Secret> read_auth_token(const Config& config) {
  return read_basic_token(locate_secret(config.api.auth_token_file, config.folder));
}

Result<HintSecrets> read_hint_secrets(const Config& config) {
  auto token = read_basic_token(locate_secret(config.hints.token_file, config.folder));
  if (!token) return token.error();
  HintSecrets secrets{std::move(*token)};
  if (config.hints.tls_key_file.empty()) return secrets;
  auto key = read_file(locate_secret(config.hints.tls_key_file, config.folder));
  if (!key) return key.error();
  secrets.tls_key = std::move(*key);
  return secrets;
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
    if (line.starts_with('#')) {
      return refuse(file, fmt::format("line {} begins with #; there are no comments in this file, "
                                      "so remove the line",
                                      number));
    }
    if (!kVisible.contains_all(line)) {
      return refuse(file,
                    fmt::format("line {} must hold a client secret alone, without blanks", number));
    }
    secrets.push_back(Secret(std::string(line)));
  }
  if (secrets.empty()) return refuse(file, "is empty; put the client secret there, on one line");
  return secrets;
}

Result<Secret> read_proxy_auth(const Config& config) {
  const auto file = locate_secret(config.api.proxy_auth_file, config.folder);
  const auto secret = read_file(file);
  if (!secret) return secret.error();
  const std::string_view text = without_line_end(secret->reveal());
  const bool is_one_line = std::ranges::none_of(text, [](char c) { return kControls.contains(c); });
  const auto colon = text.find(':');
  if (!is_one_line || colon == 0 || colon == text.npos) {
    return refuse(file, "must hold USER:PASSWORD for the proxy, on one line");
  }
  return Secret(std::string(text));
}

Result<std::optional<Secret>> read_postgres_password(const Config& config) {
  if (config.postgres.password_file.empty()) return std::optional<Secret>();
  const auto file = locate_secret(config.postgres.password_file, config.folder);
  const auto secret = read_file(file);
  if (!secret) return secret.error();
  const std::string_view text = without_line_end(secret->reveal());
  const bool is_one_line = std::ranges::none_of(text, [](char c) { return kControls.contains(c); });
  if (text.empty() || !is_one_line)
    return refuse(file, "must hold the password for the database, on one line");
  return std::optional<Secret>(std::string(text));
}

Result<Secrets> read_secrets(const Config& config) {
  auto token = read_auth_token(config);
  auto secrets = read_client_secrets(config);
  const bool has_proxy_auth = !config.api.proxy_auth_file.empty();
  auto proxy_auth = has_proxy_auth ? read_proxy_auth(config) : Result<Secret>(Secret(""));
  std::optional<HintSecrets> hints;
  std::optional<Error> error;
  const auto add = [&error](const auto& read) {
    if (!read) error = error ? both(*error, read.error()) : read.error();
  };
  add(token);
  add(secrets);
  add(proxy_auth);
  if (config.hints.listen) {
    auto read = read_hint_secrets(config);
    add(read);
    if (read) hints = std::move(*read);
  }
  std::optional<Secret> postgres_password;
  if (config.queue.store == QueueStore::postgres) {
    auto read = read_postgres_password(config);
    add(read);
    if (read) postgres_password = std::move(*read);
  }
  if (error) return *error;
  Secrets all{std::move(*token), std::move(*secrets)};
  all.postgres_password = std::move(postgres_password);
  if (has_proxy_auth) all.proxy_auth = std::move(*proxy_auth);
  all.hints = std::move(hints);
  add_doubtful(locate_secret(config.api.auth_token_file, config.folder), {all.auth_token}, 0,
               all.doubtful);
  add_doubtful(locate_secret(config.api.client_secret_file, config.folder), all.client_secrets,
               kLeastSecretBytes, all.doubtful);
  return all;
}

}  // namespace attestrd
