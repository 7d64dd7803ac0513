"""An inbox full of traps: each has a name, and ends as README says."""

import fcntl
import os
import re
import signal
import stat
import subprocess
import time

import harness
from hostile import PATIENT_S, HostileScene, harmless, shown, soon
from hostile_traps import KINDS, SIZES, Trap, flagged, left_alone, name_traps, takes_flags

CANARY = b"words of a file outside"


class InboxTest(HostileScene):
    def setUp(self):
        super().setUp()
        (self.folder / "aside").write_bytes(b"DSaside\n" + CANARY + b"\n")
        (self.folder / "empty").touch()
        (self.folder / "outside").mkdir()
        (self.folder / "outside/DSoutside").touch()
        self.config = self.write_quiet_config(self.start_simulator("--law", "fixed:0").url)
        self.daemon = self.start_daemon(self.config)

    def test_traps(self):
        self.play([trap for trap in [*KINDS, *SIZES, *name_traps(), *self.flag_traps()]
                   if not trap.needs_root or self.root_lays(trap.case)])
        self.assertEqual((self.folder / "aside").read_bytes(), b"DSaside\n" + CANARY + b"\n")
        self.assertEqual(os.listdir(self.folder / "outside"), ["DSoutside"])

    def flag_traps(self):
        for case, flag in (("immutable", "i"), ("for adding alone", "a")):
            if not self.root_lays(case):
                continue
            if not takes_flags(self.folder):
                harness.tell(f"left out, for this file system has no flags: {case}")
                continue
            self.addCleanup(subprocess.run, ["chattr", f"-{flag}", self.inbox / flag])
            yield Trap(case, flag.encode(), flagged(flag),
                       left_alone("not permitted", f"DSflag{flag}"))

    def play(self, traps):
        inbox = os.fsencode(self.inbox)
        self.daemon.send(signal.SIGSTOP)
        for trap in traps:
            trap.lay(inbox + b"/" + trap.name)
        self.daemon.send(signal.SIGCONT)
        self.wait_for_the_end(traps)
        self.assert_calm(self.daemon)
        for trap in traps:
            with self.case(trap.case):
                self.judge(trap)
        self.assertEqual(self.spooled(), {one for trap in traps for one in trap.end.ids})
        self.assert_published_once([self.daemon], self.spooled())
        self.assert_log_is_clean(self.daemon, CANARY, b"root:")
        self.assertEqual(self.daemon.stop(), 0)

    def wait_for_the_end(self, traps):
        """Or for a while: who is late is named by its case."""
        going = {trap.name for trap in traps if not trap.end.stays}
        ids = {one for trap in traps for one in trap.end.ids}
        told = sum(len(trap.end.lines) for trap in traps)
        deadline = time.monotonic() + PATIENT_S * harness.PATIENCE
        while time.monotonic() < deadline and self.daemon.is_running() and not (
                going.isdisjoint(os.listdir(os.fsencode(self.inbox))) and ids <= self.spooled()
                and self.daemon.count("inbox.refused") >= told):
            time.sleep(0.05)

    def judge(self, trap):
        end = trap.end
        self.assertEqual(os.path.lexists(os.fsencode(self.inbox) + b"/" + trap.name), end.stays)
        name = re.compile(re.escape(harmless(trap.name)) + r"(\.\d+)?")
        there = [one for one in os.listdir(self.spool / "refused") if name.fullmatch(one)]
        self.assertEqual(len(there), end.refused, there)
        told = [line["reason"] for line in self.daemon.log("inbox.refused")
                if line["file"] == shown(trap.name)]
        self.assertEqual(len(told), len(end.lines), told)
        for reason, line in zip(end.lines, told):
            self.assertIn(reason, line)
        for handshake in end.ids:
            self.assertIn(handshake, self.spooled())

    def test_hard_links(self):
        outside = self.folder / "aside"
        self.daemon.send(signal.SIGSTOP)
        os.link(outside, self.inbox / "outside")
        self.drop(["DStwin"], "twin")
        os.link(self.inbox / "twin", self.inbox / "other-twin")
        self.daemon.send(signal.SIGCONT)
        for name in ("outside", "twin", "other-twin"):
            with self.case(f"a hard link: {name}"):
                soon(lambda: not (self.inbox / name).exists(), "its removal")
                self.assertTrue((self.spool / "refused" / name).exists())
        self.assertEqual(outside.stat().st_nlink, 2)
        self.assertEqual(self.spooled(), set())
        self.assert_log_is_clean(self.daemon, CANARY)

    def test_names_that_refused_has_already(self):
        there = self.spool / "refused"
        (there / "taken").write_text("theirs\n")
        (there / "taken.2").mkdir()
        os.mkfifo(there / "taken.3")
        (there / "taken.4").symlink_to("taken")
        (there / "taken.5").symlink_to("nowhere")
        (there / "taken.6").symlink_to("taken.6")
        before = {name: os.lstat(there / name) for name in os.listdir(there)}
        with self.case("a link whose names are taken"):
            (self.inbox / "taken").symlink_to("/etc/shadow")
            soon(lambda: (there / "taken.7").is_symlink(), "the seventh name")
        with self.case("a list whose names are taken"):
            self.drop(["DSgood", "no/id/"], "taken")
            soon((there / "taken.8").exists, "the eighth name")
            self.assertIn("no/id/", (there / "taken.8").read_text())
        with self.case("nobody's file is touched"):
            self.assertEqual({name: os.lstat(there / name) for name in before}, before)
        self.wait_for_results(["DSgood"])

    def test_what_others_hold(self):
        """It is taken once they let go, and not before."""
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # The end of a lease would kill.
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
        self.assert_calm(self.daemon)
        for name, descriptor in zip(("written", "leased", "held"), held):
            with self.case(f"a file that is {name}"):
                self.assertNotIn(f"DS{name}", self.spooled())
                os.close(descriptor)
                self.wait_for_results([f"DS{name}"])
        self.assertEqual(self.spooled(), {"DSwritten", "DSleased", "DSheld"})
        self.assertEqual(self.daemon.count("inbox.refused"), 1)


if __name__ == "__main__":
    harness.main()
