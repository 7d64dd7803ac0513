"""`attestrd submit` is killed, and meets a failure, at each call by which it changes a file.

What it has acknowledged is there, whole. Else there is all, or nothing but a name that the daemon
does not read: never a part.
"""

import itertools

import harness
import strace
from calls import KINDS, calls_in, counted, first_of_ours

IDS = [f"DS{number:04}" for number in range(1000)]
TEXT = "".join(f"{handshake}\n" for handshake in IDS)


class SubmitPointsTest(harness.Scene):
    place = harness.IN_MEMORY

    def setUp(self):
        super().setUp()
        self.config = self.write_config("https://localhost:1")
        self.log_of_calls = self.folder / "calls"
        self.calls, done = self.submit(KINDS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.judge_inbox(done)

    def test_a_death_at_every_call(self):
        for effect, code in strace.EXIT_OF_DEATH.items():
            self.strike_every_call(effect, lambda call, done: self.assertEqual(
                done.returncode, code))

    def test_a_failure_at_every_call(self):
        for error in ("EIO", "ENOSPC"):
            self.strike_every_call(f"error={error}", self.judge_failure)

    def strike_every_call(self, effect, judge):
        count = 0
        for kind, expected in counted(self.calls).items():
            for number in itertools.count(first_of_ours(kind, self.calls)):
                strike = strace.Strike(kind, effect, number)
                calls, done = self.submit([kind], "-e", f"inject={strike}")
                with self.subTest(f"{strike} at {calls[number - 1:number]}"):
                    self.judge_inbox(done)
                    if number > expected:
                        self.assertEqual(done.returncode, 0)
                    else:
                        judge(calls[number - 1], done)
                        count += 1
                if number > expected:
                    break
        harness.tell(f"submit, {effect}: {count} calls")

    def submit(self, kinds, *flags):
        """Into an empty inbox. Returns the calls that it made, and how it ended."""
        for path in self.inbox.iterdir():
            path.unlink()
        done = self.attestrd("submit", "--config", self.config, *IDS, under=(
            "strace", "-y", "-o", self.log_of_calls, "-e", f"trace={','.join(kinds)}", *flags))
        return calls_in(self.log_of_calls.read_text()), done

    def judge_inbox(self, done):
        texts = [path.read_text() for path in self.inbox.iterdir() if path.name[0] != "."]
        self.assertIn(texts, ([], [TEXT]))
        if done.returncode == 0:
            self.assertEqual(texts, [TEXT], "acknowledged")
            self.assertEqual(done.stdout, f"submitted {len(IDS)}\n")

    def judge_failure(self, call, done):
        if "/dev/null" in call or call.startswith("close("):
            self.assertEqual(done.returncode, 0, done.stderr)
        else:
            self.assertEqual(done.returncode, harness.IO_ERROR, done.stderr)
            self.assertEqual(list(self.inbox.glob(".*")), [], "it cleans up after itself")


if __name__ == "__main__":
    strace.insist_on_tracing()
    harness.main()
