#include "daemon/service/fleet/fleet_database.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

namespace attestrd {

std::string fleet_node_name(const Config& config) {
  if (!config.postgres.node.empty()) return config.postgres.node;
  std::array<char, 256> name{};
  static_cast<void>(!::gethostname(name.data(), name.size() - 1));
  return name.data();
}

Result<std::unique_ptr<PostgresConnection>> fleet_database(const Config& config,
                                                           const std::optional<Secret>& password,
                                                           const std::string& application) {
  PostgresAddress address;
  address.uri = config.postgres.url;
  if (password) address.password = password->reveal();
  address.ca_file = config.postgres.ca_file.string();
  address.application = application;
  // A beat that waits longer is late, and a round that waits longer is tried again.
  address.connect_within = std::min<Duration>(address.connect_within, config.postgres.lease / 5);
  address.answer_within = std::min<Duration>(address.answer_within, config.postgres.lease / 2);
  return PostgresConnection::make(std::move(address));
}

}  // namespace attestrd
