"""Tests the list of pending handshakes."""

import json

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

    def start(self, **poll):
        simulator = self.start_simulator("--never", "1")
        self.config = self.write_config(simulator.url, poll={**SLOW, **poll})
        return self.start_daemon(self.config)

    def wait_for(self, daemon, count):
        harness.eventually(lambda: daemon.status()["pending"] == count, what="the submissions")

    def test_lists_what_is_pending(self):
        daemon = self.start()
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
        self.assertEqual(row.keys(), explained.keys())
        self.assertIn(row["state"], ("waiting", "due", "polling"))
        self.assertEqual(self.ids("--state", row["state"], "--tag", "a b&c"), ["DS01"])
        self.assertEqual(len(self.list("--no-header").stdout.splitlines()), 3)

    def test_a_long_list_is_complete(self):
        daemon = self.start()
        ids = [f"DS{number:05}" for number in range(20_000)]
        self.drop(ids)
        self.wait_for(daemon, len(ids))
        self.assertEqual(sorted(self.ids()), ids)

    def test_wrong_usage(self):
        self.config = self.write_config("https://localhost")
        for words in (("--state", "asleep"), ("--older-than", "5"), ("--sort", "name"),
                      ("--limit", "0")):
            done = self.list(*words)
            self.assertEqual((done.returncode, done.stdout), (harness.USAGE, ""), words)
            self.assertIn(f"{words[0]} {words[1]}: use ", done.stderr)
        self.assertEqual(self.list().returncode, harness.UNAVAILABLE)


if __name__ == "__main__":
    harness.main()
