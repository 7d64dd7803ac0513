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
        self.put("good", "DSgood\n")
        self.put("DSempty", "", 0, to_nobody=True)
        self.put("shut", "DSshut\n", 0, to_nobody=True)
        taken, moved, left = {"DSgood", "DSempty"}, {"shut"}, set()
        if self.needs_root("a file that only another user may read"):
            self.put("other", "DSother\n", 0o600)
            moved.add("other")
        if self.needs_root("root's file, with setuid and setgid"):
            self.put("setuid", "DSsetuid\n", 0o6755)
            taken.add("DSsetuid")
        if self.needs_root("a folder of another"):
            (self.inbox / "folder").mkdir(mode=0o700)
            left.add("folder")
        daemon = self.start_as_nobody(self.config)
        with self.case("readable files are accepted"):
            self.wait_for_results(taken)
            soon(lambda: set(os.listdir(self.inbox)) == left, "the last file")
            self.assert_calm(daemon)
            self.assertEqual(self.spooled(), taken)
        with self.case("unreadable files are refused"):
            self.assertEqual(set(os.listdir(self.spool / "refused")), moved)
            lines = {line["file"]: line["reason"] for line in daemon.log("inbox.refused")}
            self.assertEqual(set(lines), left | moved)
            for name in moved:
                self.assertIn("Permission denied", lines[name])
        self.assertEqual(daemon.stop(), 0)

    def test_sticky_inbox_with_files_of_others(self):
        if not self.needs_root("a sticky inbox"):
            raise unittest.SkipTest("only root has files of others")
        os.chown(self.inbox, 0, 0)
        self.inbox.chmod(0o1777)
        self.check_inbox_that_keeps_its_files()

    def test_read_only_inbox(self):
        self.addCleanup(self.inbox.chmod, 0o755)
        self.check_inbox_that_keeps_its_files(0o555)

    def check_inbox_that_keeps_its_files(self, mode=0o1777):
        """Checks that each file is accepted once, logged once, and ignored until it changes."""
        names = ["list", *(f"DSfile{number:02}" for number in range(20))]
        ids = [*(f"DSlist{number:02}" for number in range(50)), *names[1:]]
        self.put("list", "".join(f"{one}\n" for one in ids[:50]))
        for name in names[1:]:
            self.put(name, "")
        self.inbox.chmod(mode)
        first = self.start_as_nobody(self.config)
        with self.case("accepted once, logged once"):
            self.wait_for_results(ids)
            self.assert_kept(first, names)
        with self.case("a changed file is read again"):
            with open(self.inbox / "list", "a") as out:
                out.write("DSmore\n")
            self.wait_for_results(["DSmore"])
            self.assert_calm(first)
            self.assertEqual(first.count("inbox.refused"), len(names) + 1)
        self.assertEqual(first.stop(), 0)

        second = self.start_as_nobody(self.config, name="second")
        with self.case("the next run accepts nothing twice"):
            self.assert_kept(second, names)
            self.assertEqual(second.count("inbox.accepted"), 0)
            self.assertEqual(second.stop(), 0)
        self.inbox.chmod(0o777)
        third = self.start_as_nobody(self.config, name="third")
        with self.case("removed as soon as that is permitted"):
            soon(lambda: os.listdir(self.inbox) == [], "an empty inbox")
            self.assertEqual(third.count("inbox.accepted") + third.count("inbox.refused"), 0)
        self.assertEqual(self.spooled(), {*ids, "DSmore"})
        self.assert_published_once([first, second, third], self.spooled())

    def assert_kept(self, daemon, names):
        self.assert_calm(daemon)
        self.assertEqual(set(os.listdir(self.inbox)), set(names))
        lines = daemon.log("inbox.refused")
        self.assertEqual(sorted(line["file"] for line in lines), sorted(names))
        for line in lines:
            self.assertRegex(line["reason"], "Permission denied|not permitted")
            self.assertIn("by hand", line["message"])


if __name__ == "__main__":
    harness.main()
