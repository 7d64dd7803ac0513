"""Tests what several daemons with one queue do together about trouble: of the account, of the
database, which lost commits, and of a start that takes long."""

import contextlib
import json
import re
import select
import socket
import threading
import time

from fleet_fixture import LEASE_S, FleetFixture, harness

TABLES = ("node", "writer", "shelf", "boot", "account", "reservation", "learnt", "handshake")


class SlowProxy:
    """Passes connections on to a server on a unix socket. From the pipeline with `text` on, it
    keeps each answer to the same connection for a time."""

    def __init__(self, folder, server, text, delay_s):
        self.server = str(server)
        self.text = text
        self.delay_s = delay_s
        self.kept = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / ".s.PGSQL.1"))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError):
            server.connect(self.server)
            is_slow = False
            while True:
                for source in select.select([client, server], [], [])[0]:
                    part = source.recv(1 << 16)
                    if not part:
                        return
                    is_slow = is_slow or self.text in part
                    if source is server and is_slow:
                        self.kept += 1
                        time.sleep(self.delay_s)
                    (server if source is client else client).sendall(part)

    def end(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class FleetTroubleTest(FleetFixture):
    def begin_refused(self):
        """Starts a fleet whose token Attestr refuses until accept_all()."""
        self.write_secret("auth-token", "bm90LXRoaXM6dG9rZW4=")
        simulator = self.start_simulator("--law", "fixed:0")
        self.write_secret("auth-token", self.token)
        self.begin(simulator=simulator)

    def accept_all(self):
        port = self.simulator.port
        self.simulator.kill()
        self.simulator = self.start_simulator("--law", "fixed:0", name="sim-again", port=port)

    def pause(self, name):
        """Returns the pause of the account as `fleet status` of a node shows it."""
        done = self.attestrd("fleet", "status", "--json", "--config",
                             self.nodes[name].config_file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return json.loads(done.stdout.splitlines()[-1]).get("account_pause")

    def readiness(self, name):
        code, _, text = harness.unix_get(self.folder / f"{name}.sock", "/readyz")
        return code, json.loads(text)["reasons"]

    def test_one_node_asks_while_the_account_is_paused(self):
        self.begin_refused()
        ids = {name: [f"DS{name}{i}" for i in range(4)] for name in self.nodes}
        for name, its in ids.items():
            self.submit(name, its)
        for node in self.nodes.values():
            node.wait_for("account.paused")
        harness.eventually(lambda: self.pause("a"), 20, "the fleet is paused")
        asks = self.pause("a")["node"]
        others = sorted(set(self.nodes) - {asks})
        paused_by = lambda name: self.nodes[name].status()["account_pause"].get("node")
        for name in others:
            harness.eventually(lambda: paused_by(name) == asks, 20, f"{name} obeys")
            self.assertIn("paused_by_another_node", self.readiness(name)[1])
            said = self.nodes[name].log("account.paused")[-1]["message"]
            self.assertIn(f"paused by {asks} ", said)
        self.assertIsNone(paused_by(asks))
        self.assertEqual(self.readiness(asks)[1], ["paused"])
        count = len(self.simulator.requests())
        # One canary each 5 s or more.
        harness.eventually(lambda: len(self.simulator.requests()) > count, 45, "a canary")
        time.sleep(3)
        self.assertLessEqual(len(self.simulator.requests()) - count, 2)

        # Another node asks once it is dead.
        self.nodes[asks].kill()
        harness.eventually(lambda: self.pause(others[0])["node"] in others, 30, "another asks")
        heir = self.pause(others[0])["node"]
        self.nodes[heir].wait_for("account.paused", times=2)
        self.accept_all()
        done = self.attestrd("kick", "--account", "--config", self.nodes[heir].config_file)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.wait_for_all(sum(ids.values(), []))
        for name in others:
            self.nodes[name].wait_for("account.resumed")
        self.assertIsNone(self.pause(heir))

    def test_a_daemon_of_another_account_is_refused(self):
        self.begin("--law", "fixed:0", nodes=("a",))
        other = self.write_secret("other-token", "b3RoZXI6cGFzc3dvcmQ=")
        strange = self.node("b", self.simulator.url,
                            api={"auth_token_file": str(other)})
        self.assertEqual(strange.wait(60), harness.CONFIG)
        said = strange.err.read_text()
        accounts = set(re.findall(r"https://localhost:\d+ client [0-9a-f]{16}", said))
        self.assertEqual(len(accounts), 2, said)
        for secret in ("b3RoZXI6", "password", self.token):
            self.assertNotIn(secret, said)
        # The account is replaced on purpose.
        forget = lambda: self.attestrd("fleet", "forget-account", "--config", strange.config_file)
        self.assertEqual(forget().returncode, harness.UNAVAILABLE)
        self.nodes["a"].kill()  # No node is left that could declare it dead.
        self.assertEqual(forget().returncode, 0)
        self.nodes["b"] = strange
        self.again("b")
        self.nodes["b"].wait_for("fleet.entered")

    def test_a_database_that_went_back_gets_again_what_was_published_and_accepted(self):
        self.begin("--law", "fixed:8", nodes=("a", "b"))
        ids = {part: [f"DS{part}{i}" for i in range(10)] for part in ("old", "new", "last")}
        self.submit("a", ids["old"])
        harness.eventually(lambda: self.status()["a"]["pending"] == 10, 20, "a polls them")
        self.sql_at_once(f"CREATE TABLE saved_{table} AS TABLE attestrd.{table}"
                         for table in TABLES)
        self.submit("a", ids["new"])
        self.wait_for_all(ids["old"] + ids["new"])
        for path in (self.nodes["a"].spool / "results").glob("*.json"):
            path.unlink()  # As a consumer does.
        self.submit("a", ids["last"])
        harness.eventually(lambda: self.status()["a"]["pending"] == 10, 20, "a polls them")
        self.sql_at_once(text for table in TABLES for text in (
            f"DELETE FROM attestrd.{table}",
            f"INSERT INTO attestrd.{table} OVERRIDING SYSTEM VALUE TABLE saved_{table}"))
        self.nodes["a"].wait_for("queue.went_back")
        self.assertEqual(self.nodes["a"].wait_for("queue.restored")["count"], 30)
        self.wait_for_all(ids["last"])
        time.sleep(LEASE_S)
        self.wait_for_all(ids["last"])  # And no other result appears again.
        self.assertEqual(self.nodes["a"].count("queue.went_back"), 1)
        _, _, metrics = harness.unix_get(self.folder / "a.sock", "/metrics")
        self.assertIn("attestrd_queue_went_back_total 1", metrics)
        self.assertEqual(self.readiness("a"), (200, []))

    def sql_at_once(self, texts):
        self.cluster.sql("; ".join(["BEGIN ISOLATION LEVEL REPEATABLE READ",
                                    "SET LOCAL session_replication_role = replica",
                                    "LOCK TABLE " + ", ".join(f"attestrd.{t}" for t in TABLES),
                                    *texts, "COMMIT"]))

    def test_a_start_that_takes_longer_than_a_lease_is_not_taken_for_dead(self):
        self.begin("--law", "fixed:0", nodes=("a",))
        proxy = SlowProxy(self.folder, self.cluster.folder / f".s.PGSQL.{self.cluster.port}",
                          b"UPDATE attestrd.node SET spool", LEASE_S / 6)
        self.addCleanup(proxy.end)
        slow = self.changes("b", url=self.cluster.uri(1, self.folder))
        self.nodes["b"] = self.node("b", self.simulator.url, ["DS1"], **slow)
        harness.eventually(lambda: proxy.kept > 0, 20, "it enters")
        began = time.monotonic()
        self.nodes["b"].wait_for("fleet.entered")
        self.assertGreater(time.monotonic() - began, 1.2 * LEASE_S, "the start was slow")
        self.wait_for_all(["DS1"])
        self.assertEqual(self.nodes["b"].log("fleet.lost"), [])
        self.assertEqual(self.nodes["a"].log("fleet.taken_over"), [])


if __name__ == "__main__":
    harness.main()
