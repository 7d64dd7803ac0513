#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/fingerprint.h"
#include "files/files.h"
#include "handshake/handshake.h"
#include "handshake/row_change.h"
#include "log/notice.h"

namespace attestrd {

/// The names in staging/.
struct StagedFiles {
  std::vector<HandshakeId> records;    ///< Sorted.
  std::vector<HandshakeId> doubted;    ///< See Spool::store_doubted().
  std::vector<std::string> strangers;  ///< Names that no record can have.
};

/// A record that could not get its name, since other bytes have it.
struct Diverted {
  std::string file;              ///< The path of the record in the spool now.
  std::optional<Notice> notice;  ///< To be logged; none if it is in its folder.
};

/// How records in staging/ are made durable.
enum class RecordSync : std::uint8_t {
  one_by_one,  ///< Each record is synced when it is written.
  together,    ///< sync_staging() syncs all records: cheaper if they are many.
};

/// The interface to the folders where records appear; `FolderSpool` implements it. The manual
/// attestrd-spool(5) describes how the folders are used, and ledger.cpp the order in which these
/// functions must be called.
// More than 20 methods: one for each step of publication and recovery.
class Spool {
 public:
  virtual ~Spool() = default;

  /// Returns `io_failure` if a folder is not in its place any more: no consumer would see the
  /// records in it.
  virtual Result<void> check_place() = 0;

  /// Marks a new staging/ as used. Returns `io_failure` if it is new while records are on their
  /// way: they are in another staging/ then, whose disk is not mounted or whose name a new folder
  /// has now.
  virtual Result<void> claim_staging(std::span<const StagedHandshake> on_their_way) = 0;

  /// Writes a record to staging/. A file that was left there under its name is dropped. A folder of
  /// that name is moved to rejected/, and the notice to log is returned.
  virtual Result<std::optional<Notice>> stage(const HandshakeId& id, std::string_view record,
                                              RecordSync how) = 0;

  /// Writes a record that is not durable before a sync_staging() with `together` that begins later.
  /// Returns `already_exists` if the name is in use. After any error nothing has changed.
  virtual Result<void> stage_ahead(const HandshakeId& id, std::string_view record) = 0;

  /// Makes the records of stage() and their names in staging/ durable. With `together`, `meanwhile`
  /// may write other records ahead (see Directory::sync_all).
  virtual Result<void> sync_staging(RecordSync how, const Meanwhile& meanwhile) = 0;

  /// Removes a record from staging/ if it is there. Returns `unsafe_file` if it is a folder.
  virtual Result<void> drop(const HandshakeId& id) = 0;

  /// Moves a record from staging/ to its folder: this is the instant of publication. If the name is
  /// in use there by the same bytes, the record is dropped. If it is in use by other bytes, or
  /// something is mounted on it, the place that the record gets instead is returned. `attempt` says
  /// how many earlier records of this handshake may have such names: the record gets the first of
  /// so many numbered names that is free (`ID.2.json` for the first), else one in rejected/.
  virtual Result<std::optional<Diverted>> publish(const HandshakeId& id, Outcome outcome,
                                                  std::uint32_t attempt) = 0;
  Result<std::optional<Diverted>> publish(const HandshakeId& id, Outcome outcome) {
    return publish(id, outcome, 0);
  }

  /// Returns where publish() has put the record of a row instead of its name, if it is there still,
  /// or nothing. For recovery: the process before may have died before it noted that.
  virtual Result<std::optional<Diverted>> find_diverted(const StagedHandshake& row) = 0;

  /// Removes a rejected record whose result is published instead. One that can't be removed is left
  /// there.
  virtual void remove_rejected(const std::string& name) = 0;

  /// Removes a record from a folder if it begins with `head` (see record_head()), is a plain file
  /// of this user, and nothing is mounted on it. Returns whether it was removed; a file that can't
  /// be removed stays. A power cut may bring it back.
  virtual bool remove_kept(Outcome folder, const std::string& name, std::string_view head) = 0;

  /// Stores the record that a pending handshake would get if its last answer, whose result can't be
  /// trusted yet, decided how it ends. It is durable, and replaces an earlier one: a process that
  /// dies in between leaves none, and the next one polls the handshake again.
  virtual Result<void> store_doubted(const HandshakeId& id, std::string_view record) = 0;

  /// Returns the record that store_doubted() has stored, or nothing if it is not there.
  virtual Result<std::optional<std::string>> doubted(const HandshakeId& id) = 0;

  /// Removes the record that store_doubted() has stored. A power cut may bring it back.
  virtual void remove_doubted(const HandshakeId& id) = 0;

  /// Moves a file from staging/ to rejected/, for people to inspect. Returns the notice to log.
  virtual Result<Notice> quarantine(std::string_view name, std::string why) = 0;

  /// Makes the moves of publish() and quarantine() durable. `meanwhile` may write other records
  /// ahead.
  virtual Result<void> sync_moves(const Meanwhile& meanwhile) = 0;

  /// Returns the names in staging/, without the mark of claim_staging().
  virtual Result<StagedFiles> staged() = 0;

  /// Returns the fingerprint of a record in staging/, or nothing if it is not there. Returns
  /// `unsafe_file` if it is not a plain file.
  virtual Result<std::optional<Fingerprint>> fingerprint(const HandshakeId& id) = 0;

  /// Returns the record of an id in the folder of an outcome, under the name with this number (see
  /// publish()), or nothing if it is not there.
  virtual Result<std::optional<std::string>> published(const HandshakeId& id, Outcome outcome,
                                                       unsigned number) = 0;
  Result<std::optional<std::string>> published(const HandshakeId& id, Outcome outcome) {
    return published(id, outcome, 1);
  }

  /// Returns the ids whose records are in the folder of an outcome, by their names.
  virtual Result<std::vector<HandshakeId>> published(Outcome outcome) = 0;
};

/// Returns the name of the record of an id: `ID.json`.
std::string record_name(const HandshakeId& id);

/// Returns whether a record of the id can have this name: `ID.json`, or a numbered one, which it
/// got because that was in use (`ID.2.json`).
bool is_record_name(const HandshakeId& id, std::string_view name);

/// Returns the folder for records of an outcome: `results`, `archived`, `failed` or `rejected`.
std::string_view folder_of(Outcome outcome);

}  // namespace attestrd
