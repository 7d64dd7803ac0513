#define NCURSES_NOMACROS  // Its macros have names such as `timeout`.
#include <curses.h>
#include <fmt/format.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/cli/command_table.h"
#include "daemon/cli/control_client.h"
#include "daemon/cli/top/top_screen.h"
#include "daemon/config/config.h"
#include "daemon/control/list/ages.h"
#include "daemon/log/exit_code.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

constexpr int kRefreshMs = 1000;
constexpr Duration kRefresh = std::chrono::milliseconds(kRefreshMs) * 9 / 10;
constexpr int kRefreshesPerWalk = 3;  // The daemon walks over all handshakes for the ages.
constexpr std::string_view kText = "text/plain";

/// The answers of the daemon, asked again for each screen.
class Source {
 public:
  explicit Source(const std::filesystem::path& socket) : socket_(socket) {}

  /// Asks the daemon, at most once a second. On an error the last answers stay.
  Result<void> refresh() {
    if (asked_at_ && read_clocks().mono - *asked_at_ < kRefresh) return {};
    auto metrics = ask("/metrics");
    if (!metrics) return metrics.error();
    if (refreshes_++ % kRefreshesPerWalk == 0) {
      auto status = ask("/status");
      if (!status) return status.error();
      auto ages = ask("/ages");
      if (!ages) return ages.error();
      answers_.status = std::move(*status);
      answers_.ages = ages_header(AgeColumns::all) + *ages;
    }
    const Mono now = read_clocks().mono;
    answers_.before = std::exchange(answers_.sample, TopSample(*metrics));
    answers_.between = asked_at_ ? now - *asked_at_ : Duration(0);
    asked_at_ = now;
    return {};
  }

  const TopAnswers& answers() const { return answers_; }

 private:
  Result<std::string> ask(std::string_view target) const {
    return ask_running_daemon(socket_, [&] { return ask_daemon(socket_, target, kText); });
  }

  std::filesystem::path socket_;
  TopAnswers answers_;
  std::optional<Mono> asked_at_;
  int refreshes_ = 0;
};

/// The terminal in its full-screen mode, which it leaves at the end.
class Terminal {
 public:
  /// The terminal must be one that curses knows: see open().
  Terminal() {
    ::cbreak();
    ::noecho();
    ::curs_set(0);
    ::timeout(kRefreshMs);
  }
  ~Terminal() { ::endwin(); }

  /// Begins to use the terminal. Returns whether it can be used.
  static bool open() { return ::newterm(nullptr, stdout, stdin) != nullptr; }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Draws the screen, with the note in its last row.
  void draw(const TopAnswers& answers, const std::string& note) const {
    ::erase();
    const int rows = std::max(LINES - 1, 0);
    int row = 0;
    for (const auto& line : top_screen(answers, static_cast<std::size_t>(std::max(COLS, 0)),
                                       static_cast<std::size_t>(rows)))
      ::mvaddnstr(row++, 0, line.c_str(), COLS);
    ::mvaddnstr(rows, 0, note.c_str(), COLS);
    ::refresh();
  }

  /// Waits for a key until the next refresh. Returns whether the key ends the command. A change of
  /// the terminal's size ends the wait, too.
  bool is_to_quit() const {
    const int key = ::getch();
    return key == 'q' || key == 'Q';
  }
};

}  // namespace

int cmd_top(const Given& given) {
  const auto config = load_config(given.config_file, {"paths", "admin"});
  if (!config) return exit_with(config.error());
  if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
    return exit_with(
        fail(Errc::invalid_input, "top needs a terminal; attestrd status is for pipes and files"));
  Source source(config->admin.socket);
  if (const auto asked = source.refresh(); !asked) return exit_with(asked.error());
  std::setlocale(LC_ALL, "");
  if (!Terminal::open())
    return exit_with(fail(Errc::invalid_input, "the terminal is unknown: set TERM"));
  const Terminal terminal;
  std::string note = "q: quit";
  do {
    terminal.draw(source.answers(), note);
    if (terminal.is_to_quit()) return EX_OK;
    const auto asked = source.refresh();
    note = asked ? "q: quit" : fmt::format("{}; q: quit", asked.error().message);
  } while (true);
}

}  // namespace attestrd
