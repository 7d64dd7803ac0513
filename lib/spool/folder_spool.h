#pragma once

#include <array>
#include <memory>

#include "files/files.h"
#include "spool/spool.h"

namespace attestrd {

/// The spool in folders under one root, so that a file can be renamed between any two of them.
// More than 20 methods: one for each step of publication and recovery.
class FolderSpool final : public Spool {
 public:
  /// The name of the folder that only the daemon can reach.
  static constexpr std::string_view kStaging = "staging";

  /// Opens the folders and creates those that are absent. Errors: `unsafe_file` if a folder is a
  /// link, belongs to another user, or is writable by others; `io_failure` if not all folders are
  /// on one mount.
  static Result<std::unique_ptr<FolderSpool>> open(Directory& root);

  /// Returns the identity of this spool, which lies in staging/, so that it gets lost or is copied
  /// together with the records there. A spool without one gets `fresh`, durably.
  Result<std::string> identity(const std::string& fresh);

  Result<void> check_place() override;
  Result<void> claim_staging(std::span<const StagedHandshake> on_their_way) override;
  Result<std::optional<Notice>> stage(const HandshakeId& id, std::string_view record,
                                      RecordSync how) override;
  Result<void> stage_ahead(const HandshakeId& id, std::string_view record) override;
  Result<void> sync_staging(RecordSync how, const Meanwhile& meanwhile) override;
  Result<void> drop(const HandshakeId& id) override;
  using Spool::publish;
  Result<std::optional<Diverted>> publish(const HandshakeId& id, Outcome outcome,
                                          std::uint32_t attempt) override;
  Result<std::optional<Diverted>> find_diverted(const StagedHandshake& row) override;
  void remove_rejected(const std::string& name) override;
  bool remove_kept(Outcome outcome, const std::string& name, std::string_view head) override;
  Result<void> store_doubted(const HandshakeId& id, std::string_view record) override;
  Result<std::optional<std::string>> doubted(const HandshakeId& id) override;
  void remove_doubted(const HandshakeId& id) override;
  Result<Notice> quarantine(std::string_view name, std::string why) override;
  Result<void> sync_moves(const Meanwhile& meanwhile) override;
  Result<StagedFiles> staged() override;
  Result<std::optional<Fingerprint>> fingerprint(const HandshakeId& id) override;
  using Spool::published;
  Result<std::optional<std::string>> published(const HandshakeId& id, Outcome outcome,
                                               unsigned number) override;
  Result<std::vector<HandshakeId>> published(Outcome outcome) override;

 private:
  struct Folder {
    std::unique_ptr<Directory> files;
    bool is_changed = true;  ///< Changed since the last sync, at first by the process before.
  };

  FolderSpool() = default;

  std::array<Folder*, 5> all_folders() {
    return {&folders_[0], &folders_[1], &folders_[2], &folders_[3], &staging_};
  }
  Folder& folder(Outcome outcome) { return folders_[static_cast<std::size_t>(outcome)]; }
  std::optional<Diverted> beside_others(const HandshakeId& id, Outcome outcome, unsigned number);
  Result<bool> move_to(Folder& target, const HandshakeId& id, const std::string& new_name);
  Result<bool> holds_same_bytes(const std::string& name, Directory& folder,
                                const std::string& their_name);
  Result<bool> is_record_at(const StagedHandshake& row, Directory& folder, std::string_view name);
  Result<std::string> move_to_rejected(std::string_view name);

  Folder staging_;
  std::array<Folder, 4> folders_;  ///< By outcome.
};

/// Opens the folder of refused submissions under the root of the spool; creates it if it is absent.
Result<std::unique_ptr<Directory>> open_refused(Directory& root);

}  // namespace attestrd
