#include "daemon/cli/control_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

#include "files/posix_calls.h"

namespace attestrd {
namespace {

constexpr timeval kTimeout{5, 0};
constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::string_view kGoodStatus = "HTTP/1.1 200 ";
constexpr std::string_view kUnknownStatus = "HTTP/1.1 404 ";
constexpr std::string_view kNotAllowedStatus = "HTTP/1.1 405 ";
constexpr std::string_view kConflictStatus = "HTTP/1.1 409 ";
constexpr std::string_view kUnavailableStatus = "HTTP/1.1 503 ";
constexpr std::string_view kHeaderEnd = "\r\n\r\n";

/// A client connection to a unix socket.
class Connection {
 public:
  explicit Connection(const std::filesystem::path& path)
      : path_(path.string()), descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

  Result<void> connect();
  Result<void> send(std::string_view request);
  Result<std::string> receive();

 private:
  Error error(std::string_view what) const;

  std::string path_;
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
  ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof(kTimeout));
  ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof(kTimeout));
  if (::connect(descriptor_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) !=
      0) {
    return error("can't reach the daemon");
  }
  return {};
}

Result<void> Connection::send(std::string_view request) {
  while (!request.empty()) {
    const ssize_t sent = ::send(descriptor_.get(), request.data(), request.size(), MSG_NOSIGNAL);
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
    const ssize_t got = ::recv(descriptor_.get(), room.data(), room.size(), 0);
    if (got < 0) return error("the daemon does not answer");
    if (got == 0) break;
    answer.append(room.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

Error unexpected(const std::filesystem::path& socket, std::string_view answer) {
  const auto first_line = answer.substr(0, std::min<std::size_t>(answer.find("\r\n"), 80));
  return fail(Errc::unavailable, fmt::format("{}: unexpected answer '{}'; is it attestrd's?",
                                             socket.string(), first_line));
}

/// Sends a complete request and reads the answer. 200 is a positive answer, `status_of_no` a
/// negative one; any other status is an error.
Result<DaemonAnswer> exchange(const std::filesystem::path& socket, std::string_view request,
                              std::string_view status_of_no) {
  Connection connection(socket);
  if (auto connected = connection.connect(); !connected) return connected.error();
  if (auto sent = connection.send(request); !sent) return sent.error();
  const auto answer = connection.receive();
  if (!answer) return answer.error();
  const auto header_end = answer->find(kHeaderEnd);
  if (header_end == answer->npos) return unexpected(socket, *answer);
  auto body = answer->substr(header_end + kHeaderEnd.size());
  if (answer->starts_with(kGoodStatus)) return DaemonAnswer{true, std::move(body)};
  if (answer->starts_with(status_of_no)) return DaemonAnswer{false, std::move(body)};
  if (answer->starts_with(kUnknownStatus) || answer->starts_with(kNotAllowedStatus))
    return fail(Errc::unavailable,
                socket.string() + ": the daemon that runs does not know this command: restart it");
  if (!answer->starts_with(kUnavailableStatus)) return unexpected(socket, *answer);
  body.erase(std::min(body.find('\n'), body.size()));
  return fail(Errc::unavailable, fmt::format("{}: {}", socket.string(), body));
}

/// Returns the request line and the fields that every request has.
std::string head_of(std::string_view method, std::string_view target, std::string_view accept) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: attestrd\r\nAccept: {}\r\nConnection: close\r\n",
                     method, target, accept);
}

}  // namespace

std::string id_lines(std::span<const std::string> ids, std::size_t first, std::size_t most) {
  std::string lines;
  for (const auto& id : ids.subspan(first, std::min(most, ids.size() - first))) lines += id + '\n';
  return lines;
}

Result<DaemonAnswer> ask_daemon_about(const std::filesystem::path& socket, std::string_view target,
                                      std::string_view accept) {
  return exchange(socket, head_of("GET", target, accept) + "\r\n", kUnknownStatus);
}

Result<DaemonAnswer> post_to_daemon(const std::filesystem::path& socket, std::string_view target,
                                    std::string_view accept, std::string_view body) {
  const auto fields =
      fmt::format("Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n", body.size());
  auto request = head_of("POST", target, accept) + fields;
  return exchange(socket, request.append(body), kConflictStatus);
}

Result<std::string> ask_daemon(const std::filesystem::path& socket, std::string_view target,
                               std::string_view accept) {
  auto answer = ask_daemon_about(socket, target, accept);
  if (!answer) return answer.error();
  if (!answer->is_found) return unexpected(socket, kUnknownStatus);
  return std::move(answer->body);
}

}  // namespace attestrd
