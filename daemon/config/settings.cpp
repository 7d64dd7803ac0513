#include "daemon/config/settings.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "base/limits.h"
#include "daemon/config/setting_kinds.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

constexpr Duration kDay = 24h;

/// Makes a setting. `member` returns the setting's member of a Config, const or not.
template <class T, class Member>
Setting make(std::string name, SettingKind<T> kind, Setting::Reload reload,
             std::string_view meaning, Member member) {
  return {std::move(name),
          reload,
          meaning,
          [read = kind.read, member](const toml::node& value, Config& config) {
            return read(value, member(config), config.folder);
          },
          [write = kind.write, member](const Config& config) { return write(member(config)); },
          [member](const Config& a, const Config& b) { return member(a) == member(b); }};
}

std::vector<Setting> make_settings() {
  return {
#define SECTION(Type, section)
#define SETTING(section, type, member, default_value, key, kind, reload, meaning) \
  make<type>(                                                                     \
      #section "." key, kind, Setting::Reload::reload, meaning,                   \
      [](auto& config) -> auto& { return config.section.member; }),
#define SECTION_END(Type, section)
#include "daemon/config/settings.def"
  };
}

}  // namespace

const std::vector<Setting>& settings() {
  static const std::vector<Setting> all = make_settings();
  return all;
}

const std::vector<std::string_view>& setting_sections() {
  static const std::vector<std::string_view> all = {
#define SECTION(Type, section) #section,
#define SETTING(...)
#define SECTION_END(Type, section)
#include "daemon/config/settings.def"
  };
  return all;
}

std::vector<std::string> changed_settings(const Config& before, const Config& after) {
  std::vector<std::string> changed;
  for (const Setting& setting : settings())
    if (!setting.is_same(before, after))
      changed.push_back(fmt::format("{} = {}", setting.name, setting.literal(after)));
  return changed;
}

Result<void> check_reload(const Config& before, const Config& after) {
  std::string names;
  for (const Setting& setting : settings()) {
    if (setting.reload == Setting::Reload::live || setting.is_same(before, after)) continue;
    names += fmt::format("{}{}", names.empty() ? "" : " and ", setting.name);
  }
  if (names.empty()) return {};
  return fail(Errc::invalid_config, names + " can't change while running; restart attestrd");
}

}  // namespace attestrd
