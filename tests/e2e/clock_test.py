"""Tests the daemon on a machine whose wall clock is wrong and is then corrected."""

import datetime
import json
import os
import struct
import time

import harness

SHIM = harness.BUILD / "tests/e2e/libclock_shim.so"
HOUR = 3600
DAY = 24 * HOUR
GIVE_UP_AFTER = 25 * HOUR  # The default.
TO_1970 = -int(time.time()) + HOUR


class Machine:
    """The clock of one daemon, which the test sets, and the daemon's files."""

    def __init__(self, test, name, url, wrong_by=0, **poll):
        self.test, self.name = test, name
        self.spool = test.folder / name
        (self.spool / "inbox").mkdir(parents=True)
        self.offset = test.folder / f"{name}.offset"
        self.offset.write_bytes(struct.pack("=q", wrong_by))
        self.config = test.write_config(
            url, name=f"{name}.toml", poll=poll,
            paths={"inbox": str(self.spool / "inbox"), "spool": str(self.spool),
                   "queue": str(test.folder / f"{name}.db"), "tombstone_days": 1},
            admin={"socket": str(test.folder / f"{name}.sock")})
        self.runs = 0

    def set_clock(self, wrong_by):
        with self.offset.open("r+b") as file:
            file.write(struct.pack("=q", wrong_by))

    def start(self):
        self.runs += 1
        environment = {**os.environ, "LD_PRELOAD": str(SHIM), "CLOCK_SHIM": str(self.offset)}
        self.daemon = self.test.start_daemon(self.config, name=f"{self.name}-{self.runs}",
                                             env=environment)
        return self.daemon

    def submit(self, line):
        hidden = self.spool / "inbox/.new"
        hidden.write_text(f"{line}\n")
        hidden.rename(self.spool / "inbox/new")

    def explain(self, handshake):
        ran = self.test.attestrd("explain", "--json", "--config", self.config, handshake)
        return json.loads(ran.stdout)

    def ended(self, folder, handshake):
        return (self.spool / folder / f"{handshake}.json").exists()


class ClockTest(harness.Fixture):
    def assert_deadline(self, explained, submitted):
        self.assertEqual(explained["state"], "pending")
        deadline = datetime.datetime.fromisoformat(explained["deadline"].replace("Z", "+00:00"))
        self.assertLess(abs(deadline.timestamp() - submitted - GIVE_UP_AFTER), 30)

    def test_submission_with_a_wrong_clock_keeps_its_age(self):
        never = self.start_simulator("--never", "1")
        submitted = time.time()
        wrong = (-26 * HOUR, -3 * DAY, TO_1970, 2 * DAY)
        machines = [Machine(self, f"m{i}", never.url, by) for i, by in enumerate(wrong)]
        for machine in machines:
            machine.start()
            machine.submit("DSclock")
        for i, machine in enumerate(machines):
            machine.daemon.wait_for("inbox.accepted")
            if i % 2 == 0:
                machine.set_clock(0)
                machine.daemon.wait_for("clock.jumped")
            machine.daemon.stop()
            machine.set_clock(0)  # For the others between the two runs.
            machine.start()
            self.assert_deadline(machine.explain("DSclock"), submitted)
            machine.submit("DSclock")  # Again: it is merged.
            machine.daemon.wait_for("inbox.merged")
            self.assert_deadline(machine.explain("DSclock"), submitted)
        for machine in machines:
            self.assertFalse(machine.ended("failed", "DSclock"))

    def test_tombstone_outlives_a_clock_that_is_ahead(self):
        machine = Machine(self, "m", self.start_simulator("--law", "fixed:0").url)
        machine.start()
        machine.submit("DSonce")
        harness.eventually(lambda: machine.ended("results", "DSonce"), what="the result")
        machine.daemon.wait_for("handshake.completed")
        (machine.spool / "results/DSonce.json").unlink()
        machine.daemon.stop()
        machine.set_clock(2 * DAY)
        machine.start()  # Purges tombstones as it starts.
        time.sleep(1)
        machine.daemon.stop()
        machine.set_clock(0)
        machine.start()
        machine.submit("DSonce")
        machine.daemon.wait_for("inbox.already_ended")
        self.assertFalse(machine.ended("results", "DSonce"))

    def test_expiry_is_kept_once_the_clock_is_right(self):
        machine = Machine(self, "m", self.start_simulator("--never", "1").url, -3 * DAY,
                          expiry_grace="1s")
        machine.start()
        expiry = time.time() + 2
        machine.submit(json.dumps({"id": "DSlate", "expiry": int(expiry * 1000)}))
        machine.daemon.wait_for("inbox.accepted")
        machine.set_clock(0)
        harness.eventually(lambda: machine.ended("failed", "DSlate"), what="the expiry")
        self.assertGreater(time.time(), expiry)

    def test_difference_from_the_server_is_shown(self):
        machine = Machine(self, "m", self.start_simulator("--never", "1").url, HOUR)
        machine.start()
        machine.submit("DSclock")
        machine.daemon.wait_for("clock.differs")
        self.assertAlmostEqual(machine.daemon.status()["clock_difference_seconds"], -HOUR, delta=5)
        text = self.attestrd("status", "--config", machine.config).stdout
        self.assertRegex(text, r"clock +WRONG: 1h 0m ahead of Attestr's|clock +WRONG: 59m")
        machine.set_clock(0)
        harness.eventually(
            lambda: abs(machine.daemon.status()["clock_difference_seconds"]) < 5, what="agreement")
        self.assertEqual(machine.daemon.count("clock.differs"), 1)


if __name__ == "__main__":
    harness.main()
