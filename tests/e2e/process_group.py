"""Runs the programs of a test, each in a process group of its own."""

import os
import select
import shutil
import signal
import subprocess

from test_environment import LONG_TIMEOUT_S, time_limit


class Process:
    """A program whose output goes to files. It leads a process group; when the program ends, or is
    ended, the rest of its group is killed too: workers of a server whose master was killed, say.

    The group is killed before the exit status of its leader is read (reaped): until then the kernel
    gives the number of the group to no other process.
    """

    # Time that the program may take to stop in order (SIGTERM) before end() kills it; 0: none.
    grace_s = 0

    def __init__(self, name, command, folder, **popen):
        command = [str(part) for part in command]
        if not shutil.which(command[0]):
            raise FileNotFoundError(f"the program {command[0]} is not installed")
        self.out = folder / f"{name}.out"
        self.err = folder / f"{name}.err"
        with open(self.out, "ab") as out, open(self.err, "ab") as err:
            self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                          process_group=0, **popen)

    @property
    def pid(self):
        return self.popen.pid

    def is_running(self):
        if self.popen.returncode is None and self._has_ended(0):
            self._reap()
        return self.popen.returncode is None

    def send(self, number):
        """Sends a signal to the program itself, not to its group."""
        if self.is_running():
            os.kill(self.pid, number)

    def kill(self):
        """Ends the whole group with SIGKILL. Returns the exit code: -SIGKILL, unless the program
        had ended before."""
        if self.popen.returncode is None:
            self._reap()
        return self.popen.returncode

    def wait(self, within=LONG_TIMEOUT_S):
        """Waits for the end, and returns the exit code."""
        if self.popen.returncode is None:
            limit = time_limit(within)
            if not self._has_ended(limit):
                raise subprocess.TimeoutExpired(self.popen.args, limit)
            self._reap()
        return self.popen.returncode

    def stop(self, within=LONG_TIMEOUT_S):
        """Asks the program to end (SIGTERM), and returns its exit code."""
        self.send(signal.SIGTERM)
        return self.wait(within)

    def end(self):
        """Ends the whole group: in order if there is a grace period, otherwise at once."""
        if self.grace_s:
            try:
                self.stop(self.grace_s)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def _has_ended(self, seconds):
        """Waits up to this time for the end of the program, and leaves its exit status unread."""
        descriptor = os.pidfd_open(self.pid)
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        finally:
            os.close(descriptor)

    def _reap(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()
