#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "files/files.h"
#include "inbox/claimed_file.h"
#include "inbox/folder_refused.h"
#include "inbox/inbox.h"

namespace attestrd {

/// The claimed files: those that were renamed out of the inbox into a folder that only the daemon
/// can reach. Their lines are read as they come, in turns, so that a long file delays no other one.
class FolderClaims {
 public:
  explicit FolderClaims(Directory& claimed) : claimed_(claimed) {}

  /// Adds the files that an earlier process has left. They are read from their beginning: that is
  /// harmless, since an id is accepted only once.
  Result<void> adopt(Mono now);

  /// Returns the number of the next claim.
  std::uint64_t next_number() { return ++last_number_; }
  void add(const ClaimedName& name, std::unique_ptr<ReadableFile> file, Mono now);

  /// Makes a file ready. The name may be that of no claimed file.
  void note(const std::string& claimed_name);
  /// Makes those ready that are due, or all.
  void make_ready(Mono now, bool all);
  bool has_ready() const { return !ready_.empty(); }

  /// Reads lines of the file that is first in turn.
  void read_next(std::size_t& lines_left, Mono now, InboxScan& scan);

  /// After the commit: writes the bad lines of the finished files and removes the files.
  Result<void> settle(FolderRefused& refused, Mono now, InboxSettlement& settlement);
  void rewind();

  /// Whether a file may bring further lines.
  bool waits() const { return !files_.empty(); }
  std::size_t size() const { return files_.size(); }
  std::optional<Mono> next_due() const;

 private:
  using Files = std::map<std::string, ClaimedFile>;

  void trouble(ClaimedFile& file, const Error& error, Mono now);
  Result<bool> list_bad_lines(ClaimedFile& file, FolderRefused& refused, Mono now,
                              InboxSettlement& settlement);
  Result<void> remove(ClaimedFile& file, FolderRefused& refused, Mono now,
                      InboxSettlement& settlement);
  Result<void> move_away(ClaimedFile& file, std::string reason, FolderRefused& refused, Mono now,
                         InboxSettlement& settlement);
  void defer(ClaimedFile& file, const Error& error, Mono now, InboxSettlement& settlement);
  void forget(const std::string& claimed_name);

  Directory& claimed_;
  std::uint64_t last_number_ = 0;
  std::size_t open_ = 0;
  Files files_;
  std::deque<std::string> ready_;
  std::set<std::string> ready_names_;  ///< The same names.

  // Names of files of the last scan.
  std::vector<std::string> touched_;
  std::vector<std::string> finished_;
  std::map<std::string, std::string> unreadable_;  ///< With the reason.

  std::set<std::string> refused_told_;  ///< Those that wait for space in refused/, as logged.
};

}  // namespace attestrd
