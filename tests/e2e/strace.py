"""Injects faults into system calls of a daemon with strace(1): a kill before or after, or an error.

strace counts the calls of each thread separately. If all threads were traced at once, a kill at the
third fsync of one thread would hide the third fsync of every other. Therefore one thread is traced
at a time: the main thread, which starts, recovers and closes, or the writer (runtime/disk_worker),
which makes everything durable in between. The threads of the log and of the resolver store nothing;
one more, which syncs beside the writer, exists only with a backlog of hundreds.
"""

import os
import pathlib
import signal
import subprocess
import sys
import typing

import capabilities
from strace_log import parse_calls
from process_group import Process
from programs import Daemon
from test_environment import LONG_TIMEOUT_S, eventually

# SIGKILL arrives as the thread enters the call, and the kernel does not execute the call of a
# thread with a pending SIGKILL. SIGUSR1, which attestrd neither handles nor blocks, is delivered
# after the call has returned and then ends the process as SIGKILL does. (With --seccomp-bpf both
# are lost.)
BEFORE, AFTER = "signal=KILL", "signal=USR1"
EXIT_CODE_OF = {BEFORE: -signal.SIGKILL, AFTER: -signal.SIGUSR1}


class Fault(typing.NamedTuple):
    """An effect on the call of a kind with this number, or on that call and all later ones."""
    call: str
    effect: str
    number: int
    lasts: bool = False

    def __str__(self):
        return f"{self.call}:{self.effect}:when={self.number}{'+' if self.lasts else ''}"


class FaultyDaemon(Daemon):
    """A process `attestrd run --until-empty` with strace at one of its threads."""

    def __init__(self, home, calls, strikes, is_from_start=False, **popen):
        self.log_of_calls = home.folder / "calls"
        self.log_of_calls.unlink(missing_ok=True)
        self.tracer = None
        self.strace = ["strace", "-y", "-o", self.log_of_calls, "-e", f"trace={','.join(calls)}",
                       *(part for fault in strikes for part in ("-e", f"inject={fault}"))]
        if is_from_start:
            # With -DD attestrd is our child, and strace runs below it in another process group.
            popen["under"] = [*self.strace, "-DD"]
        super().__init__("faulty", home, home.config, "--until-empty", **popen)
        home.daemons.append(self)

    def wait(self, within=LONG_TIMEOUT_S):
        code = super().wait(within)
        if self.tracer:
            self.tracer.wait(within)
        eventually(lambda: "\n+++ " in f"\n{self.log_of_calls.read_text()}", within, "strace's end")
        return code

    def calls(self):
        """Returns the calls of the thread, one on each line."""
        return parse_calls(self.log_of_calls.read_text())

    def faulted_calls(self):
        """Returns the calls into which a fault was injected."""
        if "\n+++ killed by" in f"\n{self.log_of_calls.read_text()}":
            return self.calls()[-1:]
        return [line for line in self.calls() if line.endswith("(INJECTED)")]


class FaultInMainThread(FaultyDaemon):
    """A daemon with faults in its main thread, from its first instruction on."""

    def __init__(self, home, calls, *strikes):
        super().__init__(home, calls, strikes, is_from_start=True)


class FaultInWriterThread(FaultyDaemon):
    """A daemon with faults in its writer thread. The process is stopped when it reports that it is
    ready, before the writer has work, until strace has attached to that thread."""

    def __init__(self, home, calls, *strikes):
        under = ("strace", "-DD", "-o", "/dev/null", "-e", "trace=sendto",
                 "-e", "inject=sendto:signal=STOP:when=1")
        super().__init__(home, calls, strikes, under=under,
                         env={**os.environ, "NOTIFY_SOCKET": str(home.folder / "notify")})
        thread = eventually(self._writer, LONG_TIMEOUT_S, "the writer thread")
        (home.folder / "strace.err").unlink(missing_ok=True)
        self.tracer = Process("strace", [*self.strace, "-p", thread], home.folder)
        home.daemons.append(self.tracer)
        eventually(lambda: "attached" in self.tracer.err.read_text(), LONG_TIMEOUT_S, "strace")
        os.kill(self.pid, signal.SIGCONT)

    def _writer(self):
        """Returns the third thread, after the main thread and that of the log, once the process is
        stopped: the kernel lists threads in the order of their creation."""
        if not self.is_running():
            raise AssertionError(f"attestrd ended: {self.err.read_text()}")
        threads = list(pathlib.Path(f"/proc/{self.pid}/task").iterdir())
        if len(threads) < 3:
            return None
        state = (threads[2] / "stat").read_text().rpartition(")")[2].split()[0]
        return threads[2].name if state == "T" else None


class FaultInBatch(FaultInWriterThread):
    """A daemon in which the sync of the first staged record (the third sync) is delayed until the
    others have been fetched, so that they are staged and synced as a batch."""

    def __init__(self, home, calls, *strikes):
        super().__init__(home, {*calls, "fsync"}, Fault("fsync", "delay_enter=400ms", 3), *strikes)


def require_tracing():
    """Exits with a message if strace can't trace. attestrd is not dumpable, so that strace needs
    CAP_SYS_PTRACE."""
    capabilities.require([capabilities.CAP_SYS_PTRACE])
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], text=True, capture_output=True)
    if tried.returncode != 0:
        sys.exit(f"FAIL: strace can't trace here, so no fault can be injected: {tried.stderr}")
