"""A bare Debian 12 whose changes vanish with the test: an overlay over the root of debian_root.py,
in memory and in a mount namespace of the test program."""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import capabilities  # noqa: E402
import debian_root  # noqa: E402

IS_ROOT = os.geteuid() == 0
WHY_NOT = "only root can make another machine"


def enter_namespace():
    """Runs this program of root again in a mount namespace of its own, with which its mounts
    end."""
    if IS_ROOT:
        capabilities.require([capabilities.CAP_SYS_ADMIN], "--mount")


class Machine:
    """The file system of a machine at `root`. Commands run in it as root by chroot."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        mount("-t", "tmpfs", "-o", "mode=755", "machine", self.folder)
        self.root = self.folder / "root"
        for name in ("root", "upper", "work"):
            (self.folder / name).mkdir()
        lower = debian_root.folder()
        mount("-t", "overlay", "-o", f"lowerdir={lower},upperdir={self.folder}/upper,"
              f"workdir={self.folder}/work", "machine", self.root)

    def mount_system(self):
        """Mounts what programs expect. systemd-nspawn does so itself."""
        mount("-t", "proc", "proc", self.root / "proc")
        mount("--rbind", "/dev", self.root / "dev")

    def add(self, file, place="root"):
        """Copies a file of this machine into a folder of that one."""
        shutil.copy(file, self.root / place)
        return pathlib.Path("/", place, pathlib.Path(file).name)

    def path(self, name):
        return self.root / str(name).lstrip("/")

    def run(self, *command, **options):
        """Runs a command, and returns what it did; both outputs are in `stdout`."""
        return subprocess.run(["chroot", self.root, *map(str, command)], text=True, **{
            "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT,
            "env": ENVIRONMENT, **options})

    def close(self):
        """Unmounts all. Without it the mounts end with the test program."""
        subprocess.run(["umount", "--recursive", self.folder], check=True)


ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)
