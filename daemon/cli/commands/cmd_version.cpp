#include <fmt/format.h>
#include <sysexits.h>

#include "daemon/cli/command_table.h"
#include "daemon/cli/version_report.h"

namespace attestrd {

int cmd_version(const Given& given) {
  fmt::print("{}", given.has(kJsonFlag.name) ? version_json() : version_text());
  return EX_OK;
}

}  // namespace attestrd
