"""Tests the output and the exit codes of the command line."""

import contextlib
import json
import os
import signal
import sqlite3
import stat
import time

import harness

COMMANDS = ("run", "submit", "status", "list", "ages", "explain", "kick", "pause", "resume",
            "hold", "release", "cancel", "reload", "backup", "restore", "recover", "verify",
            "check-config", "version")


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


class HelpTest(harness.Fixture):
    def test_help_of_every_command(self):
        for command in ([], *([name] for name in COMMANDS)):
            with self.subTest(command):
                done = self.attestrd(*command, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertIn("xample", done.stdout)

    def test_version(self):
        done = self.attestrd("version")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\d+\.\d+\.\d+")

    def test_wrong_usage(self):
        for command in (["fly"], ["run", "--nonsense"], []):
            with self.subTest(command):
                done = self.attestrd(*command)
                self.assertEqual((done.returncode, done.stdout), (harness.USAGE, ""))
                self.assertTrue(done.stderr)


class CommandTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.simulator = self.start_simulator("--law", "fixed:0")
        self.config = self.write_config(self.simulator.url)

    def test_check_config(self):
        done = self.attestrd("check-config", self.config)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_example_configuration_is_valid(self):
        text = (harness.SOURCE / "config/attestrd.toml").read_text()
        places = {"/var/spool/attestrd": self.spool, "/var/lib/attestrd": self.folder}
        for folder, ours in places.items():
            self.assertIn(folder, text)
            text = text.replace(folder, str(ours))
        path = self.folder / "example.toml"
        path.write_text(text)
        done = self.attestrd("check-config", path)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_way_to_submit_and_run_until_empty(self):
        (self.inbox / "DStouched").touch()
        self.drop(["DSline1", '{"id": "DSline2", "expiry": 4102444800000}'])
        for arguments, text in ((["DSargument"], None), (["-"], "DSstdin1\nDSstdin2\n")):
            done = self.attestrd("submit", "--config", self.config, *arguments, input=text)
            self.assertEqual(done.returncode, 0, done.stderr)
        daemon = self.start_daemon(self.config, "--until-empty", is_ready=False)
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.spooled(), {"DStouched", "DSline1", "DSline2", "DSargument",
                                          "DSstdin1", "DSstdin2"})
        self.assertNotIn(b"\r", daemon.out.read_bytes() + daemon.err.read_bytes())

    def test_file_modes_do_not_depend_on_the_umask(self):
        for umask in ("077", "000"):
            with self.subTest(umask):
                under = ("sh", "-c", f'umask {umask}; exec "$@"', "sh")
                done = self.attestrd("submit", "--config", self.config, f"DS{umask}", under=under)
                self.assertEqual(done.returncode, 0, done.stderr)
                submitted, = (path for path in self.inbox.iterdir() if path.is_file())
                self.assertEqual(mode_of(submitted), 0o640)
                daemon = self.start_daemon(self.config, "--until-empty", under=under,
                                           is_ready=False, name=f"under-{umask}")
                self.assertEqual(daemon.wait(), 0)
                self.assertEqual(self.spooled(), {f"DS{umask}"})
                made = set(self.spool.rglob("*")) - {self.inbox}
                for path in (*made, self.queue):
                    folder = 0o700 if path.name in (".claimed", "staging") else 0o750
                    self.assertEqual(mode_of(path), folder if path.is_dir() else 0o640, path)
                for path in sorted(made, reverse=True):
                    path.rmdir() if path.is_dir() else path.unlink()
                self.queue.unlink()

    def test_an_empty_value_takes_no_other_word_for_it(self):
        for words in (["submit", "--tag=", "DSa", "DSb"], ["cancel", "--tag=", "DSa"],
                      ["list", "--tag=", "--json"], ["submit", "--expiry=", "1", "DSa"]):
            done = self.attestrd(*words, "--config", self.config)
            self.assertEqual((done.returncode, done.stdout), (harness.USAGE, ""))
            self.assertIn("the value is empty", done.stderr)
        self.assertEqual([path for path in self.inbox.iterdir() if path.is_file()], [])
        done = self.attestrd("retry", "--again=false", "DSa", "--config", self.config)
        self.assertEqual(done.returncode, harness.USAGE)

    def test_stdin_that_fails_is_no_end(self):
        for command in ("submit", "cancel", "hold"):
            folder = os.open(self.folder, os.O_RDONLY)
            done = self.attestrd(command, "-", "--config", self.config, stdin=folder)
            os.close(folder)
            self.assertEqual((done.returncode, done.stdout), (harness.IO_ERROR, ""))
            self.assertIn("stdin", done.stderr)

    def test_output_that_can_not_be_written(self):
        def with_full(streams, *words):
            under = ("sh", "-c", f'exec "$@" {streams}', "sh")
            return self.attestrd(*words, "--config", self.config, under=under)
        done = with_full(">/dev/full", "version")
        self.assertEqual((done.returncode, done.stdout), (harness.IO_ERROR, ""))
        self.assertIn("stdout", done.stderr)
        self.assertEqual(with_full("2>/dev/full", "kick", "DS1").returncode, harness.UNAVAILABLE)
        self.assertEqual(with_full("2>/dev/full", "fly").returncode, harness.USAGE)

    def test_every_command_takes_the_path_of_the_configuration(self):
        self.assertEqual(self.attestrd("check-config", "--config", self.config).returncode, 0)
        self.assertEqual(self.attestrd("version", "--config", self.config).returncode, 0)
        both = self.attestrd("check-config", self.config, "--config", self.config)
        self.assertEqual(both.returncode, harness.USAGE)

    def test_an_id_that_is_given_twice_counts_once(self):
        simulator = self.start_simulator("--law", "fixed:3600", name="never")
        config = self.write_config(simulator.url)
        self.start_daemon(config)
        self.drop(["DStwice"])
        harness.eventually(lambda: self.explained(config, "DStwice").returncode == 0, 20,
                           "it is adopted")
        done = self.attestrd("cancel", "--config", config, "DStwice", "DStwice")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.count("DStwice"), 1)

    def explained(self, config, identifier):
        return self.attestrd("explain", "--config", config, "-", input=identifier + "\n")

    def test_tag_must_match_the_answer(self):
        self.drop(['{"id": "DStag", "tag": "not this one"}'])
        config = self.write_config(self.simulator.url, signature={"signature_attempts": 1})
        daemon = self.start_daemon(config, "--until-empty", is_ready=False)
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.record("DStag", "rejected")["reason"], "tag_mismatch")

    def test_ended_handshake_is_not_polled_again(self):
        for number in (1, 2):
            self.drop(["DSonce"])
            daemon = self.start_daemon(self.config, "--until-empty", is_ready=False,
                                       name=f"run{number}")
            self.assertEqual(daemon.wait(), 0)
        self.assertEqual(len(self.simulator.requests()), 1)
        self.assertTrue(daemon.log("inbox.already_ended"))

    def test_submit_names_what_has_ended(self):
        daemon = self.start_daemon(self.config)
        submit = lambda *ids, **how: self.attestrd("submit", "--config", self.config, *ids, **how)
        self.assertEqual(submit("DSended").returncode, 0)
        self.wait_for_results(["DSended"])
        for how in ({"ids": ["DSnew", "DSended"]}, {"ids": ["-"], "input": "DSnew\nDSended\n"}):
            done = submit(*how.pop("ids"), **how)
            self.assertEqual((done.returncode, done.stdout), (harness.BAD_INPUT, ""))
            self.assertRegex(done.stderr, r"\ADSended has ended: completed, \d+s ago; its record "
                             r"went to results/DSended.json\nnothing was submitted\n\Z")
        self.assertEqual(submit("DSlast").returncode, 0)
        self.wait_for_results(["DSlast"])
        self.assertEqual(self.spooled(), {"DSended", "DSlast"})
        self.assertEqual(daemon.log("inbox.already_ended"), [])
        daemon.stop()
        self.assertEqual(submit("DSended").returncode, 0)

    def test_verify(self):
        self.drop(["DSresult"])
        self.start_daemon(self.config, "--until-empty", is_ready=False).wait()
        good = self.spool / "results/DSresult.json"
        self.assertEqual(self.verify(good).returncode, 0)

        bent = self.folder / "DSresult.json"
        stage = next(iter(self.record("DSresult")["response"]["result"]))
        bent.write_text(good.read_text().replace(stage, "X" + stage[1:]))
        done = self.verify(bent)
        self.assertEqual(done.returncode, harness.BAD_INPUT)
        self.assertIn(str(bent), done.stdout)
        self.assertEqual(self.verify(self.folder / "none.json").returncode, harness.IO_ERROR)

    def verify(self, path):
        return self.attestrd("verify", "--config", self.config, path)


class RecoverTest(harness.Fixture):
    def test_refuses(self):
        simulator = self.start_simulator("--law", "fixed:0")
        config = self.write_config(simulator.url)
        for flags in ((), ("--poll-again", "--delivered")):
            done = self.attestrd("recover", "--config", config, *flags)
            self.assertEqual((done.returncode, done.stdout), (harness.USAGE, ""))
            self.assertIn("either --poll-again or --delivered", done.stderr)
        for flag in ("--poll-again", "--delivered"):
            done = self.attestrd("recover", "--config", config, flag)
            self.assertEqual((done.returncode, done.stdout), (harness.UNAVAILABLE, ""))
            self.assertFalse(self.queue.exists())
            self.assertFalse((self.spool / "staging").exists())
        daemon = self.start_daemon(config)
        done = self.attestrd("recover", "--config", config, "--delivered")
        self.assertEqual((done.returncode, done.stdout), (harness.UNAVAILABLE, ""))
        self.assertEqual(daemon.stop(), 0)
        done = self.attestrd("recover", "--config", config, "--delivered")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "no result is being published: nothing is lost\n", ""))


class WordsTest(harness.Fixture):
    def test_unknown_command_is_named(self):
        for word, nearest in (("submti", "'submit'"), ("foo", "")):
            done = self.attestrd(word, "--config", "none")
            self.assertEqual((done.returncode, done.stdout), (harness.USAGE, ""))
            self.assertIn(f"'{word}'", done.stderr)
            self.assertIn(nearest, done.stderr)
        self.assertNotIn("did you mean", done.stderr)

    def test_version_and_help(self):
        version = self.attestrd("version").stdout
        for words in (["--version"], ["-V"]):
            done = self.attestrd(*words)
            self.assertEqual((done.returncode, done.stdout), (0, version))
        for words in (["help", "submit"], ["submit", "--help"]):
            done = self.attestrd(*words)
            self.assertEqual(done.returncode, 0)
            self.assertIn("Examples:", done.stdout)
        self.assertIn("submit", self.attestrd("help").stdout)


class StatusTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(self.start_simulator("--never", "1").url)

    def status(self, code=0):
        done = self.attestrd("status", "--config", self.config, "--json")
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout)

    def test_with_and_without_a_daemon(self):
        daemon = self.start_daemon(self.config)
        self.drop(["DS01", "DS02"])
        harness.eventually(lambda: self.status()["last_successful_poll"], what="a poll")
        status = self.status()
        self.assertEqual((status["daemon"], status["pending"]), ("running", 2))
        self.assertIsNone(status["account_pause"])
        self.assertTrue(status["oldest_pending"])

        daemon.stop()
        status = self.status(harness.UNAVAILABLE)
        self.assertEqual((status["daemon"], status["pending"]), ("not running", 2))
        self.assertIn("pending", self.attestrd("status", "--config", self.config).stdout)

    def test_submit_while_it_runs(self):
        self.start_daemon(self.config)
        self.attestrd("submit", "--config", self.config, "DS03")
        harness.eventually(lambda: self.status()["pending"] == 1, what="the submission")


class ExplainTest(harness.Fixture):
    def explain(self, handshake, *flags):
        return self.attestrd("explain", "--config", self.config, handshake, *flags)

    def explained(self, handshake, code=0):
        done = self.explain(handshake, "--json")
        self.assertEqual(done.returncode, code, done.stderr)
        return json.loads(done.stdout)

    def test_pending_handshake_with_and_without_a_daemon(self):
        self.config = self.write_config(self.start_simulator("--never", "1").url)
        daemon = self.start_daemon(self.config)
        self.drop(["DS01"])
        harness.eventually(lambda: daemon.log("poll.answered"), what="a poll")
        why = self.explained("DS01")
        self.assertEqual(why["state"], "pending")
        self.assertIn(why["waits_for"], ("result", "answer", "turn"))
        self.assertGreaterEqual(why["polls"], 1)
        self.assertGreater(why["expected_polls"], 0)
        self.assertTrue(0 <= why["chance_done"] < 1)
        text = self.explain("DS01")
        self.assertEqual((text.returncode, text.stderr), (0, ""))
        self.assertRegex(text.stdout, r"\ADS01 \w+ [^\n]+\.\n")
        self.assertEqual(self.explained("DSnobody", harness.UNAVAILABLE)["state"], "unknown")

        daemon.stop()
        why = self.explained("DS01")
        self.assertEqual((why["state"], why["waits_for"]), ("pending", "daemon"))
        self.assertIn("until a daemon runs", self.explain("DS01").stdout)

    def test_ended_handshake(self):
        self.config = self.write_config(self.start_simulator("--law", "fixed:0").url)
        daemon = self.start_daemon(self.config)
        self.drop(["DS01"])
        self.wait_for_results(["DS01"])
        (self.spool / "results/DS01.json").unlink()
        for runs in (True, False):
            if not runs:
                daemon.stop()
            why = harness.eventually(lambda: self.has_ended("DS01"), what="its tombstone")
            self.assertEqual((why["outcome"], why["file"]), ("completed", "results/DS01.json"))
            self.assertIn("its record went to    results/DS01.json",
                          self.explain("DS01").stdout)

    def test_unreadable_row_is_not_reported_as_unknown(self):
        self.config = self.write_config(self.start_simulator("--law", "fixed:0").url)
        self.drop(["DS01"])
        self.start_daemon(self.config, "--until-empty", is_ready=False).wait()
        with contextlib.closing(sqlite3.connect(self.queue)) as queue, queue:
            queue.execute("PRAGMA ignore_check_constraints = 1")
            queue.execute("UPDATE tombstone SET outcome = 'nonsense'")
        self.start_daemon(self.config, name="second")
        done = self.explain("DS01", "--json")
        self.assertEqual((done.returncode, done.stdout), (harness.UNAVAILABLE, ""))
        self.assertIn("queue", done.stderr)

    def has_ended(self, handshake):
        why = self.explained(handshake)
        return why if why["state"] == "ended" else None

    def test_reason_for_a_hold(self):
        simulator = self.start_simulator("--never", "1")
        self.write_secret("auth-token", "d3Jvbmc6dG9rZW4=")
        self.config = self.write_config(simulator.url)
        daemon = self.start_daemon(self.config)
        self.drop(["DS01", "DS02"])
        daemon.wait_for("account.paused")
        self.assertEqual(self.explained("DS01")["held_by"], "account_paused")
        self.assertIn("the account is paused (unauthorized)", self.explain("DS01").stdout)

    def test_wrong_usage(self):
        self.config = self.write_config("https://localhost")
        self.assertEqual(self.explain("no/id").returncode, harness.BAD_INPUT)
        self.assertEqual(self.explain("DS01").returncode, harness.UNAVAILABLE)


class KickTest(harness.Fixture):
    def kick(self, *words, **options):
        return self.attestrd("kick", "--config", self.config, *words, **options)

    def test_a_kicked_handshake_is_polled_ahead_of_its_interval(self):
        simulator = self.start_simulator("--never", "1")
        self.config = self.write_config(simulator.url, poll={
            "cadence": "exponential", "min_interval": "1h", "max_interval": "1h"})
        daemon = self.start_daemon(self.config)
        self.drop(["DS01"])
        harness.eventually(lambda: daemon.status()["pending"] == 1, what="the submission")
        done = self.kick("--json", "DS01")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(json.loads(done.stdout), {"id": "DS01", "kick": "due_now"})
        harness.eventually(lambda: daemon.log("poll.answered"), what="its poll")

        done = self.kick("-", input="DS01\nDSnobody\n")
        self.assertEqual((done.returncode, done.stderr), (harness.UNAVAILABLE, ""))
        self.assertRegex(done.stdout, r"\ADS01 is due now\.\nDSnobody is not pending; ")

    def test_wrong_usage(self):
        self.config = self.write_config("https://localhost")
        self.assertEqual(self.kick("DS01", "no/id").returncode, harness.BAD_INPUT)
        self.assertEqual(self.kick("DS01").returncode, harness.UNAVAILABLE)


class ShutdownTest(harness.Fixture):
    def test_stop_within_the_grace_period(self):
        simulator = self.start_simulator("--fault", "hang=1", "--hang-for", "60")
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number):
                config = self.write_config(simulator.url, poll={"shutdown_grace": "1s"},
                                           api={"request_timeout": "60s"})
                self.drop(["DS01"])
                daemon = self.start_daemon(config, name=f"ends-by-{number}")
                harness.eventually(lambda: daemon.status()["in_flight"] == 1, what="a poll")
                start = time.monotonic()
                daemon.send(number)
                self.assertEqual(daemon.wait(), 0)
                self.assertLess(time.monotonic() - start, 15 * harness.TIMEOUT_FACTOR)
                self.assertTrue(daemon.log("daemon.stopped"))

    def test_reload(self):
        config = self.write_config(self.start_simulator("--law", "fixed:0").url)
        daemon = self.start_daemon(config)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("config.reloaded")
        config.write_text("[nonsense]\n")
        daemon.send(signal.SIGHUP)
        daemon.wait_for("config.rejected")
        self.drop(["DS01"])
        self.wait_for_results(["DS01"])


if __name__ == "__main__":
    harness.main()
