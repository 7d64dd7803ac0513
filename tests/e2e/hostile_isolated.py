"""Runs cases with their own server and daemon: they concern a whole connection, or pause the
account."""

import collections
import dataclasses
import datetime
import time

import harness
from hostile_cases import message
from hostile_shared import SETTINGS, Hostile, in_time
from hostile_server import Reply

# Number of concurrent daemons: their pauses, which last for seconds, overlap.
TOGETHER = 8 if harness.IS_SLOW_BUILD else 32

# A host name with four labels, so that a wildcard can replace one; every resolver maps it to
# 127.0.0.1.
NAME = "127.0.0.0x1"

# Idle time of a connection between two requests; Reply.UNSOLICITED_AFTER is much shorter.
IDLE = {"poll": {"min_interval": "5s", "max_interval": "5s"}}

# A text that shows in the received bytes that a token was sent.
SENT = b"Authorization"


@dataclasses.dataclass(frozen=True)
class IsolatedCase:
    """A hostile behaviour of a server, and the expected reaction of the daemon. In the end the
    daemon accepts the genuine answer."""
    name: str
    openings: tuple = ()  # replace the TLS handshake of the first connections
    replies: tuple = ()       # replies to the first requests, as in a Case
    errors: tuple = ()     # part of the reason of each poll.error
    pauses: str = ""       # part of the reason of the one account.paused
    waits_s: tuple = ()    # minimum and maximum delay of the canary
    holds_s: tuple = ()    # the same of all polls, without a pause
    is_held: bool = False  # the pause is longer than the test
    depth: object = None   # depth of the certificate
    connections: int = 0   # number at the end; 0: any
    settings: dict = dataclasses.field(default_factory=dict)
    host: str = "localhost"


Run = collections.namedtuple("Run", "case server daemon")


class IsolatedTest(Hostile):
    def setUp(self):
        super().setUp()
        self.began_at = {}

    def play_isolated(self, group, cases):
        certificate = self.authority.issue("hostile", extensions=[
            f"subjectAltName=DNS:localhost,DNS:*{NAME[NAME.index('.'):]}"])
        harness.checks_bounds()
        for at in range(0, len(cases), TOGETHER):
            runs = [self.begin(case, certificate) for case in cases[at:at + TOGETHER]]
            for run in runs:
                with self.subTest(run.case.name):
                    self.check(run)
                run.server.close()
                run.daemon.stop()
        harness.report(f"{group}: {len(cases)} cases, each with its daemon")

    def begin(self, case, certificate):
        def play(handshake, turn):
            forger = self.forger(handshake)
            # An error of the account is one that two handshakes meet.
            are_both = case.pauses and handshake == other(case)
            if (handshake == case.name or are_both) and turn < len(case.replies):
                return case.replies[turn](forger)
            is_early = server.turns(case.name) <= len(case.replies)
            is_held = handshake == other(case) and is_early
            return Reply(message(forger.pending if is_held else forger.genuine))

        server = self.start_hostile(play, case.openings, certificate)
        url = server.url.replace("localhost", case.host)
        ids = [case.name, other(case)] if case.pauses else [case.name]
        # The clock of the daemon may be read between two ticks of this one.
        self.began_at[case.name] = time.time() - 0.1
        settings = {section: {**SETTINGS.get(section, {}), **case.settings.get(section, {})}
                    for section in {*SETTINGS, *case.settings}}
        settings["log"] = {"level": "info"}
        if case.pauses.startswith("certificate"):
            # A good answer on another connection would show that the account is well.
            settings["api"] = {**settings.get("api", {}), "connections": 1}
        return Run(case, server, self.start_apart(case.name, url, ids, **settings))

    # ---- Checks.

    def check(self, run):
        case, server, daemon = run
        daemon.wait_for("daemon.started")
        if case.pauses:
            daemon.wait_for("account.paused")
        if case.is_held:
            self.check_held(run)
        elif case.holds_s and case.holds_s[0] > 8:
            self.check_held_by_retry_after(run)
        else:
            ids = {case.name, other(case)} if case.pauses else {case.name}
            in_time(lambda: ids <= ended(daemon, "results"))
            self.assertEqual(ended(daemon, "results"), ids, daemon.log())
            for name in ids:
                record = (daemon.spool / f"results/{name}.json").read_bytes()
                self.assertTrue(record.endswith(b'"response":%b}\n' % self.forger(name).genuine))
            self.assertEqual(daemon.count("account.resumed"), 1 if case.pauses else 0)
            if case.holds_s:
                first, second = server.asked_at[case.name][:2]
                self.assertGreaterEqual(second - first, case.holds_s[0])
        for folder in set(harness.FOLDERS) - {"results"}:
            self.assertEqual(ended(daemon, folder), set())
        self.check_log(case, daemon)
        self.check_connections(case, server)
        self.assert_bounded(daemon)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(server.faults, [])
        self.assert_no_harm(daemon.out, daemon.err, self.folder / f"{case.name}.db")

    def check_held(self, run):
        """Checks that all handshakes are pending, and that no request is sent."""
        status = run.daemon.status()
        self.assertEqual(status["pending"], 2)
        self.assertIn(run.case.pauses, status["account_pause"]["reason"])
        asked = self.count_requests(run.server)
        time.sleep(0.3)
        self.assertEqual(self.count_requests(run.server), asked)
        self.assertEqual(ended(run.daemon, "results"), set())

    def check_held_by_retry_after(self, run):
        """Checks that the time of Retry-After is held and shown, and that the account is not
        paused."""
        case, server, daemon = run
        in_time(lambda: daemon.status()["rate_limit"]["held_until"])
        status = daemon.status()
        until = seconds_of(status["rate_limit"]["held_until"])
        self.assertIsNone(status["account_pause"])
        least, most = case.holds_s
        self.assertLessEqual(self.began_at[case.name] + least, until)
        self.assertLessEqual(until, seconds_of(status["time"]) + most)
        time.sleep(0.3)
        self.assertEqual(self.count_requests(server), 1)
        self.assertEqual(ended(daemon, "results"), set())

    @staticmethod
    def count_requests(server):
        return sum(len(connection.asked) for connection in server.connections)

    def check_log(self, case, daemon):
        errors = daemon.log("poll.error")
        self.assertEqual(len(errors), len(case.errors), errors)
        for words, error in zip(case.errors, errors):
            self.assertIn(words, error["reason"])
        pauses = daemon.log("account.paused")
        self.assertEqual(len(pauses), 1 if case.pauses else 0, pauses)
        for pause in pauses:
            self.assertIn(case.pauses, pause["reason"])
            self.assertEqual(pause["level"], "error")
            self.assertEqual(pause.get("depth"), case.depth)
            if case.waits_s:
                least, most = case.waits_s
                self.assertTrue(least <= pause["wait_ms"] / 1000 <= most, pause)

    def check_connections(self, case, server):
        if case.connections:
            self.assertEqual(len(server.connections), case.connections)
        for connection in server.connections:
            if connection.has_tls:
                self.assertEqual(connection.server_name, case.host)
                # A resumed session would skip the check of the host.
                self.assertFalse(connection.is_resumed)
            elif case.openings:
                self.assertNotIn(SENT, connection.received, "a token was sent")
        self.assertTrue(any(SENT in connection.received for connection in server.connections))


def seconds_of(text):
    """Returns the Unix time of a time of RFC 3339 in UTC."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def other(case):
    """Returns the id of a handshake with good answers, which completes after the hostile ones."""
    return f"{case.name}-other"


def ended(daemon, folder):
    return {path.stem for path in (daemon.spool / folder).glob("*.json")}
