#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "files/files.h"
#include "crypto/fingerprint.h"
#include "handshake/handshake.h"
#include "log/notice.h"

namespace attestrd {

/// The names in staging/.
struct StagedFiles {
  std::vector<HandshakeId> records;    ///< Sorted.
  std::vector<std::string> strangers;  ///< Names that no record has.
};

/// How records in staging/ are made durable.
enum class RecordSync : std::uint8_t {
  one_by_one,  ///< Each when it is written.
  together,    ///< All by sync_staging(): cheaper where they are many.
};

/// The folders where records appear; `FolderSpool` implements it. FORMAT.md describes how the
/// folders are used, and ledger.cpp in which order these calls must be made.
class Spool {
 public:
  virtual ~Spool() = default;

  /// `io_failure` when a folder is not in its place any more: no consumer would see what is put
  /// there.
  virtual Result<void> check_place() = 0;

  /// Marks a new staging/ as used. `io_failure` when records are on their way, since they lie in
  /// another staging/ then: its disk is not mounted, or a new folder took its name.
  virtual Result<void> claim_staging(std::size_t on_their_way) = 0;

  /// Writes a record to staging/. A file that was left there under its name is dropped; a folder
  /// goes to rejected/, and what to log is returned.
  virtual Result<std::optional<Notice>> stage(const HandshakeId& id, std::string_view record,
                                              RecordSync how) = 0;

  /// Writes a record that is not durable before a sync_staging() of records `together` that begins
  /// later. `already_exists`: its name is taken. On any error nothing was changed.
  virtual Result<void> stage_ahead(const HandshakeId& id, std::string_view record) = 0;

  /// After stage(): from here on the records are durable, and their names in staging/. Where they
  /// are `together`, `meanwhile` may write others ahead (see Directory::sync_all).
  virtual Result<void> sync_staging(RecordSync how, const Meanwhile& meanwhile) = 0;

  /// Drops a record from staging/, if it is there. `unsafe_file` when it is a folder.
  virtual Result<void> drop(const HandshakeId& id) = 0;

  /// The instant of publication: moves a record from staging/ to its folder. Should the name be
  /// taken there, a record of the same bytes is dropped; one of other bytes goes to rejected/, and
  /// what to log is returned.
  virtual Result<std::optional<Notice>> publish(const HandshakeId& id, Outcome outcome) = 0;

  /// Moves a file from staging/ to rejected/, for people to look at. Returns what to log.
  virtual Result<Notice> quarantine(std::string_view name, std::string why) = 0;

  /// Makes durable what publish() and quarantine() moved. `meanwhile` may write others ahead.
  virtual Result<void> sync_moves(const Meanwhile& meanwhile) = 0;

  virtual Result<StagedFiles> staged() = 0;

  /// Of a record in staging/; nothing: it is not there. `unsafe_file` when it is no plain file.
  virtual Result<std::optional<Fingerprint>> fingerprint(const HandshakeId& id) = 0;
};

/// `ID.json`.
std::string record_name(const HandshakeId& id);

/// The folder that an outcome's records go to: `results`, `archived`, `failed` or `rejected`.
std::string_view folder_of(Outcome outcome);

}  // namespace attestrd
