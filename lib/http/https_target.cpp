#include "http/https_target.h"

#include <utility>

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
  const bool is_same = before != nullptr && before->settings.endpoint == settings.endpoint;
  auto addresses =
      is_same ? before->addresses : std::make_shared<HttpsAddresses>(executor, settings.endpoint);
  return std::make_shared<const HttpsTarget>(std::move(settings), std::move(tls),
                                             std::move(addresses));
}

}  // namespace attestrd
