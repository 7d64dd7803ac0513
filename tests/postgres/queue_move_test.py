"""Tests `attestrd queue move`: the queue of a daemon moves from its file into the database and
back, and whatever step a crash hits, each result appears once."""

import contextlib
import hashlib
import os
import pathlib
import sqlite3
import subprocess

from fleet_fixture import FleetFixture, harness
import strace
from strace_log import parse_calls

# The calls that change files, and the one that sends to the database.
CALLS = ("renameat2", "sendto", "fdatasync", "fsync", "unlink", "unlinkat")
EVERY = 1 if harness.IS_LONG else 4  # So many calls of a kind are left out between two kills.


class QueueMoveTest(FleetFixture):
    def begin_with_file(self, *flags):
        """Makes a queue file with handshakes in every state: DSended* have ended, DSheld is held,
        DSstaged is staged, and DSwait* are pending."""
        self.simulator = self.start_simulator(*(flags or ("--law", "fixed:8")))
        self.init(self.write_config(self.simulator.url, name="init.toml", **self.changes("init")))
        daemon = self.start_apart("a", self.simulator.url, ["DSended1", "DSended2", "DSstaged"])
        self.nodes = {"a": daemon}
        daemon.config_file = self.folder / "a.toml"
        self.file = self.folder / "a.db"
        self.wait_for_all(["DSended1", "DSended2", "DSstaged"])
        self.submit("a", ["DSwait1", "DSwait2", "DSheld"])
        harness.eventually(lambda: self.held() == 0, 20, "DSheld is held")
        daemon.stop()
        self.unpublish("DSstaged")
        self.use("postgres")

    def held(self):
        return self.attestrd("hold", "DSheld", "--config",
                             self.nodes["a"].config_file).returncode

    def unpublish(self, handshake):
        """Returns a handshake to the moment before the publication of its record."""
        spool = self.nodes["a"].spool
        record = (spool / f"results/{handshake}.json").read_bytes()
        (spool / f"results/{handshake}.json").rename(spool / f"staging/{handshake}.json")
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            database.execute(
                "INSERT INTO handshake (id, state, tag, submitted_at, outcome, reason, finished_at,"
                " length_bytes, sha256, signature) SELECT id, 'staged', tag, finished_at, outcome, "
                "'none', finished_at, ?, ?, signature FROM tombstone WHERE id = ?",
                (len(record), hashlib.sha256(record).digest(), handshake))
            database.execute("DELETE FROM tombstone WHERE id = ?", (handshake,))

    def use(self, store):
        """Rewrites the configuration of the node for this store."""
        spool = self.folder / "a"
        self.write_config(
            self.simulator.url, name="a.toml",
            paths={"inbox": str(spool / "inbox"), "spool": str(spool), "queue": str(self.file)},
            admin={"socket": str(self.folder / "a.sock")},
            **(self.changes("a") if store == "postgres" else {}))

    def move(self, to, **options):
        return self.attestrd("queue", "move", "--to", to, "--config",
                             self.nodes["a"].config_file, **options)

    def assert_moved(self, done, text):
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(text, done.stdout)

    def assert_refused(self, done, code, *texts):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for text in texts:
            self.assertIn(text, done.stderr)

    def rows(self):
        """Returns the states of all rows in the database, with the owner of staged ones."""
        out = self.cluster.sql("SELECT id, state, spool IS NOT NULL FROM attestrd.handshake")
        return {line.split("|")[0]: line.split("|")[1] for line in out.splitlines()}

    def file_rows(self):
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            rows = dict(database.execute("SELECT id, state FROM handshake"))
            rows.update(database.execute("SELECT id, 'done' FROM tombstone"))
        return rows

    ALL = {"DSended1": "done", "DSended2": "done", "DSstaged": "staged", "DSwait1": "polling",
           "DSwait2": "polling", "DSheld": "polling"}

    def end_all(self):
        """Starts the daemon where the queue is, and waits until all results are there once."""
        self.again("a")
        harness.eventually(lambda: self.attestrd("release", "DSheld", "--config", self.nodes[
            "a"].config_file).returncode == 0, 20, "DSheld is released")
        self.wait_for_all(list(self.ALL))
        self.nodes["a"].stop()

    def test_a_queue_moves_into_the_database_and_back(self):
        self.begin_with_file()
        mark = (self.folder / "a/staging/.used")
        self.assertEqual(mark.read_text(), "")
        self.assert_moved(self.move("postgres"), "moved 3 pending, 1 ending and 2 ended into the")
        self.assertEqual(self.rows(), self.ALL)
        self.assertFalse(self.file.exists())
        spool = mark.read_text()
        self.assertEqual(self.cluster.sql("SELECT spool FROM attestrd.handshake WHERE state = "
                                          "'staged'"), spool)
        # The file can't be used by mistake.
        self.use("sqlite")
        self.again("a")
        self.assertEqual(self.nodes["a"].wait(60), harness.CONFIG)
        self.assertIn("this queue was moved into a database", self.nodes["a"].err.read_text())
        backup = self.folder / "backup.db"
        backup.write_bytes((self.folder / "a.db.moved").read_bytes())
        self.assert_refused(self.attestrd("restore", backup, "--config",
                                          self.nodes["a"].config_file),
                            harness.CONFIG, "this queue was moved into a database")
        self.use("postgres")
        self.assert_moved(self.move("sqlite"), "moved 3 pending, 1 ending and 2 ended into")
        self.assertEqual((self.rows(), self.file_rows()), ({}, self.ALL))
        self.assertFalse((self.folder / "a.db.moved").exists())
        # Nor can the database.
        self.again("a")
        self.assertEqual(self.nodes["a"].wait(60), harness.CONFIG)
        self.assertIn("attestrd queue move --to postgres", self.nodes["a"].err.read_text())
        self.assert_moved(self.move("postgres"), "moved 3 pending, 1 ending and 2 ended")
        self.assertEqual(mark.read_text(), spool)
        self.end_all()
        self.assertEqual(set(self.rows().values()), {"done"})
        self.assert_moved(self.move("sqlite"), "moved 0 pending, 0 ending and 6 ended")
        self.use("sqlite")
        self.again("a")
        self.submit("a", ["DSnew", *self.ALL])
        harness.eventually(lambda: "DSnew" in self.published(), 20, "DSnew")
        self.wait_for_all([*self.ALL, "DSnew"])

    def test_what_a_queue_knows_beside_its_rows_moves_with_it(self):
        self.begin_with_file()
        facts = ("SELECT number, id, mono_us, wall_us, shift_us, running_us FROM boot",
                 "SELECT 'learnt', text FROM learnt", "SELECT id, submitted_at, expiry, polls, "
                 "last_pending_at, boot, attempt, is_held FROM handshake ORDER BY id",
                 "SELECT id, outcome, finished_at, tag, attempt, signature, running_ms FROM "
                 "tombstone ORDER BY id", "SELECT day, requests FROM reserved",
                 "SELECT since FROM pause")
        with contextlib.closing(sqlite3.connect(self.file)) as database, database:
            database.execute("UPDATE boot SET shift_us = 7654321")
            database.execute("INSERT INTO pause (line, since) VALUES (1, 1700000000000)")
            database.execute("INSERT OR REPLACE INTO reserved (line, day, requests) "
                             "VALUES (1, 20000, 300)")
            database.execute("UPDATE handshake SET tag = 'a \"tag\"\\', expiry = 1900000000000 "
                             "WHERE id = 'DSwait1'")
            before = [database.execute(sql).fetchall() for sql in facts]
        self.assert_moved(self.move("postgres"), "an operator's pause of all polls has moved, too")
        self.assertEqual(self.cluster.sql("SELECT operator_pause_since FROM attestrd.account"),
                         "1700000000000")
        self.assert_moved(self.move("sqlite"), "an operator's pause")
        with contextlib.closing(sqlite3.connect(self.file)) as database:
            self.assertEqual([database.execute(sql).fetchall() for sql in facts], before)
            self.assertEqual(database.execute("SELECT tag FROM handshake WHERE id = 'DSwait1'"
                                              ).fetchall(), [("a \"tag\"\\",)])
        self.assertEqual(self.cluster.sql("SELECT operator_pause_since IS NULL, (SELECT count(*) "
                                          "FROM attestrd.reservation) FROM attestrd.account"),
                         "t|0")

    def test_what_is_in_the_way_is_named_and_nothing_moves(self):
        self.begin_with_file()
        self.assert_refused(self.move("mysql"), harness.USAGE, "--to postgres")
        # A node that lives, and knows one of the handshakes.
        self.nodes["b"] = self.node("b", self.simulator.url, ["DSwait2", "DSother"])
        harness.eventually(lambda: len(self.rows()) == 2, 20, "b has them")
        done = self.move("postgres")
        self.assert_refused(done, harness.BAD_INPUT, "has 1 of the handshakes", ": DSwait2;",
                            "nothing was moved")
        self.assertEqual(len(self.rows()), 2)
        self.assertEqual(self.file_rows(), self.ALL)
        self.nodes["b"].stop()
        self.wait_for_b()
        self.cluster.sql("DELETE FROM attestrd.handshake WHERE id = 'DSwait2'")
        self.assert_moved(self.move("postgres"), "moved 3 pending")
        self.again("b")
        self.nodes["b"].wait_for("fleet.entered")
        self.assert_refused(self.move("sqlite"), harness.UNAVAILABLE, "the node b lives: stop it",
                            "nothing was moved")
        self.nodes["b"].kill()
        self.assert_refused(self.move("sqlite"), harness.UNAVAILABLE, "the node b lives")
        self.cluster.sql("UPDATE attestrd.node SET alive = false WHERE name = 'b'")
        self.assert_refused(self.move("sqlite"), harness.UNAVAILABLE, "those of the node b: start")
        self.again("a")
        self.nodes["a"].wait_for("fleet.taken_over")
        self.assert_refused(self.move("sqlite"), harness.UNAVAILABLE,
                            "held by another process: stop that one first")
        self.nodes["a"].stop()
        self.cluster.sql("UPDATE attestrd.handshake SET state = 'staged', spool = gen_random_uuid()"
                         ", outcome = 'completed', reason = 'none', finished_at = 1, "
                         "length_bytes = 1, sha256 = decode(repeat('00', 32), 'hex') "
                         "WHERE id = 'DSwait1'")
        self.assert_refused(self.move("sqlite"), harness.UNAVAILABLE, "records are on their way in",
                            "attestrd fleet release")

    def wait_for_b(self):
        harness.eventually(lambda: self.cluster.sql(
            "SELECT alive FROM attestrd.node WHERE name = 'b'") == "f", 20, "b has left")

    def test_a_move_needs_its_tables_and_its_file(self):
        self.begin_with_file()
        self.cluster.sql("DROP SCHEMA attestrd CASCADE")
        self.assert_refused(self.move("postgres"), harness.CONFIG, "attestrd fleet init")
        self.init(self.nodes["a"].config_file)
        self.assert_refused(self.move("sqlite"), harness.CONFIG, "there is a queue file already")
        self.file.rename(self.folder / "elsewhere")
        self.assert_refused(self.move("postgres"), harness.IO_ERROR, "there is no queue file")
        (self.folder / "elsewhere").rename(self.file)
        (self.folder / "a/staging/.used").unlink()
        self.assert_refused(self.move("postgres"), harness.IO_ERROR, "staging")
        self.assertEqual(self.file_rows(), self.ALL)
        self.use("sqlite")
        self.assert_refused(self.move("postgres"), harness.CONFIG, "queue.store is not")

    # ---- A crash at each step.

    def kill_at(self, to, call, number):
        """Runs a move that is killed before a call. Returns false if it has fewer such calls."""
        log = self.folder / "calls"
        done = self.move(to, under=("strace", "-o", log, "-e", f"trace={call}", "-e",
                                    f"inject={call}:{strace.BEFORE}:when={number}"))
        if done.returncode == 0:
            return False
        self.assertEqual(done.returncode, strace.EXIT_CODE_OF[strace.BEFORE], done.stderr)
        return True

    def check_one_owner(self):
        """No daemon starts, whatever its store, unless all rows are in it."""
        moving = (self.folder / "a.db.moving").exists()
        in_file = self.file.exists()
        self.assertFalse(moving and in_file)
        self.assertIn(self.rows(), ({}, self.ALL))
        if in_file:
            self.assertEqual((self.file_rows(), self.rows()), (self.ALL, {}))
        if moving:
            for store in ("sqlite", "postgres"):
                self.use(store)
                self.again("a")
                self.assertEqual(self.nodes["a"].wait(60), harness.CONFIG)
                self.assertIn("was interrupted", self.nodes["a"].err.read_text())
            self.use("postgres")

    def test_a_move_that_is_killed_is_completed(self):
        self.begin_with_file()
        kills = 0
        seen = set()
        for call in CALLS:
            number = 1
            while True:
                killed = [self.kill_at("postgres", call, number)]
                if killed[0]:
                    self.check_one_owner() if call == "renameat2" else None
                    seen.add((self.file.exists(), bool(self.rows())))
                    done = self.move("postgres")
                    is_whole = done.returncode != 0 and "there is no queue file" in done.stderr
                    self.assertTrue(is_whole or done.returncode == 0, done.stderr)
                self.assertEqual(self.rows(), self.ALL)
                killed.append(self.kill_at("sqlite", call, number))
                if killed[1]:
                    seen.add((self.file.exists(), bool(self.rows())))
                    done = self.move("sqlite")
                    is_whole = done.returncode != 0 and "a queue file already" in done.stderr
                    self.assertTrue(is_whole or done.returncode == 0, done.stderr)
                self.assertEqual((self.file_rows(), self.rows()), (self.ALL, {}))
                kills += sum(killed)
                if not any(killed):
                    break
                number += EVERY if call in ("sendto", "fdatasync") else 1
        harness.report(f"{kills} kills")
        self.assertGreater(kills, 20)
        self.assertEqual(seen, {(True, False), (False, False), (False, True)})
        self.assert_moved(self.move("postgres"), "moved")
        self.end_all()


if __name__ == "__main__":
    strace.require_tracing()
    harness.main()
