"""Tests failures of the calls by which the real daemon opens or changes a file, one per run.

For n = 1, 2, 3, ... the n-th call of a kind fails, alone or with all later ones: with EIO (a broken
disk), ENOSPC (a full disk) or EINTR (interrupted by a signal). The daemon must end as the manual
specifies, and the next daemon, without faults, must complete each handshake exactly once.
"""

import itertools
import re

import harness
import strace
import fault_series
from strace_log import first_own_call

# Most writes are SQLite's, which come in pairs.
WRITE_STEP = 1 if harness.IS_LONG else 3

# Calls whose failure has no consequence.
HARMLESS = re.compile("|".join((
    r"close\(",                              # The data has been synced before.
    r"write\(\d+<anon_inode:\[eventfd\]>",   # It wakes the event loop, and is no file.
    r"\w+\(\d+<[^>]*\.lock>, ",              # The pid in a lock file is informative.
    r'openat\(.*"/dev/null", O_RDWR',        # The standard streams are open already.
    r'openat\(.*"/(dev/urandom|etc/|usr/)',  # SQLite's seed, time zone, OpenSSL's defaults.
    r'openat\(.*/inbox(/\.claimed)?>, "[^.]',  # A name of others is left alone for a while,
    r"renameat2\(.*/inbox>, ",               # and so is one that can't be claimed.
    r'openat\(.*"/proc/',                    # The boot counts as a new one.
    r'unlink\(".*/queue\.db\.copy"',        # The next start or backup removes the copy.
    # SQLite syncs the folder of its files; so does attestrd, with O_DIRECTORY and fsync().
    r'openat\(.*"[^"]*/(plain|consumed)\d", O_RDONLY\|O_CLOEXEC\)',
    r"fdatasync\(\d+<.*/(plain|consumed)\d>\)",
)))

# No file system lacks space for an open or a removal of a file that is there. SQLite hides why it
# could not make one of its own files, and by then there is space again. These end a start, and a
# name in the inbox is left alone.
NO_LACK_OF_SPACE = re.compile(r'openat\((?!.*O_CREAT)|openat\(.*queue\.db-|unlink\(')

# The last step of the main thread. After it SQLite moves its log into the database; if that fails,
# the next start repeats it.
AT_THE_END = re.compile(r'unlink\(".*/control\.sock"\)')

# A submission that can't be moved yet stays in the inbox and is processed again later.
LEFT_FOR_LATER = re.compile(r"unlinkat\(.*/inbox/\.claimed>|/refused")


class FailingCallsTest(fault_series.FaultSeriesTest):
    def setUp(self):
        super().setUp()
        self.first_start, self.service, self.together, self.recovery = self.make_states()

    def test_broken_disk(self):
        """Tests EIO: no call is retried, and the exit code is 74, so that systemd restarts the
        daemon."""
        self.inject("EIO", [(self.first_start, False), (self.first_start, True),
                                 (self.service, False), (self.service, True),
                                 (self.together, False), (self.together, True),
                                 (self.recovery, False)], self.end_broken)

    def test_full_disk(self):
        """Tests ENOSPC: the daemon waits for space, also during the start."""
        self.inject("ENOSPC", [(self.first_start, False), (self.recovery, True),
                               (self.service, False), (self.service, True),
                               (self.together, False)], self.end_full)

    def test_interrupted_call(self):
        """Tests EINTR, which has no effect, except in the syncs of SQLite, which it does not
        retry."""
        self.inject("EINTR", [(self.service, False), (self.together, False)],
                         self.end_interrupted)

    def test_folder_of_the_queue_is_synced_by_attestrd(self):
        """Tests attestrd's own sync of the folder, since SQLite ignores a failure of its own."""
        for state in (self.first_start, self.recovery):
            calls = self.calls_of(state)
            opened = next(place for place, call in enumerate(calls)
                          if re.match(r'openat\(.*"[^"]*/queue\.db-wal"', call))
            self.assertTrue(any(re.match(r"fsync\(\d+<[^>]*/(plain|consumed)\d>\)", call)
                                for call in calls[opened:]), state.name)

    def inject(self, error, states, end):
        played = self.play_all([series for state, lasts in states
                                for series in self.series_of(state, f"error={error}", lasts)], end)
        harness.report(f"{error}: {sum(count for _, count in played)} failures in all")

    def series_of(self, state, effect, lasts):
        calls = self.calls_of(state)
        for call, count in self.count_injected(state, calls).items():
            if call == "close" and state.daemon is strace.FaultInMainThread:
                continue  # The thread closes files that it has only read.
            if effect == "error=EINTR" and call in ("renameat2", "unlinkat"):
                continue  # The kernel never interrupts these.
            step = WRITE_STEP if call == "pwrite64" else 1
            numbers = itertools.count(first_own_call(call, calls), step)
            yield fault_series.Series(state, call, effect, count, numbers, lasts)

    # ---- The end of a run.

    def end_broken(self, daemon, home, handshakes, series):
        code = daemon.wait()
        log = daemon.out.read_text()
        relevant = [call for call in failed_in_time(daemon) if not HARMLESS.search(call)]
        details = f"{relevant}: {log}{daemon.err.read_text()}"
        if not relevant:
            self.assertEqual(code, 0, details)
        else:
            self.assertEqual(code, harness.IO_ERROR, details)
            is_in_service = '"daemon.started"' in log
            self.assertEqual('"daemon.failed"' in log, is_in_service)
            self.assertEqual(daemon.err.read_text() == "", is_in_service)
        home.recover()
        home.check(handshakes)

    def end_full(self, daemon, home, handshakes, series):
        if series.call in ("fsync", "fdatasync", "syncfs"):
            return self.end_broken(daemon, home, handshakes, series)
        harness.eventually(lambda: not daemon.is_running() or (
            series.lasts and self.is_stuck(daemon, series)),
            harness.LONG_TIMEOUT_S, "the end, or disk.full")
        is_stuck = daemon.is_running()
        code = daemon.stop(harness.LONG_TIMEOUT_S)
        if any(map(NO_LACK_OF_SPACE.match, failed_in_time(daemon))):
            self.assertIn(code, (0, harness.IO_ERROR))
            home.recover()
            return home.check(handshakes)
        self.assertEqual(code, 0, daemon.out.read_text())
        events = {event for event in ("disk.full", "disk.room") if daemon.count(event)}
        if is_stuck:
            self.assertTrue("disk.full" in events or series.call == "unlinkat")
            home.recover()
        elif not all(call_is_excused(call) for call in failed_in_time(daemon)):
            self.assertIn("disk.full", events)
            if not self.is_full_while_stopping(daemon):
                self.assertIn("disk.room", events)
        home.check(handshakes)

    def is_full_while_stopping(self, daemon):
        """Returns whether the disk was full only after the stop had begun: a daemon that stops
        tries a round once and leaves the rest to the next daemon."""
        events = [line["event"] for line in daemon.log()]
        return "daemon.stopping" in events[:events.index("disk.full")]

    def is_stuck(self, daemon, series):
        """Returns whether the daemon waits for space, or processes the submission that it can't
        remove again."""
        if series.call == "unlinkat" and daemon.count("inbox.refused") > 1:
            return True
        return daemon.count("disk.full") > 0

    def end_interrupted(self, daemon, home, handshakes, series):
        if series.call == "fdatasync":
            return self.end_broken(daemon, home, handshakes, series)
        self.assertEqual(daemon.wait(), 0, daemon.out.read_text() + daemon.err.read_text())
        home.check(handshakes)


def failed_in_time(daemon):
    """Returns the calls that failed, without those after the last step of the main thread."""
    calls = itertools.takewhile(lambda call: not AT_THE_END.match(call), daemon.calls())
    return [call for call in calls if call in daemon.faulted_calls()]


def call_is_excused(call):
    """Returns whether the failure has no consequence, or none that is logged: the next round moves
    a record."""
    return (HARMLESS.search(call) or LEFT_FOR_LATER.search(call) or
            call.startswith("renameat2("))


if __name__ == "__main__":
    strace.require_tracing()
    harness.main()
