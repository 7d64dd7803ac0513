"""Tests the way back: results that were rejected while the client secret was wrong are published,
exactly once, and handshakes that have ended are polled anew."""

import collections
import json
import os
import pathlib
import random
import signal
import socket
import sys
import time

import harness
from hostile_cases import Forger, message
from hostile_server import HostileServer, Reply, context_of
from roles_fixture import ALICE, DAEMON, GROUPS, OPERATOR, READER, RolesFixture, as_user

KILLS = 200 if harness.IS_LONG else 25
FILES_PER_KILL = 4
CONSUMER = pathlib.Path(__file__).with_name("consumer.py")

# At once: without others that show whose fault trouble is, and without a grace, answers suffice.
HASTY = {"poll": {"min_interval": "20ms", "max_interval": "100ms", "unknown_grace": "0s",
                  "witness_time": "0s", "shutdown_grace": "100ms"},
         "signature": {"signature_attempts": 2}, "log": {"level": "info"}}


class ReadmitTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.answers = {}  # by handshake; all others get the genuine one
        server = HostileServer(context_of(*self.authority.issue("server")), self.play)
        self.addCleanup(server.close)
        self.config = self.write_config(server.url, **HASTY)
        self.rejected = self.spool / "rejected"

    def play(self, handshake, turn):
        forger = Forger(handshake, self.secret)
        return Reply(message(self.answers.get(handshake, lambda own: own.genuine)(forger)))

    def reject(self, *ids):
        """Lets a daemon with a wrong client secret reject these handshakes. Then the right secret
        holds."""
        self.write_secret("client-secret", "a-wrong-secret")
        daemon = self.start_daemon(self.config, name="misled")
        self.drop(ids)
        self.wait_for_results(ids, folder="rejected")
        harness.eventually(lambda: daemon.status()["pending"] == 0, what="the end of all")
        self.write_secret("client-secret", self.secret)
        return daemon

    def ask(self, command, *arguments, code=0):
        done = self.attestrd(command, "--config", self.config, *arguments)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def test_right_secret_brings_back_what_a_wrong_one_rejected(self):
        ids = harness.make_ids(40)
        daemon = self.reject(*ids)
        out = self.ask("readmit", "--all", code=harness.BAD_INPUT)
        self.assertEqual(out.count("refused: no client secret gives the signature\n"), len(ids))
        self.assertIn("client-secret", self.ask("reload"))
        out = self.ask("readmit", "--all")
        self.assertEqual(out, "".join(f"rejected/{handshake}.json: readmitted: the result is "
                                      "published\n" for handshake in sorted(ids)))
        self.wait_for_results(ids)
        self.assertEqual(list(self.rejected.iterdir()), [])
        self.ask("verify", *sorted((self.spool / "results").iterdir()))
        self.assertEqual(daemon.count("handshake.readmitted"), len(ids))
        self.assertEqual(daemon.status()["totals"]["completed"], len(ids))
        self.assertIn("has ended: completed", self.ask("explain", ids[0]))
        self.assertEqual(self.ask("readmit", "--all"), "", "there is none")
        record = self.record(ids[0])
        self.assertEqual(record["outcome"], "completed")
        self.assertGreater(record["finished_at"], record["submitted_at"])
        self.assertEqual(record["response"]["_id"], ids[0])

    def test_what_is_refused_and_why(self):
        daemon = self.reject("DSsimple", "DSedited", "DSresult", "DSrenamed", "DSretried")
        self.ask("reload")
        self.answers["DSother"] = lambda own: own.text(tag='"another"')
        self.drop([json.dumps({"id": "DSother", "tag": "290846"})], name="tagged")
        self.wait_for_results(["DSother"], folder="rejected")
        self.assertEqual(self.record("DSother", "rejected")["reason"], "tag_mismatch")

        def edit(handshake, old, new):
            path = self.rejected / f"{handshake}.json"
            text = path.read_text()
            self.assertIn(old, text)
            path.write_text(text.replace(old, new))

        edit("DSedited", '"id":"DSedited"', '"id":"DSsimple"')
        edit("DSresult", "genuine", "forged")
        edit("DSother", "tag_mismatch", "invalid_signature")
        edit("DSother", '"tag":"290846"', '"tag":"another"')
        (self.rejected / "DSrenamed.json").rename(self.rejected / "DSnone.json")
        os.link(self.rejected / "DSsimple.json", self.folder / "link")
        self.assertEqual(self.ask("retry", "DSretried"), "DSretried is polled again.\n")
        harness.eventually(lambda: "has ended: completed" in self.ask("explain", "DSretried"),
                           what="the end of its publication")
        (self.rejected / "DSlink.json").symlink_to(self.secret_file)
        answers = dict(json.loads(line).values() for line in self.ask(
            "readmit", "--all", "--json", code=harness.BAD_INPUT).splitlines())
        self.assertEqual(answers, {
            "rejected/DSedited.json": "no_record", "rejected/DSlink.json": "foreign",
            "rejected/DSnone.json": "no_record", "rejected/DSother.json": "tag_mismatch",
            "rejected/DSresult.json": "invalid_signature", "rejected/DSretried.json": "completed",
            "rejected/DSsimple.json": "foreign"})
        self.assertEqual(self.spooled(), {"DSretried"})
        (self.folder / "link").unlink()
        self.ask("readmit", self.rejected / "DSsimple.json")
        self.ask("readmit", self.rejected / "DSgone.json", code=harness.BAD_INPUT)
        self.ask("readmit", self.spool / "results/DSsimple.json", code=harness.BAD_INPUT)
        self.ask("readmit", code=harness.USAGE)
        self.wait_for_results(["DSsimple"])
        self.assertEqual(daemon.stop(), 0)
        self.ask("readmit", self.rejected / "DSresult.json", code=harness.UNAVAILABLE)
        self.ask("retry", "DSresult", code=harness.UNAVAILABLE)

    def test_what_has_ended_is_polled_again(self):
        unknown = lambda own: own.text(consumed="true", archived="1764000000000", result="null",
                                       resultSignature="null")
        self.answers["DSlost"] = unknown
        daemon = self.start_daemon(self.config)
        self.drop(["DSlost", "DSgood"])
        self.wait_for_results(["DSlost"], folder="archived")
        self.wait_for_results(["DSgood"])
        self.assertEqual(self.ask("retry", "DSlost"), "DSlost is polled again.\n")
        again = self.spool / "archived/DSlost.2.json"
        harness.eventually(again.exists, what="the second record")
        harness.eventually(lambda: "archived/DSlost.2.json" in self.ask("explain", "DSlost"),
                           what="the end of its publication")
        self.assertIn("nothing to verify (archived)", self.ask("verify", again))
        del self.answers["DSlost"]
        (self.spool / "results/DSgood.json").unlink()
        out = self.ask("retry", "DSlost", "DSgood", "DSnone", code=harness.BAD_INPUT)
        self.assertEqual(out, "DSlost is polled again.\n"
                              "DSgood has completed; with --again it is polled and published "
                              "again.\nDSnone is not known; submit it.\n")
        self.wait_for_results(["DSlost"])
        self.assertEqual(self.spooled(), {"DSlost"})
        self.ask("retry", "--again", "DSgood")
        self.wait_for_results(["DSgood"])
        self.assertEqual(daemon.count("handshake.reopened"), 3)
        self.assertEqual(daemon.count("spool.conflict"), 0)
        self.assertEqual(len(list((self.spool / "archived").iterdir())), 2)

    def test_kills_with_a_greedy_consumer(self):
        seed = int(os.environ.get("ATTESTRD_SEED", random.SystemRandom().randrange(1 << 32)))
        harness.report(f"ATTESTRD_SEED={seed} repeats the times of this run")
        luck = random.Random(seed)
        ids = harness.make_ids((1 + KILLS) * FILES_PER_KILL)
        self.assertEqual(self.reject(*ids).stop(), 0)
        taken = self.folder / "taken"
        taken.mkdir()
        consumer = self.start(harness.Process(
            "consumer", [sys.executable, CONSUMER, self.spool, taken, "results"], self.folder))
        harness.eventually(lambda: consumer.out.read_text(), what="the consumer")

        def readmit_some():
            names = sorted(path.name for path in self.rejected.iterdir())
            names = luck.sample(names, min(FILES_PER_KILL, len(names)))
            self.post("/readmit", "".join(f"{name}\n" for name in names))

        daemon = self.start_daemon(self.config, name="measured")
        began_at = time.monotonic()
        readmit_some()
        harness.eventually(lambda: len(list(taken.iterdir())) >= FILES_PER_KILL,
                           what="a whole readmission")
        whole_s = time.monotonic() - began_at
        daemon.kill()
        found = collections.Counter()
        for number in range(KILLS):
            daemon = self.start_daemon(self.config, name=f"killed{number}")
            before = len(list(taken.iterdir()))
            readmit_some()
            time.sleep(luck.uniform(0, 1.5 * whole_s))
            self.assertEqual(daemon.kill(), -signal.SIGKILL, daemon.err.read_text())
            found["in staging/"] += any((self.spool / "staging").glob("DS*"))
            found["after a publication"] += len(list(taken.iterdir())) > before
        harness.report(f"{KILLS} kills; {dict(found)}")
        self.start_daemon(self.config, name="last")
        self.ask("readmit", "--all")
        harness.eventually(lambda: len(list(taken.iterdir())) >= len(ids), what="the last record")
        times = collections.Counter(path.name.split(".")[1] for path in taken.iterdir())
        self.assertEqual(set(times), set(ids), "lost, or unknown")
        self.assertEqual(set(times.values()), {1}, "published more than once")
        self.assertEqual(list(self.rejected.iterdir()), [])
        self.assertGreater(found["after a publication"], 0)

    def post(self, target, body):
        """Sends a request to the daemon and does not wait for the answer."""
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        harness.eventually(lambda: client.connect_ex(str(self.folder / "control.sock")) == 0,
                           what="the control socket")
        client.sendall(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
                       f"{body}".encode())


class ReadmitRolesTest(RolesFixture):
    def test_an_operator_brings_results_back(self):
        config = self.write_quiet_config(
            self.start_simulator("--law", "fixed:0").url,
            admin={"socket": str(self.run_folder / "control.sock")},
            signature={"signature_attempts": 2}, poll=HASTY["poll"])
        config.chmod(0o644)
        self.config = config
        self.secret_file.write_text("a-wrong-secret\n")
        daemon = self.start_service_again("daemon")
        self.assertEqual(self.submit(ALICE, "DSone", "DStwo").returncode, 0)
        self.wait_for_results(["DSone", "DStwo"], folder="rejected")
        self.secret_file.write_text(self.secret + "\n")
        for uid in (ALICE, READER):
            for command in (["readmit", "--all"], ["retry", "DSone"]):
                self.assertEqual(self.run_as(uid, *command).returncode, harness.PERMISSION)
        self.assertEqual(self.run_as(OPERATOR, "reload").returncode, 0)
        planted = self.spool / "rejected/DStwo.json"
        text = planted.read_text()
        self.assertEqual(self.do(OPERATOR, "os.unlink(sys.argv[1])", planted), "done")
        self.assertEqual(self.do(OPERATOR, "open(sys.argv[1], 'w').write(sys.argv[2])", planted,
                                 text), "done")
        done = self.run_as(OPERATOR, "readmit", "--all")
        self.assertEqual(done.returncode, harness.BAD_INPUT, done.stderr)
        self.assertIn("DSone.json: readmitted", done.stdout)
        self.assertIn("DStwo.json: refused: the daemon has not written this file", done.stdout)
        self.wait_for_results(["DSone"])
        self.assertEqual(self.run_as(OPERATOR, "retry", "DStwo").returncode, 0)
        self.wait_for_results(["DStwo"])
        record = self.spool / "results/DSone.json"
        self.assertEqual((record.stat().st_uid, record.stat().st_gid),
                         (DAEMON, GROUPS["attestrd-read"]))
        self.assertEqual(self.do(READER, "open(sys.argv[1]).read()", record), "done")
        self.assertEqual(daemon.stop(), 0)

    def run_as(self, uid, *command):
        return self.attestrd(command[0], "--config", self.config, *command[1:], under=as_user(uid),
                             cwd="/")


if __name__ == "__main__":
    harness.main()
