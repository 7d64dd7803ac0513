"""A file system that is really full, and a limit on the size of files: writes end half way."""

import subprocess

import harness
import rights

COUNT = 24
RESULT_BYTES = 100_000
ROOM_BYTES = 1_000_000  # For some of the results, but not for half of them.
MOST_BYTES = 90_000  # Of a file: enough for all but a record.


class FullDiskTest(harness.Scene):
    def setUp(self):
        super().setUp()
        self.url = self.start_simulator("--law", "fixed:0", "--result-bytes",
                                        str(RESULT_BYTES)).url
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "full", self.disk],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.disk], check=True)
        self.spool = self.disk / "spool"
        self.inbox = self.spool / "inbox"
        self.inbox.mkdir(parents=True)
        self.queue = self.disk / "queue.db"
        self.config = self.write_config(self.url)
        self.ids = harness.make_ids(COUNT)
        self.taken = []

    def test_it_waits_for_room_and_goes_on_by_itself(self):
        daemon = self.fill()
        while len(self.taken) < COUNT:
            harness.eventually(self.take, within=30, what="another result")
        self.assertEqual(daemon.wait(30), 0)
        self.assertGreater(daemon.count("disk.room"), 0)
        self.judge()

    def test_killed_while_it_waits(self):
        daemon, lives = self.fill(), 1
        while daemon.is_running():
            daemon.kill()
            self.take()
            daemon = self.start_daemon(self.config, "--until-empty", is_ready=False, name="next")
            lives += 1
            harness.eventually(lambda: self.spooled() or not daemon.is_running(), within=30,
                               what="another result, or the end")
        self.assertEqual(daemon.wait(), 0)
        self.assertGreaterEqual(lives, 3)  # There is room for nine at a time.
        self.take()
        self.judge()

    def test_a_limit_on_the_size_of_files(self):
        """A write that meets it ends half way, and the next one fails: no reason to die of."""
        self.drop(self.ids[:3])
        limited = self.start_daemon(self.config, "--until-empty", is_ready=False, under=(
            "prlimit", f"--fsize={MOST_BYTES}"))
        self.assertEqual(limited.wait(), harness.IO_ERROR)
        self.assertIn("staging/", limited.says("daemon.failed")["message"])
        for folder in ("staging", "results"):
            self.assertEqual(harness.visible_names(self.spool / folder), [])
        free = self.start_daemon(self.config, "--until-empty", is_ready=False, name="free")
        self.assertEqual(free.wait(), 0)
        self.assertEqual(self.spooled(), set(self.ids[:3]))

    def fill(self):
        """A daemon that has published what there is room for, and says so."""
        self.drop(self.ids)
        daemon = self.start_daemon(self.config, "--until-empty")
        daemon.says("disk.full", within=30)
        self.assertTrue(daemon.status()["disk_full"])
        self.assertLess(len(self.spooled()), COUNT // 2)
        return daemon

    def take(self):
        """Takes away what is there: each file is whole when its name appears."""
        names = self.spooled()
        for handshake in names:
            self.assertEqual(self.record(handshake)["outcome"], "completed")
            (self.spool / "results" / f"{handshake}.json").unlink()
        self.taken += names
        return names

    def judge(self):
        self.assertEqual(sorted(self.taken), self.ids)
        for folder in ("inbox", "staging", "archived", "failed", "rejected", "refused"):
            self.assertEqual(harness.visible_names(self.spool / folder), [], folder)


if __name__ == "__main__":
    rights.insist_on([rights.CAP_SYS_ADMIN], "--mount")
    harness.main()
