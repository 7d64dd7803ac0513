"""An inbox whose files belong to others, read by a daemon without rights."""

import os
import unittest

import harness
from hostile import IS_ROOT, HostileScene, soon


class OwnerTest(HostileScene):
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

    def test_what_it_may_not_read(self):
        self.put("good", "DSgood\n")
        self.put("DSempty", "", 0, to_nobody=True)
        self.put("shut", "DSshut\n", 0, to_nobody=True)
        taken, moved, left = {"DSgood", "DSempty"}, {"shut"}, set()
        if self.root_lays("another's file, for nobody else"):
            self.put("other", "DSother\n", 0o600)
            moved.add("other")
        if self.root_lays("root's file, with setuid and setgid"):
            self.put("setuid", "DSsetuid\n", 0o6755)
            taken.add("DSsetuid")
        if self.root_lays("a folder of another"):
            (self.inbox / "folder").mkdir(mode=0o700)
            left.add("folder")
        daemon = self.start_as_nobody(self.config)
        with self.case("what can be taken"):
            self.wait_for_results(taken)
            soon(lambda: set(os.listdir(self.inbox)) == left, "the last file")
            self.assert_calm(daemon)
            self.assertEqual(self.spooled(), taken)
        with self.case("what can't be read"):
            self.assertEqual(set(os.listdir(self.spool / "refused")), moved)
            told = {line["file"]: line["reason"] for line in daemon.log("inbox.refused")}
            self.assertEqual(set(told), left | moved)
            for name in moved:
                self.assertIn("Permission denied", told[name])
        self.assertEqual(daemon.stop(), 0)

    def test_a_sticky_inbox_of_files_of_others(self):
        if not self.root_lays("a sticky inbox"):
            raise unittest.SkipTest("only root has files of others")
        os.chown(self.inbox, 0, 0)
        self.inbox.chmod(0o1777)
        self.play_an_inbox_that_keeps_its_files()

    def test_an_inbox_for_reading_alone(self):
        self.addCleanup(self.inbox.chmod, 0o755)
        self.play_an_inbox_that_keeps_its_files(0o555)

    def play_an_inbox_that_keeps_its_files(self, mode=0o1777):
        """Each is accepted once, named once, and left alone until it changes."""
        names = ["list", *(f"DSfile{number:02}" for number in range(20))]
        ids = [*(f"DSlist{number:02}" for number in range(50)), *names[1:]]
        self.put("list", "".join(f"{one}\n" for one in ids[:50]))
        for name in names[1:]:
            self.put(name, "")
        self.inbox.chmod(mode)
        first = self.start_as_nobody(self.config)
        with self.case("taken once, named once"):
            self.wait_for_results(ids)
            self.assert_kept(first, names)
        with self.case("what has changed is read again"):
            with open(self.inbox / "list", "a") as out:
                out.write("DSmore\n")
            self.wait_for_results(["DSmore"])
            self.assert_calm(first)
            self.assertEqual(first.count("inbox.refused"), len(names) + 1)
        self.assertEqual(first.stop(), 0)

        second = self.start_as_nobody(self.config, name="second")
        with self.case("the next life takes nothing twice"):
            self.assert_kept(second, names)
            self.assertEqual(second.count("inbox.accepted"), 0)
            self.assertEqual(second.stop(), 0)
        self.inbox.chmod(0o777)
        third = self.start_as_nobody(self.config, name="third")
        with self.case("gone once that is allowed"):
            soon(lambda: os.listdir(self.inbox) == [], "an empty inbox")
            self.assertEqual(third.count("inbox.accepted") + third.count("inbox.refused"), 0)
        self.assertEqual(self.spooled(), {*ids, "DSmore"})
        self.assert_published_once([first, second, third], self.spooled())

    def assert_kept(self, daemon, names):
        self.assert_calm(daemon)
        self.assertEqual(set(os.listdir(self.inbox)), set(names))
        told = daemon.log("inbox.refused")
        self.assertEqual(sorted(line["file"] for line in told), sorted(names))
        for line in told:
            self.assertRegex(line["reason"], "Permission denied|not permitted")
            self.assertIn("by hand", line["message"])


if __name__ == "__main__":
    harness.main()
