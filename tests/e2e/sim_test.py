"""Against attestr-sim with every fault: each handshake ends once, and in the right place."""

import collections

import harness

COUNT = 2000
MOST_REQUESTS_PER_SECOND = 1000
REQUESTS_PER_SECOND = 900  # Should the simulator sleep meanwhile, it sees more of them at once.

# So much of every fault at once. With 5 % of each, every second answer is bad, and a fault of the
# account is met half the time: the unlucky then back off for minutes again and again.
# Faults of the account come in spells that everybody meets, for this share of the time for each
# kind; all others by request or by handshake. The daily limit alone is left out: it lasts until
# midnight.
if harness.IS_LONG:
    FAULT_SHARE, GIVE_UP_AFTER, MINUTES = "0.05", "20m", 90
else:
    FAULT_SHARE, GIVE_UP_AFTER, MINUTES = "0.01", f"{20 * harness.PATIENCE}s", 6
SIGNATURE_ATTEMPTS = 3

# Complete answers that may be forged: so many in a row, and the handshake is rejected.
DOUBTFUL = {"wrong-id", "duplicate-keys", "bad-signature", "forged"}
CLEAN = {"pending", "completed", "archived"}

FOLDER_OF_FATE = {"completes": "results", "archived": "archived", "forged": "rejected",
                  "never": "failed", "expired": "failed", "unknown": "failed"}


class SimTest(harness.Scene):
    def setUp(self):
        super().setUp()
        self.ids = harness.make_ids(COUNT)
        self.simulator = self.start_simulator(
            "--seed", "7", "--law", "uniform:0,3", "--never", "0.05", "--archive-after", "0",
            "--archive-share", "0.05", "--late-by", "1", "--slow-for", "0.5",
            "--hang-for", str(10 * harness.PATIENCE),
            "--rate-limit", str(MOST_REQUESTS_PER_SECOND), "--faults", FAULT_SHARE,
            "--fault", "4293=0",
            "--spell", "4")
        self.config = self.write_config(
            self.simulator.url,
            api={"requests_per_second": REQUESTS_PER_SECOND, "connections": 64,
                 "connect_timeout": f"{2 * harness.PATIENCE}s",
                 "request_timeout": f"{2 * harness.PATIENCE}s"},
            signature={"signature_attempts": SIGNATURE_ATTEMPTS},
            poll={"min_interval": "500ms", "max_interval": "3s", "give_up_after": GIVE_UP_AFTER,
                  "unknown_grace": GIVE_UP_AFTER})

    def test_each_ends_once_in_the_right_place(self):
        daemon = self.start_daemon(self.config)
        self.drop(self.ids)
        daemon.says("inbox.accepted")
        harness.eventually(lambda: self.count_spooled() >= COUNT, MINUTES * 60, "the last one")
        harness.eventually(lambda: daemon.status()["settling"] == 0, what="the last commit")
        status = daemon.status()
        self.assertEqual(daemon.stop(), 0)
        summary = self.simulator.summary()

        self.judge_places()
        self.judge_requests(summary, status, daemon)

    def count_spooled(self):
        return sum(len(self.spooled(folder)) for folder in harness.FOLDERS)

    def judge_places(self):
        ended = {handshake: folder for folder in harness.FOLDERS
                 for handshake in self.spooled(folder)}
        self.assertEqual(self.count_spooled(), COUNT, "one lies in two folders")
        fates = self.simulator.fates(self.ids)
        doubted = self.doubted()
        self.assertEqual(ended, {
            handshake: "rejected" if handshake in doubted else FOLDER_OF_FATE[fates[handshake]]
            for handshake in self.ids})
        harness.tell(f"fates: {dict(collections.Counter(fates.values()))}")

    def doubted(self):
        """Who was answered with so many doubtful answers in a row that it must be rejected."""
        doubts = collections.Counter()
        for request in self.simulator.requests():
            handshake, answer = request["id"], request["answer"]
            if answer in DOUBTFUL:
                doubts[handshake] += 1
            elif answer in CLEAN:
                self.assertLess(doubts[handshake], SIGNATURE_ATTEMPTS, f"{handshake} goes on")
                doubts[handshake] = 0
        return {handshake for handshake, count in doubts.items() if count >= SIGNATURE_ATTEMPTS}

    def judge_requests(self, summary, status, daemon):
        """What the simulator was asked is what the daemon says that it asked."""
        harness.tell(f"requests: {summary['requests']}, answers: {summary['by_answer']}, "
                     f"most in a second: {summary['peak_requests_per_second']}")
        self.assertLessEqual(summary["peak_requests_per_second"], MOST_REQUESTS_PER_SECOND)
        self.assertEqual(summary["rate_limited"], 0)

        asked = collections.Counter(request["id"] for request in self.simulator.requests())
        told = {handshake: self.record(handshake, folder)["polls"]
                for folder in harness.FOLDERS for handshake in self.spooled(folder)}
        differing = {handshake: (told.get(handshake), asked[handshake])
                     for handshake in told.keys() | asked.keys()
                     if told.get(handshake) != asked[handshake]}
        reasons = collections.Counter(line["reason"] for line in daemon.log("poll.error"))
        self.assertEqual(differing, {}, f"polls that both count; troubles: {reasons}")
        totals = status["totals"]
        self.assertEqual(totals["polls"], summary["requests"])
        self.assertEqual(totals["completed"], summary["completed_ids"])
        for outcome, folder in (("completed", "results"), ("archived", "archived"),
                                ("failed", "failed"), ("rejected", "rejected")):
            count = len(self.spooled(folder))
            self.assertEqual(totals[outcome], count, outcome)
            self.assertEqual(daemon.count(f"handshake.{outcome}"), count, outcome)
        self.assertEqual(daemon.count("account.paused"), daemon.count("account.resumed"))


if __name__ == "__main__":
    harness.main()
