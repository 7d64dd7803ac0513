"""Provides the fixture of tests with hostile folders: named cases, and a daemon without
privileges."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import stat
import time

import harness
from test_environment import cpu_seconds

IS_ROOT = os.getuid() == 0
NOBODY = 65534

# Without new events a daemon must log nothing, whatever its folders contain, and use hardly any
# CPU.
CALM_FOR_S = 2.5  # Longer than the time between two scans.
CALM_CPU_SHARE = 0.1


# The disk may stall for a long time while other tests run.
EVENT_TIMEOUT_S = 60


class SlowDiskDaemon(harness.Daemon):
    def wait_for(self, event, within=EVENT_TIMEOUT_S, times=1):
        return super().wait_for(event, within, times)

    def wait(self, within=EVENT_TIMEOUT_S):
        return super().wait(within)

    def stop(self, within=EVENT_TIMEOUT_S):
        return super().stop(within)


def soon(condition, what):
    return harness.eventually(condition, EVENT_TIMEOUT_S, what)


class HostileFixture(harness.Fixture):
    """A fixture that counts its cases; its daemons do not log polls."""

    def setUp(self):
        super().setUp()
        self.cases = []
        self.left_out = []
        self.addCleanup(self.report_cases)

    def report_cases(self):
        left_out = f"; left out, since they need root: {', '.join(self.left_out)}"
        harness.report(f"{self.id().split('.', 1)[1]}: {len(self.cases)} cases"
                     + (left_out if self.left_out else ""))

    @contextlib.contextmanager
    def case(self, name):
        """Runs a case that is checked separately and reported by its name."""
        with self.subTest(name):
            self.cases.append(name)
            yield

    def needs_root(self, name):
        """Returns whether the test is root, which this case needs; otherwise the case is reported
        as skipped."""
        if not IS_ROOT:
            self.left_out.append(name)
        return IS_ROOT

    def start_daemon(self, config, *flags, name="daemon", is_ready=True, **popen):
        daemon = self.start(SlowDiskDaemon(name, self, config, *flags, **popen))
        if is_ready:
            daemon.wait_for("daemon.started")
        return daemon

    def wait_for_results(self, ids, within=EVENT_TIMEOUT_S, folder="results"):
        super().wait_for_results(ids, within, folder)

    def write_quiet_config(self, url, **changes):
        return self.write_config(url, **{"log": {"level": "info"}, **changes})

    def give_up_rights(self):
        """Gives the files of the daemon to a user whom file modes restrict: nobody if the test is
        root, else its own user."""
        self.program = shutil.copy(harness.ATTESTRD, self.folder)
        if IS_ROOT:
            self.give_to_nobody(self.folder, self.token_file, self.secret_file, self.spool,
                                self.inbox, *self.folder.glob("*.toml"))

    def start_as_nobody(self, config, *flags, **how):
        rights = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if IS_ROOT else {}
        return self.start_daemon(config, *flags, program=self.program, **rights, **how)

    @staticmethod
    def give_to_nobody(*paths):
        for path in paths:
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)

    def assert_calm(self, *daemons, within=EVENT_TIMEOUT_S):
        """Checks that the daemons stop logging within the time, and then use hardly any CPU."""
        deadline = time.monotonic() + within * harness.TIMEOUT_FACTOR
        while True:
            before = [(daemon.out.stat().st_size, cpu_seconds(daemon)) for daemon in daemons]
            time.sleep(CALM_FOR_S)
            for daemon in daemons:
                self.assertTrue(daemon.is_running(), "it has ended")
            new_lines = [daemon.out.read_bytes()[size:]
                         for daemon, (size, _) in zip(daemons, before)]
            if not any(new_lines):
                break
            self.assertLess(time.monotonic(), deadline, f"still logging: {new_lines}")
        if not harness.IS_SLOW_BUILD:
            for daemon, (_, cpu) in zip(daemons, before):
                self.assertLess(cpu_seconds(daemon) - cpu, CALM_FOR_S * CALM_CPU_SHARE)

    def assert_log_is_clean(self, daemon, *secrets):
        """Checks that the log has no control characters, and nothing from files outside the
        inbox."""
        log = daemon.out.read_bytes()
        self.assertEqual(set(log) & {*range(0x20), 0x7f} - {0x0a}, set())
        for secret in secrets:
            self.assertNotIn(secret, log)

    def assert_published_once(self, daemons, ids, folder="results"):
        """Checks that each has a record in this folder alone, and one event in the logs of all
        runs."""
        ids = set(ids)
        self.assertEqual(ids - self.spooled(folder), set(), "lost")
        for other in harness.FOLDERS:
            if other != folder:
                self.assertEqual(ids & self.spooled(other), set(), f"also in {other}/")
        completed = [line["handshake"] for daemon in daemons
                for line in daemon.log("handshake.completed")]
        self.assertEqual({one for one in completed if completed.count(one) > 1}, set(), "twice")


def exchange(one, other, times):
    """Exchanges two names up to the given number of times, or until one of them does not exist.
    Returns the number of exchanges."""
    at_cwd, rename_exchange = -100, 2
    rename = ctypes.CDLL(None).renameat2
    one, other = os.fsencode(one), os.fsencode(other)
    for turn in range(times):
        if rename(at_cwd, one, at_cwd, other, rename_exchange):
            return turn
    return times


def most_resident_mib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def harmless(name):
    """Returns the form of a name, in bytes, in refused/ and rejected/ (see attestrd-spool(5))."""
    plain = re.compile(rb"[A-Za-z0-9._+=,@-]")
    text = ""
    for at, byte in enumerate(name):
        one = bytes([byte])
        is_plain = plain.match(one) and not (at == 0 and one in b".-")
        text += one.decode() if is_plain else f"%{byte:02X}"
        if len(text) >= 200:
            break
    return text


def shown(name):
    """Returns the form of a name, in bytes, in the log."""
    return name.decode(errors="replace")


def snapshot(path):
    """Returns the properties that a change of a file or link would change."""
    status = os.lstat(path)
    content = None
    if stat.S_ISLNK(status.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(status.st_mode) and status.st_size < 1 << 20:
        with contextlib.suppress(PermissionError):
            content = pathlib.Path(path).read_bytes()
    elif stat.S_ISDIR(status.st_mode):
        content = sorted(os.listdir(path))
    return (status.st_mode, status.st_ino, status.st_uid, status.st_nlink, status.st_size,
            status.st_mtime_ns, content)
