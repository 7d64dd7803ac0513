"""Reads the blocks of commands of the operator's guide, a manual page in scdoc.

A literal block (between lines of three backticks) whose first line begins with "# " or "$ " has
commands to be run as they stand: "# " as root, "$ " as a user who is in the groups that the guide
names. Other lines of the block show their output. A command continues on the next line after a
backslash, and up to the end of its here-document. A command that fails makes the guide wrong,
unless the next one is `echo $?`: then the line of output below that is the exit code that the guide
promises.
"""

import dataclasses
import re

PROMPTS = {"# ": "root", "$ ": "operator"}
HERE_DOCUMENT = re.compile(r"<<-?\s*'?\"?(\w+)")


@dataclasses.dataclass
class Command:
    line: int
    user: str
    text: str
    exit_code: int = 0  # The one that the guide promises.


def commands(text):
    """Returns the commands of all blocks in their order."""
    found = []
    for number, lines in blocks(text):
        if lines and lines[0][:2] in PROMPTS:
            found += commands_of_block(number, lines)
    return found


def blocks(text):
    """Yields the number of the first line and the lines of each literal block."""
    lines, start = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() == "```":
            if start is not None:
                yield start, [part.removeprefix("\t") for part in lines]
            lines, start = [], None if start is not None else number + 1
        elif start is not None:
            lines.append(line)


def commands_of_block(number, lines):
    found, position = [], 0
    while position < len(lines):
        line, at = lines[position], number + position
        position += 1
        if line[:2] not in PROMPTS:
            continue
        text = line[2:]
        while text.endswith("\\") and position < len(lines):
            text += "\n" + lines[position]
            position += 1
        if here := HERE_DOCUMENT.search(text):
            while not text.endswith("\n" + here.group(1)) and position < len(lines):
                text += "\n" + lines[position]
                position += 1
        if text == "echo $?" and found:
            found[-1].exit_code = int(lines[position]) if position < len(lines) else 0
        else:
            found.append(Command(at, PROMPTS[line[:2]], text))
    return found
