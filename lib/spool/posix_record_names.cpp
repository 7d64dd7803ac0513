#include "spool/posix_record_names.h"

#include <dirent.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "spool/retention.h"

namespace attestrd {
namespace {

Error not_listed(const std::string& folder, int error) {
  return fail(Errc::io_failure,
              folder + ": can't be listed: " + std::generic_category().message(error));
}

}  // namespace

struct RecordNames::Stream {
  explicit Stream(DIR* opened) : names(opened, ::closedir) {}

  std::unique_ptr<DIR, int (*)(DIR*)> names;
};

RecordNames::RecordNames(std::string folder, std::unique_ptr<Stream> stream)
    : folder_(std::move(folder)), stream_(std::move(stream)) {}

RecordNames::~RecordNames() = default;

Result<std::unique_ptr<RecordNames>> RecordNames::open(const std::string& folder) {
  DIR* const opened = ::opendir(folder.c_str());
  if (opened == nullptr) return not_listed(folder, errno);
  return std::unique_ptr<RecordNames>(new RecordNames(folder, std::make_unique<Stream>(opened)));
}

Result<std::vector<std::string>> RecordNames::next(std::size_t most) {
  std::vector<std::string> names;
  for (std::size_t looks = 10 * most; looks > 0 && names.size() < most && !is_at_end_; --looks) {
    errno = 0;
    const dirent* const entry = ::readdir(stream_->names.get());
    if (entry == nullptr && errno != 0) return not_listed(folder_, errno);
    is_at_end_ = entry == nullptr;
    if (entry != nullptr && id_of_record(entry->d_name)) names.emplace_back(entry->d_name);
  }
  return names;
}

}  // namespace attestrd
