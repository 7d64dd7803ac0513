"""The measurements of fleet_report: daemons with a queue in PostgreSQL, and with a file."""

import itertools
import json
import os
import pathlib
import signal
import time

import harness

IDLE_S = 20
LEASE_S = 15
PENDING = 20_000  # Of the daemon that dies.
ACCEPTED, PUBLISHED = 200_000, 20_000
SETTINGS = {
    "api": {"requests_per_second": 0, "connections": 64},
    "poll": {"min_interval": "1s", "max_interval": "1h"},
    "signature": {"repeats": "deliver"},
    "log": {"level": "info"},
}


def cpu_of(pid):
    """Returns the seconds of CPU of a process and its children, also those that have ended."""
    tick = os.sysconf("SC_CLK_TCK")
    total = 0
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(folder.name) == pid:
            total += sum(map(int, fields[11:15]))
        elif int(fields[1]) == pid:
            total += sum(map(int, fields[11:13]))
    return total / tick


class Server:
    """What the server has done since this object was made."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.begun = time.monotonic()
        self.cpu, self.wal, self.statements = self.read()

    def read(self):
        wal, transactions = self.cluster.sql(
            "SELECT wal_bytes, (SELECT xact_commit FROM pg_stat_database WHERE datname = "
            "'attestrd') FROM pg_stat_wal").split("|")
        return cpu_of(self.cluster.process.pid), int(wal), int(transactions)

    def since(self):
        """Returns seconds, seconds of CPU, bytes of WAL and transactions."""
        time.sleep(1.2)  # Sessions report what they have done at most once a second.
        cpu, wal, statements = self.read()
        seconds = time.monotonic() - self.begun - 1.2
        return seconds, cpu - self.cpu, wal - self.wal, statements - self.statements


class FleetBench(harness.Fixture):
    """A fixture for `with FleetBench(cluster) as bench:`."""

    def __init__(self, cluster):
        super().__init__()
        self.cluster = cluster
        self.numbers = itertools.count(1)

    def __enter__(self):
        self.setUp()
        return self

    def __exit__(self, *_):
        self.doCleanups()

    def config(self, name, url, store="postgres", **changes):
        spool = self.folder / name
        (spool / "inbox").mkdir(parents=True, exist_ok=True)
        if store == "postgres":
            changes.update({"queue": {"store": store}, "postgres": {
                "url": self.cluster.uri(), "node": name, "lease": f"{LEASE_S}s"}})
        return self.write_config(
            url, name=f"{name}.toml", base=SETTINGS, admin={"socket": str(spool / "socket")},
            paths={"inbox": str(spool / "inbox"), "spool": str(spool),
                   "queue": str(self.folder / f"{name}.db")}, log={"level": "info"}, **changes)

    def node(self, name, url, **options):
        config = self.config(name, url, **options)
        self.attestrd("fleet", "init", "--config", config)
        daemon = self.start_daemon(config, name=f"{name}-{next(self.numbers)}")
        daemon.spool = self.folder / name
        return daemon

    def submit(self, name, ids):
        hidden = self.folder / name / "inbox/.batch"
        hidden.write_text("".join(f"{one}\n" for one in ids))
        hidden.rename(self.folder / name / f"inbox/batch{next(self.numbers)}")

    def pending(self, name):
        done = self.attestrd("status", "--json", "--config", self.folder / f"{name}.toml")
        return int(json.loads(done.stdout)["pending"])

    def wait_for_pending(self, name, count):
        harness.eventually(lambda: self.pending(name) >= count, 600, f"{count} pending")

    # ---- The parts: each yields rows of the table.

    def idle(self, _):
        simulator = self.start_simulator("--never", "1")
        nodes = [self.node(name, simulator.url) for name in "abc"]
        for node in nodes:
            node.wait_for("fleet.entered")
        time.sleep(2 * LEASE_S / 3)
        self.cluster.sql("ALTER SYSTEM SET log_statement = 'all'", "postgres")
        self.cluster.sql("SELECT pg_reload_conf()", "postgres")
        time.sleep(1)
        log = self.cluster.process.err
        server, before = Server(self.cluster), self.count_statements(log)
        time.sleep(IDLE_S)
        statements = self.count_statements(log) - before
        seconds, cpu, wal, _ = server.since()
        yield ("statements a second, three idle daemons", f"{statements / seconds:.1f}", "-")
        yield ("CPU of the server, idle", f"{100 * cpu / seconds:.2f} %", "-")
        yield ("WAL a second, idle", f"{wal / seconds:.0f} B", "-")

    @staticmethod
    def count_statements(log):
        return log.read_text(errors="replace").count("execute <unnamed>")

    def death(self, _):
        simulator = self.start_simulator("--never", "1")
        nodes = {name: self.node(name, simulator.url,
                                 poll={"min_interval": "1s", "max_interval": "2s",
                                       "target_delay": "0s", "cadence": "exponential"},
                                 api={"requests_per_second": 500, "connections": 16})
                 for name in "abc"}
        for node in nodes.values():
            node.wait_for("fleet.entered")
        self.submit("b", (f"DSb{i}" for i in range(PENDING)))
        self.wait_for_pending("b", PENDING)
        nodes["b"].kill()
        killed = time.monotonic()
        for name in "ac":
            nodes[name].wait_for("fleet.taken_over")
        taken = time.monotonic() - killed
        harness.eventually(lambda: self.pending("a") + self.pending("c") >= PENDING, 120, "all")
        yield (f"kill -9 with {PENDING} pending until others have the shelves",
               f"{taken:.1f} s", "-")
        yield ("  until they have all rows", f"{time.monotonic() - killed:.1f} s", "-")

    def back(self, _):
        simulator = self.start_simulator("--law", "uniform:1,120")
        self.node("a", simulator.url, poll={"min_interval": "200ms", "max_interval": "1s"})
        self.submit("a", (f"DSa{i}" for i in range(5000)))
        self.wait_for_pending("a", 2000)
        self.cluster.stop(signal.SIGQUIT)
        time.sleep(LEASE_S + 3)
        results = self.folder / "a/results"
        self.cluster.start()
        back, before = time.monotonic(), len(os.listdir(results))
        polls = simulator.request_log.stat().st_size
        harness.eventually(lambda: simulator.request_log.stat().st_size > polls, 60, "a poll")
        polled = time.monotonic() - back
        harness.eventually(lambda: len(os.listdir(results)) > before, 60, "a result")
        yield ("database back to the next poll", f"{polled:.1f} s", "-")
        yield ("database back to the next result", f"{time.monotonic() - back:.1f} s", "-")

    def accept(self, _):
        simulator = self.start_simulator("--never", "1")
        figures = []
        for store in ("postgres", "sqlite"):
            node = self.node(store, simulator.url, store=store,
                             api={"requests_per_second": 1, "connections": 1})
            server = Server(self.cluster)
            start = time.monotonic()
            self.submit(store, (f"DS{i:07}" for i in range(ACCEPTED)))
            self.wait_for_accepted(node)
            seconds = time.monotonic() - start
            _, cpu, wal, _ = server.since()
            figures.append((ACCEPTED / seconds, cpu, wal))
            node.stop()
        (ours, cpu, wal), (file, _, _) = figures
        yield ("ids accepted a second", f"{ours:,.0f}", f"{file:,.0f}")
        yield ("  CPU of the server and WAL for each",
               f"{1e6 * cpu / ACCEPTED:.0f} us, {wal / ACCEPTED:.0f} B", "-")

    @staticmethod
    def wait_for_accepted(node):
        def accepted():
            return sum(line.get("count", 0) for line in node.log("inbox.accepted")) >= ACCEPTED
        harness.eventually(accepted, 300, "all ids are accepted")

    def records(self, _):
        simulator = self.start_simulator("--law", "fixed:0", "--result-bytes", "900")
        figures = []
        for store in ("postgres", "sqlite"):
            node = self.node(store, simulator.url, store=store)
            server = Server(self.cluster)
            self.submit(store, (f"DS{i:07}" for i in range(PUBLISHED)))
            results = self.folder / store / "results"
            harness.eventually(lambda: len(os.listdir(results)) == PUBLISHED, 300, "all results")
            times = sorted(entry.stat().st_ctime for entry in os.scandir(results))
            middle = times[len(times) // 10:-len(times) // 10]
            _, cpu, wal, _ = server.since()
            figures.append((len(middle) / (middle[-1] - middle[0]), cpu, wal))
            node.stop()
        (ours, cpu, wal), (file, _, _) = figures
        yield ("results a second, with the stand-in", f"{ours:,.0f}", f"{file:,.0f}")
        yield ("  CPU of the server and WAL a handshake, from its id to its result",
               f"{1e6 * cpu / PUBLISHED:.0f} us, {wal / PUBLISHED:.0f} B", "-")

    def loading(self, options):
        rows = options.rows
        simulator = self.start_simulator("--never", "1")
        quiet = {"api": {"requests_per_second": 1, "connections": 1}}
        node = self.node("a", simulator.url, **quiet)
        node.stop()
        self.cluster.sql(
            "INSERT INTO attestrd.handshake (id, shelf, state, tag, submitted_at) SELECT 'DS' || "
            "lpad(i::text, 9, '0'), (SELECT min(shelf) FROM attestrd.shelf) + i % 16, 'polling', "
            f"'', extract(epoch FROM now()) * 1000 FROM generate_series(1, {rows}) AS i")
        self.cluster.sql("VACUUM ANALYZE attestrd.handshake")
        begun = time.monotonic()
        node = self.node("a", simulator.url, **quiet)
        seconds = time.monotonic() - begun
        yield (f"start with {rows:,} pending", f"{seconds:.1f} s", "-")
        yield ("  memory of the daemon", f"{node.resident_mib():.0f} MiB", "-")
