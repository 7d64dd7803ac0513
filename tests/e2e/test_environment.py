"""Provides the build under test, timeouts, exit codes, and functions that every test uses."""

import hashlib
import http.client
import json
import os
import pathlib
import random
import resource
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

# Timeout for events that take some tenths of a second on an idle machine. It ends a test that
# hangs; other tests may delay any event for many seconds.
LONG_TIMEOUT_S = 60

# ctest stops the program after this time. All waits end earlier, so that a test that hangs reports
# what it waited for.
STOPPED_AFTER_S = float(os.environ.get("ATTESTRD_TEST_TIMEOUT_S", "inf"))
LAST_WAIT_ENDS_AT = time.monotonic() + 0.9 * STOPPED_AFTER_S

# A folder for tests whose system calls matter but whose data need not be on a disk.
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

FOLDERS = ("results", "archived", "failed", "rejected")


def time_limit(seconds):
    """Returns the time to wait for an event that takes up to this time in an ordinary build."""
    return max(0, min(seconds * TIMEOUT_FACTOR, LAST_WAIT_ENDS_AT - time.monotonic()))


def eventually(condition, within=LONG_TIMEOUT_S, what="it"):
    """Waits until the condition returns a true value, and returns it."""
    limit = time_limit(within)
    deadline = time.monotonic() + limit
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {limit:.0f} s")
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


def in_inbox(inbox):
    """Returns the names in the inbox, without the folder of claimed files."""
    return set(os.listdir(inbox)) - {".claimed"}


def claimed(inbox):
    """Returns the names that the claimed files had in the inbox."""
    folder = inbox / ".claimed"
    return {name.partition("-")[2] for name in os.listdir(folder)} if folder.exists() else set()


def is_inbox_empty(inbox):
    return not in_inbox(inbox) and not claimed(inbox)


def reserved_port():
    """Returns a socket that keeps its port for a program of the test: the kernel assigns the port
    to no other socket. The socket does not listen, and has SO_REUSEADDR, so that the program can
    bind to the port with SO_REUSEADDR too, and listen."""
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


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


class UnixConnection(http.client.HTTPConnection):
    """A connection to a server on a unix socket."""

    def __init__(self, path):
        super().__init__("attestrd")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


def unix_get(path, target, **headers):
    """Returns the status, the Content-Type and the text of the answer."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", target, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read().decode()
    finally:
        connection.close()


def cpu_seconds(process):
    """Returns the CPU time of a running process so far."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_seconds_of_children():
    """Returns the CPU time of all processes that have been started and waited for, so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def report(text):
    """Prints a figure for the reader of the output."""
    print(text, file=sys.stderr, flush=True)


def checks_bounds():
    """Returns whether bounds on speed and size are checked; prints a line if they are not."""
    if IS_SLOW_BUILD:
        report("ATTESTRD_SLOW_BUILD=1 (a sanitizer or no optimisation): bounds are not checked")
    return not IS_SLOW_BUILD
