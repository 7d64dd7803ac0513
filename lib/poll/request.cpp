#include "poll/request.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace attestrd {
namespace {

bool is_version(std::string_view text) {
  constexpr CharSet kAllowed = kLettersAndDigits | CharSet("_-");
  return !text.empty() && kAllowed.contains_all(text);
}

/// Returns whether `text` has only characters of token68 (RFC 9110, 11.2), as Basic demands.
bool is_token(std::string_view text) {
  constexpr CharSet kAllowed = kLettersAndDigits | CharSet("-._~+/=");
  return !text.empty() && kAllowed.contains_all(text);
}

}  // namespace

Result<Request> Request::make(const Endpoint& endpoint, std::string_view version,
                              const Secret& auth_token, std::string_view user_agent) {
  if (!is_version(version)) {
    return fail(Errc::invalid_config, "api.version: must be letters and digits, e.g. \"v1\"");
  }
  if (!is_token(auth_token.reveal())) {
    return fail(Errc::invalid_config,
                "api.auth_token_file: the token must be one line of base64, without \"Basic\"");
  }
  std::string head = " HTTP/1.1\r\nHost: " + authority_of(endpoint) + "\r\nUser-Agent: ";
  head.append(user_agent);
  head +=
      "\r\nAccept: application/json\r\nAccept-Encoding: identity\r\n"
      "Content-Type: application/json\r\nAuthorization: Basic ";
  constexpr std::string_view kEnd = "\r\n\r\n";

  const auto token = auth_token.reveal();
  Request request("GET /api/" + std::string(version) + "/public/flowx/handshake/",
                  head.size() + token.size() + kEnd.size());
  for (const std::string_view part : {std::string_view(head), token, kEnd})
    request.bytes_.insert(request.bytes_.end(), part.begin(), part.end());
  return request;
}

Request::Request(std::string before_id, std::size_t tail_bytes)
    : before_id_(std::move(before_id)), tail_at_(before_id_.size() + HandshakeId::kMaxLength) {
  bytes_.reserve(tail_at_ + tail_bytes);
  bytes_.resize(tail_at_);
}

std::string_view Request::text_for(const HandshakeId& id) {
  const auto name = id.view();
  const auto begin = tail_at_ - name.size() - before_id_.size();
  const auto at = bytes_.begin() + static_cast<std::ptrdiff_t>(begin);
  std::ranges::copy(name, std::ranges::copy(before_id_, at).out);
  return std::string_view(bytes_.data(), bytes_.size()).substr(begin);
}

}  // namespace attestrd
