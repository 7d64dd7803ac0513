#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "daemon/config/config.h"
#include "daemon/service/notice_writer.h"
#include "ledger/ledger.h"
#include "runtime/disk_worker.h"
#include "spool/posix_record_names.h"

namespace attestrd {

/// Removes records that were kept for `spool.keep_days`, soon after the start and then once an
/// hour: see spool/retention.h. Each pass looks at all records, a few between two rounds of the
/// disk worker, so that neither a round nor the event loop waits for it. After an error, which is
/// logged, it goes on with the next folder. While an operator readmits records, rejected/ waits for
/// the next pass.
class RecordExpiry {
 public:
  /// The parts must outlive this object, which must outlive the thread of the disk worker.
  struct Parts {
    boost::asio::any_io_executor loop;
    const Config& config;  ///< As of the last reload.
    DiskWorker& disk;
    Ledger& ledger;
    NoticeWriter& notices;
    std::function<bool()> is_readmitting;  ///< See Retries.
  };

  RecordExpiry(Parts parts, Mono now);

  /// Begins another pass if it is time, or if a reload has changed the setting. To be called at
  /// intervals.
  void check(Mono now);

  /// Returns whether a pass has seen all records since the setting has its value. Until then no
  /// tombstone may be purged: a record whose tombstone is gone would stay for ever.
  bool may_purge() const;

 private:
  static constexpr std::array kFolders = {Outcome::archived, Outcome::failed, Outcome::rejected};

  struct Pass {
    std::uint32_t keep_days = 0;
    std::size_t folder = 0;              ///< Its place in kFolders.
    std::unique_ptr<RecordNames> names;  ///< Of that folder; null: not opened yet.
    std::array<std::uint64_t, kFolders.size()> removed{};
    std::vector<Error> errors{};
    bool is_done() const { return folder == kFolders.size(); }
  };

  void go_on(std::shared_ptr<Pass> pass);
  void do_slice(Pass& pass) const;
  Result<bool> remove_some(Pass& pass) const;
  void end(const Pass& pass);

  Parts parts_;
  const std::filesystem::path spool_;  ///< No reload changes it.
  Mono next_;
  bool is_in_pass_ = false;
  std::uint32_t keep_days_;                ///< At the last check().
  std::optional<std::uint32_t> seen_all_;  ///< The setting of the last complete pass.
};

}  // namespace attestrd
