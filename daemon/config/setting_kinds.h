#pragma once

#include <toml++/toml.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "http/endpoint.h"

namespace attestrd {

// The syntax and the bounds of values in the configuration file.

/// The syntax of values of type T.
template <class T>
struct SettingKind {
  /// Reads the value into the target, or returns its fault as the end of a sentence that begins
  /// with the key. Relative paths start at the folder.
  std::function<std::optional<std::string>(const toml::node&, T&, const std::filesystem::path&)>
      read;
  /// Returns the value as a TOML literal.
  std::function<std::string(const T&)> write;
};

enum class MayBeEmpty : bool { no, yes };

SettingKind<std::uint32_t> whole_number(std::uint32_t least, std::uint32_t most);
/// Accepts a whole number too.
SettingKind<double> number(double least, double most);
SettingKind<Duration> duration(Duration least, Duration most);
/// Accepts a plain number of bytes too.
SettingKind<std::size_t> size(std::uint64_t least, std::uint64_t most);
SettingKind<Endpoint> url();
/// Accepts a word that is safe in the path of a URL.
SettingKind<std::string> version();
/// Accepts `http://HOST:PORT`.
SettingKind<std::optional<Endpoint>> proxy();
/// Accepts an IP address of this host.
SettingKind<std::string> source_address();
/// Accepts a URI of PostgreSQL without a password, or an empty text.
SettingKind<std::string> database_url();
/// Accepts a name of at most 63 letters, digits, dots, dashes and underscores, or an empty text.
SettingKind<std::string> node_name();
SettingKind<std::string> secret_file(MayBeEmpty may_be_empty = MayBeEmpty::no);
SettingKind<std::filesystem::path> path(MayBeEmpty may_be_empty);
/// Accepts `127.0.0.1:9464` or `[::1]:9464`. Host names are refused: they would need a look-up.
SettingKind<std::optional<boost::asio::ip::tcp::endpoint>> listen_address();

/// Accepts a list of names of hosts.
SettingKind<std::vector<std::string>> host_names();

// Helpers of one_of().
using ChoiceNames = std::vector<std::string_view>;
/// Returns the index of the value among the names, or nothing if it is none of them.
std::optional<std::size_t> chosen(const toml::node& value, const ChoiceNames& names);
std::string must_be_one_of(const ChoiceNames& names, const toml::node& value);

/// Accepts one of the given words.
template <class T>
SettingKind<T> one_of(std::vector<std::pair<std::string_view, T>> choices) {
  ChoiceNames names;
  for (const auto& [name, value] : choices) names.push_back(name);
  return {[choices, names](const toml::node& node, T& target,
                           const std::filesystem::path&) -> std::optional<std::string> {
            const auto place = chosen(node, names);
            if (!place) return must_be_one_of(names, node);
            target = choices[*place].second;
            return std::nullopt;
          },
          [choices](const T& value) {
            std::string word;
            for (const auto& [name, choice] : choices)
              if (choice == value) word = name;
            return '"' + word + '"';
          }};
}

}  // namespace attestrd
