#pragma once

#include <string>

namespace attestrd {

// The completions of the command line for each shell, from the table of commands.

std::string bash_completions();
std::string zsh_completions();
std::string fish_completions();

}  // namespace attestrd
