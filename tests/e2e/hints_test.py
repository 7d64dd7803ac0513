"""Tests the hints of results: Attestr's webhooks on hints.listen, over real TLS with curl."""

import base64
import contextlib
import http.client
import json
import socket
import subprocess
import time

import harness
from harness import eventually

# The first poll of a handshake is at once. Its answer takes a second and a half, at which age the
# next poll is minutes away.
LATE = ("--latency", "1500")
RARE_POLLS = {"cadence": "exponential", "min_interval": "50ms", "max_interval": "1h",
              "backoff_factor": 100}
CANARY = "CanaryOfAHint"


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("attestrd")
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class HintsTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.hint_token = base64.b64encode(b"attestr:webhook-password").decode()
        self.hint_token_file = self.write_secret("hint-token", self.hint_token)
        self.certificate, self.key = self.authority.issue("hooks")
        self.port = self.reserve_port()

    def hints(self, **changes):
        return {"listen": f"0.0.0.0:{self.port}", "tls_certificate_file": str(self.certificate),
                "tls_key_file": str(self.key), "token_file": str(self.hint_token_file), **changes}

    def curl(self, body, *flags, token=None, url=None):
        """Sends a request and returns its status and its body."""
        url = url or f"https://localhost:{self.port}/"
        token = self.hint_token if token is None else token
        authorization = ["--header", f"Authorization: Basic {token}"] if token else []
        done = subprocess.run(["curl", "--silent", "--show-error", "--cacert",
                               self.authority.certificate, *authorization,
                               "--header", "Content-Type: application/json", "--data-binary", "@-",
                               "--write-out", "\n%{http_code}", *flags, url],
                              input=body, text=True, capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        answer, _, status = done.stdout.rpartition("\n")
        return int(status), answer

    @staticmethod
    def webhook(handshake, event="flowx.completed"):
        return json.dumps({"event": event, "payload": {"_id": handshake, "result": {}}})

    def counts(self):
        connection = UnixConnection(self.folder / "control.sock")
        self.addCleanup(connection.close)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        kinds = "taken", "unknown", "unauthorized", "malformed"
        return [int(float(line.rpartition(" ")[2])) for kind in kinds for line in lines
                if line.startswith(f'attestrd_hints_total{{result="{kind}"}}')]

    def test_a_hint_brings_the_result_at_once(self):
        server = self.start_simulator("--law", "fixed:3", *LATE)
        daemon = self.start_daemon(self.write_config(server.url, poll=RARE_POLLS,
                                                     hints=self.hints()))
        announced, other = ids = harness.make_ids(2)
        self.drop(ids)
        eventually(lambda: len(server.requests()) == 2, what="a poll of each")
        time.sleep(4)
        self.assertEqual(self.spooled(), set(), "their results are there, and nobody asks")
        answer = self.curl(self.webhook(announced))
        self.wait_for_results([announced], within=10)
        self.assertEqual(answer, (200, "ok\n"))
        self.assertEqual(self.spooled(), {announced})
        with self.subTest("repeated, unknown and ended"):
            polls = len(server.requests())
            for handshake in (announced, "DSnobodyHasThis"):
                self.assertEqual(self.curl(self.webhook(handshake)), answer)
            self.assertEqual(len(server.requests()), polls)
        self.assertEqual(self.counts(), [1, 2, 0, 0])
        self.assertEqual(self.curl(self.webhook(other, "flowx.skipped")), answer)
        self.wait_for_results([other], within=10)
        self.assertEqual(daemon.count("poll.error"), 0)

    def test_a_forged_hint_costs_at_most_one_poll_and_leaves_no_trace(self):
        server = self.start_simulator("--law", "fixed:1000", *LATE)
        daemon = self.start_daemon(self.write_config(server.url, poll=RARE_POLLS,
                                                     hints=self.hints()))
        handshake, = ids = harness.make_ids(1)
        self.drop(ids)
        eventually(lambda: len(server.requests()) == 1, what="its first poll")
        time.sleep(2)
        self.assertEqual(self.curl(self.webhook(handshake))[0], 200)
        eventually(lambda: len(server.requests()) == 2, what="the poll after the hint")
        time.sleep(2)
        lines = len(daemon.log())
        for body in (self.webhook(CANARY), self.webhook(CANARY, CANARY), CANARY,
                     json.dumps({"event": CANARY, "payload": {"_id": f"../{CANARY}"}}),
                     json.dumps({"event": 7, "payload": {"_id": handshake}}),
                     f'{{"event":"{CANARY}","payload":{{"_id":"{handshake}","_id":"DS1"}}}}',
                     f'{{"event":"{CANARY}","payload":["{handshake}"]}}', ""):
            self.assertIn(self.curl(body)[0], (200, 400), body)
        self.assertEqual(self.counts(), [1, 2, 0, 6])
        self.assertEqual((len(server.requests()), len(daemon.log())), (2, lines))
        daemon.stop()
        for path in self.folder.rglob("*"):
            if path.is_file():
                self.assertNotIn(CANARY.encode(), path.read_bytes(), path)

    def test_refused_requests(self):
        server = self.start_simulator("--law", "fixed:1000")
        self.start_daemon(self.write_config(server.url, poll=RARE_POLLS, hints=self.hints()))
        body = self.webhook("DS1")
        url = f"https://localhost:{self.port}"
        for status, flags, more in (
                (401, [], {"token": self.hint_token[:-2]}), (401, [], {"token": "x"}),
                (401, [], {"token": ""}),
                (401, ["--header", f"Authorization: Basic {self.hint_token}"], {"token": "x"}),
                (405, ["--request", "PUT"], {}), (404, [], {"url": f"{url}/other"}),
                (400, [], {"body": "{}"}), (413, [], {"body": " " * (1 << 21)})):
            with self.subTest(status=status, flags=flags):
                self.assertEqual(self.curl(more.pop("body", body), *flags, **more)[0], status)
        self.assertEqual(self.curl(body)[0], 200)
        self.assertEqual(self.counts(), [0, 1, 4, 1])

    def test_slow_clients_and_clients_without_tls_keep_no_place(self):
        server = self.start_simulator("--law", "fixed:1000")
        self.start_daemon(self.write_config(server.url, poll=RARE_POLLS, hints=self.hints()))
        idle = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(100)]
        self.addCleanup(lambda: [each.close() for each in idle])
        idle[0].sendall(b"POST / HTTP/1.1\r\n\r\n")
        begin = time.monotonic()
        for each in idle:
            each.settimeout(30)
            with contextlib.suppress(ConnectionResetError):
                while each.recv(4096):
                    pass
        self.assertLess(time.monotonic() - begin, 30)
        self.assertEqual(self.curl(self.webhook("DS1"))[0], 200)

    def test_a_loopback_address_needs_no_tls(self):
        server = self.start_simulator("--law", "fixed:1000")
        hints = {"listen": f"127.0.0.1:{self.port}", "token_file": str(self.hint_token_file)}
        self.start_daemon(self.write_config(server.url, poll=RARE_POLLS, hints=hints))
        plain = f"http://127.0.0.1:{self.port}/"
        self.assertEqual(self.curl(self.webhook("DS1"), url=plain)[0], 200)
        self.assertEqual(self.curl(self.webhook("DS1"), "--header", "Host: hooks.example.com",
                                   url=plain)[0], 200)
        self.assertEqual(self.curl(self.webhook("DS1"), url=plain, token="x")[0], 401)

    def test_check_config_refuses_what_can_not_work(self):
        _, other_key = self.authority.issue("other")
        shared = self.folder / "shared.key"
        shared.write_bytes(self.key.read_bytes())
        shared.chmod(0o644)
        for why, changes in (
                ("can be reached from other hosts",
                 {"tls_certificate_file": "", "tls_key_file": ""}),
                ("needs 'hints.tls_key_file'", {"tls_key_file": ""}),
                ("needs 'hints.tls_certificate_file'", {"tls_certificate_file": ""}),
                ("needs 'hints.token_file'", {"token_file": ""}),
                ("key values mismatch", {"tls_key_file": str(other_key)}),
                ("private key", {"tls_key_file": str(self.hint_token_file)}),
                ("others may use it", {"tls_key_file": str(shared)}),
                ("no-such.pem", {"tls_certificate_file": "no-such.pem"})):
            with self.subTest(why):
                config = self.write_config("https://localhost:1", hints=self.hints(**changes))
                done = self.attestrd("check-config", config)
                self.assertEqual((done.returncode, done.stdout), (harness.CONFIG, ""))
                self.assertIn(why, done.stderr)
        config = self.write_config("https://localhost:1", hints=self.hints())
        self.assertEqual(self.attestrd("check-config", config).returncode, 0)


if __name__ == "__main__":
    harness.main()
