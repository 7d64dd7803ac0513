"""Reads the processes of this machine from /proc."""

import os
import pathlib
import typing

PROC = pathlib.Path("/proc")


class Entry(typing.NamedTuple):
    """A process; see proc_pid_stat(5)."""
    pid: int
    name: str
    state: str
    parent: int
    group: int
    session: int

    def is_zombie(self):
        return self.state in "ZX"

    def __str__(self):
        return f"{self.pid} {command_line(self.pid) or self.name}"


def all_processes():
    """Returns every process that still runs; zombies are omitted."""
    for path in PROC.iterdir():
        if path.name.isdigit():
            entry = entry_of(int(path.name))
            if entry and not entry.is_zombie():
                yield entry


def entry_of(pid):
    """Returns the entry of a process; None if it has ended meanwhile."""
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name is in parentheses and may contain some itself.
    name, _, fields = text.partition("(")[2].rpartition(")")
    state, parent, group, session = fields.split()[:4]
    return Entry(pid, name, state, int(parent), int(group), int(session))


def command_line(pid):
    return read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def read(pid, name):
    """Reads a file of a process; empty if it has ended, or hides the file from this user."""
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:
        return b""


def link(pid, name):
    """Returns the target of a symbolic link of a process; empty as above."""
    try:
        return os.readlink(PROC / str(pid) / name)
    except OSError:
        return ""


def open_files(pid):
    """Returns the paths of its open files."""
    try:
        names = os.listdir(PROC / str(pid) / "fd")
    except OSError:
        return []
    return [link(pid, f"fd/{name}") for name in names]


def ancestors(pid):
    """Returns the process itself, its parent, and so on up to the first process."""
    found = set()
    while pid and pid not in found:
        found.add(pid)
        entry = entry_of(pid)
        pid = entry.parent if entry else 0
    return found


def descendants(pid):
    """Returns all processes below this one, without zombies."""
    children = {}
    for entry in all_processes():
        children.setdefault(entry.parent, []).append(entry)
    found, pending = [], [pid]
    while pending:
        for entry in children.get(pending.pop(), ()):
            found.append(entry)
            pending.append(entry.pid)
    return found
