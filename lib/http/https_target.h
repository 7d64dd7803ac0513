#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
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
};

/// Returns the certificates of `ca_file`, or those of the system's trust store if it is empty.
/// Reads files; may be called on any thread.
Result<std::shared_ptr<boost::asio::ssl::context>> read_trust(const std::string& ca_file);

/// The settings and objects that all connections to one server share.
struct HttpsTarget {
  HttpsSettings settings;
  std::shared_ptr<boost::asio::ssl::context> tls;
  std::shared_ptr<HttpsAddresses> addresses;

  /// Returns an error if `ca_file` can't be used. What `before` knows of the addresses is kept if
  /// its host is the same; it may be null.
  static Result<std::shared_ptr<const HttpsTarget>> make(
      const boost::asio::any_io_executor& executor, HttpsSettings settings,
      const HttpsTarget* before = nullptr);
};

}  // namespace attestrd
