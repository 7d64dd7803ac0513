"""Tests sealed records: each recipient opens the answer with the openssl command, and no other file
has any of it."""

import json
import subprocess

import harness
from authority import EC_KEY
from hostile_cases import message
from hostile_server import HostileServer, Reply, context_of

RSA_KEY = "rsa:2048",

# At once: answers suffice without others that show whose fault trouble is.
HASTY = {"poll": {"min_interval": "20ms", "max_interval": "100ms", "unknown_grace": "0s",
                  "witness_time": "0s", "shutdown_grace": "100ms"},
         "signature": {"signature_attempts": 2}}
CANARY = "c4nary-4711"


class SealedTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.answers = {}  # by handshake, as they were sent
        server = HostileServer(context_of(*self.authority.issue("server")), self.play)
        self.addCleanup(server.close)
        self.certificates = self.folder / "recipients.pem"
        self.keys = {}
        for name, kind in (("alice", RSA_KEY), ("bob", EC_KEY), ("carol", EC_KEY)):
            _, self.keys[name] = self.authority.issue(name, key_type=kind, subject=f"/CN={name}")
        self.seal_to("alice", "bob")
        self.config = self.write_config(server.url, **HASTY,
                                        spool={"seal_to": str(self.certificates)})
        self.results = self.spool / "results"

    def play(self, handshake, turn):
        result = json.dumps({"FS01": {"input": {}, "output": {"name": f"{CANARY} {handshake} ä"}}},
                            ensure_ascii=False)
        changes = {"consumed": True, "number": f"{CANARY}-number"}
        if handshake.startswith("DSarchived"):
            body = self.answer(handshake, archived=1764000000000, **changes)
        else:
            body = self.signed_answer(handshake, result, **changes)
        self.answers[handshake] = body
        return Reply(message(body))

    def seal_to(self, *names):
        self.certificates.write_text("".join((self.folder / f"{name}.pem").read_text()
                                             for name in names))

    def ask(self, command, *arguments, code=0):
        done = self.attestrd(command, "--config", self.config, *arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def open_record(self, path, name):
        """Opens the answer of a record as the documentation says. Returns the exit code and the
        bytes."""
        pem = json.loads(path.read_text())["response"]
        done = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "PEM", "-inkey",
                               self.keys[name]], input=pem.encode(), capture_output=True)
        return done.returncode, done.stdout

    def assert_opens(self, path, *names):
        handshake = path.name.split(".")[0]
        for name in names:
            self.assertEqual(self.open_record(path, name), (0, self.answers[handshake]), name)

    def files_with(self, word, but=()):
        """Returns the files of the test that contain the word, except those of a folder."""
        return [str(path) for path in self.folder.rglob("*") if path.is_file()
                and not set(but) & set(path.relative_to(self.folder).parts)
                and word.encode() in path.read_bytes()]

    def test_each_recipient_opens_the_answer_and_no_file_has_it(self):
        daemon = self.start_daemon(self.config)
        self.drop(["DSgood", "DSarchived"])
        self.wait_for_results(["DSgood"])
        self.wait_for_results(["DSarchived"], folder="archived")
        good, archived = self.results / "DSgood.json", self.spool / "archived/DSarchived.json"
        self.assert_opens(good, "alice", "bob")
        self.assert_opens(archived, "alice", "bob")
        self.assertNotEqual(self.open_record(good, "carol")[0], 0)
        record = self.record("DSgood")
        self.assertEqual((record["id"], record["outcome"], record["tag"]),
                         ("DSgood", "completed", "290846"))
        self.assertEqual(record["signature"]["status"], "valid")
        harness.eventually(lambda: daemon.status()["pending"] == 0, what="the end of all")
        self.assertEqual(self.files_with(CANARY), [])
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.files_with(CANARY), [])

    def test_verify_opens_with_a_private_key(self):
        self.start_daemon(self.config)
        self.drop(["DSgood"])
        self.wait_for_results(["DSgood"])
        good = self.results / "DSgood.json"
        for name in ("alice", "bob"):
            out = self.ask("verify", "--unseal", self.keys[name], good)
            self.assertRegex(out, r"DSgood\.json: valid \(\w+\)\n$")
        out = self.ask("verify", "--unseal", self.keys["bob"], "--diagnose", good)
        self.assertIn(": method: the result", out)
        self.assertNotIn(CANARY, out)
        out = self.ask("verify", good, code=harness.BAD_INPUT)
        self.assertIn("SEALED: ", out)
        self.assertIn("--unseal", out)
        out = self.ask("verify", "--unseal", self.keys["carol"], good, code=harness.BAD_INPUT)
        self.assertIn("SEALED: this private key does not open it", out)
        self.ask("verify", "--unseal", self.folder / "none.key", good, code=harness.IO_ERROR)

    def test_reload_changes_the_recipients_of_later_records(self):
        self.start_daemon(self.config)
        self.drop(["DSbefore"])
        self.wait_for_results(["DSbefore"])
        self.seal_to("carol")
        self.assertIn("encrypted to 1 recipient ", self.ask("reload"))
        self.drop(["DSafter"], name="later")
        self.wait_for_results(["DSafter"])
        self.assert_opens(self.results / "DSbefore.json", "alice", "bob")
        self.assert_opens(self.results / "DSafter.json", "carol")
        self.assertNotEqual(self.open_record(self.results / "DSafter.json", "bob")[0], 0)
        self.certificates.write_text((self.folder / "bob.pem").read_text()
                                     + self.keys["bob"].read_text())
        done = self.attestrd("reload", "--config", self.config)
        self.assertEqual(done.returncode, harness.CONFIG, done.stdout)
        self.assertIn(f"{self.certificates}: holds a private key", done.stderr)
        self.drop(["DSlast"], name="last")
        self.wait_for_results(["DSlast"])
        self.assert_opens(self.results / "DSlast.json", "carol")
        self.config.write_text(self.config.read_text().replace(str(self.certificates), ""))
        self.assertNotIn("encrypted", self.ask("reload"))
        self.drop(["DSplain"], name="plain")
        self.wait_for_results(["DSplain"])
        self.assertEqual(self.record("DSplain")["response"]["_id"], "DSplain")

    def test_rejected_record_is_plain_and_its_readmission_seals_it(self):
        self.write_secret("client-secret", "a-wrong-secret")
        daemon = self.start_daemon(self.config)
        self.drop(["DSgood"])
        self.wait_for_results(["DSgood"], folder="rejected")
        harness.eventually(lambda: daemon.status()["pending"] == 0, what="its end")
        self.assertEqual(self.record("DSgood", "rejected")["response"],
                         json.loads(self.answers["DSgood"]))
        self.assertEqual(self.files_with(CANARY, but=["rejected"]), [])
        self.write_secret("client-secret", self.secret)
        self.ask("reload")
        self.ask("readmit", "--all")
        self.wait_for_results(["DSgood"])
        self.assert_opens(self.results / "DSgood.json", "alice", "bob")
        harness.eventually(lambda: "has ended: completed" in self.ask("explain", "DSgood"),
                           what="the end of its publication")
        self.assertEqual(self.files_with(CANARY), [])

    def test_diverted_record_is_sealed_and_not_readmitted(self):
        self.results.mkdir()
        (self.results / "DSgood.json").write_text("not ours\n")
        self.start_daemon(self.config)
        self.drop(["DSgood"])
        self.wait_for_results(["DSgood"], folder="rejected")
        diverted = self.spool / "rejected/DSgood.json"
        self.assert_opens(diverted, "alice", "bob")
        out = self.ask("readmit", diverted, code=harness.BAD_INPUT)
        self.assertIn("refused: its answer is encrypted, and the daemon has no key", out)
        self.assertTrue(diverted.exists())

    def test_no_daemon_starts_without_usable_certificates(self):
        for text, word in (("", "holds no certificate in PEM"),
                           (self.keys["bob"].read_text(), "holds a private key")):
            self.certificates.write_text(text)
            for command in (["run", "--config", self.config], ["check-config", self.config]):
                done = self.attestrd(*command)
                self.assertEqual(done.returncode, harness.CONFIG, done.stderr)
                self.assertIn(f"{self.certificates}: {word}", done.stderr)
                self.assertIn("(spool.seal_to)\n", done.stderr)
        self.certificates.unlink()
        self.assertEqual(self.attestrd("run", "--config", self.config).returncode, harness.CONFIG)
        self.certificates.write_text((self.folder / "bob.pem").read_text())
        self.assertIn("encrypted to 1 recipient ",
                      self.attestrd("check-config", self.config).stdout)


if __name__ == "__main__":
    harness.main()
