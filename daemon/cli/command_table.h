#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attestrd {

/// The words of the command line after the command's name.
struct Given {
  std::filesystem::path config_file;
  std::vector<std::string> operands;
  std::vector<std::string_view> flags;  ///< Of the command's row.

  bool has(std::string_view flag) const {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  }
};

/// How a command is given the path of the configuration.
enum class ConfigFile : std::uint8_t { none, option, operand };

struct Flag {
  std::string_view name;  ///< With its dashes.
  std::string_view meaning;
};

inline constexpr Flag kJsonFlag{"--json", "For programs: one JSON object a line"};

struct Operands {
  enum Count : std::uint8_t { none, one, some };
  Count count = none;
  std::string_view shown;  ///< In the usage line.
  std::string_view meaning;
};

/// A row of commands.def. Unused places of its arrays are empty.
struct CommandRow {
  /// Runs the command and returns the exit code of the process.
  int (*run)(const Given& given) = nullptr;
  std::string_view name;
  std::string_view summary;
  ConfigFile config_file = ConfigFile::none;
  Operands operands{};
  std::array<Flag, 4> flags{};
  std::string_view exits;  ///< Its exit codes.
  std::string_view notes{};
  std::array<std::string_view, 4> examples{};
};

// The handlers.
#define COMMAND(handler, ...) int handler(const Given& given);
#include "daemon/cli/commands.def"

/// All rows, in their order.
std::span<const CommandRow> commands();

/// What follows `attestrd `: the name, the options and the operands.
std::string usage_of(const CommandRow& command);

}  // namespace attestrd
