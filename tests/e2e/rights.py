"""Rights that a test may lack. Root has them, and so has everybody in his own user namespace."""

import os
import pathlib
import re
import sys

from words import tell

CAP_SYS_PTRACE, CAP_SYS_ADMIN = 19, 21


def insist_on(capability, *namespaces):
    """Lets this program begin again, once, in these namespaces (flags of unshare(1)) and, where the
    capability is missing, in one of users. Without it in the end, it fails."""
    is_ours = has(capability)
    if os.environ.get("ATTESTRD_IN_NAMESPACE"):
        if not is_ours:
            sys.exit(f"FAIL: capability {capability} is missing, even in a user namespace")
        return
    if not is_ours:
        tell(f"capability {capability} is missing: going on in a user namespace")
        namespaces = ("--map-root-user", *namespaces)
    if namespaces:
        os.environ["ATTESTRD_IN_NAMESPACE"] = "1"
        os.execvp("unshare", ["unshare", *namespaces, sys.executable, *sys.argv])


def has(capability):
    status = pathlib.Path("/proc/self/status").read_text()
    effective = int(re.search(r"^CapEff:\s*(\w+)", status, re.MULTILINE).group(1), 16)
    return effective >> capability & 1 == 1
