"""Tests a DNS server that answers late or never, in a network and mount namespace."""

import fcntl
import pathlib
import select
import socket
import struct
import subprocess
import threading
import time

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

    def start_answering(self, delay):
        """Answers each query after a delay: the host has the address 127.0.0.1."""
        is_over = threading.Event()

        def answer():
            while not is_over.is_set():
                if not select.select([self.dns], [], [], 0.1)[0]:
                    continue
                query, sender = self.dns.recvfrom(512)
                time.sleep(delay)
                end = query.index(b"\0", 12) + 5
                is_a = query[end - 4:end - 2] == b"\0\1"
                record = b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 0, 4) + bytes([127, 0, 0, 1])
                head = query[:2] + b"\x81\x80\0\1" + bytes([0, is_a]) + bytes(4)
                self.dns.sendto(head + query[12:end] + (record if is_a else b""), sender)

        thread = threading.Thread(target=answer)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(is_over.set)

    def test_late_answer_serves_the_next_attempt(self):
        self.start_answering(1)
        daemon = self.start_daemon(self.write_config("https://attestr.example:9",
                                                     api={"connect_timeout": "500ms"}))
        self.drop(["DS1"])
        harness.eventually(lambda: any("127.0.0.1:9: Connection refused" in error["reason"]
                                       for error in daemon.log("poll.error")),
                           30, "a connection to the address that came late")
        self.assertIn("no answer from DNS in time", daemon.log("poll.error")[0]["reason"])
        self.assertEqual(daemon.stop(within=10), 0)


if __name__ == "__main__":
    capabilities.require([capabilities.CAP_SYS_ADMIN, capabilities.CAP_NET_ADMIN],
                         "--mount", "--net")
    harness.main()
