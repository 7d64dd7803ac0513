"""Tests a daemon that may open fewer files than it wants to: it does less, warns, and goes on."""

import resource

import harness


class DescriptorsTest(harness.Fixture):
    def limit(self, process, soft):
        """Sets the soft limit of a running process; returns the one before."""
        before = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (soft, before[1]))
        return before[0]

    def test_fewer_than_connections(self):
        simulator = self.start_simulator("--law", "fixed:1", "--latency", "300")
        config = self.write_config(simulator.url, api={
            "requests_per_second": 0, "connections": 64})
        ids = harness.make_ids(60)
        self.drop(ids)
        daemon = self.start_daemon(config, "--until-empty", under=("prlimit", "--nofile=40"))
        self.assertIn("LimitNOFILE=", daemon.wait_for("system.shortage")["message"])
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.spooled(), set(ids))
        self.assertEqual(daemon.log("poll.error"), [])

    def test_soft_limit_is_raised(self):
        config = self.write_config("https://localhost:1", api={"connections": 64})
        daemon = self.start_daemon(config, under=("prlimit", "--nofile=40:1024"))
        self.assertEqual(resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE), (1024, 1024))
        self.assertEqual(daemon.log("system.shortage"), [])

    def test_none_is_free_for_a_while(self):
        config = self.write_config(self.start_simulator("--law", "fixed:0").url)
        daemon = self.start_daemon(config)
        before = self.limit(daemon, 3)
        ids = harness.make_ids(5)
        self.drop(ids)
        daemon.wait_for("system.shortage")
        self.assertEqual(self.spooled(), set())
        self.limit(daemon, before)
        self.wait_for_results(ids)
        daemon.wait_for("system.room")
        self.assertEqual(daemon.log("account.paused"), [])
        self.assertEqual(daemon.stop(), 0)

    def test_check_config_compares(self):
        config = self.write_config("https://localhost:1", api={"connections": 64})
        for limit, code in ((40, harness.CONFIG), (1024, 0)):
            done = self.attestrd("check-config", config, under=("prlimit", f"--nofile={limit}"))
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertEqual("api.connections" in done.stderr, code != 0, done.stderr)


if __name__ == "__main__":
    harness.main()
