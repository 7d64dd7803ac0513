#include "queue/postgres/postgres_row_reader.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <utility>

#include "handshake/handshake_names.h"
#include "queue/postgres/postgres_connection.h"

namespace attestrd {
namespace {

// The columns of kRowColumns, in their order.
enum Column : int {
  kId,
  kState,
  kShelf,
  kRevision,
  kTag,
  kSubmittedAt,
  kExpiry,
  kPolls,
  kLastPendingAt,
  kBoot,
  kShift,
  kAttempt,
  kIsHeld,
  kIsUnclaimed,
  kIsInOurSpool,
  kOutcome,
  kReason,
  kFinishedAt,
  kLength,
  kSha256,
  kSignature,
  kReadmittedFrom,
  kDivertedTo,
  kInstance,
  kEpoch,
  kRunning,
};
static_assert(kRunning + 1 == kRowColumnCount);

constexpr RowState kStates[] = {RowState::polling, RowState::staged, RowState::done};

std::optional<RowState> state_named(std::string_view name) {
  for (const auto state : kStates)
    if (name == name_of(state)) return state;
  return std::nullopt;
}

std::optional<std::uint32_t> small_number(std::int64_t number) {
  if (number < 0 || number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

/// Reads bytes of a fixed length; a NULL stays what it is. Returns false for any other length.
template <std::size_t kLength>
bool read_bytes(const PostgresResult& rows, std::size_t i, int column,
                std::array<unsigned char, kLength>& out) {
  const auto bytes = rows.bytes(i, column);
  if (!bytes || bytes->size() != kLength) return false;
  std::ranges::transform(*bytes, out.begin(), [](char c) { return static_cast<unsigned char>(c); });
  return true;
}

std::optional<QueuedHandshake> read_handshake(const PostgresResult& rows, std::size_t i) {
  const auto id = HandshakeId::parse(rows.text(i, kId));
  const auto tag = rows.bytes(i, kTag);
  const auto submitted_at = rows.time(i, kSubmittedAt);
  const auto polls = small_number(rows.number(i, kPolls));
  const auto attempt = small_number(rows.number(i, kAttempt));
  if (!id || !tag || !submitted_at || !polls || !attempt) return std::nullopt;
  const auto shift =
      std::chrono::floor<std::chrono::milliseconds>(Duration(rows.number(i, kShift)));
  return QueuedHandshake{*id,
                         *tag,
                         *submitted_at + shift,
                         rows.time(i, kExpiry),
                         rows.time(i, kLastPendingAt),
                         *polls,
                         rows.number(i, kBoot),
                         {},
                         *attempt,
                         rows.flag(i, kIsHeld)};
}

/// Reads the columns of a row that has ended. A tombstone need not have all of them.
std::optional<StagedHandshake> read_ending(const PostgresResult& rows, std::size_t i,
                                           const HandshakeId& id, bool is_staged) {
  const auto outcome = outcome_named(rows.text(i, kOutcome));
  const auto reason = reason_named(rows.text(i, kReason));
  const auto finished_at = rows.time(i, kFinishedAt);
  const auto readmitted_from = rows.bytes(i, kReadmittedFrom);
  if (!outcome || !finished_at || !readmitted_from) return std::nullopt;
  StagedHandshake ending{id, *outcome, reason.value_or(Reason::none), *finished_at, {}};
  ending.readmitted_from = *readmitted_from;
  const auto length = rows.number(i, kLength);
  if (length < 0) return std::nullopt;
  ending.record.length_bytes = static_cast<std::uint64_t>(length);
  const bool has_digest = read_bytes(rows, i, kSha256, ending.record.sha256);
  if (is_staged && (!reason || !has_digest)) return std::nullopt;
  return ending;
}

}  // namespace

std::string_view name_of(RowState state) {
  switch (state) {
    case RowState::polling: return "polling";
    case RowState::staged: return "staged";
    case RowState::done: return "done";
  }
  return {};
}

std::optional<ReadRow> read_row(const PostgresResult& rows, std::size_t index) {
  auto handshake = read_handshake(rows, index);
  const auto state = state_named(rows.text(index, kState));
  auto diverted_to = rows.bytes(index, kDivertedTo);
  if (!handshake || !state || !diverted_to) return std::nullopt;
  SharedRow row{std::move(*handshake), *state, rows.number(index, kShelf)};
  row.revision = rows.number(index, kRevision);
  row.is_unclaimed = rows.flag(index, kIsUnclaimed);
  row.is_in_our_spool = *state == RowState::staged && rows.flag(index, kIsInOurSpool);
  row.diverted_to = std::move(*diverted_to);
  if (*state != RowState::polling) {
    row.ending = read_ending(rows, index, row.handshake.id, *state == RowState::staged);
    if (!row.ending) return std::nullopt;
  }
  if (!rows.is_null(index, kSignature) &&
      !read_bytes(rows, index, kSignature, row.signature.emplace()))
    return std::nullopt;
  ReadRow read{std::move(row), std::string(rows.text(index, kInstance)),
               rows.number(index, kEpoch)};
  if (!rows.is_null(index, kRunning))
    read.running = std::chrono::milliseconds(rows.number(index, kRunning));
  return read;
}

KnownHandshake known_handshake(ReadRow read) {
  auto& handshake = read.row.handshake;
  const auto& ending = read.row.ending;
  switch (read.row.state) {
    case RowState::polling: return std::move(handshake);
    case RowState::staged:
      return EndingHandshake{ending->outcome, ending->finished_at, std::move(handshake.tag),
                             handshake.attempt};
    case RowState::done: break;
  }
  // The running times of two nodes can't be compared: what another one finished never counts as
  // old.
  return EndedHandshake{ending->outcome,
                        ending->finished_at,
                        read.running.value_or(Duration::max()),
                        std::move(read.row.diverted_to),
                        std::move(handshake.tag),
                        handshake.attempt};
}

Error broken_row(const PostgresConnection& connection) {
  return fail(Errc::invalid_input, "the queue " + connection.name() +
                                       " holds a row that attestrd never wrote: restore the "
                                       "database from a backup");
}

}  // namespace attestrd
