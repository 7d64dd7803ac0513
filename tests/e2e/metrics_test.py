"""Tests the metrics of a running daemon against what it has done."""

import subprocess
import time

import harness

# Debian's own interpreter: its packages are not those of another one in the PATH.
PYTHON = "/usr/bin/python3"
# Prints each sample that the parser of Prometheus's client library reads.
PARSER = """
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        print(family.type, sample.name, sorted(sample.labels.items()), float(sample.value))
"""

class MetricsTest(harness.Fixture):
    def test_metrics_show_what_the_daemon_has_done(self):
        server = self.start_simulator("--law", "fixed:1")
        daemon = self.start_daemon(self.write_config(server.url))
        start = daemon.metrics()
        self.assertEqual(start['attestrd_spool_waiting{folder="results"}'], 0)
        self.assertEqual(start["attestrd_detection_delay_seconds_count"], 0)
        self.assertNotIn("attestrd_certificate_expiry_timestamp_seconds", start)
        ids = harness.make_ids(20)
        self.drop(ids)
        self.wait_for_results(ids)
        harness.eventually(lambda: daemon.status()["settling"] == 0, what="all records are written")

        now = daemon.metrics()
        polls = {name: value for name, value in now.items() if "_polls_total{" in name}
        self.assertEqual(polls['attestrd_polls_total{answer="completed"}'], 20)
        self.assertGreater(polls['attestrd_polls_total{answer="pending"}'], 20)
        self.assertEqual(sum(polls.values()), daemon.status()["totals"]["polls"])
        self.assertEqual(now["attestrd_poll_duration_seconds_count"], sum(polls.values()))
        self.assertEqual(
            now['attestrd_handshakes_ended_total{outcome="completed",reason="none"}'], 20)
        self.assertEqual(now["attestrd_detection_delay_seconds_count"], 20)
        self.assertLess(now["attestrd_detection_delay_seconds_sum"], 20 * 30)
        self.assertGreater(now["attestrd_sync_duration_seconds_count"],
                           start["attestrd_sync_duration_seconds_count"])
        self.assertGreater(now["attestrd_certificate_expiry_timestamp_seconds"], time.time())
        self.assertEqual(now["attestrd_oldest_pending_age_seconds"], 0)
        self.assertEqual(now["attestrd_due_lag_seconds"], 0)

    def test_metrics_show_how_full_spool_and_disk_are(self):
        server = self.start_simulator("--law", "fixed:0")
        for folder in ("results", "rejected"):
            (self.spool / folder).mkdir(mode=0o750)
        old = self.spool / "results/DSold.json"
        old.write_text("{}")
        harness.os.utime(old, (time.time() - 3600, time.time() - 3600))
        (self.spool / "results/DSnew.json").write_text("{}")
        (self.spool / "results/notes").write_text("a consumer's own")
        daemon = self.start_daemon(self.write_config(server.url))
        # The first survey begins with the daemon, on a thread of its own.
        harness.eventually(
            lambda: 'attestrd_free_bytes{path="queue"}' in daemon.metrics(), what="the survey")
        now = daemon.metrics()
        self.assertEqual(now['attestrd_spool_waiting{folder="results"}'], 2)
        self.assertEqual(now['attestrd_spool_waiting{folder="rejected"}'], 0)
        age = now['attestrd_spool_oldest_age_seconds{folder="results"}']
        self.assertTrue(3600 <= age < 3700, age)
        self.assertEqual(now['attestrd_spool_oldest_age_seconds{folder="rejected"}'], 0)
        for path in ("inbox", "spool", "queue"):
            self.assertGreater(now[f'attestrd_free_bytes{{path="{path}"}}'], 0)
        old.unlink()
        harness.eventually(
            lambda: daemon.metrics()['attestrd_spool_waiting{folder="results"}'] == 1,
            what="the next survey", within=60)

    def test_metrics_show_why_the_account_is_paused_and_what_waits(self):
        server = self.start_simulator("--law", "fixed:0", "--fault", "4016=1")
        daemon = self.start_daemon(self.write_config(server.url))
        self.drop(harness.make_ids(5))
        daemon.wait_for("account.paused")
        time.sleep(2)
        now = daemon.metrics()
        paused = {name for name, value in now.items() if "_account_paused{" in name and value}
        self.assertEqual(paused, {'attestrd_account_paused{reason="unauthorized"}'})
        self.assertGreater(now['attestrd_polls_total{answer="unauthorized"}'], 0)
        self.assertGreater(now["attestrd_due_lag_seconds"], 1)
        self.assertGreater(now["attestrd_oldest_pending_age_seconds"], 1)

    def test_prometheus_reads_both_forms(self):
        server = self.start_simulator("--law", "fixed:0")
        daemon = self.start_daemon(self.write_config(server.url, api={"daily_requests": 10**7}))
        ids = harness.make_ids(3)
        self.drop(ids)
        self.wait_for_results(ids)
        socket = self.folder / "control.sock"
        code, kind, text = harness.unix_get(socket, "/metrics")
        self.assertEqual((code, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                                 capture_output=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

        code, kind, text = harness.unix_get(
            socket, "/metrics", Accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1")
        self.assertEqual((code, kind),
                         (200, "application/openmetrics-text; version=1.0.0; charset=utf-8"))
        parsed = subprocess.run([PYTHON, "-c", PARSER], input=text, text=True,
                                capture_output=True, check=False)
        self.assertEqual((parsed.returncode, parsed.stderr), (0, ""))
        samples = parsed.stdout.splitlines()
        self.assertEqual(len(samples), len([line for line in text.splitlines() if line[0] != "#"]))
        self.assertIn("counter attestrd_polls_total [('answer', 'completed')] 3.0", samples)
        self.assertIn("counter attestrd_handshakes_ended_total "
                      "[('outcome', 'completed'), ('reason', 'none')] 3.0", samples)
        self.assertIn("histogram attestrd_detection_delay_seconds_count [] 3.0", samples)
        self.assertEqual(daemon.status()["totals"]["completed"], 3)


if __name__ == "__main__":
    harness.main()
