"""Tests that the token, the secret and personal data appear in the records and nowhere else."""

import base64
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess

import harness

PERSONAL_FIELDS = ("birthDate", "hashedEmail", "hashedMobile", "gender", "name", "careOf",
                   "country", "district", "houseNumber", "landmark", "location", "zip",
                   "postOffice", "state", "street", "subdistrict", "vtc", "pht", "signature",
                   "digest", "uuid", "secret", "otp", "email", "mobile", "code")


class CanaryTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.canaries = {field: f"canary-{field}-4711" for field in PERSONAL_FIELDS}
        self.token = base64.b64encode(b"canary-key:canary-password").decode()
        self.secret = "canary-secret-0815"
        self.token_file = self.write_secret("auth-token", self.token)
        self.secret_file = self.write_secret("client-secret", self.secret)
        self.nginx = self.start_nginx()
        self.seen = {}  # All output of attestrd outside the spool, by name.

    def test_canaries_appear_in_results_only(self):
        result = json.dumps({"FS01": {"input": self.canaries, "output": self.canaries}})
        good = self.signed_answer("DSgood", result)
        forged = self.answer("DSforged", result, signature="0" * 64, consumed=True)
        spoiled = {"DScut": good[:-9], "DStype": good.replace(b"true", b'"canary-name-4711"'),
                   "DStwice": good.replace(b'"number"', b'"canary-name-4711": 1, "consumed"'),
                   "DSother": self.signed_answer("canary-name-4711", result)}
        # A server that echoes the token where its tracing id belongs.
        other = json.dumps({"FS01": {"input": {}, "output": {"name": "canary-name-4712"}}})
        echo = self.signed_answer("DSecho", other, requestId=self.token.rstrip("="))
        for handshake, answer in {"DSgood": good, "DSforged": forged, "DSecho": echo,
                                  **spoiled}.items():
            self.nginx.answer(handshake, answer)
        port = self.reserve_port()
        config = self.write_config(self.nginx.url, signature={"signature_attempts": 2},
                                   admin={"listen": f"127.0.0.1:{port}"})
        daemon = self.start_daemon(config)
        self.drop(["DSgood", "DSforged", "DSecho", *spoiled])
        self.wait_for_results(["DSgood", "DSecho"])
        self.wait_for_results(["DSforged"], folder="rejected")
        daemon.wait_for("poll.error", times=len(spoiled))

        self.collect_from_running_daemon(config, port)
        daemon.stop()
        self.collect_files()
        self.check()

    def collect_from_running_daemon(self, config, port):
        questions = (["status"], ["explain", "DSgood"], ["explain", "DSforged"],
                     ["explain", "DScut"])
        for question, flags in itertools.product(questions, ([], ["--json"])):
            done = self.attestrd(*question, *flags, "--config", config)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.seen[" ".join(question + flags)] = done.stdout + done.stderr
        code, self.seen["/metrics"] = harness.http_get(port, "/metrics")
        self.assertEqual(code, 200)
        verify = self.attestrd("verify", "--config", config,
                               *sorted((self.spool / "results").iterdir()),
                               *sorted((self.spool / "rejected").iterdir()))
        self.assertEqual(verify.returncode, harness.BAD_INPUT)
        self.seen["verify"] = verify.stdout + verify.stderr
        # A regular stop removes the WAL.
        for path in self.folder.glob("queue.db*"):
            self.seen[f"running {path.name}"] = path.read_bytes().decode("latin-1")
        self.assertIn("running queue.db-wal", self.seen)

    def collect_files(self):
        ours = {"results", "rejected", "nginx"}
        for path in self.folder.rglob("*"):
            belongs = ours & set(path.relative_to(self.folder).parts)
            if path.is_file() and not belongs and path not in (self.token_file, self.secret_file):
                self.seen[str(path)] = path.read_bytes().decode("latin-1")

    def check(self):
        kept = (self.spool / "results/DSgood.json").read_text()
        for canary in self.canaries.values():
            self.assertIn(canary, kept)
        self.assertTrue(any(name.endswith("daemon.out") for name in self.seen))
        words = ["canary", self.token.rstrip("="), base64.b64encode(self.secret.encode()).decode()]
        found = [(name, word) for name, text in self.seen.items() for word in words if word in text]
        self.assertEqual(found, [])

    def test_no_core_dump(self):
        self.assertTrue(self.dumps_core(shutil.which("sleep"), "60"),
                        "this machine writes no core dumps, so the test would show nothing")
        config = self.write_config(self.nginx.url)
        for number in (signal.SIGABRT, signal.SIGSEGV):
            daemon = self.start_daemon(config, cwd=self.folder, preexec_fn=allow_cores,
                                       name=f"dies-of-{number}")
            self.assertFalse(dies_with_core(daemon.popen, number))
            self.assertEqual(list(self.folder.glob("core*")), [])

    def dumps_core(self, *command):
        victim = subprocess.Popen(command, cwd=self.folder, preexec_fn=allow_cores)
        try:
            return dies_with_core(victim, signal.SIGABRT)
        finally:
            for core in self.folder.glob("core*"):
                core.unlink()


def allow_cores():
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def dies_with_core(popen, number):
    os.kill(popen.pid, number)
    _, status = os.waitpid(popen.pid, 0)
    popen.returncode = -number
    return os.WCOREDUMP(status)


if __name__ == "__main__":
    harness.main()
