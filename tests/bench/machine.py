"""The machine that is measured on: its cores, who runs on which, and what a process has used."""

import contextlib
import mmap
import os
import pathlib
import platform
import re
import shutil
import subprocess
import time


class Cores:
    """A core for the server and for all that watches, another for the client that is measured."""

    def __init__(self):
        self.all = sorted(os.sched_getaffinity(0))
        self.server, self.client = self.all[0], self.all[-1]

    def note(self):
        """What a reader must know about this machine's cores; empty when all is well."""
        if self.server != self.client:
            return ""
        return "one core only: server and client share it, so that requests per second mean little"

    @staticmethod
    def on(*cores):
        """The command that runs another on these cores."""
        return "taskset", "--cpu-list", ",".join(map(str, cores))


def come_first():
    """Before other programs of this machine, as far as one may; what is started inherits it."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -15)


def describe(folder):
    """The machine in the words that a table of figures needs beside it."""
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
    path = shutil.which(program, path="/usr/sbin:/usr/bin")
    told = subprocess.run([path, flag], capture_output=True, text=True, check=True)
    return re.search(r"\d+(\.\d+)+\w*", told.stdout + told.stderr).group()


def file_system(folder):
    return subprocess.run(["findmnt", "--noheadings", "--output", "FSTYPE", "--target", folder],
                          capture_output=True, text=True, check=True).stdout.strip()


def is_ext4_without_journal(folder):
    """Its journal has no thread then (fs/ext4/sysfs.c: journal_task)."""
    device = folder.stat().st_dev
    disk = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    journal = pathlib.Path(f"/sys/fs/ext4/{disk}/journal_task")
    return journal.exists() and journal.read_text().strip() == "<none>"


def on_disk(*candidates):
    """The first folder whose files are not in memory: a sync costs nothing there."""
    for folder in candidates:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK) and file_system(folder) not in ("tmpfs", "ramfs"):
            return folder
    raise RuntimeError(f"none of these is on a disk: {', '.join(map(str, candidates))}")


def touch_memory(mib):
    """Uses so much memory, or half of what there is, and frees it, so that the host of a virtual
    machine has given it."""
    mib = min(mib, available_mib() // 2)
    mmap.mmap(-1, mib << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE).close()


def available_mib():
    """Of this machine; or what its control group may have, if that is less."""
    told = pathlib.Path("/proc/meminfo").read_text()
    machine_mib = int(re.search(r"MemAvailable: *(\d+)", told).group(1)) // 1024
    bound = pathlib.Path("/sys/fs/cgroup/memory.max")
    text = bound.read_text().strip() if bound.exists() else "max"
    return machine_mib if text == "max" else min(machine_mib, int(text) >> 20)


def cpu_seconds(pid):
    """What all threads of a process have used so far, user and system, by its CPU clock
    (clock_getcpuclockid(3)), which counts nanoseconds where /proc/PID/stat has ticks."""
    scheduled = 2
    return time.clock_gettime(~pid << 3 | scheduled)


def memory_mib(pid, key):
    """"VmRSS": what a process has in memory; "VmHWM": the most that it ever had."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{key}:\s*(\d+) kB$", status, re.MULTILINE).group(1)) / 1024
