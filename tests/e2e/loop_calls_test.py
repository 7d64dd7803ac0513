"""Tests that the event loop makes no system call that can block: no file, no sleep, no look-up."""

import re

import harness
import strace
from process_group import Process

# Calls that do not wait, on sockets that are not in blocking mode and on descriptors of the loop.
HARMLESS = {
    "accept", "accept4", "brk", "clock_gettime", "clone", "clone3", "close", "connect", "epoll_ctl",
    "epoll_wait", "fcntl", "futex", "getpeername", "getpid", "getrandom", "getsockname",
    "getsockopt", "gettid", "ioctl", "madvise", "mmap", "mprotect", "munmap", "read", "recvfrom",
    "recvmsg", "restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "sched_yield", "sendmsg", "sendto", "set_robust_list", "setsockopt", "shutdown", "socket",
    "timerfd_settime", "write",
}
# The socket file of the control server is looked for in its folder, which is in memory.
LOOK_FOR_SOCKET = re.compile(r'(lstat\(|newfstatat\(AT_FDCWD, )"[^"]*/control\.sock"')
# Asks whether a descriptor is ready.
POLL_NOW = re.compile(r"poll\(.*, 0\) +=")


class LoopCallsTest(harness.Fixture):
    def test_calls_while_it_runs(self):
        simulator = self.start_simulator("--law", "fixed:0.5", "--result-bytes", "400000")
        config = self.write_config(simulator.url)
        daemon = self.start_daemon(config)
        log = self.folder / "calls"
        tracer = self.start(Process("strace", ["strace", "-o", log, "-p", daemon.pid], self.folder))
        harness.eventually(lambda: "attached" in tracer.err.read_text(), what="strace")
        ids = harness.make_ids(20)
        self.drop(ids)
        self.wait_for_results(ids)
        self.assertEqual(daemon.status()["pending"], 0)
        self.assertEqual(self.attestrd("explain", "--config", config, ids[0]).returncode, 0)
        self.assertEqual(daemon.stop(), 0)
        calls = log.read_text().split("--- SIGTERM", 1)[0].splitlines()
        self.assertGreater(len(calls), 100)
        others = [line for line in calls
                  if (name := line.partition("(")[0]) not in HARMLESS
                  and re.fullmatch(r"\w+", name) and not LOOK_FOR_SOCKET.match(line)
                  and not POLL_NOW.match(line)]
        self.assertEqual(others, [])


if __name__ == "__main__":
    strace.require_tracing()
    harness.main()
