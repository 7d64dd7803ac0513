"""Provides the build under test, timeouts, exit codes, and functions that every test uses."""

import hashlib
import http.client
import json
import os
import pathlib
import random
import socket
import sys
import time

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["ATTESTRD_BUILD"])

# Temporary folders of the tests of this build; leftovers.py recognises their processes by it.
FOLDER_PREFIX = f"attestrd.{hashlib.sha256(os.fsencode(BUILD)).hexdigest()[:6]}."

ATTESTRD = BUILD / "daemon/attestrd"
ATTESTR_SIM = BUILD / "tests/stand_in/attestr-sim"

# Sanitizers and debug builds are slow: they get more time, and bounds on speed are not checked.
IS_SLOW_BUILD = os.environ["ATTESTRD_SLOW_BUILD"] == "1"
IS_LONG = os.environ.get("ATTESTRD_LONG") == "1"
TIMEOUT_FACTOR = 5 if IS_SLOW_BUILD else 1

USAGE, BAD_INPUT, UNAVAILABLE, INTERNAL, IO_ERROR, PERMISSION, CONFIG = 64, 65, 69, 70, 74, 77, 78

# Timeout for events that take some tenths of a second on an idle machine.
LONG_TIMEOUT_S = 60

# A folder for tests whose system calls matter but whose data need not be on a disk.
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

FOLDERS = ("results", "archived", "failed", "rejected")


def eventually(condition, within=15, what="it"):
    """Waits until the condition returns a true value, and returns it."""
    deadline = time.monotonic() + within * TIMEOUT_FACTOR
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {within * TIMEOUT_FACTOR} s")
        time.sleep(0.01)
    return value


def make_ids(count, seed=1):
    """Returns `count` different ids, which depend on the seed alone."""
    rng = random.Random(seed)
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    return [f"DS{number:06}" + "".join(rng.choices(alphabet, k=13)) for number in range(count)]


def visible_names(folder):
    """Returns the names in a folder, without the hidden marker of staging/."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def to_toml(sections):
    """Returns a configuration as TOML: strings, numbers and booleans have the same form in JSON."""
    lines = []
    for section, settings in sections.items():
        lines += [f"[{section}]", *(f"{key} = {json.dumps(value)}"
                                    for key, value in settings.items())]
    return "\n".join(lines) + "\n"


def http_get(port, target):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", target)
    response = connection.getresponse()
    return response.status, response.read().decode()


def report(text):
    """Prints a figure for the reader of the output."""
    print(text, file=sys.stderr, flush=True)


def checks_bounds():
    """Returns whether bounds on speed and size are checked; prints a line if they are not."""
    if IS_SLOW_BUILD:
        report("ATTESTRD_SLOW_BUILD=1 (a sanitizer or no optimisation): bounds are not checked")
    return not IS_SLOW_BUILD
