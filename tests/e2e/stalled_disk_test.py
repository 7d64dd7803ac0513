"""Tests a disk whose sync does not return: the daemon says so, and is not ready meanwhile."""

import json
import pathlib
import socket

import harness
import strace
from process_group import Process

STALL_S = 14  # Longer than what counts as a stall.


class StalledDiskTest(harness.Fixture):
    def test_sync_hangs(self):
        config = self.write_config(self.start_simulator("--law", "fixed:0").url)
        daemon = self.start_daemon(config)
        self.assertEqual(self.readiness(), (200, []))
        # The main thread, that of the log, and the disk worker.
        worker = list(pathlib.Path(f"/proc/{daemon.pid}/task").iterdir())[2].name
        tracer = self.start(Process("strace", [
            "strace", "-o", self.folder / "calls", "-e", "trace=fdatasync",
            "-e", f"inject=fdatasync:delay_enter={STALL_S}s:when=1", "-p", worker], self.folder))
        harness.eventually(lambda: "attached" in tracer.err.read_text(), what="strace")
        ids = harness.make_ids(3)
        self.drop(ids)
        daemon.wait_for("disk.stalled", within=STALL_S)
        self.assertEqual(self.readiness(), (503, ["disk_stalled"]))
        self.assertTrue(daemon.status()["disk_stalled"])
        self.wait_for_results(ids)
        daemon.wait_for("disk.moves")
        self.assertEqual(self.readiness(), (200, []))
        self.assertEqual(daemon.stop(), 0)

    def readiness(self):
        """Returns the status of /readyz, and the reasons that it gives."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.folder / "control.sock"))
            client.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(4096), b"")).decode()
        return int(answer.split()[1]), json.loads(answer.partition("\r\n\r\n")[2])["reasons"]


if __name__ == "__main__":
    strace.require_tracing()
    harness.main()
