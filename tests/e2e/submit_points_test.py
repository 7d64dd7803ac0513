"""Tests a kill of, and an error in, each call by which `attestrd submit` changes a file.

A submission that it has acknowledged is complete in the inbox. Otherwise the inbox has the complete
submission, or only a hidden file, which the daemon does not read: never a part of it.
"""

import itertools

import harness
import strace
from strace_log import KINDS, parse_calls, count_by_kind, first_own_call

IDS = [f"DS{number:04}" for number in range(1000)]
TEXT = "".join(f"{handshake}\n" for handshake in IDS)


class SubmitPointsTest(harness.Fixture):
    place = harness.IN_MEMORY

    def setUp(self):
        super().setUp()
        self.config = self.write_config("https://localhost:1")
        self.log_of_calls = self.folder / "calls"
        self.calls, done = self.submit(KINDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_inbox(done)

    def test_kill_at_every_call(self):
        for effect, code in strace.EXIT_CODE_OF.items():
            self.inject_at_every_call(effect, lambda call, done: self.assertEqual(
                done.returncode, code))

    def test_error_at_every_call(self):
        for error in ("EIO", "ENOSPC"):
            self.inject_at_every_call(f"error={error}", self.check_failure)

    def inject_at_every_call(self, effect, check):
        count = 0
        for kind, expected in count_by_kind(self.calls).items():
            for number in itertools.count(first_own_call(kind, self.calls)):
                fault = strace.Fault(kind, effect, number)
                calls, done = self.submit([kind], "-e", f"inject={fault}")
                with self.subTest(f"{fault} at {calls[number - 1:number]}"):
                    self.check_inbox(done)
                    if number > expected:
                        self.assertEqual(done.returncode, 0)
                    else:
                        check(calls[number - 1], done)
                        count += 1
                if number > expected:
                    break
        harness.report(f"submit, {effect}: {count} calls")

    def submit(self, kinds, *flags):
        """Submits into an empty inbox. Returns the calls of the program and its result."""
        for path in self.inbox.iterdir():
            path.unlink()
        done = self.attestrd("submit", "--config", self.config, *IDS, under=(
            "strace", "-y", "-o", self.log_of_calls, "-e", f"trace={','.join(kinds)}", *flags))
        return parse_calls(self.log_of_calls.read_text()), done

    def check_inbox(self, done):
        texts = [path.read_text() for path in self.inbox.iterdir() if path.name[0] != "."]
        self.assertIn(texts, ([], [TEXT]))
        if done.returncode == 0:
            self.assertEqual(texts, [TEXT], "acknowledged")
            self.assertEqual(done.stdout, f"submitted {len(IDS)}\n")

    def check_failure(self, call, done):
        if "/dev/null" in call or call.startswith("close("):
            self.assertEqual(done.returncode, 0, done.stderr)
        else:
            self.assertEqual(done.returncode, harness.IO_ERROR, done.stderr)
            self.assertEqual(list(self.inbox.glob(".*")), [], "a hidden file is left")


if __name__ == "__main__":
    strace.require_tracing()
    harness.main()
