"""Parses the output of strace: one line for each call."""

import collections
import itertools

# All calls that open or change a file or a folder; a test finds out which of them are used.
KINDS = ("openat", "open", "creat", "write", "writev", "pwrite64", "pwritev", "pwritev2", "fsync",
         "fdatasync", "syncfs", "sync_file_range", "ftruncate", "fallocate", "rename", "renameat",
         "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "close")


def parse_calls(log):
    """Returns the lines of calls, without those about signals and the exit."""
    return [line for line in log.splitlines() if line[0].isalpha()]


def count_by_kind(calls):
    """Returns the number of calls of each kind."""
    return collections.Counter(call.partition("(")[0] for call in calls)


def first_own_call(kind, calls):
    """Returns the number of the first call of a kind that attestrd makes itself, after the dynamic
    loader. Its first own call opens /dev/null for the standard streams."""
    number = itertools.count(1)
    for call in calls:
        if call.startswith("openat(") and '"/dev/null", O_RDWR' in call:
            return next(number)
        if call.startswith(f"{kind}("):
            next(number)
    return 1
