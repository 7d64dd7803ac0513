"""Measures the commands of operators with a million pending handshakes, and what watching costs.

Commands: a million ids are pending, the last thousand of them with one tag; the daemon polls at
full speed on a core of its own. Each command runs several times: the time from its start to the
first byte of its output, the time to its end, and the longest that a request for /readyz waited
meanwhile, which shows for how long the event loop was busy with something else. Then the polls a
second while the command runs again and again, compared with those before.

Watchers: the CPU of a poll while a client scrapes /metrics each second and a thousand idle clients
have a connection, compared with the mean before and after, when nobody watches.
"""

import json
import os
import resource
import select
import socket
import subprocess
import threading
import time

import harness
import measurement
from bench_fixture import BenchFixture
from ids import write_ids
from machine import Cores
from table import Table, column, median, medians, ratio
from upstream import Upstream

PROGRAMS = ()  # Beyond requirements.COMMON.
PENDING = 1_000_000
TAGGED = 1000
TAG = "branch-7"
IDLE_CLIENTS = 1000
WARM_UP_REQUESTS = 20_000
ACCEPT_TIMEOUT_S = 600
ONE, OTHER = "DS02z0000000000000001", "DS02z0000000000000002"

# Each command with its exit code, in an order in which each finds what it needs.
COMMANDS = (
    (("status",), 0), (("status", "--json"), 0), (("explain", ONE), 0),
    (("explain", "--tag", TAG, "--json"), 65), (("ages",), 0), (("list", "--limit", "1000"), 0),
    (("list", "--state", "due", "--limit", "1000"), 0), (("list", "--tag", TAG), 0),
    (("list", "--sort", "age", "--limit", "10"), 0), (("list", "--json"), 0), (("kick", ONE), 0),
    (("kick", "--tag", TAG, "--all"), 0), (("hold", ONE), 0), (("release", ONE), 0),
    (("hold", "--tag", TAG, "--all"), 0), (("release", "--tag", TAG, "--all"), 0),
    (("kick", "--all"), 0), (("pause",), 0), (("resume",), 0), (("reload",), 0),
    (("retry", ONE), 65), (("backup", "BACKUP"), 0), (("cancel", OTHER), None),
)


def run(options, folder, cores):
    with BenchFixture(folder) as place:
        upstream = Upstream(place, [cores.server], place.answer("$id"))
        daemon = fill(place, upstream, cores, options)
        upstream.wait_for_requests(WARM_UP_REQUESTS, daemon)
        commands = []
        for words, code in COMMANDS:
            options.report(f"commands: {' '.join(words)}")
            commands.append(measure_command(place, daemon, upstream, words, code, options))
        daemon.kill()
        rounds = [watch(place, upstream, cores, options, number)
                  for number in range(options.rounds)]
    return {"commands": commands, "watched": rounds,
            "summary": {kind: medians([its[kind] for its in rounds])
                        for kind in ("alone", "watched")}
            | {"cpu_ratio": ratio([its["watched"]["cpu_us"] for its in rounds],
                                  [its["alone"]["cpu_us"] for its in rounds])}}


def fill(place, upstream, cores, options):
    """Returns a daemon that has a million handshakes pending."""
    options.report(f"commands: {PENDING:,} are accepted")
    daemon = place.start_daemon_at(upstream.url, "commands", Cores.on(cores.client))
    ids = place.folder / "commands-ids"
    write_ids(ids, PENDING - TAGGED, "ascending")
    for file in sorted(ids.iterdir()):
        file.rename(place.inbox / file.name)
    lines = (json.dumps({"id": f"DS02ztagged{number:09}", "tag": TAG}) for number in range(TAGGED))
    place.drop(lines, name="tagged")
    harness.eventually(lambda: daemon.status()["pending"] == PENDING, ACCEPT_TIMEOUT_S,
                       f"{PENDING:,} pending")
    return daemon


def measure_command(place, daemon, upstream, words, code, options):
    before = polls_per_second(upstream, options.seconds)
    runs = []
    start, polls = time.monotonic(), upstream.answered()
    while len(runs) < options.rounds or (time.monotonic() - start < options.seconds):
        runs.append(run_once(place, words, code))
    beside = (upstream.answered() - polls) / (time.monotonic() - start)
    if not daemon.is_running():
        raise RuntimeError(daemon.err.read_text())
    return {"command": " ".join(words), "runs": len(runs),
            "first_byte_ms": median(column(runs, "first_byte_ms")),
            "seconds": median(column(runs, "seconds")),
            "longest_s": max(column(runs, "seconds")),
            "readyz_ms": median(column(runs, "readyz_ms")),
            "polls_beside": beside / before if before else None}


def run_once(place, words, code):
    config = place.folder / "commands.toml"
    arguments = [str(place.folder / f"backup-{time.monotonic_ns()}") if word == "BACKUP" else word
                 for word in words]
    with LongestWait(place.folder / "commands/control.sock") as waits:
        start = time.monotonic()
        process = subprocess.Popen([harness.ATTESTRD, words[0], "--config", config,
                                    *arguments[1:]], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        select.select([process.stdout], [], [])
        first = time.monotonic() - start
        while os.read(process.stdout.fileno(), 1 << 20):
            pass
        errors = process.stderr.read().decode()
        status = process.wait()
        seconds = time.monotonic() - start
        process.stdout.close()
        process.stderr.close()
    if code is not None and status != code:
        raise RuntimeError(f"{' '.join(words)}: exit code {status}: {errors}")
    for backup in place.folder.glob("backup-*"):
        backup.unlink()
    return {"first_byte_ms": first * 1e3, "seconds": seconds, "readyz_ms": waits.longest * 1e3}


class LongestWait:
    """Asks for /readyz again and again, on a thread of its own."""

    REQUEST = b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"

    def __init__(self, path):
        self.path = path
        self.longest = 0.0
        self.asked = self.answers = 0
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
        if self.answers < self.asked or self.asked == 0:
            raise RuntimeError(f"/readyz: {self.answers} answers to {self.asked} requests")

    def ask(self):
        while not self.ends.wait(0.002):
            start = time.monotonic()
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.path))
                client.sendall(self.REQUEST)
                self.answers += client.recv(4096).startswith(b"HTTP/1.1 ")
            self.asked += 1
            self.longest = max(self.longest, time.monotonic() - start)


def polls_per_second(upstream, seconds):
    start, polls = time.monotonic(), upstream.answered()
    time.sleep(seconds)
    return (upstream.answered() - polls) / (time.monotonic() - start)


def watch(place, upstream, cores, options, number):
    """Returns the figures of a poll, before, while and after one daemon is watched."""
    options.report(f"commands: watched, round {number + 1} of {options.rounds}")
    daemon = place.start_daemon_at(upstream.url, f"watched-{number}", Cores.on(cores.client))
    place.drop([f"DS02zwatched{i:04}" for i in range(1000)])
    upstream.wait_for_requests(WARM_UP_REQUESTS, daemon)
    before = measurement.measure(daemon, upstream, options.seconds)
    with Watchers(place.folder / f"watched-{number}/control.sock") as watchers:
        time.sleep(1)  # The clients that connect are not part of the measurement.
        watched = measurement.measure(daemon, upstream, options.seconds)
    time.sleep(1)
    after = measurement.measure(daemon, upstream, options.seconds)
    daemon.kill()
    alone = {key: (before[key] + after[key]) / 2 for key in before}
    if watchers.scrapes < int(options.seconds) - 1:
        raise RuntimeError(f"{watchers.scrapes} scrapes in {options.seconds} s")
    return {"alone": alone, "watched": watched}


class Watchers:
    """A client that scrapes /metrics each second, and idle clients."""

    def __init__(self, path):
        self.path = path
        self.scrapes = 0
        self.idle = []
        self.ends = threading.Event()
        self.thread = threading.Thread(target=self.scrape)

    def __enter__(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 2 * IDLE_CLIENTS), most))
        for _ in range(IDLE_CLIENTS):
            client = socket.socket(socket.AF_UNIX)
            client.connect(str(self.path))
            self.idle.append(client)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()
        for client in self.idle:
            client.close()

    def scrape(self):
        while not self.ends.wait(1):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.path))
                client.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                text = b"".join(iter(lambda: client.recv(65536), b""))
            if b"attestrd_polls_total" in text:
                self.scrapes += 1


def tables(figures):
    commands = Table("command", "first byte", "whole", "longest", "another request waits",
                     "polls/s beside")
    for its in figures["commands"]:
        commands.row(f"`{its['command']}`", f"{its['first_byte_ms']:.0f} ms",
                     f"{its['seconds'] * 1e3:,.0f} ms", f"{its['longest_s'] * 1e3:,.0f} ms",
                     f"{its['readyz_ms']:.1f} ms",
                     f"{its['polls_beside']:.2f} ×" if its["polls_beside"] else "paused")
    yield f"commands with {PENDING:,} pending, medians", commands

    watched = Table("watchers", "CPU a poll", "polls/s")
    summary = figures["summary"]
    for kind, name in (("alone", "none"),
                       ("watched", f"a scrape each second, {IDLE_CLIENTS:,} idle clients")):
        watched.row(name, f"{summary[kind]['cpu_us']:.2f} µs",
                    f"{summary[kind]['requests_per_second']:,.0f}")
    yield (f"watched: a poll costs {summary['cpu_ratio']:.3f} times as much, "
           f"median of {len(figures['watched'])} paired rounds"), watched
