"""Tests how daemons of a fleet reach their database: over TLS, through a failover and PgBouncer,
and what they say when it can't be used."""

import json
import shutil
import signal
import time

from cluster import Cluster, Standby
from fleet_fixture import FleetFixture, harness


class ConnectionsTest(FleetFixture):
    def tls(self, *ports):
        """Returns the settings of a node that reaches these ports over TLS."""
        hosts = ",".join(f"localhost:{port}" for port in ports)
        return {"url": f"postgresql://attestrd@{hosts}/attestrd",
                "ca_file": str(self.authority.certificate)}

    def first_new_result(self):
        """Waits for a result that is not there yet, and returns how long it took."""
        start, before = time.monotonic(), set(self.published())
        harness.eventually(lambda: set(self.published()) - before, 60, "a further result")
        return time.monotonic() - start

    def refused(self, name, code, *texts, **postgres):
        """Starts a node that must end with this code and these words."""
        postgres = {**self.changes(name)["postgres"], **postgres}
        config = {"queue": {"store": "postgres"}, "postgres": postgres}
        daemon = self.start_apart(name, self.simulator.url, [], **config)
        self.assertEqual(daemon.wait(60), code, daemon.err.read_text())
        text = daemon.err.read_text()
        for words in texts:
            self.assertIn(words, text)
        return text

    def waits(self, name, *texts, **postgres):
        """Starts a node that must wait for its database and name the reason; so must a command."""
        postgres = {**self.changes(name)["postgres"], **postgres}
        config = {"queue": {"store": "postgres"}, "postgres": postgres}
        daemon = self.start_apart(name, self.simulator.url, [], **config)
        said = json.dumps(daemon.wait_for("queue.unavailable"))
        done = self.attestrd("fleet", "status", "--config", self.folder / f"{name}.toml")
        self.assertEqual(done.returncode, harness.UNAVAILABLE)
        for words in texts:
            self.assertIn(words, said)
            self.assertIn(words, done.stderr)
        self.assertEqual(daemon.stop(), 0)

    # ---- Ways to the database.

    def test_a_failover_to_a_synchronous_standby_loses_nothing(self):
        with Cluster(tls=self.authority) as primary, Standby(primary) as standby:
            standby.make_synchronous()
            self.cluster = primary
            self.changes = lambda name, **more: {
                "queue": {"store": "postgres"},
                "postgres": {"node": name, "lease": "5s", **more,
                             **self.tls(primary.port, standby.port)}}
            self.begin("--law", "uniform:1,12")
            self.assertIn('"synchronous_replication":true', self.attestrd(
                "fleet", "status", "--json", "--config", self.nodes["a"].config_file).stdout)
            self.assertEqual(primary.sql("SELECT count(*) > 5 FROM pg_stat_ssl JOIN "
                                         "pg_stat_activity USING (pid) WHERE ssl AND "
                                         "application_name LIKE 'attestrd%'"), "t")
            ids = [f"DS{name}{i}" for name in self.nodes for i in range(100)]
            for name in self.nodes:
                self.submit(name, [one for one in ids if one.startswith(f"DS{name}")])
            harness.eventually(lambda: len(self.published()) > 60, 60, "some results")
            primary.stop(signal.SIGQUIT)
            standby.promote()
            harness.report(f"the first result came {self.first_new_result():.1f} s after the "
                           f"promotion")
            self.cluster = standby
            self.wait_for_all(ids)
            self.assertEqual([node.log("fleet.node_dead") for node in self.nodes.values()],
                             [[], [], []])
            times = [request["time_us"] / 1e6 for request in self.simulator.requests()]
            gap = max(after - before for before, after in zip(times, times[1:]))
            harness.report(f"the longest time without a poll was {gap:.1f} s")
            self.nodes["a"].stop()
            self.nodes["b"].stop()
            self.nodes["c"].stop()
            del self.cluster

    def test_nodes_work_through_pgbouncer_in_transaction_mode(self):
        if not self.cluster.bouncer:
            self.cluster.start_bouncer()
        uri = self.cluster.uri(self.cluster.bouncer_port)
        changes = self.changes
        self.changes = lambda name, **more: changes(name, **{"url": uri, **more})
        self.begin("--law", "fixed:6")
        ids = [f"DS{name}{i}" for name in self.nodes for i in range(60)]
        for name in self.nodes:
            self.submit(name, [one for one in ids if one.startswith(f"DS{name}")])
        harness.eventually(lambda: sum(node["pending"] for node in self.status().values()) == 180,
                           20, "all are polled")
        self.assertEqual(self.cluster.sql(
            "SELECT count(*) < 4 FROM pg_stat_activity WHERE datname = 'attestrd' AND "
            "backend_type = 'client backend' AND pid <> pg_backend_pid()"), "t")
        self.nodes["b"].kill()
        self.nodes["a"].wait_for("fleet.taken_over")
        self.wait_for_all(ids)

    # ---- Databases that can't be used.

    def test_a_standby_as_the_only_server(self):
        self.begin("--law", "fixed:0", nodes=())
        with Standby(self.cluster) as standby:
            self.waits("only", "read-only", url=standby.uri())
            # The other server of the URI is asked, too.
            both = (f"postgresql://attestrd@/attestrd?host={standby.folder},{self.cluster.folder}"
                    f"&port={standby.port},{self.cluster.port}")
            node = self.node("b", self.simulator.url, ["DSb"], **self.changes("b", url=both))
            node.wait_for("fleet.entered")
            self.nodes["b"] = node
            self.wait_for_all(["DSb"])
            done = self.attestrd("fleet", "init", "--config", self.folder / "only.toml")
            self.assertEqual(done.returncode, harness.UNAVAILABLE)

    def test_addresses_that_lead_nowhere(self):
        self.begin("--law", "fixed:0", nodes=())
        closed = self.reserve_port()
        for name, text, url in (
                ("port", "can't be reached at localhost",
                 f"postgresql://attestrd@localhost:{closed}/attestrd"),
                ("host", "can't be reached at nowhere.invalid",
                 "postgresql://attestrd@nowhere.invalid/attestrd"),
                ("socket", "can't be reached at /nonexistent",
                 "postgresql://attestrd@/attestrd?host=/nonexistent")):
            with self.subTest(name):
                self.waits(name, text, url=url)
        for name, text, url in (
                ("base", "does not exist", self.cluster.uri().replace("/attestrd?", "/other?")),
                ("password", "no password supplied",
                 self.cluster.uri().replace("attestrd@", "locked@"))):
            with self.subTest(name):
                self.refused(name, harness.CONFIG, text, url=url)

    def test_certificates_that_do_not_hold(self):
        self.begin("--law", "fixed:0", nodes=())
        stranger = type(self.authority)(self.folder, "stranger")
        with Cluster(tls=self.authority) as secure:
            good = self.tls(secure.port)
            for name, text, changes in (
                    ("stranger", "certificate verify failed",
                     {**good, "ca_file": str(stranger.certificate)}),
                    ("system", "certificate verify failed", {**good, "ca_file": ""}),
                    ("name", "does not match host name",
                     {**good, "url": good["url"].replace("localhost", "127.0.0.1")}),
                    ("plain", "does not support SSL", self.tls(self.cluster.port))):
                with self.subTest(name):
                    self.waits(name, text, **changes)

    def test_tables_of_another_version(self):
        self.begin("--law", "fixed:0", nodes=())
        self.cluster.sql("UPDATE attestrd.schema_version SET version = 999")
        self.refused("newer", harness.CONFIG, "made by a newer attestrd", "upgrade attestrd")
        self.cluster.sql("UPDATE attestrd.schema_version SET version = 0")
        self.refused("older", harness.CONFIG, "run `attestrd fleet init`")

    def test_a_server_that_is_too_old(self):
        self.begin("--law", "fixed:0", nodes=())
        # The daemon asks a function that says what an older server would say.
        self.cluster.sql(
            "CREATE SCHEMA older; GRANT USAGE ON SCHEMA older TO attestrd; CREATE FUNCTION "
            "older.current_setting(name text) RETURNS text LANGUAGE sql AS $$ SELECT CASE name "
            "WHEN 'server_version_num' THEN '130012' ELSE pg_catalog.current_setting(name) END $$")
        self.cluster.sql("ALTER ROLE attestrd SET search_path = older, pg_catalog")
        self.addCleanup(self.cluster.sql, "DROP SCHEMA older CASCADE")
        self.addCleanup(self.cluster.sql, "ALTER ROLE attestrd RESET search_path")
        self.refused("a", harness.CONFIG, "older than PostgreSQL 14")

    def test_a_clone_of_a_machine(self):
        self.begin("--law", "fixed:8", nodes=("a",))
        ids = [f"DS{i}" for i in range(20)]
        self.submit("a", ids)
        harness.eventually(lambda: self.status()["a"]["pending"] == 20, 20, "a polls them")
        # Another host name, and the same spool with its identity.
        (self.folder / "clone/staging").mkdir(parents=True)
        shutil.copy(self.nodes["a"].spool / "staging/.used", self.folder / "clone/staging/.used")
        (self.folder / "clone/staging").chmod(0o700)
        config = self.write_config(
            self.simulator.url, name="clone.toml",
            paths={"inbox": str(self.folder / "clone/inbox"), "spool": str(self.folder / "clone"),
                   "queue": str(self.folder / "clone.db")},
            admin={"socket": str(self.folder / "clone.sock")}, **self.changes("clone"))
        (self.folder / "clone/inbox").mkdir()
        clone = self.start_daemon(config, name="clone", is_ready=False)
        self.assertEqual(clone.wait(60), harness.CONFIG)
        self.assertIn("belongs to the node a, not to clone: a machine was cloned",
                      clone.err.read_text())
        self.wait_for_all(ids)
        self.assertEqual(self.nodes["a"].log("fleet.lost"), [])


if __name__ == "__main__":
    harness.main()
