"""The lines that strace writes, one a call."""

import collections
import itertools

# All by which a file or a folder is opened or changed. Those that are in use are found out.
KINDS = ("openat", "open", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "fsync",
         "fdatasync", "syncfs", "sync_file_range", "ftruncate", "fallocate", "rename", "renameat",
         "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "close")


def calls_in(log):
    """Without the lines about signals and the end."""
    return [line for line in log.splitlines() if line[0].isalpha()]


def counted(calls):
    """How many there are of each kind."""
    return collections.Counter(call.partition("(")[0] for call in calls)


def first_of_ours(kind, calls):
    """The number of the first call of a kind that is not the dynamic loader's. With the first call
    of its own attestrd sees to it that its standard streams are open."""
    number = itertools.count(1)
    for call in calls:
        if call.startswith("openat(") and '"/dev/null", O_RDWR' in call:
            return next(number)
        if call.startswith(f"{kind}("):
            next(number)
    return 1
