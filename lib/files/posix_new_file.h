#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "files/posix_calls.h"

namespace attestrd {

/// A new private file (0600), written in parts under the name `PATH.tmp`. It appears under its own
/// name complete and durable, or not at all.
class NewFile {
 public:
  /// Errors: `already_exists` if there is a file at the path, or another process is writing one.
  static Result<NewFile> create(const std::string& path);

  NewFile(NewFile&&) noexcept = default;
  NewFile& operator=(NewFile&&) = delete;

  /// Removes what was written, unless it was committed.
  ~NewFile();

  Result<void> write(std::string_view bytes) {
    return write_all(file_.get(), bytes, hidden_path());
  }

  /// Makes the contents durable, then gives the file its name, without replacing another file, and
  /// makes the name durable.
  Result<void> commit();

 private:
  NewFile(std::string path, Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  std::string hidden_path() const { return path_ + ".tmp"; }
  bool owns_hidden_path() const;

  std::string path_;
  Descriptor file_;  ///< None once it is committed. Holds a lock that a second writer sees.
};

}  // namespace attestrd
