"""Provides the fixture of tests with several daemons on one queue in PostgreSQL."""

import collections
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import harness  # noqa: E402
from cluster import Cluster  # noqa: E402

LEASE_S = 3


class FleetFixture(harness.Fixture):
    @classmethod
    def setUpClass(cls):
        cls.cluster = cls.enterClassContext(Cluster())

    def setUp(self):
        super().setUp()
        self.cluster.sql("DROP SCHEMA IF EXISTS attestrd CASCADE")

    def init(self, config):
        done = self.attestrd("fleet", "init", "--config", config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def changes(self, name, **more):
        return {"queue": {"store": "postgres"},
                "postgres": {"url": self.cluster.uri(), "node": name, "lease": f"{LEASE_S}s",
                             **more}}

    def node(self, name, url, ids=(), **changes):
        daemon = self.start_apart(name, url, ids, **{**self.changes(name), **changes})
        daemon.config_file = self.folder / f"{name}.toml"
        return daemon

    def begin(self, *flags, nodes=("a", "b", "c"), simulator=None, **changes):
        """Starts the simulator, unless there is one, and the nodes of a fleet."""
        self.simulator = simulator or self.start_simulator(*flags)
        self.init(self.write_config(self.simulator.url, name="init.toml", **self.changes("init")))
        self.nodes = {name: self.node(name, self.simulator.url, **changes) for name in nodes}
        for node in self.nodes.values():
            node.wait_for("fleet.entered")

    def again(self, name):
        """Starts a node anew, after its end."""
        old = self.nodes[name]
        self.nodes[name] = self.start_daemon(old.config_file, name=f"{name}-again-{time.time()}",
                                             is_ready=False)
        self.nodes[name].spool = old.spool
        self.nodes[name].config_file = old.config_file

    def submit(self, name, ids):
        inbox = self.nodes[name].spool / "inbox"
        hidden = inbox / f".{time.monotonic_ns()}"
        hidden.write_text("".join(f"{one}\n" for one in ids))
        hidden.rename(inbox / f"batch{time.monotonic_ns()}")

    def published(self):
        """Returns how often each id is in results/ of a spool."""
        return collections.Counter(path.stem for node in self.nodes.values()
                                   for path in (node.spool / "results").glob("*.json"))

    def wait_for_all(self, ids):
        harness.eventually(lambda: set(ids) <= set(self.published()), 60, f"all of {len(ids)}")
        self.assertEqual(self.published(), collections.Counter(ids))

    def status(self, name="a"):
        done = self.attestrd("fleet", "status", "--json", "--config",
                             self.nodes[name].config_file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return {line["node"]: line for line in lines if "shelves" in line}
