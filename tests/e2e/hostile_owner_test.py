"""Tests an inbox whose files belong to others, read by a daemon without privileges."""

import os
import unittest

import harness
from hostile_fixture import IS_ROOT, HostileFixture, soon


class OwnerTest(HostileFixture):
    def setUp(self):
        super().setUp()
        self.config = self.write_quiet_config(self.start_simulator("--law", "fixed:0").url)
        self.give_up_rights()

    def put(self, name, text, mode=0o644, to_nobody=False):
        hidden = self.inbox / ".new"
        hidden.write_text(text)
        hidden.chmod(mode)
        if to_nobody and IS_ROOT:
            self.give_to_nobody(hidden)
        hidden.rename(self.inbox / name)

    def test_files_without_permission(self):
        """Tests that a file is read once that is permitted. One that stays unreadable is refused
        after ten minutes (io/inbox_test.cpp)."""
        self.put("good", "DSgood\n")
        self.put("DSempty", "", 0, to_nobody=True)
        self.put("shut", "DSshut\n", 0, to_nobody=True)
        taken, waiting, left = {"DSgood", "DSempty"}, {"shut"}, set()
        if self.needs_root("a file that only another user may read"):
            self.put("other", "DSother\n", 0o600)
            waiting.add("other")
        if self.needs_root("root's file, with setuid and setgid"):
            self.put("setuid", "DSsetuid\n", 0o6755)
            taken.add("DSsetuid")
        if self.needs_root("a folder of another"):
            (self.inbox / "folder").mkdir(mode=0o700)
            left.add("folder")
        daemon = self.start_as_nobody(self.config)
        with self.case("readable files are accepted"):
            self.wait_for_results(taken)
            soon(lambda: harness.in_inbox(self.inbox) == left | waiting, "the last file")
            self.assert_calm(daemon)
            self.assertEqual(self.spooled(), taken)
            self.assertEqual({line["file"] for line in daemon.log("inbox.refused")}, left)
        with self.case("unreadable files are read once that is permitted"):
            for name in waiting:
                (self.inbox / name).chmod(0o644)
            self.wait_for_results([f"DS{name}" for name in waiting])
        self.assertEqual(daemon.stop(), 0)

    def test_sticky_inbox_of_another(self):
        """Tests an inbox in which the daemon may not rename the files of others."""
        if not self.needs_root("a sticky inbox"):
            raise unittest.SkipTest("only root has files of others")
        (self.inbox / ".claimed").mkdir(mode=0o700)
        self.give_to_nobody(self.inbox / ".claimed")
        os.chown(self.inbox, 0, 0)
        self.inbox.chmod(0o1777)
        names = ["list", *(f"DSfile{number:02}" for number in range(20))]
        self.put("list", "DSlist\n")
        for name in names[1:]:
            self.put(name, f"{name}\n")
        daemon = self.start_as_nobody(self.config)
        with self.case("left alone unread, logged once"):
            soon(lambda: daemon.count("inbox.refused") == len(names), "the last line")
            self.assert_calm(daemon)
            self.assertEqual(harness.in_inbox(self.inbox), set(names))
            lines = daemon.log("inbox.refused")
            self.assertEqual(sorted(line["file"] for line in lines), sorted(names))
            for line in lines:
                self.assertRegex(line["reason"], "Permission denied|not permitted")
                self.assertIn("by hand", line["message"])
            self.assertEqual(self.spooled(), set())
        self.assertEqual(daemon.stop(), 0)
        self.inbox.chmod(0o777)
        second = self.start_as_nobody(self.config, name="second")
        with self.case("accepted once that is permitted"):
            self.wait_for_results(["DSlist", *names[1:]])
            self.assertEqual(harness.in_inbox(self.inbox), set())
        self.assertEqual(second.stop(), 0)

    def test_read_only_inbox(self):
        """Tests that a start names an inbox in which nothing can be claimed."""
        self.addCleanup(self.inbox.chmod, 0o755)
        self.inbox.chmod(0o555)
        daemon = self.start_as_nobody(self.config, is_ready=False)
        self.assertEqual(daemon.wait(), harness.PERMISSION)
        self.assertIn(f"{self.inbox}/.claimed", daemon.err.read_text())


if __name__ == "__main__":
    harness.main()
