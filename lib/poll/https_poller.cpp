#include "poll/https_poller.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <deque>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "poll/https_connection.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

Result<std::shared_ptr<HttpsSetup>> make_setup(const asio::any_io_executor& executor,
                                               HttpsPollerSettings settings) {
  if (settings.connections == 0) {
    return fail(Errc::invalid_config, "api.connections: must be 1 or more");
  }
  auto request = Request::make(settings.endpoint, settings.version, settings.auth_token,
                               settings.user_agent);
  if (!request) return request.error();
  auto tls = make_tls_context(settings.ca_file);
  if (!tls) return tls.error();
  auto addresses = std::make_shared<HttpsAddresses>(executor, settings.endpoint);
  return std::make_shared<HttpsSetup>(std::move(settings), *request, *std::move(tls),
                                      std::move(addresses));
}

void pass_on(const std::exception_ptr& exception) {
  if (exception) std::rethrow_exception(exception);
}

}  // namespace

/// The connections and who uses them. Each has a coroutine, from its first poll until it is closed.
class HttpsPoller::Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(asio::any_io_executor executor, std::shared_ptr<HttpsSetup> setup, OnReply on_reply)
      : executor_(std::move(executor)), setup_(std::move(setup)), on_reply_(std::move(on_reply)) {}

  void start(Ticket ticket, const HandshakeId& id);
  void stop();
  Result<void> reconfigure(HttpsPollerSettings settings);

 private:
  struct Job {
    Ticket ticket;
    HandshakeId id;
  };

  struct Seat {
    explicit Seat(const asio::any_io_executor& executor)
        : connection(std::make_shared<HttpsConnection>(executor)), call(executor) {}

    std::shared_ptr<HttpsConnection> connection;
    std::optional<Job> job;   ///< Nothing: idle, or about to be closed.
    asio::steady_timer call;  ///< Cancelled to call it up from idleness.
  };

  asio::awaitable<void> run(std::shared_ptr<Seat> seat);
  asio::awaitable<void> poll(Seat& seat);
  asio::awaitable<void> find_job(Seat& seat);
  void take_waiting_job(Seat& seat);
  void dismiss_idle();

  asio::any_io_executor executor_;
  std::shared_ptr<HttpsSetup> setup_;
  OnReply on_reply_;
  bool is_stopped_ = false;
  std::vector<std::shared_ptr<Seat>> seats_;
  std::vector<Seat*> idle_;  ///< The one used last is the last.
  std::deque<Job> waiting_;  ///< For a seat.
};

void HttpsPoller::Pool::start(Ticket ticket, const HandshakeId& id) {
  if (is_stopped_) return;
  const Job job{ticket, id};
  if (!idle_.empty()) {
    Seat& seat = *idle_.back();
    idle_.pop_back();
    seat.job = job;
    seat.call.cancel();
    return;
  }
  if (seats_.size() >= setup_->settings.connections) return waiting_.push_back(job);
  auto seat = std::make_shared<Seat>(executor_);
  seat->job = job;
  seats_.push_back(seat);
  asio::co_spawn(executor_, run(std::move(seat)),
                 [self = shared_from_this()](const std::exception_ptr& e) { pass_on(e); });
}

void HttpsPoller::Pool::stop() {
  if (std::exchange(is_stopped_, true)) return;
  waiting_.clear();
  dismiss_idle();
  for (const auto& seat : seats_) seat->connection->abandon();
}

Result<void> HttpsPoller::Pool::reconfigure(HttpsPollerSettings settings) {
  auto setup = make_setup(executor_, std::move(settings));
  if (!setup) return setup.error();
  setup_ = *std::move(setup);
  dismiss_idle();
  return {};
}

/// Called up without a job, an idle connection is closed.
void HttpsPoller::Pool::dismiss_idle() {
  for (Seat* seat : std::exchange(idle_, {})) seat->call.cancel();
}

asio::awaitable<void> HttpsPoller::Pool::run(std::shared_ptr<Seat> seat) {
  co_await asio::post(executor_, asio::use_awaitable);  // out of start()
  while (seat->job && !is_stopped_) {
    co_await poll(*seat);
    seat->job.reset();
    co_await find_job(*seat);
  }
  seat->connection->close();
  std::erase(seats_, seat);
}

asio::awaitable<void> HttpsPoller::Pool::poll(Seat& seat) {
  HttpsConnection& connection = *seat.connection;
  HttpsConnection::Failure failure;
  bool reused = connection.is_reusable(setup_);
  for (bool again = true; again && !is_stopped_; reused = false) {
    failure.reset();
    if (!reused) failure = co_await connection.open(setup_);
    if (!failure) failure = co_await connection.exchange(seat.job->id);
    again = reused && failure && failure->kind == TransportFailure::Kind::reset &&
            connection.is_unanswered();
  }
  if (is_stopped_) co_return;
  const Ticket ticket = seat.job->ticket;
  if (failure) {
    connection.body().clear();
    on_reply_(ticket, *std::move(failure), connection.body());
  } else {
    on_reply_(ticket, connection.response(), connection.body());
  }
}

asio::awaitable<void> HttpsPoller::Pool::find_job(Seat& seat) {
  take_waiting_job(seat);
  const bool is_one_too_many = seats_.size() > setup_->settings.connections;
  if (seat.job || is_stopped_ || is_one_too_many || !seat.connection->is_reusable(setup_)) {
    co_return;
  }
  idle_.push_back(&seat);
  seat.call.expires_after(limits::kIdleConnection);
  error_code ignored;
  co_await seat.call.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  std::erase(idle_, &seat);
  if (!seat.job) take_waiting_job(seat);
}

void HttpsPoller::Pool::take_waiting_job(Seat& seat) {
  if (waiting_.empty()) return;
  seat.job = waiting_.front();
  waiting_.pop_front();
}

Result<std::unique_ptr<HttpsPoller>> HttpsPoller::make(asio::io_context& events,
                                                       HttpsPollerSettings settings,
                                                       OnReply on_reply) {
  const asio::any_io_executor executor = events.get_executor();
  auto setup = make_setup(executor, std::move(settings));
  if (!setup) return setup.error();
  auto pool = std::make_shared<Pool>(executor, *std::move(setup), std::move(on_reply));
  return std::unique_ptr<HttpsPoller>(new HttpsPoller(std::move(pool)));
}

HttpsPoller::HttpsPoller(std::shared_ptr<Pool> pool) : pool_(std::move(pool)) {}

HttpsPoller::~HttpsPoller() {
  stop();
}

void HttpsPoller::start(Ticket ticket, const HandshakeId& id) {
  pool_->start(ticket, id);
}

void HttpsPoller::stop() {
  pool_->stop();
}

Result<void> HttpsPoller::reconfigure(HttpsPollerSettings settings) {
  return pool_->reconfigure(std::move(settings));
}

}  // namespace attestrd
