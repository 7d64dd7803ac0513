"""Tests a kill at each call by which the real daemon changes a file, before and after the call.

For n = 1, 2, 3, ... a daemon is killed at its n-th call of a kind, until one makes fewer of them
and ends by itself. After each kill another daemon runs without faults, and then each record must
exist exactly once. Half of the runs have a consumer, which moves each record away as soon as it
appears.
"""

import itertools
import subprocess

import harness
import strace
import fault_series
from strace_log import first_own_call

# The calls of the dynamic loader before main() are alike: only some of them are tested.
LOADER_STEP = 1 if harness.IS_LONG else 8

# Lower bounds for each run, whatever its rounds: five records and a list of bad lines.
LEAST = {"write": 6, "renameat2": 6, "unlinkat": 2, "fsync": 12, "fdatasync": 4, "pwrite64": 16}


class KillPointsTest(fault_series.FaultSeriesTest):
    def test_kill_before_and_after_a_call(self):
        """Tests that strace kills at the right moment on this kernel."""
        for effect, is_made in ((strace.BEFORE, False), (strace.AFTER, True)):
            folder = self.folder / effect
            done = subprocess.run(["strace", "-o", self.folder / "calls", "-e", "trace=mkdir", "-e",
                                   f"inject=mkdir:{effect}:when=1", "mkdir", folder])
            self.assertEqual(done.returncode, strace.EXIT_CODE_OF[effect])
            self.assertEqual(folder.exists(), is_made)

    def test_kill_before_every_call(self):
        self.kill_at_every_call(strace.BEFORE)

    def test_kill_after_every_call(self):
        self.kill_at_every_call(strace.AFTER)

    def kill_at_every_call(self, effect):
        states = self.make_states()
        if harness.IS_LONG:
            states.append(states[-1]._replace(name="resumption", daemon=strace.FaultInWriterThread))
        all_series = [series for state in states for series in self.series_of(state, effect)]
        played = self.play_all(all_series, self.end)
        harness.report(f"{sum(count for _, count in played)} kills in all")
        for series, count in played:
            if series.state.name in ("service", "together"):
                self.assertGreaterEqual(count, LEAST.get(series.call, 1), series.call)

    def series_of(self, state, effect):
        calls = self.calls_of(state)
        for call, count in self.count_injected(state, calls).items():
            # The main thread only closes files that it has read, mostly libraries.
            if call != "close" or state.daemon is strace.FaultInWriterThread or harness.IS_LONG:
                numbers = self.numbers_of(state, call, calls)
                yield fault_series.Series(state, call, effect, count, numbers)

    def numbers_of(self, state, call, calls):
        first = first_own_call(call, calls)
        loader = range(1, first, LOADER_STEP) if state.name == "start" else ()
        return itertools.chain(loader, itertools.count(first))

    def end(self, daemon, home, handshakes, series):
        code = daemon.wait()
        if daemon.faulted_calls():
            self.assertEqual(code, strace.EXIT_CODE_OF[series.effect])
            home.recover()
        else:
            self.assertEqual(code, 0, daemon.out.read_text() + daemon.err.read_text())
        home.check(handshakes)


if __name__ == "__main__":
    strace.require_tracing()
    harness.main()
