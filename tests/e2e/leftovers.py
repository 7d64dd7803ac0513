"""Finds processes that the end-to-end tests of a build have left behind. Usage: leftovers.py

The build is that of ATTESTRD_BUILD. Prints each process, and exits with 1 when there is one. A
process was started by these tests if its environment says so, or if it works in, names, or has open
a file in a temporary folder of these tests. (The environment alone does not suffice: nginx writes
the title of a worker over it, and attestrd keeps it from other users.)
"""

import os
import sys

import process_table
import supervisor
from test_environment import BUILD, FOLDER_PREFIX


def find(build=BUILD, prefix=FOLDER_PREFIX):
    """The processes, without this one and its ancestors."""
    own = process_table.ancestors(os.getpid())
    return [entry for entry in process_table.all_processes()
            if entry.pid not in own and was_started_by_tests(entry.pid, build, prefix)]


def was_started_by_tests(pid, build, prefix):
    mark = f"{supervisor.MARK}={build}".encode()
    if mark in process_table.read(pid, "environ").split(b"\0"):
        return True
    folder = f"/{prefix}"
    places = (process_table.command_line(pid), process_table.link(pid, "cwd"),
              *process_table.open_files(pid))
    return any(folder in place for place in places)


def main():
    found = find()
    for entry in found:
        print(f"still running: {entry}")
    print(f"{len(found)} processes left by the tests of {BUILD}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
