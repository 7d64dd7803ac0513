"""Tests that tests end what they start: the process groups, the supervisor and the check for
leftovers."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import harness
import leftovers
import process_table
import supervisor
from process_group import Process
from programs import Nginx

FOLDER = pathlib.Path(__file__).parent

# A master with a worker, like nginx's: the worker outlives a master that is killed.
MASTER = "sleep 1000 & echo $! >worker; wait"

# A test program that starts such a master and then waits.
TEST_PROGRAM = f"""
import pathlib, subprocess, sys, time
sys.path.insert(0, {str(FOLDER)!r})
import supervisor

supervisor.GRACE_S = 1

def main():
    subprocess.Popen(["sh", "-c", {MASTER!r}], process_group=0)
    while not pathlib.Path("worker").exists():
        time.sleep(0.01)
    time.sleep(DURATION_S)

supervisor.run(main)
"""


def is_running(pid):
    entry = process_table.entry_of(pid)
    return entry is not None and not entry.is_zombie()


class LeftoversTest(harness.Fixture):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.kill_worker)

    def worker(self):
        """Returns the number of the worker, once it exists."""
        path = self.folder / "worker"
        harness.eventually(lambda: path.exists() and path.read_text().strip(), what="the worker")
        return int(path.read_text())

    def kill_worker(self):
        path = self.folder / "worker"
        if path.exists() and is_running(int(path.read_text())):
            os.kill(int(path.read_text()), signal.SIGKILL)

    def start_master(self):
        return self.start(Process("master", ["sh", "-c", MASTER], self.folder, cwd=self.folder))

    def assert_ends(self, pid):
        harness.eventually(lambda: not is_running(pid), what=f"the end of process {pid}")

    # ---- Process groups.

    def test_kill_ends_the_worker_too(self):
        master = self.start_master()
        worker = self.worker()
        master.kill()
        self.assert_ends(worker)

    def test_end_of_the_master_ends_the_worker(self):
        """Tests that the worker ends with the master, for example when a test kills it or it
        fails."""
        master = self.start_master()
        worker = self.worker()
        os.kill(master.pid, signal.SIGKILL)
        self.assertEqual(master.wait(), -signal.SIGKILL)
        self.assert_ends(worker)

    def test_nginx_stops_in_order(self):
        nginx = self.start(Nginx(self))
        worker = self.worker_of(nginx)
        nginx.end()
        self.assertEqual(nginx.popen.returncode, 0)
        self.assert_ends(worker)

    @staticmethod
    def worker_of(nginx):
        """Returns the worker of nginx, which listens before it starts it."""
        worker, = harness.eventually(lambda: process_table.descendants(nginx.pid), what="a worker")
        return worker.pid

    # ---- The check.

    def test_check_finds_a_worker_whose_master_was_killed(self):
        """Tests the state after SIGKILL to the master alone."""
        self.assertEqual(self.found(), [])
        master = subprocess.Popen(["sh", "-c", MASTER], cwd=self.folder)
        worker = self.worker()
        master.kill()
        master.wait()
        self.assertEqual(self.found(), [worker])
        done = subprocess.run([sys.executable, FOLDER / "leftovers.py"], text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(f"still running: {worker} sleep 1000", done.stdout)
        self.kill_worker()
        self.assert_ends(worker)
        self.assertEqual(self.found(), [])

    def test_check_finds_the_worker_of_nginx(self):
        """Tests a worker that writes its title over its environment and has no argument that names
        a folder."""
        nginx = self.start(Nginx(self))
        worker = self.worker_of(nginx)
        os.kill(nginx.pid, signal.SIGKILL)
        harness.eventually(lambda: process_table.entry_of(worker).parent != nginx.pid,
                           what="the end of the master")
        self.assertEqual(self.found(), [worker])

    def found(self):
        """Returns the leftovers of this test, since others may run beside it."""
        return [entry.pid for entry in leftovers.find(prefix=self.folder.name)
                if entry.session == os.getsid(0)]

    # ---- The supervisor.

    def start_test_program(self, duration_s=1000):
        """Starts a test program. Returns the process of its supervisor and the worker that it has
        started."""
        script = self.folder / "program.py"
        script.write_text(TEST_PROGRAM.replace("DURATION_S", str(duration_s)))
        return self.start(Process("program", [sys.executable, script], self.folder,
                                  cwd=self.folder)), self.worker()

    def test_a_test_that_leaves_a_process_fails(self):
        program, worker = self.start_test_program(duration_s=0)
        self.assertEqual(program.wait(), 1)
        self.assertIn("were started and not ended", program.err.read_text())
        self.assertIn(f"{worker} sleep 1000", program.err.read_text())
        self.assert_ends(worker)

    def test_an_interrupted_test_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                program, worker = self.start_test_program()
                program.send(number)
                self.assertEqual(program.wait(), 128 + number)
                self.assert_ends(worker)
                (self.folder / "worker").unlink()

    def test_a_killed_supervisor_leaves_nothing(self):
        program, worker = self.start_test_program()
        test = process_table.descendants(program.pid)
        program.send(signal.SIGKILL)
        program.wait()
        for entry in test:
            self.assert_ends(entry.pid)
        self.assert_ends(worker)

    def test_a_test_that_ctest_stops_leaves_nothing(self):
        """Tests a test at its TIMEOUT: ctest kills the supervisor and its descendants."""
        script = self.folder / "program.py"
        script.write_text(TEST_PROGRAM.replace("DURATION_S", "1000"))
        (self.folder / "CTestTestfile.cmake").write_text(
            f'add_test(slow "{sys.executable}" "{script}")\n'
            "set_tests_properties(slow PROPERTIES TIMEOUT 2)\n")
        done = subprocess.run([shutil.which("ctest"), "--test-dir", self.folder], text=True,
                              capture_output=True, timeout=60 * harness.TIMEOUT_FACTOR)
        self.assertIn("Timeout", done.stdout)
        self.assert_ends(self.worker())
        time.sleep(0.1)
        self.assertEqual(self.found(), [])


if __name__ == "__main__":
    harness.main()
