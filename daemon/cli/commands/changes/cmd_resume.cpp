#include "daemon/cli/commands/changes/change_requests.h"

namespace attestrd {

int cmd_resume(const Given& given) { return send_change(given, "/resume"); }

}  // namespace attestrd
