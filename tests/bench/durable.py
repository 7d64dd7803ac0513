"""Results a second, durable and verified, beside what the disk gives.

All of them are complete when the daemon starts, 20 kB each and signed. The clock runs while it is
in full swing: its connections open, its backlog full, so that it fetches as much as it publishes.
When each came into results/ the file system has noted (as its change of status). Beside it, on the
same file system and with files as long as the records: one that syncs each file by itself, and one
that only writes, with one syncfs for a batch. Neither of these fetches, verifies, or remembers
anything.

All may use all cores, nginx too: where there are but two of them, the daemon's threads would else
wait for one while the other idles. What other programs have left to be written is synced before
each measurement. An ext4 without a journal passes by, one after the other at each new file, the
inodes that were freed in the last minutes, so that a file costs twenty times as much where
thousands have been removed. That is why the first round waits until those minutes are over, each
has a part of the disk of its own, and none of its files is removed before the end. And where the
machine is a virtual one, its host may have taken back what memory is free, and gives it again page
by page, which costs some microseconds each: so memory is touched before each measurement.
"""

import json
import os
import subprocess
import time

import harness
import machine
from machine import Cores
from place import Place
from table import Table, median, ratio
from upstream import Upstream

ROUNDS = 3              # For each that is asked for: they are short, and a busy host shows in each.
RESULTS = 8 * 1024      # Of as many rounds of the daemon's.
WARM_UP = 10 * 1024     # So many more are published before the clock runs: the backlog fills up,
COOL_DOWN = 4096        # and so many after it: no fewer than may be on their way to the disk.
RESULT_BYTES = 20_000
FILES_ONE_BY_ONE = 500  # Slow, and no faster with more of them.
BATCH = 1024            # Files of the limit for one syncfs.
FREED_INODES_S = 361    # So long they are passed by: RECENTCY_MIN and _DIRTY of fs/ext4/ialloc.c.
TOUCHED_MIB = 4096      # More than a measurement needs: which pages it gets is not known before.
CHECKED = 100           # So many records are verified again.


def run(options, folder, cores):
    rounds = {"attestrd": [], "each": [], "batch": []}
    with Place(folder) as place:
        scatter(place.folder)
        wait_for_freed_inodes(options, place.folder)
        pending = Upstream(place, cores.all, place.answer("$id"), "pending")
        complete = Upstream(place, cores.all, place.signed_answer("$id", result()), "complete")
        for number in range(count := ROUNDS * options.rounds):
            options.tell(f"durable: round {number + 1} of {count}")
            home = f"{place.folder.name}-{number}"
            rate, record_bytes = attestrd(place, cores, pending, complete, home)
            rounds["attestrd"].append(rate)
            rounds["each"].append(limit(place, cores, "each", FILES_ONE_BY_ONE, record_bytes))
            rounds["batch"].append(limit(place, cores, "batch", RESULTS, record_bytes, BATCH))
            give_back_room(place.folder / home)
    summary = {name: {"per_second": median(rates),
                      "attestrd_over": ratio(rounds["attestrd"], rates)}
               for name, rates in rounds.items()}
    return {"results": RESULTS, "record_bytes": record_bytes, "batch": BATCH,
            "per_second": rounds, "summary": summary}


def scatter(folder):
    """With its attribute T (chattr(1)), ext4 puts each folder that is made in this one into another
    part of the disk, which its name tells."""
    subprocess.run(["chattr", "+T", folder], stderr=subprocess.DEVNULL, check=False)


def wait_for_freed_inodes(options, folder):
    """What was removed before the bench began costs nothing any more."""
    if not machine.is_ext4_without_journal(folder):
        return
    wait_s = options.began + FREED_INODES_S - time.monotonic()
    if wait_s > 0:
        options.tell(f"durable: for {wait_s:.0f} s the disk remembers files that were removed")
        time.sleep(wait_s)


def result():
    """The text of a result of one stage, most of it a photograph, as most results are."""
    stage = {"input": {"uuid": "5004xxxx7609"}, "output": {"birthDate": "06-12-1995", "photo": ""}}
    text = json.dumps({"FS021ci5lxypd15fvt44f": stage})
    photograph = "/9j/4AAQSkZJRgABAQ" * RESULT_BYTES
    return text.replace('"photo": "', f'"photo": "{photograph[:RESULT_BYTES - len(text)]}')


def give_back_room(home):
    """All but the inodes."""
    for file in home.rglob("*.json"):
        os.truncate(file, 0)


def attestrd(place, cores, pending, complete, name):
    """Results a second of a daemon in full swing, and the bytes of a record."""
    everywhere = Cores.on(*cores.all)
    ids = harness.make_ids(WARM_UP + RESULTS + COOL_DOWN)
    before = place.start_daemon_at(pending.url, name, everywhere)
    place.drop(ids)
    harness.eventually(lambda: before.status()["pending"] == len(ids), what="acceptance")
    if before.stop() != 0:
        raise RuntimeError(before.err.read_text())

    settle_down()
    daemon = place.start_daemon_at(complete.url, name, everywhere, is_ready=False)
    results = place.spool / "results"
    # The daemon itself is asked once nothing has come for a while: an answer takes its time.
    harness.eventually(lambda: stands_still(results) and daemon.status()["pending"] == 0, 120,
                       "the end of each")
    if daemon.stop() != 0:
        raise RuntimeError(daemon.err.read_text())
    complete.expect_no_error()
    files = sorted(results.iterdir())
    if len(files) != len(ids):
        raise RuntimeError(f"{len(files)} results of {len(ids)}")
    published = sorted(file.stat().st_ctime for file in files)
    taken = published[WARM_UP + RESULTS - 1] - published[WARM_UP - 1]
    return RESULTS / taken, check(place, daemon.config, files)


def settle_down():
    """Nothing that went before is to be paid for."""
    os.sync()
    machine.touch_memory(TOUCHED_MIB)


def stands_still(folder):
    """Whether no name comes into a folder for a quarter of a second."""
    before = folder.stat().st_mtime_ns
    time.sleep(0.25)
    return folder.stat().st_mtime_ns == before


def check(place, config, files):
    """No fast nonsense: the records hold. Returns how long one is."""
    verified = place.attestrd("verify", "--config", config, *files[:CHECKED])
    if verified.returncode != 0:
        raise RuntimeError(verified.stdout + verified.stderr)
    return files[0].stat().st_size


def limit(place, cores, mode, files, size, *batch):
    """Files a second of durable_limit, in the home of the daemon of this round."""
    root = place.spool.parent / mode
    for name in ("staging", "results"):
        (root / name).mkdir(parents=True)
    settle_down()
    told = subprocess.run([*Cores.on(*cores.all), harness.BUILD / "tests/bench/durable_limit", mode,
                           root, str(files), str(size), *map(str, batch)],
                          stdout=subprocess.PIPE, text=True, check=True)
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
