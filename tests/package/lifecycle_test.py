"""Installs, upgrades, removes and purges the package on a bare Debian 12 that runs no service.
tests/e2e/nspawn does so on one that runs systemd."""

import os
import pathlib
import subprocess
import sys
import unittest

import debian_machine

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import harness  # noqa: E402
import package  # noqa: E402

INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends")
CONFIG = "/etc/attestrd/attestrd.toml"
ENABLED = "/etc/systemd/system/multi-user.target.wants/attestrd.service"
CONSENT = "/etc/attestrd/purge-spool-and-queue"


class LifecycleTest(harness.Fixture):
    def setUp(self):
        if not debian_machine.IS_ROOT:
            raise unittest.SkipTest(debian_machine.WHY_NOT)
        super().setUp()
        self.machine = debian_machine.Machine(self.folder / "machine")
        self.addCleanup(self.machine.close)
        self.machine.mount_system()
        self.package = self.machine.add(package.find()[0])

    def run_there(self, *command, code=0):
        done = self.machine.run(*command)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def exists(self, name):
        return os.path.lexists(self.machine.path(name))

    def install(self):
        return self.run_there(*INSTALL, self.package)

    def write(self, name, text):
        path = self.machine.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def install_from_build(self, prefix):
        """Does what an administrator did before there was a package."""
        subprocess.run(["cmake", "--install", harness.BUILD, "--prefix", prefix, "--strip"],
                       check=True, capture_output=True,
                       env={**os.environ, "DESTDIR": str(self.machine.root)})

    def use(self):
        """Leaves what a service leaves: secrets, a result, and a row in the queue."""
        self.write("/etc/attestrd/auth-token", "token\n")
        self.write("/etc/attestrd/client-secret", "secret\n")
        self.write("/var/spool/attestrd/results/DS1.json", "{}\n")
        self.write("/var/lib/attestrd/queue.db", "rows\n")

    def test_it_is_installed_on_a_bare_machine(self):
        self.assertFalse(self.exists("/usr/bin/cc"), "the machine has a compiler")
        said = self.install()
        self.assertIn("systemctl enable --now attestrd", said)
        self.assertEqual(self.run_there("attestrd", "version").splitlines()[0],
                         f"attestrd {package.version()}")
        self.assertIn("attestrd-operate", self.run_there("id", "attestrd"))
        modes = self.run_there("stat", "-c", "%A %U:%G", "/var/spool/attestrd/inbox",
                               "/var/spool/attestrd/results", "/var/lib/attestrd")
        self.assertEqual(modes.split("\n")[:-1], [
            "drwx-ws--T attestrd:attestrd-submit", "drwxrws--- attestrd:attestrd-read",
            "drwx------ attestrd:attestrd"])
        self.assertFalse(self.exists(ENABLED))
        self.assertEqual(self.run_there("dpkg", "--verify", "attestrd"), "")

    def test_removal_keeps_all_data(self):
        self.install()
        self.use()
        self.run_there("apt-get", "remove", "--yes", "attestrd")
        self.assertFalse(self.exists("/usr/bin/attestrd"))
        for name in (CONFIG, "/etc/attestrd/auth-token", "/var/spool/attestrd/results/DS1.json",
                     "/var/lib/attestrd/queue.db"):
            self.assertTrue(self.exists(name), name)
        with self.subTest("a later installation finds them"):
            self.install()
            self.assertEqual(self.machine.path("/var/lib/attestrd/queue.db").read_text(), "rows\n")
        with self.subTest("purge keeps what may have the only copies of results, and says where"):
            said = self.run_there("apt-get", "purge", "--yes", "attestrd")
            self.assertFalse(self.exists("/etc/attestrd"))
            for folder in ("/var/spool/attestrd", "/var/lib/attestrd"):
                self.assertIn(f"attestrd: {folder} was kept", said)
            self.assertTrue(self.exists("/var/spool/attestrd/results/DS1.json"))
            self.assertTrue(self.exists("/var/lib/attestrd/queue.db"))

    def test_purge_with_consent_removes_spool_and_queue(self):
        self.install()
        self.use()
        self.write(CONSENT, "")
        self.write("/etc/attestrd/recipients.pem", "of the administrator\n")
        said = self.run_there("apt-get", "purge", "--yes", "attestrd")
        for name in ("/var/spool/attestrd", "/var/lib/attestrd", CONFIG, CONSENT):
            self.assertFalse(self.exists(name), name)
        with self.subTest("files that the package does not know stay"):
            self.assertTrue(self.exists("/etc/attestrd/recipients.pem"))
            self.assertIn("attestrd: /etc/attestrd was kept: it has files of yours", said)

    def test_it_replaces_an_installation_from_a_build(self):
        self.install_from_build("/usr")
        self.use()
        self.write(CONFIG, "# ours\n[api]\nconnections = 3\n")
        self.run_there(*INSTALL, "-o", "Dpkg::Options::=--force-confold", self.package)
        self.assertEqual(self.machine.path(CONFIG).read_text(), "# ours\n[api]\nconnections = 3\n")
        self.assertTrue(self.exists("/var/spool/attestrd/results/DS1.json"))
        self.assertEqual(self.run_there("dpkg", "-S", "/usr/bin/attestrd"),
                         "attestrd: /usr/bin/attestrd\n")
        self.run_there("apt-get", "purge", "--yes", "attestrd")
        self.assertFalse(self.exists("/etc/attestrd"))

    def test_an_unchanged_configuration_of_a_build_is_taken_over_without_a_question(self):
        self.install_from_build("/usr")
        self.install()
        self.assertEqual(self.run_there("dpkg", "--verify", "attestrd"), "")

    def test_files_that_shadow_those_of_the_package_are_named(self):
        self.install_from_build("/usr/local")
        self.write("/etc/systemd/system/attestrd.service", "[Unit]\n")
        said = self.install()
        for name in ("/usr/local/bin/attestrd", "/usr/local/sbin/attestrd-instance",
                     "/usr/local/lib/systemd/system/attestrd.service",
                     "/usr/local/lib/systemd/system/attestrd@.service",
                     "/usr/local/lib/sysusers.d/attestrd.conf",
                     "/usr/local/lib/tmpfiles.d/attestrd.conf",
                     "/etc/systemd/system/attestrd.service"):
            self.assertIn(f"  {name}\n", said)

    def test_a_changed_configuration_survives_an_upgrade(self):
        self.install()
        self.write(CONFIG, "# ours\n")
        newer = package.with_version(package.find()[0], "1.0.1", self.folder)
        self.run_there(*INSTALL, self.machine.add(newer))
        self.assertEqual(self.machine.path(CONFIG).read_text(), "# ours\n")
        self.assertEqual(package_version(self.machine), "1.0.1")


def package_version(machine):
    return machine.run("dpkg-query", "--show", "--showformat=${Version}", "attestrd").stdout


if __name__ == "__main__":
    debian_machine.enter_namespace()
    harness.main()
