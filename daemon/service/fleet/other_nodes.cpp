#include "daemon/service/fleet/other_nodes.h"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "queue/postgres/operators/postgres_requests.h"
#include "queue/postgres/postgres_connection.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

constexpr Duration kLookInterval = std::chrono::milliseconds(250);

}  // namespace

/// Requests that wait for their effects.
struct OtherNodes::Asking {
  Asking(boost::asio::io_context& loop, std::vector<HandshakeId> its, FleetQuestions::OnAsked then)
      : ids(std::move(its)), on_asked(std::move(then)), timer(loop) {}

  std::vector<HandshakeId> ids;
  FleetQuestions::OnAsked on_asked;
  boost::asio::steady_timer timer;
  std::vector<PlacedRequest> placed{};
  std::vector<std::int64_t> left{};  ///< The numbers of those that are not done.
  Mono give_up_at{};
};

OtherNodes::OtherNodes(boost::asio::io_context& loop,
                       std::unique_ptr<PostgresConnection> connection,
                       std::shared_ptr<const SharedMembership> member, Duration lease)
    : loop_(loop),
      reader_(std::move(connection)),
      member_(std::move(member)),
      patience_(lease * 2 / 3 + kLookInterval),
      thread_(loop.get_executor()) {}

FleetQuestions OtherNodes::questions(std::string node) {
  return {
      .node = std::move(node),
      .locate =
          [this](std::vector<HandshakeId> ids, FleetQuestions::OnLocated on_located) {
            locate(std::move(ids), std::move(on_located));
          },
      .ask =
          [this](RequestVerb verb, std::vector<HandshakeId> ids, FleetQuestions::OnAsked on_asked) {
            ask(verb, std::move(ids), std::move(on_asked));
          },
      .list_others =
          [this](RowsQuery query, FleetQuestions::OnPage on_page) {
            list(std::move(query), std::move(on_page));
          }};
}

void OtherNodes::locate(std::vector<HandshakeId> ids, FleetQuestions::OnLocated on_located) {
  run<Result<std::vector<LocatedHandshake>>>(
      [this, ids = std::move(ids)] { return reader_.find(ids); }, std::move(on_located));
}

void OtherNodes::list(RowsQuery query, FleetQuestions::OnPage on_page) {
  const auto own = member_->get();
  query.without_instance = own.instance;
  query.without_spool = own.spool;
  run<Result<RowsPage>>([this, query = std::move(query)] { return reader_.page(query); },
                        std::move(on_page));
}

void OtherNodes::ask(RequestVerb verb, std::vector<HandshakeId> ids,
                     FleetQuestions::OnAsked on_asked) {
  const auto asking = std::make_shared<Asking>(loop_, std::move(ids), std::move(on_asked));
  run<Result<std::vector<PlacedRequest>>>(
      [this, verb, asking] {
        return place_requests(reader_.connection(), verb, asking->ids, read_clocks().wall);
      },
      [this, asking](Result<std::vector<PlacedRequest>> placed) {
        if (!placed) return asking->on_asked(placed.error());
        asking->placed = std::move(*placed);
        for (const auto& request : asking->placed) asking->left.push_back(request.number);
        asking->give_up_at = read_clocks().mono + patience_;
        if (asking->left.empty()) return finish(asking);
        wait(asking);
      });
}

void OtherNodes::wait(const std::shared_ptr<Asking>& asking) {
  asking->timer.expires_after(kLookInterval);
  asking->timer.async_wait([this, asking](boost::system::error_code error) {
    if (!error) look(asking);
  });
}

/// Looks which requests are done. A failure is no answer: they may be done.
void OtherNodes::look(const std::shared_ptr<Asking>& asking) {
  run<Result<std::vector<std::int64_t>>>(
      [this, left = asking->left] { return find_requests(reader_.connection(), left); },
      [this, asking](Result<std::vector<std::int64_t>> left) {
        if (left) asking->left = std::move(*left);
        if (asking->left.empty() || read_clocks().mono >= asking->give_up_at) return finish(asking);
        wait(asking);
      });
}

void OtherNodes::finish(const std::shared_ptr<Asking>& asking) {
  locate(asking->ids, [asking](Result<std::vector<LocatedHandshake>> found) {
    if (!found) return asking->on_asked(found.error());
    std::map<HandshakeId, const PlacedRequest*> placed;
    for (const auto& request : asking->placed) placed.emplace(request.id, &request);
    std::vector<AskedHandshake> answers;
    for (std::size_t i = 0; i < asking->ids.size(); ++i) {
      auto& answer = answers.emplace_back(AskedHandshake{.now = std::move((*found)[i])});
      const auto request = placed.find(asking->ids[i]);
      if (request == placed.end()) continue;
      answer.is_asked = true;
      answer.is_done = !std::ranges::binary_search(asking->left, request->second->number);
      answer.attempt = request->second->attempt;
    }
    asking->on_asked(std::move(answers));
  });
}

template <class Answer>
void OtherNodes::run(std::function<Answer()> ask, std::function<void(Answer)> on_answer) {
  const auto answer = std::make_shared<std::optional<Answer>>();
  thread_.run([answer, ask = std::move(ask)] { *answer = ask(); },
              [answer, on_answer = std::move(on_answer)] { on_answer(std::move(**answer)); });
}

}  // namespace attestrd
