"""Tests the daemon as the first process of a container: in namespaces of its own, with a read-only
root, a user without an account, and secrets that are mounted as Kubernetes mounts them."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import harness
from hostile_fixture import IS_ROOT

# Numbers that no account of the machine has. The secrets belong to the group SHARED.
USER, GROUP, SHARED = 61099, 61098, 61097

# Makes the file system of the container, and becomes the daemon. The root is this machine's, read
# only; only DATA can be written to.
ENTER = """
set -eu
root=$1 data=$2 secrets=$3 options=$4 user=$5 group=$6 shared=$7
shift 7
mount --make-rprivate /
mount --bind / "$root"
mount --bind "$data" "$root$data"
mount --bind "$secrets" "$root$secrets"
mount --bind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -o "remount,bind,$options" "$root$secrets"
mount -o remount,bind,ro "$root"
exec chroot "$root" setpriv --reuid "$user" --regid "$group" --groups "$shared" \
  --no-new-privs --bounding-set -all "$@"
"""


def dependencies(packages):
    """Returns the packages, and all that are installed with them."""
    known, new = set(), set(packages)
    while new:
        known |= new
        texts = subprocess.run(["dpkg-query", "--show", "--showformat=${Depends}\n", *sorted(new)],
                               text=True, capture_output=True).stdout
        new = set(re.findall(r"(?:^|[,|] )([a-z0-9][a-z0-9+.-]+)", texts, re.MULTILINE)) - known
    return known


class ContainerfileTest(unittest.TestCase):
    def test_image_has_the_packages_of_all_libraries(self):
        """Compares the packages of the image with those of the libraries that the program loads."""
        lines = subprocess.run(["ldd", harness.ATTESTRD], text=True, capture_output=True,
                               check=True).stdout.splitlines()
        libraries = [os.path.realpath(line.split()[2]) for line in lines if "=>" in line]
        # dpkg may know a library by its path without /usr, to which /lib leads now.
        owners = subprocess.run(
            ["dpkg", "-S", *libraries, *(path.removeprefix("/usr") for path in libraries)],
            text=True, capture_output=True).stdout.splitlines()
        needed = {owner.split(":")[0] for owner in owners}
        base = {"libc6", "libgcc-s1", "libstdc++6"}  # Parts of each Debian image.
        image = (harness.SOURCE / "config/Containerfile").read_text().split("FROM ")[2]
        listed = set(re.findall(r"\blib[a-z0-9+.-]*[0-9]\b", image))
        self.assertEqual(needed - base - dependencies(listed), set())
        self.assertEqual(listed - needed, set())


class ContainerTest(harness.Fixture):
    def setUp(self):
        if not IS_ROOT:
            raise unittest.SkipTest("only root can make a container")
        super().setUp()
        self.folder.chmod(0o711)
        self.authority.certificate.chmod(0o644)
        self.root, self.data, self.secrets = (self.folder / name
                                              for name in ("root", "data", "secrets"))
        for folder in (self.root, self.data, self.secrets):
            folder.mkdir(mode=0o755)
        os.chown(self.data, USER, GROUP)
        self.program = pathlib.Path(shutil.copy(harness.ATTESTRD, self.folder))
        self.spool = self.data / "spool"
        self.inbox = self.spool / "inbox"
        self.inbox.mkdir(parents=True)
        for folder in (self.spool, self.inbox):
            os.chown(folder, USER, GROUP)
        self.queue = self.data / "queue.db"
        self.config = None

    def mount_secrets(self, mode, group=0, is_volume=True):
        """Writes the secrets as Kubernetes does: names that are links, through a link to a folder
        whose name changes with each update."""
        if is_volume:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "secrets", self.secrets],
                           check=True)
            self.addCleanup(subprocess.run, ["umount", "--lazy", self.secrets], check=True)
        current = self.secrets / "..2026_11_27"
        current.mkdir(mode=0o755)
        (self.secrets / "..data").symlink_to(current.name)
        for source in (self.token_file, self.secret_file):
            path = current / source.name
            shutil.copy(source, path)
            os.chown(path, 0, group)
            path.chmod(mode)
            (self.secrets / source.name).symlink_to(f"..data/{source.name}")

    def start_container(self, options="ro"):
        """Starts the daemon as process 1. `options` are those of the mount of the secrets."""
        simulator = self.start_simulator("--law", "fixed:0")
        self.config = self.write_config(
            simulator.url, name="data/attestrd.toml",
            api={"auth_token_file": str(self.secrets / "auth-token"),
                 "client_secret_file": str(self.secrets / "client-secret")},
            admin={"socket": str(self.data / "control.sock")})
        self.config.chmod(0o644)
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER,
                 "enter", self.root, self.data, self.secrets, options, USER, GROUP, SHARED]
        return self.start_daemon(self.config, is_ready=False, program=self.program, under=enter)

    def stop(self, daemon):
        """Sends SIGTERM to process 1 of the container, and returns its exit code."""
        children = pathlib.Path(f"/proc/{daemon.pid}/task/{daemon.pid}/children").read_text()
        os.kill(int(children.split()[0]), signal.SIGTERM)
        return daemon.wait()

    def assert_serves(self, daemon):
        daemon.wait_for("daemon.started")
        (self.inbox / "DS01").touch()
        os.chown(self.inbox / "DS01", USER, GROUP)
        self.wait_for_results(["DS01"])
        self.assertEqual(self.record("DS01")["outcome"], "completed")

    def test_first_process_with_a_read_only_root_and_any_user(self):
        self.mount_secrets(0o440, SHARED)
        daemon = self.start_container()
        self.assert_serves(daemon)
        status = json.loads(self.attestrd("status", "--json", "--config", self.config).stdout)
        self.assertEqual(status["pid"], 1)
        self.assertEqual((self.spool / "results/DS01.json").stat().st_uid, USER)
        self.assertEqual(self.stop(daemon), 0)
        self.assertEqual(daemon.log()[-1]["event"], "daemon.stopped")

    def test_secrets_that_all_may_read_on_a_read_only_mount(self):
        self.mount_secrets(0o444)
        self.assert_serves(self.start_container())

    def test_secrets_that_all_may_read_on_a_mount_that_can_be_written_to_are_refused(self):
        self.mount_secrets(0o444)
        daemon = self.start_container(options="rw")
        self.assertEqual(daemon.wait(), 78)
        self.assertIn("its mode is 0444: others may use it", daemon.err.read_text())

    def test_secrets_that_all_may_read_in_a_read_only_view_of_the_root_are_refused(self):
        self.mount_secrets(0o444, is_volume=False)
        daemon = self.start_container()
        self.assertEqual(daemon.wait(), 78)
        self.assertIn("its mode is 0444: others may use it", daemon.err.read_text())

    def test_secrets_that_others_may_write_to_are_refused_on_a_read_only_mount(self):
        self.mount_secrets(0o646)
        daemon = self.start_container()
        self.assertEqual(daemon.wait(), 78)
        self.assertIn("its mode is 0646: others may use it", daemon.err.read_text())


if __name__ == "__main__":
    harness.main()
