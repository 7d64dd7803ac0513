#include "daemon/control/control_server.h"

#include <sys/stat.h>
#include <unistd.h>

#include "daemon/control/control_listen.h"

namespace attestrd {

ControlServer::SocketFile::~SocketFile() {
  if (!path_.empty() && is_in_place()) ::unlink(path_.c_str());
}

void ControlServer::SocketFile::own(std::string path) {
  path_ = std::move(path);
  identity_ = identity_of(path_);
}

bool ControlServer::SocketFile::is_in_place() const {
  return identity_ && identity_of(path_) == identity_;
}

std::optional<ControlServer::SocketFile::Identity> ControlServer::SocketFile::identity_of(
    const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return std::nullopt;
  return Identity(info.st_dev, info.st_ino);
}

ControlServer::ControlServer(boost::asio::io_context& loop, const Config::Admin& admin,
                             Router routes)
    : loop_(&loop),
      server_(loop, std::move(routes),
              {.name = "attestrd",
               .too_late = "the disk is too slow to look it up",
               .host_names = HostNames(names_of_this_host(admin.host_names))}) {}

Result<ControlServer> ControlServer::open(boost::asio::io_context& loop, const Config::Admin& admin,
                                          Router routes) {
  // If a step fails, the destructor closes the sockets of the earlier steps.
  ControlServer control(loop, admin, std::move(routes));
  if (admin.listen) {
    auto acceptor = listen_tcp(loop, *admin.listen, "admin.listen");
    if (!acceptor) return acceptor.error();
    control.server_.serve(std::move(*acceptor));
  }
  if (!admin.socket.empty()) {
    control.path_ = admin.socket.string();
    if (auto listening = control.listen(control.path_); !listening) return listening.error();
  }
  return control;
}

Result<void> ControlServer::listen(const std::string& path) {
  auto acceptor = listen_local(*loop_, path);
  if (!acceptor) return acceptor.error();
  socket_file_.own(path);
  server_.serve(std::move(*acceptor));
  return {};
}

Result<bool> ControlServer::restore_socket() {
  if (path_.empty() || socket_file_.is_in_place()) return false;
  server_.stop_serving(Audience::local);
  if (auto listening = listen(path_); !listening) return listening.error();
  return true;
}

}  // namespace attestrd
