#include "daemon/man/page_tables.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/cli/command_table.h"
#include "daemon/config/settings.h"
#include "daemon/man/scdoc_text.h"
#include "log/event.h"
#include "metrics/metrics.h"

namespace attestrd {
namespace {

/// Returns an item of a list of definitions.
std::string item(std::string_view head, std::string_view text) {
  return fmt::format("{}\n\t{}\n\n", head, text);
}

/// Returns a name in bold.
std::string bold(std::string_view name) { return scdoc_text(fmt::format("`{}`", name)); }

std::string flag_head(const Flag& flag) {
  auto head = bold(flag.name);
  if (!flag.value.empty()) head += " " + scdoc_placeholders(flag.value);
  return head;
}

std::string synopsis_of(const CommandRow& command) {
  auto line = fmt::format("*attestrd {}*", command.name);
  if (command.config_file == ConfigFile::option) line += " [*--config* _FILE_]";
  if (command.config_file == ConfigFile::operand) line += " [_FILE_]";
  for (const Flag& flag : command.flags)
    if (!flag.name.empty()) line += fmt::format(" [{}]", flag_head(flag));
  const auto& operands = command.operands;
  if (operands.count == Operands::any)
    line += fmt::format(" [{}]", scdoc_placeholders(operands.shown));
  else if (operands.count != Operands::none)
    line += " " + scdoc_placeholders(operands.shown);
  return line;
}

/// Returns a line of a literal block, in which scdoc reads a pair of backslashes as one.
std::string literal(std::string_view line) {
  std::string out;
  for (const char c : line) out += c == '\\' ? "\\\\" : std::string(1, c);
  return out;
}

PageEntry command_entry(const CommandRow& command) {
  auto text = fmt::format("## {}\n\n{}\n\n{}\n\n", command.name, synopsis_of(command),
                          scdoc_sentence(command.summary));
  if (!command.notes.empty()) text += scdoc_text(command.notes) + "\n\n";
  const auto& operands = command.operands;
  if (operands.count != Operands::none)
    text += item(scdoc_placeholders(operands.shown), scdoc_sentence(operands.meaning));
  for (const Flag& flag : command.flags)
    if (!flag.name.empty()) text += item(flag_head(flag), scdoc_sentence(flag.meaning));
  text += fmt::format("Exit codes: {}.\n\n```\n", command.exits);
  for (const auto example : command.examples)
    if (!example.empty()) text += literal(example) + "\n";
  return {std::string(command.name), text + "```\n\n"};
}

std::vector<PageEntry> command_entries() {
  std::vector<PageEntry> entries;
  for (const CommandRow& command : commands()) entries.push_back(command_entry(command));
  return entries;
}

std::vector<PageEntry> overview() {
  std::vector<PageEntry> entries;
  for (const CommandRow& command : commands())
    entries.push_back(
        {std::string(command.name), item(bold(command.name), scdoc_sentence(command.summary))});
  return entries;
}

std::vector<PageEntry> setting_entries() {
  std::vector<PageEntry> entries;
  std::string_view section;
  const auto end_section = [&] {
    if (!section.empty()) entries.push_back({fmt::format("[{}]", section), ""});
  };
  for (const Setting& setting : settings()) {
    std::string text;
    if (setting.section() != section) {
      end_section();
      section = setting.section();
      text = fmt::format("## [{}]\n\n", section);
    }
    const auto head = scdoc_text(fmt::format("`{}` = {}", setting.name, setting.literal({})));
    const bool restarts = setting.reload == Setting::Reload::restart;
    text += item(head + (restarts ? "  (restart)" : ""), scdoc_sentence(setting.meaning));
    entries.push_back({setting.name, std::move(text)});
  }
  end_section();
  return entries;
}

std::vector<PageEntry> event_entries() {
  std::vector<PageEntry> entries;
  for (const EventRow& row : event_rows()) {
    if (row.name.empty()) {  // The event above, at another level.
      entries.back().text +=
          fmt::format("\t*{}:* {}", name_of(row.level), scdoc_sentence(row.sentence));
    } else {
      entries.push_back(
          {std::string(row.name), fmt::format("{} ({})\n\t{}", bold(row.name), name_of(row.level),
                                              scdoc_sentence(row.sentence))});
    }
    if (!row.fields.empty())
      entries.back().text += fmt::format(" Fields: {}", scdoc_sentence(row.fields));
    entries.back().text += "\n\n";
  }
  return entries;
}

/// Returns the label and its values, e.g. "Label `state`: `pending`, `in_flight`."; empty if the
/// metric has no label.
std::string labels_of(const MetricRow& row) {
  if (row.label().empty()) return "";
  auto text = fmt::format(" Label `{}`", row.label());
  std::string_view separator = ": ";
  for (const auto value : row.label_values()) {
    if (value == kProgramVersion) continue;
    text += fmt::format("{}`{}`", std::exchange(separator, ", "), value);
  }
  return scdoc_text(text + ".");
}

std::vector<PageEntry> metric_entries() {
  std::vector<PageEntry> entries;
  for (const MetricRow& row : metric_rows())
    entries.push_back(
        {std::string(row.name), item(fmt::format("{} ({})", bold(row.name), name_of(row.type)),
                                     scdoc_sentence(row.help) + labels_of(row))});
  return entries;
}

}  // namespace

std::vector<PageEntry> page_table(std::string_view name) {
  if (name == "overview") return overview();
  if (name == "commands") return command_entries();
  if (name == "settings") return setting_entries();
  if (name == "events") return event_entries();
  if (name == "metrics") return metric_entries();
  return {};
}

}  // namespace attestrd
