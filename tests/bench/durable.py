"""Results a second, durable and verified, beside what the disk gives.

All of them are complete when the daemon starts, 20 kB each and signed. The clock runs while it is
in full swing: its connections open, and its backlog full by then, so that it fetches no more than
it publishes. When each came into results/ the file system has noted (as its change of status).
Beside it, on the same file system and with files as long as the records: one that syncs each file
by itself, and one that only writes, with one syncfs for a batch, and writes nothing while that
lasts. Neither of these fetches, verifies, or remembers anything. They take turns at being first.

All may use all cores, nginx too: where there are but two of them, the daemon's threads would else
wait for one while the other idles. What other programs have left to be written is synced before
each measurement. An ext4 without a journal passes by, one after the other at each new file, the
inodes that were freed in the last minutes, so that a file costs twenty times as much where
thousands have been removed. That is why the first round waits there until those minutes are over,
each measurement has a part of the disk of its own, and its files keep their inodes to the end. And
where the machine is a virtual one, its host may have taken back what memory is free, and gives it
again page by page, which costs some microseconds each: so memory is touched before each
measurement.
"""

import json
import os
import shutil
import subprocess
import time

import harness
import machine
from machine import Cores
from place import Place
from table import Table, median, ratio
from turns import in_turn
from upstream import Upstream

ROUNDS = 3              # For each that is asked for: they are short, and a busy host shows in each.
RESULTS = 8 * 1024      # Eight rounds of the disk worker's.
WARM_UP = 10 * 1024     # Published before the clock runs: 64 MiB wait by then, as much as may.
COOL_DOWN = 4 * 1024    # And after it: more than may be on their way to the disk.
RESULT_BYTES = 20_000
FILES_ONE_BY_ONE = 500  # Slow, and no faster with more of them.
BATCH = 1024            # Files of the limit for one syncfs.
LIMIT_WARM_UP = 4 * BATCH
FREED_INODES_S = 361    # So long they are passed by: RECENTCY_MIN and _DIRTY of fs/ext4/ialloc.c.
TOUCHED_MIB = 4096      # More than a measurement needs: which pages it gets is not known before.
CHECKED = 100           # So many records are verified again.


def run(options, folder, cores):
    with Place(folder) as place:
        scatter(place.folder)
        keeps_inodes = machine.is_ext4_without_journal(place.folder)
        if keeps_inodes:
            wait_for_freed_inodes(options)
        contest = Contest(place, cores)
        rounds = {"attestrd": [], "each": [], "batch": []}
        for number in range(count := ROUNDS * options.rounds):
            options.tell(f"durable: round {number + 1} of {count}")
            for name in in_turn(list(rounds), number):
                home = f"{place.folder.name}-{number}-{name}"
                rounds[name].append(getattr(contest, name)(home))
                give_back_room(place.folder / home, keeps_inodes)
    os.sync()
    summary = {name: {"per_second": median(rates),
                      "attestrd_over": ratio(rounds["attestrd"], rates)}
               for name, rates in rounds.items()}
    return {"results": RESULTS, "record_bytes": contest.record_bytes, "batch": BATCH,
            "per_second": rounds, "summary": summary}


def scatter(folder):
    """With its attribute T (chattr(1)), ext4 puts each folder that is made in this one into another
    part of the disk, which its name tells."""
    subprocess.run(["chattr", "+T", folder], stderr=subprocess.DEVNULL, check=False)


def wait_for_freed_inodes(options):
    """What was removed before the bench began costs nothing any more."""
    wait_s = options.began + FREED_INODES_S - time.monotonic()
    if wait_s > 0:
        options.tell(f"durable: for {wait_s:.0f} s the disk remembers files that were removed")
        time.sleep(wait_s)


def give_back_room(home, keeps_inodes):
    """Inodes that are freed would be passed by next."""
    if not keeps_inodes:
        shutil.rmtree(home)
        return
    for file in home.rglob("*.json"):
        os.truncate(file, 0)


def result():
    """The text of a result of one stage, most of it a photograph, as most results are."""
    stage = {"input": {"uuid": "5004xxxx7609"}, "output": {"birthDate": "06-12-1995", "photo": ""}}
    text = json.dumps({"FS021ci5lxypd15fvt44f": stage})
    photograph = "/9j/4AAQSkZJRgABAQ" * RESULT_BYTES
    return text.replace('"photo": "', f'"photo": "{photograph[:RESULT_BYTES - len(text)]}')


class Contest:
    """The three of them. The daemon is measured first: it tells how long a record is."""

    def __init__(self, place, cores):
        self.place = place
        self.everywhere = Cores.on(*cores.all)
        self.pending = Upstream(place, cores.all, place.answer("$id"), "pending")
        self.complete = Upstream(place, cores.all, place.signed_answer("$id", result()), "complete")
        self.record_bytes = None

    def attestrd(self, home):
        """Results a second of a daemon in full swing."""
        ids = harness.make_ids(WARM_UP + RESULTS + COOL_DOWN)
        before = self.place.start_daemon_at(self.pending.url, home, self.everywhere)
        self.place.drop(ids)
        harness.eventually(lambda: before.status()["pending"] == len(ids), what="acceptance")
        stop(before)

        settle_down()
        daemon = self.place.start_daemon_at(self.complete.url, home, self.everywhere,
                                            is_ready=False)
        results = self.place.spool / "results"
        harness.eventually(lambda: has_all(results, len(ids), daemon), 120, "the last result")
        stop(daemon)
        self.complete.expect_no_error()
        files = sorted(results.iterdir())
        self.check(daemon, files)
        published = sorted(file.stat().st_ctime for file in files)
        return RESULTS / (published[WARM_UP + RESULTS - 1] - published[WARM_UP - 1])

    def each(self, home):
        return self.limit(home, "each", FILES_ONE_BY_ONE)

    def batch(self, home):
        return self.limit(home, "batch", RESULTS, BATCH, LIMIT_WARM_UP)

    def limit(self, home, mode, files, *more):
        """Files a second of durable_limit."""
        root = self.place.folder / home
        for name in ("staging", "results"):
            (root / name).mkdir(parents=True)
        settle_down()
        told = subprocess.run([*self.everywhere, harness.BUILD / "tests/bench/durable_limit", mode,
                               root, *map(str, (files, self.record_bytes, *more))],
                              stdout=subprocess.PIPE, text=True, check=True)
        return files / float(told.stdout)

    def check(self, daemon, files):
        """No fast nonsense: the records hold."""
        verified = self.place.attestrd("verify", "--config", daemon.config, *files[:CHECKED])
        if verified.returncode != 0:
            raise RuntimeError(verified.stdout + verified.stderr)
        self.record_bytes = files[0].stat().st_size


def settle_down():
    """Nothing that went before is to be paid for."""
    os.sync()
    machine.touch_memory(TOUCHED_MIB)


def stop(daemon):
    if daemon.stop() != 0:
        raise RuntimeError(daemon.err.read_text())


def has_all(results, count, daemon):
    """Looked at once nothing has come for a quarter of a second: to list them takes its time."""
    if not daemon.is_running():
        raise RuntimeError(daemon.err.read_text())
    before = results.stat().st_mtime_ns
    time.sleep(0.25)
    return results.stat().st_mtime_ns == before and len(os.listdir(results)) == count


def tables(figures):
    table = Table("", "results/s", "attestrd's is")
    for name, what in (("attestrd", "attestrd, all of it"),
                       ("each", "write, fsync, rename, fsync the folder, one by one"),
                       ("batch", f"write {figures['batch']:,}, one syncfs, rename")):
        its = figures["summary"][name]
        table.row(what, f"{its['per_second']:,.0f}", f"{its['attestrd_over']:.2f} ×")
    yield (f"{figures['results']:,} results with records of {figures['record_bytes']:,} bytes, "
           f"medians of {len(figures['per_second']['attestrd'])} paired rounds"), table
