"""A small world: five handshakes in the inbox of a daemon that can be struck anywhere."""

import contextlib
import os
import queue
import re
import typing

import harness
import strace
from calls import KINDS, counted
from cast import Attestr, Cast, make_casts, tag_of
from home import Home

# How many lives are played at once.
LANES = 4
MOST_LIVES = 4000

SETTINGS = {
    "signature": {"signature_attempts": 1},
    "poll": {"min_interval": "25ms", "max_interval": "50ms", "unknown_grace": "0s",
             "shutdown_grace": "1s"},
}


def call_of_staging():
    """A call by which records that come at once are staged; see lib/files/posix_calls.h."""
    release = tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))
    return "syncfs" if release >= (5, 17) else "write"


class World(typing.NamedTuple):
    """Where a life begins that is to be struck, and at which thread."""
    name: str
    daemon: type
    files: dict
    has_folders: bool = True
    kinds: tuple = ()         # Of the calls that are struck there; none: all.
    cast: Cast | None = None  # Of a world that is half done; else there is a new one for each life.


class Lane(typing.NamedTuple):
    """Two homes, for one life after the other: without and with a consumer."""
    plain: Home
    consumed: Home


class SmallWorld(harness.Scene):
    place = harness.IN_MEMORY

    def setUp(self):
        super().setUp()
        ids = harness.make_ids(MOST_LIVES * 6)
        tags = self.folder / "tags"
        tags.write_text("".join(f"{handshake} {tag_of(handshake)}\n" for handshake in ids))
        # Each is asked for twice: at first it is not done yet.
        simulator = self.start_simulator(
            "--law", "fixed:0.02", "--archive-after", "0", "--archive-share", "0.3",
            "--fault", "forged=0.3", "--fault", "unknown=0.2", "--result-bytes", "512",
            "--tags", str(tags))
        self.casts = list(make_casts(ids, simulator.fates(ids), Attestr(self, simulator)))
        self.lanes = queue.Queue()
        for number in range(LANES):
            self.lanes.put(Lane(Home(self, f"plain{number}", simulator.url, SETTINGS),
                                Home(self, f"consumed{number}", simulator.url, SETTINGS,
                                     is_consumed=True)))

    @contextlib.contextmanager
    def lane(self):
        lane = self.lanes.get()
        try:
            yield lane
        finally:
            self.lanes.put(lane)

    # The worlds.

    def make_worlds(self):
        """`start`: nothing is there but a full inbox. `service`: folders and a queue are there too.
        `together`: and records come at once. `recovery`: a daemon died with some records staged,
        and some published but not marked."""
        with self.lane() as lane:
            home = lane.plain
            home.empty()
            home.heal()
            files = home.files()
            return [World("start", strace.StruckInMain, {}, has_folders=False),
                    World("service", strace.StruckInWriter, files),
                    World("together", strace.StruckTogether, files, kinds=(call_of_staging(),)),
                    self.world_half_done(home, files)]

    def world_half_done(self, home, files):
        """The first record to be staged (the third sync) waits until the others have been fetched.
        They are staged together then, and the daemon dies at the second rename of these."""
        for delay_ms in (400, 2000, 10000):
            home.empty()
            home.put(files)
            cast = self.casts.pop()
            home.submit(cast)
            daemon = strace.StruckInWriter(
                home, ["fsync", "renameat2"],
                strace.Strike("fsync", f"delay_enter={delay_ms}ms", 3),
                strace.Strike("renameat2", strace.BEFORE, 4))
            daemon.wait()
            staged = len(harness.visible_names(home.spool / "staging"))
            if staged >= 2 and len(cast.folders) - staged == len(list(home.published())) >= 2:
                return World("recovery", strace.StruckInMain, home.files(), cast=cast)
        raise AssertionError("the others were not fetched meanwhile")

    # A life.

    def prepare(self, lane, world, number):
        """Every second one has a consumer, where its folders can be watched from the start."""
        home = lane.consumed if number % 2 and world.has_folders else lane.plain
        home.empty()
        if not world.has_folders:
            home.remove_folders()
        home.put(world.files)
        cast = world.cast or self.casts.pop()
        home.submit(cast)
        return home, cast

    def calls_of(self, world):
        """The calls that its thread makes if nothing befalls it, in their order."""
        with self.lane() as lane:
            home, cast = self.prepare(lane, world, 0)
            daemon = world.daemon(home, KINDS)
            self.assertEqual(daemon.wait(), 0, daemon.out.read_text())
            home.judge(cast)
            # What wakes the loop up is no file.
            return [call for call in daemon.calls() if "anon_inode" not in call]

    @staticmethod
    def counted_in(world, calls):
        """How many of each kind that is struck there."""
        counts = counted(calls)
        return {kind: max(counts[kind], 1) for kind in world.kinds} or counts
