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

// The notices of the ledger.

/// The record of a handshake is in its folder now.
Notice outcome_notice(const Finish& finish);

/// The same, after a restart, when the rest of the finish is forgotten.
Notice outcome_notice(const HandshakeId& id, Outcome outcome, Reason reason);

Notice row_gone_notice(const Finish& finish);

Notice recovered_notice(const QueueCounts& counts, std::size_t published);

/// The outcome of one submission file: a notice for each of the first few ids that were known
/// already, one that sums up the others, and one for the new ids.
class IntakeNotices {
 public:
  explicit IntakeNotices(const std::string& file) : file_(file) {}

  void add(const HandshakeId& id, const Acceptance& acceptance);

  /// Moves all to `notices`.
  void finish(std::vector<Notice>& notices);

 private:
  struct Known {
    Event event;
    const char* message;
    std::uint64_t count = 0;
  };

  void add(const HandshakeId& id, const InsertedRow& inserted);
  void add(const HandshakeId& id, const MergedRow& merged);
  void add(const HandshakeId& id, const RowElsewhere& elsewhere);
  void add(const HandshakeId& id, const AlreadyEnded& ended);
  void add(const HandshakeId& id, Known& known);
  void sum_up(const Known& known);
  Notice& note(Event event, std::string message);

  const std::string& file_;
  std::vector<Notice> notices_;
  Known merged_{Event::inbox_merged, "the handshake is pending already"};
  Known ended_{Event::inbox_already_ended, "the handshake has ended and is not polled again"};
  std::uint64_t accepted_ = 0;
  std::optional<HandshakeId> last_accepted_;
};

}  // namespace attestrd
