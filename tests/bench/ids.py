"""Ids like Attestr's, as many as one wants, in files that can be dropped."""

import base64
import random

LINES_PER_FILE = 1_000_000
RANDOM_BYTES = 10  # Which base32 spells as 16 characters.


def write_ids(folder, count, order):
    """The same for a count, in files with names like `ids-0003`."""
    folder.mkdir()
    luck = random.Random(count)
    for number, first in enumerate(range(0, count, LINES_PER_FILE)):
        numbers = range(first, min(first + LINES_PER_FILE, count))
        with open(folder / f"ids-{number:04}", "w", encoding="ascii") as file:
            file.writelines(f"DS02z{rest}\n" for rest in ORDERS[order](numbers, luck))


def at_random(numbers, luck):
    text = base64.b32encode(luck.randbytes(RANDOM_BYTES * len(numbers))).decode().lower()
    return (text[at:at + 16] for at in range(0, len(text), 16))


def ascending(numbers, _luck):
    return (f"{number:016}" for number in numbers)


ORDERS = {"ascending": ascending, "at random": at_random}
