"""Tests several accounts on one machine: the template unit, the script that prepares an instance,
and two daemons side by side as users of their own."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import types
import unittest

import harness
from hostile_fixture import IS_ROOT

UNITS = harness.SOURCE / "systemd"
SCRIPT = UNITS / "attestrd-instance"


def as_template(unit):
    """Returns the text of the unit with the instance in all names of paths, users and groups."""
    unit = re.sub(r"(/(?:etc|run|var/spool|var/lib)/attestrd)\b", r"\1-%i", unit)
    unit = re.sub(r"^((?:User|Group|StateDirectory)=attestrd)$", r"\1-%i", unit, flags=re.MULTILINE)
    unit = re.sub(r"(/usr/bin/attestrd (?:run|reload))",
                  r"\1 --config /etc/attestrd-%i/attestrd.toml", unit)
    unit = unit.replace("attestrd-operate", "attestrd-%i-operate")
    return re.sub(r"^(Description=.*)$", r"\1 (%i)", unit, flags=re.MULTILINE)


class TemplateUnitTest(harness.Fixture):
    def test_it_is_the_unit_with_the_instance_in_its_names(self):
        self.assertEqual((UNITS / "attestrd@.service").read_text(),
                         as_template((UNITS / "attestrd.service").read_text()))

    def test_verify_prints_nothing(self):
        unit = self.folder / "attestrd@.service"
        unit.write_text((UNITS / "attestrd@.service").read_text()
                        .replace("/usr/bin/attestrd", str(harness.ATTESTRD)))
        done = subprocess.run(["systemd-analyze", "verify", unit], text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))


class ScriptTest(harness.Fixture):
    def run_script(self, *arguments):
        return subprocess.run([SCRIPT, *arguments], text=True, capture_output=True)

    def test_shellcheck_prints_nothing(self):
        done = subprocess.run(["shellcheck", SCRIPT], text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_bad_names_change_nothing(self):
        for name in ("", "a-b", "Bank", "1bank", "a/b", "..", "a b", "fourteenletter", "submit",
                     "read", "operate"):
            done = self.run_script("--root", self.folder / "none", name)
            self.assertEqual((done.returncode, done.stdout), (64, ""), name)
            self.assertRegex(done.stderr, r"\Aattestrd-instance: [^\n]+\n\Z")
        self.assertFalse((self.folder / "none").exists())

    def test_bad_arguments_name_the_help(self):
        for arguments in ((), ("--what", "bank"), ("--root",), ("one", "two")):
            done = self.run_script(*arguments)
            self.assertEqual((done.returncode, done.stdout), (64, ""), arguments)
        self.assertIn("Usage:", self.run_script("--help").stdout)


class TwoInstancesTest(harness.Fixture):
    def setUp(self):
        if not IS_ROOT:
            raise unittest.SkipTest("only root can make users and act as them")
        super().setUp()
        self.folder.chmod(0o711)
        self.authority.certificate.chmod(0o644)
        self.program = pathlib.Path(shutil.copy(harness.ATTESTRD, self.folder))
        self.root = self.folder / "root"
        self.root.mkdir(mode=0o755)
        subprocess.run(["cmake", "--install", harness.BUILD, "--prefix", "/usr"], check=True,
                       capture_output=True, env={**os.environ, "DESTDIR": str(self.root)})

    def prepare(self, name):
        """Runs the installed script. Returns the instance with its user, groups and folders."""
        done = subprocess.run([self.root / "usr/sbin/attestrd-instance", "--root", self.root, name],
                              text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"systemctl enable --now attestrd@{name}\n", done.stdout)
        instance = types.SimpleNamespace(name=name, spool=self.root / f"var/spool/attestrd-{name}")
        passwd = (self.root / "etc/passwd").read_text()
        instance.uid, instance.gid = re.search(rf"^attestrd-{name}:x:(\d+):(\d+):", passwd,
                                               re.MULTILINE).groups()
        groups = re.findall(rf"^(attestrd-{name}-\w+):x:(\d+):attestrd-{name}$",
                            (self.root / "etc/group").read_text(), re.MULTILINE)
        self.assertEqual({group for group, _ in groups},
                         {f"attestrd-{name}-{role}" for role in ("submit", "read", "operate")})
        instance.groups = dict(groups)
        instance.under = ["setpriv", "--reuid", instance.uid, "--regid", instance.gid, "--groups",
                          ",".join(instance.groups.values()), "--inh-caps", "+lease",
                          "--ambient-caps", "+lease", "--bounding-set", "-all,+lease"]
        return instance

    def serve(self, instance):
        """Starts an Attestr with an account of its own, and the daemon as the instance's user, with
        the configuration that the script has written, in which only the root differs."""
        folder = self.root / f"etc/attestrd-{instance.name}"
        instance.config = folder / "attestrd.toml"
        for secret in ("auth-token", "client-secret"):
            path = folder / secret
            path.write_text(f"{secret}of{instance.name}\n")
            path.chmod(0o600)
            os.chown(path, int(instance.uid), int(instance.gid))
        account = types.SimpleNamespace(folder=self.folder, token_file=folder / "auth-token",
                                        secret_file=folder / "client-secret")
        certificate, key = self.authority.issue(f"{instance.name}-server")
        instance.simulator = self.start(harness.Simulator(
            f"sim-{instance.name}", account, certificate, key, 0, ["--law", "fixed:0"]))
        text = instance.config.read_text().replace('"/', f'"{self.root}/')
        instance.config.write_text(
            f'{text}\n[api]\nurl = "{instance.simulator.url}"\n'
            f'ca_file = "{self.authority.certificate}"\n\n[poll]\nmin_interval = "50ms"\n'
            'max_interval = "500ms"\n')
        return self.start_daemon(instance.config, name=f"daemon-{instance.name}",
                                 program=self.program, under=instance.under)

    def results(self, instance):
        return {path.stem for path in (instance.spool / "results").glob("*.json")}

    def test_each_serves_its_own_account(self):
        instances = [self.prepare("bank"), self.prepare("lender")]
        for instance in instances:
            self.serve(instance)
        for instance in instances:
            (instance.spool / f"inbox/DS{instance.name}").touch()
        for instance in instances:
            harness.eventually(lambda: self.results(instance) == {f"DS{instance.name}"},
                               what=f"the result of {instance.name}")
            status = self.attestrd("status", "--json", "--config", instance.config)
            self.assertEqual(status.returncode, 0, status.stderr)
            self.assertIn('"completed":1', status.stdout)
            self.assertEqual({request["id"] for request in instance.simulator.requests()},
                             {f"DS{instance.name}"})
            record = instance.spool / f"results/DS{instance.name}.json"
            self.assertEqual(record.stat().st_gid,
                             int(instance.groups[f"attestrd-{instance.name}-read"]))

    def test_none_may_use_the_folders_of_another(self):
        bank, lender = self.prepare("bank"), self.prepare("lender")
        for path in ("results", "inbox", "staging", "rejected"):
            done = subprocess.run([*bank.under, sys.executable, "-c",
                                   "import os, sys; os.listdir(sys.argv[1])", lender.spool / path],
                                  text=True, capture_output=True, cwd="/")
            self.assertIn("PermissionError", done.stderr, path)

    def test_a_second_run_keeps_the_configuration(self):
        instance = self.prepare("bank")
        config = self.root / "etc/attestrd-bank/attestrd.toml"
        config.write_text("# mine\n")
        self.assertEqual(self.prepare("bank").uid, instance.uid)
        self.assertEqual(config.read_text(), "# mine\n")


if __name__ == "__main__":
    harness.main()
