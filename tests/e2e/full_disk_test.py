"""Tests a file system that is really full, and a limit on file sizes with partial writes."""

import contextlib
import subprocess

import harness
import capabilities

COUNT = 24
RESULT_BYTES = 100_000
DISK_BYTES = 1_000_000  # Space for some of the results, but not for half of them.
CLIENTS = 16  # So many are served at a time.
MAX_FILE_BYTES = 90_000  # Enough for every file but a record.


class FullDiskTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.url = self.start_simulator("--law", "fixed:0", "--result-bytes",
                                        str(RESULT_BYTES)).url
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "full", self.disk],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.disk], check=True)
        self.spool = self.disk / "spool"
        self.inbox = self.spool / "inbox"
        self.inbox.mkdir(parents=True)
        self.queue = self.disk / "queue.db"
        self.config = self.write_config(self.url)
        self.ids = harness.make_ids(COUNT)
        self.taken = []

    def test_daemon_waits_for_space_and_continues(self):
        daemon = self.fill()
        while len(self.taken) < COUNT:
            harness.eventually(self.remove_results, within=30, what="another result")
        self.assertEqual(daemon.wait(30), 0)
        self.assertGreater(daemon.count("disk.room"), 0)
        self.check()

    def test_requests_that_wait_for_space_leave_room_for_status(self):
        daemon = self.fill()
        flags = ("retry", "--config", self.config, "DSunknown")
        waiting = [subprocess.Popen([harness.ATTESTRD, *flags], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL) for _ in range(CLIENTS)]
        for command in waiting:
            self.addCleanup(command.wait)
            self.addCleanup(command.kill)
        for _ in range(3):
            self.assertTrue(daemon.status()["disk_full"])
        self.assertIsNone(waiting[0].poll(), "it is not answered while the disk is full")
        self.assertEqual(daemon.stop(), 0)

    def test_start_waits_for_space(self):
        filler = self.disk / "filler"
        self.drop(self.ids[:1])
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        stopped = self.start_daemon(self.config, name="stopped", is_ready=False)
        stopped.wait_for("disk.full")
        self.assertEqual(stopped.stop(), 0)
        self.assertEqual(stopped.log("daemon.started"), [])
        daemon = self.start_daemon(self.config, "--until-empty", is_ready=False)
        daemon.wait_for("disk.full")
        filler.unlink()
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(daemon.count("disk.full"), 1)
        self.assertEqual(daemon.count("disk.room"), 1)
        self.assertEqual(self.spooled(), set(self.ids[:1]))

    def test_kill_while_the_daemon_waits(self):
        daemon, runs = self.fill(), 1
        while daemon.is_running():
            daemon.kill()
            self.remove_results()
            daemon = self.start_daemon(self.config, "--until-empty", is_ready=False, name="next")
            runs += 1
            harness.eventually(lambda: self.spooled() or not daemon.is_running(), within=30,
                               what="another result, or the end")
        self.assertEqual(daemon.wait(), 0)
        self.assertGreaterEqual(runs, 3)  # The disk has space for nine records.
        self.remove_results()
        self.check()

    def test_limit_on_file_sizes(self):
        """Tests a file size limit: a write at the limit is partial and the next one fails, but no
        signal ends the daemon."""
        self.drop(self.ids[:3])
        limited = self.start_daemon(self.config, "--until-empty", is_ready=False, under=(
            "prlimit", f"--fsize={MAX_FILE_BYTES}"))
        self.assertEqual(limited.wait(), harness.IO_ERROR)
        self.assertIn("staging/", limited.wait_for("daemon.failed")["message"])
        for folder in ("staging", "results"):
            self.assertEqual(harness.visible_names(self.spool / folder), [])
        free = self.start_daemon(self.config, "--until-empty", is_ready=False, name="free")
        self.assertEqual(free.wait(), 0)
        self.assertEqual(self.spooled(), set(self.ids[:3]))

    def fill(self):
        """Starts a daemon and waits until it has filled the disk."""
        self.drop(self.ids)
        daemon = self.start_daemon(self.config, "--until-empty")
        daemon.wait_for("disk.full", within=30)
        self.assertTrue(daemon.status()["disk_full"])
        self.assertLess(len(self.spooled()), COUNT // 2)
        return daemon

    def remove_results(self):
        """Removes the published records, after a check that each is complete."""
        names = self.spooled()
        for handshake in names:
            self.assertEqual(self.record(handshake)["outcome"], "completed")
            (self.spool / "results" / f"{handshake}.json").unlink()
        self.taken += names
        return names

    def check(self):
        self.assertEqual(sorted(self.taken), self.ids)
        for folder in ("inbox", "staging", "archived", "failed", "rejected", "refused"):
            self.assertEqual(harness.visible_names(self.spool / folder), [], folder)


if __name__ == "__main__":
    capabilities.require([capabilities.CAP_SYS_ADMIN], "--mount")
    harness.main()
