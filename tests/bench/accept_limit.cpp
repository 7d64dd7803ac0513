/// Measures the limit of SQLite: a program that only inserts the rows of an intake. The file, its
/// settings, the statement and the rows per commit are those of the daemon. It searches no
/// tombstone, reads no row back, and has no folder and no engine.
///
///     accept_limit QUEUE FILE...
///
/// The files have an id on each line, and are read before the measurement. Prints the seconds for
/// all of the inserts.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/time.h"
#include "queue/sqlite_open.h"

namespace {

using namespace attestrd;

constexpr const char* kInsert =
    "INSERT INTO handshake (id, state, tag, submitted_at, expiry) VALUES (?, 'polling', ?, ?, ?) "
    "ON CONFLICT DO NOTHING";

template <class T>
T must(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "accept_limit: %s\n", result.error().message.c_str());
  std::exit(EXIT_FAILURE);
}

void must(const Result<void>& result) {
  if (result) return;
  std::fprintf(stderr, "accept_limit: %s\n", result.error().message.c_str());
  std::exit(EXIT_FAILURE);
}

std::vector<std::string> read_lines(const std::vector<std::string>& paths) {
  std::vector<std::string> lines;
  for (const auto& path : paths) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) lines.push_back(line);
  }
  return lines;
}

void insert(SqliteDatabase& queue, const std::vector<std::string>& ids) {
  auto statement = must(queue.prepare(kInsert));
  const auto now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  for (std::size_t first = 0; first < ids.size(); first += limits::kIntakeLinesPerRound) {
    const auto end = std::min(first + limits::kIntakeLinesPerRound, ids.size());
    must(queue.execute("BEGIN IMMEDIATE"));
    for (std::size_t at = first; at < end; ++at)
      must(statement.bind(std::string_view(ids[at]))
               .bind(std::string_view())
               .bind(std::optional(now))
               .bind(std::optional<Wall>())
               .run());
    must(queue.execute("COMMIT"));
    must(queue.checkpoint_if_due());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("accept_limit QUEUE FILE...\n", stderr);
    return EXIT_FAILURE;
  }
  const auto queue = must(open_queue_file(argv[1]));
  const auto ids = read_lines({argv + 2, argv + argc});

  const auto start = std::chrono::steady_clock::now();
  insert(*queue, ids);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::printf("%.6f\n", taken.count());
}
