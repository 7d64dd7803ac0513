"""The daily limit: however often the daemon dies, no day sees more requests than that."""

import signal
import time

import harness

LIMIT = 60
HANDSHAKES = ["DS01", "DS02", "DS03"]

# One that was reserved, and those that were about to go out.
LOST_BY_A_DEATH = 1 + len(HANDSHAKES)


def day_in_kolkata():
    return int(time.time() + 5.5 * 3600) // 86400


class DailyLimitTest(harness.Scene):
    def setUp(self):
        super().setUp()
        self.simulator = self.start_simulator("--never", "1")
        self.config = self.configured(LIMIT)
        self.day = day_in_kolkata()

    def configured(self, limit):
        return self.write_config(self.simulator.url, api={"daily_requests": limit},
                                 poll={"cadence": "exponential", "max_interval": "100ms"})

    def spent(self):
        """If midnight comes meanwhile, two days' requests may have come."""
        days = 1 + day_in_kolkata() - self.day
        requests = self.requests()
        self.assertLessEqual(requests, LIMIT * days)
        return requests

    def requests(self):
        return len(self.simulator.requests())

    def test_all_of_it_is_spent_and_then_all_wait(self):
        self.drop(HANDSHAKES)
        daemon = self.start_daemon(self.config)
        line = daemon.says("budget.spent")
        self.assertGreaterEqual(line["count"], LIMIT)
        harness.eventually(lambda: self.spent() >= LIMIT, what="the last request")
        requests = daemon.status()["requests_today"]
        text = self.attestrd("status", "--config", self.config).stdout
        if day_in_kolkata() == self.day:
            self.assertEqual((requests["spent"], requests["limit"], requests["is_spent"]),
                             (LIMIT, LIMIT, True))
            self.assertRegex(text, rf"requests today +{LIMIT} of {LIMIT}; all but last polls wait")

    def test_no_death_forgets_a_request(self):
        self.drop(HANDSHAKES)
        lives, least = 0, LIMIT
        while self.spent() < least:
            daemon = self.start_daemon(self.config, name=f"life{lives}")
            more = min(self.spent() + 4, least)
            harness.eventually(lambda: self.spent() >= more, what="polls")
            daemon.kill()
            lives += 1
            least -= LOST_BY_A_DEATH
        self.assertGreater(lives, 1)
        daemon = self.start_daemon(self.config, name="last")
        daemon.says("budget.spent")
        harness.eventually(lambda: self.spent() >= least, what="what was left")

    def test_a_stop_gives_back_what_was_reserved(self):
        config = self.configured(256 * 50)  # Fifty at a time.
        self.drop(["DS01"])
        for life in range(3):
            daemon = self.start_daemon(config, name=f"life{life}")
            daemon.says("poll.answered")
            daemon.stop()
        daemon = self.start_daemon(config, name="last")
        daemon.says("poll.answered")
        before = self.requests()
        spent = daemon.status()["requests_today"]["spent"]
        if day_in_kolkata() == self.day:
            self.assertGreaterEqual(spent, before)
            self.assertLessEqual(spent, self.requests() + 1)

    def test_a_large_queue_is_read_before_anything_is_written_to_it(self):
        many = 50_000
        self.drop(harness.make_ids(many))
        daemon = self.start_daemon(self.config)
        daemon.says("inbox.accepted")
        harness.eventually(lambda: daemon.status()["pending"] == many, 60, "acceptance")
        for life in range(3):
            daemon.kill()
            daemon = self.start_daemon(self.config, name=f"again{life}")
            self.assertEqual(daemon.status()["pending"], many)
            harness.eventually(lambda: daemon.status()["requests_today"]["spent"] > 0,
                               what="a reservation")
        self.assertEqual(daemon.stop(), 0)

    def test_a_higher_limit_holds_at_once(self):
        self.drop(["DS01"])
        daemon = self.start_daemon(self.config)
        daemon.says("budget.spent")
        self.configured(LIMIT + 5)
        daemon.send(signal.SIGHUP)
        daemon.says("budget.renewed")
        harness.eventually(lambda: self.requests() >= LIMIT + 5, what="five more")
        daemon.says("budget.spent", times=2)


if __name__ == "__main__":
    harness.main()
