#include "daemon/config/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "base/nearest_name.h"
#include "daemon/config/relations.h"
#include "daemon/config/settings.h"
#include "daemon/config/toml_depth.h"
#include "files/posix_reader.h"

namespace attestrd {
namespace {

using Line = toml::source_index;

/// Reads the keys of a parsed file into a Config and collects the faults.
class Reader {
 public:
  Reader(const std::filesystem::path& file, const ConfigSections& needed, Config& config)
      : file_(file.string()), needed_(needed), config_(config) {}

  void read(const toml::table& root);
  void check_relations();

  /// Returns one line for each problem, in the order of the file.
  std::string problems();

 private:
  void read_section(const toml::key& section, const toml::node& content);
  void read_key(const std::string& name, Line line, const toml::node& value);
  void unknown_section(std::string_view name, Line line);
  void unknown_key(std::string_view name, Line line);
  void problem(Line line, std::string_view what);

  std::string file_;
  const ConfigSections& needed_;
  Config& config_;
  std::map<std::string, Line, std::less<>> lines_;  ///< The line of each key in the file.
  std::vector<std::pair<Line, std::string>> problems_;
};

void Reader::read(const toml::table& root) {
  for (const auto& [key, content] : root) {
    const bool is_needed =
        needed_.empty() || std::ranges::find(needed_, key.str()) != needed_.end();
    if (is_needed) read_section(key, content);
  }
}

void Reader::read_section(const toml::key& section, const toml::node& content) {
  const std::string_view name = section.str();
  const Line line = section.source().begin.line;
  const auto& sections = setting_sections();
  if (std::ranges::find(sections, name) == sections.end()) {
    return unknown_section(name, line);
  }
  const toml::table* table = content.as_table();
  if (table == nullptr) {
    return problem(line, fmt::format("'{}' must be a section, written [{}]", name, name));
  }
  for (const auto& [key, value] : *table) {
    read_key(fmt::format("{}.{}", name, key.str()), key.source().begin.line, value);
  }
}

void Reader::read_key(const std::string& name, Line line, const toml::node& value) {
  const auto key = std::ranges::find(settings(), name, &Setting::name);
  if (key == settings().end()) return unknown_key(name, line);
  lines_[name] = line;
  if (const auto complaint = key->read(value, config_)) {
    problem(line, fmt::format("key '{}' {}", name, *complaint));
  }
}

void Reader::unknown_section(std::string_view name, Line line) {
  const auto nearest = nearest_name(name, setting_sections());
  const auto hint = nearest.empty() ? "" : fmt::format("; did you mean '[{}]'?", nearest);
  problem(line, fmt::format("section '[{}]' is unknown{}", name, hint));
}

void Reader::unknown_key(std::string_view name, Line line) {
  std::vector<std::string_view> names;
  for (const Setting& setting : settings()) names.push_back(setting.name);
  const auto nearest = nearest_name(name, names);
  const auto hint = nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
  problem(line, fmt::format("key '{}' is unknown{}", name, hint));
}

void Reader::problem(Line line, std::string_view what) {
  problems_.emplace_back(line,
                         fmt::format("{}:{}: {}", file_, line, escaped(what, kControlEscapes)));
}

/// Reports each broken relation at the line of its key, or at line 1 if the key is not in the file.
void Reader::check_relations() {
  if (!problems_.empty()) return;  // A refused value would be reported twice.
  if (!needed_.empty()) return;    // They lead from one section to another.
  for (const auto& [key, what] : broken_relations(config_)) {
    const auto at = lines_.find(key);
    problem(at == lines_.end() ? 1 : at->second, fmt::format("key '{}' {}", key, what));
  }
}

std::string Reader::problems() {
  std::ranges::stable_sort(problems_, {}, &std::pair<Line, std::string>::first);
  std::string text;
  for (const auto& [line, what] : problems_) {
    if (!text.empty()) text += '\n';
    text += what;
  }
  return text;
}

}  // namespace

std::filesystem::path queue_lock_file(const Config& config) {
  auto path = config.paths.queue;
  return path += ".lock";
}

std::filesystem::path queue_copy_file(const Config& config) {
  auto path = config.paths.queue;
  return path += ".copy";
}

Result<Config> parse_config(std::string_view text, const std::filesystem::path& file,
                            const ConfigSections& needed) {
  Config config;
  config.folder = std::filesystem::absolute(file).parent_path();
  if (const auto line = line_of_deep_key(text); line != 0)
    return fail(Errc::invalid_config,
                fmt::format("{}:{}: a key here has too many dots", file.string(), line));
  try {
    const toml::table root = toml::parse(text);
    Reader reader(file, needed, config);
    reader.read(root);
    reader.check_relations();
    if (auto problems = reader.problems(); !problems.empty()) {
      return fail(Errc::invalid_config, std::move(problems));
    }
    return config;
  } catch (const toml::parse_error& error) {
    return fail(Errc::invalid_config,
                fmt::format("{}:{}: not TOML: {}", file.string(), error.source().begin.line,
                            escaped(error.description(), kControlEscapes)));
  }
}

Result<Config> load_config(const std::filesystem::path& file, const ConfigSections& needed,
                           FileKinds kinds) {
  constexpr std::size_t kMostBytes = 1 << 20;
  const auto text = read_whole(file.string(), kinds, kMostBytes);
  if (text) return parse_config(*text, file, needed);
  const auto [step, error] = text.error();
  if (step == ReadFault::Step::kind) {
    return fail(Errc::invalid_config,
                fmt::format("{}: no plain file; make it one, or restart attestrd", file.string()));
  }
  if (step == ReadFault::Step::size) {
    return fail(Errc::invalid_config,
                fmt::format("{}: larger than 1 MiB; this is no configuration", file.string()));
  }
  return fail(code_of_unread(error),
              fmt::format("{}: can't read the configuration: {}", file.string(),
                          std::generic_category().message(error)));
}

}  // namespace attestrd
