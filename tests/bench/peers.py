"""The price of a poll: attestrd and its peers in turn against the same server, several rounds.

A round measures all of them within a minute, so that whatever else the machine does falls on all;
each ratio is of two figures of one round. attestrd has everything on: it parses and classifies
every answer, schedules the next poll of its handshake, and logs at info. So many are pending, each
of them due again after 10 ms, that it is never without one to ask for.
"""

import harness
import window
from clients import PEERS, start_peer
from machine import Cores
from place import Place
from table import Table, column, medians, ratio
from turns import in_turn
from upstream import Upstream

PENDING = 5000
WARM_UP_REQUESTS = 10_000
WARM_UP_REQUESTS_OF_THE_SLOW = 3000


def run(options, folder, cores):
    names = ["attestrd", *PEERS]
    rounds = {name: [] for name in names}
    syscalls = {}
    with Place(folder) as place:
        upstream = Upstream(place, [cores.server], place.answer("$id"))
        for number in range(options.rounds):
            for name in in_turn(names, number):
                options.tell(f"peers: round {number + 1} of {options.rounds}: {name}")
                client = start(name, place, upstream, cores, number)
                rounds[name].append(window.measure(client, upstream, options.seconds))
                if number == options.rounds - 1:
                    syscalls[name] = window.syscalls_per_request(client, upstream, 2)
                client.kill()
    return {"pending": PENDING, "rounds": rounds, "summary": summary(rounds, syscalls),
            "missing": [f"system calls of {name}" for name in names if not syscalls[name]]}


def summary(rounds, syscalls):
    ours = column(rounds["attestrd"], "cpu_us")
    return {name: {**medians(figures), "attestrd_cpu_over": ratio(ours, column(figures, "cpu_us")),
                   **(syscalls[name] or {})} for name, figures in rounds.items()}


def start(name, place, upstream, cores, number):
    """A client on its core, once it is at full speed."""
    under = Cores.on(cores.client)
    if name == "attestrd":
        client = place.start_daemon_at(upstream.url, f"attestrd-{number}", under)
        place.drop(harness.make_ids(PENDING))
        harness.eventually(lambda: client.status()["pending"] == PENDING, what="acceptance")
    else:
        client = start_peer(name, place, upstream, under)
    is_slow = name in ("aiohttp", "curl")
    upstream.wait_for_requests(WARM_UP_REQUESTS_OF_THE_SLOW if is_slow else WARM_UP_REQUESTS)
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
