#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <memory>

#include "daemon/control/fleet_questions.h"
#include "queue/postgres/operators/postgres_reader.h"
#include "queue/postgres/postgres_register.h"
#include "runtime/side_thread.h"

namespace attestrd {

/// Asks the database about the handshakes of other nodes, on a thread and a connection of its own:
/// neither the event loop nor the disk worker waits for it. Both begin with the first question.
/// Used on the event loop.
class OtherNodes {
 public:
  OtherNodes(boost::asio::any_io_executor loop, std::unique_ptr<PostgresConnection> connection,
             std::shared_ptr<const SharedMembership> member);

  void locate(const HandshakeId& id, FleetQuestions::OnLocated on_located);
  void list(RowsQuery query, FleetQuestions::OnPage on_page);

 private:
  template <class Answer>
  void run(std::function<Answer()> ask, std::function<void(Answer)> on_answer);

  PostgresReader reader_;  ///< Belongs to the thread.
  std::shared_ptr<const SharedMembership> member_;
  SideThread thread_;
};

}  // namespace attestrd
