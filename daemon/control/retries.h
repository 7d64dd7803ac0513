#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/control/questions.h"
#include "daemon/control/ticketed_answers.h"
#include "ledger/record_verdict.h"
#include "ledger/round.h"
#include "runtime/side_thread.h"
#include "verify/verifier.h"

namespace attestrd {

/// Passes the wishes of operators to take up handshakes that have ended to the ledger, and its
/// answers back. The records to be readmitted are read and verified outside of the event loop.
/// Everything else is used on it.
class Retries {
 public:
  /// The parts of the daemon that it uses.
  struct Parts {
    std::string rejected;                      ///< The path of the folder.
    std::function<void(RoundRequest)> submit;  ///< DiskWorker::submit
    std::function<Verifier()> verifier;        ///< Returns a copy with the secrets of today.
    std::function<std::optional<SigningForm>()> usual_form;  ///< Engine::usual_form
    std::function<Now()> now;
    /// Calls back on the loop once the disk worker has done all jobs that were given to it before.
    std::function<void(std::function<void()>)> after_jobs;
  };

  Retries(boost::asio::any_io_executor loop, Parts parts)
      : parts_(std::move(parts)), reader_(std::move(loop)) {}

  void retry(const std::vector<HandshakeId>& ids, bool even_completed,
             Questions::OnRetried on_retried);

  /// Readmits records by their names in rejected/, a few at a time. `unavailable`: others are being
  /// readmitted.
  void readmit(std::vector<std::string> files, bool are_named,
               Questions::OnReadmitted on_readmitted);

  /// Returns whether records are being readmitted. Meanwhile no other part may remove records from
  /// rejected/: until a readmission is durable, a rejected record may be the only copy of a result.
  bool is_readmitting() const { return readmitting_.has_value(); }

  /// Must be called for each report of the disk worker.
  void on_report(const RoundReport& report);

 private:
  /// The request that is being carried out.
  struct Readmitting {
    std::vector<std::string> files;
    bool are_named = false;
    Questions::OnReadmitted on_readmitted;
    std::vector<Readmitted> answers;  ///< For as many files as were read so far.
    std::size_t unanswered = 0;       ///< By the ledger, of those.
  };
  void read_some();
  void submit(std::vector<std::variant<Readmission, Readmitted>> judged);

  Parts parts_;
  std::uint64_t last_ticket_ = 0;
  TicketedAnswers<Retried> retried_;
  std::map<std::uint64_t, std::size_t> readmitted_;  ///< The index of the file, by ticket.
  std::optional<Readmitting> readmitting_;
  SideThread reader_;
};

}  // namespace attestrd
