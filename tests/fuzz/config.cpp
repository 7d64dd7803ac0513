// Fuzzes the configuration file: daemon/config, with its units and the URL of Attestr. The input is
// the file.

#include "fuzz/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "daemon/config/config.h"
#include "daemon/config/settings.h"
#include "daemon/config/units.h"
#include "http/endpoint.h"

namespace attestrd::fuzz {
namespace {

constexpr std::string_view kFile = "/etc/attestrd/attestrd.toml";

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// Checks that each line of the message is `FILE:LINE: fault`, and that LINE is a line of the file.
void check_complaint(std::string_view message, std::string_view text) {
  const auto lines = 1 + static_cast<std::size_t>(std::ranges::count(text, '\n'));
  ATTESTRD_CHECK(!message.empty());
  while (!message.empty()) {
    auto line = take_line(message);
    ATTESTRD_CHECK(line.starts_with(fmt::format("{}:", kFile)));
    line.remove_prefix(kFile.size() + 1);
    std::size_t number = 0;
    const auto read = std::from_chars(line.data(), line.data() + line.size(), number);
    ATTESTRD_CHECK(read.ec == std::errc{} && number >= 1 && number <= lines);
    line.remove_prefix(static_cast<std::size_t>(read.ptr - line.data()));
    ATTESTRD_CHECK(line.starts_with(": ") && line.size() > 2);
    const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
    ATTESTRD_CHECK(std::ranges::none_of(line, is_control));
  }
}

/// Checks that an accepted configuration, written setting by setting, is accepted and equal.
void check_round_trip(const Config& config) {
  std::string text;
  std::string_view section;
  for (const Setting& setting : settings()) {
    if (setting.section() != section) text += fmt::format("[{}]\n", setting.section());
    section = setting.section();
    const auto key = std::string_view(setting.name).substr(section.size() + 1);
    text += fmt::format("{} = {}\n", key, setting.literal(config));
  }
  const auto again = parse_config(text, kFile);
  ATTESTRD_CHECK(again && *again == config);
}

/// Checks the bounds on which the rest of the daemon relies.
void check_bounds(const Config& config) {
  const auto& [api, signature, poll, paths, queue, postgres, spool, log, admin, hints, folder] =
      config;
  ATTESTRD_CHECK(!api.url.host.empty() && api.url.port > 0);
  ATTESTRD_CHECK(api.connections >= 1 && api.connections <= 4096);
  ATTESTRD_CHECK(api.requests_per_second >= 0 && api.requests_per_second <= 100'000);
  ATTESTRD_CHECK(api.connect_timeout > Duration::zero() &&
                 api.connect_timeout <= api.request_timeout);
  ATTESTRD_CHECK(signature.signature_attempts >= 1);
  ATTESTRD_CHECK(poll.min_interval > Duration::zero() && poll.min_interval <= poll.max_interval);
  ATTESTRD_CHECK(poll.backoff_factor > 1 && poll.backoff_factor <= 100);
  ATTESTRD_CHECK(poll.give_up_after > Duration::zero());
  ATTESTRD_CHECK(poll.expiry_grace >= Duration::zero() && poll.unknown_grace >= Duration::zero() &&
                 poll.witness_time >= Duration::zero());
  ATTESTRD_CHECK(poll.target_delay >= Duration::zero());
  for (const auto& path : {paths.inbox, paths.queue, paths.spool})
    ATTESTRD_CHECK(path.is_absolute() && (path.has_filename() || path == "/"));
  ATTESTRD_CHECK(paths.inbox != paths.spool);
  for (const auto& path :
       {api.ca_file, admin.socket, log.file, hints.tls_certificate_file, spool.seal_to})
    ATTESTRD_CHECK(path.empty() || path.is_absolute());
  ATTESTRD_CHECK((queue.store == QueueStore::postgres) == !postgres.url.empty());
  ATTESTRD_CHECK(postgres.lease >= std::chrono::seconds(3));
  ATTESTRD_CHECK(spool.max_waiting <= 1'000'000'000);
  ATTESTRD_CHECK(spool.keep_days <= 36'500);
  ATTESTRD_CHECK(folder == "/etc/attestrd");
}

/// Checks a single line as a duration, a size and a URL.
void check_values(std::string_view text) {
  if (const auto duration = parse_duration(text)) {
    ATTESTRD_CHECK(*duration >= Duration::zero());
    ATTESTRD_CHECK(parse_duration(format_duration(*duration)) == duration);
  }
  if (const auto size = parse_size(text)) ATTESTRD_CHECK(parse_size(format_size(*size)) == size);
  const auto endpoint = parse_endpoint(text);
  if (endpoint) {
    const auto again = parse_endpoint("https://" + authority_of(*endpoint));
    ATTESTRD_CHECK(again && *again == *endpoint);
    constexpr std::string_view kOfHosts = "abcdefghijklmnopqrstuvwxyz0123456789.:-";
    ATTESTRD_CHECK(endpoint->host.find_first_not_of(kOfHosts) == std::string::npos);
  } else {
    const auto& message = endpoint.error().message;
    ATTESTRD_CHECK(message.starts_with("api.url: ") && message.size() > 9);
  }
}

void check(std::string_view text) {
  const auto config = parse_config(text, kFile);
  if (config) {
    check_bounds(*config);
    check_round_trip(*config);
  } else {
    ATTESTRD_CHECK(config.error().code == Errc::invalid_config);
    check_complaint(config.error().message, text);
  }
  check_values(take_line(text));
}

}  // namespace
}  // namespace attestrd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  attestrd::fuzz::check(attestrd::fuzz::text_of(data, size));
  return 0;
}
