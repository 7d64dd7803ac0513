"""Tests kill -9 at random moments, while a consumer moves each record away as soon as it appears.

In every second round the daemon is killed shortly after its first record, which is staged or
published: on a busy machine a daemon may need longer for it than the time of the other rounds.
"""

import collections
import os
import pathlib
import random
import signal
import sys
import time

import harness

ROUNDS = 1000 if harness.IS_LONG else 100
IDS_PER_ROUND = 20
MAX_RUN_S = 0.25 * harness.TIMEOUT_FACTOR
MAX_RUN_AFTER_RECORD_S = 0.02 * harness.TIMEOUT_FACTOR
CONSUMER = pathlib.Path(__file__).with_name("consumer.py")


class CrashTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("ATTESTRD_SEED", random.SystemRandom().randrange(1 << 32)))
        harness.report(f"ATTESTRD_SEED={seed} repeats the times of this run")
        self.rng = random.Random(seed)
        simulator = self.start_simulator("--law", "uniform:0,0.3", "--never", "0.02",
                                         "--result-bytes", "512")
        self.config = self.write_config(
            simulator.url, poll={"min_interval": "20ms", "max_interval": "100ms",
                                 "give_up_after": "10s"})
        self.taken = self.folder / "taken"
        self.taken.mkdir()

    def test_every_result_exactly_once(self):
        ids = harness.make_ids(ROUNDS * IDS_PER_ROUND)
        self.make_folders()
        self.start_consumer()
        kills = collections.Counter()
        for number in range(ROUNDS):
            self.drop(ids[number * IDS_PER_ROUND:(number + 1) * IDS_PER_ROUND], f"batch{number}")
            staged, taken = self.staged(), len(self.taken_ids())
            daemon = self.start_daemon(self.config, is_ready=False, name="killed")
            if number % 2:
                harness.eventually(lambda: self.staged() - staged or len(self.taken_ids()) > taken,
                                   what="a record")
            time.sleep(self.rng.uniform(0, MAX_RUN_AFTER_RECORD_S if number % 2 else MAX_RUN_S))
            self.assertEqual(daemon.kill(), -signal.SIGKILL, daemon.err.read_text())
            kills["with a record in staging/"] += bool(self.staged())
            kills["with a file in inbox/"] += any((self.spool / "inbox").iterdir())
            kills["after a publication"] += len(self.taken_ids()) > taken
        harness.report(f"{ROUNDS} kills; {dict(kills)}; {len(self.taken_ids())} moved before the "
                     "last start")

        self.assertGreater(kills["with a record in staging/"], 0)
        self.assertGreater(kills["after a publication"], 0)

        last = self.start_daemon(self.config, "--until-empty", is_ready=False)
        self.assertEqual(last.wait(ROUNDS + 60), 0, last.err.read_text())
        harness.eventually(lambda: len(self.taken_ids()) >= len(ids), what="the last file")
        times_taken = collections.Counter(self.taken_ids())
        self.assertEqual({handshake: count for handshake, count in times_taken.items()
                          if count != 1}, {}, "published more than once")
        self.assertEqual(set(ids) - set(times_taken), set(), "lost")
        self.assertEqual(set(times_taken) - set(ids), set(), "unknown")

    def make_folders(self):
        """Runs the daemon once, which creates the folders that the consumer watches."""
        first = self.start_daemon(self.config, "--until-empty", is_ready=False, name="first")
        self.assertEqual(first.wait(), 0)

    def start_consumer(self):
        consumer = self.start(harness.Process(
            "consumer", [sys.executable, CONSUMER, self.spool, self.taken], self.folder))
        harness.eventually(lambda: consumer.out.read_text(), what="the consumer")

    def staged(self):
        return {path.name for path in (self.spool / "staging").glob("DS*")}

    def taken_ids(self):
        """Returns the ids in names such as `results.DS01.json.17`."""
        return [path.name.split(".")[1] for path in self.taken.iterdir()]


if __name__ == "__main__":
    harness.main()
