"""Tests an inbox full of hostile entries: each must end as attestrd-spool(5) says."""

import fcntl
import os
import re
import signal
import stat
import subprocess
import time

import harness
from hostile_fixture import EVENT_TIMEOUT_S, HostileFixture, harmless, shown, soon
from hostile_inbox_files import (KINDS, SIZES, Item, flagged, left_alone, name_entries,
                                 supports_flags)

CANARY = b"text of a file outside"


class InboxTest(HostileFixture):
    def setUp(self):
        super().setUp()
        (self.folder / "aside").write_bytes(b"DSaside\n" + CANARY + b"\n")
        (self.folder / "empty").touch()
        (self.folder / "outside").mkdir()
        (self.folder / "outside/DSoutside").touch()
        self.config = self.write_quiet_config(self.start_simulator("--law", "fixed:0").url)
        self.daemon = self.start_daemon(self.config)

    def test_entries(self):
        self.play([entry for entry in [*KINDS, *SIZES, *name_entries(), *self.flag_entries()]
                   if not entry.needs_root or self.needs_root(entry.case)])
        self.assertEqual((self.folder / "aside").read_bytes(), b"DSaside\n" + CANARY + b"\n")
        self.assertEqual(os.listdir(self.folder / "outside"), ["DSoutside"])

    def flag_entries(self):
        for case, flag in (("immutable", "i"), ("append only", "a")):
            if not self.needs_root(case):
                continue
            if not supports_flags(self.folder):
                harness.report(f"left out, since this file system has no flags: {case}")
                continue
            self.addCleanup(subprocess.run, ["chattr", f"-{flag}", self.inbox / flag])
            yield Item(case, flag.encode(), flagged(flag),
                       left_alone("not permitted"))

    def play(self, entries):
        inbox = os.fsencode(self.inbox)
        self.daemon.send(signal.SIGSTOP)
        for entry in entries:
            entry.create(inbox + b"/" + entry.name)
        self.daemon.send(signal.SIGCONT)
        self.wait_for_the_end(entries)
        self.assert_calm(self.daemon)
        for entry in entries:
            with self.case(entry.case):
                self.check(entry)
        self.assertEqual(self.spooled(), {one for entry in entries for one in entry.end.ids})
        self.assert_published_once([self.daemon], self.spooled())
        self.assert_log_is_clean(self.daemon, CANARY, b"root:")
        self.assertEqual(self.daemon.stop(), 0)

    def wait_for_the_end(self, entries):
        """Waits until all entries have ended, or for a limited time: the checks report the
        others."""
        going = {entry.name for entry in entries if not entry.end.stays}
        ids = {one for entry in entries for one in entry.end.ids}
        lines = sum(len(entry.end.lines) for entry in entries)
        deadline = time.monotonic() + EVENT_TIMEOUT_S * harness.TIMEOUT_FACTOR
        while time.monotonic() < deadline and self.daemon.is_running() and not (
                going.isdisjoint(os.listdir(os.fsencode(self.inbox))) and ids <= self.spooled()
                and self.daemon.count("inbox.refused") >= lines):
            time.sleep(0.05)

    def check(self, entry):
        end = entry.end
        self.assertEqual(os.path.lexists(os.fsencode(self.inbox) + b"/" + entry.name), end.stays)
        name = re.compile(re.escape(harmless(entry.name)) + r"(\.\d+)?")
        there = [one for one in os.listdir(self.spool / "refused") if name.fullmatch(one)]
        self.assertEqual(len(there), end.refused, there)
        reasons = [line["reason"] for line in self.daemon.log("inbox.refused")
                if line["file"] == shown(entry.name)]
        self.assertEqual(len(reasons), len(end.lines), reasons)
        for reason, line in zip(end.lines, reasons):
            self.assertIn(reason, line)
        for handshake in end.ids:
            self.assertIn(handshake, self.spooled())

    def test_hard_links(self):
        """Tests that a file with a second link is not read before it has only one. Such a file is
        refused after ten minutes (io/inbox_test.cpp)."""
        outside = self.folder / "aside"
        self.daemon.send(signal.SIGSTOP)
        os.link(outside, self.inbox / "outside")
        self.drop(["DStwin"], "twin")
        os.link(self.inbox / "twin", self.inbox / ".other-twin")
        self.daemon.send(signal.SIGCONT)
        self.assert_calm(self.daemon)
        with self.case("hard links stay unread"):
            self.assertEqual(harness.in_inbox(self.inbox), {"outside", "twin", ".other-twin"})
            self.assertEqual(self.spooled(), set())
        with self.case("a file whose second link is removed is delivered, as by link and unlink"):
            os.unlink(self.inbox / ".other-twin")
            self.wait_for_results(["DStwin"])
        self.assertEqual(outside.stat().st_nlink, 2)
        self.assertEqual(self.spooled(), {"DStwin"})
        self.assert_log_is_clean(self.daemon, CANARY)

    def test_names_that_exist_in_refused(self):
        there = self.spool / "refused"
        (there / "taken").write_text("theirs\n")
        (there / "taken.2").mkdir()
        os.mkfifo(there / "taken.3")
        (there / "taken.4").symlink_to("taken")
        (there / "taken.5").symlink_to("nowhere")
        (there / "taken.6").symlink_to("taken.6")
        before = {name: os.lstat(there / name) for name in os.listdir(there)}
        with self.case("a link whose names exist"):
            (self.inbox / "taken").symlink_to("/etc/shadow")
            soon(lambda: (there / "taken.7").is_symlink(), "the seventh name")
        with self.case("a list whose names exist"):
            self.drop(["DSgood", "no/id/"], "taken")
            soon((there / "taken.8").exists, "the eighth name")
            self.assertIn("no/id/", (there / "taken.8").read_text())
        with self.case("the existing files are unchanged"):
            self.assertEqual({name: os.lstat(there / name) for name in before}, before)
        self.wait_for_results(["DSgood"])

    def test_files_that_others_have_open(self):
        """Tests that complete lines are accepted while a writer has the file open, and that the
        file stays until the writer has closed it."""
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # Sent when a lease is broken.
        self.addCleanup(signal.signal, signal.SIGIO, signal.SIG_DFL)
        self.daemon.send(signal.SIGSTOP)
        os.mkfifo(self.inbox / "fifo")
        fifo = os.open(self.inbox / "fifo", os.O_RDWR | os.O_NONBLOCK)
        os.write(fifo, b"DSfifo\n")
        held = []
        for name in ("written", "leased", "DSheld"):
            (self.inbox / name).write_text("" if name == "DSheld" else f"DS{name}\n")
            held.append(os.open(self.inbox / name, os.O_WRONLY | os.O_APPEND))
            if name == "leased":
                fcntl.fcntl(held[-1], fcntl.F_SETLEASE, fcntl.F_WRLCK)
        self.daemon.send(signal.SIGCONT)
        with self.case("a fifo with a writer"):
            soon(lambda: not (self.inbox / "fifo").exists(), "its removal")
            self.assertTrue(stat.S_ISFIFO(os.lstat(self.spool / "refused/fifo").st_mode))
            os.close(fifo)
        with self.case("a line of a file that is open"):
            self.wait_for_results(["DSwritten"])
            self.assertEqual(harness.claimed(self.inbox), {"written"})
        self.assert_calm(self.daemon)
        with self.case("a line that is written after the claim"):
            os.write(held[0], b"DSmore\nDSpart")
            self.wait_for_results(["DSmore"])
            os.write(held[0], b"ed")
            os.close(held[0])
            self.wait_for_results(["DSparted"])
            soon(lambda: not harness.claimed(self.inbox), "the removal of the file")
        for name, descriptor in zip(("leased", "held"), held[1:]):
            with self.case(f"a file that is {name}"):
                self.assertNotIn(f"DS{name}", self.spooled())
                os.close(descriptor)
                self.wait_for_results([f"DS{name}"])
        self.assertEqual(self.spooled(),
                         {"DSwritten", "DSmore", "DSparted", "DSleased", "DSheld"})
        self.assertEqual(self.daemon.count("inbox.refused"), 1)


if __name__ == "__main__":
    harness.main()
