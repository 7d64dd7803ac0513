"""What the tests of hostile folders share: named cases, a daemon with few rights, its calm."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import stat
import time

import harness

IS_ROOT = os.getuid() == 0
NOBODY = 65534

# While nothing new happens, a daemon among traps says nothing more, and hardly works.
CALM_FOR_S = 2.5  # Longer than the time between two scans.
CALM_CPU_SHARE = 0.1


# Side by side with other tests a disk may stall for long; who waits in vain has a fault to tell of.
PATIENT_S = 60


class PatientDaemon(harness.Daemon):
    def says(self, event, within=PATIENT_S, times=1):
        return super().says(event, within, times)

    def wait(self, within=PATIENT_S):
        return super().wait(within)

    def stop(self, within=PATIENT_S):
        return super().stop(within)


def soon(condition, what):
    return harness.eventually(condition, PATIENT_S, what)


class HostileScene(harness.Scene):
    """A scene that counts its cases, and whose daemons log no polls."""

    def setUp(self):
        super().setUp()
        self.cases = []
        self.left_out = []
        self.addCleanup(self.tell_cases)

    def tell_cases(self):
        left_out = f"; left out, for they need root: {', '.join(self.left_out)}"
        harness.tell(f"{self.id().split('.', 1)[1]}: {len(self.cases)} cases"
                     + (left_out if self.left_out else ""))

    @contextlib.contextmanager
    def case(self, name):
        """A case that is judged by itself, and reported by its name."""
        with self.subTest(name):
            self.cases.append(name)
            yield

    def root_lays(self, name):
        """Whether we are root, without whom this case can't be: it is told of as left out."""
        if not IS_ROOT:
            self.left_out.append(name)
        return IS_ROOT

    def start_daemon(self, config, *flags, name="daemon", is_ready=True, **popen):
        daemon = self.start(PatientDaemon(name, self, config, *flags, **popen))
        if is_ready:
            daemon.says("daemon.started")
        return daemon

    def wait_for_results(self, ids, within=PATIENT_S, folder="results"):
        super().wait_for_results(ids, within, folder)

    def write_quiet_config(self, url, **changes):
        return self.write_config(url, **{"log": {"level": "info"}, **changes})

    def give_up_rights(self):
        """All that the daemon needs now belongs to a user for whom a mode means something. Where
        the test is no root, that is its own user."""
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

    def assert_calm(self, *daemons, within=PATIENT_S):
        """Whatever lies about: soon no line of the log and no work comes of it any more."""
        deadline = time.monotonic() + within * harness.PATIENCE
        while True:
            before = [(daemon.out.stat().st_size, cpu_seconds(daemon)) for daemon in daemons]
            time.sleep(CALM_FOR_S)
            for daemon in daemons:
                self.assertIsNone(daemon.popen.poll(), "it has ended")
            said = [daemon.out.read_bytes()[size:] for daemon, (size, _) in zip(daemons, before)]
            if not any(said):
                break
            self.assertLess(time.monotonic(), deadline, f"it goes on talking: {said}")
        if not harness.IS_SLOW_BUILD:
            for daemon, (_, cpu) in zip(daemons, before):
                self.assertLess(cpu_seconds(daemon) - cpu, CALM_FOR_S * CALM_CPU_SHARE)

    def assert_log_is_clean(self, daemon, *secrets):
        """Nothing in it moves a cursor, and nothing of what lies outside."""
        log = daemon.out.read_bytes()
        self.assertEqual(set(log) & {*range(0x20), 0x7f} - {0x0a}, set())
        for secret in secrets:
            self.assertNotIn(secret, log)

    def assert_published_once(self, daemons, ids, folder="results"):
        """Each lies where it belongs and nowhere else, and the log of all lives names it once."""
        ids = set(ids)
        self.assertEqual(ids - self.spooled(folder), set(), "lost")
        for other in harness.FOLDERS:
            if other != folder:
                self.assertEqual(ids & self.spooled(other), set(), f"also in {other}/")
        told = [line["handshake"] for daemon in daemons
                for line in daemon.log("handshake.completed")]
        self.assertEqual({one for one in told if told.count(one) > 1}, set(), "twice")


def exchange(one, other, times):
    """Two names change places so many times, as fast as can be, or until one of them is gone.
    Returns how often they did."""
    at_cwd, rename_exchange = -100, 2
    rename = ctypes.CDLL(None).renameat2
    one, other = os.fsencode(one), os.fsencode(other)
    for turn in range(times):
        if rename(at_cwd, one, at_cwd, other, rename_exchange):
            return turn
    return times


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def most_resident_mib(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def harmless(name):
    """What a name, in bytes, becomes in refused/ and rejected/ (see lib/spool/FORMAT.md)."""
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
    """How the log shows a name, in bytes."""
    return name.decode(errors="replace")


def snapshot(path):
    """What would differ if somebody had touched what lies there, a link itself included."""
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
