#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/exchange.h"
#include "http/https_target.h"

namespace attestrd {

/// A certificate in the chain that proves who the server is.
struct ChainCertificate {
  std::string subject;  ///< By RFC 2253, with control characters escaped; may be empty.
  Wall valid_until{};
};

/// The peer of a connection over TLS.
struct TlsPeer {
  std::string address;  ///< The address to which TCP connected, be it a proxy; no port.
  std::string version;  ///< Such as `TLSv1.3`.
  std::vector<ChainCertificate> chain;  ///< From the server's to a trusted one.
};

/// An HTTP response with its own memory.
struct ProbeResponse {
  unsigned status = 0;
  std::string date;
  std::string content_encoding;
  std::string body;

  HttpResponse view() const {
    return {.status = status,
            .retry_after = {},
            .date = date,
            .content_encoding = content_encoding,
            .body = body};
  }
};

/// The findings of one request over a new connection, as far as it got.
struct ProbeReport {
  std::vector<std::string> addresses;  ///< Of the server or of its proxy; empty: none were found.
  std::optional<TlsPeer> peer;
  std::optional<ProbeResponse> response;
  std::optional<TransportFailure> failure;  ///< Absent if there is a response.
};

/// Sends one request over a new connection, as the poller would, and waits for the answer. Error:
/// the trust store can't be used.
Result<ProbeReport> probe_https(HttpsSettings settings, std::string_view request);

}  // namespace attestrd
