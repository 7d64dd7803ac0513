"""Tests a day of an operator: 2,000 handshakes through a pause, holds, kicks, cancellations,
retries, a rotation of the client secret, a backup, a full disk, a lost queue and its restoration.
At the end every id has one record, in the folder in which it belongs."""

import contextlib
import json
import subprocess
import time

import harness

COUNT = 2000
DISK_BYTES = 48_000_000
NEW_SECRET = "the-secret-after-the-rotation"


class OperatorDayTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "day", disk],
                       check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)
        self.filler = disk / "filler"
        self.spool = disk / "spool"
        self.inbox = self.spool / "inbox"
        self.inbox.mkdir(parents=True)
        self.queue = disk / "queue.db"
        self.taken = disk / "taken"
        self.taken.mkdir()
        self.port = self.reserve_port()
        self.start_attestr("attestr")
        self.ids = [f"DS{number:05}" for number in range(COUNT)]
        fates = self.simulator.fates(self.ids)
        self.never = [handshake for handshake, fate in fates.items() if fate != "completes"]
        self.config = self.write_config(self.simulator.url, log={"level": "info"},
                                        api={"requests_per_second": 400, "connections": 8})
        self.daemon = self.start_daemon(self.config)

    def start_attestr(self, name):
        self.simulator = self.start_simulator(
            "--law", "uniform:0,20", "--never", "0.05", "--result-bytes", "500",
            "--created-at-start", name=name, port=self.port)

    def command(self, *words, code=0, **options):
        name, *rest = words
        done = self.attestrd(name, "--config", self.config, *rest, **options)
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        return done.stdout

    def pending(self):
        return [json.loads(line)["id"] for line in self.command("list", "--json").splitlines()]

    def fill_the_disk(self):
        with contextlib.suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65536))

    def test_every_id_is_accounted_for(self):
        self.command("pause")
        self.drop(self.ids[:COUNT // 2], "morning")
        self.daemon.wait_for("inbox.accepted")
        before = len(self.simulator.requests())
        self.drop(self.ids[COUNT // 2:], "noon")
        self.daemon.wait_for("inbox.accepted", times=2)
        time.sleep(1)
        self.assertEqual(len(self.simulator.requests()), before, "nobody is polled in a pause")
        held = self.ids[100:200]
        self.command("hold", "-", input="\n".join(held))
        self.command("resume")
        self.command("kick", "-", input="\n".join(self.ids[300:320]))
        harness.eventually(lambda: len(self.spooled()) > COUNT // 10, what="the first results")
        self.assertEqual(self.spooled() & set(held), set())

        cancelled = [handshake for handshake in self.never if handshake not in held][:20]
        self.command("cancel", "-", input="\n".join(cancelled))
        self.assertEqual(self.spooled("failed"), set(cancelled))
        for handshake in cancelled[:10]:
            (self.spool / f"failed/{handshake}.json").rename(self.taken / f"{handshake}.json")
        self.command("retry", "-", input="\n".join(cancelled[:10]))

        self.rotate_the_secret()
        backup = self.folder / "backup.db"
        self.command("backup", backup)
        self.fill_the_disk()
        self.daemon.wait_for("disk.full")
        self.filler.unlink()
        self.daemon.wait_for("disk.room")
        self.lose_the_queue_and_restore(backup)

        self.command("release", "-", input="\n".join(held))
        finished = set(self.ids) - set(self.never)
        self.wait_for_results(finished)
        harness.eventually(lambda: set(self.pending()) == set(self.never) - set(cancelled[10:]),
                           what="all that can end")
        self.command("cancel", "-", input="\n".join(self.pending()))
        self.assertEqual(self.spooled(), finished)
        self.assertEqual(self.spooled("failed"), set(self.never))
        self.assertEqual(self.spooled("rejected") | self.spooled("archived"), set())
        self.assertEqual(self.daemon.status()["pending"], 0)

    def rotate_the_secret(self):
        """Both secrets are valid while Attestr changes to the new one."""
        old, self.secret = self.secret, NEW_SECRET
        self.write_secret("client-secret", f"{NEW_SECRET}\n{old}")
        self.command("reload")
        self.simulator.stop()
        only_new = self.write_secret("attestr-secret", NEW_SECRET)
        self.secret_file, daemons = only_new, self.secret_file
        self.start_attestr("attestr-again")
        self.secret_file = daemons
        self.write_secret("client-secret", NEW_SECRET)
        self.command("reload")

    def lose_the_queue_and_restore(self, backup):
        self.daemon.kill()
        for path in self.queue.parent.glob("queue.db*"):
            path.unlink()
        self.command("restore", backup)
        self.daemon = self.start_daemon(self.config, name="restored")


if __name__ == "__main__":
    harness.main()
