"""Describes the machine and its cores, distributes processes over them, and measures their
resources."""

import contextlib
import mmap
import os
import pathlib
import platform
import re
import subprocess
import time

from requirements import path_of


class Cores:
    """A core for the server and the bench itself, and another for the client that is measured."""

    def __init__(self):
        self.all = sorted(os.sched_getaffinity(0))
        self.server, self.client = self.all[0], self.all[-1]

    def note(self):
        """Returns a warning for the reader of the figures, or an empty text."""
        if self.server != self.client:
            return ""
        return "server and client share the only core, so requests per second mean little"

    @staticmethod
    def on(*cores):
        """Returns the prefix of a command that is to run on these cores."""
        return "taskset", "--cpu-list", ",".join(map(str, cores))


def raise_priority():
    """Raises the priority of this process and of those that it starts, where that is permitted."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)


def describe(folder):
    """Returns the description of the machine that belongs to a table of figures."""
    cpus = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*: (.*)$", cpus, re.MULTILINE)
    memory = re.search(r"MemTotal: *(\d+)", pathlib.Path("/proc/meminfo").read_text())
    return {
        "cpu": model.group(1) if model else platform.machine(),
        "cores": os.cpu_count(),
        "memory_mib": int(memory.group(1)) // 1024,
        "kernel": platform.release(),
        "file_system": file_system(folder),
        "nginx": version("nginx", "-v"),
        "openssl": version("openssl", "version"),
    }


def version(program, flag):
    done = subprocess.run([path_of(program), flag], capture_output=True, text=True, check=True)
    return re.search(r"\d+(\.\d+)+\w*", done.stdout + done.stderr).group()


def file_system(folder):
    return subprocess.run(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", folder],
                          capture_output=True, text=True, check=True).stdout.strip()


def is_ext4_without_journal(folder):
    """Returns whether the folder is on an ext4 without a journal, which has no journal thread
    (fs/ext4/sysfs.c: journal_task)."""
    device = folder.stat().st_dev
    disk = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    journal = pathlib.Path(f"/sys/fs/ext4/{disk}/journal_task")
    return journal.exists() and journal.read_text().strip() == "<none>"


def on_disk(*candidates):
    """Returns the first of the folders whose files are on a disk: in memory a sync costs
    nothing."""
    for folder in candidates:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK) and file_system(folder) not in ("tmpfs", "ramfs"):
            return folder
    raise RuntimeError(f"none of these is on a disk: {', '.join(map(str, candidates))}")


def touch_memory(mib):
    """Allocates this amount of memory, or half of the available amount, and frees it, so that the
    host of a virtual machine provides the pages before the measurement."""
    mib = min(mib, available_mib() // 2)
    mmap.mmap(-1, mib << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()


def available_mib():
    """Returns the available memory of the machine, or the limit of the control group if that is
    less."""
    meminfo = pathlib.Path("/proc/meminfo").read_text()
    machine_mib = int(re.search(r"MemAvailable: *(\d+)", meminfo).group(1)) // 1024
    bound = pathlib.Path("/sys/fs/cgroup/memory.max")
    text = bound.read_text().strip() if bound.exists() else "max"
    return machine_mib if text == "max" else min(machine_mib, int(text) >> 20)


def cpu_seconds(pid):
    """Returns the user and system time of all threads of a process so far, by its CPU clock
    (clock_getcpuclockid(3)): in nanoseconds, where /proc/PID/stat counts ticks."""
    scheduled = 2
    return time.clock_gettime(~pid << 3 | scheduled)


def memory_mib(pid, key):
    """Returns the resident memory of a process ("VmRSS"), or its peak ("VmHWM")."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{key}:\s*(\d+) kB$", status, re.MULTILINE).group(1)) / 1024
