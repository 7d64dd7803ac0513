"""Measures the cost of a backlog of 1,000, 100,000 and a million handshakes, with --long also of
ten million.

Acceptance: the ids appear in the inbox at once, as files of a million lines at most. The time ends
when the last file has been removed, which means that its ids are committed. The same ids are
inserted through SQLite alone (accept_limit): in ascending order, so that each row is appended to
the table, and in random order. The daemon may use all cores, and polls at the default rate.
Ten million are accepted once and in ascending order only, since random order is slow in SQLite.

Start: with all of them in the queue; the time runs from exec to the first poll that the server
answers. After that the daemon polls at full speed on a core of its own: CPU for each poll.
"""

import shutil
import subprocess
import time

import harness
import machine
import measurement
from ids import write_ids
from machine import Cores
from bench_fixture import BenchFixture
from table import Table, column, medians, ratio
from upstream import Upstream

PROGRAMS = ()  # Beyond requirements.COMMON.
COUNTS = (1000, 100_000, 1_000_000)
LONG_COUNT = 10_000_000
DEFAULTS = {}
WARM_UP_REQUESTS = 20_000
TIMEOUT_S = 1800


def run(options, folder, cores):
    counts = (*COUNTS, LONG_COUNT) if options.long else COUNTS
    accepted, polled = {count: {} for count in counts}, {count: [] for count in counts}
    with BenchFixture(folder) as place:
        upstream = Upstream(place, [cores.server], place.answer("$id"))
        for count in counts:
            is_long = count == LONG_COUNT
            for order in ("ascending",) if is_long else ("ascending", "at random"):
                ids = place.folder / "ids"
                write_ids(ids, count, order)
                rounds = accepted[count][order] = []
                for number in range(1 if is_long else options.rounds):
                    options.report(f"million: {count:,} accepted, {order}, round {number + 1}")
                    # The queue of the last round is kept, because poll() uses it.
                    shutil.rmtree(place.folder / f"home-{count}", ignore_errors=True)
                    rounds.append(accept(place, cores, upstream, count, ids))
                shutil.rmtree(ids)
        for number in range(options.rounds):
            for count in counts:
                options.report(f"million: {count:,} polled, round {number + 1} of {options.rounds}")
                polled[count].append(poll(place, cores, upstream, count, options))
    return {"accepted": accepted, "polled": polled, "summary": summary(accepted, polled)}


def summary(accepted, polled):
    few = column(polled[COUNTS[0]], "cpu_us")
    return {
        "accepted": {count: {order: {**medians(rounds), "over_limit": ratio(
            column(rounds, "ids_per_second"), column(rounds, "limit_per_second"))}
            for order, rounds in orders.items()} for count, orders in accepted.items()},
        "polled": {count: {**medians(rounds), "cpu_over_fewest": ratio(
            column(rounds, "cpu_us"), few)} for count, rounds in polled.items()}}


def accept(place, cores, upstream, count, ids):
    daemon = place.start_daemon_at(upstream.url, f"home-{count}", Cores.on(*cores.all),
                                   base=DEFAULTS)
    files = sorted(ids.iterdir())
    for file in files:
        shutil.copy(file, place.inbox / f".{file.name}")
    start = time.monotonic()
    for file in files:
        (place.inbox / f".{file.name}").rename(place.inbox / file.name)
    while any((place.inbox / file.name).exists() for file in files):
        if time.monotonic() - start > TIMEOUT_S or not daemon.is_running():
            raise RuntimeError(f"{count:,} ids were not accepted: {daemon.err.read_text()}")
        time.sleep(0.001)
    seconds = time.monotonic() - start
    harness.eventually(lambda: daemon.status()["pending"] == count, 60, f"{count:,} pending")
    figures = {"ids_per_second": count / seconds,
               "resident_mib": machine.memory_mib(daemon.pid, "VmRSS"),
               "peak_mib": machine.memory_mib(daemon.pid, "VmHWM")}
    if daemon.stop(within=60) != 0:
        raise RuntimeError(daemon.err.read_text())
    return figures | {"limit_per_second": count / limit(place, cores, files)}


def limit(place, cores, files):
    """Returns the seconds that accept_limit needs."""
    home = place.folder / "limit"
    home.mkdir()
    done = subprocess.run([*Cores.on(*cores.all), harness.BUILD / "tests/bench/accept_limit",
                           home / "queue.db", *files],
                          stdout=subprocess.PIPE, text=True, check=True)
    shutil.rmtree(home)
    return float(done.stdout)


def poll(place, cores, upstream, count, options):
    polls = upstream.answered()
    start = time.monotonic()
    daemon = place.start_daemon_at(upstream.url, f"home-{count}", Cores.on(cores.client),
                                   is_ready=False)
    while upstream.answered() == polls:
        if time.monotonic() - start > TIMEOUT_S or not daemon.is_running():
            raise RuntimeError(f"no poll with {count:,} pending: {daemon.err.read_text()}")
        time.sleep(0.002)
    figures = {"first_poll_s": time.monotonic() - start}
    upstream.wait_for_requests(WARM_UP_REQUESTS, daemon)
    figures |= measurement.measure(daemon, upstream, options.seconds)
    figures["resident_mib"] = machine.memory_mib(daemon.pid, "VmRSS")
    daemon.kill()
    return figures


def tables(figures):
    rounds = len(figures["polled"][COUNTS[0]])
    accepted = Table("pending", "ids", "ids/s accepted", "SQLite alone", "attestrd's is",
                     "memory then", "peak")
    for count, orders in figures["summary"]["accepted"].items():
        for order, its in orders.items():
            accepted.row(f"{count:,}", order, f"{its['ids_per_second']:,.0f}",
                         f"{its['limit_per_second']:,.0f}", f"{its['over_limit']:.2f} ×",
                         f"{its['resident_mib']:.0f} MiB", f"{its['peak_mib']:.0f} MiB")
    once = " (ten million once)" if LONG_COUNT in figures["accepted"] else ""
    yield f"accepted, medians of {rounds} paired rounds{once}", accepted

    polled = Table("pending", "start to first poll", "CPU a poll", "against 1,000", "polls/s",
                   "memory then", "peak")
    for count, its in figures["summary"]["polled"].items():
        polled.row(f"{count:,}", f"{its['first_poll_s']:.2f} s", f"{its['cpu_us']:.1f} µs",
                   f"{its['cpu_over_fewest']:.2f} ×", f"{its['requests_per_second']:,.0f}",
                   f"{its['resident_mib']:.0f} MiB", f"{its['peak_mib']:.0f} MiB")
    yield f"started and polled at full speed, medians of {rounds} rounds", polled
