#include "files/posix_memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace attestrd {

void keep_memory_private() {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
#if !defined(__SANITIZE_ADDRESS__)
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace attestrd
