"""Tests the list of pending handshakes."""

import json
import socket
import urllib.parse

import harness

SLOW = {"cadence": "exponential", "min_interval": "1h", "max_interval": "1h"}


class ListTest(harness.Fixture):
    def list(self, *words):
        return self.attestrd("list", "--config", self.config, *words)

    def rows(self, *words):
        done = self.list("--json", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [json.loads(line) for line in done.stdout.splitlines()]

    def ids(self, *words):
        return [row["id"] for row in self.rows(*words)]

    def begin(self, **poll):
        simulator = self.start_simulator("--never", "1")
        self.config = self.write_config(simulator.url, poll={**SLOW, **poll})
        return self.start_daemon(self.config)

    def wait_for(self, daemon, count):
        harness.eventually(lambda: daemon.status()["pending"] == count, what="the submissions")

    def test_lists_what_is_pending(self):
        daemon = self.begin()
        self.assertEqual(self.list().stdout.splitlines()[0].split()[:2], ["ID", "STATE"])
        self.drop(['{"id": "DS01", "tag": "a b&c"}', "DS02"])
        self.wait_for(daemon, 2)
        self.drop(["DS03"], name="later")
        self.wait_for(daemon, 3)
        self.assertEqual(set(self.ids()), {"DS01", "DS02", "DS03"})
        self.assertEqual(self.ids("--tag", "a b&c"), ["DS01"])
        self.assertEqual(self.ids("--tag", "other"), [])
        self.assertEqual(self.ids("--older-than", "1h"), [])
        self.assertEqual(self.ids("--sort", "age")[-1], "DS03")
        self.assertEqual(len(self.ids("--sort", "due", "--limit", "2")), 2)
        explained = json.loads(self.attestrd("explain", "--config", self.config, "--json",
                                             "DS01").stdout)
        row = self.rows("--tag", "a b&c")[0]
        self.assertEqual(row.keys(), explained.keys() - {"expected_polls"})
        self.assertIn(row["state"], ("waiting", "due", "polling"))
        self.assertEqual(self.ids("--state", row["state"], "--tag", "a b&c"), ["DS01"])
        self.assertEqual(len(self.list("--no-header").stdout.splitlines()), 3)

    def test_a_long_list_is_complete(self):
        daemon = self.begin()
        ids = [f"DS{number:05}" for number in range(20_000)]
        self.drop(ids)
        self.wait_for(daemon, len(ids))
        self.assertEqual(sorted(self.ids()), ids)

    def test_ages(self):
        daemon = self.begin()
        self.drop(["DS01", "DS02"])
        self.wait_for(daemon, 2)
        done = self.attestrd("ages", "--config", self.config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(lines[0][:2], ["AGE", "TOTAL"])
        self.assertEqual([lines[1][:2], lines[-1][:2]], [["1m", "2"], ["all", "2"]])
        done = self.attestrd("ages", "--config", self.config, "--json")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(sum(row["total"] for row in rows), 2)

    def test_reads_the_queue_file_of_a_daemon_that_was_killed(self):
        daemon = self.begin()
        ids = [f"DS{number:05}" for number in range(20_000)]
        self.drop([json.dumps({"id": handshake, "tag": handshake[-1]}) for handshake in ids])
        self.wait_for(daemon, len(ids))
        self.assertEqual(self.attestrd("hold", "--config", self.config, "DS00007").returncode, 0)
        daemon.kill()
        before = sorted(path.name for path in self.folder.iterdir())
        stored = "no daemon runs: this is the queue file, which does not say what is due\n"

        def listed(*words):
            done = self.list("--json", *words)
            self.assertEqual((done.returncode, done.stderr), (0, stored))
            return [json.loads(line) for line in done.stdout.splitlines()]

        self.assertEqual([row["id"] for row in listed()], ids)
        self.assertEqual([row["id"] for row in listed("--tag", "7", "--state", "held")],
                         ["DS00007"])
        self.assertEqual(len(listed("--state", "waiting", "--limit", "5")), 5)
        done = self.attestrd("ages", "--config", self.config, "--json")
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, done.stderr), (0, stored))
        self.assertEqual([sum(row[key] for row in rows) for key in ("total", "held")], [20_000, 1])
        for words in (("list", "--state", "due"), ("list", "--sort", "due")):
            done = self.attestrd(*words, "--config", self.config)
            self.assertEqual((done.returncode, done.stdout), (harness.UNAVAILABLE, ""))
            self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)
        self.start_daemon(self.config, name="next")

    def test_wrong_usage(self):
        self.config = self.write_config("https://localhost")
        for words in (("--state", "asleep"), ("--older-than", "5"), ("--sort", "name"),
                      ("--limit", "0")):
            done = self.list(*words)
            self.assertEqual((done.returncode, done.stdout), (harness.USAGE, ""), words)
            self.assertIn(f"{words[0]} {words[1]}: use ", done.stderr)
        self.assertEqual(self.list().returncode, harness.UNAVAILABLE)
        done = self.attestrd("ages", "--config", self.config)
        self.assertEqual(done.returncode, harness.UNAVAILABLE)


class TagTest(harness.Fixture):
    def begin(self, *law, **poll):
        simulator = self.start_simulator(*law)
        self.config = self.write_config(simulator.url, poll={**SLOW, **poll})
        self.daemon = self.start_daemon(self.config)

    def run_command(self, command, *words):
        return self.attestrd(command, "--config", self.config, *words)

    def submit(self, tags):
        self.drop([json.dumps({"id": handshake, "tag": tag}) if tag else handshake
                   for handshake, tag in tags.items()])
        harness.eventually(lambda: self.daemon.status()["pending"] == len(tags),
                           what="the submissions")

    def test_explain_and_kick_take_a_tag(self):
        self.begin("--never", "1")
        self.submit({"DS01": "one", "DS02": "two", "DS03": "two"})
        done = self.run_command("explain", "--json", "--tag", "one")
        self.assertEqual((done.returncode, json.loads(done.stdout)["id"]), (0, "DS01"))
        done = self.run_command("kick", "--json", "--tag", "one")
        self.assertEqual((done.returncode, json.loads(done.stdout)["id"]), (0, "DS01"))
        for command in ("explain", "kick"):
            with self.subTest(command):
                done = self.run_command(command, "--json", "--tag", "two")
                self.assertEqual((done.returncode, done.stdout), (harness.BAD_INPUT, ""))
                self.assertEqual(sorted(done.stderr.splitlines()[:2]), ["DS02", "DS03"])
                self.assertIn("2 handshakes have this tag: give an id, or --all", done.stderr)
                done = self.run_command(command, "--json", "--tag", "two", "--all")
                ids = [json.loads(line)["id"] for line in done.stdout.splitlines()]
                self.assertEqual((done.returncode, sorted(ids)), (0, ["DS02", "DS03"]))
                done = self.run_command(command, "--tag", "three")
                self.assertEqual((done.returncode, done.stdout), (harness.UNAVAILABLE, ""))
                self.assertIn("no handshake that was submitted with this tag", done.stderr)

    def changed(self, command, *words, code=0):
        """Runs a command that changes handshakes; returns their ids with the outcomes."""
        done = self.run_command(command, "--json", *words)
        self.assertEqual((done.returncode, done.stderr), (code, ""))
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        return {row["id"]: row[command] for row in rows}

    def assert_several(self, command, ids):
        """Checks that a command refuses the tag of several, and names them."""
        done = self.run_command(command, "--json", "--tag", "two")
        self.assertEqual((done.returncode, done.stdout), (harness.BAD_INPUT, ""))
        *named, message = done.stderr.splitlines()
        self.assertEqual(sorted(named), ids)
        self.assertEqual(message, f"{len(ids)} handshakes have this tag: give an id, or --all")

    def test_hold_release_and_cancel_take_a_tag(self):
        self.begin("--never", "1")
        self.submit({"DS01": "one", "DS02": "two", "DS03": "two", "DS04": ""})
        for command, outcome in (("hold", "held"), ("release", "released"),
                                 ("cancel", "cancelled")):
            with self.subTest(command):
                self.assertEqual(self.changed(command, "--tag", "one"), {"DS01": outcome})
                self.assert_several(command, ["DS02", "DS03"])
                done = self.run_command(command, "--tag", "three")
                self.assertEqual((done.returncode, done.stdout), (harness.UNAVAILABLE, ""))
                self.assertEqual(self.changed(command, "--tag", "two", "--all"),
                                 {"DS02": outcome, "DS03": outcome})
        self.assertEqual(self.spooled("failed"), {"DS01", "DS02", "DS03"})

    def ended(self, tag, after=""):
        """Returns the ids that have ended and have a tag, as the daemon lists them."""
        query = f"tag={urllib.parse.quote(tag)}" + (f"&after={after}" if after else "")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.folder / "control.sock"))
            client.sendall(f"GET /ended?{query} HTTP/1.1\r\nHost: a\r\n"
                           "Connection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        head, body = answer.split("\r\n\r\n", 1)
        self.assertIn(" 200 ", head)
        ids = [json.loads(line)["id"] for line in body.splitlines()]
        return ids + self.ended(tag, ids[-1]) if "\r\nLink: " in head else ids

    def wait_for_ended(self, tag, ids):
        harness.eventually(lambda: self.ended(tag) == ids, what="the ends")

    def test_retry_takes_the_tag_of_what_has_ended(self):
        self.begin("--never", "1")
        self.submit({"DS01": "a b&c", "DS02": "two", "DS03": "two", "DS04": "two"})
        self.assertEqual(self.run_command("retry", "--tag", "two").stderr,
                         "no handshake that was submitted with this tag has ended, or it is "
                         "forgotten\n")
        self.run_command("cancel", "DS01", "DS02", "DS03")
        self.wait_for_ended("a b&c", ["DS01"])
        self.wait_for_ended("two", ["DS02", "DS03"])
        self.assertEqual(self.changed("retry", "--tag", "a b&c"), {"DS01": "reopened"})
        self.assert_several("retry", ["DS02", "DS03"])
        self.assertEqual(self.changed("retry", "--tag", "two", "--all"),
                         {"DS02": "reopened", "DS03": "reopened"})
        self.assertEqual(self.daemon.status()["pending"], 4)

    def test_retry_finds_a_long_list_by_its_tag(self):
        self.begin("--never", "1")
        ids = [f"DS{number:04}" for number in range(5000)]
        self.submit(dict.fromkeys(ids, "many"))
        self.changed("cancel", "--tag", "many", "--all")
        self.wait_for_ended("many", ids)
        self.assertEqual(sorted(self.changed("retry", "--tag", "many", "--all")), ids)

    def test_kick_all(self):
        self.begin("--never", "1")
        self.submit({f"DS{number:04}": "" for number in range(3000)})
        harness.eventually(lambda: self.waiting() == 3000, what="the first polls")
        done = self.run_command("kick", "--json", "--all")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        ids = {json.loads(line)["id"] for line in done.stdout.splitlines()}
        self.assertEqual(len(ids), 3000)

    def waiting(self):
        done = self.run_command("list", "--json", "--state", "waiting")
        return len(done.stdout.splitlines())

    def test_kick_account(self):
        self.begin("--never", "1")
        done = self.run_command("kick", "--account")
        self.assertEqual((done.returncode, done.stdout),
                         (harness.UNAVAILABLE, "The account is not paused.\n"))

    def test_wrong_usage(self):
        self.config = self.write_config("https://localhost")
        for words in (("kick",), ("kick", "DS01", "--all"), ("kick", "DS01", "--tag", "one"),
                      ("kick", "--account", "--all"), ("explain",), ("explain", "DS01", "DS02"),
                      ("explain", "--all", "DS01"), ("explain", "DS01", "--tag", "one"),
                      ("hold",), ("release", "DS01", "--all"), ("retry", "--all"),
                      ("cancel", "DS01", "--tag", "one")):
            done = self.run_command(*words)
            self.assertEqual((done.returncode, done.stdout), (harness.USAGE, ""), words)
            self.assertIn(f"attestrd {words[0]}: give ", done.stderr)


if __name__ == "__main__":
    harness.main()
