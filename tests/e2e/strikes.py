"""Strikes one call after another, a life for each, until there are no more."""

import concurrent.futures
import itertools
import shutil
import subprocess
import typing

import harness
import strace
from calls import counted
from small_world import LANES, SmallWorld, World

MOST_FAILURES = 10

# How often a call that should be there is waited for: now and then records fall into other rounds.
TRIES = 8


class Series(typing.NamedTuple):
    """The lives of a world in which the first, the second, the third, ... call is struck."""
    world: World
    call: str
    effect: str
    expected: int  # So many calls there are if nothing befalls it.
    numbers: typing.Iterable
    lasts: bool = False  # The effect is on all calls from the one on.

    def title(self):
        return f"{self.world.name}, {self.effect}{' for ever' if self.lasts else ''}"


class Strikes(SmallWorld):
    def setUp(self):
        super().setUp()
        self.failures = []
        self.numbers_of_failures = itertools.count(1)

    def play_all(self, all_series, end):
        """`end` sees to it that a life ends, and judges how. Returns pairs: a series, and in how
        many lives of it a call was struck."""
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            counts = list(pool.map(lambda series: self.play(series, end), all_series))
        if self.failures:
            self.fail(f"{len(self.failures)} failures:\n\n" + "\n\n".join(self.failures))
        played = list(zip(all_series, counts))
        for title, group in itertools.groupby(played, lambda pair: pair[0].title()):
            harness.tell(f"{title}: " + ", ".join(f"{one.call} {count}" for one, count in group))
        return played

    def play(self, series, end):
        """Life after life, until one makes less calls. Returns how many were struck."""
        count = 0
        with self.lane() as lane:
            for number in series.numbers:
                strike = strace.Strike(series.call, series.effect, number, series.lasts)
                tries = TRIES if number <= series.expected else 1
                is_struck = any(self.play_life(lane, series, strike, end) for _ in range(tries))
                count += is_struck
                if len(self.failures) >= MOST_FAILURES:
                    return count
                if not is_struck and number > series.expected:
                    return count

    def play_life(self, lane, series, strike, end):
        """Returns whether a call was struck. A failure is noted, and what it left is kept to be
        looked at."""
        # A number that has a consumer in the death before a call has none in that after it.
        shift = series.effect == strace.AFTER
        home, cast = self.prepare(lane, series.world, strike.number + shift)
        try:
            # An unlink tells how far the main thread has come.
            daemon = series.world.daemon(home, {series.call, "unlink"}, strike)
            end(daemon, home, cast, series)
            if daemon.struck_calls():
                return True
            self.assertLess(counted(daemon.calls())[series.call], strike.number, "not struck")
            return False
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            home.end_daemons()
            kept = self.folder / f"failure{next(self.numbers_of_failures)}"
            shutil.copytree(home.folder, kept, ignore=shutil.ignore_patterns("*.sock", "notify"))
            self.failures.append(f"{series.world.name}, {strike} (ATTESTRD_KEEP=1 keeps {kept}): "
                                 f"{type(error).__name__}: {error}")
            return True
