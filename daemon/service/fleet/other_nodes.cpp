#include "daemon/service/fleet/other_nodes.h"

#include <functional>
#include <optional>
#include <utility>

#include "queue/postgres/postgres_connection.h"

namespace attestrd {

OtherNodes::OtherNodes(boost::asio::any_io_executor loop,
                       std::unique_ptr<PostgresConnection> connection,
                       std::shared_ptr<const SharedMembership> member)
    : reader_(std::move(connection)), member_(std::move(member)), thread_(std::move(loop)) {}

void OtherNodes::locate(const HandshakeId& id, FleetQuestions::OnLocated on_located) {
  run<Result<LocatedHandshake>>([this, id] { return reader_.find(id); }, std::move(on_located));
}

void OtherNodes::list(RowsQuery query, FleetQuestions::OnPage on_page) {
  const auto own = member_->get();
  query.without_instance = own.instance;
  query.without_spool = own.spool;
  run<Result<RowsPage>>([this, query = std::move(query)] { return reader_.page(query); },
                        std::move(on_page));
}

template <class Answer>
void OtherNodes::run(std::function<Answer()> ask, std::function<void(Answer)> on_answer) {
  const auto answer = std::make_shared<std::optional<Answer>>();
  thread_.run([answer, ask = std::move(ask)] { *answer = ask(); },
              [answer, on_answer = std::move(on_answer)] { on_answer(std::move(**answer)); });
}

}  // namespace attestrd
