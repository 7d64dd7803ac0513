"""Durable and verified results a second, compared with the limits of the disk.

All handshakes are complete when the daemon starts; each result is signed and has 20 kB. The
measurement begins once the connections are open and the backlog is full, so that the daemon fetches
no more than it publishes. The time at which a record appeared in results/ is its st_ctime.

The limits are measured on the same file system with files of the same length as the records: a
program that syncs each file by itself, and one that writes a batch and syncs it with one syncfs(),
during which it writes nothing. Neither fetches, verifies or records anything. The order of the
three changes from round to round.

- All of them, and nginx, may use all cores: with two cores the threads of the daemon would
  otherwise wait for one core while the other is idle.
- Data that other programs have written is synced before each measurement.
- An ext4 without a journal skips the inodes that were freed in the last minutes, one by one at each
  new file: a file costs twenty times as much after thousands have been removed. Therefore the first
  round waits there until these minutes have passed, each measurement has its own part of the disk,
  and its files keep their inodes until the end.
- The host of a virtual machine may have taken back free memory and provides it again page by page,
  which costs some microseconds for each. Therefore memory is allocated before each measurement.
"""

import json
import os
import shutil
import subprocess
import time

import harness
import machine
from machine import Cores
from bench_fixture import BenchFixture
from table import Table, median, ratio
from rotation import rotated
from upstream import Upstream

PROGRAMS = ("chattr",)
ROUNDS = 3              # Per round of --rounds: rounds are short, and a busy host affects them.
RESULTS = 8 * 1024      # These are eight rounds of the disk worker.
WARM_UP = 10 * 1024     # Published before the measurement: the backlog reaches its limit, 64 MiB.
COOL_DOWN = 4 * 1024    # Published after it: more than may be in flight to the disk.
RESULT_BYTES = 20_000
FILES_ONE_BY_ONE = 500  # The rate does not depend on the number.
BATCH = 1024            # Files per syncfs() of the limit.
LIMIT_WARM_UP = 4 * BATCH
FREED_INODES_S = 361    # RECENTCY_MIN + RECENTCY_DIRTY of fs/ext4/ialloc.c.
TOUCHED_MIB = 4096      # More than a measurement needs: it is not known which pages it gets.
CHECKED = 100           # Records that are verified again.


def run(options, folder, cores):
    with BenchFixture(folder) as place:
        scatter(place.folder)
        keeps_inodes = machine.is_ext4_without_journal(place.folder)
        if keeps_inodes:
            wait_for_freed_inodes(options)
        contest = Contest(place, cores)
        rounds = {"attestrd": [], "each": [], "batch": []}
        for number in range(count := ROUNDS * options.rounds):
            options.report(f"durable: round {number + 1} of {count}")
            for name in rotated(list(rounds), number):
                home = f"{place.folder.name}-{number}-{name}"
                rounds[name].append(getattr(contest, name)(home))
                free_space(place.folder / home, keeps_inodes)
    os.sync()
    summary = {name: {"per_second": median(rates),
                      "attestrd_over": ratio(rounds["attestrd"], rates)}
               for name, rates in rounds.items()}
    return {"results": RESULTS, "record_bytes": contest.record_bytes, "batch": BATCH,
            "per_second": rounds, "summary": summary}


def scatter(folder):
    """Sets the attribute T (chattr(1)): ext4 places each new folder in this one into another part
    of the disk, which depends on its name."""
    subprocess.run(["chattr", "+T", folder], stderr=subprocess.DEVNULL, check=False)


def wait_for_freed_inodes(options):
    """Waits until files that were removed before the bench began do not affect it any more."""
    wait_s = options.began + FREED_INODES_S - time.monotonic()
    if wait_s > 0:
        options.report(f"durable: waiting {wait_s:.0f} s for inodes that were freed recently")
        time.sleep(wait_s)


def free_space(home, keeps_inodes):
    """Removes the files, or truncates them: freed inodes would slow the next measurement down."""
    if not keeps_inodes:
        shutil.rmtree(home)
        return
    for file in home.rglob("*.json"):
        os.truncate(file, 0)


def result():
    """Returns the text of a result of one stage, most of it a photograph."""
    stage = {"input": {"uuid": "5004xxxx7609"}, "output": {"birthDate": "06-12-1995", "photo": ""}}
    text = json.dumps({"FS021ci5lxypd15fvt44f": stage})
    photograph = "/9j/4AAQSkZJRgABAQ" * RESULT_BYTES
    return text.replace('"photo": "', f'"photo": "{photograph[:RESULT_BYTES - len(text)]}')


class Contest:
    """The measurement of three programs. The daemon is measured first, since it determines the
    record length."""

    def __init__(self, place, cores):
        self.place = place
        self.everywhere = Cores.on(*cores.all)
        self.pending = Upstream(place, cores.all, place.answer("$id"), "pending")
        self.complete = Upstream(place, cores.all, place.signed_answer("$id", result()), "complete")
        self.record_bytes = None

    def attestrd(self, home):
        """Returns the results per second of a daemon at full speed."""
        ids = harness.make_ids(WARM_UP + RESULTS + COOL_DOWN)
        before = self.place.start_daemon_at(self.pending.url, home, self.everywhere)
        self.place.drop(ids)
        harness.eventually(lambda: before.status()["pending"] == len(ids), what="acceptance")
        stop(before)

        prepare_machine()
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
        """Returns the files per second of durable_limit."""
        root = self.place.folder / home
        for name in ("staging", "results"):
            (root / name).mkdir(parents=True)
        prepare_machine()
        done = subprocess.run([*self.everywhere, harness.BUILD / "tests/bench/durable_limit", mode,
                               root, *map(str, (files, self.record_bytes, *more))],
                              stdout=subprocess.PIPE, text=True, check=True)
        return files / float(done.stdout)

    def check(self, daemon, files):
        """Verifies some of the records."""
        verified = self.place.attestrd("verify", "--config", daemon.config, *files[:CHECKED])
        if verified.returncode != 0:
            raise RuntimeError(verified.stdout + verified.stderr)
        self.record_bytes = files[0].stat().st_size


def prepare_machine():
    """Removes the effects of earlier measurements."""
    os.sync()
    machine.touch_memory(TOUCHED_MIB)


def stop(daemon):
    if daemon.stop() != 0:
        raise RuntimeError(daemon.err.read_text())


def has_all(results, count, daemon):
    """Lists the folder only when it has not changed for 250 ms, since listing it is slow."""
    if not daemon.is_running():
        raise RuntimeError(daemon.err.read_text())
    before = results.stat().st_mtime_ns
    time.sleep(0.25)
    return results.stat().st_mtime_ns == before and len(os.listdir(results)) == count


def tables(figures):
    table = Table("", "results/s", "attestrd's is")
    for name, what in (("attestrd", "attestrd"),
                       ("each", "write, fsync, rename, fsync the folder, one by one"),
                       ("batch", f"write {figures['batch']:,}, one syncfs, rename")):
        its = figures["summary"][name]
        table.row(what, f"{its['per_second']:,.0f}", f"{its['attestrd_over']:.2f} ×")
    yield (f"{figures['results']:,} results with records of {figures['record_bytes']:,} bytes, "
           f"medians of {len(figures['per_second']['attestrd'])} paired rounds"), table
