"""A private PostgreSQL cluster, and PgBouncer in front of it, in a folder of their own.

They run as an unprivileged user, listen on unix sockets in that folder and on a free port of the
loopback interface, and end with the test program: run it under supervisor.run() (tests/e2e).
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

from process_group import Process  # noqa: E402
from test_environment import FOLDER_PREFIX  # noqa: E402

USER = "attestrd"  # Of the database, and the name of the database.
PASSWORD = "the-right-password"  # Of the user `locked`; the others need none.
START_S = 60
STOP_S = 30


def programs():
    """Returns the folder of the newest installed version of the server's programs."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"),
                   key=lambda path: int(path.parent.parent.name))
    if not found:
        raise FileNotFoundError("PostgreSQL is not installed: see [postgres] in tests/packages")
    return found[-1].parent


def unprivileged():
    """Returns the arguments of subprocess for a user that may run the server: not root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise KeyError("there is no unprivileged user to run the server")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class ServerProcess(Process):
    """A server whose end need not be in order: `immediate` ends it with all of its children."""

    def end(self):
        self.send(signal.SIGQUIT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(STOP_S)
        self.kill()


class Cluster:
    """`with Cluster() as cluster:` starts a cluster with the database `attestrd`, which belongs to
    the user `attestrd`. Without `fsync` it is faster, and loses commits with the machine alone.
    With `tls` the server has a certificate for the name localhost: `self.certificate`, which
    vouches for itself, or one of the authority (tests/e2e/authority.py) that `tls` is."""

    def __init__(self, fsync=True, tls=False, settings=(), port=None):
        self.tls = tls
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}postgres-"))
        self.data = self.folder / "data"
        self.port = port or free_port()
        self.bouncer_port = None
        self.process = None
        self.bouncer = None
        self.run_as = unprivileged()
        if self.run_as:
            os.chown(self.folder, self.run_as["user"], self.run_as["group"])
        self.settings = {
            "listen_addresses": "127.0.0.1", "port": self.port,
            "unix_socket_directories": self.folder, "fsync": "on" if fsync else "off",
            "autovacuum_naptime": "1s", "max_connections": 60, "deadlock_timeout": "200ms",
            "log_min_messages": "warning", **dict(settings)}
        self.certificate = self.folder / "certificate.pem" if tls else None
        if tls:
            self.settings.update(ssl="on", ssl_cert_file=self.certificate,
                                 ssl_key_file=self.folder / "key.pem")

    def __enter__(self):
        try:
            if self.certificate:
                self.make_certificate()
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        """Creates the cluster and starts it."""
        self.run("initdb", "--pgdata", self.data, "--username", "postgres", "--auth", "trust",
                 "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions")
        access = self.data / "pg_hba.conf"
        access.write_text("local all locked scram-sha-256\n" + access.read_text())
        self.start()
        self.sql(f"CREATE ROLE {USER} LOGIN", database="postgres")
        self.sql(f"CREATE ROLE locked LOGIN PASSWORD '{PASSWORD}'", database="postgres")
        self.sql(f"CREATE DATABASE {USER} OWNER {USER}", database="postgres")

    def __exit__(self, *_):
        for process in (self.bouncer, self.process):
            if process:
                process.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, program, *arguments):
        """Runs a program of PostgreSQL, or another by its path."""
        done = subprocess.run([str(programs() / program), *map(str, arguments)], text=True,
                              capture_output=True, timeout=START_S, cwd=self.folder, **self.run_as)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def make_certificate(self):
        if self.tls is not True:
            issued = self.tls.issue(f"postgres-{self.port}")
            for source, target in zip(issued, (self.certificate, self.folder / "key.pem")):
                shutil.copy(source, target)
                target.chmod(0o600)
                if self.run_as:
                    os.chown(target, self.run_as["user"], self.run_as["group"])
            return
        self.run(shutil.which("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days",
                 "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                 "-out", self.certificate, "-keyout", self.folder / "key.pem")
        (self.folder / "key.pem").chmod(0o600)

    def sql(self, text, database=USER):
        """Runs SQL as the superuser, and returns what it prints."""
        return self.run("psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                        "--set", "ON_ERROR_STOP=1", "--host", self.folder, "--port", self.port,
                        "--username", "postgres", "--dbname", database, "--command", text).strip()

    def start(self):
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        self.process = ServerProcess("postgres", [programs() / "postgres", "-D", self.data,
                                                  *options], self.folder, **self.run_as)
        deadline = time.monotonic() + START_S
        while True:
            try:
                return self.run("pg_isready", "--host", self.folder, "--port", self.port)
            except RuntimeError:
                if not self.process.is_running() or time.monotonic() > deadline:
                    raise RuntimeError(self.process.err.read_text()) from None
            time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """SIGINT ends the sessions, SIGQUIT is a crash without a checkpoint."""
        self.process.send(how)
        self.process.wait(STOP_S)

    def set_synchronous(self, names):
        """Sets the standbys for which each commit waits."""
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'", database="postgres")
        self.sql("SELECT pg_reload_conf()", database="postgres")

    def start_bouncer(self):
        """Starts PgBouncer in transaction mode, with fewer connections than clients."""
        self.bouncer_port = free_port()
        config = self.folder / "pgbouncer.ini"
        config.write_text(f"""[databases]
{USER} = host={self.folder} port={self.port} dbname={USER} user={USER}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.bouncer_port}
unix_socket_dir = {self.folder}
auth_type = any
pool_mode = transaction
default_pool_size = 3
""")
        program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
        self.bouncer = ServerProcess("pgbouncer", [program, config], self.folder, **self.run_as)
        deadline = time.monotonic() + START_S
        while not (self.folder / f".s.PGSQL.{self.bouncer_port}").exists():
            if not self.bouncer.is_running() or time.monotonic() > deadline:
                raise RuntimeError(self.bouncer.err.read_text())
            time.sleep(0.05)

    def uri(self, port=None, host=None):
        """Returns the URI of the database over the unix socket, or over a host."""
        return f"postgresql://{USER}@/{USER}?host={host or self.folder}&port={port or self.port}"


class Standby(Cluster):
    """A copy of a running cluster, which follows it. It can be promoted."""

    def __init__(self, primary, **options):
        super().__init__(**{"fsync": primary.settings["fsync"] == "on", "tls": primary.tls,
                            **options})
        self.primary = primary

    def make(self):
        self.run("pg_basebackup", "--pgdata", self.data, "--host", self.primary.folder, "--port",
                 self.primary.port, "--username", "postgres", "--write-recovery-conf",
                 "--checkpoint", "fast", "--no-sync")
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write("synchronous_standby_names = ''\n")  # It has no standby itself.
        self.start()

    def make_synchronous(self):
        """Lets the commits of the cluster that it follows wait for it."""
        self.primary.set_synchronous("*")
        deadline = time.monotonic() + START_S
        while self.primary.sql("SELECT sync_state FROM pg_stat_replication") != "sync":
            if time.monotonic() > deadline:
                raise RuntimeError("the standby does not follow")
            time.sleep(0.05)

    def promote(self):
        """Makes it the primary."""
        self.sql("SELECT pg_promote()", database="postgres")
