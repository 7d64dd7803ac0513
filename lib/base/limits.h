#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

/// Every bound that is not a setting. The unit of each is part of its name or of its type.
namespace attestrd::limits {

using namespace std::chrono_literals;

// Schedule.
inline constexpr Duration kErrorBackoffFirst = 1s;  ///< Doubles with each error; equal jitter.
inline constexpr Duration kErrorBackoffCap = 300s;  ///< Applied before the jitter.
inline constexpr Duration kOwnBackoffCap = 1h;      ///< Likewise, while others are answered well.
inline constexpr Duration kCrowdBackoffCap = 12h;   ///< Of a poll, for the sake of all others.
inline constexpr Duration kCanaryFirst = 5s;  ///< Doubles with each pair of canaries that fails.
inline constexpr Duration kCanaryCap = 10min;
inline constexpr Duration kDailyLimitCanary = 1h;  ///< Canary delay while a daily limit holds.
inline constexpr Duration kRetryAfterCap = 1h;
inline constexpr Duration kNextDayLook = 10min;     ///< Recheck while the daily budget is spent.
inline constexpr Duration kLongestForBudget = 24h;  ///< Longest gap that a daily budget causes.
inline constexpr Duration kLeastPollPrice = 250ms;  ///< Less staleness is not worth a poll.
inline constexpr Duration kMostPollPrice = 24h;
inline constexpr Duration kLeastAimedPrice = 1ms;  ///< For a short `poll.target_delay`.
inline constexpr double kCompletionsToAim = 64;    ///< Learnt results that make a target reliable.
inline constexpr double kLeastRate = 0.2;  ///< Requests per second; refused polls lower it no more.
inline constexpr std::uint32_t kSlowStartConnections = 2;
inline constexpr std::uint32_t kLostCanaries = 3;  ///< In a row; then another node of a fleet asks.
inline constexpr std::uint32_t kBreakerFailures = 10;  ///< Consecutive, over all handshakes.
inline constexpr Duration kFailureRun = 10s;  ///< A good answer that is younger prevents a pause,
inline constexpr std::uint32_t kFailureRunPolls = 20;     ///< as one among so many polls does.
inline constexpr std::uint32_t kCanarySearch = 4096;      ///< Handshakes looked at for one canary.
inline constexpr std::uint32_t kReplannedPerStep = 1000;  ///< After a reload.
inline constexpr std::uint32_t kDuePerStep = 10'000;      ///< Handshakes that become ready.
inline constexpr std::uint32_t kParkedPerStep = 1000;     ///< Due handshakes that are held.
inline constexpr std::size_t kNextPollSearch = 4096;      ///< Handshakes looked at for `status`.

// Blame.
inline constexpr std::size_t kWitnesses = 16;           ///< Handshakes whose last answer is kept.
inline constexpr std::uint32_t kLeastWitnesses = 3;     ///< Polls without an answer of Attestr.
inline constexpr std::uint32_t kLastingErrors = 3;      ///< Errors in a row: lasting trouble.
inline constexpr std::uint32_t kLoneGraces = 6;         ///< Of unknown_grace, without a witness.
inline constexpr Duration kUnreachableAfter = 24h;      ///< After the deadline, without an answer.
inline constexpr std::uint32_t kFailingSignatures = 3;  ///< Handshakes in a row; then it is told.
inline constexpr Duration kDoubtedInterval = 5min;      ///< Between polls of all of them.
inline constexpr std::size_t kKeptAnswerBytes = std::size_t{16} << 20;  ///< Of results that failed.

/// In memory: the index of the engine has room for so many. More rows wait in the queue file.
inline constexpr std::size_t kPendingHandshakes = 67'000'000;

// Clocks.
/// The wall clock has jumped if it moves this far against the clock for waiting. NTP that slews
/// moves it less between two comparisons.
inline constexpr Duration kClockJump = 10s;
/// After a jump, and after a start of the machine, an answer without a Date expires nothing that
/// depends on the wall clock.
inline constexpr Duration kClockDoubt = 24h;
/// The Dates of answers postpone an expiry by at most this.
inline constexpr Duration kExpiryPostponement = 48h;
inline constexpr Duration kClockDifference = 5min;     ///< From the server's; a warning above it.
inline constexpr Duration kClockCompareInterval = 1s;  ///< With the Date of an answer.
inline constexpr Duration kClockSaveInterval = 10min;  ///< A reading is stored this often.
inline constexpr Duration kRunningStep =
    1min;  ///< A longer pause between rounds is no running time.

// Inbox.
inline constexpr std::size_t kSubmissionFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kSubmissionLineBytes = 4096;
inline constexpr std::size_t kTagBytes = 256;
/// After its submission, up to which later submissions move the expiry of a pending handshake.
inline constexpr Duration kExpiryMove = 7 * 24h;
inline constexpr std::size_t kIntakeLinesPerRound = 10'000;
inline constexpr std::size_t kRowsClaimedPerRound = 4'096;
inline constexpr std::size_t kRefusalBytes = std::size_t{1}
                                             << 20;  ///< Above this size the file is kept whole.
inline constexpr std::size_t kNoticesPerFile = 10;   ///< Per kind; further notices are counted.
inline constexpr std::size_t kLinesPerTurn = 2'500;  ///< Of one file, before the next has its turn.
inline constexpr std::size_t kRefusedPerRound = 500;  ///< Files; so few delay no good submission.
inline constexpr std::size_t kRefusedFiles = 10'000;  ///< In refused/; others stay where they are.
inline constexpr std::size_t kClaimedFilesOpen = 256;
inline constexpr std::size_t kInboxEvents = 10'000;  ///< At one scan; more make it a full one.
inline constexpr Duration kSubmissionQuiet = 1s;     ///< After the last change, before the claim.
inline constexpr Duration kLongestQuietWait = 30s;   ///< For a file that changes all the time.
/// The time for which a file keeps its name while a writer has it open. Programs that copy files
/// stat or chmod them by name once they have closed them, and fail if the name is gone.
inline constexpr Duration kOpenWriterPatience = 5s;
inline constexpr Duration kQuietWithoutLeases = 5min;   ///< The proof that no process writes.
inline constexpr Duration kUnreadablePatience = 10min;  ///< Of a file without read permission.
inline constexpr unsigned kFailedReadsOfAFile = 10;     ///< In a row; fewer may be a passing fault.
inline constexpr Duration kInboxScanInterval = 2s;  ///< Between full scans; events come earlier.

// Publication.
inline constexpr std::size_t kUnsettledRecords = 4096;  ///< Polling stops at this backlog,
inline constexpr std::size_t kUnsettledBytes = std::size_t{64} << 20;  ///< or at this one, or at
                                                                       ///< half of answer_memory.
inline constexpr std::size_t kRecordsPerRound = 1024;  ///< Further records wait for the next round.
inline constexpr std::size_t kRecordsSyncedOneByOne = 1;  ///< Per round; above it one syncfs.
inline constexpr int kDiskWorkerLead = 5;                 ///< Nice value below the event loop's.
inline constexpr Duration kStartExtension = 30s;  ///< Of systemd's patience, on a full disk.
inline constexpr Duration kDiskStall = 10s;       ///< A round that takes longer is reported.
inline constexpr Duration kRoundRetry = 1s;       ///< On a full disk or an unavailable queue.
inline constexpr Duration kMarkDelay = 20ms;  ///< Delay of `done` marks before their own commit.
inline constexpr std::size_t kTombstonesPurgedPerRound = 1000;
inline constexpr std::size_t kLargestResponseBytes = std::size_t{256}
                                                     << 20;  ///< Bounds api.max_response.
inline constexpr std::size_t kRecordBytes = std::size_t{1} << 30;

// A database that has lost commits: the last rows that this node committed are written again.
inline constexpr Duration kRememberedFor = 10min;
inline constexpr std::size_t kRememberedRows = 100'000;  ///< In memory, some 600 bytes each.

// Readmission.
inline constexpr std::size_t kRecordsReadmittedAtOnce = 64;  ///< By one round; likewise the next.
inline constexpr std::size_t kBytesReadmittedAtOnce = std::size_t{16} << 20;  ///< More by one file.

// Records that no consumer takes.
inline constexpr Duration kWaitingCountInterval = 1s;  ///< Of results/, for spool.max_waiting.
inline constexpr int kWaitingCountShare = 20;  ///< A count takes at most this part of the time.

// Records that were kept for spool.keep_days.
inline constexpr Duration kFirstExpiry = 10s;  ///< After the start.
inline constexpr Duration kExpiryInterval = 1h;
inline constexpr std::size_t kRecordsPerExpirySlice = 64;  ///< Looked up between two rounds.

inline constexpr Duration kSpoolSurveyInterval = 10s;  ///< Of all folders, for the metrics.
inline constexpr int kSpoolSurveyShare = 20;  ///< A survey takes at most this part of the time.

// Backup.
inline constexpr int kCopyPagesPerSlice = 256;  ///< Of 4 KiB, between two rounds.
inline constexpr std::size_t kCopyEndedPerSlice = 512;
inline constexpr std::size_t kBodyPartBytes = 256 * 1024;  ///< Of a body that is sent in parts.

// HTTP.
inline constexpr std::size_t kHeaderBytes = 16 * 1024;
inline constexpr std::size_t kSmallAnswerBytes = 64 * 1024;  ///< It needs no claim of memory.
inline constexpr std::size_t kLargestAnswerMemoryBytes = std::size_t{64}
                                                         << 30;  ///< Bounds api.answer_memory.
inline constexpr std::size_t kInterimResponses = 100;            ///< Before one response.
inline constexpr std::size_t kInterimBytes = 64 * 1024;          ///< Of all of them together.
inline constexpr std::size_t kTlsStepBytes = 16 * 1024;          ///< Read by one call of OpenSSL.
inline constexpr std::size_t kTlsHandshakeBytes = 256 * 1024;    ///< From the server.
inline constexpr std::size_t kTlsControlBytes = 64 * 1024;       ///< Without data, in a row.
inline constexpr Duration kConnectionAttemptDelay = 250ms;       ///< RFC 8305, 8.
inline constexpr Duration kAddressesFresh = 10s;    ///< Younger ones need no other DNS query.
inline constexpr Duration kAddressesPatience = 1s;  ///< Then the last known ones are used.
inline constexpr Duration kAddressDistrust = 5min;  ///< After a failure others are tried first.
inline constexpr std::size_t kAddressesTried = 8;   ///< For one connection.
inline constexpr Duration kIdleConnection = 50s;    ///< An idle connection is closed after this.

// The system.
inline constexpr Duration kShortageRetry = 1s;        ///< Of a connection for lack of descriptors.
inline constexpr std::uint32_t kOwnDescriptors = 24;  ///< Without connections and clients.
inline constexpr std::uint32_t kSpareDescriptorsMost = 320;  ///< For clients and inbox files.

/// Memory for secrets, locked as far as the system allows. A power of two.
inline constexpr std::size_t kSecretMemoryBytes = std::size_t{4} << 20;
/// Secrets use no more of it: the rest is for the keys within OpenSSL.
inline constexpr std::size_t kOwnSecretMemoryBytes = kSecretMemoryBytes / 2;

// Configuration.
inline constexpr std::size_t kConfigKeyParts = 16;  ///< Of a dotted key; ours have two.

// Verification.
/// A larger answer is parsed and verified outside of the event loop.
inline constexpr std::size_t kVerifiedAtOnceBytes = 256 * 1024;

// JSON.
inline constexpr std::size_t kJsonDepth = 512;               ///< The depth of an answer.
inline constexpr std::size_t kRecordDepth = kJsonDepth + 1;  ///< A record contains an answer.

static_assert(kErrorBackoffFirst < kErrorBackoffCap);
static_assert(kCanaryFirst < kCanaryCap && kCanaryCap < kDailyLimitCanary);
static_assert(kRecordsSyncedOneByOne < kRecordsPerRound && kRecordsPerRound < kUnsettledRecords);
static_assert(kLargestResponseBytes < kRecordBytes / 2);
static_assert(kHeaderBytes < kSmallAnswerBytes && kSmallAnswerBytes < kVerifiedAtOnceBytes);
static_assert(kLargestResponseBytes <= kLargestAnswerMemoryBytes);
static_assert(kTagBytes < kSubmissionLineBytes && kSubmissionLineBytes < kSubmissionFileBytes);

}  // namespace attestrd::limits
