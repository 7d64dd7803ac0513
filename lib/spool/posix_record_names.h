#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace attestrd {

/// The names of the records in a folder, a few at a time, so that a folder of any size costs no
/// memory. Belongs to one thread at a time.
class RecordNames {
 public:
  static Result<std::unique_ptr<RecordNames>> open(const std::string& folder);

  ~RecordNames();
  RecordNames(const RecordNames&) = delete;
  RecordNames& operator=(const RecordNames&) = delete;

  /// Returns further names, at most `most` of them; none: there are no more. Looks at no more than
  /// ten times as many other names, so it may return fewer. Names that were added or removed
  /// meanwhile may be missing.
  Result<std::vector<std::string>> next(std::size_t most);

  /// Returns whether next() has come to the end.
  bool is_at_end() const { return is_at_end_; }

 private:
  struct Stream;

  explicit RecordNames(std::string folder, std::unique_ptr<Stream> stream);

  std::string folder_;
  std::unique_ptr<Stream> stream_;
  bool is_at_end_ = false;
};

}  // namespace attestrd
