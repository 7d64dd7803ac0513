#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace attestrd {

/// The requests to the ledger that wait for several answers, each identified by a ticket. A request
/// is answered once all of its answers are here.
template <class Answer>
class TicketedAnswers {
 public:
  using OnAnswers = std::function<void(const std::vector<Answer>&)>;

  /// Begins a request for `count` answers, at least one, with the tickets from `first` on. No other
  /// request may have these tickets.
  void begin(std::uint64_t first, std::size_t count, OnAnswers on_answers) {
    const auto request = std::make_shared<Request>(
        Request{std::vector<Answer>(count), count, std::move(on_answers)});
    for (std::size_t i = 0; i < count; ++i) places_.emplace(first + i, Place{request, i});
  }

  void answer(std::uint64_t ticket, Answer answer) {
    const auto asked = places_.extract(ticket);
    auto& [request, index] = asked.mapped();
    request->answers[index] = std::move(answer);
    if (--request->unanswered == 0) request->on_answers(request->answers);
  }

 private:
  struct Request {
    std::vector<Answer> answers;
    std::size_t unanswered = 0;
    OnAnswers on_answers;
  };
  struct Place {
    std::shared_ptr<Request> request;
    std::size_t index = 0;
  };

  std::map<std::uint64_t, Place> places_;
};

}  // namespace attestrd
