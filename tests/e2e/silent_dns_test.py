"""Tests a DNS server that never answers, in a network and mount namespace."""

import fcntl
import pathlib
import socket
import struct
import subprocess

import harness
import capabilities

SIOCSIFFLAGS, IFF_UP = 0x8914, 1

# glibc repeats its queries for minutes, longer than a daemon may take to stop.
RESOLVER = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n"


class SilentDnsTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.dns.close)
        fcntl.ioctl(self.dns, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
        self.dns.bind(("127.0.0.1", 53))
        self.dns.settimeout(15 * harness.TIMEOUT_FACTOR)
        path = pathlib.Path("/etc/resolv.conf")
        if path.exists():  # Without the file glibc uses this address.
            (self.folder / "resolv.conf").write_text(RESOLVER)
            subprocess.run(["mount", "--bind", self.folder / "resolv.conf", path], check=True)
            self.addCleanup(subprocess.run, ["umount", path], check=True)

    def test_daemon_stops_in_time(self):
        daemon = self.start_daemon(self.write_config("https://attestr.example"))
        self.drop(["DS1"])
        self.assertIn(b"attestr", self.dns.recv(512))
        self.assertEqual(daemon.stop(within=10), 0)
        self.assertEqual(daemon.count("daemon.stopped"), 1)

    def test_missing_answer_is_logged(self):
        daemon = self.start_daemon(self.write_config("https://attestr.example"))
        self.drop(["DS1"])
        error = daemon.wait_for("poll.error")
        self.assertIn("no answer from DNS in time", error["reason"])
        self.assertEqual(daemon.stop(within=10), 0)


if __name__ == "__main__":
    capabilities.require([capabilities.CAP_SYS_ADMIN, capabilities.CAP_NET_ADMIN],
                         "--mount", "--net")
    harness.main()
