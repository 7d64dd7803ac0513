"""Makes the root of a bare Debian 12, with systemd and without a compiler. Usage: debian_root.py

It lies in the build folder, and is made once. The packages that attestrd depends on are in its
cache of apt, but are not installed: an installation needs no network.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["ATTESTRD_BUILD"])
ROOTS = BUILD / "tests/package/roots"

INSTALLED = ("apt", "ca-certificates", "dbus", "systemd", "systemd-sysv")
# Units of which a container has no use.
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "systemd-logind.service",
          "getty.target", "console-getty.service", "fstrim.timer", "e2scrub_all.timer")


def wanted():
    """Returns the packages whose files are needed for an installation."""
    image = (SOURCE / "config/Containerfile").read_text().split("FROM ")[2]
    return sorted(set(re.findall(r"\blib[a-z0-9+.-]*[0-9]\b", image)))


def folder():
    """Returns the folder of the root that this version of the tests needs."""
    content = repr((INSTALLED, MASKED, wanted(), pathlib.Path(__file__).read_text()))
    return ROOTS / hashlib.sha256(content.encode()).hexdigest()[:12]


def mirror():
    """Returns the mirror of Debian that this machine uses."""
    found = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages",
         "Codename: bookworm", "Component: main"], text=True, capture_output=True).stdout.split()
    return next((uri for uri in found if uri.rstrip("/").endswith("/debian")),
                "http://deb.debian.org/debian")


def make(root):
    """Makes the root under another name first: one that was interrupted is not used."""
    shutil.rmtree(ROOTS, ignore_errors=True)
    unfinished = root.with_suffix(".new")
    unfinished.parent.mkdir(parents=True)
    hooks = [
        'chroot "$1" apt-get clean',
        'chroot "$1" apt-get install --yes --no-install-recommends --download-only '
        + " ".join(wanted()),
        'echo "127.0.0.1 localhost" >"$1/etc/hosts"',
        'chroot "$1" systemctl mask ' + " ".join(MASKED),
    ]
    subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
         "--include=" + ",".join(INSTALLED), "--skip=cleanup/apt",
         '--aptopt=APT::Keep-Downloaded-Packages "true"',
         *(f"--customize-hook={hook}" for hook in hooks),
         "bookworm", unfinished, f"deb {mirror()} bookworm main"],
        check=True, stdin=subprocess.DEVNULL)
    unfinished.rename(root)


def main():
    if os.geteuid() != 0:
        print("Only root can make the root of another machine: the tests that need it are skipped.")
        return
    root = folder()
    if not root.exists():
        make(root)
    print(root)


if __name__ == "__main__":
    sys.exit(main())
