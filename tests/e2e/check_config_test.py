"""Tests whose rights `attestrd check-config` checks."""

import os
import unittest

import harness
from hostile_fixture import NOBODY, HostileFixture


class CheckConfigTest(HostileFixture):
    def setUp(self):
        super().setUp()
        if not self.needs_root("check-config for another user"):
            raise unittest.SkipTest("only root can become another user")
        self.config = self.write_quiet_config("https://localhost:1")
        self.give_up_rights()
        # As installed: the secrets belong to root, and systemd passes them to the service.
        for path in (self.token_file, self.secret_file):
            os.chown(path, 0, 0)

    def check(self, **how):
        return self.attestrd("check-config", self.config, **how)

    def as_nobody(self):
        return self.check(user=NOBODY, group=NOBODY, extra_groups=[])

    def test_root_checks_for_the_owner_of_the_spool(self):
        self.assertEqual(self.check().returncode, 0, self.check().stderr)
        self.assertIn(": ok, for the user ", self.check().stdout)
        with self.case("a certificate that only root may read"):
            self.authority.certificate.chmod(0o600)
            os.chown(self.authority.certificate, 0, 0)
            done = self.check()
            self.assertEqual((done.returncode, done.stdout), (harness.PERMISSION, ""))
            self.assertIn("Permission denied (api.ca_file)\n", done.stderr)
            self.assertIn("checked for the user ", done.stderr)
            self.authority.certificate.chmod(0o644)
        with self.case("a folder of root"):
            os.chown(self.inbox, 0, 0)
            self.inbox.chmod(0o700)
            done = self.check()
            self.assertEqual(done.returncode, harness.PERMISSION)
            self.assertIn("Permission denied (paths.inbox)\n", done.stderr)
            self.give_to_nobody(self.inbox)
        with self.case("a secret that the service reads by its path"):
            self.config.write_text(self.config.read_text().replace(
                "[api]\n", f'[api]\nclient_secret_file = "{self.secret_file}"\n', 1))
            done = self.check()
            self.assertEqual(done.returncode, harness.PERMISSION)
            self.assertIn(f"{self.secret_file}: Permission denied", done.stderr)

    def test_a_user_who_may_not_read_the_files(self):
        with self.case("the secrets"):
            done = self.as_nobody()
            self.assertEqual((done.returncode, done.stdout), (harness.PERMISSION, ""), done.stderr)
            self.assertIn("client-secret: can't be opened: Permission denied\n", done.stderr)
        with self.case("a fault beside that"):
            self.inbox.rmdir()
            self.assertEqual(self.as_nobody().returncode, harness.CONFIG)
        with self.case("the configuration"):
            os.chown(self.config, 0, 0)
            self.config.chmod(0o600)
            for command in (("check-config",), ("status", "--config")):
                done = self.attestrd(*command, self.config, user=NOBODY, group=NOBODY,
                                     extra_groups=[])
                self.assertEqual(done.returncode, harness.PERMISSION, done.stderr)


if __name__ == "__main__":
    harness.main()
