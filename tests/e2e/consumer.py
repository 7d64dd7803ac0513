"""Moves each record away as soon as it appears, as a consumer does.

Usage: consumer.py SPOOL TAKEN [FOLDER...]

Each file is renamed to TAKEN/FOLDER.NAME.N with a growing N, so that a record that appears twice is
counted twice. inotify reports a file within microseconds of its publication.
"""

import ctypes
import os
import pathlib
import struct
import sys

FOLDERS = ("results", "archived", "failed", "rejected")
IN_MOVED_TO_OR_CREATED = 0x80 | 0x100
HEADER = struct.Struct("iIII")  # inotify(7): wd, mask, cookie, len


def events(descriptor, folders):
    """Yields the folder and the name of each file as it appears; never ends."""
    while True:
        data, at = os.read(descriptor, 1 << 16), 0
        while at < len(data):
            watch, _, _, length = HEADER.unpack_from(data, at)
            at += HEADER.size
            name = data[at:at + length].rstrip(b"\0").decode()
            at += length
            yield folders[watch], name


def main(spool, taken, watched):
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(os.O_CLOEXEC)
    folders = {}
    for folder in watched:
        path = spool / folder
        watch = libc.inotify_add_watch(descriptor, os.fsencode(path), IN_MOVED_TO_OR_CREATED)
        folders[watch] = path
    print("watching", flush=True)
    for count, (folder, name) in enumerate(events(descriptor, folders)):
        os.rename(folder / name, taken / f"{folder.name}.{name}.{count}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3:] or FOLDERS)
