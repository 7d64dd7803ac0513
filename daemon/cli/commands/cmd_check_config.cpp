#include <fmt/format.h>
#include <openssl/x509_vfy.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/cli/command_table.h"
#include "daemon/cli/connection_report.h"
#include "daemon/config/config.h"
#include "daemon/config/recipients.h"
#include "daemon/config/secrets.h"
#include "daemon/log/exit_code.h"
#include "daemon/service/fleet/fleet_database.h"
#include "daemon/service/part_settings.h"
#include "files/posix_descriptors.h"
#include "files/posix_reader.h"
#include "files/posix_user.h"
#include "http/https_tls.h"
#include "http/probe/https_probe.h"
#include "poll/request.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

using Problems = std::vector<Error>;

/// The user of the unit, who runs the service with the default configuration.
constexpr const char* kServiceUser = "attestrd";

void add(Problems& problems, int error, std::string message) {
  problems.push_back(fail(code_of_unread(error), std::move(message)));
}

/// Checks that the user who runs the command may read a file.
void check_readable(const std::filesystem::path& file, std::string_view key, Problems& problems) {
  if (::access(file.c_str(), R_OK) == 0) return;
  const int error = errno;
  add(problems, error,
      fmt::format("{}: {} ({})", file.string(), std::generic_category().message(error), key));
}

void check_trust(const std::filesystem::path& ca_file, Problems& problems) {
  if (ca_file.empty()) return;
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(),
                                                                      X509_STORE_free);
  if (::access(ca_file.c_str(), R_OK) != 0) return check_readable(ca_file, "api.ca_file", problems);
  if (X509_STORE_load_file(store.get(), ca_file.c_str()) == 1) return;
  add(problems, 0,
      fmt::format("{}: holds no certificate in PEM that can be read (api.ca_file)",
                  ca_file.string()));
}

void check_folder(const std::filesystem::path& folder, std::string_view key, Problems& problems) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(folder, error);
  if (is_folder && ::access(folder.c_str(), R_OK | W_OK | X_OK) == 0) return;
  if (is_folder) error.assign(errno, std::generic_category());
  add(problems, error.value(),
      fmt::format("{}: {} ({})", folder.string(), error ? error.message() : "is no folder", key));
}

/// Checks a folder that the daemon keeps open and never opens through a link.
void check_own_folder(const std::filesystem::path& folder, std::string_view key,
                      Problems& problems) {
  std::error_code error;
  if (!std::filesystem::is_symlink(folder, error)) return check_folder(folder, key, problems);
  add(problems, 0, fmt::format("{}: is a link: name the folder itself ({})", folder.string(), key));
}

/// A log that is there need only be writable; another one is created in its folder.
void check_log(const std::filesystem::path& file, Problems& problems) {
  if (file.empty() || ::access(file.c_str(), W_OK) == 0) return;
  if (errno == ENOENT) return check_folder(file.parent_path(), "the folder of log.file", problems);
  const int error = errno;
  add(problems, error,
      fmt::format("{}: {} (log.file)", file.string(), std::generic_category().message(error)));
}

void check_socket(const std::filesystem::path& socket, Problems& problems) {
  if (socket.native().size() < sizeof(sockaddr_un::sun_path)) return;
  add(problems, 0,
      fmt::format("{}: longer than {} bytes, the most for a socket (admin.socket)", socket.string(),
                  sizeof(sockaddr_un::sun_path) - 1));
}

void check_descriptors(std::uint32_t connections, Problems& problems) {
  if (connections_within_limit(connections) == connections) return;
  add(problems, 0,
      fmt::format("at most {} files may be open, too few for {} connections: raise `ulimit -Hn`, "
                  "or LimitNOFILE= "
                  "of the unit (api.connections)",
                  descriptor_limit(), connections));
}

/// Reads the secrets with the rights of the caller: systemd passes those with a bare name to the
/// service, which may not read them itself. Returns nothing if there is a problem.
std::optional<Secrets> check_secrets(const Config& config, Problems& problems) {
  auto secrets = read_secrets(config);
  if (!secrets) {
    problems.push_back(secrets.error());
    return std::nullopt;
  }
  if (secrets->hints && secrets->hints->tls_key) {
    const auto tls =
        make_server_tls_context(config.hints.tls_certificate_file.string(),
                                secrets->hints->tls_key->reveal(), config.hints.tls_key_file);
    if (!tls) {
      problems.push_back(tls.error());
      return std::nullopt;
    }
  }
  for (const auto& secret : secrets->doubtful) fmt::print(stderr, "warning: {}\n", secret.text());
  return *std::move(secrets);
}

/// Checks the files and folders that the service itself opens, with the rights of this process.
void check_surroundings(const Config& config, const std::filesystem::path& file,
                        Problems& problems) {
  check_readable(file, "the configuration", problems);
  for (const auto& secret :
       {config.api.auth_token_file, config.api.client_secret_file, config.api.proxy_auth_file,
        config.hints.token_file, config.hints.tls_key_file})
    if (secret.find('/') != secret.npos)
      check_readable(locate_secret(secret, config.folder), "a secret that is named by its path",
                     problems);
  check_trust(config.api.ca_file, problems);
  if (config.hints.listen && !config.hints.tls_certificate_file.empty())
    check_readable(config.hints.tls_certificate_file, "hints.tls_certificate_file", problems);
  check_descriptors(config.api.connections, problems);
  check_own_folder(config.paths.inbox, "paths.inbox", problems);
  check_own_folder(config.paths.spool, "paths.spool", problems);
  check_folder(config.paths.queue.parent_path(), "the folder of paths.queue", problems);
  if (config.queue.store == QueueStore::postgres)
    if (const auto database = fleet_database(config, {}, ""); !database)
      problems.push_back(database.error());
  check_log(config.log.file, problems);
  check_socket(config.admin.socket, problems);
}

/// Reads the certificates of the recipients as the daemon does, and prints those in doubt.
Recipients check_recipients(const Config& config, Problems& problems) {
  auto recipients = read_recipients(config, read_clocks().wall);
  if (!recipients) {
    problems.push_back(recipients.error());
    return {};
  }
  for (const auto& file : recipients->doubtful) fmt::print(stderr, "warning: {}\n", file.text());
  return *std::move(recipients);
}

/// Returns the user as whom the daemon would run if root has it started, or nothing if root does
/// not run this command: the owner of the spool, or before there is one the user of the unit.
std::optional<SystemUser> user_to_become(const Config& config, const std::filesystem::path& file) {
  if (::geteuid() != 0) return std::nullopt;
  if (auto owner = owner_of(config.paths.spool.string())) return owner;
  return file == kDefaultConfigFile ? user_of_name(kServiceUser) : std::nullopt;
}

/// Returns 77 if only permissions are missing.
int exit_code_of(const Problems& problems) {
  const bool are_rights = std::ranges::all_of(
      problems, [](const Error& problem) { return problem.code == Errc::permission_denied; });
  return are_rights ? EX_NOPERM : EX_CONFIG;
}

/// Asks Attestr once, as the daemon would, for a handshake that can't exist. Prints what was found,
/// and returns the exit code.
int connect(const Config& config, Secrets secrets) {
  const auto asked = *HandshakeId::parse("attestrd-check-config");
  const auto settings =
      poller_settings(config, std::move(secrets.auth_token), std::move(secrets.proxy_auth));
  auto request =
      Request::make(settings.endpoint, settings.version, settings.auth_token, settings.user_agent);
  if (!request) return exit_with(request.error());
  const auto probe = probe_https({.endpoint = settings.endpoint,
                                  .ca_file = settings.ca_file,
                                  .connect_timeout = settings.connect_timeout,
                                  .request_timeout = settings.request_timeout,
                                  .max_response_bytes = settings.max_response_bytes,
                                  .proxy = settings.proxy,
                                  .proxy_auth = settings.proxy_auth,
                                  .source_address = settings.source_address},
                                 request->text_for(asked));
  if (!probe) return exit_with(probe.error());
  const auto report = report_connection(*probe, config, asked, read_clocks().wall);
  fmt::print("{}", report.found);
  if (!report.warning.empty()) fmt::print(stderr, "warning: {}\n", report.warning);
  if (!report.failure.empty()) fmt::print(stderr, "{}\n", report.failure);
  return report.exit_code;
}

}  // namespace

int cmd_check_config(const Given& given) {
  const auto& file = given.config_file;
  const auto config = load_config(file);
  if (!config) return exit_with(config.error());
  Problems problems;
  auto secrets = check_secrets(*config, problems);
  const auto user = user_to_become(*config, file);
  if (user)
    if (const auto changed = become(*user); !changed) return exit_with(changed.error());
  check_surroundings(*config, file, problems);
  const auto recipients = check_recipients(*config, problems);
  const auto whom = user ? fmt::format(", for {}", user->shown()) : "";
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", problem.message);
  if (!problems.empty() && user)
    fmt::print(stderr, "Files and folders were checked for {}.\n", user->shown());
  if (!problems.empty()) return exit_code_of(problems);
  fmt::print("{}: ok{}\n", file.string(), whom);
  if (recipients.count > 0)
    fmt::print("Answers are encrypted to {} {} (spool.seal_to).\n", recipients.count,
               recipients.count == 1 ? "recipient" : "recipients");
  return given.has("--connect") ? connect(*config, *std::move(secrets)) : EX_OK;
}

}  // namespace attestrd
