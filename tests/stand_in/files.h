#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace attestrd::simulator {

// All throw std::runtime_error, which names the file, when it can't be read or written.

/// The first line: a token, or the current one of several secrets.
std::string read_first_line(const std::string& path);

/// One id a line; blank lines and `#` comments are skipped.
std::unordered_set<std::string> read_ids(const std::string& path);

/// `ID TAG` a line; the tag is the rest of the line.
std::unordered_map<std::string, std::string> read_tags(const std::string& path);

/// Under another name first: who finds the file finds it whole.
void write_file(const std::string& path, std::string_view text);

/// Lines that are on their way to readers as soon as they are written.
class LineFile {
 public:
  /// An empty path: the lines go nowhere. An existing file is continued.
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
