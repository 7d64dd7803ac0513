"""Measures the cost of a poll: attestrd and other clients in turn, on the same server, in rounds.

A round measures all of them within a minute, so that other load on the machine affects all alike;
each ratio is of two figures of the same round. attestrd runs with all of its functions: it parses
and classifies every answer, schedules the next poll of the handshake, and logs at level info. With
5,000 pending handshakes, each due again after 10 ms, a handshake is always due.
"""

import harness
import measurement
from clients import PEERS, start_peer
from machine import Cores
from bench_fixture import BenchFixture
from table import Table, column, medians, ratio
from rotation import rotated
from upstream import Upstream

PROGRAMS = tuple(PEERS)
PENDING = 5000
WARM_UP_REQUESTS = 10_000
WARM_UP_REQUESTS_OF_SLOW_CLIENTS = 3000


def run(options, folder, cores):
    names = ["attestrd", *PEERS]
    rounds = {name: [] for name in names}
    syscalls = {}
    with BenchFixture(folder) as place:
        upstream = Upstream(place, [cores.server], place.answer("$id"))
        for number in range(options.rounds):
            for name in rotated(names, number):
                options.report(f"peers: round {number + 1} of {options.rounds}: {name}")
                client = start(name, place, upstream, cores, number)
                rounds[name].append(measurement.measure(client, upstream, options.seconds))
                if number == options.rounds - 1:
                    syscalls[name] = measurement.syscalls_per_request(client, upstream, 2)
                client.kill()
    return {"pending": PENDING, "rounds": rounds, "summary": summary(rounds, syscalls),
            "missing": [f"system calls of {name}" for name in names if not syscalls[name]]}


def summary(rounds, syscalls):
    ours = column(rounds["attestrd"], "cpu_us")
    return {name: {**medians(figures), "attestrd_cpu_over": ratio(ours, column(figures, "cpu_us")),
                   **(syscalls[name] or {})} for name, figures in rounds.items()}


def start(name, place, upstream, cores, number):
    """Starts a client on its core, and returns it after its warm-up."""
    under = Cores.on(cores.client)
    if name == "attestrd":
        client = place.start_daemon_at(upstream.url, f"attestrd-{number}", under)
        place.drop(harness.make_ids(PENDING))
        harness.eventually(lambda: client.status()["pending"] == PENDING, what="acceptance")
    else:
        client = start_peer(name, place, upstream, under)
    is_slow = name in ("aiohttp", "curl")
    upstream.wait_for_requests(
        WARM_UP_REQUESTS_OF_SLOW_CLIENTS if is_slow else WARM_UP_REQUESTS, client)
    return client


def tables(figures):
    table = Table("client", "CPU a request", "attestrd's is", "requests/s", "system calls",
                  "its core", "server's core", "peak memory")
    for name, its in figures["summary"].items():
        calls = f"{its['syscalls']:.2f}" if "syscalls" in its else "not measured"
        table.row(name, f"{its['cpu_us']:.1f} µs", f"{its['attestrd_cpu_over']:.2f} ×",
                  f"{its['requests_per_second']:,.0f}", calls, f"{its['busy']:.0%}",
                  f"{its['server_busy']:.0%}", f"{its['peak_mib']:.1f} MiB")
    yield (f"64 connections, {figures['pending']:,} pending, medians of "
           f"{len(figures['rounds']['attestrd'])} paired rounds"), table
