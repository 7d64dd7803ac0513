#include "daemon/cli/commands/changes/change_requests.h"

namespace attestrd {

int cmd_hold(const Given& given) { return send_change_of_ids(given, "/hold", "nothing is held"); }

}  // namespace attestrd
