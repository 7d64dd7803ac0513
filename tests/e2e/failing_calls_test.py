"""The real daemon meets a failure at each call by which it opens or changes a file.

For n = 1, 2, 3, ... its n-th call of a kind fails, alone or with all that follow: with EIO, as a
disk that breaks, with ENOSPC, as a full one, with EINTR, as one that a signal interrupted. It must
end as README says, and the next daemon, which nothing befalls, must bring all to its end, once.
"""

import itertools
import re

import harness
import strace
import strikes
from calls import first_of_ours

# Most writes are SQLite's, and come in pairs.
WRITE_STEP = 1 if harness.IS_LONG else 3

# Nothing rests on these, so that a failure has no consequence.
HARMLESS = re.compile("|".join((
    r"close\(",                              # What was written is synced before.
    r"\w+\(\d+<[^>]*\.lock>, ",              # The pid in a lock file is for people.
    r'openat\(.*"/dev/null", O_RDWR',        # The standard streams are open already.
    r'openat\(.*"/(dev/urandom|etc/|usr/)',  # SQLite's luck, the time zone, OpenSSL's defaults.
    r'openat\(.*/inbox>, "DS',               # An empty file: its name says it all.
    # SQLite syncs the names of its files, and so do we, with O_DIRECTORY and fsync().
    r'openat\(.*"[^"]*/(plain|consumed)\d", O_RDONLY\|O_CLOEXEC\)',
    r"fdatasync\(\d+<.*/(plain|consumed)\d>\)",
)))

# The main thread leaves the world with this. Then SQLite puts its log into the database: if that
# fails, the next start does it.
AT_THE_END = re.compile(r'unlink\(".*/control\.sock"\)')

# A submission that can't be put away yet is left where it is, and looked at again later.
LEFT_FOR_LATER = re.compile(r"unlinkat\(.*/inbox>|/refused")


class FailingCallsTest(strikes.Strikes):
    def setUp(self):
        super().setUp()
        self.start_world, self.service, self.together, self.recovery = self.make_worlds()

    def test_a_broken_disk(self):
        """EIO: nothing is tried again. Exit 74, so that systemd starts it anew."""
        self.strike_with("EIO", [(self.start_world, False), (self.start_world, True),
                                 (self.service, False), (self.service, True),
                                 (self.together, False), (self.together, True),
                                 (self.recovery, False)], self.end_broken)

    def test_a_full_disk(self):
        """ENOSPC: at the start it ends with 74, in service it waits for room."""
        self.strike_with("ENOSPC", [(self.start_world, False), (self.recovery, True)],
                         self.end_broken)
        self.strike_with("ENOSPC", [(self.service, False), (self.service, True),
                                    (self.together, False)], self.end_full)

    def test_an_interrupted_call(self):
        """EINTR: as if nothing had happened, but in SQLite's syncs, which are not begun again."""
        self.strike_with("EINTR", [(self.service, False), (self.together, False)],
                         self.end_interrupted)

    def test_the_names_of_the_queue_s_files(self):
        """SQLite does not care whether its sync of them succeeds: there must be one of ours."""
        for world in (self.start_world, self.recovery):
            calls = self.calls_of(world)
            opened = next(place for place, call in enumerate(calls)
                          if re.match(r'openat\(.*"[^"]*/queue\.db-wal"', call))
            self.assertTrue(any(re.match(r"fsync\(\d+<[^>]*/(plain|consumed)\d>\)", call)
                                for call in calls[opened:]), world.name)

    def strike_with(self, error, worlds, end):
        played = self.play_all([series for world, lasts in worlds
                                for series in self.series_of(world, f"error={error}", lasts)], end)
        harness.tell(f"{error}: {sum(count for _, count in played)} failures in all")

    def series_of(self, world, effect, lasts):
        calls = self.calls_of(world)
        for call, count in self.counted_in(world, calls).items():
            if call == "close" and world.daemon is strace.StruckInMain:
                continue  # It closes what it has read.
            if effect == "error=EINTR" and call in ("renameat2", "unlinkat"):
                continue  # They are never interrupted.
            step = WRITE_STEP if call == "pwrite64" else 1
            numbers = itertools.count(first_of_ours(call, calls), step)
            yield strikes.Series(world, call, effect, count, numbers, lasts)

    # How a life ends.

    def end_broken(self, daemon, home, cast, series):
        code = daemon.wait()
        log = daemon.out.read_text()
        matter = [call for call in failed_in_time(daemon) if not HARMLESS.search(call)]
        told = f"{matter}: {log}{daemon.err.read_text()}"
        if not matter:
            self.assertEqual(code, 0, told)
        else:
            self.assertEqual(code, harness.IO_ERROR, told)
            is_in_service = '"daemon.started"' in log
            self.assertEqual('"daemon.failed"' in log, is_in_service)
            self.assertEqual(daemon.err.read_text() == "", is_in_service)
        home.heal()
        home.judge(cast)

    def end_full(self, daemon, home, cast, series):
        if series.call in ("fsync", "fdatasync", "syncfs"):
            return self.end_broken(daemon, home, cast, series)
        harness.eventually(lambda: not daemon.is_running() or (
            series.lasts and self.is_stuck(daemon, series)),
            harness.A_LONG_LIFE_S, "the end, or disk.full")
        is_stuck = daemon.is_running()
        self.assertEqual(daemon.stop(harness.A_LONG_LIFE_S), 0, daemon.out.read_text())
        told = {event for event in ("disk.full", "disk.room") if daemon.count(event)}
        if is_stuck:
            self.assertTrue("disk.full" in told or series.call == "unlinkat")
            home.heal()
        elif not all(call_is_excused(call) for call in daemon.struck_calls()):
            self.assertIn("disk.full", told)
            if not self.is_told_while_stopping(daemon):
                self.assertIn("disk.room", told)
        home.judge(cast)

    def is_told_while_stopping(self, daemon):
        """A daemon that stops tries a round once, and leaves the rest to the next one."""
        events = [line["event"] for line in daemon.log()]
        return "daemon.stopping" in events[:events.index("disk.full")]

    def is_stuck(self, daemon, series):
        """It waits for room, or has come back to the submission that it can't remove."""
        if series.call == "unlinkat" and daemon.count("inbox.refused") > 1:
            return True
        return daemon.count("disk.full") > 0

    def end_interrupted(self, daemon, home, cast, series):
        if series.call == "fdatasync":
            return self.end_broken(daemon, home, cast, series)
        self.assertEqual(daemon.wait(), 0, daemon.out.read_text() + daemon.err.read_text())
        home.judge(cast)


def failed_in_time(daemon):
    """The calls that failed, but for those at the very end."""
    calls = itertools.takewhile(lambda call: not AT_THE_END.match(call), daemon.calls())
    return [call for call in calls if call in daemon.struck_calls()]


def call_is_excused(call):
    """It has no consequence, or none that is told: a record is moved by the next round."""
    return (HARMLESS.search(call) or LEFT_FOR_LATER.search(call) or
            call.startswith("renameat2("))


if __name__ == "__main__":
    strace.insist_on_tracing()
    harness.main()
