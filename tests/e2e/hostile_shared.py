"""Sends many hostile answers to one daemon, among handshakes with good answers."""

import threading
import time

import harness
from hostile_cases import ATTEMPTS, HARM, Forger, message
from hostile_server import Reply, HostileServer, context_of

BYSTANDERS = [f"bystander-{number}" for number in range(4)]

# Ten failures in a row pause the account, whichever handshakes they concern. Therefore at most this
# many hostile answers come at once, and bystanders get good answers before the next ones.
AT_ONCE = 8

BOUND_MIB = 64

# Many daemons run at once: a good answer must never take that long. Silent servers cost this time,
# all of one group at once.
TIMEOUT = f"{12 * harness.TIMEOUT_FACTOR}s"
MAX_RESPONSE = 1 << 20

SETTINGS = {
    "api": {"requests_per_second": 0, "connections": 64, "connect_timeout": TIMEOUT,
            "request_timeout": TIMEOUT, "max_response": MAX_RESPONSE},
    "poll": {"min_interval": "50ms", "max_interval": "100ms", "unknown_grace": "0s",
             "witness_time": "0s", "shutdown_grace": "1s"},
    "signature": {"signature_attempts": ATTEMPTS},
}


def in_time(condition):
    """Returns whether the condition holds in time; a later check reports by name which case
    failed."""
    deadline = time.monotonic() + harness.time_limit(harness.LONG_TIMEOUT_S)
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Hostile(harness.Fixture):
    """A fixture with hostile servers."""

    def start_hostile(self, play, openings=(), certificate=None):
        context = context_of(*(certificate or self.authority.issue("hostile")))
        server = HostileServer(context, play, openings)
        self.addCleanup(server.close)
        return server

    def forger(self, handshake):
        return Forger(handshake, self.secret)

    def assert_bounded(self, daemon):
        """Checks the peak of the daemon's memory, and returns it in MiB."""
        most_mib = daemon.resident_mib("VmHWM")
        if not harness.IS_SLOW_BUILD:
            self.assertLess(most_mib, BOUND_MIB)
        return most_mib

    def assert_no_harm(self, *places):
        """Checks that none of these files has content that must not be accepted."""
        for path in places:
            self.assertNotIn(HARM.encode(), path.read_bytes(), path.name)


class SharedDaemonTest(Hostile):
    def reply_of(self, answer):
        """Returns the Reply for an answer of the tables."""
        return answer if isinstance(answer, Reply) else Reply(answer)

    def body_of(self, case):
        """Returns the body of the answer of a case, without its framing."""
        return self.forger(case.name).body

    def play(self, group, cases, **changes):
        self.cases = {case.name: case for case in cases}
        self.assertEqual(len(self.cases), len(cases), "two cases of one name")
        harness.checks_bounds()
        self.witness_of = {}  # witness by case
        self.are_released = threading.Event()
        self.server = self.start_hostile(self.answer_to)
        config = self.write_config(self.server.url, base=SETTINGS,
                                   **{"log": {"level": "info"}, **changes})
        self.daemon = self.start_daemon(config)
        self.drop(BYSTANDERS)
        self.wait_for_bystanders(6)
        for at in range(0, len(cases), AT_ONCE):
            self.submit_cases(cases[at:at + AT_ONCE])
        self.are_released.set()
        in_time(lambda: self.all_expected() <= self.all_ended())
        most_mib = self.check()
        harness.report(f"{group}: {len(cases)} cases, {len(self.server.connections)} connections, "
                     f"{most_mib:.0f} MiB at most")

    # ---- The server.

    def answer_to(self, handshake, turn):
        forger = self.forger(handshake)
        case = self.cases.get(handshake)
        if case and turn < case.times:
            return self.reply_of(case.answer(forger))
        is_held = handshake in BYSTANDERS and not self.are_released.is_set()
        return Reply(message(forger.pending if is_held else forger.genuine))

    # ---- The steps of a test.

    def wait_for_bystanders(self, times):
        """Waits until each bystander has been requested this many more times."""
        turns = {name: self.server.turns(name) + times for name in BYSTANDERS}
        harness.eventually(lambda: all(self.server.turns(name) >= turn
                                       for name, turn in turns.items()), what="bystanders")

    def submit_cases(self, cases):
        """Submits these cases and an ordinary handshake, which must complete meanwhile."""
        witness = f"witness-of-{cases[0].name}"[:64]
        self.witness_of.update({case.name: witness for case in cases})
        self.drop([*(case.submission() for case in cases), witness], witness)
        self.wait_for_results([witness])
        in_time(lambda: all(self.is_answered(case) for case in cases))
        self.wait_for_bystanders(2)

    def is_answered(self, case):
        if not case.errors:
            return self.server.turns(case.name) > 0
        return any(line["handshake"] == case.name for line in self.daemon.log("poll.error"))

    def all_expected(self):
        expected = {("results", name) for name in [*BYSTANDERS, *self.witness_of.values()]}
        return expected | {(case.folder, case.name) for case in self.cases.values() if case.folder}

    def all_ended(self):
        return {(folder, name) for folder in harness.FOLDERS for name in self.spooled(folder)}

    # ---- Checks.

    def check(self):
        errors = self.daemon.log("poll.error")
        self.completed_at = {line["handshake"]: line["time"]
                             for line in self.daemon.log("handshake.completed")}
        for case in self.cases.values():
            with self.subTest(case.name):
                self.check_errors(case, [e for e in errors if e["handshake"] == case.name])
                self.check_end(case)
        self.assertEqual(self.all_ended(), self.all_expected())
        unexpected = {line["handshake"] for line in errors} - set(self.cases)
        self.assertEqual(unexpected, set(), "affected, though their answers are good")
        self.assertEqual(self.daemon.log("account.paused"), [])
        held = [case for case in self.cases.values() if not case.folder]
        self.assertEqual(self.daemon.status()["pending"], len(held))
        most_mib = self.assert_bounded(self.daemon)
        self.assertEqual(self.daemon.stop(), 0)
        self.assert_no_harm(self.daemon.out, self.daemon.err, self.queue)
        self.assertEqual(self.server.faults, [])
        return most_mib

    def check_errors(self, case, errors):
        self.assertEqual(len(errors), len(case.errors), errors)
        for words, error in zip(case.errors, errors):
            self.assertIn(words, error["reason"])
            if words.startswith("timeout"):
                self.assertLess(self.completed_at[self.witness_of[case.name]], error["time"])

    def check_end(self, case):
        ended = [folder for folder, name in self.all_ended() if name == case.name]
        self.assertEqual(ended, [case.folder] if case.folder else [])
        asked_at = self.server.asked_at[case.name]
        if case.polls() is not None:
            self.assertEqual(len(asked_at), case.polls())
        if case.gap_s:
            self.assertGreaterEqual(asked_at[1] - asked_at[0], case.gap_s)
        if case.folder:
            self.check_record(case)

    def check_record(self, case):
        record = (self.spool / case.folder / f"{case.name}.json").read_bytes()
        if case.reason:
            self.assertIn(b'"reason":"%b"' % case.reason.encode(), record)
        if case.stored:
            kept = self.body_of(case) if case.stored == "answer" else self.forger(case.name).genuine
            self.assertTrue(record.endswith(b'"response":%b}\n' % kept), record[:400])
        else:
            self.assertNotIn(b'"response"', record)


class SharedBodyTest(SharedDaemonTest):
    """Tests whose answers are bodies; the framing is correct."""

    def reply_of(self, answer):
        return answer if isinstance(answer, Reply) else Reply(message(answer))

    def body_of(self, case):
        answer = case.answer(self.forger(case.name))
        return answer if isinstance(answer, bytes) else super().body_of(case)
