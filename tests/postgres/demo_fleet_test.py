"""Tests that the demo of a fleet succeeds, ends by itself, and leaves nothing behind."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import harness  # noqa: E402

MAX_CPU_S = 20


class DemoFleetTest(unittest.TestCase):
    def test_demo(self):
        start, work = time.monotonic(), harness.cpu_seconds_of_children()
        with tempfile.TemporaryDirectory(prefix=harness.FOLDER_PREFIX) as folder:
            os.chmod(folder, 0o711)  # The server runs as another user.
            environment = {**os.environ, "ATTESTRD_BUILD": str(harness.BUILD), "TMPDIR": folder}
            done = subprocess.run([harness.SOURCE / "daemon/demo", "--fleet"], text=True,
                                  capture_output=True, stdin=subprocess.DEVNULL, env=environment,
                                  timeout=harness.time_limit(200))
            self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
            self.assertEqual(os.listdir(folder), [])
        seconds = time.monotonic() - start
        work = harness.cpu_seconds_of_children() - work
        said = re.search(r"All 300 results are here once; (\d+) of b's came out at a and c\.\n$",
                         done.stdout)
        self.assertTrue(said, done.stdout)
        self.assertGreater(int(said[1]), 0)
        self.assertIn("fleet.node_dead", done.stdout)
        harness.report(f"the demo took {seconds:.1f} s, {work:.1f} s of CPU")
        if harness.checks_bounds():
            self.assertLessEqual(work, MAX_CPU_S)

    def test_another_option(self):
        done = subprocess.run([harness.SOURCE / "daemon/demo", "--flet"], text=True,
                              capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (harness.USAGE, "", "Usage: daemon/demo [--fleet]\n"))


if __name__ == "__main__":
    harness.main()
