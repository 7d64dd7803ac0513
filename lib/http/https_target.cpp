#include "http/https_target.h"

#include <utility>

#include "http/https_addresses.h"
#include "http/https_tls.h"

namespace attestrd {

Result<std::shared_ptr<const HttpsTarget>> HttpsTarget::make(
    const boost::asio::any_io_executor& executor, HttpsSettings settings,
    const HttpsTarget* before) {
  auto tls = make_tls_context(settings.ca_file);
  if (!tls) return tls.error();
  const bool is_same = before != nullptr && before->settings.endpoint == settings.endpoint;
  auto addresses =
      is_same ? before->addresses : std::make_shared<HttpsAddresses>(executor, settings.endpoint);
  return std::make_shared<const HttpsTarget>(std::move(settings), *std::move(tls),
                                             std::move(addresses));
}

}  // namespace attestrd
