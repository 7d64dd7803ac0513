/// Measures the limit of the disk: a program that only publishes files of one size.
///
///     durable_limit each FOLDER FILES BYTES         for each file: write, fsync, rename, fsync of
///                                                   the folder
///     durable_limit batch FOLDER FILES BYTES BATCH WARM_UP
///                                                   for each batch: write, one syncfs, rename; a
///                                                   last syncfs for the names. WARM_UP files are
///                                                   published before the measurement
///
/// FOLDER has the folders `staging` and `results`. Prints the seconds for FILES files.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "durable_limit: %s: %s\n", what, std::strerror(errno));
  std::exit(EXIT_FAILURE);
}

int open_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  must(folder >= 0, path.c_str());
  return folder;
}

struct Folders {
  explicit Folders(const std::string& root)
      : staging(open_folder(root + "/staging")), results(open_folder(root + "/results")) {}

  int staging;
  int results;
};

std::string name_of(long number) { return "DS" + std::to_string(1'000'000 + number) + ".json"; }

void write_file(int folder, long number, std::string_view text, bool is_synced) {
  const int file = ::openat(folder, name_of(number).c_str(), O_WRONLY | O_CREAT | O_EXCL, 0640);
  must(file >= 0, "openat");
  must(::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write");
  if (is_synced) must(::fsync(file) == 0, "fsync");
  must(::close(file) == 0, "close");
}

void publish(const Folders& folders, long number) {
  const auto name = name_of(number);
  must(::renameat(folders.staging, name.c_str(), folders.results, name.c_str()) == 0, "renameat");
}

void one_by_one(const Folders& folders, long files, std::string_view text) {
  for (long number = 0; number < files; ++number) {
    write_file(folders.staging, number, text, true);
    publish(folders, number);
    must(::fsync(folders.results) == 0, "fsync of the folder");
  }
}

void in_batches(const Folders& folders, long begin, long files, std::string_view text, long batch) {
  for (long first = begin; first < begin + files; first += batch) {
    const long end = std::min(first + batch, begin + files);
    for (long number = first; number < end; ++number)
      write_file(folders.staging, number, text, false);
    must(::syncfs(folders.staging) == 0, "syncfs");
    for (long number = first; number < end; ++number) publish(folders, number);
  }
  must(::syncfs(folders.results) == 0, "syncfs");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  const bool is_batch = mode == "batch" && argc == 7;
  if (!is_batch && (mode != "each" || argc != 5)) {
    std::fputs("durable_limit each|batch FOLDER FILES BYTES [BATCH WARM_UP]\n", stderr);
    return EXIT_FAILURE;
  }
  const Folders folders(argv[2]);
  const long files = std::atol(argv[3]);
  const std::string text(static_cast<std::size_t>(std::atol(argv[4])), 'x');

  const long batch = is_batch ? std::max(1L, std::atol(argv[5])) : 1;
  const long warm_up = is_batch ? std::atol(argv[6]) : 0;
  in_batches(folders, 0, warm_up, text, batch);

  const auto start = std::chrono::steady_clock::now();
  if (is_batch)
    in_batches(folders, warm_up, files, text, batch);
  else
    one_by_one(folders, files, text);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::printf("%.6f\n", taken.count());
}
