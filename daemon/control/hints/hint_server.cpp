#include "daemon/control/hints/hint_server.h"

#include <string>
#include <utility>
#include <vector>

#include "daemon/control/control_listen.h"
#include "daemon/control/hints/hint_request.h"
#include "http/https_tls.h"

namespace attestrd {
namespace {

// Attestr sends each webhook on a connection of its own.
constexpr std::size_t kClients = 64;

}  // namespace

HintServer::HintServer(boost::asio::io_context& loop, const HintSecrets& secrets, Hint hint)
    : hint_(std::move(hint)),
      server_(loop, router(),
              {.name = "attestrd",
               .too_late = "try again",
               .authorizes =
                   [this, token = HintToken(secrets.token)](std::string_view authorization) {
                     const bool is_authorized = token.is_in(authorization);
                     if (!is_authorized) counters_.add(Metric::hints, "unauthorized");
                     return is_authorized;
                   },
               .clients = kClients}) {}

Result<std::unique_ptr<HintServer>> HintServer::open(boost::asio::io_context& loop,
                                                     const Config::Hints& settings,
                                                     const HintSecrets& secrets, Hint hint) {
  std::unique_ptr<HintServer> server(new HintServer(loop, secrets, std::move(hint)));
  auto acceptor = listen_tcp(loop, *settings.listen, "hints.listen");
  if (!acceptor) return acceptor.error();
  if (!secrets.tls_key) {
    server->server_.serve(std::move(*acceptor));
    return server;
  }
  auto tls = make_server_tls_context(settings.tls_certificate_file.string(),
                                     secrets.tls_key->reveal(), settings.tls_key_file);
  if (!tls) return tls.error();
  server->server_.serve(std::move(*acceptor), std::move(*tls));
  return server;
}

Router HintServer::router() {
  std::vector<Route> routes;
  routes.push_back(
      {"POST", "/", Audience::anybody,
       [this](const ServerRequest& request, const Responder& respond) { take(request, respond); }});
  return Router(std::move(routes));
}

/// The answer does not tell whether the handshake is pending.
void HintServer::take(const ServerRequest& request, const Responder& respond) {
  const auto id = handshake_of_hint(request.body);
  if (!id) {
    counters_.add(Metric::hints, "malformed");
    return respond(plain_response(400, "not a webhook of Attestr"));
  }
  hint_(*id, [this, respond](Hinted hinted) {
    counters_.add(Metric::hints, hinted == Hinted::taken ? "taken" : "unknown");
    respond(plain_response(200, "ok"));
  });
}

}  // namespace attestrd
