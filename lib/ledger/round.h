#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/account_day.h"
#include "base/limits.h"
#include "base/time.h"
#include "handshake/finish.h"
#include "handshake/handshake.h"
#include "handshake/row_change.h"
#include "inbox/inbox.h"
#include "ledger/repeats.h"
#include "log/notice.h"
#include "queue/operator_pause.h"
#include "schedule/hazard.h"

namespace attestrd {

/// An operator's request to poll a handshake anew that has ended.
struct Retry {
  std::uint64_t ticket = 0;  ///< Returned with the answer.
  HandshakeId id;
  bool even_completed = false;
};

/// The answer to a Retry.
enum class Retried : std::uint8_t {
  reopened,   ///< It is pending again: this is durable.
  completed,  ///< Its result was published, and it may not be published again.
  pending,
  ending,   ///< Its record is being published.
  unknown,  ///< It was never submitted, or ended too long ago.
  full,     ///< The engine holds as many handshakes as it can.
};

struct RetryAnswer {
  std::uint64_t ticket = 0;
  Retried retried{};
};

/// A result that was rejected and holds now, to be published in the place of its record in
/// rejected/.
struct Readmission {
  std::uint64_t ticket = 0;  ///< Returned with the answer.
  std::string file;          ///< The name of the record in rejected/.
  Finish finish;             ///< The new end: completed.
  std::string tag;           ///< The tag of the answer; empty: none.
  Wall submitted_at{};
  bool takes_replayed = false;  ///< See ReadmissionRules.
};

/// The answer to the wish to readmit a record.
enum class Readmitted : std::uint8_t {
  readmitted,  ///< Its result is published, or will be whatever happens: this is durable.
  // By the contents of the record:
  no_record,          ///< It is no record that attestrd can have written under this name.
  sealed,             ///< Its answer is encrypted, and the daemon has no key.
  not_rejected,       ///< Its outcome is another one.
  tag_mismatch,       ///< The answer has another tag than the submission.
  wrong_id,           ///< The answer has the id of another handshake.
  duplicate_key,      ///< The answer has a key twice.
  no_result,          ///< The answer has no result.
  invalid_signature,  ///< No secret and no form matches the signature.
  unusual_form,       ///< It holds in the form `stringify` alone, which is not the usual one.
  replayed,           ///< Its signature is that of another handshake, and no person named it.
  // By the queue:
  completed,  ///< A result of its handshake was published.
  pending,    ///< Its handshake is polled again.
  ending,     ///< A record of its handshake is being published.
  unknown,    ///< Its handshake ended too long ago.
  // By the file system:
  no_file,     ///< There is no such file.
  foreign,     ///< The file belongs to another user, is no plain file, or is mounted on.
  unreadable,  ///< The read failed.
  no_room,     ///< The disk has no space for another record, or memory is short.
};

struct ReadmissionAnswer {
  std::uint64_t ticket = 0;
  Readmitted readmitted{};
};

/// An operator's request to begin a pause of all polls, or to end it.
struct PauseRequest {
  std::uint64_t ticket = 0;  ///< Returned with the answer.
  bool is_paused = false;
};

/// The answer to a PauseRequest, which is durable.
struct PauseAnswer {
  std::uint64_t ticket = 0;
  bool is_changed = false;  ///< It was not so before.
};

/// An operator's request to hold a handshake, or to release it.
struct HoldRequest {
  std::uint64_t ticket = 0;  ///< Returned with the answer.
  HandshakeId id;
  bool is_held = false;
  /// The number of the request of another node that it carries out, which is removed with it; 0:
  /// it was asked here.
  std::int64_t node_request = 0;
};

/// The answer to a HoldRequest.
struct HoldAnswer {
  std::uint64_t ticket = 0;
  bool is_pending = false;  ///< It is pending, and now held or released: this is durable.
};

/// The changes that wait to be written by a round.
struct RoundRequest {
  std::optional<ScanRequest> scan_inbox;
  bool claim = false;  ///< Claim rows that became this owner's meanwhile, from other owners.
  /// Purge the tombstones that are older, in running time.
  std::optional<Duration> purge_older_than;
  std::vector<Finish> finishes;
  std::vector<Finish> doubted;  ///< What StoreDoubted asks to be stored.
  std::vector<Progress> progress;
  std::optional<HazardDelta> learnt;
  std::optional<DayRequests> reserve;    ///< Additional requests of a day to reserve.
  std::optional<DayRequests> give_back;  ///< Reserved requests of a day that will not be spent.
  std::vector<Retry> retries;
  std::vector<Readmission> readmissions;
  std::vector<PauseRequest> pauses;
  std::vector<HoldRequest> holds;
  std::vector<std::int64_t> done_requests;  ///< Of other nodes, to be removed.

  /// Merges a later request into this one.
  void join(RoundRequest later);

  bool is_empty() const;
};

/// An answer that a process before has stored, since its result could not be trusted.
struct DoubtedAnswer {
  HandshakeId id;
  Reason reason{};
  std::string response;
};

/// The changes that a round made durable, and its findings.
struct RoundReport {
  std::vector<QueuedHandshake> accepted;  ///< New rows, rows merged, and rows reopened.
  std::vector<QueuedHandshake> claimed;   ///< Rows that other owners had, or that found no room.
  bool has_unclaimed = false;             ///< Further rows can be claimed at once.
  std::vector<HandshakeId> settled;       ///< Their records are in the spool, or their rows gone.
  std::vector<HandshakeId> lost;          ///< Another owner has their rows now.
  std::vector<Notice> notices;            ///< To be logged, in this order.
  bool inbox_has_more = false;            ///< The scan stopped at its bound: scan again at once.
  bool inbox_waits = false;               ///< A file may bring further ids.
  std::optional<Duration> inbox_due;      ///< Until a file in the inbox is due.
  bool inbox_scanned = false;             ///< The round scanned all of the inbox.
  std::optional<InboxFiles> inbox_files;  ///< Present if the round scanned the inbox.
  std::optional<Reservation> reserved;    ///< The answer to `RoundRequest::reserve`.
  std::vector<RetryAnswer> retried;
  std::vector<ReadmissionAnswer> readmitted;
  std::optional<OperatorPause> pause;  ///< The pause from now on, if a round changed it.
  std::vector<PauseAnswer> paused;
  std::vector<SetHeld> holds;  ///< The handshakes that were held or released.
  std::vector<HoldAnswer> held;
  std::vector<HandshakeId> kicked;  ///< To be polled now, if they are pending.
};

/// The bounds of a round, and its rule for repeats.
struct RoundBounds {
  std::size_t records = limits::kRecordsPerRound;  ///< More wait for the next round.
  std::size_t synced_one_by_one = limits::kRecordsSyncedOneByOne;  ///< More are synced together.
  std::size_t pending = limits::kPendingHandshakes;  ///< Of all rounds: more wait in the inbox.
  Duration give_up_after = std::chrono::hours(25);   ///< Of handshakes without an expiry.
  RepeatPolicy repeats = RepeatPolicy::reject;       ///< Until set_repeats().
};

}  // namespace attestrd
