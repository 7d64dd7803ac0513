"""Tests the daemon against servers that allow fewer requests per second than it is configured for:
it finds their rate, whatever their limiter, and the account is not paused.

The long form takes three minutes, with more rates, and prints a table.
"""

import collections
import threading
import time

import harness
from hostile_cases import error, message
from hostile_server import HostileServer, Reply, context_of

CONFIGURED = 20
RATES = (2, 5, 10, 50) if harness.IS_LONG else (2, 10)
COUNTED_S = (60, 180) if harness.IS_LONG else (15, 40)
# A share of what the server allows; the short form includes a part of the search for the rate, and
# may run on a busy machine.
LEAST_SHARE = 0.85 if harness.IS_LONG else 0.6
HANDSHAKES = 100

SETTINGS = {
    "api": {"requests_per_second": float(CONFIGURED), "connections": 32},
    "poll": {"cadence": "exponential", "min_interval": "500ms", "max_interval": "1s"},
    "log": {"level": "info"},
}


def token_bucket(rate):
    """Allows `rate` requests per second, and as many at once after a second of silence."""
    tokens, last = float(rate), time.monotonic()

    def allows(now):
        nonlocal tokens, last
        tokens, last = min(float(rate), tokens + (now - last) * rate), now
        if tokens < 1:
            return False
        tokens -= 1
        return True
    return allows


def fixed_second(rate):
    """Allows `rate` requests in each second of the clock."""
    counts = collections.Counter()

    def allows(now):
        counts[int(now)] += 1
        return counts[int(now)] <= rate
    return allows


def sliding_window(rate):
    """Allows a request if fewer than `rate` were allowed in the second before it."""
    times = collections.deque()

    def allows(now):
        while times and times[0] <= now - 1:
            times.popleft()
        if len(times) >= rate:
            return False
        times.append(now)
        return True
    return allows


LIMITERS = {"token bucket": token_bucket, "fixed second": fixed_second,
            "sliding window": sliding_window}


class LimitedServer:
    """Allows so many requests per second, and answers all others with 429."""

    def __init__(self, test, name, allows, retry_after):
        self.name = name
        self.allows = allows
        self.fields = (f"Retry-After: {retry_after}",) if retry_after else ()
        self.good, self.refused = [], []  # times of the requests
        self.pending = test.answer
        self.lock = threading.Lock()
        self.server = HostileServer(context_of(*test.certificate), self.play)
        test.addCleanup(self.server.close)
        ids = [f"{name}-{i}" for i in range(HANDSHAKES)]
        self.daemon = test.start_apart(name, self.server.url, ids, **SETTINGS)

    def play(self, handshake, _):
        with self.lock:
            now = time.monotonic()
            is_allowed = self.allows(now)
            (self.good if is_allowed else self.refused).append(now)
        if is_allowed:
            return Reply(message(self.pending(handshake)))
        return Reply(message(error(4292), *self.fields, status="429 Too Many Requests"))

    def rate(self, times, start):
        least, most = (start + bound for bound in COUNTED_S)
        return sum(least <= at < most for at in times) / (most - least)


class RateLimitTest(harness.Fixture):
    def test_most_of_what_the_server_allows_is_used(self):
        self.certificate = self.authority.issue("limited")
        start = time.monotonic()
        servers = {(limiter, rate, retry_after): LimitedServer(
                       self, f"{limiter.replace(' ', '-')}-{rate}-{retry_after}",
                       make(rate), retry_after)
                   for limiter, make in LIMITERS.items() for rate in RATES
                   for retry_after in ((0, 1) if harness.IS_LONG else (1,))}
        time.sleep(start + COUNTED_S[1] - time.monotonic())
        for (limiter, rate, retry_after), server in servers.items():
            good, refused = (server.rate(times, start) for times in (server.good, server.refused))
            pauses = server.daemon.count("account.paused")
            harness.report(f"| {rate} | {limiter} | {retry_after or 'none'} | {good:.2f} | "
                           f"{good / min(rate, CONFIGURED):.2f} | {60 * refused:.1f} | {pauses} |")
            with self.subTest(server.name):
                self.assertEqual(pauses, 0)
                if not harness.IS_SLOW_BUILD:
                    self.assertGreaterEqual(good, LEAST_SHARE * min(rate, CONFIGURED))
                self.check_status(server.daemon.status()["rate_limit"], rate)

    def check_status(self, status, rate):
        self.assertEqual(status["configured"], CONFIGURED)
        if rate < CONFIGURED:
            self.assertLess(status["effective"], 1.5 * rate + 1)
        else:
            self.assertEqual(status["effective"], CONFIGURED)


if __name__ == "__main__":
    harness.main()
