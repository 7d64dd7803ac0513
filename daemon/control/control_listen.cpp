#include "daemon/control/control_listen.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace attestrd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr mode_t kSocketMode = 0660;

/// Returns whether a server listens there. A full backlog counts as an answer.
bool is_answered(asio::io_context& loop, const Local::endpoint& endpoint) {
  error_code error;
  Local::socket probe(loop);
  probe.open(Local(), error);
  probe.non_blocking(true, error);
  probe.connect(endpoint, error);
  return !error || error == asio::error::would_block || error == asio::error::try_again;
}

/// Removes a stale socket file. Fails if a server uses it, or if it is not a socket.
Result<void> clear_socket_path(asio::io_context& loop, const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return {};  // bind() reports the error, if any.
  if (!S_ISSOCK(info.st_mode)) {
    return fail(Errc::invalid_config,
                fmt::format("{}: is no socket; name another path in admin.socket", path));
  }
  if (is_answered(loop, Local::endpoint(path))) {
    return fail(Errc::unavailable,
                fmt::format("{}: another attestrd answers there; stop it, or name another path in "
                            "admin.socket",
                            path));
  }
  ::unlink(path.c_str());
  return {};
}

Error listen_error(const error_code& error, const std::string& where, std::string_view key) {
  const bool is_taken = error == asio::error::address_in_use;
  const bool is_forbidden = error == asio::error::access_denied;
  const auto is_one_of = [&error](std::initializer_list<int> codes) {
    return std::ranges::find(codes, error.value()) != codes.end();
  };
  const auto code = is_taken                                       ? Errc::unavailable
                    : is_forbidden                                 ? Errc::permission_denied
                    : is_one_of({ENOSPC, EDQUOT})                  ? Errc::disk_full
                    : is_one_of({EMFILE, ENFILE, ENOMEM, ENOBUFS}) ? Errc::shortage
                                                                   : Errc::invalid_config;
  const bool has_no_folder = error == boost::system::errc::no_such_file_or_directory;
  return fail(code, fmt::format("{}: can't listen there ({}): {}{}", where, key, error.message(),
                                has_no_folder ? "; make its folder first" : ""));
}

}  // namespace

Result<Local::acceptor> listen_local(asio::io_context& loop, const std::string& path) {
  constexpr std::size_t kMostBytes = sizeof(sockaddr_un::sun_path) - 1;
  if (path.size() > kMostBytes) {
    return fail(Errc::invalid_config,
                fmt::format("{}: the path of a socket may have {} bytes; set a shorter "
                            "admin.socket",
                            path, kMostBytes));
  }
  if (auto cleared = clear_socket_path(loop, path); !cleared) return cleared.error();

  error_code error;
  Local::acceptor acceptor(loop);
  acceptor.open(Local(), error);
  // fchmod() before bind(), so that the file never has more permissions than that; chmod() after
  // it, so that the umask does not remove any.
  if (!error) ::fchmod(acceptor.native_handle(), kSocketMode);
  if (!error) acceptor.bind(Local::endpoint(path), error);
  if (!error) ::chmod(path.c_str(), kSocketMode);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return listen_error(error, path, "admin.socket");
  return acceptor;
}

Result<tcp::acceptor> listen_tcp(asio::io_context& loop, const tcp::endpoint& endpoint,
                                 std::string_view key) {
  error_code error;
  tcp::acceptor acceptor(loop);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const auto where = fmt::format("{}:{}", endpoint.address().to_string(), endpoint.port());
    return listen_error(error, where, key);
  }
  return acceptor;
}

std::vector<std::string> names_of_this_host(std::vector<std::string> others) {
  std::array<char, HOST_NAME_MAX + 1> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return others;
  const std::string name(buffer.data());
  if (name.empty()) return others;
  others.push_back(name);
  if (const auto dot = name.find('.'); dot != name.npos) others.push_back(name.substr(0, dot));
  return others;
}

}  // namespace attestrd
