"""Tests that no line is lost, whoever writes it and however slowly: the writers are other users
than the daemon, append to one file, stall anywhere, and are killed."""

import random
import subprocess
import sys
import time

import harness
from hostile_fixture import soon
from roles_fixture import ALICE, RolesFixture, as_user

APPENDED = 8000
WRITERS = 4
# Pauses at the start, between two lines, and within one, in seconds.
PAUSES = (1.2, 2.5, 10, 70) if harness.IS_LONG else (1.2, 2.5, 7)

APPEND = """
import sys
path, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for number in range(first, last):
    with open(path, "a") as out:  # As `echo ID >> FILE` does it.
        out.write(f"DSappended{number}\\n")
"""

STALL = """
import os, sys, time
path, place, pause, name = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
lines = f"DS{name}one\\nDS{name}two\\n".encode()
cut = {"start": 0, "between": lines.index(b"\\n") + 1, "within": len(lines) - 4}[place]
os.write(out, lines[:cut])
time.sleep(pause)
os.write(out, lines[cut:])
"""


class WritersTest(RolesFixture):
    def write(self, code, *arguments):
        """Starts a Python program as another user."""
        writer = subprocess.Popen([*as_user(ALICE), sys.executable, "-c", code,
                                   *map(str, arguments)], cwd="/")
        self.addCleanup(writer.wait)
        self.addCleanup(writer.kill)
        return writer

    def assert_all_end(self, daemon, wanted, possible=()):
        """Checks that these ids end, and that no id is polled that nobody wrote."""
        soon(lambda: set(wanted) <= self.spooled(), f"{len(set(wanted))} results")
        soon(lambda: not list((self.inbox / ".claimed").iterdir()), "an empty folder .claimed")
        self.assertLessEqual(self.spooled(), {*wanted, *possible})
        self.assertFalse(list((self.spool / "refused").iterdir()))
        self.assertTrue(daemon.is_running())

    def test_appends_while_the_file_is_claimed(self):
        daemon = self.start_service()
        share = APPENDED // WRITERS
        writers = [self.write(APPEND, self.inbox / "today", n * share, (n + 1) * share)
                   for n in range(WRITERS)]
        for writer in writers:
            self.assertEqual(writer.wait(), 0)
        self.assert_all_end(daemon, [f"DSappended{n}" for n in range(APPENDED)])

    def test_pauses_anywhere(self):
        daemon = self.start_service()
        wanted = []
        writers = []
        for place in ("start", "between", "within"):
            for number, pause in enumerate(PAUSES):
                name = f"{place}{number}"
                writers.append(self.write(STALL, self.inbox / name, place, pause, name))
                wanted += [f"DS{name}one", f"DS{name}two"]
        # Two writers have one file open.
        for number, pause in enumerate(PAUSES):
            for name in (f"a{number}", f"b{number}"):
                writers.append(self.write(STALL, self.inbox / f"both{number}", "start", pause,
                                          name))
                wanted += [f"DS{name}one", f"DS{name}two"]
        for writer in writers:
            self.assertEqual(writer.wait(), 0)
        self.assert_all_end(daemon, wanted)

    def test_kills_of_the_daemon_and_of_writers(self):
        """Kills the daemon again and again while writers append; some of them are killed too."""
        luck = random.Random(1)
        daemon = self.start_service()
        writers = [self.write(APPEND, self.inbox / f"today{n % 2}", n * 1000, (n + 1) * 1000)
                   for n in range(WRITERS)]
        for run in range(6):
            time.sleep(luck.uniform(0.05, 0.8))
            if run == 3:
                writers[0].kill()
            daemon.kill()
            daemon = self.start_service_again(f"daemon{run}")
        for writer in writers:
            writer.wait()
        possible = [f"DSappended{n}" for n in range(1000)]
        wanted = [f"DSappended{n}" for n in range(1000, WRITERS * 1000)]
        self.assert_all_end(daemon, wanted, possible)
        ended = sorted(int(one.removeprefix("DSappended")) for one in self.spooled()
                       if one in set(possible))
        self.assertEqual(ended, list(range(len(ended))), "a line of the killed writer is lost")


if __name__ == "__main__":
    harness.main()
