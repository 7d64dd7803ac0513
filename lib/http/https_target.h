#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "crypto/secret.h"
#include "crypto/secret_memory.h"
#include "http/endpoint.h"

namespace boost::asio::ssl {
class context;
}

namespace attestrd {

class HttpsAddresses;

struct HttpsSettings {
  Endpoint endpoint;
  std::string ca_file;  ///< If empty, the trust store of the system is used.
  std::shared_ptr<boost::asio::ssl::context> trust{};  ///< From read_trust(ca_file); null: read it.
  Duration connect_timeout{};  ///< Until TLS is established, the DNS query included.
  Duration request_timeout{};  ///< From the first byte sent to the last one received.
  std::size_t max_response_bytes = 0;
  std::optional<Endpoint> proxy{};     ///< Connections go through its tunnels.
  std::optional<Secret> proxy_auth{};  ///< `USER:PASSWORD` for the proxy.
  std::string source_address{};        ///< An IP address of this host; empty: any.
};

/// Returns the certificates of `ca_file`, or those of the system's trust store if it is empty.
/// Reads files; may be called on any thread.
Result<std::shared_ptr<boost::asio::ssl::context>> read_trust(const std::string& ca_file);

/// The settings and objects that all connections to one server share.
struct HttpsTarget {
  HttpsSettings settings;
  std::shared_ptr<boost::asio::ssl::context> tls;
  std::shared_ptr<HttpsAddresses> addresses;  ///< Of the peer.
  SecretBytes tunnel_request{};               ///< Empty without a proxy.

  /// Returns the host to which TCP connects: the proxy, or else the server.
  const Endpoint& peer() const { return settings.proxy ? *settings.proxy : settings.endpoint; }
  /// Returns the name of that host for messages.
  std::string peer_name() const { return (settings.proxy ? "proxy " : "host ") + peer().host; }

  /// Returns an error if `ca_file` can't be used. What `before` knows of the addresses is kept if
  /// its peer is the same; it may be null.
  static Result<std::shared_ptr<const HttpsTarget>> make(
      const boost::asio::any_io_executor& executor, HttpsSettings settings,
      const HttpsTarget* before = nullptr);
};

}  // namespace attestrd
