"""A DNS server that never answers, in a namespace of networks and mounts of its own."""

import fcntl
import pathlib
import socket
import struct
import subprocess

import harness
import rights

SIOCSIFFLAGS, IFF_UP = 0x8914, 1

# glibc asks for minutes: longer than any daemon here may take to end.
RESOLVER = "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n"


class SilentDnsTest(harness.Scene):
    def setUp(self):
        super().setUp()
        self.dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(self.dns.close)
        fcntl.ioctl(self.dns, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
        self.dns.bind(("127.0.0.1", 53))
        self.dns.settimeout(15 * harness.PATIENCE)
        path = pathlib.Path("/etc/resolv.conf")
        if path.exists():  # Without it glibc asks this very address.
            (self.folder / "resolv.conf").write_text(RESOLVER)
            subprocess.run(["mount", "--bind", self.folder / "resolv.conf", path], check=True)
            self.addCleanup(subprocess.run, ["umount", path], check=True)

    def test_the_daemon_ends_in_time(self):
        daemon = self.start_daemon(self.write_config("https://attestr.example"))
        self.drop(["DS1"])
        self.assertIn(b"attestr", self.dns.recv(512))
        self.assertEqual(daemon.stop(within=10), 0)
        self.assertEqual(daemon.count("daemon.stopped"), 1)

    def test_it_is_told_that_no_answer_came(self):
        daemon = self.start_daemon(self.write_config("https://attestr.example"))
        self.drop(["DS1"])
        error = daemon.says("poll.error")
        self.assertIn("no answer from DNS in time", error["reason"])
        self.assertEqual(daemon.stop(within=10), 0)


if __name__ == "__main__":
    rights.insist_on([rights.CAP_SYS_ADMIN, rights.CAP_NET_ADMIN], "--mount", "--net")
    harness.main()
