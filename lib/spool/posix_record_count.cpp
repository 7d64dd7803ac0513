#include "spool/posix_record_count.h"

#include <dirent.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>

#include "handshake/handshake_id.h"
#include "spool/spool.h"

namespace attestrd {
namespace {

Error not_counted(const std::string& folder, int error) {
  return fail(Errc::io_failure,
              folder + ": can't be listed: " + std::generic_category().message(error));
}

}  // namespace

Result<std::uint64_t> count_records(const std::string& folder, std::uint64_t most) {
  const std::unique_ptr<DIR, int (*)(DIR*)> names(::opendir(folder.c_str()), ::closedir);
  if (!names) return not_counted(folder, errno);
  std::uint64_t count = 0;
  while (count < most) {
    errno = 0;
    const dirent* const entry = ::readdir(names.get());
    if (entry == nullptr && errno != 0) return not_counted(folder, errno);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    const auto id = HandshakeId::parse(name.substr(0, name.find('.')));
    if (id && is_record_name(*id, name)) ++count;
  }
  return count;
}

}  // namespace attestrd
