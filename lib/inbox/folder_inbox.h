#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "files/files.h"
#include "inbox/folder_arrivals.h"
#include "inbox/folder_claims.h"
#include "inbox/folder_refused.h"
#include "inbox/inbox.h"

namespace attestrd {

/// The inbox in a folder, with the folder for refused submissions.
///
/// No line is lost, whoever writes and however slowly, because of this order:
/// 1. A complete file is claimed: renamed into `.claimed`, which only the daemon can reach. What a
///    writer appends to the old name later becomes a new file.
/// 2. Its lines are read as they come, and their rows committed.
/// 3. It is removed once no process can write to it any more and all of its lines are committed.
/// After a crash the claimed files are read from their beginning, and each id is accepted once.
class FolderInbox final : public Inbox {
 public:
  /// Opens or creates the folder of claimed files in `inbox`. `unsafe_file` if another user made
  /// it.
  static Result<std::unique_ptr<FolderInbox>> open(std::unique_ptr<Directory> inbox,
                                                   std::unique_ptr<Directory> refused);

  /// The name of the folder of claimed files.
  static constexpr const char* kClaimed = ".claimed";

  Result<InboxScan> scan(ScanRequest request, Mono now, std::size_t max_lines) override;
  Result<InboxSettlement> settle() override;
  void rewind() override;

 private:
  using Misfit = FolderArrivals::Misfit;

  FolderInbox(std::unique_ptr<Directory> inbox, std::unique_ptr<Directory> claimed,
              std::unique_ptr<Directory> refused)
      : inbox_(std::move(inbox)),
        claimed_(std::move(claimed)),
        refused_(std::move(refused)),
        arrivals_(*inbox_),
        claims_(*claimed_) {}

  Result<void> begin(const ScanRequest& request);
  Result<bool> read_on(std::size_t& lines_left, InboxScan& scan);
  Result<void> judge(const std::string& name);
  Result<void> move_away(const Misfit& misfit, InboxSettlement& settlement);
  Result<void> move_to_refused(const Misfit& misfit, InboxSettlement& settlement);
  void leave_alone(const std::string& name, std::string reason, InboxSettlement& settlement);
  void defer(const Misfit& misfit, const std::string& reason, InboxSettlement& settlement);

  std::unique_ptr<Directory> inbox_;
  std::unique_ptr<Directory> claimed_;
  FolderRefused refused_;
  FolderArrivals arrivals_;
  FolderClaims claims_;
  Mono now_{};  ///< The time of the last scan.
  bool is_adopted_ = false;
  bool must_list_ = false;        ///< A full scan was requested, and the list is not made yet.
  bool is_refused_full_ = false;  ///< The log knows that refused/ is full.

  // The findings of the last scan, for settle().
  std::vector<Misfit> misfits_;
  std::vector<FolderArrivals::LeftAlone> left_alone_;
};

}  // namespace attestrd
