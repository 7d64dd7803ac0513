#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "handshake/handshake.h"

namespace attestrd {

/// The options of `attestrd submit` that apply to all ids of one call.
struct SubmissionDetails {
  std::string tag;             ///< Empty: none given.
  std::optional<Wall> expiry;  ///< Absent: none given.

  bool are_given() const { return !tag.empty() || expiry; }
};

/// Reads the values of `--tag` and `--expiry`, by the rules of the inbox format. Error
/// (`invalid_input`): one of them is not possible there; the message begins with its flag.
Result<SubmissionDetails> read_details(const std::optional<std::string>& tag,
                                       const std::optional<std::string>& expiry);

/// The contents of a submission file under construction, checked line by line.
class SubmissionDraft {
 public:
  /// Receives each fault: the place of the line, and what is wrong with it.
  using OnFault = std::function<void(std::string_view where, std::string_view why)>;

  /// All lines get the details, where they are given.
  SubmissionDraft(SubmissionDetails details, OnFault on_fault)
      : details_(std::move(details)), on_fault_(std::move(on_fault)) {}

  /// Adds a line of the inbox format. A tag or an expiry in it must not differ from that of the
  /// details. `where` names the line in faults.
  void add_line(std::string_view line, std::string_view where);

  /// Adds an argument, which must be an id.
  void add_id(std::string_view id, std::string_view where);

  const std::string& text() const { return text_; }
  /// Returns the ids in the order of their first lines.
  const std::vector<std::string>& ids() const { return ids_; }
  bool has_faults() const { return has_faults_; }

 private:
  void blame(std::string_view where, std::string_view why);
  bool note(std::string_view id);
  void add_with_details(const Submission& given, std::string_view where);

  SubmissionDetails details_;
  OnFault on_fault_;
  std::string text_;
  std::set<std::string, std::less<>> given_;
  std::vector<std::string> ids_;
  bool has_faults_ = false;
};

}  // namespace attestrd
