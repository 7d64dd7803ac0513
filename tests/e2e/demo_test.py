"""The demo keeps its promises: it ends by itself, soon, and shows what it says."""

import os
import subprocess
import time
import unittest

import harness

LONGEST_S = 60  # Beside other tests; by itself it takes a fifth of that.


class DemoTest(unittest.TestCase):
    def test_the_demo(self):
        environment = {**os.environ, "ATTESTRD_BUILD": str(harness.BUILD)}
        start = time.monotonic()
        done = subprocess.run([harness.SOURCE / "daemon/demo"], text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, env=environment, timeout=300)
        seconds = time.monotonic() - start
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("valid", done.stdout)
        self.assertNotIn("\r", done.stdout)
        harness.tell(f"the demo took {seconds:.1f} s")
        if harness.hold_to_bounds():
            self.assertLessEqual(seconds, LONGEST_S)


if __name__ == "__main__":
    harness.main()
