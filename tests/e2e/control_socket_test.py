"""Tests a control socket that disappears while the daemon runs."""

import shutil
import socket

import harness


class ControlSocketTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.run_folder = self.folder / "run"
        self.run_folder.mkdir()
        self.path = self.run_folder / "control.sock"
        self.config = self.write_config("https://localhost:1", admin={"socket": str(self.path)})
        self.daemon = self.start_daemon(self.config)

    def test_it_comes_back_once_its_folder_is_there(self):
        shutil.rmtree(self.run_folder)
        self.daemon.wait_for("control.lost")
        self.run_folder.mkdir()
        self.daemon.wait_for("control.restored")
        self.assertEqual(self.daemon.status()["daemon"], "running")
        self.assertEqual(self.daemon.stop(), 0)
        self.assertFalse(self.path.exists())

    def test_that_of_another_server_is_left_alone(self):
        self.path.unlink()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(self.path))
            other.listen()
            self.assertIn("answers there", self.daemon.wait_for("control.lost")["message"])
            self.assertEqual(self.daemon.stop(), 0)
            self.assertTrue(self.path.exists())


if __name__ == "__main__":
    harness.main()
