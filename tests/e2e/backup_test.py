"""Tests `attestrd backup` and `attestrd restore`: nothing is lost and nothing is published twice,
whether the spool or the queue is copied first."""

import contextlib
import json
import shutil
import socket
import sqlite3
import stat
import subprocess
import threading

import harness

IDS = 400


@contextlib.contextmanager
def opened(path):
    """Opens a database, commits, and closes it."""
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        yield database


class Place:
    """The folders of one daemon."""

    def __init__(self, fixture, name, url):
        self.fixture = fixture
        self.spool = fixture.folder / name / "spool"
        self.queue = fixture.folder / name / "queue.db"
        self.socket = fixture.folder / name / "control.sock"
        self.spool.mkdir(parents=True)
        (self.spool / "inbox").mkdir()
        self.config = fixture.write_config(
            url, name=f"{name}/attestrd.toml", log={"level": "info"},
            paths={"inbox": str(self.spool / "inbox"), "queue": str(self.queue),
                   "spool": str(self.spool)},
            api={"requests_per_second": 300, "auth_token_file": str(fixture.token_file),
                 "client_secret_file": str(fixture.secret_file)},
            admin={"socket": str(self.socket)})
        self.name = name
        self.starts = 0

    def start(self, *flags, **options):
        self.starts += 1
        return self.fixture.start_daemon(self.config, *flags, **options,
                                         name=f"daemon-{self.name}-{self.starts}")

    def drain(self):
        daemon = self.start("--until-empty", is_ready=False)
        self.fixture.assertEqual(daemon.wait(harness.LONG_TIMEOUT_S), 0, daemon.err.read_text())
        return daemon

    def submit(self, ids):
        hidden = self.spool / "inbox/.batch"
        hidden.write_text("".join(f"{each}\n" for each in ids))
        hidden.rename(self.spool / "inbox/batch")

    def records(self):
        """Returns the ids of all records; an id with two records is there twice."""
        return sorted(path.stem for name in harness.FOLDERS
                      for path in (self.spool / name).glob("*.json"))

    def copy_spool_to(self, other):
        # Files that move meanwhile are reported by cp; they are in one of the two folders, or lost.
        subprocess.run(["cp", "-a", f"{self.spool}/.", other.spool], capture_output=True,
                       check=False)

    def backup(self, path):
        return self.fixture.attestrd("backup", "--config", self.config, path)

    def restore(self, path):
        return self.fixture.attestrd("restore", "--config", self.config, path)

    def rows(self, sql):
        with opened(self.queue) as database:
            return database.execute(sql).fetchall()


class BackupTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.simulator = self.start_simulator("--law", "uniform:0,2")
        self.saved = self.folder / "saved.db"

    def machine(self, name):
        return Place(self, name, self.simulator.url)

    def ids(self, count=IDS):
        return harness.make_ids(count)

    def started(self, ids, records):
        """Starts a daemon with ids, and waits until some of them have ended."""
        old = self.machine("old")
        old.submit(ids)
        daemon = old.start()
        self.wait_for_records(old, records)
        return old, daemon

    def wait_for_records(self, place, count):
        harness.eventually(lambda: len(place.records()) >= count, what=f"{count} records")

    def good(self, done):
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check_moved(self, new, ids, saved):
        """Restores on the new machine; each id then has one record there."""
        copied = new.records()
        self.assertEqual(len(copied), len(set(copied)))
        self.good(new.restore(saved))
        new.drain()
        self.assertEqual(new.records(), sorted(ids))

    def test_spool_before_queue(self):
        ids = self.ids()
        old, daemon = self.started(ids, 100)
        new = self.machine("new")
        old.copy_spool_to(new)
        self.wait_for_records(old, len(new.records()) + 100)
        self.good(old.backup(self.saved))
        daemon.kill()
        self.check_moved(new, ids, self.saved)

    def test_queue_before_spool(self):
        ids = self.ids()
        old, daemon = self.started(ids, 100)
        self.good(old.backup(self.saved))
        self.wait_for_records(old, len(old.records()) + 100)
        new = self.machine("new")
        old.copy_spool_to(new)
        daemon.kill()
        self.check_moved(new, ids, self.saved)

    def test_many_backups_at_load(self):
        ids = self.ids()
        old, _ = self.started(ids, 1)
        for number in range(8):
            saved, new = self.folder / f"saved{number}.db", self.machine(f"new{number}")
            copying = threading.Thread(target=old.copy_spool_to, args=(new,))
            copying.start()
            self.good(old.backup(saved))
            copying.join()
            self.good(new.restore(saved))
            polling = {row[0] for row in new.rows("SELECT id FROM handshake")}
            # The spool of the copy may have a record twice, which was moved while it was copied.
            known = polling | set(new.records())
            self.assertEqual(set(ids) - known, set(), "lost")
            self.assertEqual(polling & set(new.records()), set(), "would be published twice")

    def test_what_consumers_took_is_not_polled_again(self):
        ids = self.ids(300)
        old, daemon = self.started(ids, 60)
        taken_before = old.records()
        for handshake in taken_before:
            self.take(old, handshake)
        self.wait_for_records(old, 60)
        self.good(old.backup(self.saved))
        waiting = old.records()[:40]
        taken_after = [each for each in waiting if self.is_ended_in(self.saved, each)]
        self.assertTrue(taken_after)
        for handshake in taken_after:
            self.take(old, handshake)
        new = self.machine("new")
        old.copy_spool_to(new)
        daemon.kill()
        self.good(new.restore(self.saved))
        new.drain()
        self.assertEqual(set(new.records()) & {*taken_before, *taken_after}, set())
        self.assertEqual({*new.records(), *taken_before, *taken_after}, set(ids))
        self.assertEqual(len(new.records()), len(set(new.records())))

    def take(self, place, handshake):
        for name in harness.FOLDERS:
            (place.spool / name / f"{handshake}.json").unlink(missing_ok=True)

    def is_ended_in(self, saved, handshake):
        with opened(saved) as database:
            return database.execute("SELECT 1 FROM tombstone WHERE id = ?",
                                    (handshake,)).fetchone() is not None

    def test_a_lost_record_is_fetched_with_its_tag(self):
        old = self.machine("old")
        ids = self.ids(20)
        old.submit(ids)
        new = self.machine("new")
        old.drain()
        self.good(old.backup(self.saved))
        with opened(self.saved) as database:
            tags = dict(database.execute("SELECT id, tag FROM waiting").fetchall())
        for handshake in ids:
            record = self.record_of(old, handshake)
            self.assertEqual(tags[handshake], record.get("tag", ""))
        self.good(new.restore(self.saved))
        rows = dict(new.rows("SELECT id, tag FROM handshake"))
        self.assertEqual(rows, tags)

    def record_of(self, place, handshake):
        paths = [place.spool / name / f"{handshake}.json" for name in harness.FOLDERS]
        return json.loads(next(path for path in paths if path.exists()).read_text())

    def test_the_present_queue_forgets_nothing(self):
        ids = self.ids(200)
        old, daemon = self.started(ids, 20)
        self.good(old.backup(self.saved))
        more = [f"{each}x" for each in self.ids(30)]
        old.submit(more)
        self.wait_for_records(old, 80)
        daemon.stop()
        ended = {row[0] for row in old.rows("SELECT id FROM tombstone")}
        for handshake in ended:
            self.take(old, handshake)
        polling = {row[0] for row in old.rows("SELECT id FROM handshake")}
        self.good(old.restore(self.saved))
        self.assertEqual({row[0] for row in old.rows("SELECT id FROM tombstone")}, ended)
        self.assertEqual({row[0] for row in old.rows("SELECT id FROM handshake")}, polling)

    def test_staged_rows_without_a_file_are_polled_again(self):
        ids = self.ids(5)
        old, daemon = self.started(ids, 5)
        daemon.stop()
        with opened(old.queue) as database:
            database.execute("DELETE FROM tombstone")
            database.executemany(
                "INSERT INTO handshake (id, state, tag, submitted_at, polls, outcome, reason, "
                "finished_at, length_bytes, sha256) VALUES (?, 'staged', 'a tag', 1, 2, "
                "'completed', 'none', 5, 3, zeroblob(32))", [(each,) for each in ids])
        self.good(old.backup(self.saved))
        new = self.machine("new")
        # The copied spool shows one of them in its folder.
        shown = next(path for name in harness.FOLDERS for path in (old.spool / name).glob("*.json"))
        (new.spool / shown.parent.name).mkdir()
        shutil.copy(shown, new.spool / shown.parent.name)
        self.good(new.restore(self.saved))
        self.assertEqual(sorted(new.rows("SELECT id, state, tag FROM handshake")),
                         sorted((each, "polling", "a tag") for each in ids if each != shown.stem))
        self.assertEqual([row[0] for row in new.rows("SELECT id FROM tombstone")], [shown.stem])

    def test_backup_while_no_daemon_runs(self):
        ids = self.ids(10)
        old, daemon = self.started(ids, 3)
        daemon.stop()
        before = {path.name for path in old.queue.parent.iterdir()}
        self.good(old.backup(self.saved))
        self.assertEqual({path.name for path in old.queue.parent.iterdir()}, before)
        new = self.machine("new")
        old.copy_spool_to(new)
        self.check_moved(new, ids, self.saved)

    def test_a_copy_that_a_killed_daemon_left_goes_at_the_next_start(self):
        old = self.machine("old")
        left = old.queue.with_name("queue.db.copy")
        left.write_text("ids and tags")
        old.start()
        self.assertFalse(left.exists())

    def test_the_file_is_private_and_replaces_none(self):
        old, daemon = self.started(self.ids(3), 0)
        done = old.backup(self.saved)
        self.assertEqual(self.good(done), f"{self.saved}: the queue is saved\n")
        self.assertEqual(stat.S_IMODE(self.saved.stat().st_mode), 0o600)
        contents = self.saved.read_bytes()
        again = old.backup(self.saved)
        self.assertEqual(again.returncode, harness.IO_ERROR)
        self.assertIn("exists already", again.stderr)
        self.assertEqual(self.saved.read_bytes(), contents)
        self.assertEqual([path.name for path in self.folder.glob("saved*")], ["saved.db"])
        self.assertEqual([path.name for path in old.queue.parent.glob("*.copy*")], [])
        (self.folder / "second.db.tmp").write_text("left by a command that was killed")
        self.good(old.backup(self.folder / "second.db"))
        self.assertFalse((self.folder / "second.db.tmp").exists())
        nowhere = old.backup(self.folder / "none/saved.db")
        self.assertEqual(nowhere.returncode, harness.IO_ERROR)
        self.assertTrue(daemon.is_running())

    def test_restore_refuses(self):
        old, daemon = self.started(self.ids(3), 0)
        self.good(old.backup(self.saved))
        running = old.restore(self.saved)
        self.assertEqual(running.returncode, harness.UNAVAILABLE, running.stderr)
        daemon.stop()
        junk = self.folder / "junk"
        junk.write_text("no database, but as long as a header of one would be: " + "x" * 100)
        other = self.folder / "other.db"
        with opened(other) as database:
            database.execute("CREATE TABLE theirs (id)")
        torn = self.folder / "torn.db"
        torn.write_bytes(self.saved.read_bytes()[:-4096])
        newer = self.folder / "newer.db"
        shutil.copy(self.saved, newer)
        with opened(newer) as database:
            database.execute("PRAGMA user_version = 99")
        empty = self.folder / "empty"
        empty.touch()
        before = self.contents_of(old.queue.parent)
        for path, code in ((junk, harness.BAD_INPUT), (other, harness.BAD_INPUT),
                           (torn, harness.BAD_INPUT), (empty, harness.BAD_INPUT),
                           (old.queue, harness.BAD_INPUT), (newer, harness.CONFIG),
                           (self.folder / "absent", harness.IO_ERROR)):
            with self.subTest(path.name):
                done = old.restore(path)
                self.assertEqual(done.returncode, code, done.stderr)
                self.assertEqual(done.stdout, "")
                self.assertEqual(self.contents_of(old.queue.parent), before)

    def contents_of(self, folder):
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    def test_restore_names_what_is_no_record(self):
        self.simulator = self.start_simulator("--law", "fixed:3600", name="slow")
        ids = sorted(self.ids(3))
        old, daemon = self.started(ids, 0)
        harness.eventually(lambda: daemon.status()["pending"] == 3, what="three are pending")
        self.good(old.backup(self.saved))
        new = self.machine("new")
        (new.spool / "results").mkdir()
        (new.spool / "results" / f"{ids[1]}.json").write_text("{")
        done = new.restore(self.saved)
        self.assertEqual(done.returncode, harness.BAD_INPUT, done.stderr)
        self.assertIn(f"results/{ids[1]}.json", done.stderr)
        self.assertEqual(new.rows("SELECT id FROM handshake"), [])

    def test_a_large_queue_is_copied_within_bounds(self):
        old = self.machine("old")
        first = old.start()
        first.stop()
        with opened(old.queue) as database:
            database.execute(
                "INSERT INTO handshake (id, state, tag, submitted_at) "
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
                "SELECT 'DS' || i, 'polling', 'a tag of some length', 1700000000000 + i FROM n")
            database.execute(
                "INSERT INTO tombstone (id, outcome, finished_at) "
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                "FROM n WHERE i < 100000) "
                "SELECT 'DSended' || i, 'failed', 1700000000000 + i FROM n")
        daemon = old.start()
        before = daemon.resident_mib("VmHWM")
        self.good(old.backup(self.saved))
        grown = daemon.resident_mib("VmHWM") - before
        size = self.saved.stat().st_size / (1 << 20)
        self.assertGreater(size, 15)
        if not harness.IS_SLOW_BUILD:
            self.assertLess(grown, size / 2)
        self.assertGreater(daemon.status()["totals"]["polls"], 0)

    def test_a_client_that_goes_leaves_no_copy(self):
        old, daemon = self.started(self.ids(3), 0)
        for _ in range(2):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(old.socket))
                client.sendall(b"POST /backup HTTP/1.1\r\nHost: a\r\nContent-Length: 0"
                               b"\r\n\r\n")
                client.recv(1)
            harness.eventually(lambda: not list(old.queue.parent.glob("*.copy")), what="no copy")
        self.good(old.backup(self.saved))
        self.assertTrue(daemon.is_running())


if __name__ == "__main__":
    harness.main()
