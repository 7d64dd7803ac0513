"""Acquires the capabilities that a test needs. Root has them, and so has every user in a user
namespace."""

import ctypes
import os
import pathlib
import re
import sys

from test_environment import report

CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 12, 19, 21
CLONE_NEWNS = 0x20000  # From <sched.h>.
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18  # From <sys/mount.h>.


def require(capabilities, *namespaces):
    """Restarts this program in these namespaces (flags of unshare(1)) and, if a capability is
    missing, in a user namespace. Exits with a message if a capability is missing even there."""
    missing = [capability for capability in capabilities if not has(capability)]
    if os.environ.get("ATTESTRD_IN_NAMESPACE"):
        if missing:
            sys.exit(f"FAIL: capabilities {missing} are missing, even in a user namespace")
        if "--mount" in namespaces:
            keep_mounts_private()
        return
    if missing:
        report(f"capabilities {missing} are missing: using a user namespace")
        namespaces = ("--map-root-user", *namespaces)
    if namespaces:
        os.environ["ATTESTRD_IN_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--propagation", "unchanged", *namespaces,
                              sys.executable, *sys.argv])


def keep_mounts_private():
    """Makes the mounts of this namespace invisible outside. unshare(1) can't do that in a chroot
    whose root is no mount point; therefore a child enters the root of the namespace with setns(2),
    which works from a chroot too."""
    if child := os.fork():
        if os.waitpid(child, 0)[1]:
            sys.exit("FAIL: the mounts of this namespace can't be made private")
        return
    libc = ctypes.CDLL(None, use_errno=True)
    namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    failed = (libc.setns(namespace, CLONE_NEWNS)
              or libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
    if failed:
        report(f"mounts stay shared: {os.strerror(ctypes.get_errno())}")
    os._exit(bool(failed))


def has(capability):
    status = pathlib.Path("/proc/self/status").read_text()
    effective = int(re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE).group(1), 16)
    return effective >> capability & 1 == 1
