#include "poll/https_poller.h"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "base/handler_memory.h"
#include "base/limits.h"
#include "base/ring.h"
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
  auto request =
      Request::make(settings.endpoint, settings.version, settings.auth_token, settings.user_agent);
  if (!request) return request.error();
  auto tls = TlsContext::make(settings.ca_file);
  if (!tls) return tls.error();
  auto addresses = std::make_shared<HttpsAddresses>(executor, settings.endpoint);
  return std::make_shared<HttpsSetup>(std::move(settings), *request, *std::move(tls),
                                      std::move(addresses));
}

void pass_on(const std::exception_ptr& exception) {
  if (exception) std::rethrow_exception(exception);
}

}  // namespace

/// The connections and who uses them. A seat is a connection with the poll that has it; one without
/// a poll is idle, or about to be closed.
class HttpsPoller::Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(asio::any_io_executor executor, std::shared_ptr<HttpsSetup> setup, OnReply on_reply)
      : executor_(std::move(executor)),
        readiness_(std::make_shared<HttpsReadiness>(executor_)),
        setup_(std::move(setup)),
        on_reply_(std::move(on_reply)),
        watch_(executor_) {}

  void start(Ticket ticket, const HandshakeId& id);
  void stop();
  Result<void> reconfigure(HttpsPollerSettings settings);

 private:
  using Failure = HttpsConnection::Failure;
  using Instant = HttpsConnection::Instant;

  struct Job {
    Ticket ticket;
    HandshakeId id;
  };

  struct Seat {
    std::shared_ptr<HttpsConnection> connection;
    std::optional<Job> job;
    bool is_reused = false;  ///< Its connection had served a poll before.
    Instant idle_since;
  };

  Seat& add_seat();
  void begin(Seat& seat);
  asio::awaitable<void> open(std::shared_ptr<Pool> self, Seat* seat);
  void ended(Seat& seat, Failure failure);
  void go_on(Seat& seat);
  void remove(Seat& seat);
  void dismiss_idle();
  void watch();
  void end_late(Instant now);

  asio::any_io_executor executor_;
  std::shared_ptr<HttpsReadiness> readiness_;
  std::shared_ptr<HttpsSetup> setup_;
  OnReply on_reply_;
  asio::steady_timer watch_;
  HandlerMemory<> watch_memory_;
  bool is_watching_ = false;
  bool is_stopped_ = false;
  std::vector<std::unique_ptr<Seat>> seats_;
  std::vector<Seat*> idle_;           ///< The one used last is the last.
  Ring<std::optional<Job>> waiting_;  ///< For a seat.
};

void HttpsPoller::Pool::start(Ticket ticket, const HandshakeId& id) {
  if (is_stopped_) return;
  const Job job{ticket, id};
  if (!idle_.empty()) {
    Seat& seat = *idle_.back();
    idle_.pop_back();
    if (!seat.connection->is_silent()) seat.connection->close();
    seat.job = job;
    begin(seat);
  } else if (seats_.size() >= setup_->settings.connections) {
    waiting_.push(job);
  } else {
    Seat& seat = add_seat();
    seat.job = job;
    begin(seat);
  }
  if (!is_watching_) watch();
}

HttpsPoller::Pool::Seat& HttpsPoller::Pool::add_seat() {
  Seat& seat = *seats_.emplace_back(std::make_unique<Seat>());
  const auto on_end = [this, &seat](Failure failure) { ended(seat, std::move(failure)); };
  const auto on_lost = [this, &seat] { remove(seat); };
  seat.connection = std::make_shared<HttpsConnection>(
      executor_, readiness_, HttpsConnection::Events{.on_end = on_end, .on_lost = on_lost});
  return seat;
}

/// For a seat with a job: asks on its connection, or on a fresh one.
void HttpsPoller::Pool::begin(Seat& seat) {
  seat.is_reused = seat.connection->is_reusable(setup_);
  if (seat.is_reused) return seat.connection->exchange(seat.job->id);
  asio::co_spawn(executor_, open(shared_from_this(), &seat),
                 [](const std::exception_ptr& e) { pass_on(e); });
}

asio::awaitable<void> HttpsPoller::Pool::open(std::shared_ptr<Pool> self, Seat* seat) {
  co_await asio::post(executor_, asio::use_awaitable);  // out of start()
  if (self->is_stopped_) co_return;
  const auto connection = seat->connection;
  auto failure = co_await connection->open(setup_);
  if (self->is_stopped_) co_return;
  if (failure) {
    ended(*seat, std::move(failure));
  } else {
    connection->exchange(seat->job->id);
  }
}

void HttpsPoller::Pool::ended(Seat& seat, Failure failure) {
  const auto self = shared_from_this();  // A reply may destroy the poller.
  const auto connection = seat.connection;
  const bool died_idle = seat.is_reused && failure &&
                         failure->kind == TransportFailure::Kind::reset &&
                         connection->is_unanswered();
  if (died_idle) return begin(seat);
  const Ticket ticket = seat.job->ticket;
  if (failure) {
    connection->body().clear();
    on_reply_(ticket, *std::move(failure), connection->body());
  } else {
    on_reply_(ticket, connection->response(), connection->body());
  }
  if (!is_stopped_) go_on(seat);
}

/// After a poll: to the next one, or to idleness, or to its end.
void HttpsPoller::Pool::go_on(Seat& seat) {
  seat.job.reset();
  const bool is_one_too_many = seats_.size() > setup_->settings.connections;
  if (!waiting_.empty() && !is_one_too_many) {
    seat.job = waiting_.pop();
    begin(seat);
  } else if (is_one_too_many || !seat.connection->is_reusable(setup_)) {
    remove(seat);
  } else {
    seat.idle_since = HttpsConnection::Instant::clock::now();
    idle_.push_back(&seat);
  }
}

void HttpsPoller::Pool::remove(Seat& seat) {
  seat.connection->close();
  std::erase(idle_, &seat);
  std::erase_if(seats_, [&seat](const auto& other) { return other.get() == &seat; });
}

void HttpsPoller::Pool::stop() {
  if (std::exchange(is_stopped_, true)) return;
  watch_.cancel();
  waiting_ = {};
  idle_.clear();
  for (const auto& seat : seats_) seat->connection->abandon();
}

Result<void> HttpsPoller::Pool::reconfigure(HttpsPollerSettings settings) {
  auto setup = make_setup(executor_, std::move(settings));
  if (!setup) return setup.error();
  setup_ = *std::move(setup);
  dismiss_idle();
  return {};
}

void HttpsPoller::Pool::dismiss_idle() {
  while (!idle_.empty()) remove(*idle_.back());
}

/// Looks at all seats from time to time, which costs less than a timer that is set for each poll:
/// an exchange may last a tenth longer than `request_timeout`.
void HttpsPoller::Pool::watch() {
  constexpr auto kLongest = std::chrono::milliseconds(250);
  is_watching_ = true;
  watch_.expires_after(std::min<Duration>(setup_->settings.request_timeout / 10, kLongest));
  auto look = [self = shared_from_this()](const error_code& cancelled) {
    if (cancelled) return;
    const auto now = HttpsConnection::Instant::clock::now();
    while (!self->idle_.empty() && now - self->idle_.front()->idle_since > limits::kIdleConnection)
      self->remove(*self->idle_.front());
    self->end_late(now);
    // Not before: a reply starts polls, and each would put off the next look.
    self->is_watching_ = false;
    if (!self->seats_.empty() && !self->is_stopped_) self->watch();
  };
  watch_.async_wait(asio::bind_allocator(watch_memory_, std::move(look)));
}

/// A reply may change the seats.
void HttpsPoller::Pool::end_late(Instant now) {
  std::vector<std::shared_ptr<HttpsConnection>> connections;
  for (const auto& seat : seats_)
    if (seat->connection->is_late(now)) connections.push_back(seat->connection);
  for (const auto& connection : connections) connection->end_if_late(now);
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

HttpsPoller::~HttpsPoller() { stop(); }

void HttpsPoller::start(Ticket ticket, const HandshakeId& id) { pool_->start(ticket, id); }

void HttpsPoller::stop() { pool_->stop(); }

Result<void> HttpsPoller::reconfigure(HttpsPollerSettings settings) {
  return pool_->reconfigure(std::move(settings));
}

}  // namespace attestrd
