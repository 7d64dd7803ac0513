#include "poll/https_addresses.h"

#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <utility>

namespace attestrd {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

HttpsAddresses::HttpsAddresses(const asio::any_io_executor& executor, const Endpoint& endpoint)
    : endpoint_(endpoint), resolver_(executor) {}

asio::awaitable<boost::system::result<HttpsAddresses::List>> HttpsAddresses::find(Instant until) {
  if (endpoint_.is_address()) {
    co_return List(1, tcp::endpoint(asio::ip::make_address(endpoint_.host), endpoint_.port));
  }
  if (!is_asking_) ask();
  asio::steady_timer alarm(resolver_.get_executor(), until);
  waiting_.push_back(&alarm);
  error_code rang;
  co_await alarm.async_wait(asio::redirect_error(asio::use_awaitable, rang));
  std::erase(waiting_, &alarm);
  if (!rang) co_return error_code(asio::error::timed_out);
  co_return answer_;
}

void HttpsAddresses::stop() {
  resolver_.cancel();
  settle(error_code(asio::error::operation_aborted));
}

void HttpsAddresses::ask() {
  is_asking_ = true;
  resolver_.async_resolve(
      endpoint_.host, std::to_string(endpoint_.port), tcp::resolver::numeric_service,
      [self = shared_from_this()](const error_code& error, const auto& entries) {
        self->is_asking_ = false;
        if (error) return self->settle(error);
        self->settle(List(entries.begin(), entries.end()));
      });
}

void HttpsAddresses::settle(boost::system::result<List> answer) {
  answer_ = std::move(answer);
  for (auto* alarm : waiting_) alarm->cancel();
}

}  // namespace attestrd
