"""What this run is about, and the words that every test uses."""

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
ATTESTRD = BUILD / "daemon/attestrd"
ATTESTR_SIM = BUILD / "tests/stand_in/attestr-sim"

# Sanitizers and debug builds are slow: they are given more time, and held to no bounds.
IS_SLOW_BUILD = os.environ["ATTESTRD_SLOW_BUILD"] == "1"
IS_LONG = os.environ.get("ATTESTRD_LONG") == "1"
PATIENCE = 5 if IS_SLOW_BUILD else 1

USAGE, BAD_INPUT, UNAVAILABLE, INTERNAL, IO_ERROR, PERMISSION, CONFIG = 64, 65, 69, 70, 74, 77, 78

# What lasts for some tenths of a second may take so long on a machine that has much else to do.
A_LONG_LIFE_S = 60

# What a process does to its files is the same in memory, and nothing waits for the disk there.
IN_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

FOLDERS = ("results", "archived", "failed", "rejected")


def eventually(condition, within=15, what="it"):
    """Waits until the condition holds, and returns what it gave."""
    deadline = time.monotonic() + within * PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {within * PATIENCE} s")
        time.sleep(0.01)
    return value


def make_ids(count, seed=1):
    """So many different ids, always the same for a seed."""
    luck = random.Random(seed)
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    return [f"DS{number:06}" + "".join(luck.choices(alphabet, k=13)) for number in range(count)]


def visible_names(folder):
    """What a folder holds, but for what is ours alone: the mark in staging/."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def to_toml(sections):
    """TOML as far as a configuration goes; JSON spells its texts, numbers and booleans alike."""
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


def tell(text):
    """A figure for the reader of the test's output."""
    print(text, file=sys.stderr, flush=True)


def hold_to_bounds():
    """Whether speed and size are judged; says so when they are not."""
    if IS_SLOW_BUILD:
        tell("ATTESTRD_SLOW_BUILD=1 (a sanitizer or no optimisation): bounds are not judged")
    return not IS_SLOW_BUILD
