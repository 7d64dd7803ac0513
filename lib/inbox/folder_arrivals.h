#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "files/files.h"
#include "inbox/arrival.h"
#include "inbox/folder_claims.h"
#include "inbox/inbox.h"

namespace attestrd {

/// The names in the inbox that are not claimed yet. Writers make, change, rename and remove them at
/// any time, and one name may be on another file system (a mount), so an error at one name never
/// fails more than that name: it is left alone until it changes, or for ten minutes, since the
/// error may pass. The log hears of it once.
class FolderArrivals {
 public:
  /// A file that is to be moved to refused/.
  struct Misfit {
    std::string name;
    FileInfo info;  ///< The attributes for which it was refused.
    std::string reason;
  };
  /// A name that is left alone from now on, for the log.
  struct LeftAlone {
    std::string name;
    std::string reason;
  };
  using Judged = std::variant<std::monostate, Misfit, LeftAlone>;

  explicit FolderArrivals(Directory& inbox) : inbox_(inbox) {}

  void note(const InboxEvent& event, Mono now);

  /// Lists the inbox: next_listed() returns each name once.
  Result<void> list();

  /// Returns a name that was renamed in, or else one that is due.
  std::optional<std::string> next_urgent(Mono now);
  std::optional<std::string> next_listed();

  /// Judges a name. If it is complete, renames it into the folder `claimed` and adds it to
  /// `claims`. The only error is `disk_full`, of the rename: the name is due again.
  Result<Judged> judge(const std::string& name, Directory& claimed, FolderClaims& claims, Mono now);

  /// Judges a misfit again later: refused/ has no space for it, or another file has its name now.
  void defer(const std::string& name, Mono due);
  /// As defer(). Returns whether the log does not know yet that the name waits for space.
  bool defer_for_space(const std::string& name, Mono due);
  /// Returns whether the log has not heard of it.
  bool leave_alone(const std::string& name, Mono now);
  void forget(const std::string& name);

  /// Returns whether a name may still become a submission.
  bool waits() const { return !due_.empty() || has_next(); }
  bool has_next() const { return !moved_in_.empty() || has_listed(); }
  /// Returns whether names of the last list() are not judged yet.
  bool has_listed() const { return !listed_.empty(); }
  /// Returns the number of names, as of the last list() and what has happened since.
  std::size_t size() const { return entries_.size() + unseen_; }
  /// When the next name is due; nothing: no name waits.
  std::optional<Mono> next_due() const;

 private:
  struct Entry {
    Arrival arrival;
    std::optional<Mono> due;
    bool is_left_alone = false;
    bool is_told = false;  ///< The log knows that it is left alone.
    Mono left_at{};
    bool waits_for_space = false;
  };

  Entry& see(const std::string& name, const FileInfo& info, Mono now);
  Result<Judged> claim(const std::string& name, const Entry& entry, Directory& claimed,
                       FolderClaims& claims, Mono now);
  Result<Judged> carry_out_move(const std::string& name, const Result<Moved>& moved, Mono now);
  Judged carry_out(const std::string& name, ArrivalVerdict verdict, Mono now);
  void set_due(const std::string& name, Entry& entry, std::optional<Mono> due);

  Directory& inbox_;
  std::map<std::string, Entry> entries_;
  std::set<std::pair<Mono, std::string>> due_;
  std::deque<std::string> moved_in_;
  std::vector<std::string> listed_;  ///< In reverse order.
  std::size_t unseen_ = 0;           ///< Listed names that have no entry yet.
};

}  // namespace attestrd
