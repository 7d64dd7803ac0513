"""Tests the retention of records: spool.keep_days."""

import contextlib
import sqlite3
import time

import harness

DAY_MS = 24 * 3600 * 1000


class KeepDaysTest(harness.Fixture):
    def fail_all(self, config, daemon, *ids):
        self.drop(ids)
        harness.eventually(lambda: daemon.status()["pending"] == len(ids), what="the submissions")
        self.assertEqual(self.attestrd("cancel", "--config", config, *ids).returncode, 0)
        harness.eventually(lambda: self.spooled("failed") == set(ids), what="the ends")

    def age(self, days, *ids):
        """Has the records of these handshakes ended so many days of running time ago."""
        with contextlib.closing(sqlite3.connect(self.queue)) as queue, queue:
            for handshake in ids:
                changed = queue.execute(
                    "UPDATE tombstone SET running_ms = running_ms - ? WHERE id = ?",
                    (int(days * DAY_MS), handshake))
                self.assertEqual(changed.rowcount, 1, handshake)

    def test_old_records_go_and_results_stay(self):
        never = self.start_simulator("--never", "1")
        config = self.write_config(never.url, spool={"keep_days": 30}, paths={"tombstone_days": 1})
        daemon = self.start_daemon(config)
        self.fail_all(config, daemon, "DSold", "DSnew", "DSforeign")
        daemon.stop()
        good = self.start_simulator("--law", "fixed:0", name="good")
        config = self.write_config(good.url, spool={"keep_days": 30}, paths={"tombstone_days": 1})
        daemon = self.start_daemon(config, name="second")
        self.drop(["DSresult"], "result")
        self.wait_for_results(["DSresult"])
        daemon.stop()

        self.age(30.5, "DSold", "DSforeign", "DSresult")
        self.age(29, "DSnew")
        failed = self.spool / "failed"
        (failed / "DSnobody.json").write_text("{}")
        target = self.folder / "target"
        target.write_text("not attestrd's")
        (failed / "DSforeign.json").unlink()
        (failed / "DSforeign.json").symlink_to(target)
        daemon = self.start_daemon(config, name="third")
        line = daemon.wait_for("spool.expired")
        self.assertEqual((line["level"], line["file"], line["count"]), ("info", "failed", 1))
        self.assertEqual(sorted(path.name for path in failed.iterdir()),
                         ["DSforeign.json", "DSnew.json", "DSnobody.json"])
        self.assertEqual(target.read_text(), "not attestrd's")
        self.assertEqual(self.spooled(), {"DSresult"})
        self.assertEqual(daemon.metrics()['attestrd_spool_expired_total{folder="failed"}'], 1)
        # The tombstone outlives its record by a day, so the id stays known.
        self.assertEqual(self.attestrd("explain", "--config", config, "DSold").returncode, 0)

    def test_without_the_setting_records_stay(self):
        never = self.start_simulator("--never", "1")
        config = self.write_config(never.url)
        daemon = self.start_daemon(config)
        self.fail_all(config, daemon, "DSold")
        daemon.stop()
        self.age(1000, "DSold")
        self.write_config(never.url, paths={"tombstone_days": 36500})
        daemon = self.start_daemon(config, name="second")
        time.sleep(12)  # The first pass comes 10 s after the start.
        self.assertEqual(self.spooled("failed"), {"DSold"})
        self.assertEqual(daemon.count("spool.expired"), 0)
        # A reload sets it: the tombstone, which is older than both, goes only after the record.
        self.write_config(never.url, spool={"keep_days": 30}, paths={"tombstone_days": 1})
        self.assertEqual(self.attestrd("reload", "--config", config).returncode, 0)
        daemon.wait_for("spool.expired")
        self.assertEqual(self.spooled("failed"), set())


if __name__ == "__main__":
    harness.main()
