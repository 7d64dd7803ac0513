#include "poll/kept_answers.h"

#include <utility>

namespace attestrd {

bool KeptAnswers::keep(std::uint32_t handshake, Answer answer,
                       const std::function<bool(std::uint32_t)>& can_be_dropped) {
  drop(handshake);
  const std::size_t bytes = answer.body.size();
  if (!has_room(bytes)) {
    std::erase_if(answers_, [&](const auto& kept) {
      if (!can_be_dropped(kept.first)) return false;
      bytes_ -= kept.second.body.size();
      return true;
    });
  }
  if (!has_room(bytes)) return false;
  bytes_ += bytes;
  answers_.emplace(handshake, std::move(answer));
  return true;
}

std::optional<KeptAnswers::Answer> KeptAnswers::take(std::uint32_t handshake) {
  const auto found = answers_.find(handshake);
  if (found == answers_.end()) return std::nullopt;
  Answer answer = std::move(found->second);
  answers_.erase(found);
  bytes_ -= answer.body.size();
  return answer;
}

}  // namespace attestrd
