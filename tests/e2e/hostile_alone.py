"""Traps that need a server and a daemon of their own: they are of a whole connection, or they stop
the whole account."""

import collections
import dataclasses
import time

import harness
from hostile_cases import message
from hostile_crowd import SETTINGS, Hostile, within
from hostile_server import Act

# Daemons at a time: a pause lasts for seconds, and is spent together.
TOGETHER = 8 if harness.IS_SLOW_BUILD else 32

# It has four labels, so that a wildcard may stand for one, and every resolver takes it for
# 127.0.0.1.
NAME = "127.0.0.0x1"

# So long a connection lies idle between two requests; Act.BLURT_AFTER falls well into it.
IDLE = {"poll": {"min_interval": "1s", "max_interval": "1s"}}

# What proves that a token was sent.
SENT = b"Authorization"


@dataclasses.dataclass(frozen=True)
class Alone:
    """A trap, and what must become of the daemon that falls into it. In the end all is well: the
    genuine answer is taken."""
    name: str
    greetings: tuple = ()  # for the first connections, instead of the TLS handshake
    acts: tuple = ()       # for the first requests: traps as in a Case
    says: tuple = ()       # a part of the reason of each poll.error
    pauses: str = ""       # a part of the reason of the one account.paused
    waits_s: tuple = ()    # the least and the most that its canary waits for
    is_held: bool = False  # the pause is too long to see its end
    depth: object = None   # of the certificate
    connections: int = 0   # so many there are in the end; 0: whatever
    settings: dict = dataclasses.field(default_factory=dict)
    host: str = "localhost"


Run = collections.namedtuple("Run", "case server daemon")


class AloneTest(Hostile):
    def play_alone(self, group, cases):
        certificate = self.authority.issue("hostile", extensions=[
            f"subjectAltName=DNS:localhost,DNS:*{NAME[NAME.index('.'):]}"])
        harness.hold_to_bounds()
        for at in range(0, len(cases), TOGETHER):
            runs = [self.begin(case, certificate) for case in cases[at:at + TOGETHER]]
            for run in runs:
                with self.subTest(run.case.name):
                    self.judge(run)
                run.server.close()
                run.daemon.stop()
        harness.tell(f"{group}: {len(cases)} cases, each with its daemon")

    def begin(self, case, certificate):
        def play(handshake, turn):
            forger = self.forger(handshake)
            if handshake == case.name and turn < len(case.acts):
                return case.acts[turn](forger)
            is_early = server.turns(case.name) <= len(case.acts)
            is_held = handshake == other(case) and is_early
            return Act(message(forger.pending if is_held else forger.genuine))

        server = self.start_hostile(play, case.greetings, certificate)
        url = server.url.replace("localhost", case.host)
        ids = [case.name, other(case)] if case.pauses else [case.name]
        settings = {section: {**SETTINGS.get(section, {}), **case.settings.get(section, {})}
                    for section in {*SETTINGS, *case.settings}}
        settings["log"] = {"level": "info"}
        return Run(case, server, self.start_apart(case.name, url, ids, **settings))

    # The judgement.

    def judge(self, run):
        case, server, daemon = run
        daemon.says("daemon.started")
        if case.pauses:
            daemon.says("account.paused")
        if case.is_held:
            self.judge_held(run)
        else:
            ids = {case.name, other(case)} if case.pauses else {case.name}
            within(20, lambda: ids <= ended(daemon, "results"))
            self.assertEqual(ended(daemon, "results"), ids, daemon.log())
            for name in ids:
                record = (daemon.spool / f"results/{name}.json").read_bytes()
                self.assertTrue(record.endswith(b'"response":%b}\n' % self.forger(name).genuine))
            self.assertEqual(daemon.count("account.resumed"), 1 if case.pauses else 0)
        for folder in set(harness.FOLDERS) - {"results"}:
            self.assertEqual(ended(daemon, folder), set())
        self.judge_log(case, daemon)
        self.judge_connections(case, server)
        self.assert_bounded(daemon)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(server.faults, [])
        self.assert_no_harm(daemon.out, daemon.err, self.folder / f"{case.name}.db")

    def judge_held(self, run):
        """Everybody waits; nobody has failed, nobody is asked for."""
        status = run.daemon.status()
        self.assertEqual(status["pending"], 2)
        self.assertIn(run.case.pauses, status["account_pause"]["reason"])
        asked = self.count_requests(run.server)
        time.sleep(0.3)
        self.assertEqual(self.count_requests(run.server), asked)
        self.assertEqual(ended(run.daemon, "results"), set())

    @staticmethod
    def count_requests(server):
        return sum(len(connection.asked) for connection in server.connections)

    def judge_log(self, case, daemon):
        errors = daemon.log("poll.error")
        self.assertEqual(len(errors), len(case.says), errors)
        for words, error in zip(case.says, errors):
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

    def judge_connections(self, case, server):
        if case.connections:
            self.assertEqual(len(server.connections), case.connections)
        for connection in server.connections:
            if connection.is_greeted:
                self.assertEqual(connection.server_name, case.host)
                # A resumed session would skip the check of the host.
                self.assertFalse(connection.is_resumed)
            elif case.greetings:
                self.assertNotIn(SENT, connection.heard, "a token went to a stranger")
        self.assertTrue(any(SENT in connection.heard for connection in server.connections))


def other(case):
    """A handshake that nothing is wrong with; it is not finished before the trap is over."""
    return f"{case.name}-other"


def ended(daemon, folder):
    return {path.stem for path in (daemon.spool / folder).glob("*.json")}
