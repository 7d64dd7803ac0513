#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace attestrd {

/// The known addresses of one host and the order in which to try them.
class HttpsAddressOrder {
 public:
  using Address = boost::asio::ip::tcp::endpoint;
  using List = std::vector<Address>;
  using Instant = std::chrono::steady_clock::time_point;

  /// Takes the addresses that are known from now on.
  void found(List addresses);

  /// Reports that the server at this address has answered: it is tried first from now on.
  void worked(const Address& address);

  /// Reports that no connection to this address could be opened, or that its server did not answer
  /// or only with an error of its own: other addresses are tried first for kAddressDistrust.
  void failed(const Address& address, Instant now);

  bool is_empty() const { return known_.empty(); }

  /// Returns all addresses: the one that worked last, then both families by turns (RFC 8305, 4),
  /// then those that have failed lately, the oldest failure first.
  List order(Instant now) const;

 private:
  bool knows(const Address& address) const;

  List known_;
  Address last_good_;
  std::map<Address, Instant> failed_at_;  ///< Known addresses only.
};

/// Returns the first limits::kAddressesTried of the addresses to which a connection from the source
/// address can lead: those of its family; empty: any.
HttpsAddressOrder::List addresses_to_try(HttpsAddressOrder::List ordered,
                                         const std::string& source_address);

}  // namespace attestrd
