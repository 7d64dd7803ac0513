#include "daemon/cli/commands/changes/change_requests.h"

namespace attestrd {

int cmd_pause(const Given& given) { return send_change(given, "/pause"); }

}  // namespace attestrd
