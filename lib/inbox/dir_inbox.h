#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "files/files.h"
#include "inbox/inbox.h"
#include "inbox/submission_reader.h"

namespace attestrd {

/// The inbox in a folder, and the folder that refused submissions go to.
///
/// A file is taken only if nobody has it open for writing (where the system can't tell, once it was
/// left alone for `limits::kSubmissionQuiet`), and if it did not change while it was read. One that
/// is empty, or whose last line has no end, may be half written: it too must have been left alone.
/// What can be neither taken nor moved away is named in the log once,
/// and left alone for as long as it is there.
class DirInbox final : public Inbox {
 public:
  DirInbox(std::unique_ptr<Directory> inbox, std::unique_ptr<Directory> refused)
      : inbox_(std::move(inbox)), refused_(std::move(refused)) {}

  Result<InboxScan> scan(std::size_t max_lines, Wall now) override;
  Result<InboxSettlement> settle() override;
  void rewind() override;

 private:
  /// A file that was read to its end.
  struct Finished {
    std::string name;
    FileInfo info;  ///< As it was read.
    Refusal refusal;
  };
  /// A name that is no submission.
  struct Refused {
    std::string name;
    std::string reason;
  };

  Result<void> begin_pass();
  Result<void> begin_file(const std::string& name, Wall now, InboxScan& scan);
  void begin_empty_file(const std::string& name, const FileInfo& info, Wall now, InboxScan& scan);
  Result<void> read_file(std::size_t& lines_left, Wall now, InboxScan& scan);

  Result<void> write_refusal(const Finished& finished);
  Result<void> remove(const Finished& finished, InboxSettlement& settlement);
  Result<void> move_away(const Refused& refused, InboxSettlement& settlement);
  Result<Moved> move_to_refused(const std::string& name, const std::string& new_name);
  void leave_alone(const std::string& name, std::string reason, InboxSettlement& settlement);

  std::unique_ptr<Directory> inbox_;
  std::unique_ptr<Directory> refused_;
  std::vector<std::string> waiting_;                 ///< Of this pass, the first one last.
  std::map<std::string, std::uint64_t> left_alone_;  ///< Names, and the inodes they had.
  std::unique_ptr<SubmissionReader> reader_;         ///< The file that a scan stopped in.

  // What settle() will do.
  std::vector<Finished> finished_;
  std::vector<Refused> refused_files_;
};

}  // namespace attestrd
