#include "daemon/config/relations.h"

#include <fmt/format.h>

#include "daemon/config/units.h"

namespace attestrd {
namespace {

void add_relations_of_hints(const Config::Hints& hints, std::vector<BrokenRelation>& broken) {
  const bool has_certificate = !hints.tls_certificate_file.empty();
  if (has_certificate != !hints.tls_key_file.empty()) {
    broken.push_back({has_certificate ? "hints.tls_certificate_file" : "hints.tls_key_file",
                      fmt::format("needs 'hints.{}'",
                                  has_certificate ? "tls_key_file" : "tls_certificate_file")});
  }
  if (!hints.listen) return;
  if (hints.token_file.empty()) broken.push_back({"hints.listen", "needs 'hints.token_file'"});
  if (has_certificate || hints.listen->address().is_loopback()) return;
  broken.push_back({"hints.listen",
                    "can be reached from other hosts, so it needs 'hints.tls_certificate_file' and "
                    "'hints.tls_key_file'; without TLS only a loopback address is possible"});
}

}  // namespace

std::vector<BrokenRelation> broken_relations(const Config& config) {
  std::vector<BrokenRelation> broken;
  const auto not_longer = [&broken](std::string_view key, Duration value, std::string_view other,
                                    Duration most) {
    if (value <= most) return;
    broken.push_back({key, fmt::format("({}) must not be longer than '{}' ({})",
                                       format_duration(value), other, format_duration(most))});
  };
  not_longer("poll.min_interval", config.poll.min_interval,  //
             "poll.max_interval", config.poll.max_interval);
  not_longer("api.connect_timeout", config.api.connect_timeout,  //
             "api.request_timeout", config.api.request_timeout);
  if (config.api.answer_memory_bytes < config.api.max_response_bytes) {
    broken.push_back(
        {"api.answer_memory", fmt::format("({}) must not be smaller than 'api.max_response' ({})",
                                          format_size(config.api.answer_memory_bytes),
                                          format_size(config.api.max_response_bytes))});
  }
  if (!config.api.proxy && !config.api.proxy_auth_file.empty())
    broken.push_back({"api.proxy_auth_file", "needs 'api.proxy'"});
  if (config.queue.store == QueueStore::postgres && config.postgres.url.empty())
    broken.push_back({"queue.store", "needs 'postgres.url'"});
  if (config.queue.store == QueueStore::sqlite && !config.postgres.url.empty())
    broken.push_back({"postgres.url", "needs 'queue.store = \"postgres\"'"});
  add_relations_of_hints(config.hints, broken);
  const auto& inbox = config.paths.inbox;
  const auto& spool = config.paths.spool;
  for (const auto* own : {"", "results", "archived", "failed", "rejected", "refused", "staging"}) {
    if (inbox != (*own == '\0' ? spool : spool / own)) continue;
    broken.push_back(
        {"paths.inbox",
         fmt::format("({}) must be a folder of its own, not one of the spool's", inbox.string())});
  }
  return broken;
}

}  // namespace attestrd
