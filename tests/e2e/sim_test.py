"""Tests that with every fault of attestr-sim each handshake ends exactly once, in the right
folder."""

import collections

import harness

COUNT = 2000
MAX_REQUESTS_PER_SECOND = 1000
REQUESTS_PER_SECOND = 900  # Below the limit: if the simulator is delayed, requests accumulate.

# The share of each fault, all at once. With 5 % every second answer is bad, and half of the time
# the account has a fault, so that some handshakes back off for minutes again and again. Faults of
# the account occur in spells that affect all requests, each kind for this share of the time; all
# other faults occur by request or by handshake. The daily limit is omitted: it lasts until
# midnight.
if harness.IS_LONG:
    FAULT_SHARE, GIVE_UP_AFTER, MINUTES, SIGNATURE_ATTEMPTS = "0.05", "20m", 90, 5
else:
    FAULT_SHARE, GIVE_UP_AFTER, MINUTES = "0.01", f"{60 * harness.TIMEOUT_FACTOR}s", 4
    SIGNATURE_ATTEMPTS = 3

# Complete answers that may be forged: SIGNATURE_ATTEMPTS in a row reject the handshake, since
# nothing but the answers counts in this test.
DOUBTFUL = {"wrong-id", "duplicate-keys", "bad-signature", "forged"}
CLEAN = {"pending", "completed", "archived"}
UNKNOWN = {"not_found", "4001", "4002"}

FOLDER_OF_FATE = {"completes": "results", "archived": "archived", "forged": "rejected",
                  "never": "failed", "expired": "failed", "unknown": "failed"}


class SimTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.ids = harness.make_ids(COUNT)
        self.simulator = self.start_simulator(
            "--seed", "7", "--law", "uniform:0,3", "--never", "0.05", "--archive-after", "0",
            "--archive-share", "0.05", "--late-by", "1", "--slow-for", "0.5",
            "--hang-for", str(30 * harness.TIMEOUT_FACTOR),
            "--rate-limit", str(MAX_REQUESTS_PER_SECOND), "--faults", FAULT_SHARE,
            "--fault", "4293=0",
            "--spell", "4")
        self.config = self.write_config(
            self.simulator.url,
            api={"requests_per_second": REQUESTS_PER_SECOND, "connections": 64,
                 "connect_timeout": f"{10 * harness.TIMEOUT_FACTOR}s",
                 "request_timeout": f"{10 * harness.TIMEOUT_FACTOR}s"},
            signature={"signature_attempts": SIGNATURE_ATTEMPTS},
            poll={"min_interval": "500ms", "max_interval": "3s", "give_up_after": GIVE_UP_AFTER,
                  "unknown_grace": "0s", "witness_time": "0s"})

    def test_each_handshake_ends_once_in_the_right_folder(self):
        daemon = self.start_daemon(self.config)
        self.drop(self.ids)
        daemon.wait_for("inbox.accepted")
        harness.eventually(lambda: self.count_spooled() >= COUNT, MINUTES * 60, "the last one")
        harness.eventually(lambda: daemon.status()["settling"] == 0, what="the last commit")
        status = daemon.status()
        self.assertEqual(daemon.stop(), 0)
        summary = self.simulator.summary()

        self.check_places()
        self.check_requests(summary, status, daemon)

    def count_spooled(self):
        return sum(len(self.spooled(folder)) for folder in harness.FOLDERS)

    def check_places(self):
        ended = {handshake: folder for folder in harness.FOLDERS
                 for handshake in self.spooled(folder)}
        self.assertEqual(self.count_spooled(), COUNT, "a handshake is in two folders")
        fates = self.simulator.fates(self.ids)
        doubted = self.doubted()
        self.assertEqual(ended, {
            handshake: "rejected" if handshake in doubted else FOLDER_OF_FATE[fates[handshake]]
            for handshake in self.ids})
        harness.report(f"fates: {dict(collections.Counter(fates.values()))}")

    def doubted(self):
        """Returns the handshakes with enough doubtful answers in a row that they must be
        rejected."""
        doubts = collections.Counter()
        for request in self.simulator.requests():
            handshake, answer = request["id"], request["answer"]
            if answer in DOUBTFUL:
                doubts[handshake] += 1
            elif answer in CLEAN | UNKNOWN:
                self.assertLess(doubts[handshake], SIGNATURE_ATTEMPTS, f"{handshake} goes on")
                doubts[handshake] = 0
        return {handshake for handshake, count in doubts.items() if count >= SIGNATURE_ATTEMPTS}

    def check_requests(self, summary, status, daemon):
        """Checks that the requests that the simulator counted are those that the daemon reports."""
        harness.report(f"requests: {summary['requests']}, answers: {summary['by_answer']}, "
                     f"most in a second: {summary['peak_requests_per_second']}")
        self.assertLessEqual(summary["peak_requests_per_second"], MAX_REQUESTS_PER_SECOND)
        self.assertEqual(summary["rate_limited"], 0)

        asked = collections.Counter(request["id"] for request in self.simulator.requests())
        reported = {handshake: self.record(handshake, folder)["polls"]
                for folder in harness.FOLDERS for handshake in self.spooled(folder)}
        differing = {handshake: (reported.get(handshake), asked[handshake])
                     for handshake in reported.keys() | asked.keys()
                     if reported.get(handshake) != asked[handshake]}
        reasons = collections.Counter(line["reason"] for line in daemon.log("poll.error"))
        self.assertEqual(differing, {}, f"counts of polls; errors: {reasons}")
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
