"""A place where daemons live and die again and again, and where all is counted at the end."""

import collections
import contextlib
import os
import pathlib
import sqlite3
import sys

from programs import Daemon, Process
from words import A_LONG_LIFE_S, FOLDERS, eventually, visible_names

OURS = (*FOLDERS, "staging", "refused")
CONSUMER = pathlib.Path(__file__).with_name("consumer.py")


class Home:
    """An inbox, a spool and a queue with their configuration; where it `is_consumed`, a consumer
    takes each file away the instant it appears."""

    def __init__(self, scene, name, url, settings, is_consumed=False):
        self.scene = scene
        self.folder = scene.folder / name
        self.spool = self.folder / "spool"
        self.inbox = self.spool / "inbox"
        self.queue = self.folder / "queue.db"
        self.taken = self.folder / "taken"
        for folder in (self.inbox, self.taken, *(self.spool / name for name in OURS)):
            folder.mkdir(parents=True)
        self.config = scene.write_config(
            url, name=f"{name}/attestrd.toml", paths={
                "inbox": str(self.inbox), "queue": str(self.queue), "spool": str(self.spool)},
            api={"auth_token_file": str(scene.token_file),
                 "client_secret_file": str(scene.secret_file),
                 "connect_timeout": f"{A_LONG_LIFE_S}s", "request_timeout": f"{A_LONG_LIFE_S}s"},
            admin={"socket": str(self.folder / "control.sock")}, **settings)
        self.is_consumed = is_consumed
        self.daemons = []
        scene.addCleanup(self.end_daemons)
        if is_consumed:
            consumer = scene.start(Process("consumer", [
                sys.executable, CONSUMER, self.spool, self.taken], self.folder))
            eventually(lambda: consumer.out.read_text(), what="the consumer")

    # Before a life.

    def empty(self):
        """Nothing but empty folders is left."""
        self.daemons.clear()
        for folder in (self.inbox, self.taken, *(self.spool / name for name in OURS)):
            folder.mkdir(exist_ok=True)
            for path in folder.iterdir():
                path.unlink()
        for path in (*self.folder.glob("queue.db*"), *self.folder.glob("struck.*"),
                     *self.folder.glob("healer.*"), self.folder / "control.sock",
                     self.spool / ".lock"):
            path.unlink(missing_ok=True)

    def remove_folders(self):
        """As if no daemon had ever lived here."""
        for name in OURS:
            (self.spool / name).rmdir()

    def files(self):
        """All that a daemon left, as bytes by their paths."""
        paths = (*self.folder.glob("queue.db*"), self.spool / ".lock",
                 *(path for name in OURS for path in (self.spool / name).iterdir()))
        return {path.relative_to(self.folder): path.read_bytes() for path in paths}

    def put(self, files):
        for path, contents in files.items():
            target = self.folder / path
            # What was published is with the consumer already.
            if self.is_consumed and path.parent.name in FOLDERS:
                target = self.taken / f"{path.parent.name}.{path.name}.before"
            target.write_bytes(contents)

    def submit(self, cast):
        """A file with lines, one of them bad, and an empty file whose name is an id."""
        hidden = self.inbox / ".batch"
        hidden.write_text(cast.batch())
        hidden.rename(self.inbox / "batch")
        (self.inbox / cast.touched).touch()

    # After it.

    def heal(self):
        """A daemon that nothing befalls ends what is left."""
        healer = Daemon("healer", self, self.config, "--until-empty")
        self.daemons.append(healer)
        code = healer.wait(A_LONG_LIFE_S)
        self.scene.assertEqual(code, 0, healer.out.read_text() + healer.err.read_text())

    def end_daemons(self):
        for daemon in self.daemons:
            if daemon.is_running():
                daemon.kill()

    def judge(self, cast):
        """All has ended, each once, where it belongs, and nothing else is left."""
        scene = self.scene
        eventually(lambda: not self.is_consumed or not any(self.published()), A_LONG_LIFE_S,
                   "the consumer")
        scene.assertEqual(self.places(), {handshake: [folder] for handshake, folder
                                          in cast.folders.items()}, "lost, doubled or misplaced")
        for path in (*self.published(), *self.taken.iterdir()):
            cast.judge_record(path.read_text())
        scene.assertEqual(os.listdir(self.inbox) + visible_names(self.spool / "staging"), [])
        scene.assertEqual(os.listdir(self.spool / "refused"), ["batch"])
        refusal = (self.spool / "refused/batch").read_text()
        scene.assertRegex(refusal, rf"\Aline {cast.bad_line}: [^\n]+: no/id\n\Z")
        self.judge_queue(cast)

    def judge_queue(self, cast):
        with contextlib.closing(sqlite3.connect(self.queue)) as queue:
            self.scene.assertEqual(list(queue.execute("PRAGMA integrity_check")), [("ok",)])
            self.scene.assertEqual(list(queue.execute("SELECT id FROM handshake")), [])
            ended = dict(queue.execute("SELECT id, outcome FROM tombstone"))
        self.scene.assertEqual(ended, cast.outcomes())

    def published(self):
        return (path for name in FOLDERS for path in (self.spool / name).iterdir())

    def places(self):
        """The folders in which each id has appeared. One that was taken is named like
        `results.DS01.json.17`."""
        places = collections.defaultdict(list)
        for path in self.published():
            places[path.stem].append(path.parent.name)
        for path in self.taken.iterdir():
            folder, handshake, _ = path.name.split(".", 2)
            places[handshake].append(folder)
        return dict(places)
