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

// How the values of settings are written in the configuration file, and within which bounds.

/// A way to write values of type T.
template <class T>
struct SettingKind {
  /// Reads the value into the target, or returns what is wrong with it, as the end of a sentence
  /// that begins with the key. Relative paths begin at the folder.
  std::function<std::optional<std::string>(const toml::node&, T&, const std::filesystem::path&)>
      read;
  /// The value as a literal of TOML.
  std::function<std::string(const T&)> write;
};

enum class MayBeEmpty : bool { no, yes };

SettingKind<std::uint32_t> whole_number(std::uint32_t least, std::uint32_t most);
/// A whole number is accepted too.
SettingKind<double> number(double least, double most);
SettingKind<Duration> duration(Duration least, Duration most);
/// A number of bytes is accepted too.
SettingKind<std::size_t> size(std::uint64_t least, std::uint64_t most);
SettingKind<Endpoint> url();
/// A word that is safe in the path of a URL.
SettingKind<std::string> version();
SettingKind<std::string> secret_file();
SettingKind<std::filesystem::path> path(MayBeEmpty may_be_empty);
/// `127.0.0.1:9464` or `[::1]:9464`. Names are refused: they would have to be looked up.
SettingKind<std::optional<boost::asio::ip::tcp::endpoint>> listen_address();

// The parts of one_of().
using ChoiceNames = std::vector<std::string_view>;
/// The place of the word that stands there, or nothing.
std::optional<std::size_t> chosen(const toml::node& value, const ChoiceNames& names);
std::string must_be_one_of(const ChoiceNames& names, const toml::node& value);

/// One of a few words.
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
