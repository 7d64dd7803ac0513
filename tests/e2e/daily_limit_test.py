"""Tests that the daily limit holds however often the daemon is killed."""

import signal
import time

import harness

LIMIT = 60
HANDSHAKES = ["DS01", "DS02", "DS03"]

# The reserved request, and the requests that were about to be sent.
LOST_BY_A_KILL = 1 + len(HANDSHAKES)


def day_in_kolkata():
    return int(time.time() + 5.5 * 3600) // 86400


class DailyLimitTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.simulator = self.start_simulator("--never", "1")
        self.config = self.configured(LIMIT)
        self.day = day_in_kolkata()

    def configured(self, limit):
        return self.write_config(self.simulator.url, api={"daily_requests": limit},
                                 poll={"cadence": "exponential", "max_interval": "100ms"})

    def spent(self):
        """Returns the number of requests. After midnight those of two days are permitted."""
        days = 1 + day_in_kolkata() - self.day
        requests = self.requests()
        self.assertLessEqual(requests, LIMIT * days)
        return requests

    def requests(self):
        return len(self.simulator.requests())

    def test_all_polls_wait_once_the_limit_is_spent(self):
        self.drop(HANDSHAKES)
        daemon = self.start_daemon(self.config)
        line = daemon.wait_for("budget.spent")
        self.assertGreaterEqual(line["count"], LIMIT)
        harness.eventually(lambda: self.spent() >= LIMIT, what="the last request")
        requests = daemon.status()["requests_today"]
        text = self.attestrd("status", "--config", self.config).stdout
        if day_in_kolkata() == self.day:
            self.assertEqual((requests["spent"], requests["limit"], requests["is_spent"]),
                             (LIMIT, LIMIT, True))
            self.assertRegex(text, rf"requests today +{LIMIT} of {LIMIT}; all but last polls wait")

    def test_kill_loses_no_count_of_a_request(self):
        self.drop(HANDSHAKES)
        runs, least = 0, LIMIT
        while self.spent() < least:
            daemon = self.start_daemon(self.config, name=f"run{runs}")
            more = min(self.spent() + 4, least)
            harness.eventually(lambda: self.spent() >= more, what="polls")
            daemon.kill()
            runs += 1
            least -= LOST_BY_A_KILL
        self.assertGreater(runs, 1)
        daemon = self.start_daemon(self.config, name="last")
        daemon.wait_for("budget.spent")
        harness.eventually(lambda: self.spent() >= least, what="the remaining requests")

    def test_stop_returns_reserved_requests(self):
        config = self.configured(256 * 50)  # Reserves fifty at a time.
        self.drop(["DS01"])
        for run in range(3):
            daemon = self.start_daemon(config, name=f"run{run}")
            daemon.wait_for("poll.answered")
            daemon.stop()
        daemon = self.start_daemon(config, name="last")
        daemon.wait_for("poll.answered")
        before = self.requests()
        spent = daemon.status()["requests_today"]["spent"]
        if day_in_kolkata() == self.day:
            self.assertGreaterEqual(spent, before)
            self.assertLessEqual(spent, self.requests() + 1)

    def test_large_queue_is_read_before_the_first_write(self):
        many = 50_000
        self.drop(harness.make_ids(many))
        daemon = self.start_daemon(self.config)
        daemon.wait_for("inbox.accepted")
        harness.eventually(lambda: daemon.status()["pending"] == many, 60, "acceptance")
        for run in range(3):
            daemon.kill()
            daemon = self.start_daemon(self.config, name=f"again{run}")
            self.assertEqual(daemon.status()["pending"], many)
            harness.eventually(lambda: daemon.status()["requests_today"]["spent"] > 0,
                               what="a reservation")
        self.assertEqual(daemon.stop(), 0)

    def test_higher_limit_applies_at_once(self):
        self.drop(["DS01"])
        daemon = self.start_daemon(self.config)
        daemon.wait_for("budget.spent")
        self.configured(LIMIT + 5)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("budget.renewed")
        harness.eventually(lambda: self.requests() >= LIMIT + 5, what="five more")
        daemon.wait_for("budget.spent", times=2)


if __name__ == "__main__":
    harness.main()
