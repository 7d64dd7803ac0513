"""Tests results that come again under the id of another handshake."""

import json
import signal

import harness
from hostile_cases import Forger, message
from hostile_server import HostileServer, Reply, context_of

SKIPPED = '{"FS01": {"input": {"threshold": 0.8}, "output": {}}, "FS02": {"output": null}}'
METRIC = "attestrd_signature_repeats_total"


def person(name):
    return json.dumps({"FS01": {"input": {"uuid": "4802xxxx9083"}, "output": {"name": name}}})


class ReplayTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.results = {}  # by handshake
        server = HostileServer(context_of(*self.authority.issue("server")), self.play)
        self.addCleanup(server.close)
        self.port = self.reserve_port()
        self.url = server.url

    def play(self, handshake, turn):
        forger = Forger(handshake, self.secret)
        return Reply(message(forger.text(result=self.results[handshake])))

    def configure(self, repeats="reject"):
        return self.write_config(self.url, signature={"repeats": repeats},
                                 admin={"listen": f"127.0.0.1:{self.port}"})

    def submit(self, handshake, result, folder="results"):
        """Submits a handshake, and waits for its record, which it returns."""
        self.results[handshake] = result
        self.drop([handshake], handshake)
        self.wait_for_results([handshake], folder=folder)
        return self.record(handshake, folder)

    def metric(self, name):
        code, text = harness.http_get(self.port, "/metrics")
        self.assertEqual(code, 200)
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(name))

    def assert_totals(self, daemon, **totals):
        """Checks what is counted once the records are in the spool."""
        harness.eventually(lambda: totals.items() <= daemon.status()["totals"].items(),
                           what=str(totals))

    def assert_rejected(self, daemon, handshake, record):
        """Checks a replay of DSfirst."""
        self.assertEqual(record["reason"], "replayed")
        self.assertEqual((record["signature"]["status"], record["repeats"]), ("valid", True))
        line = daemon.wait_for("signature.repeated")
        self.assertEqual((line["level"], line["handshake"], line["file"]),
                         ("error", handshake, f"rejected/{handshake}.json"))
        self.assertEqual(daemon.wait_for("handshake.rejected")["reason"], "replayed")
        self.assertNotIn("DSfirst", json.dumps([record, line]))
        done = self.attestrd("verify", "--config", daemon.config,
                             self.spool / f"rejected/{handshake}.json")
        self.assertEqual(done.returncode, harness.BAD_INPUT)
        self.assertIn("INVALID: rejected (replayed)", done.stdout)

    def test_result_of_another_is_rejected(self):
        daemon = self.start_daemon(self.configure())
        self.assertNotIn("repeats", self.submit("DSfirst", person("A")))
        self.submit("DSown", person("B"))
        record = self.submit("DSreplay", person("A"), "rejected")
        self.assert_rejected(daemon, "DSreplay", record)
        self.assert_totals(daemon, completed=2, rejected=1)
        self.assertEqual(self.metric(METRIC), 1)

        # The record is consumed, and the signature stays known.
        (self.spool / "results/DSfirst.json").unlink()
        self.assertEqual(daemon.stop(), 0)
        daemon = self.start_daemon(self.configure(), name="daemon2")
        record = self.submit("DSlater", person("A"), "rejected")
        self.assert_rejected(daemon, "DSlater", record)
        self.assertEqual(self.spooled(), {"DSown"})

    def test_one_result_for_all_at_once_is_delivered_once(self):
        daemon = self.start_daemon(self.configure())
        ids = harness.make_ids(40)
        self.results = {handshake: person("A") for handshake in ids}
        self.drop(ids)
        harness.eventually(lambda: len(self.spooled()) + len(self.spooled("rejected")) == len(ids),
                           what="all records")
        self.assertEqual(len(self.spooled()), 1)
        self.assert_totals(daemon, completed=1, rejected=39)
        self.assertEqual(daemon.count("signature.repeated"), 39)

    def test_equal_results_of_skipped_flows_are_delivered_and_marked(self):
        daemon = self.start_daemon(self.configure())
        self.assertNotIn("repeats", self.submit("DSfirst", SKIPPED))
        for number, handshake in enumerate(("DSsecond", "DSthird")):
            self.assertTrue(self.submit(handshake, SKIPPED)["repeats"])
            line = daemon.wait_for("signature.repeated", times=number + 1)
            self.assertEqual((line["level"], line["file"]), ("warn", f"results/{handshake}.json"))
        self.assertEqual(self.spooled("rejected"), set())
        self.assert_totals(daemon, completed=3, rejected=0)
        self.assertEqual(self.metric(METRIC), 2)
        done = self.attestrd("verify", "--config", daemon.config,
                             *sorted((self.spool / "results").iterdir()))
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_setting_holds_after_a_reload(self):
        daemon = self.start_daemon(self.configure("deliver"))
        self.submit("DSfirst", person("A"))
        self.assertTrue(self.submit("DSdelivered", person("A"))["repeats"])
        self.assertEqual(daemon.wait_for("signature.repeated")["level"], "warn")
        for number, (repeats, folder) in enumerate([("reject", "rejected"),
                                                    ("deliver", "results")]):
            self.configure(repeats)
            daemon.send(signal.SIGHUP)
            daemon.wait_for("config.reloaded", times=number + 1)
            self.submit(f"DS{repeats}", person("A"), folder)


if __name__ == "__main__":
    harness.main()
