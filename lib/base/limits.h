#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

/// Every bound that is not a setting. Units stand in the names or in the types.
namespace attestrd::limits {

using namespace std::chrono_literals;

// Schedule.
inline constexpr Duration kErrorBackoffFirst = 1s;  ///< Doubles with each error, equal jitter.
inline constexpr Duration kErrorBackoffCap = 300s;  ///< Applied before the jitter.
inline constexpr Duration kCanaryFirst = 5s;        ///< Doubles with each canary that fails.
inline constexpr Duration kCanaryCap = 10min;
inline constexpr Duration kDailyLimitCanary = 1h;  ///< While a daily limit holds.
inline constexpr Duration kRetryAfterCap = 1h;
inline constexpr Duration kNextDayLook = 10min;     ///< Who waits for a new day looks again then.
inline constexpr Duration kLongestForBudget = 24h;  ///< To which a daily budget stretches a gap.
inline constexpr Duration kLeastPollPrice = 250ms;  ///< For less staleness none is worth it.
inline constexpr Duration kMostPollPrice = 24h;
inline constexpr std::uint32_t kSlowStartConnections = 2;
inline constexpr std::uint32_t kBreakerFailures = 10;  ///< In a row, with no good answer between.

// Inbox.
inline constexpr std::size_t kSubmissionFileBytes = std::size_t{64} << 20;
inline constexpr std::size_t kSubmissionLineBytes = 4096;
inline constexpr std::size_t kTagBytes = 256;
inline constexpr std::size_t kIntakeLinesPerRound = 10'000;
inline constexpr std::size_t kRefusalBytes = std::size_t{1}
                                             << 20;  ///< More: the file is kept whole.
inline constexpr std::size_t kNoticesPerFile = 10;   ///< Of a kind; more are summed up.
inline constexpr Duration kSubmissionQuiet = 1s;     ///< For a file that may be half written.
inline constexpr Duration kInboxScanInterval = 2s;   ///< inotify only makes it earlier.

// Publication.
inline constexpr std::size_t kUnsettledRecords = 4096;  ///< Polling waits at this backlog
inline constexpr std::size_t kUnsettledBytes = std::size_t{64}
                                               << 20;     ///< or this, whichever first.
inline constexpr std::size_t kRecordsPerRound = 1024;     ///< More wait for the next one.
inline constexpr std::size_t kRecordsSyncedOneByOne = 1;  ///< Of a round; more: together.
inline constexpr int kDiskWorkerLead = 5;                 ///< In nice(2) before the event loop.
inline constexpr Duration kDiskFullRetry = 1s;
inline constexpr Duration kMarkDelay = 20ms;  ///< Marks of a round wait so long for company.
inline constexpr std::size_t kTombstonesPurgedPerRound = 1000;
inline constexpr std::size_t kLargestResponseBytes = std::size_t{256} << 20;  ///< For max_response.
inline constexpr std::size_t kRecordBytes = std::size_t{1} << 30;

// HTTP.
inline constexpr std::size_t kHeaderBytes = 16 * 1024;
inline constexpr Duration kIdleConnection = 50s;  ///< An idle keep-alive connection is closed then.

// JSON.
inline constexpr std::size_t kJsonDepth = 512;               ///< Of an answer.
inline constexpr std::size_t kRecordDepth = kJsonDepth + 1;  ///< A record holds an answer.

static_assert(kErrorBackoffFirst < kErrorBackoffCap);
static_assert(kCanaryFirst < kCanaryCap && kCanaryCap < kDailyLimitCanary);
static_assert(kRecordsSyncedOneByOne < kRecordsPerRound && kRecordsPerRound < kUnsettledRecords);
static_assert(kLargestResponseBytes < kRecordBytes / 2);
static_assert(kTagBytes < kSubmissionLineBytes && kSubmissionLineBytes < kSubmissionFileBytes);

}  // namespace attestrd::limits
