"""Tests that the demo succeeds, ends by itself, and needs less than a minute."""

import os
import subprocess
import time
import unittest

import harness

MAX_S = 60  # Beside other tests; it takes a fifth of that on an idle machine.


class DemoTest(unittest.TestCase):
    def test_demo(self):
        environment = {**os.environ, "ATTESTRD_BUILD": str(harness.BUILD)}
        start = time.monotonic()
        done = subprocess.run([harness.SOURCE / "daemon/demo"], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, env=environment,
                              timeout=200 * harness.TIMEOUT_FACTOR)
        seconds = time.monotonic() - start
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("valid", done.stdout)
        self.assertNotIn("\r", done.stdout)
        harness.report(f"the demo took {seconds:.1f} s")
        if harness.checks_bounds():
            self.assertLessEqual(seconds, MAX_S)


if __name__ == "__main__":
    harness.main()
