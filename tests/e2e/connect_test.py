"""Tests `attestrd check-config --connect`: what it says of a real connection to Attestr."""

import harness
from authority import PAST, Authority, chained
from proxies import PASSWORD, USER, Tinyproxy, is_listening

NO_TOKEN = "d3Jvbmc6dG9rZW4tNDcxMQ=="


class ConnectTest(harness.Fixture):
    def configure(self, url, **api):
        self.config = self.write_config(url, api={"connect_timeout": "5s", **api})

    def connect(self):
        done = self.attestrd("check-config", "--connect", self.config)
        for secret in (self.token, PASSWORD, NO_TOKEN):
            self.assertNotIn(secret, done.stdout + done.stderr)
        return done

    def assert_found(self):
        """Checks that everything is as it should be, and returns the values that were found."""
        done = self.connect()
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        first, *rows = done.stdout.splitlines()
        self.assertEqual(first, f"{self.config}: ok")
        return {row[:22].strip(): row[22:] for row in rows}

    def assert_fails(self, code, words, advice):
        """Checks that one line says what fails and what to do; returns what was found before."""
        done = self.connect()
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertTrue(done.stderr.endswith(f"; {advice}\n"), done.stderr)
        return done.stdout.splitlines()[1:]

    def test_shows_addresses_chain_token_and_clock(self):
        middle = self.authority.subordinate("middle")
        certificate, key = middle.issue("below")
        server = self.start_simulator(certificate=(chained(certificate, middle), key))
        self.configure(server.url)
        found = self.assert_found()
        self.assertRegex(found["DNS"], r"^localhost: .*127\.0\.0\.1")
        self.assertRegex(found["TLS"], r"^TLSv1\.3 with localhost, at (127\.0\.0\.1|::1)$")
        self.assertEqual(found["certificate"], "CN=server, 1 day left")
        self.assertIn("token", found)
        self.assertEqual(found["token"], "accepted")
        self.assertRegex(found["clock"], "^that of this host (agrees|is 1s )")
        asked, = server.requests()
        self.assertIn("attestrd-check-config", str(asked))

    def test_certificates_that_are_not_accepted(self):
        for name, certificate, code, words, advice in (
                ("other", self.authority.issue("other", host="elsewhere.example"), harness.CONFIG,
                 "hostname mismatch", "check the host in api.url"),
                ("old", self.authority.issue("old", period=PAST), harness.UNAVAILABLE,
                 "certificate has expired",
                 "check the clock of this host, or ask the owner of the server"),
                ("foreign", Authority(self.folder, "foreign").issue("of-foreign"), harness.CONFIG,
                 "unable to get local issuer",
                 "check api.ca_file, or install ca-certificates if it is empty")):
            with self.subTest(name):
                server = self.start_simulator(name=name, certificate=certificate)
                self.configure(server.url)
                found = self.assert_fails(code, words, advice)
                self.assertEqual([row.split()[0] for row in found], ["DNS"])
                self.assertEqual(server.requests(), [], "the token is not sent")

    def test_a_token_that_is_refused(self):
        server = self.start_simulator()
        self.configure(server.url)
        self.write_secret("auth-token", NO_TOKEN)
        found = self.assert_fails(
            harness.PERMISSION, "Attestr refuses the token (status 401",
            "put that of your account into auth-token (api.auth_token_file)")
        self.assertEqual([row.split()[0] for row in found],
                         ["DNS", "TLS", "certificate", "issued", "clock"])

    def test_what_can_not_be_reached(self):
        self.configure(f"https://localhost:{self.reserve_port()}")
        self.assert_fails(harness.UNAVAILABLE, "Connection refused",
                          "check api.url and the firewall, or set api.proxy")
        self.configure("https://nowhere.invalid")
        found = self.assert_fails(harness.UNAVAILABLE, "host nowhere.invalid: ",
                                  "check api.url and the DNS of this host")
        self.assertEqual(found, [])
        server = self.start_simulator()
        self.configure(server.url, source_address="192.0.2.1")
        self.assert_fails(harness.UNAVAILABLE, "192.0.2.1",
                          "check api.source_address, the routes and the firewall")

    def test_through_a_proxy(self):
        server = self.start_simulator()
        proxy = self.start(Tinyproxy(self, auth=True))
        auth_file = self.write_secret("proxy-auth", f"{USER}:{PASSWORD}")
        self.configure(server.url, proxy=proxy.url, proxy_auth_file=str(auth_file))
        found = self.assert_found()
        self.assertEqual(found["DNS of the proxy"], "127.0.0.1 is an address")
        self.assertEqual(found["TLS"], "TLSv1.3 with localhost, through 127.0.0.1")
        self.assertIn(f"localhost:{server.port}", proxy.request_log.read_text())
        self.configure(server.url, proxy=proxy.url)
        self.assert_fails(harness.UNAVAILABLE, "demands a user and a password",
                          "check api.proxy and api.proxy_auth_file")
        proxy.stop()
        harness.eventually(lambda: not is_listening(proxy.port), what="the end of the proxy")
        self.assert_fails(harness.UNAVAILABLE, "Connection refused",
                          "check api.proxy, and what the proxy may reach")

    def test_nothing_is_asked_while_the_configuration_has_faults(self):
        server = self.start_simulator()
        self.configure(server.url)
        self.inbox.rmdir()
        done = self.connect()
        self.assertEqual((done.returncode, done.stdout), (harness.CONFIG, ""))
        self.assertEqual(server.requests(), [])


if __name__ == "__main__":
    harness.main()
