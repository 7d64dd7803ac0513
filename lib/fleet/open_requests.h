#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "fleet/node_request.h"

namespace attestrd {

/// The requests of other nodes that this one is carrying out. Each beat shows those that are in the
/// database; this decides which of them to begin. Requests for one handshake are carried out one
/// after the other, in the order of their numbers.
class OpenRequests {
 public:
  /// The greatest number of requests that begin with one beat, so that they do not hold the event
  /// loop. Later beats show the others again.
  static constexpr std::size_t kBegunAtOnce = 256;

  /// Returns the requests to begin, of those that a beat has seen, both in the order of their
  /// numbers.
  std::vector<NodeRequest> begin(const std::vector<NodeRequest>& seen);

  /// Notes that a request was carried out, and is being removed. A beat that was sent before may
  /// still show it.
  void done(const NodeRequest& request);

  /// Notes that a request could not be carried out. If a later beat shows it again, it begins
  /// again.
  void failed(const NodeRequest& request);

 private:
  std::map<std::int64_t, bool> begun_;  ///< By number; true: done.
  std::set<HandshakeId> busy_;          ///< The handshakes of those that are not done.
};

}  // namespace attestrd
