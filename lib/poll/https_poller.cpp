#include "poll/https_poller.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/ring.h"
#include "http/https_addresses.h"
#include "http/https_connection.h"
#include "poll/answer_memory.h"
#include "poll/request.h"

namespace attestrd {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// The settings and objects of all connections that are opened under one configuration.
struct Setup {
  std::uint32_t connections;
  Duration request_timeout;
  Duration connection_age;
  std::size_t answer_memory_bytes;
  Request request;
  std::shared_ptr<const HttpsTarget> target;
};

Result<std::shared_ptr<const Setup>> make_setup(const asio::any_io_executor& executor,
                                                HttpsPollerSettings settings,
                                                const Setup* before = nullptr) {
  if (settings.connections == 0) {
    return fail(Errc::invalid_config, "api.connections: must be 1 or more");
  }
  auto request =
      Request::make(settings.endpoint, settings.version, settings.auth_token, settings.user_agent);
  if (!request) return request.error();
  HttpsSettings https{.endpoint = std::move(settings.endpoint),
                      .ca_file = std::move(settings.ca_file),
                      .trust = std::move(settings.trust),
                      .connect_timeout = settings.connect_timeout,
                      .request_timeout = settings.request_timeout,
                      .max_response_bytes = settings.max_response_bytes,
                      .proxy = std::move(settings.proxy),
                      .proxy_auth = std::move(settings.proxy_auth),
                      .source_address = std::move(settings.source_address)};
  auto target =
      HttpsTarget::make(executor, std::move(https), before ? before->target.get() : nullptr);
  if (!target) return target.error();
  return std::make_shared<const Setup>(settings.connections, settings.request_timeout,
                                       settings.connection_age, settings.answer_memory_bytes,
                                       *std::move(request), *std::move(target));
}

/// Returns whether a text contains the id as a JSON string.
bool contains(std::string_view body, std::string_view id) {
  for (auto at = body.find(id, 1); at != body.npos; at = body.find(id, at + 1)) {
    const auto end = at + id.size();
    if (end < body.size() && body[at - 1] == '"' && body[end] == '"') return true;
  }
  return false;
}

/// Returns whether a body names the handshake, near its beginning or its end. It need not be its
/// `_id`.
bool names(std::string_view body, std::string_view id) {
  constexpr auto kSearched = limits::kSmallAnswerBytes;
  if (contains(body.substr(0, kSearched), id)) return true;
  return body.size() > kSearched && contains(body.substr(body.size() - kSearched), id);
}

}  // namespace

/// The connections and their polls. A seat is a connection with the poll that uses it; a seat
/// without a poll is idle or about to be removed.
// More than 20 methods: one for each step of a poll, and for each end of a connection.
class HttpsPoller::Pool : public std::enable_shared_from_this<Pool> {
 public:
  Pool(asio::any_io_executor executor, std::shared_ptr<const Setup> setup, OnReply on_reply)
      : executor_(std::move(executor)),
        setup_(std::move(setup)),
        on_reply_(std::move(on_reply)),
        watch_(executor_) {
    memory_.set_limit(setup_->answer_memory_bytes);
  }

  void start(Ticket ticket, const HandshakeId& id);
  void keep(std::size_t bytes) { memory_.set_kept(bytes); }
  void stop();
  Result<void> reconfigure(HttpsPollerSettings settings);
  bool is_short() const { return most_seats_ < setup_->connections; }
  void measure(Metrics& metrics) const;

 private:
  using Failure = HttpsConnection::Failure;
  using Instant = HttpsConnection::Instant;

  struct Job {
    Ticket ticket;
    HandshakeId id;
  };

  struct Seat {
    std::shared_ptr<const Setup> setup;  ///< The setup of the connection.
    std::shared_ptr<HttpsConnection> connection;
    std::optional<Request> request;  ///< The seat's own copy, since the request contains the id.
    std::optional<Job> job;
    bool is_reused = false;  ///< The connection has served a poll before.
    bool is_old = false;     ///< The connection has reached its greatest age.
    Instant retire_at;
    Instant idle_since;
  };

  void assign(const Job& job);
  void begin(Seat& seat);
  bool is_reusable(const Seat& seat) const;
  void renew(Seat& seat);
  Duration next_age();
  void ended(Seat& seat, Failure failure);
  void free_answer(Seat& seat);
  void go_on(Seat& seat);
  void add_seat(const Job& job);
  void put_off(Seat& seat);
  void try_more_seats(Instant now);
  void remove(Seat& seat);
  void watch();
  void check_times();

  asio::any_io_executor executor_;
  std::shared_ptr<const Setup> setup_;
  OnReply on_reply_;
  asio::steady_timer watch_;
  bool is_watching_ = false;
  bool is_stopped_ = false;
  std::uint32_t opened_ = 0;  ///< Connections so far.
  /// The bound of seats_ beside `connections`: those that the system had descriptors for.
  std::size_t most_seats_ = std::numeric_limits<std::size_t>::max();
  Instant more_seats_at_{};
  std::vector<std::unique_ptr<Seat>> seats_;
  AnswerMemory memory_;
  Metrics counters_;
  std::optional<Wall> certificate_expiry_;  ///< As the latest connection showed it.
  std::vector<Seat*> idle_;                 ///< The most recently used seat is the last.
  Ring<std::optional<Job>> waiting_;        ///< The polls that wait for a seat.
};

void HttpsPoller::Pool::start(Ticket ticket, const HandshakeId& id) {
  if (is_stopped_) return;
  assign({ticket, id});
  if (!is_watching_) watch();
}

/// Gives the poll a seat, or makes it wait for one.
void HttpsPoller::Pool::assign(const Job& job) {
  if (!idle_.empty()) {
    Seat& seat = *idle_.back();
    idle_.pop_back();
    seat.job = job;
    begin(seat);
  } else if (seats_.size() >= std::min<std::size_t>(setup_->connections, most_seats_)) {
    waiting_.push(job);
  } else {
    add_seat(job);
  }
}

void HttpsPoller::Pool::add_seat(const Job& job) {
  Seat& seat = *seats_.emplace_back(std::make_unique<Seat>());
  seat.job = job;
  begin(seat);
}

/// Makes the poll of a seat wait until another seat is free, or until one more may be tried: the
/// server was not asked, so this is no failure of it.
void HttpsPoller::Pool::put_off(Seat& seat) {
  const Job job = *seat.job;
  remove(seat);
  most_seats_ = seats_.size();
  more_seats_at_ = Instant::clock::now() + limits::kShortageRetry;
  assign(job);
}

/// Tries one more seat after a shortage.
void HttpsPoller::Pool::try_more_seats(Instant now) {
  if (!is_short() || now < more_seats_at_) return;
  ++most_seats_;
  more_seats_at_ = now + limits::kShortageRetry;
  if (!waiting_.empty() && seats_.size() < most_seats_) add_seat(*waiting_.pop());
}

/// Sends the poll of a seat that has a job, on its connection or on a fresh one.
void HttpsPoller::Pool::begin(Seat& seat) {
  seat.is_reused = is_reusable(seat) && seat.connection->is_silent();
  if (!seat.is_reused) renew(seat);
  seat.connection->exchange(seat.request->text_for(seat.job->id));
}

bool HttpsPoller::Pool::is_reusable(const Seat& seat) const {
  return seat.connection && seat.connection->is_idle() && seat.setup == setup_ && !seat.is_old;
}

void HttpsPoller::Pool::renew(Seat& seat) {
  if (seat.connection) seat.connection->close();
  seat.setup = setup_;
  seat.request.emplace(setup_->request);
  seat.is_old = false;
  seat.retire_at = Instant::clock::now() + next_age();
  HttpsConnection::Events events{
      .on_end = [this, &seat](Failure failure) { ended(seat, std::move(failure)); },
      .on_lost = [this, &seat] { remove(seat); },
      .on_large =
          [this, &seat](std::size_t bytes) {
            memory_.claim(&seat, bytes, [&seat, bytes] { seat.connection->grant(bytes); });
          },
      .on_open = [this](Wall expiry) { certificate_expiry_ = expiry; }};
  seat.connection = std::make_shared<HttpsConnection>(executor_, setup_->target, std::move(events));
}

/// Returns the greatest age of the next connection. The ages differ by up to a quarter, so that
/// connections that were opened at the same time are not all renewed at the same time.
Duration HttpsPoller::Pool::next_age() {
  constexpr std::uint32_t kSteps = 16;
  const auto step = opened_++ % kSteps;
  return setup_->connection_age - setup_->connection_age / 4 * step / kSteps;
}

void HttpsPoller::Pool::ended(Seat& seat, Failure failure) {
  const auto self = shared_from_this();  // A reply may destroy the poller.
  const auto connection = seat.connection;
  const bool died_idle = seat.is_reused && failure &&
                         failure->kind == TransportFailure::Kind::reset &&
                         connection->is_unanswered();
  if (died_idle) return begin(seat);
  const bool was_asked = !connection->is_unanswered();
  if (failure && failure->kind == TransportFailure::Kind::shortage && !was_asked)
    return put_off(seat);
  if (const auto lasted = connection->lasted(Instant::clock::now()))
    counters_.observe(Metric::poll_duration, std::chrono::duration<double>(*lasted).count());
  const Ticket ticket = seat.job->ticket;
  if (failure) {
    connection->body().clear();
    on_reply_(ticket, *std::move(failure), connection->body());
  } else {
    const auto response = connection->response();
    const bool is_answer = response.status == 200 || response.status == 203;
    const bool is_doubtful = is_answer && !names(response.body, seat.job->id.view());
    on_reply_(ticket, response, connection->body());
    if (is_doubtful) connection->close();
  }
  if (is_stopped_) return;
  free_answer(seat);
  go_on(seat);
}

void HttpsPoller::Pool::measure(Metrics& metrics) const {
  metrics.merge(counters_);
  if (!certificate_expiry_) return;
  const auto unix_s = std::chrono::duration<double>(certificate_expiry_->time_since_epoch());
  metrics.set(Metric::certificate_expiry, unix_s.count());
}

/// Frees what is left of a large answer, and gives its memory back.
void HttpsPoller::Pool::free_answer(Seat& seat) {
  if (!memory_.has(&seat)) return;
  seat.connection->body() = std::string();
  memory_.give_back(&seat);
}

/// Continues after a poll: the seat serves the next one, becomes idle, or is removed.
void HttpsPoller::Pool::go_on(Seat& seat) {
  seat.job.reset();
  const bool is_one_too_many = seats_.size() > setup_->connections;
  if (!waiting_.empty() && !is_one_too_many) {
    seat.job = waiting_.pop();
    begin(seat);
  } else if (is_one_too_many || !is_reusable(seat)) {
    remove(seat);
  } else {
    seat.idle_since = Instant::clock::now();
    seat.connection->watch();
    idle_.push_back(&seat);
  }
}

void HttpsPoller::Pool::remove(Seat& seat) {
  seat.connection->close();
  free_answer(seat);
  std::erase(idle_, &seat);
  std::erase_if(seats_, [&seat](const auto& other) { return other.get() == &seat; });
}

void HttpsPoller::Pool::stop() {
  if (std::exchange(is_stopped_, true)) return;
  watch_.cancel();
  waiting_ = {};
  memory_.clear();
  idle_.clear();
  for (const auto& seat : seats_) {
    seat->connection->close();
    seat->setup->target->addresses->stop();
  }
  setup_->target->addresses->stop();
}

Result<void> HttpsPoller::Pool::reconfigure(HttpsPollerSettings settings) {
  auto setup = make_setup(executor_, std::move(settings), setup_.get());
  if (!setup) return setup.error();
  setup_ = *std::move(setup);
  memory_.set_limit(setup_->answer_memory_bytes);
  while (!idle_.empty()) remove(*idle_.back());
  return {};
}

/// Checks the times of all seats at intervals. One timer for all seats costs less than one that is
/// set for each poll; therefore an exchange may last a tenth longer than `request_timeout`.
void HttpsPoller::Pool::watch() {
  constexpr auto kLongest = std::chrono::milliseconds(250);
  is_watching_ = true;
  watch_.expires_after(std::min<Duration>(setup_->request_timeout / 10, kLongest));
  watch_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (cancelled) return;
    self->check_times();
    // The flag is cleared only now: a reply starts polls, and each would postpone the next check.
    self->is_watching_ = false;
    const bool has_polls = !self->seats_.empty() || !self->waiting_.empty();
    if (has_polls && !self->is_stopped_) self->watch();
  });
}

void HttpsPoller::Pool::check_times() {
  const auto now = Instant::clock::now();
  try_more_seats(now);
  while (!idle_.empty() && now - idle_.front()->idle_since > limits::kIdleConnection) {
    remove(*idle_.front());
  }
  for (const auto& seat : seats_) seat->is_old = now >= seat->retire_at;
  for (std::size_t i = idle_.size(); i-- > 0;) {
    if (idle_[i]->is_old) remove(*idle_[i]);
  }
  // The late connections are collected first, since a reply may change the seats.
  std::vector<std::shared_ptr<HttpsConnection>> late;
  for (const auto& seat : seats_) {
    if (seat->connection->is_late(now)) late.push_back(seat->connection);
  }
  for (const auto& connection : late) connection->end_if_late(now);
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

void HttpsPoller::keep(std::size_t bytes) { pool_->keep(bytes); }

void HttpsPoller::stop() { pool_->stop(); }

void HttpsPoller::measure(Metrics& metrics) const { pool_->measure(metrics); }

bool HttpsPoller::is_short() const { return pool_->is_short(); }

Result<void> HttpsPoller::reconfigure(HttpsPollerSettings settings) {
  return pool_->reconfigure(std::move(settings));
}

}  // namespace attestrd
