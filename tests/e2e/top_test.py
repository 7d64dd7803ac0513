"""Tests `attestrd top` in a real terminal: tmux."""

import subprocess
import uuid

import harness


class TopTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.config = self.write_config(self.start_simulator("--never", "1").url)
        self.socket = f"attestrd-{uuid.uuid4().hex}"
        self.addCleanup(subprocess.run, ["tmux", "-L", self.socket, "kill-server"],
                        capture_output=True)

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-L", self.socket, *map(str, arguments)], text=True,
                              capture_output=True)

    def show(self, columns=100, rows=30):
        """Starts `attestrd top` in a terminal, which then stays open and shows its exit code."""
        command = f"{harness.ATTESTRD} top --config {self.config}; echo exit $?; cat"
        done = self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", rows, command)
        self.assertEqual(done.returncode, 0, done.stderr)

    def screen(self):
        return self.tmux("capture-pane", "-p").stdout

    def wait_for_screen(self, condition, what):
        harness.eventually(lambda: condition(self.screen()), what=what)
        return self.screen()

    def test_shows_what_waits_and_ends_with_q(self):
        daemon = self.start_daemon(self.config)
        self.drop([f"DS{number:02}" for number in range(7)])
        daemon.wait_for("inbox.accepted")
        self.show()
        screen = self.wait_for_screen(lambda text: "7 pending" in text, "seven handshakes")
        self.assertRegex(screen, r"(?m)^attestrd +\d+\.\d+\.\d+, running for")
        self.assertRegex(screen, r"(?m)^polling +allowed$")
        self.wait_for_screen(lambda text: "answers      pending" in text, "answers")
        self.assertEqual(self.attestrd("pause", "--config", self.config).returncode, 0)
        self.wait_for_screen(lambda text: "HELD: an operator has paused" in text, "the pause")
        self.tmux("send-keys", "q")
        self.wait_for_screen(lambda text: "exit 0" in text, "its end")
        self.assertNotIn("7 pending", self.screen(), "the terminal is as it was before")

    def test_follows_the_size_of_the_terminal(self):
        self.start_daemon(self.config)
        self.show()
        self.wait_for_screen(lambda text: "q: quit" in text, "the screen")
        self.tmux("resize-window", "-x", 30, "-y", 6)
        self.wait_for_screen(
            lambda text: text.splitlines()[5].startswith("q: quit") and
            all(len(line) <= 30 for line in text.splitlines()), "a small screen")
        self.tmux("resize-window", "-x", 90, "-y", 24)
        self.wait_for_screen(lambda text: text.splitlines()[23].startswith("q: quit"),
                             "a larger screen")

    def test_daemon_that_ends_is_told_and_may_come_back(self):
        daemon = self.start_daemon(self.config)
        self.show()
        self.wait_for_screen(lambda text: "running for" in text, "the screen")
        self.assertEqual(daemon.stop(), 0)
        self.wait_for_screen(lambda text: "control.sock" in text, "the message")
        self.start_daemon(self.config, name="again")
        self.wait_for_screen(lambda text: "control.sock" not in text, "the daemon")

    def test_without_a_daemon_or_a_terminal(self):
        self.show()
        screen = self.wait_for_screen(lambda text: "exit" in text, "its end")
        self.assertIn("exit 69", screen)
        done = self.attestrd("top", "--config", self.config)
        self.assertEqual((done.returncode, done.stdout), (65, ""))
        self.assertIn("top needs a terminal", done.stderr)


if __name__ == "__main__":
    harness.main()
