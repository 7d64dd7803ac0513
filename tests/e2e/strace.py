"""System calls of a daemon are struck, by strace(1): a death before or after one, or a failure.

strace counts the calls of each thread for itself. Were all threads traced at once, the third fsync
of one would hide the third of every other, for the process is dead by then. So one thread is traced
at a time: the main thread, which starts, recovers and closes, or the writer (runtime/disk_worker),
which does all that lasts in between. The other two, of the log and of the resolver, keep nothing;
one more, which syncs while the writer goes on, is there only under a backlog of hundreds.
"""

import os
import signal
import socket
import subprocess
import sys
import typing

import rights
from calls import calls_in
from programs import Daemon, Process
from words import A_LONG_LIFE_S, eventually

# SIGKILL reaches the thread as it enters the call, and the kernel skips the call of a thread that
# is to die. SIGUSR1, which attestrd neither handles nor blocks, waits until the call has returned,
# and then ends the process on the spot, as SIGKILL does. (With --seccomp-bpf both would get lost.)
BEFORE, AFTER = "signal=KILL", "signal=USR1"
EXIT_OF_DEATH = {BEFORE: -signal.SIGKILL, AFTER: -signal.SIGUSR1}


class Strike(typing.NamedTuple):
    """An effect on calls of one kind: on the one of this number, or on all from it on."""
    call: str
    effect: str
    number: int
    lasts: bool = False

    def __str__(self):
        return f"{self.call}:{self.effect}:when={self.number}{'+' if self.lasts else ''}"


class Struck(Daemon):
    """`attestrd run --until-empty` in a home, with strace at one of its threads."""

    def __init__(self, home, calls, strikes, is_from_start=False, **popen):
        self.log_of_calls = home.folder / "calls"
        self.log_of_calls.unlink(missing_ok=True)
        self.tracer = None
        self.strace = ["strace", "-y", "-o", self.log_of_calls, "-e", f"trace={','.join(calls)}",
                       *(part for strike in strikes for part in ("-e", f"inject={strike}"))]
        if is_from_start:  # With -D strace is the child, and attestrd the process that we know.
            popen["under"] = [*self.strace, "-D"]
        super().__init__("struck", home, home.config, "--until-empty", **popen)
        home.daemons.append(self)

    def wait(self, within=A_LONG_LIFE_S):
        code = super().wait(within)
        if self.tracer:
            self.tracer.wait(within)
        eventually(lambda: "\n+++ " in f"\n{self.log_of_calls.read_text()}", within, "strace's end")
        return code

    def calls(self):
        """What the thread did, a line a call."""
        return calls_in(self.log_of_calls.read_text())

    def struck_calls(self):
        """Those of them that were struck."""
        if "\n+++ killed by" in f"\n{self.log_of_calls.read_text()}":
            return self.calls()[-1:]
        return [line for line in self.calls() if line.endswith("(INJECTED)")]


class StruckInMain(Struck):
    """At the main thread, from the first instruction on."""

    def __init__(self, home, calls, *strikes):
        super().__init__(home, calls, strikes, is_from_start=True)


class StruckInWriter(Struck):
    """At the thread that writes, which is held until strace is there."""

    def __init__(self, home, calls, *strikes):
        with Gate(home.folder / "notify") as gate:
            super().__init__(home, calls, strikes,
                             env={**os.environ, "NOTIFY_SOCKET": str(gate.path)})
            thread = eventually(self._writer, A_LONG_LIFE_S, "the thread that writes")
            (home.folder / "strace.err").unlink(missing_ok=True)
            self.tracer = Process("strace", [*self.strace, "-p", thread], home.folder)
            eventually(lambda: "attached" in self.tracer.err.read_text(), A_LONG_LIFE_S, "strace")

    def _writer(self):
        """The third thread, after the main thread and that of the log. The kernel lists them in the
        order of their birth."""
        if not self.is_running():
            raise AssertionError(f"attestrd ended: {self.err.read_text()}")
        threads = os.listdir(f"/proc/{self.pid}/task")
        return threads[2] if len(threads) == 3 else None


class StruckTogether(StruckInWriter):
    """The first record to be staged (the third sync) waits until the others have been fetched: they
    are staged and synced together then."""

    def __init__(self, home, calls, *strikes):
        super().__init__(home, {*calls, "fsync"}, Strike("fsync", "delay_enter=400ms", 3), *strikes)


class Gate:
    """Holds a daemon back that tells systemd READY=1: the socket is full until the gate opens."""

    def __init__(self, path):
        self.path = path

    def __enter__(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        while self._fill():
            pass
        return self

    def __exit__(self, *_):
        self.socket.close()
        self.path.unlink()

    def _fill(self):
        """A sender fills no more than its own buffer. Returns whether this one found any room."""
        count = 0
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                while sender.sendto(b"x", str(self.path)):
                    count += 1
            except BlockingIOError:
                return count > 0


def insist_on_tracing():
    """Only CAP_SYS_PTRACE lets strace at a daemon that keeps its memory to itself."""
    rights.insist_on([rights.CAP_SYS_PTRACE])
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], text=True, capture_output=True)
    if tried.returncode != 0:
        sys.exit(f"FAIL: strace can't trace here, so nothing can be struck: {tried.stderr}")
