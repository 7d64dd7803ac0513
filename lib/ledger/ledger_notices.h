#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "handshake/finish.h"
#include "log/notice.h"
#include "queue/queue.h"

namespace attestrd {

// Builds the notices that the ledger logs.

/// Returns the notice that a handshake has ended and that its record is in its folder.
Notice outcome_notice(const Finish& finish);

/// Returns the same notice after a restart, when the rest of the finish is no longer known.
Notice outcome_notice(const HandshakeId& id, Outcome outcome, Reason reason);

/// Returns the notice that the result of a handshake has the signature of another one, if it is so.
std::optional<Notice> repeat_notice(const HandshakeId& id, Outcome outcome, bool is_repeat);

/// Changes the notice of an ended handshake to say where its record is, since another file has its
/// name.
void note_diverted(const std::string& file, Notice& outcome);

/// Returns the notice that a handshake that ended like this is polled anew.
Notice reopened_notice(const HandshakeId& id, Outcome ended);

/// Returns the notice that the result of a rejected record is published.
Notice readmitted_notice(const StagedHandshake& row);

Notice row_gone_notice(const Finish& finish);

Notice recovered_notice(const QueueCounts& counts, std::size_t published);

/// The notices of one submission file: one for each of the first few ids that are pending or have
/// ended already, one that counts the rest of each kind, and one for all new ids.
class IntakeNotices {
 public:
  explicit IntakeNotices(const std::string& file) : file_(file) {}

  void add(const HandshakeId& id, const Acceptance& acceptance);

  /// Moves all notices to `notices`, the counts included.
  void finish(std::vector<Notice>& notices);

 private:
  struct Known {
    Event event;
    const char* message;
    std::optional<Level> level{};  ///< Absent: the event's own.
    std::uint64_t count = 0;
  };

  void add(const HandshakeId& id, const InsertedRow& inserted);
  void add(const HandshakeId& id, const MergedRow& merged);
  void add(const HandshakeId& id, const RowElsewhere& elsewhere);
  void add(const HandshakeId& id, const AlreadyEnded& ended);
  void add(const HandshakeId& id, Known& known);
  void sum_up(const Known& known);
  Notice& note(const Known& known, std::string message);

  const std::string& file_;
  std::vector<Notice> notices_;
  Known merged_{Event::inbox_merged, "the handshake is pending already"};
  Known tag_ignored_{Event::inbox_merged,
                     "the handshake is pending already: its tag stays as it was submitted first, "
                     "and this other one is ignored",
                     Level::warn};
  Known expiry_bounded_{Event::inbox_merged,
                        "the handshake is pending already: its expiry moves to no later than 7 "
                        "days after its first submission",
                        Level::warn};
  Known ended_{Event::inbox_already_ended, "the handshake has ended and is not polled again"};
  std::uint64_t accepted_ = 0;
  std::optional<HandshakeId> last_accepted_;
};

}  // namespace attestrd
