// The configuration file: daemon/config, with its units and the URL of Attestr. The input is the
// file.

#include "fuzz/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include "daemon/config/config.h"
#include "http/endpoint.h"
#include "daemon/config/units.h"

namespace attestrd::fuzz {
namespace {

constexpr std::string_view kFile = "/etc/attestrd/attestrd.toml";

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// Each line of the message is `FILE:LINE: what is wrong`, and LINE is one of the file.
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

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string in_quotes(Duration duration) { return in_quotes(format_duration(duration)); }

template <class T>
std::string_view name_of(T value, std::initializer_list<std::pair<T, std::string_view>> names) {
  const auto found = std::ranges::find(names, value, &std::pair<T, std::string_view>::first);
  ATTESTRD_CHECK(found != names.end());
  return found->second;
}

std::string listen_address(const Config::Admin& admin) {
  if (!admin.listen) return "";
  const auto host = admin.listen->address().to_string();
  return fmt::format("{}:{}", admin.listen->address().is_v6() ? '[' + host + ']' : host,
                     admin.listen->port());
}

std::string api_text(const Config::Api& api) {
  return fmt::format(
      "[api]\nurl = {}\nversion = {}\nauth_token_file = {}\nclient_secret_file = {}\n"
      "ca_file = {}\nconnections = {}\nrequests_per_second = {}\nconnect_timeout = {}\n"
      "request_timeout = {}\nmax_response = {}\n",
      in_quotes("https://" + authority_of(api.url)), in_quotes(api.version),
      in_quotes(api.auth_token_file), in_quotes(api.client_secret_file),
      in_quotes(api.ca_file.string()), api.connections, api.requests_per_second,
      in_quotes(api.connect_timeout), in_quotes(api.request_timeout),
      in_quotes(format_size(api.max_response_bytes)));
}

std::string signature_text(const Config::Signature& signature) {
  using Form = SigningFormPolicy;
  const auto form = name_of<Form>(signature.form, {{Form::automatic, "auto"},
                                                   {Form::raw, "raw"},
                                                   {Form::compact, "compact"},
                                                   {Form::stringify, "stringify"}});
  return fmt::format("[signature]\nform = {}\nsignature_attempts = {}\n", in_quotes(form),
                     signature.signature_attempts);
}

std::string poll_text(const Config::Poll& poll) {
  const auto cadence = name_of<CadenceKind>(
      poll.cadence,
      {{CadenceKind::adaptive, "adaptive"}, {CadenceKind::exponential, "exponential"}});
  return fmt::format(
      "[poll]\ncadence = {}\nmin_interval = {}\nmax_interval = {}\nbackoff_factor = {}\n"
      "give_up_after = {}\nexpiry_grace = {}\nunknown_grace = {}\nshutdown_grace = {}\n",
      in_quotes(cadence), in_quotes(poll.min_interval), in_quotes(poll.max_interval),
      poll.backoff_factor, in_quotes(poll.give_up_after), in_quotes(poll.expiry_grace),
      in_quotes(poll.unknown_grace), in_quotes(poll.shutdown_grace));
}

std::string rest_text(const Config& config) {
  const auto level = name_of<Level>(config.log.level, {{Level::debug, "debug"},
                                                       {Level::info, "info"},
                                                       {Level::warn, "warn"},
                                                       {Level::error, "error"}});
  const auto format =
      name_of<LogFormat>(config.log.format, {{LogFormat::json, "json"}, {LogFormat::text, "text"}});
  return fmt::format(
      "[paths]\ninbox = {}\nqueue = {}\nspool = {}\ntombstone_days = {}\n"
      "[log]\nlevel = {}\nformat = {}\n[admin]\nlisten = {}\nsocket = {}\n",
      in_quotes(config.paths.inbox.string()), in_quotes(config.paths.queue.string()),
      in_quotes(config.paths.spool.string()), config.paths.tombstone_days, in_quotes(level),
      in_quotes(format), in_quotes(listen_address(config.admin)),
      in_quotes(config.admin.socket.string()));
}

/// What was taken, written out again in full, must be taken for the same.
void check_round_trip(const Config& config) {
  const auto text = api_text(config.api) + signature_text(config.signature) +
                    poll_text(config.poll) + rest_text(config);
  const auto again = parse_config(text, kFile);
  ATTESTRD_CHECK(again && *again == config);
}

/// What the rest of the daemon rests on.
void check_bounds(const Config& config) {
  const auto& [api, signature, poll, paths, log, admin, folder] = config;
  ATTESTRD_CHECK(!api.url.host.empty() && api.url.port > 0);
  ATTESTRD_CHECK(api.connections >= 1 && api.connections <= 4096);
  ATTESTRD_CHECK(api.requests_per_second >= 0 && api.requests_per_second <= 100'000);
  ATTESTRD_CHECK(api.connect_timeout > Duration::zero() &&
                 api.connect_timeout <= api.request_timeout);
  ATTESTRD_CHECK(signature.signature_attempts >= 1);
  ATTESTRD_CHECK(poll.min_interval > Duration::zero() && poll.min_interval <= poll.max_interval);
  ATTESTRD_CHECK(poll.backoff_factor > 1 && poll.backoff_factor <= 100);
  ATTESTRD_CHECK(poll.give_up_after > Duration::zero());
  ATTESTRD_CHECK(poll.expiry_grace >= Duration::zero() && poll.unknown_grace >= Duration::zero());
  for (const auto& path : {paths.inbox, paths.queue, paths.spool})
    ATTESTRD_CHECK(path.is_absolute() && (path.has_filename() || path == "/"));
  ATTESTRD_CHECK(paths.inbox != paths.spool);
  for (const auto& path : {api.ca_file, admin.socket})
    ATTESTRD_CHECK(path.empty() || path.is_absolute());
  ATTESTRD_CHECK(folder == "/etc/attestrd");
}

/// A line alone, as a duration, a size and a URL.
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
