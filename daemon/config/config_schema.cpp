#include "daemon/config/config_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <concepts>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "daemon/config/units.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Duration kDay = 24h;

bool is_plain(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return kControls.contains(c); });
}

std::string quote(std::string_view text) {
  constexpr std::size_t kMostBytes = 100;
  if (text.size() > kMostBytes) return "a text that long";
  return is_plain(text) ? fmt::format("\"{}\"", text) : "a text with control characters";
}

/// The value as a person wrote it.
std::string spelling_of(const toml::node& value) {
  if (const auto* text = value.as_string()) return quote(text->get());
  if (const auto* number = value.as_integer()) return std::to_string(number->get());
  if (const auto* number = value.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = value.as_boolean()) return flag->get() ? "true" : "false";
  if (value.is_table()) return "a table";
  return value.is_array() ? "an array" : "a date or a time";
}

std::string must_be(std::string_view expected, const toml::node& value) {
  return fmt::format("must be {}, not {}", expected, spelling_of(value));
}

/// The string that stands there, if one does and it has no control characters.
std::optional<std::string> plain_string(const toml::node& value) {
  const auto text = value.value_exact<std::string>();
  return text && is_plain(*text) ? text : std::nullopt;
}

/// A key whose value `parse` makes of a plain string; nothing: it is not what is expected.
template <class T, class Parse>
ConfigKey parsed(std::string_view name, T& target, std::string expected, Parse parse) {
  return {name,
          [&target, expected = std::move(expected),
           parse = std::move(parse)](const toml::node& value) -> std::optional<std::string> {
            const auto text = plain_string(value);
            auto result = text ? parse(*text) : std::nullopt;
            if (!result) return must_be(expected, value);
            target = std::move(*result);
            return std::nullopt;
          }};
}

ConfigKey url(std::string_view name, Endpoint& target) {
  return {name, [&target](const toml::node& value) -> std::optional<std::string> {
            const auto text = plain_string(value);
            if (!text) return must_be("a URL such as \"https://api.attestr.com\"", value);
            auto endpoint = parse_endpoint(*text);
            if (!endpoint) {
              const std::string& message = endpoint.error().message;  // "api.url: what is wrong"
              return "is not usable: " + message.substr(message.find(' ') + 1);
            }
            target = std::move(*endpoint);
            return std::nullopt;
          }};
}

/// A word that is safe in the path of a URL.
ConfigKey version(std::string_view name, std::string& target) {
  constexpr std::size_t kMostBytes = 16;
  return parsed(name, target, "a version such as \"v1\"",
                [](const std::string& text) -> std::optional<std::string> {
                  const bool fits = text.size() <= kMostBytes && HandshakeId::parse(text);
                  return fits ? std::optional(text) : std::nullopt;
                });
}

ConfigKey secret_file(std::string_view name, std::string& target) {
  return parsed(name, target, "the name of a file, which holds the secret",
                [](const std::string& text) -> std::optional<std::string> {
                  return text.empty() ? std::nullopt : std::optional(text);
                });
}

enum class MayBeEmpty : bool { no, yes };

ConfigKey path(std::string_view name, std::filesystem::path& target,
               const std::filesystem::path& folder, MayBeEmpty may_be_empty) {
  const bool takes_empty = may_be_empty == MayBeEmpty::yes;
  return parsed(
      name, target, takes_empty ? "a path, or \"\" for none" : "a path",
      [&folder, takes_empty](const std::string& text) -> std::optional<std::filesystem::path> {
        if (text.empty() && takes_empty) return std::filesystem::path();
        if (text.empty()) return std::nullopt;
        auto path = (folder / text).lexically_normal();
        return path.has_filename() ? path : path.parent_path();
      });
}

ConfigKey duration(std::string_view name, Duration& target, Duration least, Duration most) {
  return parsed(name, target,
                fmt::format("a duration from {} to {} (as in \"10ms\", \"2s\", \"5m\", \"25h\", "
                            "\"7d\")",
                            format_duration(least), format_duration(most)),
                [=](const std::string& text) -> std::optional<Duration> {
                  const auto duration = parse_duration(text);
                  const bool fits = duration && *duration >= least && *duration <= most;
                  return fits ? duration : std::nullopt;
                });
}

/// Plain bytes may stand there as a number too.
ConfigKey size(std::string_view name, std::size_t& target, std::uint64_t least,
               std::uint64_t most) {
  return {name, [&target, least, most](const toml::node& value) -> std::optional<std::string> {
            const auto text = plain_string(value);
            const auto number = value.value_exact<std::int64_t>();
            const auto bytes = parse_size(text ? *text : number ? std::to_string(*number) : "");
            if (!bytes || *bytes < least || *bytes > most) {
              return must_be(fmt::format("a size from {} to {} (as in \"64KiB\", \"16MiB\", "
                                         "\"1GiB\")",
                                         format_size(least), format_size(most)),
                             value);
            }
            target = *bytes;
            return std::nullopt;
          }};
}

ConfigKey whole_number(std::string_view name, std::uint32_t& target, std::uint32_t least,
                       std::uint32_t most) {
  return {name, [&target, least, most](const toml::node& value) -> std::optional<std::string> {
            const auto number = value.value_exact<std::int64_t>();
            if (!number || *number < least || *number > most) {
              return must_be(fmt::format("a whole number from {} to {}", least, most), value);
            }
            target = static_cast<std::uint32_t>(*number);
            return std::nullopt;
          }};
}

/// A whole number is as good. The comparison is false for NaN.
ConfigKey number(std::string_view name, double& target, double least, double most) {
  return {name, [&target, least, most](const toml::node& value) -> std::optional<std::string> {
            const auto number = value.is_number() ? value.value<double>() : std::optional<double>();
            if (!(number && *number >= least && *number <= most)) {
              return must_be(fmt::format("a number from {} to {}", least, most), value);
            }
            target = *number;
            return std::nullopt;
          }};
}

template <class T>
struct Choice {
  std::string_view name;
  T value;
};

/// One of a few words.
template <class T>
ConfigKey one_of(std::string_view name, T& target,
                 std::initializer_list<Choice<std::type_identity_t<T>>> choices) {
  std::string expected;
  for (const auto& choice : choices) {
    expected += fmt::format("{}\"{}\"", expected.empty() ? "" : " or ", choice.name);
  }
  return parsed(name, target, std::move(expected),
                [choices = std::vector(choices)](const std::string& text) -> std::optional<T> {
                  for (const auto& choice : choices) {
                    if (choice.name == text) return choice.value;
                  }
                  return std::nullopt;
                });
}

using TcpEndpoint = boost::asio::ip::tcp::endpoint;

/// `127.0.0.1:9464` or `[::1]:9464`. No names: they would have to be looked up.
std::optional<TcpEndpoint> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc{} || stop != end || port == 0) return std::nullopt;

  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  boost::system::error_code bad;
  const auto address = boost::asio::ip::make_address(host, bad);
  if (bad || address.is_v6() != bracketed) return std::nullopt;
  return TcpEndpoint(address, port);
}

ConfigKey listen_address(std::string_view name, std::optional<TcpEndpoint>& target) {
  return {name, [&target](const toml::node& value) -> std::optional<std::string> {
            const auto text = plain_string(value);
            const auto endpoint = text ? parse_listen_address(*text) : std::nullopt;
            if (!endpoint && text != "") {
              return must_be(
                  "an address and a port (as in \"127.0.0.1:9464\", \"[::1]:9464\"), or \"\" "
                  "for none",
                  value);
            }
            target = endpoint;
            return std::nullopt;
          }};
}

}  // namespace

std::vector<ConfigKey> config_schema(Config& config) {
  auto& [api, signature, poll, paths, log, admin, folder] = config;
  using Form = SigningFormPolicy;
  return {
      url("api.url", api.url),
      version("api.version", api.version),
      secret_file("api.auth_token_file", api.auth_token_file),
      secret_file("api.client_secret_file", api.client_secret_file),
      path("api.ca_file", api.ca_file, folder, MayBeEmpty::yes),
      whole_number("api.connections", api.connections, 1, 4096),
      number("api.requests_per_second", api.requests_per_second, 0, 100'000),
      whole_number("api.daily_requests", api.daily_requests, 0, 1'000'000'000),
      duration("api.connect_timeout", api.connect_timeout, 10ms, 10min),
      duration("api.request_timeout", api.request_timeout, 10ms, 10min),
      size("api.max_response", api.max_response_bytes, 1 << 10, limits::kLargestResponseBytes),
      one_of("signature.form", signature.form,
             {{"auto", Form::automatic},
              {"raw", Form::raw},
              {"compact", Form::compact},
              {"stringify", Form::stringify}}),
      whole_number("signature.signature_attempts", signature.signature_attempts, 1, 100),
      one_of("poll.cadence", poll.cadence,
             {{"adaptive", CadenceKind::adaptive}, {"exponential", CadenceKind::exponential}}),
      duration("poll.min_interval", poll.min_interval, 10ms, 30 * kDay),
      duration("poll.max_interval", poll.max_interval, 10ms, 30 * kDay),
      number("poll.backoff_factor", poll.backoff_factor, 1.01, 100),
      duration("poll.give_up_after", poll.give_up_after, 1s, 400 * kDay),
      duration("poll.expiry_grace", poll.expiry_grace, 0s, 30 * kDay),
      duration("poll.unknown_grace", poll.unknown_grace, 0s, 30 * kDay),
      duration("poll.shutdown_grace", poll.shutdown_grace, 0s, 10min),
      path("paths.inbox", paths.inbox, folder, MayBeEmpty::no),
      path("paths.queue", paths.queue, folder, MayBeEmpty::no),
      path("paths.spool", paths.spool, folder, MayBeEmpty::no),
      whole_number("paths.tombstone_days", paths.tombstone_days, 1, 36'500),
      one_of("log.level", log.level,
             {{"debug", Level::debug},
              {"info", Level::info},
              {"warn", Level::warn},
              {"error", Level::error}}),
      one_of("log.format", log.format, {{"json", LogFormat::json}, {"text", LogFormat::text}}),
      listen_address("admin.listen", admin.listen),
      path("admin.socket", admin.socket, folder, MayBeEmpty::yes),
  };
}

}  // namespace attestrd
