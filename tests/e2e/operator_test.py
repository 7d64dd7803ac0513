"""Tests what operators change in a running daemon: pause, resume, hold, release and cancel."""

import json
import socket
import time

import harness

IDS = ["DS01", "DS02", "DS03"]


class OperatorTest(harness.Fixture):
    def begin(self, *flags, **changes):
        self.simulator = self.start_simulator(*flags)
        self.config = self.write_config(self.simulator.url, **changes)
        self.daemon = self.start_daemon(self.config)

    def run_command(self, *words, code=0, **options):
        name, *rest = words
        done = self.attestrd(name, "--config", self.config, *rest, **options)
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        return done.stdout

    def submit(self, ids=IDS):
        self.drop(ids)
        harness.eventually(lambda: self.daemon.status()["pending"] == len(ids), what="the ids")

    def die_and_start(self):
        self.daemon.kill()
        self.daemon = self.start_daemon(self.config, name="next")

    def polls(self):
        return len(self.simulator.requests())

    def assert_no_poll(self, seconds=1):
        before = self.polls()
        time.sleep(seconds)
        self.assertEqual(self.polls(), before)

    def ready(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.folder / "control.sock"))
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: client.recv(65536), b"")).decode()

    def explained(self, handshake):
        return json.loads(self.attestrd("explain", "--config", self.config, "--json",
                                        handshake).stdout)

    def test_a_pause_lasts_until_it_ends_over_a_death(self):
        self.begin("--law", "fixed:0")
        self.assertIn("until `attestrd resume`", self.run_command("pause"))
        self.submit()
        self.assert_no_poll()
        self.assertIn('"paused_by_operator"', self.ready())
        self.assertTrue(self.run_command("status").splitlines()[1].startswith(
            "held                  an operator has paused all polls"))
        self.assertEqual(self.explained("DS01")["held_by"], "paused_by_operator")
        self.assertEqual(json.loads(self.run_command("pause", "--json")),
                         {"paused": True, "changed": False})
        self.daemon.kill()
        done = self.attestrd("status", "--config", self.config)
        self.assertIn("held                  an operator has paused all polls", done.stdout)
        self.daemon = self.start_daemon(self.config, name="next")
        self.daemon.wait_for("polling.paused")
        self.assert_no_poll()
        self.assertEqual(self.run_command("resume"), "Handshakes are polled again.\n")
        self.wait_for_results(IDS)
        self.daemon.wait_for("polling.resumed")
        self.assertIn('"ready":true', self.ready())
        self.assertEqual(json.loads(self.run_command("resume", "--json")),
                         {"paused": False, "changed": False})

    def test_an_empty_file_in_the_inbox_kicks_a_handshake(self):
        self.begin("--law", "fixed:3", poll={"cadence": "exponential", "min_interval": "1h",
                                             "max_interval": "1h"})
        self.drop(IDS[:2])
        harness.eventually(lambda: self.polls() == 2, what="the first polls")
        time.sleep(3)
        (self.inbox / "DS02.kick").touch()
        (self.inbox / "DS99.kick").touch()
        self.wait_for_results(["DS02"])
        self.assertEqual(self.explained("DS01")["polls"], 1)
        harness.eventually(lambda: not list(self.inbox.rglob("*DS99*")),
                           what="the kick of an unknown id")
        self.assertEqual(list((self.spool / "refused").iterdir()), [])

    def test_a_held_handshake_waits_over_a_death_until_its_release(self):
        self.begin("--law", "fixed:0")
        self.run_command("pause")
        self.submit()
        self.assertRegex(self.run_command("hold", "DS02"), r"\ADS02 is held\. Its deadline runs on")
        self.run_command("resume")
        self.wait_for_results(["DS01", "DS03"])
        self.assertEqual(self.daemon.status()["held"], 1)
        self.assertEqual(self.explained("DS02")["waits_for"], "release")
        self.assertIn("DS02 is held", self.run_command("kick", "DS02", code=harness.UNAVAILABLE))
        self.die_and_start()
        self.assertEqual(self.daemon.status()["held"], 1)
        self.assert_no_poll()
        answer = self.run_command("release", "--json", "-", input="DS02\nDS01\nDSnobody\n",
                                  code=harness.BAD_INPUT)
        self.assertEqual([json.loads(line)["release"] for line in answer.splitlines()],
                         ["released", "not_pending", "not_pending"])
        self.wait_for_results(IDS)

    def test_a_cancelled_handshake_ends_as_failed_once(self):
        self.begin("--never", "1", poll={"cadence": "exponential", "min_interval": "1h",
                                         "max_interval": "1h"})
        self.submit()
        self.assertEqual(self.run_command("cancel", "DS01", "DS02"),
                         "DS01 is cancelled; its record is in failed/.\n"
                         "DS02 is cancelled; its record is in failed/.\n")
        self.assertEqual(self.record("DS01", "failed")["reason"], "cancelled")
        self.assertEqual(self.daemon.wait_for("handshake.failed", times=2)["reason"], "cancelled")
        self.assertIn("DS01 is not pending",
                      self.run_command("cancel", "DS01", code=harness.BAD_INPUT))
        self.die_and_start()
        self.assertEqual(self.daemon.status()["pending"], 1)
        self.assertEqual(self.spooled("failed"), {"DS01", "DS02"})
        self.assertEqual(self.explained("DS01")["outcome"], "failed")
        self.assertIn("is polled again", self.run_command("retry", "DS01"))
        verified = self.attestrd("verify", "--config", self.config,
                                 self.spool / "failed" / "DS01.json")
        self.assertEqual(verified.returncode, 0, verified.stdout)

    def test_a_cancel_waits_for_the_poll_in_flight(self):
        self.begin("--fault", "hang=1", "--hang-for", "60", api={"request_timeout": "2s"})
        self.drop(["DS01"])
        harness.eventually(lambda: self.daemon.status()["in_flight"] == 1, what="a poll")
        self.assertIn("DS01 is cancelled", self.run_command("cancel", "DS01"))
        self.assertEqual(self.record("DS01", "failed")["reason"], "cancelled")

    def test_a_pause_and_a_cancel_hold_on_a_paused_account(self):
        self.simulator = self.start_simulator()
        self.write_secret("auth-token", "d3Jvbmc6dG9rZW4=")
        self.config = self.write_config(self.simulator.url)
        self.daemon = self.start_daemon(self.config)
        self.submit()
        self.daemon.wait_for("account.paused")
        self.run_command("pause")
        self.assertEqual(self.daemon.status()["held_by"], "paused_by_operator")
        self.run_command("cancel", *IDS)
        self.assertEqual(self.daemon.status()["pending"], 0)

    def test_wrong_usage_changes_nothing(self):
        self.config = self.write_config("https://localhost")
        for command in ("hold", "release", "cancel"):
            for words, code in ((["DS01", "no/id"], harness.BAD_INPUT), (["DS01"], None), ([], 64)):
                done = self.attestrd(command, "--config", self.config, *words)
                self.assertEqual(done.returncode, code or harness.UNAVAILABLE, done.stderr)
        for command in ("pause", "resume"):
            done = self.attestrd(command, "--config", self.config)
            self.assertEqual(done.returncode, harness.UNAVAILABLE)
            self.assertEqual(len(done.stderr.splitlines()), 1)


if __name__ == "__main__":
    harness.main()
