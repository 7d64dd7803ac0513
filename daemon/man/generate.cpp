// Prints what the tables of the program make of its manual pages and completions:
//
//   attestrd-pages page SOURCE    a manual page in scdoc, with the tables that SOURCE refers to
//   attestrd-pages date           the date of the release, in seconds of unix time, for scdoc
//   attestrd-pages bash|zsh|fish  the completions for this shell

#include <fmt/format.h>
#include <sysexits.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "daemon/man/completions.h"
#include "daemon/man/page.h"
#include "daemon/version.h"

namespace {

std::string read(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("the file can't be read");
  return {std::istreambuf_iterator(file), {}};
}

std::string text_for(std::string_view kind, const char* path) {
  using namespace attestrd;
  if (kind == "page" && path != nullptr) return fill_page(read(path));
  if (kind == "date")
    return fmt::format("{}\n", std::chrono::seconds(kReleaseDate.time_since_epoch()).count());
  if (kind == "bash") return bash_completions();
  if (kind == "zsh") return zsh_completions();
  if (kind == "fish") return fish_completions();
  throw std::runtime_error("it is not known");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "";
  const char* const path = argc > 2 ? argv[2] : nullptr;
  try {
    const auto text = text_for(kind, path);
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? EX_OK : EX_IOERR;
  } catch (const std::exception& error) {
    fmt::print(stderr, "attestrd-pages {} {}: {}\n", kind, path == nullptr ? "" : path,
               error.what());
    return EX_DATAERR;
  }
}
