"""Tests the bound on records that no consumer takes: spool.max_waiting."""

import json
import time

import harness


class WaitingResultsTest(harness.Fixture):
    def test_waiting_results_stop_the_intake_until_they_are_taken(self):
        server = self.start_simulator("--law", "fixed:0")
        config = self.write_config(server.url, spool={"max_waiting": 20})
        daemon = self.start_daemon(config)
        first = harness.make_ids(20)
        self.drop(first, "first")
        self.wait_for_results(first)
        line = daemon.wait_for("intake.stopped")
        self.assertEqual((line["level"], line["count"]), ("warn", 20))
        self.assertTrue(daemon.status()["spool_full"])
        status, _, body = harness.unix_get(self.folder / "control.sock", "/readyz")
        self.assertEqual((status, json.loads(body)["reasons"]), (503, ["spool_full"]))

        second = harness.make_ids(5, seed=2)
        self.drop(second, "second")
        time.sleep(5)
        self.assertTrue((self.inbox / "second").exists())
        self.assertEqual(self.spooled(), set(first))
        self.assertEqual(daemon.count("intake.stopped"), 1)

        (self.spool / f"results/{first[0]}.json").unlink()  # A tenth of twenty is two.
        time.sleep(3)
        self.assertTrue((self.inbox / "second").exists())
        (self.spool / f"results/{first[1]}.json").unlink()
        self.wait_for_results(second)
        daemon.wait_for("intake.resumed")

    def test_a_start_beside_waiting_results_takes_nothing_in(self):
        results = self.spool / "results"
        results.mkdir(mode=0o750)
        (results / "index.json").write_text("a consumer's own")
        server = self.start_simulator("--law", "fixed:0")
        config = self.write_config(server.url, spool={"max_waiting": 2})
        (results / "DSgood.json").write_text("{}")
        (results / "DSgood.2.json").write_text("{}")
        self.drop(["DSnew"], "new")
        daemon = self.start_daemon(config)
        daemon.wait_for("intake.stopped")
        time.sleep(3)
        self.assertNotIn("DSnew", self.spooled())

        self.write_config(server.url, spool={"max_waiting": 0})
        self.assertEqual(self.attestrd("reload", "--config", config).returncode, 0)
        self.wait_for_results(["DSnew"])

    def test_a_run_until_empty_has_no_limit(self):
        server = self.start_simulator("--law", "fixed:0")
        config = self.write_config(server.url, spool={"max_waiting": 2})
        ids = harness.make_ids(10)
        self.drop(ids)
        daemon = self.start_daemon(config, "--until-empty", is_ready=False)
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.spooled(), set(ids))


if __name__ == "__main__":
    harness.main()
