"""Injects a fault into one call after another, with a run of the daemon for each."""

import concurrent.futures
import itertools
import shutil
import subprocess
import typing

import harness
import strace
from strace_log import count_by_kind
from fault_fixture import LANES, FaultFixture, StartState

MOST_FAILURES = 10

# Attempts to reach an expected call, since the distribution of records over rounds varies.
TRIES = 8


class Series(typing.NamedTuple):
    """A series of runs from one state with a fault in the first, the second, the third, ... call of
    a kind."""
    state: StartState
    call: str
    effect: str
    expected: int  # The number of calls in a run without faults.
    numbers: typing.Iterable
    lasts: bool = False  # All later calls get the fault too.

    def title(self):
        return f"{self.state.name}, {self.effect}{' from then on' if self.lasts else ''}"


class FaultSeriesTest(FaultFixture):
    def setUp(self):
        super().setUp()
        self.failures = []
        self.numbers_of_failures = itertools.count(1)

    def play_all(self, all_series, end):
        """Runs all series. `end` waits for the end of a run and checks it. Returns pairs of a
        series and the number of its runs in which a fault was injected."""
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            counts = list(pool.map(lambda series: self.play(series, end), all_series))
        if self.failures:
            self.fail(f"{len(self.failures)} failures:\n\n" + "\n\n".join(self.failures))
        played = list(zip(all_series, counts))
        for title, group in itertools.groupby(played, lambda pair: pair[0].title()):
            harness.report(f"{title}: " + ", ".join(f"{one.call} {count}" for one, count in group))
        return played

    def play(self, series, end):
        """Runs the daemon until a run has fewer calls than the number of the fault. Returns the
        number of runs in which a fault was injected."""
        count = 0
        with self.lane() as lane:
            for number in series.numbers:
                fault = strace.Fault(series.call, series.effect, number, series.lasts)
                tries = TRIES if number <= series.expected else 1
                is_injected = any(self.run_once(lane, series, fault, end) for _ in range(tries))
                count += is_injected
                if len(self.failures) >= MOST_FAILURES:
                    return count
                if not is_injected and number > series.expected:
                    return count

    def run_once(self, lane, series, fault, end):
        """Runs the daemon once, and returns whether a fault was injected. A failure is recorded,
        and the files of its run are kept."""
        # If the kill before a call has a consumer, the kill after it has none.
        shift = series.effect == strace.AFTER
        home, handshakes = self.prepare(lane, series.state, fault.number + shift)
        try:
            # An unlink shows the progress of the main thread.
            daemon = series.state.daemon(home, {series.call, "unlink"}, fault)
            end(daemon, home, handshakes, series)
            if daemon.faulted_calls():
                return True
            calls = count_by_kind(daemon.calls())[series.call]
            self.assertLess(calls, fault.number, "no fault was injected")
            return False
        except (AssertionError, OSError, subprocess.SubprocessError) as error:
            home.end_daemons()
            kept = self.folder / f"failure{next(self.numbers_of_failures)}"
            shutil.copytree(home.folder, kept, ignore=shutil.ignore_patterns("*.sock", "notify"))
            self.failures.append(f"{series.state.name}, {fault} (ATTESTRD_KEEP=1 keeps {kept}): "
                                 f"{type(error).__name__}: {error}")
            return True
