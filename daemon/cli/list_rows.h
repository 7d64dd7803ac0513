#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/command.h"

namespace attestrd {

/// The form of a list.
struct ListForm {
  enum class Sort : std::uint8_t {
    none,  ///< In the order of the daemon, each row at once.
    age,   ///< The oldest first.
    due,   ///< The next poll first; those without one last.
  };
  Sort sort = Sort::none;
  std::optional<std::size_t> limit{};  ///< Of rows.
  bool as_json = false;
  bool has_nodes = false;  ///< A column names the node of a fleet that has the handshake.
};

/// Turns the lines of the daemon's list into the rows that a command prints. Sorted rows are kept
/// until the end: at most `limit` of them.
class ListRows {
 public:
  /// `print` receives each row with its line feed.
  ListRows(ListForm form, std::function<void(std::string_view)> print)
      : form_(form), print_(std::move(print)) {}

  static std::string header(bool has_nodes = false);

  /// Takes complete lines, each a JSON object. Returns whether further lines can change the list.
  /// Error (`unavailable`): a line is not one of a list.
  Result<bool> take(std::string_view lines);

  /// Narrows the filter of further lines to those that can still change the list.
  void narrow(ListFilter& filter) const;

  /// Prints the rows that were kept for their order.
  void finish();

 private:
  struct Row {
    std::string key;
    std::string line;
    bool operator<(const Row& other) const { return key < other.key; }
  };

  Result<bool> take_line(std::string_view line);
  void keep(Row row);

  ListForm form_;
  std::function<void(std::string_view)> print_;
  std::size_t printed_ = 0;
  std::vector<Row> kept_;  // A heap with the last row on top.
};

}  // namespace attestrd
