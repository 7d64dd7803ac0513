#include "http/https_address_order.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"

namespace attestrd {

void HttpsAddressOrder::found(List addresses) {
  known_ = std::move(addresses);
  std::erase_if(failed_at_, [this](const auto& failure) { return !knows(failure.first); });
}

bool HttpsAddressOrder::knows(const Address& address) const {
  return std::ranges::find(known_, address) != known_.end();
}

void HttpsAddressOrder::worked(const Address& address) {
  last_good_ = address;
  failed_at_.erase(address);
}

void HttpsAddressOrder::failed(const Address& address, Instant now) {
  if (last_good_ == address) last_good_ = {};
  if (knows(address)) failed_at_[address] = now;
}

HttpsAddressOrder::List HttpsAddressOrder::order(Instant now) const {
  List same, other;
  for (const auto& address : known_) {
    const bool is_same = address.protocol() == known_.front().protocol();
    (is_same ? same : other).push_back(address);
  }
  List order;
  for (std::size_t i = 0; i < std::max(same.size(), other.size()); ++i) {
    if (i < same.size()) order.push_back(same[i]);
    if (i < other.size()) order.push_back(other[i]);
  }
  const auto good = std::ranges::find(order, last_good_);
  if (good != order.end()) std::rotate(order.begin(), good, good + 1);
  const auto failed_at = [this, now](const Address& address) {
    const auto failure = failed_at_.find(address);
    const bool is_recent =
        failure != failed_at_.end() && now - failure->second < limits::kAddressDistrust;
    return is_recent ? failure->second : Instant::min();
  };
  std::ranges::stable_sort(order, {}, failed_at);
  return order;
}

HttpsAddressOrder::List addresses_to_try(HttpsAddressOrder::List ordered,
                                         const std::string& source_address) {
  if (!source_address.empty()) {
    const bool is_v6 = boost::asio::ip::make_address(source_address).is_v6();
    std::erase_if(ordered, [is_v6](const auto& each) { return each.address().is_v6() != is_v6; });
  }
  if (ordered.size() > limits::kAddressesTried) ordered.resize(limits::kAddressesTried);
  return ordered;
}

}  // namespace attestrd
