#include "daemon/cli/command_table.h"

#include <fmt/format.h>

namespace attestrd {
namespace {

constexpr CommandRow kCommands[] = {
#define COMMAND(handler, ...) CommandRow{.run = handler, __VA_ARGS__},
#include "daemon/cli/commands.def"
};

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

std::string usage_of(const CommandRow& command) {
  std::string usage(command.name);
  if (command.config_file == ConfigFile::option) usage += " [--config F]";
  if (command.config_file == ConfigFile::operand) usage += " [F]";
  for (const Flag& flag : command.flags)
    if (!flag.name.empty())
      usage += fmt::format(" [{}{}{}]", flag.name, flag.value.empty() ? "" : " ", flag.value);
  const auto& [count, shown, meaning, choices] = command.operands;
  if (count == Operands::any) return usage + fmt::format(" [{}]", shown);
  if (count != Operands::none) usage += fmt::format(" {}", shown);
  return usage;
}

}  // namespace attestrd
