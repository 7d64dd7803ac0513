"""Runs a test program in a session of its own, and ends every process that the program leaves.

    supervisor.run(main)

The supervisor is the process that was started (by ctest or by hand); `main` runs in its child. The
child leads a new session, to which all programs belong that it starts, and their children too. The
supervisor is their subreaper (PR_SET_CHILD_SUBREAPER): a program whose parent was killed becomes a
child of the supervisor, so that ctest, which kills a test that exceeds its TIMEOUT together with
all of its descendants, finds it.

- The child ends by itself: what is left in the session is killed, and the test has failed.
- SIGINT, SIGTERM or SIGHUP to the supervisor: the whole session is killed.
- SIGKILL to the supervisor: the kernel sends the child SIGTERM (PR_SET_PDEATHSIG), and the child
  kills the whole session, itself included.
"""

import ctypes
import os
import signal
import sys
import time

import process_table

# From <sys/prctl.h>.
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

# The environment variable that names the tested build to all that a test program starts.
MARK = "ATTESTRD_STARTED_BY_TEST_OF"

# Grace period, which ends as soon as no process is left: a tracer, for example, ends shortly after
# the process that it traces.
GRACE_S = 30
KILL_S = 10


def run(main):
    """Calls `main` in a supervised child. In the supervisor it does not return: it exits with the
    exit code of the child, or 1 if the child left a process behind."""
    supervisor = os.getpid()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        sys.exit(supervise(child))
    os.setsid()
    signal.signal(signal.SIGTERM, end_with_session)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != supervisor:  # The supervisor was killed before prctl().
        end_with_session(signal.SIGTERM, None)
    os.environ[MARK] = os.environ.get("ATTESTRD_BUILD", "")
    main()


def supervise(child):
    """Waits for the child, ends what it has left, and returns the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except Interrupted as interrupted:
        kill_all(lambda: left_by(child))
        return 128 + interrupted.args[0]
    left = wait_for_none(child)
    if left:
        print("FAIL: these processes were started and not ended:", *left, sep="\n  ",
              file=sys.stderr, flush=True)
        kill_all(lambda: left_by(child))
    if code < 0:
        return 128 - code
    return code or (1 if left else 0)


class Interrupted(BaseException):
    """A signal that asks the supervisor to end; the argument is its number."""


def interrupt(number, _):
    raise Interrupted(number)


def end_with_session(number, _):
    """Handles a signal in the child: ends all processes of its session."""
    own = os.getpid()
    kill_all(lambda: [entry for entry in process_table.all_processes()
                      if entry.session == own and entry.pid != own])
    os._exit(128 + number)


def left_by(child):
    """Returns the processes of the session of the child, and those that left it, which are still
    descendants of this supervisor."""
    below = {entry.pid: entry for entry in process_table.descendants(os.getpid())}
    below.update((entry.pid, entry) for entry in process_table.all_processes()
                 if entry.session == child)
    return list(below.values())


def wait_for_none(child):
    """Waits until no process is left, or for the grace period; returns the processes that still
    run."""
    deadline = time.monotonic() + GRACE_S
    while (left := left_by(child)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def kill_all(find):
    """Kills the processes that `find` returns until it returns none: a process may fork before it
    is killed."""
    deadline = time.monotonic() + KILL_S
    while (found := find()) and time.monotonic() < deadline:
        for entry in found:
            try:
                os.kill(entry.pid, signal.SIGKILL)
            except OSError:
                pass  # The process has ended meanwhile.
        time.sleep(0.02)


def prctl(option, argument):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(argument), 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
