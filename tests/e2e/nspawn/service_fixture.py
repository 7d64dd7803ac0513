"""Provides the fixture of tests that use the installed service: one container, booted once for all
tests of a class, with a stand-in for Attestr and users of each role."""

import json
import os
import pathlib
import sys
import unittest

sys.path[:0] = [str(pathlib.Path(__file__).parents[1]),
                str(pathlib.Path(__file__).parents[2] / "package")]

import debian_machine  # noqa: E402
import harness  # noqa: E402
import package  # noqa: E402
from container import Container  # noqa: E402
from programs import Simulator  # noqa: E402

HOST = "api.attestr.com"  # That of the default configuration, which is the stand-in here.
SPOOL = "/var/spool/attestrd"
CONFIG = "/etc/attestrd/attestrd.toml"
INSTALL = ("apt-get", "install", "--yes", "--no-install-recommends")
# Users and their groups. The operator of the guide has all roles.
USERS = {"submitter": "attestrd-submit", "reader": "attestrd-read", "overseer": "attestrd-operate",
         "operator": "attestrd-submit,attestrd-read,attestrd-operate", "stranger": "nogroup"}


class ServiceFixture(harness.Fixture):
    """More than one test uses the container: setUp() starts nothing."""

    @classmethod
    def setUpClass(cls):
        if not debian_machine.IS_ROOT:
            raise unittest.SkipTest(debian_machine.WHY_NOT)
        cls.world = cls("boot")
        harness.Fixture.setUp(cls.world)
        cls.addClassCleanup(cls.world.doCleanups)
        cls.container = Container(cls.world.folder)
        cls.addClassCleanup(cls.container.close)
        cls.package = cls.container.machine.add(package.find()[0])
        cls.address = "127.{}.{}.1".format(*divmod(os.getpid() % 65536, 256))
        cls.certificate = cls.world.authority.issue("attestr", host=HOST)
        cls.start_attestr("attestr")
        cls.container.write("/etc/hosts", f"127.0.0.1 localhost\n{cls.address} {HOST}\n")
        cls.container.write("/usr/local/share/ca-certificates/test.crt",
                            cls.world.authority.certificate.read_text())
        cls.container.run("update-ca-certificates")

    def boot(self):
        """The name of the instance that has the folder, the authority and the processes."""

    @classmethod
    def attestr_flags(cls):
        return ["--law", "fixed:0"]

    @classmethod
    def start_attestr(cls, name):
        """Starts the stand-in where the container looks for Attestr, with the secrets of today."""
        cls.simulator = cls.world.start(Simulator(name, cls.world, *cls.certificate, 443,
                                                  cls.attestr_flags(), cls.address))

    def setUp(self):
        pass

    # ---- The machine.

    def run_there(self, *command, **options):
        return self.container.run(*command, **options)

    def make_users(self):
        for user, groups in USERS.items():
            self.run_there("useradd", "--no-user-group", "--no-create-home", "--groups", groups,
                           user)

    def write_secrets(self):
        for name in ("auth-token", "client-secret"):
            self.container.write(f"/etc/attestrd/{name}",
                                 (self.world.folder / name).read_text(), 0o600)

    def write_config(self, **changes):
        """Writes a configuration without limits of seconds."""
        settings = {"api": {"requests_per_second": 0},
                    "poll": {"min_interval": "50ms", "max_interval": "500ms"}}
        for section, values in changes.items():
            settings.setdefault(section, {}).update(values)
        self.container.write(CONFIG, harness.to_toml(settings))

    # ---- The service.

    def systemctl(self, *arguments, code=0):
        done = self.container.try_run("systemctl", *arguments)
        self.assertEqual(done.returncode, code, done.stdout)
        return done.stdout

    def send(self, name, pid):
        """Sends a signal. A bare machine has no program for that, but a shell has a command."""
        self.run_there("sh", "-c", f"kill -{name} {pid}")

    def pid(self):
        return int(self.container.property("MainPID"))

    def status(self):
        return json.loads(self.run_there("attestrd", "status", "--json"))

    def submit(self, *ids, user="submitter"):
        return self.run_there("attestrd", "submit", "-", user=user, input="\n".join(ids))

    def results(self, folder="results"):
        return {path.stem for path in self.container.path(f"{SPOOL}/{folder}").glob("*.json")}

    def wait_for_results(self, ids, within=harness.LONG_TIMEOUT_S, folder="results"):
        ids = set(ids)
        harness.eventually(lambda: ids <= self.results(folder), within, f"{len(ids)} results")

    def log_lines(self):
        """Returns the lines of the log, each with its priority in the journal. Other lines are the
        output of `attestrd reload`."""
        return [(json.loads(entry["MESSAGE"]), entry["PRIORITY"])
                for entry in self.container.journal() if entry["MESSAGE"].startswith("{")]

    def log(self, event):
        """Returns the lines of the log with this event."""
        return [line for line, _ in self.log_lines() if line["event"] == event]

    def wait_for_log(self, event, times=1):
        harness.eventually(lambda: len(self.log(event)) >= times, what=event)

    def wait_for_new_process(self, old):
        """Waits until systemd has started the daemon again, and recovery is complete."""
        harness.eventually(
            lambda: self.pid() not in (0, old)
            and self.container.property("ActiveState") == "active", what="another process")
