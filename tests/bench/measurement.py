"""Measures what a running client uses for each request."""

import re
import shutil
import subprocess
import time

import machine


def measure(client, upstream, seconds):
    """Returns the figures of a client after its warm-up."""
    count, busy, served = upstream.answered(), machine.cpu_seconds(client.pid), \
        machine.cpu_seconds(upstream.pid)
    start = time.monotonic()
    time.sleep(seconds)
    busy, served = (machine.cpu_seconds(client.pid) - busy,
                    machine.cpu_seconds(upstream.pid) - served)
    elapsed = time.monotonic() - start
    count = upstream.answered() - count
    if not client.is_running() or count <= 0:
        raise RuntimeError(f"{client.popen.args}: no answers\n{client.err.read_text()}")
    upstream.expect_no_error()
    return {
        "cpu_us": busy / count * 1e6,
        "requests_per_second": count / elapsed,
        "busy": busy / elapsed,
        "server_cpu_us": served / count * 1e6,
        "server_busy": served / elapsed,
        "peak_mib": machine.memory_mib(client.pid, "VmHWM"),
    }


def syscalls_per_request(client, upstream, seconds):
    """Counts the system calls of all threads with perf, which hardly slows the client down, or with
    strace where perf is not permitted. Returns None where neither is installed and permitted."""
    for tool, count_calls in (("perf", count_by_perf), ("strace", count_by_strace)):
        if not shutil.which(tool):
            continue
        before = upstream.answered()
        calls = count_calls(client.pid, seconds)
        requests = upstream.answered() - before
        if calls is not None and requests > 0:
            return {"syscalls": calls / requests, "syscalls_counted_by": tool}
    return None


def count_by_perf(pid, seconds):
    done = subprocess.run(["perf", "stat", "--event", "raw_syscalls:sys_enter", "--field-separator",
                           ",", "--pid", str(pid), "--", "sleep", str(seconds)],
                          capture_output=True, text=True, check=False)
    found = re.search(r"^(\d+),.*raw_syscalls:sys_enter", done.stderr, re.MULTILINE)
    return int(found.group(1)) if done.returncode == 0 and found else None


def count_by_strace(pid, seconds):
    done = subprocess.run(["timeout", "--signal", "INT", str(seconds), "strace", "-c", "-f", "-p",
                           str(pid)], capture_output=True, text=True, check=False)
    found = re.search(r"^100\.00 +\S+ +\S+ +(\d+).* total$", done.stderr, re.MULTILINE)
    return int(found.group(1)) if found else None
