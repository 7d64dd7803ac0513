"""The real daemon is killed at each call by which it changes a file, before and after the call.

For n = 1, 2, 3, ... a daemon dies at its n-th call of a kind, until one makes less of them and ends
by itself. After each death another daemon comes, which nothing befalls, and all must be there once.
Half of these lives have a consumer, which takes each file away the instant it appears.
"""

import itertools
import subprocess

import harness
import strace
import strikes
from calls import first_of_ours

# Before main() begins, the dynamic loader opens its libraries, all alike.
LOADER_STEP = 1 if harness.IS_LONG else 8

# What each life does at least, however its rounds fall: five records and a list of bad lines.
LEAST = {"write": 6, "renameat2": 6, "unlinkat": 2, "fsync": 12, "fdatasync": 4, "pwrite64": 16}


class KillPointsTest(strikes.Strikes):
    def test_the_two_deaths(self):
        """One comes before the call, the other after it, on this kernel and with this strace."""
        for effect, is_made in ((strace.BEFORE, False), (strace.AFTER, True)):
            folder = self.folder / effect
            done = subprocess.run(["strace", "-o", self.folder / "calls", "-e", "trace=mkdir", "-e",
                                   f"inject=mkdir:{effect}:when=1", "mkdir", folder])
            self.assertEqual(done.returncode, strace.EXIT_OF_DEATH[effect])
            self.assertEqual(folder.exists(), is_made)

    def test_a_death_at_every_call(self):
        worlds = self.make_worlds()
        if harness.IS_LONG:
            worlds.append(worlds[-1]._replace(name="resumption", daemon=strace.StruckInWriter))
        played = self.play_all([series for world in worlds for series in self.series_of(world)],
                               self.end)
        harness.tell(f"{sum(count for _, count in played)} deaths in all")
        for series, count in played:
            if series.world.name in ("service", "together"):
                self.assertGreaterEqual(count, LEAST.get(series.call, 1), series.call)

    def series_of(self, world):
        calls = self.calls_of(world)
        for effect in strace.EXIT_OF_DEATH:
            for call, count in self.counted_in(world, calls).items():
                # The main thread closes what it has read: the loader's libraries, mostly.
                if call != "close" or world.daemon is strace.StruckInWriter or harness.IS_LONG:
                    numbers = self.numbers_of(world, call, calls)
                    yield strikes.Series(world, call, effect, count, numbers)

    def numbers_of(self, world, call, calls):
        first = first_of_ours(call, calls)
        loader = range(1, first, LOADER_STEP) if world.name == "start" else ()
        return itertools.chain(loader, itertools.count(first))

    def end(self, daemon, home, cast, series):
        code = daemon.wait()
        if daemon.struck_calls():
            self.assertEqual(code, strace.EXIT_OF_DEATH[series.effect])
            home.heal()
        else:
            self.assertEqual(code, 0, daemon.out.read_text() + daemon.err.read_text())
        home.judge(cast)


if __name__ == "__main__":
    strace.insist_on_tracing()
    harness.main()
