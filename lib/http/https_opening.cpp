#include "http/https_opening.h"

#include <boost/asio/error.hpp>

#include <utility>

namespace attestrd {

namespace asio = boost::asio;
using Kind = TransportFailure::Kind;

HttpsOpening::HttpsOpening(asio::any_io_executor executor,
                           std::shared_ptr<const HttpsTarget> target)
    : executor_(std::move(executor)), target_(std::move(target)) {}

asio::awaitable<HttpsOpening::Opened> HttpsOpening::run() {
  const auto until = HttpsRace::Instant::clock::now() + target_->settings.connect_timeout;
  auto addresses = co_await target_->addresses->find(until);
  if (!addresses) {
    const bool is_late = addresses.error() == asio::error::timed_out;
    const auto why = is_late ? "no answer from DNS in time" : addresses.error().message();
    const auto kind = is_shortage(addresses.error()) ? Kind::shortage : Kind::resolve;
    TransportFailure failure{kind, target_->peer_name() + ": " + why};
    co_return failure;
  }
  const auto& source = target_->settings.source_address;
  auto tried = addresses_to_try(*std::move(addresses), source);
  if (tried.empty()) {
    co_return TransportFailure{Kind::connect, target_->peer_name() +
                                                  ": no address of the family of "
                                                  "api.source_address (" +
                                                  source + ")"};
  }
  const auto race = std::make_shared<HttpsRace>(executor_, target_, std::move(tried), until);
  race_ = race;
  if (is_abandoned_) race->end();
  co_return co_await race->run();
}

void HttpsOpening::abandon() {
  is_abandoned_ = true;
  if (const auto race = race_.lock()) race->end();
}

}  // namespace attestrd
