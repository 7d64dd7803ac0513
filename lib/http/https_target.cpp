#include "http/https_target.h"

#include <utility>

#include "http/proxy/connect_request.h"
#include "http/https_addresses.h"
#include "http/https_tls.h"

namespace attestrd {

Result<std::shared_ptr<boost::asio::ssl::context>> read_trust(const std::string& ca_file) {
  return make_tls_context(ca_file);
}

Result<std::shared_ptr<const HttpsTarget>> HttpsTarget::make(
    const boost::asio::any_io_executor& executor, HttpsSettings settings,
    const HttpsTarget* before) {
  auto tls = std::exchange(settings.trust, nullptr);
  if (!tls) {
    auto read = read_trust(settings.ca_file);
    if (!read) return read.error();
    tls = *std::move(read);
  }
  HttpsTarget target{.settings = std::move(settings), .tls = std::move(tls), .addresses = {}};
  if (target.settings.proxy) {
    const auto& credentials = target.settings.proxy_auth;
    target.tunnel_request =
        connect_request(target.settings.endpoint, credentials ? credentials->reveal() : "");
  }
  const bool is_same = before != nullptr && before->peer() == target.peer();
  target.addresses =
      is_same ? before->addresses : std::make_shared<HttpsAddresses>(executor, target.peer());
  return std::make_shared<const HttpsTarget>(std::move(target));
}

}  // namespace attestrd
