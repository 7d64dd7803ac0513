#include <fmt/format.h>
#include <openssl/x509_vfy.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"
#include "daemon/service/exit_code.h"
#include "daemon/config/secrets.h"
#include "files/posix_descriptors.h"

namespace attestrd {
namespace {

using Problems = std::vector<std::string>;

void check_trust(const std::filesystem::path& ca_file, Problems& problems) {
  if (ca_file.empty()) return;
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(),
                                                                      X509_STORE_free);
  if (X509_STORE_load_file(store.get(), ca_file.c_str()) == 1) return;
  problems.push_back(fmt::format("{}: holds no certificate in PEM that can be read (api.ca_file)",
                                 ca_file.string()));
}

void check_folder(const std::filesystem::path& folder, std::string_view key, Problems& problems) {
  std::error_code error;
  const bool is_folder = std::filesystem::is_directory(folder, error);
  if (is_folder && ::access(folder.c_str(), R_OK | W_OK | X_OK) == 0) return;
  if (is_folder) error.assign(errno, std::generic_category());
  problems.push_back(
      fmt::format("{}: {} ({})", folder.string(), error ? error.message() : "is no folder", key));
}

/// Checks a folder that the daemon keeps open and never opens through a link.
void check_own_folder(const std::filesystem::path& folder, std::string_view key,
                      Problems& problems) {
  std::error_code error;
  if (!std::filesystem::is_symlink(folder, error)) return check_folder(folder, key, problems);
  problems.push_back(
      fmt::format("{}: is a link: name the folder itself ({})", folder.string(), key));
}

void check_descriptors(std::uint32_t connections, Problems& problems) {
  if (connections_within_limit(connections) == connections) return;
  problems.push_back(
      fmt::format("at most {} files may be open, too few for {} connections: raise `ulimit -Hn`, "
                  "or LimitNOFILE= "
                  "of the unit (api.connections)",
                  descriptor_limit(), connections));
}

/// Checks the files and folders that the daemon needs, as far as that is possible without running
/// it. Access is checked with the permissions of the user who runs the command.
Problems check_surroundings(const Config& config) {
  Problems problems;
  if (const auto secrets = read_secrets(config); !secrets) {
    problems.push_back(secrets.error().message);
  }
  check_trust(config.api.ca_file, problems);
  check_descriptors(config.api.connections, problems);
  check_own_folder(config.paths.inbox, "paths.inbox", problems);
  check_own_folder(config.paths.spool, "paths.spool", problems);
  check_folder(config.paths.queue.parent_path(), "the folder of paths.queue", problems);
  return problems;
}

}  // namespace

int cmd_check_config(const Given& given) {
  const auto config = load_config(given.config_file);
  if (!config) return exit_with(config.error());
  const auto problems = check_surroundings(*config);
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", problem);
  if (!problems.empty()) return EX_CONFIG;
  fmt::print("{}: ok\n", given.config_file.string());
  return EX_OK;
}

}  // namespace attestrd
