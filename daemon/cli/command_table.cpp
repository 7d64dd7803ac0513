#include "daemon/cli/command_table.h"

namespace attestrd {
namespace {

constexpr CommandRow kCommands[] = {
#define COMMAND(handler, ...) CommandRow{.run = handler, __VA_ARGS__},
#include "daemon/cli/commands.def"
};

}  // namespace

std::span<const CommandRow> commands() { return kCommands; }

}  // namespace attestrd
