"""Tests the page for people with a real browser, which reaches the control socket through a port,
as by `ssh -L`."""

import re
import socket
import socketserver
import subprocess
import threading

import harness


class Forwarder(socketserver.ThreadingTCPServer):
    """Passes each connection to a port of this host on to a unix socket."""

    daemon_threads = True

    def __init__(self, path):
        super().__init__(("127.0.0.1", 0), self.Connection)
        self.path = path
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Connection(socketserver.BaseRequestHandler):
        def handle(self):
            with socket.socket(socket.AF_UNIX) as server:
                server.connect(str(self.server.path))
                server.sendall(self.request.recv(65536))
                while part := server.recv(65536):
                    self.request.sendall(part)


class PageTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        # A handshake whose id ends so is pending for ever.
        simulator = self.start_simulator("--law", "fixed:0", "--never", "0.5")
        fates = simulator.fates([f"DS{number:02}" for number in range(20)])
        self.done = [id for id, fate in fates.items() if fate == "completes"]
        self.pending = [id for id in fates if id not in self.done]
        self.daemon = self.start_daemon(self.write_config(simulator.url))
        self.drop(fates)
        self.wait_for_results(self.done)
        self.forwarder = Forwarder(self.folder / "control.sock")
        self.addCleanup(self.forwarder.server_close)
        self.addCleanup(self.forwarder.shutdown)

    def browse(self, *flags):
        """Runs the browser to its end. Returns its standard output and error."""
        done = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             f"--user-data-dir={self.folder}/profile", "--window-size=900,1600",
             "--enable-logging=stderr", *flags, self.forwarder.url],
            text=True, capture_output=True, timeout=harness.time_limit(harness.LONG_TIMEOUT_S))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def test_browser_shows_the_page_and_refuses_nothing_of_it(self):
        page, messages = self.browse("--dump-dom")
        self.assertIn("Nothing needs attention.", page)
        self.assertRegex(page, rf"Pending</th><td>{len(self.pending)}</td>")
        shown = re.findall(r'<a href="/explain/(DS\d+)">', page)
        self.assertEqual(set(shown), set(self.done))
        self.assertIn('<polyline class="curve"', page)
        self.assertNotIn("Refused to", messages, "the page breaks its own Content-Security-Policy")
        self.assertNotIn("Content Security Policy", messages)

    def test_browser_draws_it_dark_and_light(self):
        pictures = []
        for name, flags in (("light", ()), ("dark", ("--force-dark-mode",
                                                     "--blink-settings=preferredColorScheme=0"))):
            picture = self.folder / f"{name}.png"
            self.browse(f"--screenshot={picture}", *flags)
            pictures.append(picture.read_bytes())
        for picture in pictures:
            self.assertTrue(picture.startswith(b"\x89PNG"))
            self.assertGreater(len(picture), 20_000)
        self.assertNotEqual(*pictures)

    def test_head_has_a_policy_and_no_body(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.folder / "control.sock"))
            client.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(65536), b"")).decode()
        self.assertTrue(answer.startswith("HTTP/1.1 200 OK\r\n"))
        self.assertIn("Content-Security-Policy: default-src 'none';", answer)
        self.assertTrue(answer.endswith("\r\n\r\n"))


if __name__ == "__main__":
    harness.main()
