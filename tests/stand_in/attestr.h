#pragma once

#include "account_limits.h"
#include "answer.h"
#include "fate.h"
#include "faults.h"
#include "http_text.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace attestrd::simulator {

/// The settings of the stand-in.
struct AttestrSettings {
  std::string token;  ///< Empty: every Basic token is accepted.
  FateRules fates;
  FaultRates faults;
  double spell_s = 1;  ///< Duration of a fault of the account; above 0.
  AnswerStyle style;
  std::unordered_map<std::string, std::string> tags;  ///< Tags by id; other ids have `tag_of()`.
  RetryAfter retry_after;
  std::size_t rate_limit = 0;
  std::size_t daily_limit = 0;
  bool created_at_start = false;  ///< false: created by its first request.
};

/// The relevant parts of a request. Absent headers are empty.
struct Query {
  std::string_view method;
  std::string_view target;
  std::string_view authorization;
  std::string_view content_type;
};

struct Reply {
  std::string id;           ///< Empty if the request has none.
  std::string_view answer;  ///< `pending`, `completed`, `archived`, `not_found`, a code or a fault.
  Fault fault = Fault::none;
  bool limited = false;  ///< Refused by the rate limit or the daily limit.
  HttpAnswer http;
};

/// The behaviour of Attestr. It has no clock and no socket: the server passes each query with the
/// time of its arrival.
class Attestr {
 public:
  Attestr(AttestrSettings settings, Moment start);

  Reply reply(const Query& query, Moment now);

 private:
  struct Handshake {
    SteadyTime born;
    std::uint64_t turns = 0;  ///< Number of answers so far.
  };

  Reply reply_about(std::string_view id, Moment now);
  std::string body_about(std::string_view id, const Fate& fate, const Handshake& handshake,
                         Standing standing, Fault fault) const;
  Reply reply_with(const AttestrError& error, std::string_view id, Moment now) const;
  Fault account_fault(Moment now) const;
  bool is_authorized(std::string_view authorization) const;
  std::string tag_given(std::string_view id) const;

  AttestrSettings settings_;
  Moment start_;
  AccountLimits limits_;
  std::unordered_map<std::string, Handshake> handshakes_;
};

}  // namespace attestrd::simulator
