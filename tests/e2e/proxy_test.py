"""Tests that results come through real forward proxies, whatever they refuse, and if they die."""

import json
import os

import harness
from proxies import PASSWORD, USER, Proxy, Squid, Tinyproxy, is_listening

COUNT = 40


class ProxyTest:
    """The tests of one kind of proxy, which `proxy` names."""

    proxy: type[Proxy]
    wrong_password: int  # The status of the answer to one.

    def setUp(self):
        super().setUp()
        self.auth_file = self.write_secret("proxy-auth", f"{USER}:{PASSWORD}")
        self.ids = harness.make_ids(COUNT)

    def start_proxy(self, **options):
        return self.start(self.proxy(self, **options))

    def configure(self, server, proxy, auth_file="", **api):
        return self.write_config(server.url, api={"proxy": proxy.url,
                                                  "proxy_auth_file": str(auth_file), **api})

    def assert_no_leak(self, daemon, proxy):
        """Checks that the password is in no log, and that the proxy has not seen the token."""
        self.assertNotIn(PASSWORD, daemon.out.read_text() + daemon.err.read_text())
        for path in proxy.folder.iterdir():
            if path.name != "configuration":
                self.assertNotIn(self.token, path.read_text(errors="replace"), path)

    def assert_paused(self, daemon, words):
        """Waits for the pause of the account, and checks what the log and the status say of it."""
        line = daemon.wait_for("account.paused")
        self.assertIn(words, line["reason"])
        self.assertEqual(line["level"], "error")
        self.assertEqual(daemon.status()["account_pause"]["reason"], "proxy")
        self.assertEqual(daemon.count("handshake.failed"), 0)

    def test_results_come_through_the_proxy(self):
        server = self.start_simulator("--law", "uniform:0,1")
        proxy = self.start_proxy()
        daemon = self.start_daemon(self.configure(server, proxy),
                                   env={**os.environ, "https_proxy": "http://127.0.0.1:1"})
        self.drop(self.ids)
        self.wait_for_results(self.ids)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(daemon.count("poll.error"), 0)
        self.assertIn(f"localhost:{server.port}", proxy.request_log.read_text())
        self.assert_no_leak(daemon, proxy)

    def check_password(self, first, words):
        """Starts with one file of credentials, expects a pause, and gives the right one."""
        server = self.start_simulator("--law", "uniform:0,1")
        proxy = self.start_proxy(auth=True)
        config = self.configure(server, proxy, first)
        daemon = self.start_daemon(config)
        self.drop(self.ids)
        self.assert_paused(daemon, f"proxy 127.0.0.1:{proxy.port} {words}")
        self.assertEqual(server.requests(), [])

        self.configure(server, proxy, self.auth_file)
        reload = self.attestrd("reload", "--config", config)
        self.assertEqual(reload.returncode, 0, reload.stderr)
        self.assertIn("proxy-auth", reload.stdout)
        self.wait_for_results(self.ids)
        self.assertEqual((daemon.count("account.resumed"), daemon.count("handshake.failed")),
                         (1, 0))
        self.assert_no_leak(daemon, proxy)

    def test_a_password_is_demanded(self):
        self.check_password("", "demands a user and a password (407); set api.proxy_auth_file")

    def test_a_wrong_password_is_named(self):
        wrong = self.write_secret("wrong", f"{USER}:other")
        self.check_password(wrong, f"does not accept api.proxy_auth_file ({self.wrong_password})")

    def test_a_refused_tunnel_pauses_the_account(self):
        server = self.start_simulator("--law", "fixed:0")
        proxy = self.start_proxy(refuses=True)
        daemon = self.start_daemon(self.configure(server, proxy))
        self.drop(self.ids)
        self.assert_paused(daemon, f"refuses the tunnel to localhost:{server.port} (403)")
        self.assertEqual(server.requests(), [])

    def test_a_proxy_that_dies_loses_and_repeats_nothing(self):
        server = self.start_simulator("--law", "uniform:0,4", "--latency", "50")
        proxy = self.start_proxy()
        daemon = self.start_daemon(self.configure(server, proxy), "--until-empty", is_ready=False)
        self.drop(self.ids)
        for deaths in range(1, 4):
            harness.eventually(lambda: len(self.spooled()) >= deaths * COUNT // 5, what="results")
            proxy.kill()
            harness.eventually(lambda: daemon.count("poll.error") >= deaths, what="an error")
            harness.eventually(lambda: not is_listening(proxy.port), what="a free port")
            proxy = self.start_proxy(port=proxy.port)
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.spooled(), set(self.ids))
        ended = [line["handshake"] for line in daemon.log("handshake.completed")]
        self.assertEqual(sorted(ended), sorted(self.ids))
        for folder in ("archived", "failed", "rejected"):
            self.assertEqual(self.spooled(folder), set())
        verify = self.attestrd("verify", "--config", daemon.config,
                               *(self.spool / "results").iterdir())
        self.assertEqual(verify.returncode, 0, verify.stderr)


class TinyproxyTest(ProxyTest, harness.Fixture):
    proxy = Tinyproxy
    wrong_password = 401


class SquidTest(ProxyTest, harness.Fixture):
    proxy = Squid
    wrong_password = 407


class SettingsTest(harness.Fixture):
    def check(self, **api):
        return self.attestrd("check-config", self.write_config("https://localhost:1", api=api))

    def test_the_source_address_is_used(self):
        server = self.start_simulator("--law", "fixed:0")
        config = self.write_config(server.url, api={"source_address": "127.0.0.9"})
        daemon = self.start_daemon(config, "--until-empty", is_ready=False)
        self.drop(["DS1"])
        self.assertEqual(daemon.wait(), 0)
        self.assertEqual(self.spooled(), {"DS1"})

    def test_bad_settings_are_named_without_the_password(self):
        for api, words in (
                ({"proxy": f"http://{USER}:{PASSWORD}@localhost:3128"}, "api.proxy_auth_file"),
                ({"proxy": "https://localhost:3128"}, "must begin with http://"),
                ({"proxy": "http://localhost"}, "must end with a port"),
                ({"proxy_auth_file": "proxy-auth"}, "needs 'api.proxy'"),
                ({"proxy": "http://localhost:1", "proxy_auth_file": "none"}, "none: can't be"),
                ({"source_address": "eth0"}, "an IP address of this host")):
            with self.subTest(api=json.dumps(api)):
                check = self.check(**api)
                self.assertEqual(check.returncode, harness.CONFIG, check.stderr)
                self.assertIn(words, check.stderr)
                self.assertNotIn(PASSWORD, check.stdout + check.stderr)


if __name__ == "__main__":
    harness.main()
