"""Writes any number of ids in the form of Attestr's to files for the inbox."""

import base64
import random

LINES_PER_FILE = 1_000_000
RANDOM_BYTES = 10  # 16 characters in base32.


def write_ids(folder, count, order):
    """Writes the ids to files with names like `ids-0003`; they depend on the count alone."""
    folder.mkdir()
    rng = random.Random(count)
    for number, first in enumerate(range(0, count, LINES_PER_FILE)):
        numbers = range(first, min(first + LINES_PER_FILE, count))
        with open(folder / f"ids-{number:04}", "w", encoding="ascii") as file:
            file.writelines(f"DS02z{rest}\n" for rest in ORDERS[order](numbers, rng))


def at_random(numbers, rng):
    text = base64.b32encode(rng.randbytes(RANDOM_BYTES * len(numbers))).decode().lower()
    return (text[at:at + 16] for at in range(0, len(text), 16))


def ascending(numbers, _luck):
    return (f"{number:016}" for number in numbers)


ORDERS = {"ascending": ascending, "at random": at_random}
