#include "daemon/service/part_settings.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/version.h"
#include "files/posix_descriptors.h"

namespace attestrd {

EngineSettings engine_settings(const Config& config) {
  return {.cadence = config.poll.cadence,
          .requests_per_second = config.api.requests_per_second,
          .daily_requests = config.api.daily_requests,
          .connections = connections_within_limit(config.api.connections),
          .target_delay = config.poll.target_delay,
          .min_interval = config.poll.min_interval,
          .max_interval = config.poll.max_interval,
          .hinted_max_interval = config.hints.max_interval,
          .backoff_factor = config.poll.backoff_factor,
          .give_up_after = config.poll.give_up_after,
          .expiry_grace = config.poll.expiry_grace,
          .unknown_grace = config.poll.unknown_grace,
          .witness_time = config.poll.witness_time > Duration::zero()
                              ? config.poll.witness_time
                              : config.poll.unknown_grace / 2,
          .earliest_clock = kReleaseDate,
          .signature_attempts = config.signature.signature_attempts,
          .signing_form = form_named_by(config.signature.form),
          .answer_memory_bytes = config.api.answer_memory_bytes,
          .logs_polls = config.log.level == Level::debug,
          .host = config.api.url.host};
}

HttpsPollerSettings poller_settings(const Config& config, Secret auth_token,
                                    std::optional<Secret> proxy_auth) {
  return {.endpoint = config.api.url,
          .version = config.api.version,
          .auth_token = std::move(auth_token),
          .user_agent = fmt::format("attestrd/{}", kVersion),
          .ca_file = config.api.ca_file.string(),
          .connections = connections_within_limit(config.api.connections),
          .connect_timeout = config.api.connect_timeout,
          .request_timeout = config.api.request_timeout,
          .max_response_bytes = config.api.max_response_bytes,
          .answer_memory_bytes = config.api.answer_memory_bytes,
          .connection_age = config.api.connection_age,
          .proxy = config.api.proxy,
          .proxy_auth = std::move(proxy_auth),
          .source_address = config.api.source_address};
}

}  // namespace attestrd
