"""Provides the build under test, and what the program says of itself."""

import functools
import os
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["ATTESTRD_BUILD"])
ATTESTRD = BUILD / "daemon/attestrd"
PAGES = BUILD / "daemon/man"


def output_of(*arguments, **options):
    return subprocess.run([str(argument) for argument in arguments], check=True, text=True,
                          capture_output=True, **options).stdout


@functools.cache
def commands():
    """Returns the options of each command, as the parser's own help lists them."""
    listed = output_of(ATTESTRD, "--help").partition("Subcommands:")[2].partition("\n\n")[0]
    names = re.findall(r"^  ([a-z-]+) ", listed, re.MULTILINE)
    return {name: options_of(name) for name in names}


@functools.cache
def help_of(name):
    return output_of(ATTESTRD, name, "--help")


def options_of(name):
    return re.findall(r"^  (?:-\w,)?(--[a-z-]+)", help_of(name), re.MULTILINE)
