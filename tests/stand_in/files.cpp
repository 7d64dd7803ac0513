#include "files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace attestrd::simulator {
namespace {

[[noreturn]] void give_up(const std::string& path) {
  throw std::runtime_error(fmt::format("{}: {}", path, std::strerror(errno)));
}

/// Returns the lines without blank ones and comments.
std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream file(path);
  if (!file) give_up(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') lines.push_back(line);
  return lines;
}

}  // namespace

std::string read_first_line(const std::string& path) {
  std::ifstream file(path);
  if (!file) give_up(path);
  std::string line;
  std::getline(file, line);
  if (line.empty()) throw std::runtime_error(fmt::format("{}: its first line is empty", path));
  return line;
}

std::unordered_set<std::string> read_ids(const std::string& path) {
  const std::vector<std::string> lines = read_lines(path);
  return {lines.begin(), lines.end()};
}

std::unordered_map<std::string, std::string> read_tags(const std::string& path) {
  std::unordered_map<std::string, std::string> tags;
  for (const std::string& line : read_lines(path)) {
    const auto space = line.find(' ');
    if (space == std::string::npos)
      throw std::runtime_error(fmt::format("{}: '{}' is not 'ID TAG'", path, line));
    tags.emplace(line.substr(0, space), line.substr(space + 1));
  }
  return tags;
}

void write_file(const std::string& path, std::string_view text) {
  const std::string draft = path + ".tmp";
  std::ofstream file(draft);
  file << text;
  file.close();
  if (!file || std::rename(draft.c_str(), path.c_str()) != 0) give_up(path);
}

LineFile::LineFile(const std::string& path) : path_(path) {
  if (path.empty()) return;
  file_ = std::fopen(path.c_str(), "ae");
  if (!file_) give_up(path);
  std::setvbuf(file_, nullptr, _IOLBF, BUFSIZ);
}

LineFile::~LineFile() {
  if (file_) std::fclose(file_);
}

void LineFile::write(std::string_view line) {
  if (!file_) return;
  if (std::fwrite(line.data(), 1, line.size(), file_) != line.size()) give_up(path_);
}

}  // namespace attestrd::simulator
