"""Tests many handshakes: the CPU time to accept them, and their memory."""

import statistics
import time

import harness

COUNT = 100_000
ACCEPTED_IN_CPU_S = 1.5
RESIDENT_MIB = 64
SUBMITTED_IN_CPU_MS = 50


class ScaleTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.simulator = self.start_simulator("--never", "1", "--latency", "200,100")
        self.config = self.write_config(
            self.simulator.url, log={"level": "info"}, api={"requests_per_second": 20},
            poll={"min_interval": "2s", "max_interval": "30m"})
        self.daemon = self.start_daemon(self.config)

    def test_hundred_thousand_ids_in_one_file(self):
        start, work = time.monotonic(), harness.cpu_seconds(self.daemon)
        self.drop(harness.make_ids(COUNT))
        harness.eventually(lambda: self.daemon.status()["pending"] == COUNT, 60, "acceptance")
        seconds = time.monotonic() - start
        work = harness.cpu_seconds(self.daemon) - work
        harness.eventually(lambda: not (self.inbox / "batch").exists(), what="the file's removal")
        resident = self.daemon.resident_mib()
        harness.report(f"{COUNT} ids accepted in {seconds:.2f} s, {work:.2f} s of CPU, "
                       f"{resident:.1f} MiB resident")
        if harness.checks_bounds():
            self.assertLessEqual(work, ACCEPTED_IN_CPU_S)
            self.assertLessEqual(resident, RESIDENT_MIB)

        # All of them are in the queue: the next daemon reads them.
        self.assertEqual(self.daemon.stop(), 0)
        again = self.start_daemon(self.config, name="again")
        self.assertEqual(again.status()["pending"], COUNT)

    def test_submit_takes_milliseconds(self):
        times_ms, work_ms = [], []
        for number in range(9):
            start, work = time.monotonic(), harness.cpu_seconds_of_children()
            submit = self.attestrd("submit", "--config", self.config, f"DS{number}")
            times_ms.append((time.monotonic() - start) * 1000)
            work_ms.append((harness.cpu_seconds_of_children() - work) * 1000)
            self.assertEqual(submit.returncode, 0, submit.stderr)
        work = statistics.median(work_ms)
        harness.report(f"submit of one id: {statistics.median(times_ms):.1f} ms, {work:.1f} ms of "
                       f"CPU (medians of {len(times_ms)})")
        if harness.checks_bounds():
            self.assertLessEqual(work, SUBMITTED_IN_CPU_MS)


if __name__ == "__main__":
    harness.main()
