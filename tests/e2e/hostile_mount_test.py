"""Tests disks that fill, disappear, or are mounted in the wrong place, in a mount namespace."""

import errno
import os
import subprocess
import unittest

import harness
import capabilities
from hostile_fixture import IS_ROOT, NOBODY, soon
from hostile_folders import NOT_THERE, AnsweredFixture, Damage, CaseFolders

PENDING = 20


def why_not():
    """Returns the reason why this test can't mount anything; None if it can."""
    if not IS_ROOT:
        return "only root may mount"
    if not capabilities.has(capabilities.CAP_SYS_ADMIN):
        return "this root may not create a mount namespace"
    return None


def mount(place, *arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True)
    place.fixture.addCleanup(subprocess.run, ["umount", "-l", arguments[-1]], capture_output=True)


def mount_tmpfs(place, name, options="size=4m"):
    mount(place, "-t", "tmpfs", "-o", f"{options},mode=750,uid={NOBODY},gid={NOBODY}", "attestrd",
          place.root / name)


def tmpfs(name):
    return lambda place: mount_tmpfs(place, name)


def bind(name, to=None, read_only=False):
    def lay(place):
        target = place.root / (to or name)
        mount(place, "--bind", place.root / name, target)
        if read_only:
            mount(place, "-o", "remount,bind,ro", target)
    return lay


def unmount(name, *flags):
    return lambda place: subprocess.run(["umount", *flags, place.root / name], check=True)


def make(*names):
    return lambda place: [place.make(place.root / name) for name in names]


def in_turn(*steps):
    return lambda place: [step(place) for step in steps]


# The usual layout, in which the spool is an empty folder without its disk.
ON_A_DISK = in_turn(lambda place: place.inbox.rmdir(), make("disk", "disk/inbox"),
                    bind("disk", "spool"))
OTHER_MOUNT = "is not on the same mount"
FAULTS = [
    Damage("a-disk-over-results", tmpfs("spool/results"), (NOT_THERE, "spool/results"),
           ("spool/results", OTHER_MOUNT), repair=unmount("spool/results")),
    Damage("a-disk-over-staging", tmpfs("spool/staging"), (NOT_THERE, "spool/staging"),
           (OTHER_MOUNT, "spool/staging"), repair=unmount("spool/staging")),
    Damage("a-disk-over-the-spool", tmpfs("spool"), (NOT_THERE, "/spool/"),
           ("spool/inbox", "No such file"), repair=unmount("spool")),
    Damage("a-disk-over-the-inbox", tmpfs("spool/inbox"), (NOT_THERE, "spool/inbox")),
    Damage("the-disk-gone", unmount("spool", "-l"), (NOT_THERE, "/spool/"),
           ("spool/inbox", "No such file"), repair=bind("disk", "spool"),
           prepare=ON_A_DISK),
    Damage("the-same-over-it-read-only", bind("spool", read_only=True), (),
           ("/spool", "Read-only file system"), harness.PERMISSION, unmount("spool")),
]


def refused_at_start(name, prepare, words, repair, code=harness.IO_ERROR):
    """Returns a case whose first start fails; after the repair the next one succeeds."""
    return Damage(name, None, (), words, code, repair, (), prepare)


RESULTS = make("spool/results")
AT_START = [
    refused_at_start("results-on-a-disk", in_turn(RESULTS, tmpfs("spool/results")),
                     ("spool/results", OTHER_MOUNT), unmount("spool/results")),
    # A bind mount on the same device, to which a rename fails nevertheless.
    refused_at_start("results-on-a-mount", in_turn(RESULTS, bind("spool/results")),
                     ("spool/results", OTHER_MOUNT), unmount("spool/results")),
    refused_at_start("staging-on-a-mount",
                     in_turn(make("spool/staging"), bind("spool/staging")),
                     (OTHER_MOUNT, "spool/staging"), unmount("spool/staging")),
    refused_at_start("a-read-only-spool", bind("spool", read_only=True),
                     ("/spool", "Read-only file system"), unmount("spool"), harness.PERMISSION),
    refused_at_start("a-read-only-queue", bind("queue", read_only=True),
                     ("queue.db", "Read-only file system"), unmount("queue"), harness.PERMISSION),
]


class MountFixture(AnsweredFixture):
    @classmethod
    def setUpClass(cls):
        if reason := why_not():
            harness.report(f"{cls.__name__} is left out: {reason}")
            raise unittest.SkipTest(reason)

    def setUp(self):
        super().setUp()
        self.give_up_rights()


class DamageTest(MountFixture):
    def test_faults_under_a_running_daemon(self):
        self.play_side_by_side(self.play_fault, FAULTS)

    def test_faults_before_the_first_start(self):
        self.play_side_by_side(self.play_refusal, AT_START)

    def play_refusal(self, case, place):
        case.prepare(place)
        for _ in range(2):
            self.assertEqual(place.start(is_ready=False).wait(), case.code)
            self.assert_message(place, case.refuses)
        case.repair(place)
        place.start_with_one_pending()
        place.end()
        place.runs[-1].wait_for("handshake.completed")
        self.assertEqual(place.records(), [f"results/{place.handshake}.json"])


class FullDisk:
    """The disk of a case, and the function that fills it."""

    def __init__(self, name, folder, options, fill):
        self.name, self.folder, self.options, self.fill = name, folder, options, fill

    def make(self, place):
        mount_tmpfs(place, self.folder, self.options)

    def fill_disk(self, place):
        self.fillers = place.root / self.folder / "fillers"
        self.fillers.mkdir(exist_ok=True)
        try:
            self.fill(self.fillers)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def free_space(self):
        for filler in self.fillers.iterdir():
            filler.unlink()


def fill_with_bytes(folder):
    with open(folder / "filler", "wb", buffering=0) as out:
        while out.write(bytes(4096)):
            pass


def fill_with_names(folder):
    for number in range(10_000):
        (folder / f"{number}").touch()


FULL = [
    FullDisk("a-full-spool", "spool", "size=1m", fill_with_bytes),
    FullDisk("a-spool-without-inodes", "spool", "size=4m,nr_inodes=100", fill_with_names),
    FullDisk("a-full-queue", "queue", "size=1m", fill_with_bytes),
]


class FullTest(MountFixture):
    """Tests with the inbox on another disk than the spool."""

    def test_disk_that_fills(self):
        self.play_side_by_side(self.play, FULL)

    inbox_of_a_place = "inbox"

    def play(self, disk, place):
        disk.make(place)
        ids = [f"{place.handshake}{number}" for number in range(PENDING)]
        for handshake in ids:
            self.wait_on(handshake)
        daemon = place.start()
        place.submit(*ids)
        daemon.wait_for("inbox.accepted")
        disk.fill_disk(place)
        on_spool = disk.folder == "spool"
        if on_spool:
            self.refuse_lines(place, daemon)
        waiting = self.end_until_full(daemon, list(ids))
        full, = daemon.log("disk.full")
        self.assertIn(str(place.root / disk.folder), full["message"])
        self.assert_calm(daemon)
        for handshake in waiting:
            self.assertNotIn(f"results/{handshake}.json", place.records())
        disk.free_space()
        daemon.wait_for("disk.room")
        daemon.wait_for("handshake.completed", times=PENDING)
        if on_spool:
            # The daemon retries it after some scans of the inbox.
            soon((place.spool / "refused/submission").exists, "the list of bad lines")
            soon(lambda: harness.is_inbox_empty(place.inbox), "an empty inbox")
        self.assertEqual(daemon.count("disk.full"), 1)
        self.assertEqual(daemon.stop(), 0)
        self.start_without_space(disk, place)
        self.assertEqual(place.records(), sorted(f"results/{one}.json" for one in
                                                 [*ids, place.handshake]))
        self.assertEqual(place.count("handshake.completed"), PENDING + 1)

    def end_until_full(self, daemon, ids):
        """Completes one handshake after another until the disk is full (the queue can reuse some
        space), then the others at once. Returns the others, which must wait."""
        done = 0
        while not daemon.count("disk.full"):
            self.assertTrue(ids, "the disk is not full")
            self.end(ids.pop())
            done += 1
            soon(lambda: daemon.count("disk.full") or daemon.count("handshake.completed") == done,
                 "a result, or a full disk")
        self.assertTrue(ids, "none is left to wait")
        for handshake in ids:
            self.end(handshake)
        return ids

    def refuse_lines(self, place, daemon):
        """Checks that the good line is accepted, and that the list of the bad one waits and is
        logged once."""
        self.wait_on(place.handshake)
        place.submit(place.handshake, "no/id/")
        soon(lambda: daemon.count("inbox.refused") == 2, "both lines")
        line, waits = daemon.log("inbox.refused")
        self.assertEqual(line["line"], 2)
        self.assertIn("until refused/ has space", waits["message"])
        self.assertIn("No space left", waits["reason"])
        self.assert_calm(daemon)
        self.assertEqual(len(os.listdir(place.inbox / ".claimed")), 1)
        self.assertEqual(daemon.count("inbox.merged"), 0)

    def start_without_space(self, disk, place):
        """Checks that a start needs no space, and that new handshakes wait for it."""
        disk.fill_disk(place)
        last = place.start()
        self.end(place.handshake)
        place.submit(place.handshake)
        last.wait_for("disk.full")
        self.assertEqual(last.count("handshake.completed"), 0)
        disk.free_space()
        last.wait_for("handshake.completed")
        last.wait_for("disk.room")  # Logged after all waiting handshakes.
        self.assertEqual(last.stop(), 0)


class OtherDiskTest(MountFixture):
    """Tests with the inbox on another disk than the spool, with mounts inside."""

    inbox_of_a_place = "inbox"

    def test_inbox_on_another_disk(self):
        place = CaseFolders(self, "other", "inbox")
        mount_tmpfs(place, "inbox")
        (place.inbox / "list").write_text("DSgood\nno/id/\n")
        (place.inbox / "empty").touch()
        (place.inbox / "link").symlink_to("/etc/shadow")
        os.mkfifo(place.inbox / "fifo")
        (place.inbox / "large").touch()
        os.truncate(place.inbox / "large", 65 << 20)
        for name in ("list", "empty", "large"):
            place.give(place.inbox / name)
        self.outside.write_text("DSoutside\n")
        (place.inbox / "mounted").touch()
        mount(place, "--bind", self.outside, place.inbox / "mounted")
        place.make(place.inbox / "folder")
        bind("queue", "inbox/folder")(place)
        self.end("DSgood")
        daemon = place.start()
        daemon.wait_for("handshake.completed")
        self.assert_calm(daemon)
        lines = {line["file"]: line for line in daemon.log("inbox.refused")}
        left = {"link": "another mount", "fifo": "another mount", "large": "another mount",
                "mounted": "busy", "folder": "a folder"}
        self.assertEqual(daemon.count("inbox.refused"), 2 + len(left))
        self.assertEqual(set(os.listdir(place.inbox)), {".claimed", *left})
        for name, reason in left.items():
            with self.case(f"left alone: {name}"):
                self.assertIn(reason, lines[name]["reason"])
                self.assertIn("by hand", lines[name]["message"])
        with self.case("readable files are copied"):
            self.assertEqual(sorted(os.listdir(place.spool / "refused")), ["empty", "list"])
            self.assertIn("no/id/", (place.spool / "refused/list").read_text())
        self.assertEqual(self.outside.read_text(), "DSoutside\n")
        self.assertEqual(daemon.stop(), 0)


class MountedNamesTest(MountFixture):
    """Tests mounts of other users on the names of future files."""

    def test_mounts_on_names(self):
        place = CaseFolders(self, "names", self.inbox_of_a_place)
        self.assertEqual(place.start().stop(), 0)
        names = (f"results/{place.handshake}.json", f"rejected/{place.handshake}.json",
                 "refused/.unfinished", "refused/submission")
        for name in names:
            (place.spool / name).touch()
            mount(place, "--bind", self.outside, place.spool / name)
        self.end(place.handshake)
        daemon = place.start()
        place.submit(place.handshake, "no/id/")
        conflict = daemon.wait_for("spool.conflict")
        new_name = f"rejected/{place.handshake}.2.json"
        self.assertIn(new_name, conflict["message"])
        self.assertEqual(daemon.log("handshake.completed")[0]["file"], new_name)
        self.assertTrue((place.spool / new_name).exists())
        soon((place.spool / "refused/submission.2").exists, "the list of bad lines")
        self.assert_calm(daemon)
        self.assertEqual(self.outside.read_text(), "theirs\n")
        self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    if not why_not():
        capabilities.require([capabilities.CAP_SYS_ADMIN], "--mount")
    harness.main()
