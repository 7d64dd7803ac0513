#include "daemon/control/control_server.h"

#include <unistd.h>

#include "daemon/control/control_listen.h"

namespace attestrd {

ControlServer::SocketFile::~SocketFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

ControlServer::ControlServer(boost::asio::io_context& loop, Router routes)
    : server_(loop, std::move(routes),
              {.name = "attestrd", .too_late = "the disk is too slow to look it up"}) {}

Result<ControlServer> ControlServer::open(boost::asio::io_context& loop, const Config::Admin& admin,
                                          Router routes) {
  // If a step fails, the destructor closes the sockets of the earlier steps.
  ControlServer control(loop, std::move(routes));
  if (admin.listen) {
    auto acceptor = listen_tcp(loop, *admin.listen);
    if (!acceptor) return acceptor.error();
    control.server_.serve(std::move(*acceptor));
  }
  if (!admin.socket.empty()) {
    auto acceptor = listen_local(loop, admin.socket.string());
    if (!acceptor) return acceptor.error();
    control.socket_file_.own(admin.socket.string());
    control.server_.serve(std::move(*acceptor));
  }
  return control;
}

}  // namespace attestrd
