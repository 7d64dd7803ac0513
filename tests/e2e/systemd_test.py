"""Tests the unit of systemd, and the notifications of the daemon."""

import os
import re
import shutil
import signal
import socket
import subprocess

import harness

UNITS = harness.SOURCE / "systemd"
MAX_EXPOSURE = 1.3  # The unit lists the points that it gives away.


class UnitTest(harness.Fixture):
    def test_verify_prints_nothing(self):
        """Verifies the unit with another path of the program, which is not installed here."""
        unit = self.folder / "attestrd.service"
        text = (UNITS / "attestrd.service").read_text()
        unit.write_text(text.replace("/usr/bin/attestrd", str(harness.ATTESTRD)))
        self.assertNotEqual(text, unit.read_text())
        done = subprocess.run(["systemd-analyze", "verify", unit], text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))

    def test_security(self):
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--no-pager",
                               UNITS / "attestrd.service"], text=True, capture_output=True)
        exposure = float(re.search(r"exposure level .*: ([\d.]+)", done.stdout).group(1))
        harness.report(f"systemd-analyze security: {exposure}")
        self.assertLessEqual(exposure, MAX_EXPOSURE)

    def test_install(self):
        root = self.folder / "root"
        subprocess.run(["cmake", "--install", harness.BUILD, "--prefix", "/usr"], check=True,
                       capture_output=True, env={**os.environ, "DESTDIR": str(root)})
        for name in ("usr/bin/attestrd", "usr/lib/systemd/system/attestrd.service",
                     "usr/lib/sysusers.d/attestrd.conf", "usr/lib/tmpfiles.d/attestrd.conf",
                     "etc/attestrd/attestrd.toml"):
            self.assertTrue((root / name).is_file(), name)

        done = subprocess.run(["systemd-sysusers", f"--root={root}"], capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("attestrd:", (root / "etc/passwd").read_text())
        for group in ("submit", "read", "operate"):
            self.assertRegex((root / "etc/group").read_text(), f"attestrd-{group}:.*:attestrd\n")

    def test_leases_on_files_of_others(self):
        unit = (UNITS / "attestrd.service").read_text()
        self.assertIn("\nAmbientCapabilities=CAP_LEASE\n", unit)
        self.assertIn("\nCapabilityBoundingSet=CAP_LEASE\n", unit)
        self.assertNotIn("\nPrivateUsers", unit)

    def test_folders_of_tmpfiles(self):
        """Tests that the folders belong to attestrd; roles_test.py tests who may use them."""
        text = (UNITS / "attestrd.tmpfiles").read_text()
        folders = re.findall(r"^d +(\S+) +(\d+) attestrd ", text, re.MULTILINE)
        self.assertEqual({os.path.basename(path) for path, _ in folders},
                         {"attestrd", "inbox", ".claimed", "staging", "refused", *harness.FOLDERS})
        # Others have no access, but pass through the root. All folders have one root, so that a
        # rename stays within one mount.
        self.assertEqual([path for path, mode in folders if not mode.endswith("0")],
                         ["/var/spool/attestrd"])
        unit = (UNITS / "attestrd.service").read_text()
        self.assertIn("ReadWritePaths=/var/spool/attestrd\n", unit)
        self.assertIn("ReadWritePaths=/run/attestrd\n", unit)
        self.assertIn("RequiresMountsFor=/var/spool/attestrd\n", unit)


class NotifyTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        path = self.folder / "notify"
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notify.close)
        self.notify.bind(str(path))
        self.notify.settimeout(15 * harness.TIMEOUT_FACTOR)
        self.environment = {**os.environ, "NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "400000"}

    def receive(self, wanted):
        """Reads datagrams until one has this variable; returns its assignments."""
        while True:
            assignments = dict(line.split("=", 1) for line in
                        self.notify.recv(4096).decode().splitlines())
            self.assertNotIn("DS01", assignments.get("STATUS", ""))
            if wanted in assignments:
                return assignments

    def test_notifications_of_a_run(self):
        config = self.write_config(self.start_simulator("--never", "1").url)
        self.drop(["DS01"])
        daemon = self.start_daemon(config, is_ready=False, env=self.environment)
        self.assertEqual(self.receive("READY")["READY"], "1")
        daemon.wait_for("daemon.started")
        self.assertRegex(self.receive("STATUS")["STATUS"], r"\d")
        for _ in range(3):
            self.assertEqual(self.receive("WATCHDOG")["WATCHDOG"], "1")

        daemon.send(signal.SIGHUP)
        reload = self.receive("RELOADING")
        self.assertEqual(reload["RELOADING"], "1")
        self.assertTrue(int(reload["MONOTONIC_USEC"]))
        self.assertEqual(self.receive("READY")["READY"], "1")

        daemon.send(signal.SIGTERM)
        self.assertEqual(self.receive("STOPPING")["STOPPING"], "1")
        self.assertEqual(daemon.wait(), 0)

    def test_receiver_that_does_not_read(self):
        simulator = self.start_simulator("--never", "1")
        config = self.write_config(simulator.url)
        self.drop(["DS01"])
        self.environment["WATCHDOG_USEC"] = "40000"
        daemon = self.start_daemon(config, env=self.environment)
        harness.eventually(self.is_full, what="a full buffer of the socket")
        polls = len(simulator.requests())
        harness.eventually(lambda: len(simulator.requests()) > polls + 3, what="more polls")
        self.assertEqual(daemon.status()["pending"], 1)
        self.assertEqual(daemon.stop(), 0)

    def is_full(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(b"X=1", str(self.folder / "notify"))
            except BlockingIOError:
                return True
        return False

    def test_credentials_of_systemd(self):
        credentials = self.folder / "credentials"
        credentials.mkdir()
        for path in (self.token_file, self.secret_file):
            shutil.move(path, credentials)
        self.token_file = credentials / "auth-token"
        self.secret_file = credentials / "client-secret"
        config = self.write_config(self.start_simulator("--law", "fixed:0").url)
        self.drop(["DS01"])
        daemon = self.start_daemon(config, "--until-empty", is_ready=False,
                                   env={**os.environ, "CREDENTIALS_DIRECTORY": str(credentials)})
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.spooled(), {"DS01"})


if __name__ == "__main__":
    harness.main()
