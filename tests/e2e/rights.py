"""Rights that a test may lack. Root has them, and so has everybody in his own user namespace."""

import ctypes
import os
import pathlib
import re
import sys

from words import tell

CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 12, 19, 21
CLONE_NEWNS = 0x20000  # From <sched.h>.
MS_REC, MS_PRIVATE = 1 << 14, 1 << 18  # From <sys/mount.h>.


def insist_on(capabilities, *namespaces):
    """Lets this program begin again, once, in these namespaces (flags of unshare(1)) and, where one
    of the capabilities is missing, in one of users. Without them in the end, it fails."""
    missing = [capability for capability in capabilities if not has(capability)]
    if os.environ.get("ATTESTRD_IN_NAMESPACE"):
        if missing:
            sys.exit(f"FAIL: capabilities {missing} are missing, even in a user namespace")
        if "--mount" in namespaces:
            keep_mounts_private()
        return
    if missing:
        tell(f"capabilities {missing} are missing: going on in a user namespace")
        namespaces = ("--map-root-user", *namespaces)
    if namespaces:
        os.environ["ATTESTRD_IN_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", "--propagation", "unchanged", *namespaces,
                              sys.executable, *sys.argv])


def keep_mounts_private():
    """Nothing that is mounted in this namespace appears outside it. unshare(1) can't see to that in
    a chroot, whose root need not be a mount point: so a child goes to the root of the namespace,
    where setns(2) leads even from there."""
    if child := os.fork():
        if os.waitpid(child, 0)[1]:
            sys.exit("FAIL: the mounts of this namespace can't be made private")
        return
    libc = ctypes.CDLL(None, use_errno=True)
    namespace = os.open("/proc/self/ns/mnt", os.O_RDONLY)
    failed = (libc.setns(namespace, CLONE_NEWNS)
              or libc.mount(b"none", b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
    if failed:
        tell(f"mounts stay shared: {os.strerror(ctypes.get_errno())}")
    os._exit(bool(failed))


def has(capability):
    status = pathlib.Path("/proc/self/status").read_text()
    effective = int(re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE).group(1), 16)
    return effective >> capability & 1 == 1
