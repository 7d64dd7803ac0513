#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "files/posix_files.h"

namespace attestrd::test {

/// A folder on the real disk, which is removed at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "attestrd-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::filesystem::path path(const std::string& name = "") const {
    return name.empty() ? path_ : path_ / name;
  }

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(path(name).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
  }

  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name), std::ios::binary).rdbuf();
    return text.str();
  }

  /// Returns the sorted names.
  std::vector<std::string> names_in(const std::string& name) const {
    return *(*PosixDirectory::open(path(name).string()))->list();
  }

  std::unique_ptr<Directory> open(const std::string& name = "") const {
    std::filesystem::create_directories(path(name));
    return *PosixDirectory::open(path(name).string());
  }

 private:
  std::filesystem::path path_;
};

}  // namespace attestrd::test
