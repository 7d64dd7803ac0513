#include "daemon/man/completions.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "daemon/cli/command_table.h"

namespace attestrd {
namespace {

constexpr std::string_view kHead =
    "# Completions of attestrd, generated from its table of commands.\n";

constexpr std::string_view kHelp = "Print the options and examples";

/// An option of a command.
struct Option {
  std::string_view name;  ///< Includes the dashes.
  std::string_view meaning;
  std::string_view value;    ///< The name of its value; empty: it has none.
  std::string_view choices;  ///< See Flag.
};

std::vector<Option> options_of(const CommandRow& command) {
  std::vector<Option> options;
  if (command.config_file != ConfigFile::none)
    options.push_back({"--config", "The configuration", "FILE", kFileNames});
  for (const Flag& flag : command.flags)
    if (!flag.name.empty()) options.push_back({flag.name, flag.meaning, flag.value, flag.choices});
  options.push_back({"--help", kHelp, {}, {}});
  return options;
}

/// Returns the choices for the operands of a command; empty: there are none.
std::string_view operand_choices(const CommandRow& command) {
  const bool is_file =
      command.config_file == ConfigFile::operand || command.operands.shown.starts_with("FILE");
  return is_file ? kFileNames : command.operands.choices;
}

std::string command_names() {
  std::string names;
  for (const CommandRow& command : commands()) names += fmt::format("{} ", command.name);
  return names + "help";
}

/// Returns the text with a backslash before each of these characters.
std::string with_backslashes(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != special.npos) out += '\\';
    out += c;
  }
  return out;
}

/// Returns the text as a word in single quotes, for bash and zsh.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

// bash

/// Returns the assignments that offer these choices.
std::string bash_words(std::string_view choices) {
  if (choices == kFileNames) return "files=yes";
  return fmt::format("words='{}'", choices);
}

/// Returns the arms of a case over `COMMAND:OPTION` for the options that have a value.
std::string bash_values() {
  std::string arms;
  for (const CommandRow& command : commands())
    for (const Option& option : options_of(command))
      if (!option.value.empty())
        arms += fmt::format("    {}:{}) {} ;;\n", command.name, option.name,
                            option.choices.empty() ? ":" : bash_words(option.choices));
  return arms;
}

/// Returns the arms of a case over commands.
std::string bash_operands() {
  std::string arms;
  for (const CommandRow& command : commands()) {
    std::string names;
    for (const Option& option : options_of(command)) names += fmt::format("{} ", option.name);
    names.pop_back();
    const auto choices = operand_choices(command);
    arms += fmt::format("        {}) options='{}'{} ;;\n", command.name, names,
                        choices.empty() ? "" : "; " + bash_words(choices));
  }
  return arms;
}

// zsh

/// Returns the action of _arguments that offers these choices.
std::string zsh_action(std::string_view choices) {
  if (choices.empty()) return " ";
  if (choices == kFileNames) return "_files";
  return fmt::format("({})", choices);
}

std::string zsh_option(const Option& option) {
  auto spec = fmt::format("{}{}[{}]", option.name, option.value.empty() ? "" : "=",
                          with_backslashes(option.meaning, "[]:\\"));
  if (!option.value.empty())
    spec += fmt::format(":{}:{}", option.value, zsh_action(option.choices));
  return in_quotes(spec);
}

/// Returns what stands for the operands; nothing where there are no choices, since zsh would show a
/// message instead of completing an option.
std::string zsh_operands(const CommandRow& command) {
  const auto choices = operand_choices(command);
  if (choices.empty()) return "";
  if (choices == kFileNames) return " '*:file:_files'";
  return fmt::format(" '1:word:({})'", choices);
}

// fish

/// Returns the text in single quotes of fish.
std::string fish_quoted(std::string_view text) {
  return fmt::format("'{}'", with_backslashes(text, "\\'"));
}

/// Returns the arguments of `complete` that offer these choices.
std::string fish_choices(std::string_view choices) {
  if (choices.empty()) return "";
  if (choices == kFileNames) return " -F";
  return " -a " + fish_quoted(choices);
}

std::string fish_command(const CommandRow& command) {
  const auto begin = fmt::format("complete -c attestrd -n '__attestrd_command {}'", command.name);
  std::string lines;
  for (const Option& option : options_of(command)) {
    const auto exclusive = option.choices == kFileNames ? " -r" : " -x";
    lines += fmt::format("{} -l {}{}{} -d {}\n", begin, option.name.substr(2),
                         option.value.empty() ? "" : exclusive, fish_choices(option.choices),
                         fish_quoted(option.meaning));
  }
  if (const auto choices = operand_choices(command); !choices.empty())
    lines += fmt::format("{}{}\n", begin, fish_choices(choices));
  return lines;
}

}  // namespace

std::string bash_completions() {
  return fmt::format(R"sh({}
_attestrd() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  local words='' options='' files=''
  # An equals sign is a word of its own.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $previous == '=' ]]; then
    previous=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    words='{}'
    options='--help --version'
    previous=''
  fi
  case ${{COMP_WORDS[1]}}:$previous in
{}    *)
      ((COMP_CWORD == 1)) || case ${{COMP_WORDS[1]}} in
        help) words='{}' ;;
{}      esac
      [[ $current == -* || -z $words$files ]] && words=$options files=''
      ;;
  esac
  if [[ $files ]]; then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  fi
}}
complete -F _attestrd attestrd
)sh",
                     kHead, command_names(), bash_values(), command_names(), bash_operands());
}

std::string zsh_completions() {
  std::string summaries, arms;
  for (const CommandRow& command : commands()) {
    summaries += fmt::format(
        "    {}\n",
        in_quotes(fmt::format("{}:{}", command.name, with_backslashes(command.summary, ":\\"))));
    std::string specs;
    for (const Option& option : options_of(command)) specs += " " + zsh_option(option);
    arms += fmt::format("    {}) _arguments{}{} ;;\n", command.name, specs, zsh_operands(command));
  }
  return fmt::format(R"sh(#compdef attestrd
{}
_attestrd() {{
  local -a summaries=(
{}    'help:Prints the options and examples of a command'
  )
  if ((CURRENT == 2)); then
    _describe -t commands command summaries
    _describe -o option "(--help --version)"
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
    help) _describe -t commands command summaries ;;
{}  esac
}}

_attestrd "$@"
)sh",
                     kHead, summaries, arms);
}

std::string fish_completions() {
  std::string lines;
  for (const CommandRow& command : commands()) {
    lines += fmt::format("complete -c attestrd -n __attestrd_none -a {} -d {}\n", command.name,
                         fish_quoted(command.summary));
    lines += fish_command(command);
  }
  return fmt::format(R"sh({}
function __attestrd_none
    set -l words (commandline -opc)
    test (count $words) -eq 1
end

function __attestrd_command
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = $argv[1]
end

complete -c attestrd -f
complete -c attestrd -n __attestrd_none -l help -d 'Print the commands'
complete -c attestrd -n __attestrd_none -l version -d 'Print the versions'
complete -c attestrd -n __attestrd_none -a help -d 'Prints the options and examples of a command'
complete -c attestrd -n '__attestrd_command help' -a {}
{})sh",
                     kHead, fish_quoted(command_names()), lines);
}

}  // namespace attestrd
