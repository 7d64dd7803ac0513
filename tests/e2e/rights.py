"""Rights that a test may lack. Root has them, and so has everybody in his own user namespace."""

import os
import pathlib
import re
import sys

from words import tell

CAP_NET_ADMIN, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 12, 19, 21


def insist_on(capabilities, *namespaces):
    """Lets this program begin again, once, in these namespaces (flags of unshare(1)) and, where one
    of the capabilities is missing, in one of users. Without them in the end, it fails."""
    missing = [capability for capability in capabilities if not has(capability)]
    if os.environ.get("ATTESTRD_IN_NAMESPACE"):
        if missing:
            sys.exit(f"FAIL: capabilities {missing} are missing, even in a user namespace")
        return
    if missing:
        tell(f"capabilities {missing} are missing: going on in a user namespace")
        namespaces = ("--map-root-user", *namespaces)
    if namespaces:
        os.environ["ATTESTRD_IN_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", *namespaces, sys.executable, *sys.argv])


def has(capability):
    status = pathlib.Path("/proc/self/status").read_text()
    effective = int(re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE).group(1), 16)
    return effective >> capability & 1 == 1
