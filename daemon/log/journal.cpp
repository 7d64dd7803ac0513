#include "daemon/log/journal.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>

#include "base/check.h"

namespace attestrd {
namespace {

std::string_view prefix_of(Level level) {
  switch (level) {
    case Level::debug: return "<7>";
    case Level::info: return "<6>";
    case Level::warn: return "<4>";
    case Level::error: return "<3>";
  }
  check_failed("a level has a priority", __FILE__, __LINE__);
}

}  // namespace

bool is_journal(int descriptor) {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat info {};
  return stream != nullptr && ::fstat(descriptor, &info) == 0 &&
         fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

std::string with_priority(Level level, std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.append(prefix_of(level)).append(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

}  // namespace attestrd
