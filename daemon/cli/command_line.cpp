#include "daemon/cli/command_line.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "base/nearest_name.h"
#include "base/text.h"
#include "daemon/cli/command_table.h"
#include "daemon/config/config.h"

namespace attestrd {
namespace {

std::string footer_of(const CommandRow& row) {
  std::string text(row.notes);
  if (!text.empty()) text += "\n\n";
  text += row.examples[1].empty() ? "Example:" : "Examples:";
  for (const auto example : row.examples)
    if (!example.empty()) text += fmt::format("\n  {}", example);
  return text;
}

/// The variables that the parser writes.
struct Parsed {
  std::filesystem::path config_file{kDefaultConfigFile};
  std::string config_operand;  ///< Of a command that takes the path as its operand, too.
  std::vector<std::string> operands;
  std::map<std::string_view, std::string> values;
};

void add_operands(CLI::App& command, const Operands& operands, std::vector<std::string>& target) {
  if (operands.count == Operands::none) return;
  std::string name;  // `id` for `ID...`
  for (const char c : operands.shown.substr(0, operands.shown.find_first_of(".| ")))
    name += to_lower(c);
  auto* const option = command.add_option(name, target, std::string(operands.meaning))
                           ->type_name(std::string(operands.shown))
                           ->required(operands.count != Operands::any);
  if (operands.count == Operands::one) option->expected(1);
}

void add_flag(CLI::App& command, const Flag& flag,
              std::map<std::string_view, std::string>& values) {
  if (flag.name.empty()) return;
  const std::string meaning(flag.meaning);  // Const: CLI11 would write to a variable.
  if (flag.value.empty())
    command.add_flag(std::string(flag.name), meaning)->disable_flag_override();
  else
    command.add_option(std::string(flag.name), values[flag.name], meaning)
        ->type_name(std::string(flag.value));
}

/// Adds a given flag, with its value if it has one.
void note(const Flag& flag, const std::string& value, Given& given) {
  given.flags.push_back(flag.name);
  if (!flag.value.empty()) given.values.emplace(flag.name, value);
}

void add_command(CLI::App& app, const CommandRow& row, std::function<int()>& chosen) {
  CLI::App* const command = app.add_subcommand(std::string(row.name), std::string(row.summary));
  const auto parsed = std::make_shared<Parsed>();
  add_operands(*command, row.operands, parsed->operands);
  auto* const config = command->add_option("--config", parsed->config_file, "The configuration")
                           ->type_name("FILE")
                           ->capture_default_str();
  if (row.config_file == ConfigFile::operand)
    command->add_option("file", parsed->config_operand, "The configuration")
        ->type_name("FILE")
        ->excludes(config);
  for (const Flag& flag : row.flags) add_flag(*command, flag, parsed->values);
  command->footer(footer_of(row));
  command->callback([command, &row, parsed, &chosen] {
    const bool may_read_stdin = row.operands.shown.ends_with("|-");
    const bool reads_stdin = std::ranges::find(parsed->operands, "-") != parsed->operands.end();
    if (may_read_stdin && reads_stdin && parsed->operands.size() > 1)
      throw CLI::ValidationError("-", "reads the ids from stdin, and can't stand beside ids");
    Given given{parsed->config_file, parsed->operands, {}};
    if (!parsed->config_operand.empty()) given.config_file = parsed->config_operand;
    for (const Flag& flag : row.flags)
      if (!flag.name.empty() && command->count(std::string(flag.name)) > 0)
        note(flag, parsed->values[flag.name], given);
    chosen = [&row, given] { return row.run(given); };
  });
}

/// Returns the words of the command line in the form that the parser knows.
std::vector<std::string> plain_words(std::vector<std::string> words) {
  if (words.empty()) return words;
  if (words[0] == "--version" || words[0] == "-V") words[0] = "version";
  if (words[0] == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  return words;
}

/// Returns what is wrong with the first flag that has an empty value behind `=`, or nothing. The
/// parser would take the next word for its value.
std::string empty_value(const std::vector<std::string>& words) {
  for (const auto& word : words) {
    if (word == "--") break;
    if (word.starts_with("--") && word.find('=') == word.size() - 1)
      return fmt::format("attestrd: '{}': the value is empty\n", escaped(word, kPrintableEscapes));
  }
  return {};
}

/// Returns what is wrong with a word in the place of the command, or nothing.
std::string unknown_command(std::string_view word) {
  std::vector<std::string_view> names;
  for (const CommandRow& row : commands()) names.push_back(row.name);
  if (word.starts_with('-') || std::ranges::find(names, word) != names.end()) return {};
  const auto nearest = nearest_name(word, names);
  return fmt::format("attestrd: '{}' is no command{}; `attestrd --help` lists them\n",
                     escaped(word, kPrintableEscapes),
                     nearest.empty() ? "" : fmt::format(", did you mean '{}'?", nearest));
}

/// Prints a message whose own failure changes nothing.
int fail_with(const std::string& message, int code) {
  static_cast<void>(std::fputs(message.c_str(), stderr));
  return code;
}

int run(const std::function<int()>& command) {
  try {
    const int code = command();
    if (std::fflush(stdout) == 0 || code != EX_OK) return code;
    return fail_with("attestrd: stdout can't be written\n", EX_IOERR);
  } catch (const std::system_error& error) {  // fmt::print() throws it when it can't write.
    return fail_with(fmt::format("attestrd: {}\n", error.what()), EX_IOERR);
  } catch (const std::exception& error) {
    return fail_with(fmt::format("attestrd: internal error: {}\n", error.what()), EX_SOFTWARE);
  }
}

}  // namespace

void add_commands(CLI::App& app, std::function<int()>& chosen) {
  app.require_subcommand(1);
  for (const CommandRow& row : commands()) add_command(app, row, chosen);
}

int run_command_line(int argc, char** argv) {
  CLI::App app("Fetches the results of Attestr handshakes: never lost, never forged, exactly once.",
               "attestrd");
  app.footer(
      "`attestrd COMMAND --help` or `attestrd help COMMAND` shows examples, `attestrd --version`\n"
      "the versions.\n"
      "Exit codes are those of sysexits.h: 0, 64 usage, 65 bad input, 69 unavailable,\n"
      "70 internal, 74 I/O, 77 permission, 78 configuration.");
  std::function<int()> chosen;
  add_commands(app, chosen);
  auto words = plain_words({argv + std::min(argc, 1), argv + argc});
  if (const auto wrong = words.empty() ? "" : unknown_command(words.front()); !wrong.empty())
    return fail_with(wrong, EX_USAGE);
  if (const auto wrong = empty_value(words); !wrong.empty()) return fail_with(wrong, EX_USAGE);
  std::ranges::reverse(words);  // As the parser expects them.
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == EX_OK ? EX_OK : EX_USAGE;
  }
  return run(chosen);
}

}  // namespace attestrd
