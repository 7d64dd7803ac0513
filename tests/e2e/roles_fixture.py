"""Provides the fixture of tests in which the daemon, submitters, a reader and an operator are users
of their own, and the folders are those of systemd's tmpfiles."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import harness
from hostile_fixture import IS_ROOT, HostileFixture

# Numbers that no account of the machine has.
DAEMON = 61001
GROUPS = {"attestrd": 61001, "attestrd-submit": 61002, "attestrd-read": 61003,
          "attestrd-operate": 61004}
ALICE, BOB, READER, OPERATOR = 61011, 61012, 61013, 61014
GROUPS_OF = {DAEMON: list(GROUPS), ALICE: ["attestrd-submit"], BOB: ["attestrd-submit"],
             READER: ["attestrd-read"], OPERATOR: ["attestrd-operate"]}


def as_user(uid, *flags):
    """Returns the command that runs another one as a user without privileges."""
    groups = ",".join(str(GROUPS[name]) for name in GROUPS_OF[uid])
    primary = GROUPS["attestrd"] if uid == DAEMON else uid
    return ["setpriv", "--reuid", str(uid), "--regid", str(primary), "--groups", groups, *flags]


class RolesFixture(HostileFixture):
    def setUp(self):
        if not IS_ROOT:
            raise unittest.SkipTest("only root can act as several users")
        super().setUp()
        self.folder.chmod(0o711)
        self.program = pathlib.Path(shutil.copy(harness.ATTESTRD, self.folder))
        self.run_folder = self.folder / "run"
        self.state = self.folder / "state"
        self.make_folders()
        self.queue = self.state / "queue.db"
        for path in (self.token_file, self.secret_file):
            os.chown(path, DAEMON, GROUPS["attestrd"])

    def make_folders(self):
        """Runs the tmpfiles of the project, with other paths and numbers for names."""
        text = (harness.SOURCE / "systemd/attestrd.tmpfiles").read_text()
        places = {"/var/spool/attestrd": self.spool, "/var/lib/attestrd": self.state,
                  "/run/attestrd": self.run_folder, "/etc/attestrd": self.folder / "etc"}
        for place, ours in places.items():
            text = text.replace(place, str(ours))
        text = re.sub(r" attestrd(?= )", f" {DAEMON}", text)
        text = text.replace("user:attestrd:", f"user:{DAEMON}:")
        for name, number in GROUPS.items():
            text = re.sub(rf" {name}(?= )", f" {number}", text)
        config = self.folder / "tmpfiles.conf"
        config.write_text(text)
        subprocess.run(["systemd-tmpfiles", "--create", config], check=True)
        self.assertIn("system.posix_acl_default", os.listxattr(self.inbox), "ACLs are needed here")

    def start_service(self):
        """Starts the daemon with the capability and the umask of the unit."""
        self.config = self.write_quiet_config(
            self.start_simulator("--law", "fixed:0").url,
            admin={"socket": str(self.run_folder / "control.sock")})
        self.config.chmod(0o644)
        return self.start_service_again("daemon")

    def start_service_again(self, name):
        under = as_user(DAEMON, "--inh-caps", "+lease", "--ambient-caps", "+lease",
                        "--bounding-set", "-all,+lease", "--no-new-privs")
        return self.start_daemon(self.config, name=name, program=self.program, under=under)

    def do(self, uid, code, *arguments):
        """Runs Python as a user. Returns "done", or the name of the error."""
        code = ("import errno, os, sys\ntry:\n    " + code + "\n    print('done')\n"
                "except OSError as e:\n    print(errno.errorcode[e.errno])")
        done = subprocess.run([*as_user(uid), sys.executable, "-c", code, *map(str, arguments)],
                              text=True, capture_output=True, check=True, cwd="/")
        return done.stdout.strip()

    def submit(self, uid, *ids):
        return self.attestrd("submit", "--config", self.config, *ids, under=as_user(uid), cwd="/")

    def write_file(self, uid, name, text, mode=0o666):
        code = ("os.umask(0o077); f = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, "
                "int(sys.argv[3])); os.write(f, sys.argv[2].encode())")
        return self.do(uid, code, self.inbox / name, text, mode)
