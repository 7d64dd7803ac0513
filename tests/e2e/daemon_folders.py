"""Manages the folders of daemons that are started and killed repeatedly, and checks them at the
end."""

import collections
import contextlib
import os
import pathlib
import shutil
import sqlite3
import sys

from process_group import Process
from programs import Daemon
from test_environment import LONG_TIMEOUT_S, FOLDERS, eventually, visible_names

OURS = (*FOLDERS, "staging", "refused")
CONSUMER = pathlib.Path(__file__).with_name("consumer.py")


class DaemonFolders:
    """An inbox, a spool and a queue with their configuration. If `is_consumed`, a consumer moves
    each record away as soon as it appears."""

    def __init__(self, fixture, name, url, settings, is_consumed=False):
        self.fixture = fixture
        self.folder = fixture.folder / name
        self.spool = self.folder / "spool"
        self.inbox = self.spool / "inbox"
        self.queue = self.folder / "queue.db"
        self.taken = self.folder / "taken"
        for folder in (self.inbox, self.taken, *(self.spool / name for name in OURS)):
            folder.mkdir(parents=True)
        self.config = fixture.write_config(
            url, name=f"{name}/attestrd.toml", paths={
                "inbox": str(self.inbox), "queue": str(self.queue), "spool": str(self.spool)},
            api={"auth_token_file": str(fixture.token_file),
                 "client_secret_file": str(fixture.secret_file),
                 "connect_timeout": f"{LONG_TIMEOUT_S}s", "request_timeout": f"{LONG_TIMEOUT_S}s"},
            admin={"socket": str(self.folder / "control.sock")}, **settings)
        self.is_consumed = is_consumed
        self.daemons = []
        fixture.addCleanup(self.end_daemons)
        if is_consumed:
            consumer = fixture.start(Process("consumer", [
                sys.executable, CONSUMER, self.spool, self.taken], self.folder))
            eventually(lambda: consumer.out.read_text(), what="the consumer")

    # ---- Before a run.

    def empty(self):
        """Removes everything but the folders."""
        self.daemons.clear()
        for folder in (self.inbox, self.taken, *(self.spool / name for name in OURS)):
            folder.mkdir(exist_ok=True)
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in (*self.folder.glob("queue.db*"), *self.folder.glob("faulty.*"),
                     *self.folder.glob("recovery.*"), self.folder / "control.sock"):
            path.unlink(missing_ok=True)

    def remove_folders(self):
        """Restores the state before the first start of a daemon."""
        for name in OURS:
            (self.spool / name).rmdir()

    def files(self):
        """Returns the contents of all files that a daemon has left, by path."""
        paths = (*self.folder.glob("queue.db*"),
                 *(path for name in OURS for path in (self.spool / name).iterdir()))
        return {path.relative_to(self.folder): path.read_bytes() for path in paths}

    def put(self, files):
        for path, contents in files.items():
            target = self.folder / path
            # The consumer has already moved published records.
            if self.is_consumed and path.parent.name in FOLDERS:
                target = self.taken / f"{path.parent.name}.{path.name}.before"
            target.write_bytes(contents)

    def submit(self, handshakes):
        """Submits a file with lines, one of them bad, and an empty file whose name is an id."""
        hidden = self.inbox / ".batch"
        hidden.write_text(handshakes.batch())
        hidden.rename(self.inbox / "batch")
        (self.inbox / handshakes.touched).touch()

    # ---- After a run.

    def recover(self):
        """Runs a daemon without faults, which completes the remaining handshakes."""
        daemon = Daemon("recovery", self, self.config, "--until-empty")
        self.daemons.append(daemon)
        code = daemon.wait(LONG_TIMEOUT_S)
        self.fixture.assertEqual(code, 0, daemon.out.read_text() + daemon.err.read_text())

    def end_daemons(self):
        for daemon in self.daemons:
            daemon.kill()

    def check(self, handshakes):
        """Checks that each handshake has one record, in the right folder, and that no other file is
        left."""
        fixture = self.fixture
        eventually(lambda: not self.is_consumed or not any(self.published()), LONG_TIMEOUT_S,
                   "the consumer")
        expected = {handshake: [folder] for handshake, folder in handshakes.folders.items()}
        fixture.assertEqual(self.places(), expected, "lost, duplicated or misplaced")
        for path in (*self.published(), *self.taken.iterdir()):
            handshakes.check_record(path.read_text())
        fixture.assertEqual(visible_names(self.inbox) + visible_names(self.spool / "staging"), [])
        fixture.assertEqual(os.listdir(self.inbox / ".claimed"), [])
        fixture.assertEqual(os.listdir(self.spool / "refused"), ["batch"])
        refusal = (self.spool / "refused/batch").read_text()
        fixture.assertRegex(refusal, rf"\Aline {handshakes.bad_line}: [^\n]+: no/id\n\Z")
        self.check_queue(handshakes)

    def check_queue(self, handshakes):
        with contextlib.closing(sqlite3.connect(self.queue)) as queue:
            self.fixture.assertEqual(list(queue.execute("PRAGMA integrity_check")), [("ok",)])
            self.fixture.assertEqual(list(queue.execute("SELECT id FROM handshake")), [])
            ended = dict(queue.execute("SELECT id, outcome FROM tombstone"))
        self.fixture.assertEqual(ended, handshakes.outcomes())

    def published(self):
        return (path for name in FOLDERS for path in (self.spool / name).iterdir())

    def places(self):
        """Returns the folders in which each id has appeared. The consumer gives files names such as
        `results.DS01.json.17`."""
        places = collections.defaultdict(list)
        for path in self.published():
            places[path.stem].append(path.parent.name)
        for path in self.taken.iterdir():
            folder, handshake, _ = path.name.split(".", 2)
            places[handshake].append(folder)
        return dict(places)
