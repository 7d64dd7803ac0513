"""The programs that a measurement needs, and the Debian packages that they come from."""

import shutil
import subprocess

# Debian's own interpreter, which has Debian's aiohttp; another one may come first in the PATH.
PYTHON = "/usr/bin/python3"

PACKAGE_OF = {"chattr": "e2fsprogs", "curl": "curl", "findmnt": "util-linux", "hey": "hey",
              "nginx": "nginx-light", "openssl": "openssl", "taskset": "util-linux", "wrk": "wrk",
              "aiohttp": "python3-aiohttp"}

# What every part of the bench needs.
COMMON = ("findmnt", "nginx", "openssl", "taskset")


class MissingProgram(RuntimeError):
    """Names the program and its package."""


def path_of(program):
    """Servers lie in /usr/sbin, which need not be in the PATH of a user. None: not installed."""
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
