#include "admission/witnesses.h"

#include <algorithm>

namespace attestrd {

void RecentAnswers::add(std::uint32_t handshake, Charge charge, Mono now) {
  // The handshake that was answered last is often answered again.
  if (answers_[latest_].handshake != handshake) {
    const auto known = std::ranges::find(answers_, handshake, &Answer::handshake);
    if (known != answers_.end()) {
      latest_ = static_cast<std::size_t>(known - answers_.begin());
    } else {
      latest_ = next_;
      next_ = (next_ + 1) % answers_.size();
    }
  }
  answers_[latest_] = {now, handshake, charge};
}

void RecentAnswers::forget(std::uint32_t handshake) {
  const auto known = std::ranges::find(answers_, handshake, &Answer::handshake);
  if (known != answers_.end()) known->handshake = kEnded;
}

std::size_t RecentAnswers::others(std::uint32_t handshake, Charge charge, Mono since) const {
  return static_cast<std::size_t>(std::ranges::count_if(answers_, [&](const Answer& answer) {
    return answer.handshake != handshake && answer.charge == charge && answer.at >= since;
  }));
}

Mono RecentAnswers::last_of_others(std::uint32_t handshake, Charge charge, Mono since) const {
  Mono last = Mono::min();
  for (const Answer& answer : answers_) {
    const bool is_it = answer.handshake != handshake && answer.charge == charge;
    if (is_it && answer.at >= since) last = std::max(last, answer.at);
  }
  return last;
}

Mono RecentAnswers::last_of(std::uint32_t handshake) const {
  const auto known = std::ranges::find(answers_, handshake, &Answer::handshake);
  return known == answers_.end() ? Mono::min() : known->at;
}

bool RecentAnswers::has_others(std::uint32_t handshake, Mono since) const {
  return std::ranges::any_of(answers_, [&](const Answer& answer) {
    return answer.handshake != handshake && answer.at >= since;
  });
}

bool Witnesses::signature_checked(Handshake handshake, bool holds, Mono now) {
  signatures_.add(handshake, holds ? Charge::none : Charge::invalid_signature, now);
  const bool did_fail = signatures_fail_;
  if (holds) {
    last_held_ = now;
    signatures_fail_ = false;
  } else {
    // This handshake is one of those that failed.
    signatures_fail_ |= 1 + signatures_.others(handshake, Charge::invalid_signature, last_held_) >=
                        limits::kFailingSignatures;
  }
  return signatures_fail_ != did_fail;
}

void Witnesses::tag_compared(Handshake handshake, bool is_equal, Mono now) {
  tags_.add(handshake, is_equal ? Charge::none : Charge::tag_mismatch, now);
}

void Witnesses::forget(Handshake handshake) {
  answers_.forget(handshake);
  signatures_.forget(handshake);
  tags_.forget(handshake);
}

const RecentAnswers& Witnesses::answers_about(Charge charge) const {
  if (charge == Charge::invalid_signature) return signatures_;
  return charge == Charge::tag_mismatch ? tags_ : answers_;
}

Blame Witnesses::blame(Handshake handshake, Charge charge, const Times& times) const {
  const RecentAnswers& answers = answers_about(charge);
  if (!answers.has_others(handshake, times.since)) return Blame::nobody;
  // Trouble of all may have begun after the last good answer.
  const Mono last = &answers == &answers_ ? answers.last_of(handshake)
                                          : answers.last_of_others(handshake, charge, times.lately);
  const std::size_t good = answers.others(handshake, Charge::none, std::max(times.since, last));
  const std::size_t same = answers.others(handshake, charge, std::max(times.since, times.lately));
  return good > 0 && same <= good ? Blame::handshake : Blame::account;
}

}  // namespace attestrd
