"""A window of time over a client at work: what it uses for each request."""

import re
import subprocess
import time

import machine


def measure(client, upstream, seconds):
    """The figures of a client that has warmed up."""
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
    """Of all its threads, and the tool that counted: perf, which hardly disturbs, or strace, which
    slows the client down, where perf may not be used. None where neither may."""
    for tool, count_calls in (("perf", count_by_perf), ("strace", count_by_strace)):
        before = upstream.answered()
        calls = count_calls(client.pid, seconds)
        requests = upstream.answered() - before
        if calls is not None and requests > 0:
            return {"syscalls": calls / requests, "syscalls_counted_by": tool}
    return None


def count_by_perf(pid, seconds):
    told = subprocess.run(["perf", "stat", "--event", "raw_syscalls:sys_enter", "--field-separator",
                           ",", "--pid", str(pid), "--", "sleep", str(seconds)],
                          capture_output=True, text=True, check=False)
    found = re.search(r"^(\d+),.*raw_syscalls:sys_enter", told.stderr, re.MULTILINE)
    return int(found.group(1)) if told.returncode == 0 and found else None


def count_by_strace(pid, seconds):
    told = subprocess.run(["timeout", "--signal", "INT", str(seconds), "strace", "-c", "-f", "-p",
                           str(pid)], capture_output=True, text=True, check=False)
    found = re.search(r"^100\.00 +\S+ +\S+ +(\d+).* total$", told.stderr, re.MULTILINE)
    return int(found.group(1)) if found else None
