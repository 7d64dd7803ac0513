"""Results a second, durable and verified, beside what the disk gives.

All of them are complete when the daemon starts, 20 kB each and signed. The clock runs from the
first poll that the server answers until the last record is in results/. Beside it, on the same file
system and with files as long as the records: one that syncs each file by itself, and one that only
writes, with one syncfs for a batch. Neither of these fetches, verifies, or remembers anything.

nginx has a core for itself; the daemon and the others may use all. What other programs have left to
be written is synced before each measurement.
"""

import json
import os
import shutil
import subprocess
import time

import harness
from machine import Cores
from place import Place
from table import Table, median, ratio
from upstream import Upstream

RESULTS = 8000
RESULT_BYTES = 20_000
FILES_ONE_BY_ONE = 500  # Slow, and no faster with more of them.
BATCH = 1024             # As many as the daemon lets wait for the disk (limits::kUnsettledRecords).
CHECKED = 100            # So many records are verified again.


def run(options, folder, cores):
    rounds = {"attestrd": [], "each": [], "batch": []}
    with Place(folder) as place:
        pending = Upstream(place, cores.server, place.answer("$id"), "pending")
        complete = Upstream(place, cores.server, place.signed_answer("$id", result()), "complete")
        for number in range(options.rounds):
            options.tell(f"durable: round {number + 1} of {options.rounds}")
            rate, record_bytes = attestrd(place, cores, pending, complete, f"home-{number}")
            rounds["attestrd"].append(rate)
            rounds["each"].append(limit(place, cores, "each", FILES_ONE_BY_ONE, record_bytes))
            rounds["batch"].append(limit(place, cores, "batch", RESULTS, record_bytes, BATCH))
    summary = {name: {"per_second": median(rates),
                      "attestrd_over": ratio(rounds["attestrd"], rates)}
               for name, rates in rounds.items()}
    return {"results": RESULTS, "record_bytes": record_bytes, "batch": BATCH,
            "per_second": rounds, "summary": summary}


def result():
    """The text of a result of one stage, most of it a photograph, as most results are."""
    stage = {"input": {"uuid": "5004xxxx7609"}, "output": {"birthDate": "06-12-1995", "photo": ""}}
    text = json.dumps({"FS021ci5lxypd15fvt44f": stage})
    photograph = "/9j/4AAQSkZJRgABAQ" * RESULT_BYTES
    return text.replace('"photo": "', f'"photo": "{photograph[:RESULT_BYTES - len(text)]}')


def attestrd(place, cores, pending, complete, name):
    """Results a second of a daemon whose handshakes have all ended, and the bytes of a record."""
    everywhere = Cores.on(*cores.all)
    ids = harness.make_ids(RESULTS)
    before = place.start_daemon_at(pending.url, name, everywhere)
    place.drop(ids)
    harness.eventually(lambda: before.status()["pending"] == RESULTS, what="acceptance")
    if before.stop() != 0:
        raise RuntimeError(before.err.read_text())

    os.sync()
    results = place.spool / "results"
    polls = complete.answered()
    daemon = place.start_daemon_at(complete.url, name, everywhere, is_ready=False)
    while complete.answered() == polls:
        time.sleep(0.001)
    start = time.monotonic()
    harness.eventually(lambda: len(os.listdir(results)) == RESULTS, 120, "all results")
    seconds = time.monotonic() - start
    harness.eventually(lambda: daemon.status()["pending"] == 0, what="the end of each")
    if daemon.stop() != 0:
        raise RuntimeError(daemon.err.read_text())
    complete.expect_no_error()
    return RESULTS / seconds, check(place, daemon.config, results)


def check(place, config, results):
    """No fast nonsense: the records hold. Returns how long one is."""
    files = sorted(results.iterdir())
    verified = place.attestrd("verify", "--config", config, *files[:CHECKED])
    if verified.returncode != 0:
        raise RuntimeError(verified.stdout + verified.stderr)
    record_bytes = files[0].stat().st_size
    shutil.rmtree(place.spool.parent)
    return record_bytes


def limit(place, cores, mode, files, size, *batch):
    """Files a second of durable_limit."""
    root = place.folder / mode
    for name in ("staging", "results"):
        (root / name).mkdir(parents=True)
    os.sync()
    told = subprocess.run([*Cores.on(*cores.all), harness.BUILD / "tests/bench/durable_limit", mode,
                           root, str(files), str(size), *map(str, batch)],
                          stdout=subprocess.PIPE, text=True, check=True)
    shutil.rmtree(root)
    return files / float(told.stdout)


def tables(figures):
    table = Table("", "results/s", "attestrd's is")
    for name, what in (("attestrd", "attestrd, all of it"),
                       ("each", "write, fsync, rename, fsync the folder, one by one"),
                       ("batch", f"write {figures['batch']:,}, one syncfs, rename")):
        its = figures["summary"][name]
        table.row(what, f"{its['per_second']:,.0f}", f"{its['attestrd_over']:.2f} ×")
    yield (f"{figures['results']:,} results with records of {figures['record_bytes']:,} bytes, "
           f"medians of {len(figures['per_second']['attestrd'])} paired rounds"), table
