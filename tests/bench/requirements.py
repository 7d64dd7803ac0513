"""Finds the programs that a measurement needs, and names the Debian packages that contain them."""

import shutil
import subprocess

# Debian's own interpreter, which has Debian's aiohttp; the PATH may name another one first.
PYTHON = "/usr/bin/python3"

PACKAGE_OF = {"chattr": "e2fsprogs", "curl": "curl", "findmnt": "util-linux", "hey": "hey",
              "nginx": "nginx-light", "openssl": "openssl", "taskset": "util-linux", "wrk": "wrk",
              "aiohttp": "python3-aiohttp"}

# The programs that every part of the bench needs.
COMMON = ("findmnt", "nginx", "openssl", "taskset")


class MissingProgram(RuntimeError):
    """The error for a missing program. It names the program and its package."""


def path_of(program):
    """Returns the path of a program; None if it is not installed. Servers are in /usr/sbin, which
    need not be in the PATH of a user."""
    return shutil.which(program) or shutil.which(program, path="/usr/sbin")


def is_installed(program):
    if program == "aiohttp":
        return bool(shutil.which(PYTHON)) and subprocess.run(
            [PYTHON, "-c", "import aiohttp"], capture_output=True, check=False).returncode == 0
    return path_of(program) is not None


def require(*programs):
    """Raises MissingProgram unless all of them are installed."""
    missing = [f"{program} (package {PACKAGE_OF[program]})" for program in programs
               if not is_installed(program)]
    if missing:
        raise MissingProgram(f"not installed: {', '.join(missing)}")
