// Runs a fuzz target on the files of folders, without libFuzzer. Usage: PROGRAM FOLDER...

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "fuzz/target.h"

namespace {

std::size_t replay(const std::filesystem::path& folder) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string input{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) throw std::runtime_error("can't read " + entry.path().string());
    std::clog << entry.path().filename().string() << std::endl;  // The last one precedes a crash.
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
    ++files;
  }
  return files;
}

}  // namespace

int main(int count, char** arguments) {
  std::size_t files = 0;
  for (int i = 1; i < count; ++i) files += replay(arguments[i]);
  std::cout << files << " inputs replayed\n";
  return files > 0 ? 0 : 1;  // An empty corpus proves nothing.
}
