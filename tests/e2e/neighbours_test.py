"""Tests other users of the machine: their locks, files, slow connections and web pages cost nobody
a result and keep no daemon from its work."""

import fcntl
import http.client
import json
import os
import socket

import harness

SLOW_CLIENTS = 20


class NeighboursTest(harness.Fixture):
    def start_with_metrics(self):
        self.port = self.reserve_port()
        self.config = self.write_config(self.start_simulator("--law", "fixed:0").url,
                                        admin={"listen": f"127.0.0.1:{self.port}",
                                               "socket": str(self.folder / "control.sock"),
                                               "host_names": ["monitor.example"]})
        return self.start_daemon(self.config)

    def lock(self, path, flags):
        descriptor = os.open(path, flags)
        self.addCleanup(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def test_a_lock_of_a_member_does_not_stop_the_start(self):
        for folder in (self.spool, self.inbox):
            self.lock(folder, os.O_RDONLY | os.O_DIRECTORY)
        self.lock(self.spool / ".lock", os.O_RDWR | os.O_CREAT)
        url = self.start_simulator("--law", "fixed:0").url
        daemon = self.start_daemon(self.write_config(url))
        other_queue, other_spool = str(self.folder / "other.db"), self.folder / "other"
        other_spool.mkdir()
        for name, spool in (("spool", self.spool), ("inbox", other_spool)):
            config = self.write_config(url, name=f"{name}.toml", paths={
                "queue": other_queue, "inbox": str(self.inbox), "spool": str(spool)},
                admin={"socket": str(self.folder / f"{name}.sock")})
            second = self.start_daemon(config, is_ready=False, name=name)
            self.assertEqual(second.wait(), harness.UNAVAILABLE, f"two on one {name}")
            self.assertIn("held by another process", second.err.read_text())
        for place in (self.spool / "staging", self.inbox / ".claimed"):
            self.assertEqual(place.stat().st_mode & 0o777, 0o700)
        self.drop(["DSa"])
        self.wait_for_results(["DSa"])
        self.assertEqual(daemon.stop(), 0)

    def test_a_planted_file_hides_no_result(self):
        (self.spool / "results").mkdir(mode=0o750)
        planted = self.spool / "results/DSplanted.json"
        planted.write_text("theirs\n")
        daemon = self.start_with_metrics()
        self.drop(["DSplanted"])
        daemon.wait_for("spool.conflict")
        completed = daemon.wait_for("handshake.completed")
        self.assertEqual(completed["file"], "rejected/DSplanted.json")
        self.assertEqual(daemon.status()["totals"]["conflicts"], 1)
        self.assertIn("attestrd_spool_conflicts_total 1\n",
                      harness.http_get(self.port, "/metrics")[1])
        self.assertEqual(self.record("DSplanted", "rejected")["outcome"], "completed")
        self.assertEqual(planted.read_text(), "theirs\n")
        for is_running in (True, False):
            if not is_running:
                self.assertEqual(daemon.stop(), 0)
            found = harness.eventually(self.explain_once_ended, what="the commit of its end")
            self.assertEqual(found["file"], "rejected/DSplanted.json")
            self.assertEqual(found["diverted_from"], "results/DSplanted.json")

    def explain_once_ended(self):
        done = self.attestrd("explain", "--config", self.config, "--json", "DSplanted")
        found = json.loads(done.stdout)
        return found if found["state"] == "ended" else None

    def test_a_later_submission_does_no_harm(self):
        daemon = self.start_daemon(self.write_config(
            self.start_simulator("--law", "fixed:2").url))
        self.drop(["DSmine"], name="mine")
        daemon.wait_for("inbox.accepted")
        self.drop(['{"id": "DSmine", "tag": "theirs", "expiry": 1300000000000}'], name="theirs")
        merged = daemon.wait_for("inbox.merged")
        self.assertEqual((merged["level"], merged["handshake"]), ("warn", "DSmine"))
        self.wait_for_results(["DSmine"])
        self.assertEqual(daemon.stop(), 0)

    def test_slow_clients_leave_room_for_the_operator(self):
        daemon = self.start_with_metrics()
        begins = (b"GET /sta", b"POST /kick HTTP/1.1\r\nContent-Length: 99\r\n\r\n[", b"")
        for number in range(SLOW_CLIENTS):
            client = socket.socket(socket.AF_UNIX)
            self.addCleanup(client.close)
            client.connect(str(self.folder / "control.sock"))
            client.sendall(begins[number % len(begins)])
        done = self.attestrd("status", "--config", self.config)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(daemon.stop(), 0)

    def test_a_web_page_reads_and_changes_nothing(self):
        daemon = self.start_with_metrics()
        for target in ("/metrics", "/health", "/livez", "/readyz"):
            for host, code in (("attacker.example", 421), ("localhost", 200),
                               ("monitor.example:9464", 200), (socket.gethostname(), 200)):
                self.assertEqual(self.ask("GET", target, {"Host": host}), code, (target, host))
        for target in ("/status", "/explain/DSa", "/kick", "/list", "/ages"):
            self.assertEqual(self.ask("GET", target, {}), 404, target)
        for header in ("Origin", "Sec-Fetch-Site"):
            connection = http.client.HTTPConnection("attestrd")
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(str(self.folder / "control.sock"))
            connection.request("POST", "/reload", headers={header: "null"})
            self.assertEqual(connection.getresponse().status, 403)
            connection.close()
        self.assertEqual(daemon.count("config.reloaded"), 0)
        self.assertEqual(daemon.stop(), 0)

    def ask(self, method, target, headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, target, headers=headers)
        code = connection.getresponse().status
        connection.close()
        return code


if __name__ == "__main__":
    harness.main()
