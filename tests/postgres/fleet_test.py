"""Tests several daemons with one queue in PostgreSQL: what one takes in is published once, on its
machine or, when it is killed, on those of the others."""

import concurrent.futures
import json
import signal
import time

from fleet_fixture import LEASE_S, FleetFixture, harness


class FleetTest(FleetFixture):
    def test_each_result_appears_once_where_its_id_was_submitted(self):
        self.begin("--law", "fixed:1")
        ids = {name: [f"DS{name}{i}" for i in range(50)] for name in self.nodes}
        for name, its in ids.items():
            self.submit(name, its)
        self.wait_for_all(sum(ids.values(), []))
        for name, its in ids.items():
            spooled = {path.stem for path in (self.nodes[name].spool / "results").glob("*.json")}
            self.assertEqual(spooled, set(its))
        self.assertEqual({name: node["shelves"] for name, node in self.status().items()},
                         dict.fromkeys(self.nodes, 16))

    def test_the_handshakes_of_a_killed_node_are_polled_by_the_others(self):
        self.begin("--law", "fixed:8")
        ids = [f"DS{i}" for i in range(100)]
        self.submit("b", ids)
        harness.eventually(lambda: self.status()["b"]["pending"] == 100, 20, "b polls them")
        self.nodes["b"].kill()
        killed = time.monotonic()
        for name in ("a", "c"):
            self.nodes[name].wait_for("fleet.taken_over")
        self.assertLess(time.monotonic() - killed, 3 * LEASE_S * harness.TIMEOUT_FACTOR)
        self.wait_for_all(ids)
        status = self.status()
        self.assertEqual([status[name]["shelves"] for name in "abc"], [24, 0, 24])
        self.assertFalse(status["b"]["alive"])
        # It comes back, and gets shelves of its own.
        self.again("b")
        self.nodes["b"].wait_for("fleet.entered")
        self.submit("b", ["DSlast"])
        self.wait_for_all([*ids, "DSlast"])
        self.assertEqual(self.status()["b"]["shelves"], 16)

    def test_a_node_that_stops_hands_over_at_once(self):
        self.begin("--law", "fixed:4", nodes=("a", "b"))
        ids = [f"DS{i}" for i in range(40)]
        self.submit("b", ids)
        harness.eventually(lambda: self.status()["b"]["pending"] == 40, 20, "b polls them")
        self.nodes["b"].stop()
        self.wait_for_all(ids)
        self.assertEqual(self.nodes["a"].log("fleet.node_dead"), [])

    def test_a_node_that_was_suspended_publishes_nothing_twice(self):
        self.begin("--law", "fixed:6", nodes=("a", "b"))
        ids = [f"DS{i}" for i in range(100)]
        self.submit("b", ids)
        harness.eventually(lambda: self.status()["b"]["pending"] == 100, 20, "b polls them")
        self.nodes["b"].send(signal.SIGSTOP)
        self.nodes["a"].wait_for("fleet.taken_over")
        self.nodes["b"].send(signal.SIGCONT)
        self.nodes["b"].wait_for("fleet.lost")
        self.wait_for_all(ids)
        harness.eventually(lambda: self.status()["b"]["shelves"] == 16, 20, "it enters anew")

    def test_the_rate_is_that_of_the_account(self):
        self.begin("--law", "fixed:3600", api={"requests_per_second": 10},
                   poll={"max_interval": "100ms", "target_delay": "0s",
                         "cadence": "exponential", "min_interval": "50ms"})
        for name in self.nodes:
            self.submit(name, [f"DS{name}{i}" for i in range(20)])
        time.sleep(12)
        times = sorted(request["time_us"] / 1e6 for request in self.simulator.requests())
        self.assertGreater(len(times), 60)
        most = max(sum(1 for other in times if time <= other < time + 5) for time in times)
        self.assertLessEqual(most, 52)  # Two may have waited on their way.

    def test_an_unreachable_database_stops_polls_and_loses_nothing(self):
        self.begin("--law", "fixed:20", nodes=("a", "b"),
                   poll={"cadence": "exponential", "min_interval": "50ms", "max_interval": "200ms"})
        self.submit("a", ["DS1"])
        harness.eventually(lambda: self.simulator.requests(), 20, "a polls DS1")
        self.cluster.stop(signal.SIGQUIT)
        for node in self.nodes.values():
            node.wait_for("fleet.lease_ended")
        self.submit("a", ["DS2"])
        self.submit("b", ["DS3"])
        count = len(self.simulator.requests())
        time.sleep(1)
        self.assertEqual(len(self.simulator.requests()), count)
        self.cluster.start()
        self.wait_for_all(["DS1", "DS2", "DS3"])
        for node in self.nodes.values():
            self.assertTrue(node.log("fleet.lease_holds"))

    def test_a_pause_holds_for_all(self):
        self.begin("--law", "fixed:0", nodes=("a", "b"))
        done = self.attestrd("pause", "--config", self.nodes["a"].config_file)
        self.assertEqual(done.returncode, 0, done.stderr)
        paused = lambda: json.loads(self.attestrd(
            "status", "--json", "--config", self.nodes["b"].config_file).stdout)["operator_pause"]
        harness.eventually(lambda: paused() is not None, 20, "b knows it")
        self.submit("b", ["DS1"])
        time.sleep(1)
        self.assertEqual(self.published(), {})
        done = self.attestrd("resume", "--config", self.nodes["b"].config_file)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.wait_for_all(["DS1"])

    def run_at(self, name, *words, code=0):
        """Gives a command at a node, and returns what it prints."""
        done = self.attestrd(*words, "--config", self.nodes[name].config_file)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def listed(self, name, *flags):
        lines = [json.loads(line) for line in
                 self.run_at(name, "list", "--json", *flags).splitlines()]
        return {line["id"]: line for line in lines}

    def begin_with_handshakes_of_b(self, ids, nodes=("a", "b")):
        self.begin("--law", "fixed:3600", nodes=nodes)
        self.submit("b", ids)
        harness.eventually(lambda: self.status()["b"]["pending"] == len(ids), 20, "b has them")

    def test_any_node_answers_about_any_handshake(self):
        self.begin_with_handshakes_of_b(['{"id":"DS1","tag":"tag"}', "DS2", "DS3"])
        self.submit("a", ["DSown"])
        harness.eventually(lambda: set(self.listed("a")) == {"DS1", "DS2", "DS3", "DSown"}, 20,
                           "a lists those of both")
        listed = self.listed("a")
        self.assertEqual({one: line["node"] for one, line in listed.items()},
                         {"DS1": "b", "DS2": "b", "DS3": "b", "DSown": "a"})
        self.assertEqual(listed["DS1"]["waits_for"], "node")
        self.assertNotEqual(listed["DSown"]["waits_for"], "node")
        self.assertEqual(set(self.listed("a", "--tag", "tag")), {"DS1"})
        self.assertIn(" b ", self.run_at("a", "list", "--tag", "tag"))
        self.assertIn("DS2 is pending, and the node b polls it.",
                      self.run_at("a", "explain", "DS2"))
        explained = json.loads(self.run_at("a", "explain", "--json", "DSown"))
        self.assertEqual((explained["node"], explained["state"]), ("a", "pending"))
        fleet = lambda: json.loads(self.run_at("a", "status", "--json"))["fleet"]
        harness.eventually(lambda: fleet()["pending"] == 4, 20, "the beats say so")
        self.assertEqual((fleet()["node"], fleet()["nodes_alive"]), ("a", 2))

        # Without a daemon on this machine, and then without any.
        self.nodes["a"].stop()
        self.nodes["b"].wait_for("fleet.taken_over")
        self.assertEqual({line["node"] for line in self.listed("a").values()}, {"b"})
        self.assertIn("the node b polls it", self.run_at("a", "explain", "DSown"))
        self.nodes["b"].stop()
        self.assertEqual({line["waits_for"] for line in self.listed("a").values()}, {"takeover"})
        explained = json.loads(self.run_at("a", "explain", "--json", "--tag", "tag"))
        self.assertEqual((explained["id"], explained["node"]), ("DS1", "b"))
        status = json.loads(self.run_at("b", "status", "--json", code=harness.UNAVAILABLE))
        self.assertEqual((status["daemon"], status["pending"]), ("not running", 4))
        self.assertEqual((status["fleet"]["nodes_dead"], status["fleet"]["pending"]), (2, 4))
        ages = [json.loads(line) for line in self.run_at("a", "ages", "--json").splitlines()]
        self.assertEqual(sum(line["total"] for line in ages), 4)

    def test_operators_command_any_handshake_from_any_node(self):
        self.begin_with_handshakes_of_b(["DS1", "DS2", "DS3"])
        held = "DS1, on the node b, is held."
        self.assertIn(held, self.run_at("a", "hold", "DS1"))
        self.assertEqual(set(self.listed("b", "--state", "held")), {"DS1"})
        self.assertEqual(json.loads(self.run_at("a", "release", "--json", "DS1")),
                         {"id": "DS1", "release": "released", "node": "b"})
        self.assertEqual(self.listed("b", "--state", "held"), {})
        self.assertIn("DS3, on the node b, is due now.", self.run_at("a", "kick", "DS3"))
        self.assertIn("DS2, on the node b, is cancelled", self.run_at("a", "cancel", "DS2"))
        self.assertTrue((self.nodes["b"].spool / "failed" / "DS2.json").exists())
        self.assertIn("DS2 is not pending", self.run_at("a", "cancel", "DS2",
                                                        code=harness.BAD_INPUT))
        # It is polled anew where the command is given, and b asks a to end it again.
        self.assertIn("DS2 is polled again", self.run_at("a", "retry", "DS2"))
        self.assertEqual(self.listed("b")["DS2"]["node"], "a")
        self.assertIn("DS2, on the node a, is cancelled", self.run_at("b", "cancel", "DS2"))
        self.assertTrue((self.nodes["a"].spool / "failed" / "DS2.json").exists())
        self.assertEqual(self.cluster.sql("SELECT count(*) FROM attestrd.request"), "0")

    def test_a_request_to_a_killed_node_is_done_by_the_next_owner(self):
        self.begin_with_handshakes_of_b(["DS1", "DS2"], nodes=("a", "b", "c"))
        self.nodes["b"].kill()
        with concurrent.futures.ThreadPoolExecutor() as pool:
            asked = pool.map(lambda words: self.run_at("a", *words),
                             (("hold", "DS1"), ("cancel", "DS2")))
        self.assertRegex("".join(asked), "^DS1, on the node [abc], (will be|is) held.*\n"
                                         "DS2, on the node [abc], (will be|is) cancelled.*\n$")
        harness.eventually(lambda: set(self.listed("c")) == {"DS1"}, 30, "DS2 has ended")
        held = self.listed("c")["DS1"]
        self.assertIn(held["node"], ("a", "c"))
        harness.eventually(lambda: set(self.listed(held["node"], "--state", "held")) == {"DS1"},
                           20, "DS1 is held")
        records = [name for name in ("a", "c")
                   if (self.nodes[name].spool / "failed" / "DS2.json").exists()]
        self.assertEqual(len(records), 1)
        harness.eventually(
            lambda: self.cluster.sql("SELECT count(*) FROM attestrd.request") == "0", 20,
            "the requests are gone")

    def test_what_can_not_be_a_node_says_why(self):
        self.begin("--law", "fixed:0", nodes=("a",))
        url = self.simulator.url
        for name, words, changes, code in (
                ("twin", "is alive", {"node": "a"}, harness.CONFIG),
                ("typo", "postgres.url", {"url": "mysql://x/y"}, harness.CONFIG),
                ("loud", "must have no password",
                 {"url": "postgresql://u:secret@h/d"}, harness.CONFIG),
                ("empty", "attestrd fleet init",
                 {"url": self.cluster.uri().replace("/attestrd?", "/postgres?")}, harness.CONFIG)):
            with self.subTest(name):
                config = {"queue": {"store": "postgres"},
                          "postgres": {**self.changes(name)["postgres"], **changes}}
                daemon = self.start_apart(name, url, [], **config)
                self.assertEqual(daemon.wait(60), code)
                self.assertIn(words, daemon.err.read_text())
                self.assertNotIn("secret@", daemon.err.read_text())

    def test_records_of_a_lost_spool_are_released(self):
        self.begin("--law", "fixed:0", nodes=("a",))
        self.nodes["a"].stop()
        self.cluster.sql("INSERT INTO attestrd.handshake (id, shelf, state, tag, submitted_at, "
                         "spool, outcome, reason, finished_at, length_bytes, sha256) SELECT "
                         "'DSlost' || i, (SELECT min(shelf) FROM attestrd.shelf), 'staged', '', 1, "
                         "'00000000-0000-0000-0000-000000000001', 'completed', 'none', 2, 3, "
                         "decode(repeat('00', 32), 'hex') FROM generate_series(1, 2) AS i")
        spool = "00000000-0000-0000-0000-000000000001"
        release = lambda *words: self.attestrd("fleet", "release", *words, "--config",
                                               self.nodes["a"].config_file)
        self.assertEqual(release(spool).returncode, harness.USAGE)
        self.assertEqual(release("no-uuid", "--again").returncode, harness.BAD_INPUT)
        done = release(spool, "--again")
        self.assertEqual((done.returncode, done.stdout),
                         (0, "DSlost1: is polled again\nDSlost2: is polled again\n"))
        self.assertNotEqual(release(spool, "--again").returncode, 0)
        self.again("a")
        self.wait_for_all(["DSlost1", "DSlost2"])


if __name__ == "__main__":
    harness.main()
