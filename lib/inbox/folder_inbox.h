#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "files/files.h"
#include "inbox/folder_refused.h"
#include "inbox/inbox.h"
#include "inbox/submission_reader.h"

namespace attestrd {

/// The inbox in a folder, with the folder for refused submissions.
///
/// A file is accepted only if no process has it open for writing and if it did not change while it
/// was read. Where the system can't report writers, the file must have been unchanged for
/// `limits::kSubmissionQuiet` instead. A file whose last line has no line feed may be half written:
/// it too must have been unchanged for so long, and so must an empty file before it is refused.
///
/// A name that can be neither accepted nor moved away is logged once, and left alone until it
/// changes. A name for which refused/ has no space is logged once as well, and tried again from
/// time to time.
class FolderInbox final : public Inbox {
 public:
  FolderInbox(std::unique_ptr<Directory> inbox, std::unique_ptr<Directory> refused)
      : inbox_(std::move(inbox)), refused_(std::move(refused)) {}

  Result<InboxScan> scan(std::size_t max_lines, Wall now) override;
  Result<InboxSettlement> settle() override;
  void rewind() override;

 private:
  /// A file that was read to its end.
  struct Finished {
    std::string name;
    FileInfo info;  ///< The attributes of the file that was read.
    Refusal refusal;
  };
  /// A name that is refused as a submission.
  struct Refused {
    std::string name;
    FileInfo info;  ///< The attributes for which it was refused.
    std::string reason;
  };
  struct LeftAlone {
    FileInfo info;
    std::optional<std::uint64_t> until_pass;  ///< Empty: until the name changes.
  };

  Result<void> begin_pass();
  Result<void> begin_file(const std::string& name, Wall now, InboxScan& scan);
  bool is_left_alone(const std::string& name, const FileInfo& info, InboxScan& scan);
  void begin_empty_file(const std::string& name, const FileInfo& info, Wall now, InboxScan& scan);
  Result<void> read_file(std::size_t& lines_left, Wall now, InboxScan& scan);

  Result<std::vector<Finished>> list_bad_lines(std::vector<Finished> files,
                                               InboxSettlement& settlement);
  Result<void> remove(const Finished& finished, InboxSettlement& settlement);
  Result<void> move_away(const Refused& refused, InboxSettlement& settlement);
  void leave_alone(const std::string& name, const FileInfo& info, std::string reason,
                   InboxSettlement& settlement);
  void leave_for_now(const std::string& name, const FileInfo& info, const Error& error,
                     InboxSettlement& settlement);

  std::unique_ptr<Directory> inbox_;
  FolderRefused refused_;
  std::uint64_t pass_ = 0;
  std::vector<std::string> waiting_;             ///< The names of this pass, in reverse order.
  std::map<std::string, LeftAlone> left_alone_;  ///< By name. Each one was logged.
  std::unique_ptr<SubmissionReader> reader_;     ///< The file in which a scan stopped.

  // The work of the next settle() (folder_inbox_settle.cpp).
  std::vector<Finished> finished_;
  std::vector<Refused> misfits_;
};

}  // namespace attestrd
