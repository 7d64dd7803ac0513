#include "daemon/cli/control_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "files/posix_calls.h"

namespace attestrd {
namespace {

constexpr timeval kTimeout{5, 0};
constexpr timeval kDownloadTimeout{600, 0};  ///< Also of answers that take long.
constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::string_view kGoodStatus = "HTTP/1.1 200 ";
constexpr std::string_view kUnknownStatus = "HTTP/1.1 404 ";
constexpr std::string_view kNotAllowedStatus = "HTTP/1.1 405 ";
constexpr std::string_view kConflictStatus = "HTTP/1.1 409 ";
constexpr std::string_view kUnavailableStatus = "HTTP/1.1 503 ";
constexpr std::string_view kHeaderEnd = "\r\n\r\n";
constexpr std::string_view kLinkField = "\r\nLink: <";
constexpr std::string_view kLengthField = "\r\nContent-Length: ";  ///< As the daemon writes it.

/// Repeats a call that a signal has interrupted: with a timeout, a socket returns EINTR also after
/// the process was stopped and continued (signal(7)).
ssize_t again_if_interrupted(const auto& call) {
  for (;;)
    if (const ssize_t done = call(); done >= 0 || errno != EINTR) return done;
}

/// A client connection to a unix socket.
class Connection {
 public:
  explicit Connection(const std::filesystem::path& path, const timeval& timeout = kTimeout)
      : path_(path.string()),
        timeout_(timeout),
        descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

  Result<void> connect();
  Result<void> send(std::string_view request);
  Result<std::string> receive();
  /// Reads what has come, at most as much as `room`; nothing: the server has closed the connection.
  Result<std::string_view> receive_into(std::span<char> room);

 private:
  Error error(std::string_view what) const;

  std::string path_;
  timeval timeout_;
  Descriptor descriptor_;
};

Error Connection::error(std::string_view what) const {
  const bool is_absent = errno == ENOENT || errno == ECONNREFUSED;
  const bool is_forbidden = errno == EACCES || errno == EPERM;
  const auto code = is_absent      ? Errc::not_found
                    : is_forbidden ? Errc::permission_denied
                                   : Errc::unavailable;
  return fail(code, fmt::format("{}: {}: {}", path_, what, std::generic_category().message(errno)));
}

Result<void> Connection::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof(address.sun_path)) {
    return fail(Errc::invalid_config, path_ + ": too long for the path of a socket");
  }
  std::copy(path_.begin(), path_.end(), address.sun_path);
  ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout_, sizeof(timeout_));
  ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout_, sizeof(timeout_));
  if (::connect(descriptor_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {
    return error("can't reach the daemon");
  }
  return {};
}

Result<void> Connection::send(std::string_view request) {
  while (!request.empty()) {
    const ssize_t sent = again_if_interrupted(
        [&] { return ::send(descriptor_.get(), request.data(), request.size(), MSG_NOSIGNAL); });
    if (sent < 0) return error("can't ask the daemon");
    request.remove_prefix(static_cast<std::size_t>(sent));
  }
  return {};
}

/// Reads the answer up to its end, where the server closes the connection.
Result<std::string> Connection::receive() {
  std::string answer;
  std::array<char, 4096> room{};
  while (answer.size() < kMostBytes) {
    const auto got = receive_into(room);
    if (!got) return got.error();
    if (got->empty()) break;
    answer.append(*got);
  }
  return answer;
}

Result<std::string_view> Connection::receive_into(std::span<char> room) {
  const ssize_t got =
      again_if_interrupted([&] { return ::recv(descriptor_.get(), room.data(), room.size(), 0); });
  if (got < 0) return error("the daemon does not answer");
  return std::string_view(room.data(), static_cast<std::size_t>(got));
}

Error unexpected(const std::filesystem::path& socket, std::string_view answer) {
  const auto first_line = answer.substr(0, std::min<std::size_t>(answer.find("\r\n"), 80));
  return fail(Errc::unavailable, fmt::format("{}: unexpected answer '{}'; is it attestrd's?",
                                             socket.string(), first_line));
}

/// Returns the target in the Link field, or an empty text if there is none.
std::string next_page_of(std::string_view head) {
  const auto field = head.find(kLinkField);
  if (field == head.npos) return {};
  head.remove_prefix(field + kLinkField.size());
  return std::string(head.substr(0, head.find('>')));
}

/// Returns the length of the body, or nothing if the head does not give it.
std::optional<std::uint64_t> length_of(std::string_view head) {
  const auto field = head.find(kLengthField);
  if (field == head.npos) return std::nullopt;
  head.remove_prefix(field + kLengthField.size());
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(head.data(), head.data() + head.size(), length);
  return error == std::errc() ? std::optional(length) : std::nullopt;
}

Error incomplete(const std::filesystem::path& socket) {
  return fail(Errc::unavailable,
              socket.string() + ": the daemon's answer is not complete: try again");
}

/// Judges a complete answer. 200 is a positive one, `status_of_no` a negative one; any other status
/// is an error.
Result<DaemonAnswer> judge(const std::filesystem::path& socket, const std::string& answer,
                           std::string_view status_of_no) {
  const auto header_end = answer.find(kHeaderEnd);
  if (header_end == answer.npos) return unexpected(socket, answer);
  auto body = answer.substr(header_end + kHeaderEnd.size());
  const std::string_view head(answer.data(), header_end);
  if (const auto length = length_of(head); length && *length != body.size())
    return incomplete(socket);
  if (answer.starts_with(kGoodStatus)) {
    return DaemonAnswer{true, std::move(body), next_page_of(head)};
  }
  if (answer.starts_with(status_of_no)) return DaemonAnswer{false, std::move(body)};
  if (answer.starts_with(kUnknownStatus) || answer.starts_with(kNotAllowedStatus))
    return fail(Errc::unavailable,
                socket.string() + ": the daemon that runs does not know this command: restart it");
  if (!answer.starts_with(kUnavailableStatus)) return unexpected(socket, answer);
  body.erase(std::min(body.find('\n'), body.size()));
  return fail(Errc::unavailable, fmt::format("{}: {}", socket.string(), body));
}

Result<void> connect_and_send(Connection& connection, std::string_view request) {
  if (auto connected = connection.connect(); !connected) return connected;
  return connection.send(request);
}

/// Sends a complete request and judges the answer.
Result<DaemonAnswer> exchange(const std::filesystem::path& socket, std::string_view request,
                              std::string_view status_of_no, const timeval& timeout = kTimeout) {
  Connection connection(socket, timeout);
  if (auto sent = connect_and_send(connection, request); !sent) return sent.error();
  const auto answer = connection.receive();
  if (!answer) return answer.error();
  return judge(socket, *answer, status_of_no);
}

/// Reads the head of an answer and what came with it.
Result<std::string> receive_head(Connection& connection, std::span<char> room) {
  std::string answer;
  while (answer.find(kHeaderEnd) == answer.npos && answer.size() < kMostBytes) {
    const auto got = connection.receive_into(room);
    if (!got) return got.error();
    if (got->empty()) break;
    answer.append(*got);
  }
  return answer;
}

/// Returns the request line and the fields that every request has.
std::string head_of(std::string_view method, std::string_view target, std::string_view accept) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: attestrd\r\nAccept: {}\r\nConnection: close\r\n",
                     method, target, accept);
}

std::string post_of(std::string_view target, std::string_view accept, std::string_view body) {
  const auto fields =
      fmt::format("Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.size());
  auto request = head_of("POST", target, accept) + fields;
  return request.append(body);
}

}  // namespace

Result<DaemonAnswer> ask_daemon_about(const std::filesystem::path& socket, std::string_view target,
                                      std::string_view accept) {
  return exchange(socket, head_of("GET", target, accept) + "\r\n", kUnknownStatus);
}

Result<DaemonAnswer> ask_daemon_page(const std::filesystem::path& socket, std::string_view target) {
  return exchange(socket, head_of("GET", target, "application/json") + "\r\n", kGoodStatus);
}

Result<DaemonAnswer> post_to_daemon(const std::filesystem::path& socket, std::string_view target,
                                    std::string_view accept, std::string_view body) {
  return exchange(socket, post_of(target, accept, body), kConflictStatus);
}

Result<DaemonAnswer> post_and_wait(const std::filesystem::path& socket, std::string_view target,
                                   std::string_view accept, std::string_view body) {
  return exchange(socket, post_of(target, accept, body), kConflictStatus, kDownloadTimeout);
}

Result<void> download_from_daemon(const std::filesystem::path& socket, std::string_view target,
                                  const std::function<Result<void>(std::string_view)>& on_part) {
  Connection connection(socket, kDownloadTimeout);
  const auto request = head_of("POST", target, "*/*") + "Content-Length: 0\r\n\r\n";
  if (auto sent = connect_and_send(connection, request); !sent) return sent;
  std::array<char, 65536> room{};
  auto answer = receive_head(connection, room);
  if (!answer) return answer.error();
  if (!answer->starts_with(kGoodStatus)) {
    const auto rest = connection.receive();
    if (!rest) return rest.error();
    const auto refusal = judge(socket, *answer + *rest, kGoodStatus);
    return refusal ? unexpected(socket, *answer) : refusal.error();
  }
  const auto head_bytes = std::min(answer->find(kHeaderEnd), answer->size());
  const auto length = length_of(std::string_view(*answer).substr(0, head_bytes));
  if (!length) return unexpected(socket, *answer);
  std::string_view part(*answer);
  part.remove_prefix(std::min(head_bytes + kHeaderEnd.size(), part.size()));
  for (std::uint64_t got = part.size();; got += part.size()) {
    if (const auto passed = on_part(part); !passed) return passed;
    if (got == *length) return {};
    const auto next = connection.receive_into(room);
    if (!next) return next.error();
    if (next->empty() || got + next->size() > *length) return incomplete(socket);
    part = *next;
  }
}

Result<std::string> ask_daemon(const std::filesystem::path& socket, std::string_view target,
                               std::string_view accept) {
  auto answer = ask_daemon_about(socket, target, accept);
  if (!answer) return answer.error();
  if (!answer->is_found) return unexpected(socket, kUnknownStatus);
  return std::move(answer->body);
}

}  // namespace attestrd
