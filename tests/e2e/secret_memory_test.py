"""Tests that the memory of the daemon holds no secret that a reload has replaced, and that the
secrets in use lie in locked memory."""

import re
import resource
import signal
import unittest

import capabilities
import harness
from hostile_fixture import IS_ROOT

PENDING = 8
CAP_IPC_LOCK = 14
LOCKED_BYTES = 4 << 20


def memory_of(pid):
    """Yields the addresses and bytes of the writable memory of a process."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            begin, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if "w" not in rights:
                continue
            try:
                mem.seek(int(begin, 16))
                yield int(begin, 16), mem.read(int(end, 16) - int(begin, 16))
            except OSError:
                continue  # The region is gone, or is of the kernel.


def copies(pid, text):
    """Returns the addresses at which the memory of a process holds a text."""
    return [begin + found.start() for begin, memory in memory_of(pid)
            for found in re.finditer(re.escape(text.encode()), memory)]


def locked_ranges(pid):
    """Returns the ranges of the memory of a process that are locked."""
    ranges = []
    with open(f"/proc/{pid}/smaps", encoding="ascii") as smaps:
        for line in smaps:
            if head := re.match(r"(\w+)-(\w+) ", line):
                place = (int(head[1], 16), int(head[2], 16))
            elif line.startswith("VmFlags:") and "lo" in line.split():
                ranges.append(place)
    return ranges


def may_lock():
    most = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    return (most == resource.RLIM_INFINITY or most >= LOCKED_BYTES
            or capabilities.has(CAP_IPC_LOCK))


class SecretMemoryTest(harness.Fixture):
    def setUp(self):
        if not IS_ROOT:
            raise unittest.SkipTest("only root can read the memory of the daemon")
        super().setUp()

    def test_a_replaced_secret_is_nowhere(self):
        self.write_secret("client-secret", "the-first-client-secret-7Hq2")
        config = self.write_config(self.start_simulator("--law", "fixed:3600").url)
        daemon = self.start_daemon(config)
        ids = [f"DSsecret{number}" for number in range(PENDING)]
        self.drop(ids)
        daemon.wait_for("poll.answered", times=PENDING)
        self.assertTrue(copies(daemon.pid, self.token), "it is in use: copies are found")
        for secret in (self.token, "the-first-client-secret-7Hq2"):
            self.check_locked(daemon.pid, secret)
        for number in range(2):
            token = f"dGhlLW5leHQtdG9rZW4tb2Ytb3Vy{number}"
            self.write_secret("auth-token", token)
            self.write_secret("client-secret", f"the-next-client-secret-{number}")
            daemon.send(signal.SIGHUP)
            daemon.wait_for("config.reloaded", times=number + 1)
        old = (self.token, "dGhlLW5leHQtdG9rZW4tb2Ytb3Vy0", "the-first-client-secret-7Hq2",
               "the-next-client-secret-0")
        for secret in old:
            harness.eventually(lambda text=secret: not copies(daemon.pid, text),
                               what="no copy of a replaced secret")
        self.assertEqual(daemon.stop(), 0)

    def check_locked(self, pid, secret):
        found = copies(pid, secret)
        if not may_lock():
            harness.report("RLIMIT_MEMLOCK is too low: locked memory is not checked")
            return
        ranges = locked_ranges(pid)
        outside = [hex(at) for at in found if not any(low <= at < high for low, high in ranges)]
        self.assertEqual(outside, [], "a copy lies in memory that may be swapped out")


if __name__ == "__main__":
    harness.main()
