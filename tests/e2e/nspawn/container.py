"""A bare Debian 12 that runs systemd: systemd-nspawn boots the machine of tests/package in the
network namespace of the test. Nothing of it outlives the test."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import time

import debian_machine
from process_group import Process
from test_environment import eventually

CGROUPS = pathlib.Path("/sys/fs/cgroup")
BOOT_S = 60
COMMAND_S = 120


class Container:
    """Boots in the constructor. Commands run in it as root, or as a user with all of its groups."""

    def __init__(self, folder):
        self.machine = debian_machine.Machine(folder / "machine")
        self.cgroup = make_cgroup()
        pathlib.Path("/run/systemd/nspawn").mkdir(parents=True, exist_ok=True)
        debian_machine.mount("-t", "tmpfs", "nspawn", "/run/systemd/nspawn")
        nspawn = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
                  "--console=pipe", f"--machine=attestrd-{os.getpid()}",
                  f"--directory={self.machine.root}"]
        self.process = Process("nspawn", [
            "sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.cgroup, *nspawn], folder)
        self.leader = None
        try:
            self.leader = eventually(self.find_leader, BOOT_S, "the container's first process")
            eventually(self.is_up, BOOT_S, "the boot of the container")
        except BaseException:
            self.close()
            raise

    def find_leader(self):
        if not self.process.is_running():
            raise AssertionError(f"systemd-nspawn ended: {self.process.err.read_text()}")
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        for pid in pathlib.Path(children).read_text().split():
            with contextlib.suppress(OSError):  # An outer process of nspawn has ended meanwhile.
                if os.readlink(f"/proc/{pid}/exe").endswith("/systemd"):
                    return pid
        return None

    def is_up(self):
        return self.try_run("systemctl", "is-system-running").stdout in ("running\n", "degraded\n")

    def try_run(self, *command, user="root", **options):
        """Runs a command, and returns what it did; both outputs are in `stdout`."""
        as_user = [] if user == "root" else ["runuser", "-u", user, "--"]
        return subprocess.run(
            ["nsenter", "--target", self.leader, "--mount", "--uts", "--ipc", "--pid", "--cgroup",
             "--wdns=/root" if user == "root" else "--wdns=/tmp", *as_user, *map(str, command)],
            **{"text": True, "stdin": None if "input" in options else subprocess.DEVNULL,
               "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "timeout": COMMAND_S,
               "env": debian_machine.ENVIRONMENT, **options})

    def run(self, *command, **options):
        """Runs a command that must succeed, and returns its output."""
        done = self.try_run(*command, **options)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}: {done.stdout}")
        return done.stdout

    def path(self, name):
        """Returns the path by which this process reaches a file of the running container."""
        return pathlib.Path(f"/proc/{self.leader}/root", str(name).lstrip("/"))

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def journal(self, unit="attestrd"):
        """Returns the entries of the journal that the processes of the unit wrote."""
        lines = self.run("journalctl", "-q", "-u", unit, "-o", "json", "_TRANSPORT=stdout")
        return [json.loads(line) for line in lines.splitlines()]

    def property(self, name, unit="attestrd"):
        return self.run("systemctl", "show", "-P", name, unit).strip()

    def close(self):
        """Kills the first process, with which the kernel ends all others."""
        if self.leader and self.process.is_running():
            os.kill(int(self.leader), signal.SIGKILL)
            self.process.wait(BOOT_S)
        self.process.end()
        remove_cgroup(self.cgroup)
        self.machine.close()


def make_cgroup():
    """Makes a control group for the container. Where this machine has the first version of control
    groups beside the second one, this process and the container see only the second."""
    if not (CGROUPS / "cgroup.controllers").exists():
        debian_machine.mount("-t", "cgroup2", "cgroup2", CGROUPS)
    group = CGROUPS / f"attestrd-test-{os.getpid()}"
    group.mkdir()
    return group


def remove_cgroup(group):
    """Removes the group and those in it, once their last processes are gone."""
    deadline = time.monotonic() + 5
    while True:
        try:
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
