#include "daemon/cli/commands/changes/change_requests.h"

namespace attestrd {

int cmd_cancel(const Given& given) {
  return send_change_of_ids(given, "/cancel", "nothing is cancelled");
}

}  // namespace attestrd
