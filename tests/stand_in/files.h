#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace attestrd::simulator {

// All functions throw std::runtime_error with the path if the file can't be read or written.

/// Returns the first line: a token, or the current secret.
std::string read_first_line(const std::string& path);

/// Reads a file with one id on each line; blank lines and `#` comments are skipped.
std::unordered_set<std::string> read_ids(const std::string& path);

/// Reads a file of lines `ID TAG`; the tag is the rest of the line.
std::unordered_map<std::string, std::string> read_tags(const std::string& path);

/// Writes to another name and renames, so that a reader never finds an incomplete file.
void write_file(const std::string& path, std::string_view text);

/// A file of lines without buffering.
class LineFile {
 public:
  /// Appends to an existing file. With an empty path lines are discarded.
  explicit LineFile(const std::string& path);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  void write(std::string_view line);

 private:
  std::string path_;
  std::FILE* file_ = nullptr;
};

}  // namespace attestrd::simulator
