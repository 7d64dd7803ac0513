"""Tests `attestrd reload`: what it says, what a refused file leaves, and that it blocks nothing."""

import json
import os
import shutil
import signal
import socket

import harness
from process_group import Process

METRIC = "attestrd_config_last_reload_successful"


class ReloadTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.simulator = self.start_simulator("--law", "fixed:0")
        self.config = self.write_config(self.simulator.url)
        # The commands read a file of their own, since that of the daemon is being edited.
        self.ours = copy_text(self.config, self.folder / "ours.toml")

    def reload(self, *flags):
        return self.attestrd("reload", "--config", self.ours, *flags)

    def status(self):
        return json.loads(self.attestrd("status", "--config", self.ours, "--json").stdout)

    def metrics(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(15 * harness.TIMEOUT_FACTOR)
            client.connect(str(self.folder / "control.sock"))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: client.recv(65536), b"")).decode()

    def change(self, old, new):
        text = self.config.read_text()
        self.assertIn(old, text)
        self.config.write_text(text.replace(old, new))

    def assert_refused(self, *words):
        done = self.reload()
        self.assertEqual((done.returncode, done.stdout), (harness.CONFIG, ""), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_the_file_that_is_refused_may_be_that_of_the_command(self):
        self.start_daemon(self.config)
        good = self.config.read_text()
        for bad in (good + "\nnonsense", good.replace("[api]", "[api"), good + '\n[poll'):
            self.config.write_text(bad)
            done = self.attestrd("reload", "--config", self.config)
            self.assertEqual((done.returncode, done.stdout), (harness.CONFIG, ""))
            self.assertIn("attestrd.toml:", done.stderr)
        self.assertTrue(self.status()["config_refused"])
        self.assertIn(f"\n{METRIC} 0\n", self.metrics())

    def test_says_what_changed_and_what_was_read(self):
        self.start_daemon(self.config)
        self.change('min_interval = "50ms"', 'min_interval = "60ms"')
        done = self.reload()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, 'Changed:\n  poll.min_interval = "60ms"\n'
                                      "Read anew: auth-token, client-secret.\n")
        self.write_secret("client-secret", f'"{self.secret}"')
        done = self.reload()
        self.assertIn("warning: ", done.stdout)
        self.assertIn("client-secret: secret 1 is in quotes", done.stdout)
        self.assertNotIn(self.secret, done.stdout + done.stderr)

    def test_new_secrets_hold_at_once(self):
        self.start_daemon(self.config)
        self.write_secret("client-secret", "of-another-account")
        self.assertEqual(self.reload().returncode, 0)
        self.write_secret("client-secret", self.secret)
        self.assertEqual(self.reload().returncode, 0)
        self.drop(["DS01"])
        self.wait_for_results(["DS01"])

    def test_several_at_a_time_are_all_answered(self):
        daemon = self.start_daemon(self.config)
        command = [harness.ATTESTRD, "reload", "--config", self.ours]
        reloads = [self.start(Process(f"reload{number}", command, self.folder))
                   for number in range(5)]
        daemon.send(signal.SIGHUP)
        self.assertEqual([one.wait() for one in reloads], [0] * len(reloads))
        for one in reloads:
            self.assertIn("No setting has changed.\n", one.out.read_text())

    def test_what_needs_a_restart_is_named(self):
        self.start_daemon(self.config)
        self.change(str(self.queue), str(self.folder / "other.db"))
        self.change('min_interval = "50ms"', 'min_interval = "60ms"')
        self.assert_refused("paths.queue", "restart attestrd")
        self.assertTrue(self.status()["config_refused"])

    def test_secrets_that_systemd_passed_at_the_start(self):
        credentials = self.folder / "credentials"
        credentials.mkdir()
        shutil.copy(self.secret_file, credentials)
        environment = {**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)}
        self.start_daemon(self.config, env=environment)
        done = self.reload()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("\nRead anew: auth-token.\nNot read anew: client-secret. ", done.stdout)
        self.assertIn("restart", done.stdout)
        answer = json.loads(self.reload("--json").stdout)
        self.assertEqual((answer["secrets_read"], answer["secrets_of_start"]),
                         (["auth-token"], ["client-secret"]))

    def test_refused_file_shows_until_one_is_accepted(self):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        notify.bind(str(self.folder / "notify"))
        notify.settimeout(15 * harness.TIMEOUT_FACTOR)
        daemon = self.start_daemon(
            self.config, env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")})
        good = self.config.read_text()
        self.config.write_text(good + "nonsense = 1\n")
        self.assert_refused("attestrd.toml:", "nonsense")
        for is_refused in (True, False):
            self.assertEqual(self.status()["config_refused"], is_refused)
            text = self.attestrd("status", "--config", self.ours).stdout
            self.assertEqual("the file is REFUSED" in text, is_refused)
            self.assertIn(f"\n{METRIC} {0 if is_refused else 1}\n", self.metrics())
            line = ""
            while (", configuration file refused" in line) != is_refused or "STATUS=" not in line:
                line = notify.recv(4096).decode()
            if is_refused:
                self.config.write_text(good)
                self.assertEqual(self.reload().returncode, 0)
        self.assertEqual(daemon.count("config.rejected"), 1)

    def test_renamed_log_file_is_opened_anew(self):
        log, old = self.folder / "attestrd.log", self.folder / "attestrd.log.1"
        self.change('level = "debug"', f'level = "debug"\nfile = "{log}"')
        daemon = self.start_daemon(self.config, is_ready=False)
        harness.eventually(lambda: log.exists() and "daemon.started" in log.read_text(),
                           what="a log")
        log.rename(old)
        self.assertEqual(self.reload().returncode, 0)
        harness.eventually(lambda: log.exists() and "config.reloaded" in log.read_text(),
                           what="a new log")
        self.assertNotIn("config.reloaded", old.read_text())
        self.change(f'file = "{log}"', f'file = "{self.folder}/none/log"')
        self.assert_refused("none/log: can't be opened: No such file or directory (log.file)")
        self.assertEqual(daemon.log(), [])
        self.change(f'\nfile = "{self.folder}/none/log"', "")
        self.assertEqual(self.reload().returncode, 0)
        daemon.wait_for("config.reloaded")

    def test_fifo_in_place_of_the_file(self):
        daemon = self.start_daemon(self.config)
        self.config.unlink()
        os.mkfifo(self.config)
        self.assert_refused("no plain file")
        daemon.send(signal.SIGHUP)
        daemon.wait_for("config.rejected", times=2)
        self.drop(["DS01"])
        self.wait_for_results(["DS01"])
        self.assertEqual(daemon.stop(), 0)


def copy_text(source, target):
    target.write_text(source.read_text())
    return target


if __name__ == "__main__":
    harness.main()
