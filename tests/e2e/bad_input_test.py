"""Tests that malformed input gets a message that names it, and that no handshake is lost."""

import os
import shutil

import harness
from authority import PAST


class ConfigTest(harness.Fixture):
    def assert_refused(self, text, *words):
        """Checks that a configuration with this text is refused with a message that contains these
        words."""
        path = self.folder / "bad.toml"
        path.write_text(text)
        for command in (["check-config", path], ["run", "--config", path]):
            done = self.attestrd(*command)
            self.assertEqual(done.returncode, harness.CONFIG, done.stdout + done.stderr)
            for word in ("bad.toml", *words):
                self.assertIn(word, done.stderr)

    def test_unknown_key_names_the_nearest_one(self):
        self.assert_refused("[poll]\nmin_intervall = '2s'\n", ":2", "min_intervall",
                            "min_interval")

    def test_wrong_type(self):
        self.assert_refused("[api]\nconnections = 'many'\n", ":2", "connections", "many")

    def test_bad_value(self):
        self.assert_refused("[poll]\nmin_interval = '1ms'\n", ":2", "min_interval", "10ms")

    def test_invalid_toml(self):
        self.assert_refused("[api\n", ":1")

    def test_url_without_https(self):
        self.assert_refused("[api]\nurl = 'http://api.attestr.com'\n", ":2", "url", "https")

    def test_missing_configuration(self):
        done = self.attestrd("run", "--config", self.folder / "none.toml")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("none.toml", done.stderr)

    def test_secret_that_others_may_read(self):
        self.token_file.chmod(0o644)
        done = self.attestrd("run", "--config", self.write_config("https://localhost:1"))
        self.assertIn(done.returncode, (harness.CONFIG, harness.PERMISSION))
        self.assertIn("auth-token", done.stderr)
        self.assertNotIn(self.token, done.stderr)


class SubmissionTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        simulator = self.start_simulator("--law", "fixed:0", "--fault", "garbage=0.2")
        self.config = self.write_config(simulator.url)

    def test_good_lines_are_accepted_and_bad_ones_reported(self):
        self.drop(["DSgood1", "no/slash", '{"id": 7}', "# a comment", "", '{"id": "DSgood2"}',
                   "x" * 65, '{"id": "DSgood3", "tag": 4}'], "mixed")
        daemon = self.start_daemon(self.config, "--until-empty", is_ready=False)
        self.assertEqual(daemon.wait(30), 0)
        self.assertEqual(self.spooled(), {"DSgood1", "DSgood2"})
        refused = "".join(path.read_text() for path in (self.spool / "refused").glob("mixed*"))
        for line in (2, 3, 7, 8):
            self.assertIn(str(line), refused)
        self.assertIn("no/slash", refused)
        self.assertTrue(daemon.log("inbox.refused"))

    def test_links_and_fifos_are_not_followed(self):
        (self.folder / "aside").write_text("DSaside\n")
        (self.inbox / "link").symlink_to(self.folder / "aside")
        os.mkfifo(self.inbox / "fifo")
        self.drop(["DSgood"])
        daemon = self.start_daemon(self.config)
        self.wait_for_results(["DSgood"])
        harness.eventually(lambda: not {"link", "fifo"} & set(os.listdir(self.inbox)),
                           what="the removal of links and fifo")
        self.assertEqual(self.spooled(), {"DSgood"})
        self.assertEqual((self.folder / "aside").read_text(), "DSaside\n")
        self.assertEqual(daemon.stop(), 0)

    def test_bad_id_on_the_command_line(self):
        done = self.attestrd("submit", "--config", self.config, "DSgood", "../etc")
        self.assertEqual(done.returncode, harness.BAD_INPUT)
        self.assertIn("../etc", done.stderr)
        self.assertTrue(harness.is_inbox_empty(self.inbox))


class CertificateTest(harness.Fixture):
    """Tests of certificates. The three cases run at the same time, since each pause lasts for
    seconds."""

    def test_the_account_pauses_until_the_certificate_is_right(self):
        right = self.authority.issue("right")
        stranger = harness.Authority(self.folder, "stranger")
        self.play({
            "wrong-host": (self.authority.issue("wrong", host="elsewhere.example"), 0),
            "expired": (self.authority.issue("old", period=PAST), 0),
            "untrusted": (stranger.issue("strange"), 0),
        }, right)

    def play(self, cases, right):
        servers, daemons = {}, {}
        for name, (certificate, _) in cases.items():
            servers[name] = self.start_simulator("--law", "fixed:0", name=name,
                                                 certificate=certificate)
            daemons[name] = self.start_apart(name, servers[name].url, ["DS01"])
        for name, (_, depth) in cases.items():
            with self.subTest(name):
                self.assert_paused(daemons[name].wait_for("account.paused"), depth)
                self.assertEqual(servers[name].requests(), [], "a token was sent")
                servers[name].stop()
                self.start_simulator("--law", "fixed:0", name=f"{name}-repaired", certificate=right,
                                     port=servers[name].port)
        for name, daemon in daemons.items():
            with self.subTest(name):
                daemon.wait_for("account.resumed", within=60)
                daemon.wait_for("handshake.completed")
                self.assertEqual(daemon.count("account.paused"), 1)
                self.assertEqual(daemon.count("handshake.failed"), 0)

    def assert_paused(self, line, depth):
        self.assertEqual(line["level"], "error")
        self.assertEqual(line["host"], "localhost")
        self.assertEqual(line["depth"], depth)
        self.assertTrue(line["reason"])


class SecondDaemonTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.url = self.start_simulator("--never", "1").url
        self.first = self.start_daemon(self.write_config(self.url))

    def assert_refuses(self, config, word):
        second = self.start_daemon(config, name="second", is_ready=False)
        self.assertEqual(second.wait(), harness.UNAVAILABLE)
        self.assertIn(word, second.err.read_text() + second.out.read_text())
        self.assertTrue(self.first.is_running())

    def test_on_the_same_queue(self):
        other = self.folder / "other"
        (other / "inbox").mkdir(parents=True)
        self.assert_refuses(self.write_config(
            self.url, name="second.toml", admin={"socket": ""},
            paths={"inbox": str(other / "inbox"), "spool": str(other)}), "queue.db")

    def test_on_the_same_spool(self):
        self.assert_refuses(self.write_config(
            self.url, name="second.toml", admin={"socket": ""},
            paths={"queue": str(self.folder / "other.db")}), str(self.spool))

    def test_on_the_same_inbox(self):
        other = self.folder / "other"
        other.mkdir()
        self.assert_refuses(self.write_config(
            self.url, name="second.toml", admin={"socket": ""},
            paths={"queue": str(self.folder / "other.db"), "spool": str(other)}),
            str(self.inbox))


class FoldersTest(harness.Fixture):
    def test_missing_spool(self):
        shutil.rmtree(self.spool)
        done = self.attestrd("run", "--until-empty", "--config",
                             self.write_config("https://localhost:1"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(self.spool), done.stderr)

    def test_read_only_spool(self):
        # Root can write to read-only folders: if the test is root, the daemon runs as nobody.
        nobody = {"user": 65534, "group": 65534} if os.getuid() == 0 else {}
        program = shutil.copy(harness.ATTESTRD, self.folder)
        config = self.write_config("https://localhost:1")
        if nobody:
            for path in (self.folder, self.inbox, self.token_file, self.secret_file, config):
                os.chown(path, 65534, 65534)
        self.spool.chmod(0o555)
        self.addCleanup(self.spool.chmod, 0o755)
        daemon = self.start_daemon(config, program=program, is_ready=False, **nobody)
        self.assertIn(daemon.wait(), (harness.IO_ERROR, harness.PERMISSION))
        self.assertIn(str(self.spool), daemon.err.read_text() + daemon.out.read_text())


if __name__ == "__main__":
    harness.main()
