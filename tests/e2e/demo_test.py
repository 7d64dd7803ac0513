"""Tests that the demo succeeds, ends by itself, and needs little CPU time."""

import os
import subprocess
import time
import unittest

import harness

MAX_CPU_S = 15


class DemoTest(unittest.TestCase):
    def test_demo(self):
        environment = {**os.environ, "ATTESTRD_BUILD": str(harness.BUILD)}
        start, work = time.monotonic(), harness.cpu_seconds_of_children()
        done = subprocess.run([harness.SOURCE / "daemon/demo"], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, env=environment,
                              timeout=harness.time_limit(200))
        seconds = time.monotonic() - start
        work = harness.cpu_seconds_of_children() - work
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("valid", done.stdout)
        self.assertNotIn("\r", done.stdout)
        harness.report(f"the demo took {seconds:.1f} s, {work:.1f} s of CPU")
        if harness.checks_bounds():
            self.assertLessEqual(work, MAX_CPU_S)


if __name__ == "__main__":
    harness.main()
