#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attestrd {

/// The parsed arguments of one command.
struct Given {
  std::filesystem::path config_file;
  std::vector<std::string> operands;
  std::vector<std::string_view> flags;  ///< The given flags, as the command's row names them.
  std::map<std::string_view, std::string> values{};  ///< Of the given flags that have one.

  bool has(std::string_view flag) const {
    return std::find(flags.begin(), flags.end(), flag) != flags.end();
  }
  /// Returns the value of a flag, or nothing if it is not given.
  std::optional<std::string> value_of(std::string_view flag) const {
    const auto found = values.find(flag);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
};

/// How the path of the configuration is passed to a command.
enum class ConfigFile : std::uint8_t { none, option, operand };

/// The `choices` of what names a file.
inline constexpr std::string_view kFileNames = "<files>";

struct Flag {
  std::string_view name;  ///< Includes the dashes.
  std::string_view meaning;
  std::string_view value{};  ///< The form of its value in the synopsis; empty: it has none.
  /// The values that shells offer, separated by spaces, or kFileNames; empty: they offer none.
  std::string_view choices{};
};

inline constexpr Flag kJsonFlag{"--json", "Print one JSON object per line, for programs"};

inline constexpr Flag kTagFlag{"--tag", "The pending handshake submitted with this tag", "TAG"};
inline constexpr Flag kAllFlag{"--all", "With --tag: each handshake, if several have the tag"};
inline constexpr Flag kNoHeaderFlag{"--no-header", "Print no line of titles"};
/// The flag of a command that prints no titles; scripts can pass it to all commands that read.
inline constexpr Flag kNoTitlesFlag{"--no-header", "Changes nothing: there is no line of titles"};

struct Operands {
  enum Count : std::uint8_t { none, one, some, any };
  Count count = none;
  std::string_view shown;  ///< The form in the synopsis. `FILE...` are names of files.
  std::string_view meaning;
  /// The words that shells offer for the first one, separated by spaces; empty: they offer none.
  std::string_view choices{};
};

/// A row of commands.def. Unused elements of its arrays are empty.
struct CommandRow {
  /// Runs the command and returns the exit code of the process.
  int (*run)(const Given& given) = nullptr;
  std::string_view name;
  std::string_view summary;
  ConfigFile config_file = ConfigFile::none;
  Operands operands{};
  std::array<Flag, 8> flags{};
  std::string_view exits;  ///< The possible exit codes, separated by spaces.
  std::string_view notes{};
  std::array<std::string_view, 4> examples{};
};

// Declares the handler of each row.
#define COMMAND(handler, ...) int handler(const Given& given);
#include "daemon/cli/commands.def"

/// Returns all rows in the order of commands.def.
std::span<const CommandRow> commands();

}  // namespace attestrd
