#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/account_day.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/fingerprint.h"
#include "handshake/handshake.h"
#include "handshake/known_handshake.h"

namespace attestrd {

/// What became of a submission.
struct Acceptance {
  enum class Kind : std::uint8_t {
    inserted,       ///< It is a new row.
    merged,         ///< It was pending: the later expiry holds, a tag fills an empty one.
    already_ended,  ///< It is staged, or a tombstone.
  };
  Kind kind{};
  QueuedHandshake row;  ///< As stored now. Of one that has ended, the id alone.
  Outcome outcome{};    ///< Of one that has ended.
};

/// A handshake that has ended and whose record lies in staging/, or has left it already.
struct StagedHandshake {
  HandshakeId id;
  Outcome outcome{};
  Reason reason = Reason::none;
  Wall finished_at{};
  Fingerprint record;
};

/// How many rows the queue holds in each state.
struct QueueCounts {
  std::uint64_t polling = 0;
  std::uint64_t staged = 0;
  std::uint64_t ended = 0;
  std::optional<Wall> oldest_pending;  ///< When the first of those in `polling` was submitted.
};

/// The door to the rows. Its hand is `sqlite_queue`. Times are kept in milliseconds.
///
/// Changes happen between begin() and commit(), which makes them durable together. Each names the
/// state that it expects and returns false, having changed nothing, when the row is in another:
/// rows can be taken away. Any error in between leaves rollback() as the only way on.
class Queue {
 public:
  virtual ~Queue() = default;

  virtual Result<void> begin() = 0;
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;

  virtual Result<Acceptance> accept(const Submission& submission, Wall now) = 0;

  /// Expects `polling`.
  virtual Result<bool> update_progress(const HandshakeId& id, std::uint32_t polls,
                                       std::optional<Wall> last_pending_at) = 0;

  /// polling -> staged.
  virtual Result<bool> stage(const StagedHandshake& staged) = 0;

  /// staged -> polling: what was staged can't be published.
  virtual Result<bool> unstage(const HandshakeId& id) = 0;

  /// staged -> done: the row becomes a tombstone.
  virtual Result<bool> mark_done(const HandshakeId& id) = 0;

  /// Forgets the tombstones of before `horizon`, at most `max_rows` of them. Returns how many.
  virtual Result<std::size_t> purge_tombstones(Wall horizon, std::size_t max_rows) = 0;

  /// The row, if it is in `polling`.
  virtual Result<std::optional<QueuedHandshake>> find_polling(const HandshakeId& id) = 0;

  virtual Result<KnownHandshake> find(const HandshakeId& id) = 0;

  /// Every row in `polling`, one at a time: a million is normal. Until it returns nobody may write.
  virtual Result<void> for_each_polling(
      const std::function<void(const QueuedHandshake& row)>& visit) = 0;

  virtual Result<std::vector<StagedHandshake>> staged() = 0;

  /// Walks all rows.
  virtual Result<QueueCounts> count() = 0;

  /// Keeps one text of what was learnt of when handshakes get done (Hazard::write).
  virtual Result<void> save_hazard(std::string_view text) = 0;
  virtual Result<std::optional<std::string>> hazard() = 0;

  /// Keeps one count: what of a day's requests passes for spent.
  virtual Result<void> save_reserved(const DayRequests& requests) = 0;
  virtual Result<std::optional<DayRequests>> reserved() = 0;
};

}  // namespace attestrd
