"""Tests that commands run by root leave nothing that keeps the service's user from its next start.
"""

import unittest

import harness
from hostile_fixture import NOBODY, HostileFixture


class RootTest(HostileFixture):
    def setUp(self):
        super().setUp()
        if not self.needs_root("the daemon started by root"):
            raise unittest.SkipTest("only root can become another user")
        self.config = self.write_quiet_config(self.start_simulator("--law", "fixed:0").url)
        self.give_up_rights()
        self.before = set(self.folder.rglob("*"))

    def made(self):
        """Returns the owners of the files that were made since, by name."""
        return {path.name: path.stat().st_uid for path in self.folder.rglob("*")
                if path not in self.before and path.suffix not in (".out", ".err")}

    def test_run(self):
        self.drop(["DS01"])
        daemon = self.start_daemon(self.config, "--until-empty", is_ready=False)
        self.assertEqual(daemon.wait(), 0, daemon.err.read_text())
        self.assertEqual(self.spooled(), {"DS01"})
        made = self.made()
        self.assertIn("queue.db", made)
        self.assertEqual({name: owner for name, owner in made.items() if owner != NOBODY}, {})
        self.drop(["DS02"], owner=NOBODY)
        service = self.start_as_nobody(self.config, "--until-empty", name="service",
                                       is_ready=False)
        self.assertEqual(service.wait(), 0, service.err.read_text())
        self.assertEqual(self.spooled(), {"DS01", "DS02"})

    def test_status_and_explain(self):
        service = self.start_as_nobody(self.config)
        self.drop(["DS01"], owner=NOBODY)
        self.wait_for_results(["DS01"])
        for end in (service.kill, None):
            if end:
                end()
            before = self.made()
            for words in (["status"], ["explain", "DS01"]):
                done = self.attestrd(*words, "--config", self.config)
                self.assertIn(done.returncode, (0, harness.UNAVAILABLE), done.stderr)
                self.assertNotEqual(done.stdout, "", done.stderr)
            self.assertEqual(self.made(), before)
            if end:
                again = self.start_as_nobody(self.config, "--until-empty", name="again",
                                             is_ready=False)
                self.assertEqual(again.wait(), 0, again.err.read_text())


if __name__ == "__main__":
    harness.main()
