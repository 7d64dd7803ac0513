"""Provides the fixture of the end-to-end tests.

It has a temporary folder with a certificate authority, a token, a secret, an inbox and a spool. A
test starts servers and daemons in it, submits handshakes, and checks the records. The fixture ends
every process that it has started.
"""

import base64
import collections
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import supervisor
from authority import Authority
from process_group import Process
from programs import Daemon, Nginx, Simulator
from test_environment import *

# Intervals of milliseconds and seconds, in place of production's seconds and hours.
FAST = {
    "api": {"requests_per_second": 0, "connect_timeout": "2s", "request_timeout": "5s"},
    "poll": {"min_interval": "50ms", "max_interval": "500ms", "unknown_grace": "1s",
             "witness_time": "0s", "shutdown_grace": "1s"},
}


class Fixture(unittest.TestCase):
    place = None  # The parent of the temporary folder; None: the default of tempfile.

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=self.place))
        if not os.environ.get("ATTESTRD_KEEP"):
            self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.processes = []
        self.addCleanup(self.end_processes)
        self.spool = self.folder / "spool"
        self.inbox = self.spool / "inbox"
        self.inbox.mkdir(parents=True)
        self.queue = self.folder / "queue.db"
        self.authority = Authority(self.folder)
        self.token = base64.b64encode(b"client-key:client-password").decode()
        self.secret = "a-client-secret"
        self.token_file = self.write_secret("auth-token", self.token)
        self.secret_file = self.write_secret("client-secret", self.secret)

    def end_processes(self):
        for process in reversed(self.processes):
            process.end()

    # ---- Files.

    def write_secret(self, name, text):
        path = self.folder / name
        path.write_text(text + "\n")
        path.chmod(0o600)
        return path

    def write_config(self, url, name="attestrd.toml", base=FAST, **changes):
        """Writes a configuration and returns its path; `changes` are sections with settings that
        differ from `base`."""
        sections = collections.defaultdict(dict)
        ours = {
            "api": {"url": url, "ca_file": str(self.authority.certificate)},
            "paths": {"inbox": str(self.inbox), "queue": str(self.queue),
                      "spool": str(self.spool)},
            "admin": {"socket": str(self.folder / "control.sock")},
            "log": {"level": "debug"},
        }
        for part in (base, ours, changes):
            for section, settings in part.items():
                sections[section].update(settings)
        path = self.folder / name
        path.write_text(to_toml(sections))
        return path

    # ---- Programs.

    def reserve_port(self):
        """Returns a port that stays reserved for a program of this test; see reserved_port."""
        reserved = reserved_port()
        self.addCleanup(reserved.close)
        return reserved.getsockname()[1]

    def start(self, process):
        self.processes.append(process)
        return process

    def start_simulator(self, *flags, name="sim", certificate=None, port=0):
        certificate, key = certificate or self.authority.issue(f"{name}-server")
        return self.start(Simulator(name, self, certificate, key, port, flags))

    def start_nginx(self):
        return self.start(Nginx(self))

    def start_daemon(self, config, *flags, name="daemon", is_ready=True, **popen):
        daemon = self.start(Daemon(name, self, config, *flags, **popen))
        if is_ready:
            daemon.wait_for("daemon.started")
        return daemon

    def start_apart(self, name, url, ids, **changes):
        """Starts a daemon with its own spool, inbox and queue, and submits these ids to it."""
        spool = self.folder / name
        (spool / "inbox").mkdir(parents=True)
        (spool / "inbox/batch").write_text("".join(f"{handshake}\n" for handshake in ids))
        changes["paths"] = {"inbox": str(spool / "inbox"), "spool": str(spool),
                            "queue": str(self.folder / f"{name}.db")}
        changes["admin"] = {"socket": str(self.folder / f"{name}.sock")}
        config = self.write_config(url, name=f"{name}.toml", **changes)
        daemon = self.start_daemon(config, name=f"daemon-{name}", is_ready=False)
        daemon.spool = spool
        return daemon

    def attestrd(self, *arguments, under=(), **run):
        """Runs a command of attestrd to its end; `under` is the command that runs it, such as
        strace."""
        return subprocess.run([str(part) for part in (*under, ATTESTRD, *arguments)], text=True,
                              capture_output=True, timeout=time_limit(LONG_TIMEOUT_S), **run)

    # ---- Submissions and records.

    def drop(self, lines, name="batch", owner=-1):
        """Submits a file with these lines; it appears in the inbox complete."""
        hidden = self.inbox / f".{name}"
        hidden.write_text("".join(f"{line}\n" for line in lines))
        os.chown(hidden, owner, -1)
        hidden.rename(self.inbox / name)

    def spooled(self, folder="results"):
        """Returns the ids of the records in a folder of the spool."""
        return {path.stem for path in (self.spool / folder).glob("*.json")}

    def record(self, handshake, folder="results"):
        return json.loads((self.spool / folder / f"{handshake}.json").read_text())

    def wait_for_results(self, ids, within=LONG_TIMEOUT_S, folder="results"):
        ids = set(ids)
        eventually(lambda: ids <= self.spooled(folder), within, f"{len(ids)} in {folder}/")

    def answer(self, handshake, result="null", signature=None, **changes):
        """Returns an answer of Attestr with the given text as its result."""
        answer = {"_id": handshake, "number": "3804-324489-8469", "tag": "290846",
                  "requestId": "c500f555-0dd3-4368-b5e3-c039ddb144ee", "consumed": False,
                  "resultSignature": signature, **changes}
        return f'{json.dumps(answer)[:-1]}, "result": {result}}}'.encode()

    def signed_answer(self, handshake, result, **changes):
        """Returns an answer for a consumed handshake, signed over the text of the result."""
        signature = hmac.new(self.secret.encode(), result.encode(), hashlib.sha256).hexdigest()
        return self.answer(handshake, result, signature, **{"consumed": True, **changes})


def main():
    """Runs the tests of the calling program; see supervisor.py."""
    supervisor.run(lambda: unittest.main(verbosity=2))
