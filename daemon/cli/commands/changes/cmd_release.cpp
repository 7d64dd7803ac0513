#include "daemon/cli/commands/changes/change_requests.h"

namespace attestrd {

int cmd_release(const Given& given) {
  return send_change_of_ids(given, "/release", "nothing is released");
}

}  // namespace attestrd
