"""Provides the fixture of tests that inject a fault at each call: initial states, and single
runs."""

import contextlib
import os
import queue
import re
import typing

import harness
import strace
from strace_log import KINDS, count_by_kind
from handshake_set import Attestr, HandshakeSet, make_sets, tag_of
from daemon_folders import DaemonFolders

# Number of concurrent runs.
LANES = 4
MAX_RUNS = 4000

SETTINGS = {
    "signature": {"signature_attempts": 1},
    "poll": {"min_interval": "25ms", "max_interval": "50ms", "unknown_grace": "0s",
             "witness_time": "0s", "shutdown_grace": "1s"},
}


def call_of_staging():
    """Returns the call that makes a batch of staged records durable; see
    lib/files/posix_calls.h."""
    release = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))
    return "syncfs" if release >= (5, 17) else "write"


class StartState(typing.NamedTuple):
    """The state before a run with faults, and the class of the daemon: it selects the thread."""
    name: str
    daemon: type
    files: dict
    has_folders: bool = True
    kinds: tuple = ()  # The kinds of calls that get faults; empty: all.
    handshakes: HandshakeSet | None = None  # None: a new set for each run.


class Lane(typing.NamedTuple):
    """The folders of runs that follow each other, without and with a consumer."""
    plain: DaemonFolders
    consumed: DaemonFolders


class FaultFixture(harness.Fixture):
    place = harness.IN_MEMORY

    def setUp(self):
        super().setUp()
        ids = harness.make_ids(MAX_RUNS * 6)
        tags = self.folder / "tags"
        tags.write_text("".join(f"{handshake} {tag_of(handshake)}\n" for handshake in ids))
        # The first poll of a handshake finds it pending.
        simulator = self.start_simulator(
            "--law", "fixed:0.02", "--archive-after", "0", "--archive-share", "0.3",
            "--fault", "forged=0.3", "--fault", "unknown=0.2", "--result-bytes", "512",
            "--tags", str(tags))
        self.sets = list(make_sets(ids, simulator.fates(ids), Attestr(self, simulator)))
        self.lanes = queue.Queue()
        for number in range(LANES):
            plain = DaemonFolders(self, f"plain{number}", simulator.url, SETTINGS)
            consumed = DaemonFolders(self, f"consumed{number}", simulator.url, SETTINGS,
                                     is_consumed=True)
            self.lanes.put(Lane(plain, consumed))

    @contextlib.contextmanager
    def lane(self):
        lane = self.lanes.get()
        try:
            yield lane
        finally:
            self.lanes.put(lane)

    # ---- States.

    def make_states(self):
        """Makes the initial states. `start`: only the inbox exists, with a submission. `service`:
        all folders and the queue exist too. `together`: and several records are staged at once.
        `recovery`: a daemon was killed with some records staged and some published but not marked.
        """
        with self.lane() as lane:
            home = lane.plain
            home.empty()
            home.recover()
            files = home.files()
            return [StartState("start", strace.FaultInMainThread, {}, has_folders=False),
                    StartState("service", strace.FaultInWriterThread, files),
                    StartState("together", strace.FaultInBatch, files, kinds=(call_of_staging(),)),
                    self.half_done_state(home, files)]

    def half_done_state(self, home, files):
        """Makes the state `recovery`: the sync of the first staged record (the third sync) is
        delayed until the others have been fetched and are staged as a batch; the daemon is killed
        at the second rename of it (two files are claimed, a list of bad lines and the first record
        are renamed before)."""
        for delay_ms in (400, 2000, 10000):
            home.empty()
            home.put(files)
            handshakes = self.sets.pop()
            home.submit(handshakes)
            daemon = strace.FaultInWriterThread(
                home, ["fsync", "renameat2"],
                strace.Fault("fsync", f"delay_enter={delay_ms}ms", 3),
                strace.Fault("renameat2", strace.BEFORE, 6))
            daemon.wait()
            staged = len(harness.visible_names(home.spool / "staging"))
            if staged >= 2 and len(handshakes.folders) - staged == len(list(home.published())) >= 2:
                return StartState("recovery", strace.FaultInMainThread, home.files(),
                                  handshakes=handshakes)
        raise AssertionError("the other results were not fetched in time")

    # ---- A run.

    def prepare(self, lane, state, number):
        """Prepares a run. Every second run has a consumer, unless the folders that it watches do
        not exist yet."""
        home = lane.consumed if number % 2 and state.has_folders else lane.plain
        home.empty()
        if not state.has_folders:
            home.remove_folders()
        home.put(state.files)
        handshakes = state.handshakes or self.sets.pop()
        home.submit(handshakes)
        return home, handshakes

    def calls_of(self, state):
        """Returns the calls of the thread in a run without faults, in their order."""
        with self.lane() as lane:
            home, handshakes = self.prepare(lane, state, 0)
            daemon = state.daemon(home, KINDS)
            self.assertEqual(daemon.wait(), 0, daemon.out.read_text())
            home.check(handshakes)
            # The eventfd that wakes the event loop is no file.
            return [call for call in daemon.calls() if "anon_inode" not in call]

    @staticmethod
    def count_injected(state, calls):
        """Returns the number of calls of each kind that gets faults."""
        counts = count_by_kind(calls)
        return {kind: max(counts[kind], 1) for kind in state.kinds} or counts
