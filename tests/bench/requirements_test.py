"""Tests that the bench names missing programs before it measures anything."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

import requirements

BENCH = pathlib.Path(__file__).parent


class RequirementsTest(unittest.TestCase):
    def test_missing_program_is_named_with_its_package(self):
        requirements.PACKAGE_OF["no-such-program"] = "no-such-package"
        self.addCleanup(requirements.PACKAGE_OF.pop, "no-such-program")
        with self.assertRaisesRegex(requirements.MissingProgram,
                                    r"not installed: no-such-program \(package no-such-package\)"):
            requirements.require("no-such-program")

    def test_bench_without_its_programs_ends_at_once(self):
        with tempfile.TemporaryDirectory() as empty:
            done = subprocess.run([sys.executable, BENCH / "run", "--build", empty, "--only",
                                   "peers"], env={"PATH": empty}, text=True, capture_output=True,
                                  timeout=30, check=False)
        self.assertEqual(done.returncode, 69, done.stderr)
        for name in ("wrk (package wrk)", "hey (package hey)", "curl (package curl)"):
            self.assertIn(name, done.stderr)


if __name__ == "__main__":
    unittest.main()
