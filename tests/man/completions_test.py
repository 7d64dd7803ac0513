"""Tests the completions in bash, zsh and fish, as a person at the keyboard meets them."""

import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

import program

WAIT_S = 60
# fish loads the completions of programs that it finds.
PROGRAM_IN_PATH = {"PATH": f"{program.ATTESTRD.parent}:{os.environ['PATH']}"}
TAB, START_OF_LINE, END_OF_LINE = "\t", "\x01", "\x05"

# A line up to the cursor, and what a shell completes the last word to.
CASES = {
    "attestrd su": "submit",
    "attestrd check-c": "check-config",
    "attestrd --ver": "--version",
    "attestrd help veri": "verify",
    "attestrd submit --ex": "--expiry",
    "attestrd kick --acc": "--account",
    "attestrd list --state wai": "waiting",
    "attestrd list --sort du": "due",
    "attestrd fleet rel": "release",
    "attestrd run --config conf": "config-of-mine",
    "attestrd check-config conf": "config-of-mine",
    "attestrd verify --unseal pri": "private.key",
    "attestrd verify rec": "record.json",
    "attestrd backup rec": "record.json",
    "attestrd readmit --js": "--json",
}
# Shells complete nothing here: an id or a tag is no file, and `pause` has no operand.
UNCHANGED = ("attestrd kick rec", "attestrd submit --tag rec", "attestrd pause rec")


class Terminal:
    """A shell at a terminal."""

    def __init__(self, arguments, folder, **variables):
        pid, self.descriptor = pty.fork()
        if pid == 0:
            os.chdir(folder)
            os.environ.update(HOME=folder, TERM="dumb", LC_ALL="C.UTF-8", **variables)
            os.execvp(arguments[0], arguments)
        self.pid = pid

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.descriptor)

    def read_until(self, pattern):
        deadline, text = time.monotonic() + WAIT_S, ""
        while not re.search(pattern, text):
            left = deadline - time.monotonic()
            if left < 0 or not select.select([self.descriptor], [], [], left)[0]:
                raise AssertionError(f"no {pattern!r} in {text!r}")
            text += os.read(self.descriptor, 4096).decode(errors="replace")
        return text

    def run(self, command):
        """Types a command, and returns what the terminal shows until it has ended."""
        os.write(self.descriptor, f"{command}; echo en''ded\n".encode())
        return self.read_until(r"ended\r?\n")

    def completed(self, line):
        """Returns the last word of a line after a tab."""
        # The line becomes arguments of printf, which prints what the shell has completed.
        text = self.run(f"{line}{TAB}{START_OF_LINE}printf '<%s>' {END_OF_LINE}")
        return re.findall(r"<([^>]*)>", text[text.rindex("<attestrd>"):])[-1]


class CompletionsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("config-of-mine", "private.key", "record.json"):
            open(os.path.join(self.folder, name), "w").close()

    def check(self, terminal):
        self.addCleanup(terminal.close)
        for line, word in CASES.items():
            self.assertEqual(terminal.completed(line), word, line)
        for line in UNCHANGED:
            self.assertEqual(terminal.completed(line), line.split()[-1], line)

    def test_bash(self):
        """bash-completion loads the file when it is first needed."""
        terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], self.folder,
                            XDG_DATA_DIRS=str(program.PAGES))
        terminal.run("PS1=; . /usr/share/bash-completion/bash_completion")
        terminal.run("set +o history; bind 'set enable-bracketed-paste off'")
        self.check(terminal)

    def test_zsh(self):
        terminal = Terminal(["zsh", "-f", "-i"], self.folder)
        terminal.run("PS1= PROMPT_SP= ; unsetopt prompt_cr prompt_sp; "
                     f"fpath=({program.PAGES}/zsh/vendor-completions $fpath)")
        terminal.run("autoload -Uz compinit && compinit -u -D; bindkey -e")
        self.check(terminal)

    def test_bash_offers_all(self):
        """Tests the function of bash without a terminal: every command and every option."""
        def offered(*words):
            script = f"{{ . {program.PAGES}/bash-completion/completions/attestrd; " \
                     "compopt() { :; }; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _attestrd; " \
                     "printf '%s\\n' \"${COMPREPLY[@]}\"; }"
            return program.output_of("bash", "-c", script, "bash", *words,
                                     cwd=self.folder).split()

        self.assertEqual(set(offered("attestrd", "")), {*program.commands(), "help"})
        for name, options in program.commands().items():
            expected = set(options) - ({"--config"} if name == "version" else set())
            self.assertEqual(set(offered("attestrd", name, "-")), expected, name)
        self.assertEqual(offered("attestrd", "list", "--sort", "="), ["age", "due"])
        self.assertEqual(offered("attestrd", "list", "--sort", "=", "a"), ["age"])

    def test_zsh_names_all(self):
        text = (program.PAGES / "zsh/vendor-completions/_attestrd").read_text()
        program.output_of("zsh", "-n", program.PAGES / "zsh/vendor-completions/_attestrd")
        for name, options in program.commands().items():
            self.assertIn(f"\n    '{name}:", text)
            arguments = re.search(rf"^    {name}\) _arguments (.*)", text, re.MULTILINE).group(1)
            for option in set(options) - ({"--config"} if name == "version" else set()):
                self.assertRegex(arguments, rf"'{option}=?\[", name)

    def fish(self, line):
        """Returns what fish offers for the last word of a line."""
        script = f"set -p fish_complete_path {program.PAGES}/fish/vendor_completions.d; " \
                 f"complete -C '{line}'"
        text = program.output_of("fish", "--no-config", "-c", script, cwd=self.folder,
                                 env={**os.environ, **PROGRAM_IN_PATH, "HOME": self.folder,
                                      "LC_ALL": "C.UTF-8"})
        return [row.split("\t")[0] for row in text.splitlines()]

    def test_fish(self):
        for line, word in CASES.items():
            self.assertIn(word, self.fish(line), line)
        for line in UNCHANGED:
            self.assertEqual(self.fish(line), [], line)

    def test_fish_offers_all(self):
        self.assertEqual(set(self.fish("attestrd ")), {*program.commands(), "help"})
        for name, options in program.commands().items():
            expected = set(options) - ({"--config"} if name == "version" else set())
            self.assertEqual(set(self.fish(f"attestrd {name} --")), expected, name)


class ScriptsTest(unittest.TestCase):
    def test_shellcheck_prints_nothing(self):
        done = subprocess.run(["shellcheck", "-s", "bash",
                               program.PAGES / "bash-completion/completions/attestrd"],
                              text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
