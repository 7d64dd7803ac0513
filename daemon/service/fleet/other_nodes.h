#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/control/fleet/fleet_questions.h"
#include "queue/postgres/operators/postgres_reader.h"
#include "queue/postgres/postgres_register.h"
#include "runtime/side_thread.h"

namespace attestrd {

/// Asks the database about the handshakes of other nodes, on a thread and a connection of its own:
/// neither the event loop nor the disk worker waits for it. Both begin with the first question.
/// Used on the event loop.
class OtherNodes {
 public:
  /// A node that is asked for something does it with a beat: it is waited for as long as two beats
  /// of a lease take.
  OtherNodes(boost::asio::io_context& loop, std::unique_ptr<PostgresConnection> connection,
             std::shared_ptr<const SharedMembership> member, Duration lease);

  /// Returns the queries that routes make; `node` is the name of this one.
  FleetQuestions questions(std::string node);

  void locate(std::vector<HandshakeId> ids, FleetQuestions::OnLocated on_located);
  void ask(RequestVerb verb, std::vector<HandshakeId> ids, FleetQuestions::OnAsked on_asked);
  void list(RowsQuery query, FleetQuestions::OnPage on_page);

 private:
  struct Asking;

  void wait(const std::shared_ptr<Asking>& asking);
  void look(const std::shared_ptr<Asking>& asking);
  void finish(const std::shared_ptr<Asking>& asking);
  template <class Answer>
  void run(std::function<Answer()> ask, std::function<void(Answer)> on_answer);

  boost::asio::io_context& loop_;
  PostgresReader reader_;  ///< Belongs to the thread.
  std::shared_ptr<const SharedMembership> member_;
  Duration patience_;
  SideThread thread_;
};

}  // namespace attestrd
