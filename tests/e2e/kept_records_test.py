"""Tests the bounds on what stays in the spool: spool.keep_days and spool.max_waiting."""

import http.client
import json
import os
import socket
import time

import harness

DAY_S = 86400


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("attestrd")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class KeptRecordsTest(harness.Fixture):
    def get(self, target):
        connection = UnixConnection(self.folder / "control.sock")
        self.addCleanup(connection.close)
        connection.request("GET", target)
        response = connection.getresponse()
        return response.status, response.read().decode()

    def age(self, name, days):
        path = self.spool / name
        os.utime(path, (time.time() - days * DAY_S,) * 2)

    def record_of(self, handshake, outcome, reason=""):
        record = {"schema": "attestrd.result/1", "id": handshake, "outcome": outcome,
                  **({"reason": reason} if reason else {}),
                  "submitted_at": "2026-01-01T00:00:00.000Z",
                  "finished_at": "2026-01-01T00:00:01.000Z", "polls": 1,
                  "signature": {"status": "absent"}}
        return json.dumps(record, separators=(",", ":")) + "\n"

    def given_records(self):
        """Puts records into the folders, and returns which are to be removed, and which not."""
        texts = {"failed/DSold.json": self.record_of("DSold", "failed", "expired"),
                 "failed/DSold.2.json": self.record_of("DSold", "failed", "expired"),
                 "archived/DSlost.json": self.record_of("DSlost", "archived"),
                 "rejected/DSforged.json": self.record_of("DSforged", "rejected", "wrong_id")}
        kept = {"failed/DSyoung.json": self.record_of("DSyoung", "failed", "expired"),
                "failed/DSother.json": self.record_of("DSold", "failed", "expired"),
                "failed/notes.txt": "mine",
                "failed/DStext.json": "mine",
                "rejected/DSdiverted.json": self.record_of("DSdiverted", "completed"),
                "refused/DSrefused.json": self.record_of("DSrefused", "failed", "expired"),
                "results/DSgood.json": self.record_of("DSgood", "completed")}
        for name, text in {**texts, **kept}.items():
            (self.spool / name).parent.mkdir(mode=0o750, exist_ok=True)
            (self.spool / name).write_text(text)
            self.age(name, 0.5 if "young" in name else 400)
        target = self.folder / "target.json"
        target.write_text(self.record_of("DSlink", "failed", "expired"))
        os.utime(target, (0, 0))
        (self.spool / "failed/DSlink.json").symlink_to(target)
        os.link(self.spool / "failed/DStext.json", self.folder / "hard")
        return set(texts), set(kept) | {"failed/DSlink.json"}

    def present(self, names):
        return {name for name in names if os.path.lexists(self.spool / name)}

    def test_old_records_are_removed_and_nothing_else(self):
        old, kept = self.given_records()
        server = self.start_simulator("--never", "1")
        config = self.write_config(server.url, spool={"keep_days": 0})
        daemon = self.start_daemon(config)
        self.drop(["DSpending"])
        harness.eventually(lambda: daemon.status()["last_successful_poll"], what="an answer")
        time.sleep(3)
        self.assertEqual(self.present(old), old)

        self.write_config(server.url, spool={"keep_days": 1})
        self.assertEqual(self.attestrd("reload", "--config", config).returncode, 0)
        harness.eventually(lambda: not self.present(old), what="the removal")
        self.assertEqual(self.present(kept), kept)
        harness.eventually(lambda: daemon.count("spool.expired") == 3, what="three lines")
        counts = {line["file"]: line["count"] for line in daemon.log("spool.expired")}
        self.assertEqual(counts, {"failed/": 2, "archived/": 1, "rejected/": 1})

    def test_nothing_is_removed_before_an_answer_confirms_the_clock(self):
        old, kept = self.given_records()
        config = self.write_config("https://localhost:1", spool={"keep_days": 1})
        daemon = self.start_daemon(config)
        self.drop(["DSpending"])
        daemon.wait_for("poll.error")
        time.sleep(3)
        self.assertEqual(self.present(old | kept), old | kept)

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
        status, body = self.get("/readyz")
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
        self.given_records()
        server = self.start_simulator("--law", "fixed:0")
        config = self.write_config(server.url, spool={"max_waiting": 1})
        self.drop(["DSnew"], "new")
        daemon = self.start_daemon(config)
        daemon.wait_for("intake.stopped")
        time.sleep(3)
        self.assertEqual(self.spooled(), {"DSgood"})

        self.write_config(server.url, spool={"max_waiting": 0})
        self.assertEqual(self.attestrd("reload", "--config", config).returncode, 0)
        self.wait_for_results(["DSnew"])


if __name__ == "__main__":
    harness.main()
