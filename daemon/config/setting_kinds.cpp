#include "daemon/config/setting_kinds.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.h"
#include "daemon/config/units.h"
#include "handshake/handshake_id.h"

namespace attestrd {
namespace {

using Complaint = std::optional<std::string>;
using Folder = std::filesystem::path;
using TcpEndpoint = boost::asio::ip::tcp::endpoint;

constexpr CharSet kHostLetters = kLettersAndDigits | CharSet(".-_");

bool is_plain(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return kControls.contains(c); });
}

std::string quote(std::string_view text) {
  constexpr std::size_t kMostBytes = 100;
  if (text.size() > kMostBytes) return "a text that long";
  return is_plain(text) ? fmt::format("\"{}\"", text) : "a text with control characters";
}

/// Returns the value in the spelling of the file.
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

/// Returns the value if it is a string without control characters.
std::optional<std::string> plain_string(const toml::node& value) {
  const auto text = value.value_exact<std::string>();
  return text && is_plain(*text) ? text : std::nullopt;
}

/// Returns a string as a TOML literal.
std::string literal(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

/// Returns a kind that parses a plain string. `parse` gets the string and the folder and returns
/// the value, or nothing if the string is not as `expected` describes.
template <class T, class Parse, class Write>
SettingKind<T> parsed(std::string expected, Parse parse, Write write) {
  return {[expected = std::move(expected), parse = std::move(parse)](
              const toml::node& value, T& target, const Folder& folder) -> Complaint {
            const auto text = plain_string(value);
            auto result = text ? parse(*text, folder) : std::nullopt;
            if (!result) return must_be(expected, value);
            target = std::move(*result);
            return std::nullopt;
          },
          [write = std::move(write)](const T& value) { return literal(write(value)); }};
}

/// Returns the complaint about a URL, whose error is "the.setting: the fault".
std::string is_not_usable(const Error& error) {
  return "is not usable: " + error.message.substr(error.message.find(' ') + 1);
}

std::string itself(const std::string& text) { return text; }

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

std::string listen_text(const std::optional<TcpEndpoint>& endpoint) {
  if (!endpoint) return "";
  const auto host = endpoint->address().to_string();
  return fmt::format("{}:{}", endpoint->address().is_v6() ? '[' + host + ']' : host,
                     endpoint->port());
}

}  // namespace

SettingKind<std::uint32_t> whole_number(std::uint32_t least, std::uint32_t most) {
  return {
      [least, most](const toml::node& value, std::uint32_t& target, const Folder&) -> Complaint {
        const auto number = value.value_exact<std::int64_t>();
        if (!number || *number < least || *number > most) {
          return must_be(fmt::format("a whole number from {} to {}", least, most), value);
        }
        target = static_cast<std::uint32_t>(*number);
        return std::nullopt;
      },
      [](std::uint32_t value) { return std::to_string(value); }};
}

SettingKind<double> number(double least, double most) {
  return {[least, most](const toml::node& value, double& target, const Folder&) -> Complaint {
            const auto number = value.is_number() ? value.value<double>() : std::optional<double>();
            // The comparison is false for NaN.
            if (!(number && *number >= least && *number <= most)) {
              return must_be(fmt::format("a number from {} to {}", least, most), value);
            }
            target = *number;
            return std::nullopt;
          },
          [](double value) {
            const bool is_short_and_whole = std::trunc(value) == value && std::abs(value) < 1e15;
            return fmt::format("{}{}", value, is_short_and_whole ? ".0" : "");
          }};
}

SettingKind<Duration> duration(Duration least, Duration most) {
  return parsed<Duration>(
      fmt::format("a duration from {} to {} (as in \"10ms\", \"2s\", \"5m\", \"25h\", \"7d\")",
                  format_duration(least), format_duration(most)),
      [=](const std::string& text, const Folder&) -> std::optional<Duration> {
        const auto duration = parse_duration(text);
        const bool fits = duration && *duration >= least && *duration <= most;
        return fits ? duration : std::nullopt;
      },
      format_duration);
}

SettingKind<std::size_t> size(std::uint64_t least, std::uint64_t most) {
  return {[least, most](const toml::node& value, std::size_t& target, const Folder&) -> Complaint {
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
          },
          [](std::size_t value) { return literal(format_size(value)); }};
}

SettingKind<Endpoint> url() {
  return {[](const toml::node& value, Endpoint& target, const Folder&) -> Complaint {
            const auto text = plain_string(value);
            if (!text) return must_be("a URL such as \"https://api.attestr.com\"", value);
            auto endpoint = parse_endpoint(*text);
            if (!endpoint) return is_not_usable(endpoint.error());
            target = std::move(*endpoint);
            return std::nullopt;
          },
          [](const Endpoint& value) { return literal("https://" + authority_of(value)); }};
}

SettingKind<std::string> database_url() {
  return {[](const toml::node& value, std::string& target, const Folder&) -> Complaint {
            constexpr std::string_view kScheme = "postgresql://";
            const auto text = plain_string(value);
            if (!text || (!text->empty() && !text->starts_with(kScheme)))
              return must_be("a URI such as \"postgresql://attestrd@db1,db2/attestrd\"", value);
            // The text is not quoted from here on.
            const auto end = std::min(text->find('/', kScheme.size()), text->size());
            const auto user = std::string_view(*text).substr(0, text->rfind('@', end));
            if (!text->empty() && user.size() < end && user.find(':', kScheme.size()) != user.npos)
              return "must have no password: write it to the file that 'postgres.password_file' "
                     "names";
            target = *text;
            return std::nullopt;
          },
          [](const std::string& value) { return literal(value); }};
}

SettingKind<std::string> node_name() {
  return parsed<std::string>(
      "a name of at most 63 letters, digits, dots, dashes and underscores, or \"\"",
      [](const std::string& text, const Folder&) -> std::optional<std::string> {
        constexpr std::size_t kMostBytes = 63;
        const bool is_name = text.size() <= kMostBytes && kHostLetters.contains_all(text);
        return is_name ? std::optional(text) : std::nullopt;
      },
      itself);
}

SettingKind<std::optional<Endpoint>> proxy() {
  return {[](const toml::node& value, std::optional<Endpoint>& target, const Folder&) -> Complaint {
            const auto text = plain_string(value);
            if (!text)
              return must_be("a URL such as \"http://proxy.example.com:3128\", or \"\" for none",
                             value);
            target.reset();
            if (text->empty()) return std::nullopt;
            auto endpoint = parse_proxy(*text);
            if (!endpoint) return is_not_usable(endpoint.error());
            target = std::move(*endpoint);
            return std::nullopt;
          },
          [](const std::optional<Endpoint>& value) {
            return literal(value ? "http://" + host_and_port_of(*value) : "");
          }};
}

SettingKind<std::string> source_address() {
  return parsed<std::string>(
      "an IP address of this host (as in \"192.0.2.1\", \"2001:db8::1\"), or \"\" for any",
      [](const std::string& text, const Folder&) -> std::optional<std::string> {
        if (text.empty()) return text;
        boost::system::error_code bad;
        const auto address = boost::asio::ip::make_address(text, bad);
        if (bad || address.is_unspecified() || address.is_multicast()) return std::nullopt;
        // No connection can begin at one of these.
        const bool is_without_scope =
            address.is_v6() && address.to_v6().is_link_local() && address.to_v6().scope_id() == 0;
        if (is_without_scope || (address.is_v6() && address.to_v6().is_v4_mapped()))
          return std::nullopt;
        return address.to_string();
      },
      itself);
}

SettingKind<std::string> version() {
  constexpr std::size_t kMostBytes = 16;
  return parsed<std::string>(
      "a version such as \"v1\"",
      [](const std::string& text, const Folder&) -> std::optional<std::string> {
        const bool fits = text.size() <= kMostBytes && HandshakeId::parse(text);
        return fits ? std::optional(text) : std::nullopt;
      },
      itself);
}

SettingKind<std::string> secret_file(MayBeEmpty may_be_empty) {
  const bool takes_empty = may_be_empty == MayBeEmpty::yes;
  return parsed<std::string>(
      takes_empty ? "the name of a file, which holds the secret, or \"\" for none"
                  : "the name of a file, which holds the secret",
      [takes_empty](const std::string& text, const Folder&) -> std::optional<std::string> {
        return text.empty() && !takes_empty ? std::nullopt : std::optional(text);
      },
      itself);
}

SettingKind<std::filesystem::path> path(MayBeEmpty may_be_empty) {
  const bool takes_empty = may_be_empty == MayBeEmpty::yes;
  return parsed<std::filesystem::path>(
      takes_empty ? "a path, or \"\" for none" : "a path",
      [takes_empty](const std::string& text,
                    const Folder& folder) -> std::optional<std::filesystem::path> {
        if (text.empty() && takes_empty) return std::filesystem::path();
        if (text.empty()) return std::nullopt;
        auto path = (folder / text).lexically_normal();
        return path.has_filename() ? path : path.parent_path();
      },
      [](const std::filesystem::path& value) { return value.string(); });
}

SettingKind<std::optional<TcpEndpoint>> listen_address() {
  return parsed<std::optional<TcpEndpoint>>(
      "an address and a port (as in \"127.0.0.1:9464\", \"[::1]:9464\"), or \"\" for none",
      [](const std::string& text, const Folder&) -> std::optional<std::optional<TcpEndpoint>> {
        auto endpoint = parse_listen_address(text);
        if (!endpoint && !text.empty()) return std::nullopt;
        return std::optional(std::move(endpoint));
      },
      listen_text);
}

SettingKind<std::vector<std::string>> host_names() {
  constexpr std::string_view kExpected =
      "a list of names of hosts, without ports (as in [\"monitor.example.com\"])";
  return {
      [=](const toml::node& value, std::vector<std::string>& target, const Folder&) -> Complaint {
        const auto* const array = value.as_array();
        if (array == nullptr) return must_be(kExpected, value);
        target.clear();
        for (const auto& element : *array) {
          auto name = plain_string(element).value_or("");
          if (name.empty() || !kHostLetters.contains_all(name)) return must_be(kExpected, element);
          target.push_back(std::move(name));
        }
        return std::nullopt;
      },
      [](const std::vector<std::string>& names) {
        std::string list;
        for (const auto& name : names)
          list += fmt::format("{}{}", list.empty() ? "" : ", ", literal(name));
        return '[' + list + ']';
      }};
}

std::optional<std::size_t> chosen(const toml::node& value, const ChoiceNames& names) {
  const auto text = plain_string(value);
  const auto found = std::ranges::find(names, text ? std::string_view(*text) : std::string_view());
  if (found == names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

std::string must_be_one_of(const ChoiceNames& names, const toml::node& value) {
  std::string expected;
  for (const auto name : names) {
    expected += fmt::format("{}\"{}\"", expected.empty() ? "" : " or ", name);
  }
  return must_be(expected, value);
}

}  // namespace attestrd
