"""Tests that the event loop makes no system call that can block: no file, no sleep, no look-up, and
nothing on a socket in blocking mode. It is traced from its start on, and checked from READY=1 on,
over polls, large results, commands, scrapes and reloads, until SIGTERM."""

import os
import re
import signal
import socket

import harness
import strace
from strace_log import parse_calls

# Calls that do not wait, whatever their descriptor is.
HARMLESS = {
    "brk", "clock_gettime", "clone", "clone3", "close", "epoll_ctl", "epoll_wait", "fcntl",
    "futex", "getpeername", "getpid", "getrandom", "getsockname", "getsockopt", "gettid",
    "ioctl", "madvise", "mmap", "mprotect", "munmap", "prlimit64", "restart_syscall", "rseq",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_yield", "set_robust_list",
    "setsockopt", "shutdown", "socket", "tgkill", "timerfd_settime",
}
# Calls that do not wait on a socket that is not in blocking mode.
ON_SOCKETS = {"accept", "accept4", "connect", "recvfrom", "recvmsg", "sendmsg", "sendto"}
# Calls that do not wait on the loop's own descriptors: timers, events, inotify, and the pipe of the
# signals.
ON_OWN = {"read", "write"}
OWN = re.compile(r"\w+\(\d+<(anon_inode:|pipe:|inotify)")
# The socket file of the control server is looked for in its folder, which is in memory.
LOOK_FOR_SOCKET = re.compile(r'(lstat\(|newfstatat\(AT_FDCWD[^,]*, )"[^"]*/control\.sock"')
# The kernel answers from memory what a process uses.
PROCESS = re.compile(r'getrusage\(|openat\(AT_FDCWD[^,]*, "/proc/self/(fd|statm)"'
                     r"|(getdents64|newfstatat|fstat|read)\(\d+</proc/\d+/(fd|statm)>")
# Asks whether a descriptor is ready.
POLL_NOW = re.compile(r"poll\(.*, 0\) +=")


class Sockets:
    """The sockets that are not in blocking mode, as the calls so far have made them."""

    def __init__(self):
        self.calm = set()

    def note(self, call):
        name, descriptor, result = (*self._parts(call), self._result(call))
        if name in ("socket", "accept4") and "SOCK_NONBLOCK" in call and result is not None:
            self.calm.add(result)
        elif name == "ioctl" and "FIONBIO, [1]" in call:
            self.calm.add(descriptor)
        elif name == "fcntl" and "F_SETFL" in call and "O_NONBLOCK" in call:
            self.calm.add(descriptor)
        elif name == "close":
            self.calm.discard(descriptor)

    def may_block(self, call):
        return self._parts(call)[1] not in self.calm and "MSG_DONTWAIT" not in call

    @staticmethod
    def _parts(call):
        found = re.match(r"(\w+)\((\d+)?", call)
        return (found[1], found[2]) if found else ("", None)

    @staticmethod
    def _result(call):
        found = re.search(r"\) += (\d+)", call)
        return found[1] if found else None


def blocking(calls, begins):
    """Returns the calls after `begins` that may block."""
    sockets = Sockets()
    is_checked = False
    for call in calls:
        sockets.note(call)
        name = call.partition("(")[0]
        is_good = (name in HARMLESS or LOOK_FOR_SOCKET.match(call) or POLL_NOW.match(call)
                   or PROCESS.match(call)
                   or (name in ON_SOCKETS and not sockets.may_block(call))
                   or (name in ON_OWN and OWN.match(call)))
        if is_checked and not is_good and re.fullmatch(r"\w+", name):
            yield call
        is_checked = is_checked or begins in call


class LoopCallsTest(harness.Fixture):
    maxDiff = None

    def test_calls_while_it_runs(self):
        simulator = self.start_simulator("--law", "fixed:0.5", "--result-bytes", "400000")
        config = self.write_config(simulator.url)
        notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notified.close)
        notified.bind(str(self.folder / "notify"))  # Nobody reads it.
        log = self.folder / "calls"
        daemon = self.start_daemon(
            config, under=["strace", "-DD", "-yy", "-s", "200", "-o", str(log)],
            env={**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")})
        ids = harness.make_ids(40)
        self.drop(ids[:20])
        self.wait_for_results(ids[:20])
        self.assertEqual(daemon.status()["pending"], 0)
        self.assertIn("process_open_fds", daemon.metrics())
        self.assertEqual(self.attestrd("explain", "--config", config, ids[0]).returncode, 0)
        self.write_config(simulator.url, api={"connections": 7})
        self.assertEqual(self.attestrd("reload", "--config", config).returncode, 0)
        os.kill(daemon.pid, signal.SIGHUP)
        daemon.wait_for("config.reloaded", times=2)
        self.drop(ids[20:])
        self.wait_for_results(ids[20:])
        self.assertEqual(daemon.stop(), 0)
        harness.eventually(lambda: "\n+++ " in log.read_text(), what="the end of strace")
        calls = parse_calls(log.read_text().split("--- SIGTERM", 1)[0])
        self.assertGreater(len(calls), 500)
        self.assertTrue(any("READY=1" in call for call in calls))
        self.assertEqual(list(blocking(calls, "READY=1")), [])


if __name__ == "__main__":
    strace.require_tracing()
    harness.main()
