#include "daemon/cli/commands.h"

#include <CLI/App.hpp>

namespace attestrd {

void add_config_option(CLI::App& command, std::filesystem::path& file, const std::string& meaning) {
  command.add_option("--config", file, meaning)->type_name("FILE")->capture_default_str();
}

}  // namespace attestrd
