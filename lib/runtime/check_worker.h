#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "engine/replies.h"
#include "poll/poller.h"

namespace attestrd {

/// A large answer, with the buffers that its views refer to.
struct LargeAnswer {
  Poller::Ticket ticket = 0;
  HandshakeId id;
  unsigned status = 0;
  std::string retry_after;
  std::string date;
  std::string content_encoding;
  std::string body;
  std::optional<CheckedAnswer> checked{};  ///< Set by the check.

  HttpResponse response() const { return {status, retry_after, date, content_encoding, body}; }
};

/// The one thread that parses and verifies large answers, which takes up to seconds. It starts with
/// the first of them. Its queue needs no bound of its own: each answer in it belongs to a poll in
/// flight, and counts as kept memory. All calls come from the event loop.
class CheckWorker {
 public:
  using OnChecked = std::function<void(LargeAnswer&)>;

  explicit CheckWorker(boost::asio::any_io_executor loop);

  /// Checks an answer. `on_checked` is called on the loop, which does not run out of work before.
  /// The check uses a copy of the verifier, since a reload may replace it meanwhile.
  void check(std::shared_ptr<LargeAnswer> answer, const Verifier& verifier, OnChecked on_checked);

 private:
  bool start();

  boost::asio::any_io_executor loop_;
  /// Its destructor waits for the check that is in progress, and drops those that wait.
  std::optional<boost::asio::thread_pool> thread_;
};

}  // namespace attestrd
