#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "daemon/config/config.h"
#include "daemon/service/notice_writer.h"
#include "handshake/handshake.h"
#include "runtime/disk_worker.h"
#include "runtime/side_thread.h"
#include "spool/retention.h"

namespace attestrd {

/// Removes the records that are older than `spool.keep_days`, in a pass over archived/, failed/ and
/// rejected/ each limits::kRetentionInterval. Names are listed outside of the event loop and of the
/// disk worker; files are removed by the disk worker, a slice between two rounds.
class RetentionPasses {
 public:
  /// The parts must outlive this object, and the disk worker must have stopped before it ends.
  /// `config` is current as of the last reload.
  RetentionPasses(boost::asio::any_io_executor loop, const Config& config, DiskWorker& disk,
                  NoticeWriter& notices)
      : loop_(loop), config_(config), disk_(disk), notices_(notices), lister_(loop) {}

  /// Begins a pass if it is time, a change of `keep_days` included. To be called about once a
  /// second, with the server's clock as in EngineReport.
  void check(Now now, std::optional<Duration> clock_difference, std::optional<Wall> last_answer);

 private:
  void next_folder();
  void do_slice(std::shared_ptr<Retention> folder);
  void end_folder(const Retention& folder);

  boost::asio::any_io_executor loop_;
  const Config& config_;
  DiskWorker& disk_;
  NoticeWriter& notices_;
  RetentionClock clock_;
  std::uint32_t days_ = 0;  ///< Of the last pass.
  Mono next_pass_ = Mono::min();
  bool is_running_ = false;
  Wall before_{};
  std::vector<Outcome> left_;  ///< The folders of this pass, the next one last.
  SideThread lister_;
};

}  // namespace attestrd
