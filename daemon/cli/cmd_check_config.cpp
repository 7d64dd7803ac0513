#include <fmt/format.h>
#include <openssl/x509_vfy.h>
#include <sysexits.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "daemon/cli/commands.h"
#include "daemon/config/config.h"
#include "daemon/service/exit_code.h"
#include "daemon/config/secrets.h"

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

/// The daemon opens these two for good, and never through a link.
void check_own_folder(const std::filesystem::path& folder, std::string_view key,
                      Problems& problems) {
  std::error_code error;
  if (!std::filesystem::is_symlink(folder, error)) return check_folder(folder, key, problems);
  problems.push_back(
      fmt::format("{}: is a link: name the folder itself ({})", folder.string(), key));
}

/// What the daemon will need once it runs, as far as it can be seen without running it. Rights are
/// those of whoever asks.
Problems check_surroundings(const Config& config) {
  Problems problems;
  if (const auto secrets = read_secrets(config); !secrets) {
    problems.push_back(secrets.error().message);
  }
  check_trust(config.api.ca_file, problems);
  check_own_folder(config.paths.inbox, "paths.inbox", problems);
  check_own_folder(config.paths.spool, "paths.spool", problems);
  check_folder(config.paths.queue.parent_path(), "the folder of paths.queue", problems);
  return problems;
}

int check_config(const std::string& file) {
  const auto config = load_config(file);
  if (!config) return exit_with(config.error());
  const auto problems = check_surroundings(*config);
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", problem);
  if (!problems.empty()) return EX_CONFIG;
  fmt::print("{}: ok\n", file);
  return EX_OK;
}

}  // namespace

void add_check_config(CLI::App& app, Command& chosen) {
  const auto file = std::make_shared<std::string>(kDefaultConfigFile);
  CLI::App* command = app.add_subcommand(
      "check-config", "Checks the configuration, the secrets, the CA file and the folders");
  command->add_option("file", *file, "The configuration")->type_name("FILE")->capture_default_str();
  command->footer(
      "Names all that is wrong, and exits with 78 then. Rights are seen as those of "
      "whoever asks.\n\nExample:\n"
      "  attestrd check-config /etc/attestrd/attestrd.toml");
  command->callback([file, &chosen] { chosen = [file] { return check_config(*file); }; });
}

}  // namespace attestrd
