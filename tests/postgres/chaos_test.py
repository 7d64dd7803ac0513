"""Tests a fleet while its daemons are killed and suspended, its database fails over, and its
connections are cut at a COMMIT: each result appears once, and the limits of the account hold.

The long form has 1,000 kills, 300 stops, 100 promotions and 500 cuts; ATTESTRD_FAULTS sets other
numbers in this order.
"""

import collections
import contextlib
import os
import random
import signal
import threading
import time

from cluster import Cluster, Standby
from fleet_fixture import FleetFixture, harness
from socket_proxy import SocketProxy

SHORT, LONG = (16, 3, 2, 10), (1000, 300, 100, 500)
LEASE_S = 3
RATE = 150  # Requests a second of the account.
PENDING = 200  # So many handshakes are kept pending.
NAMES = ("a", "b", "c")


class Consumers(threading.Thread):
    """Takes each result as soon as it is there, and counts it."""

    def __init__(self, spools):
        super().__init__(daemon=True)
        self.folders = [spool / "results" for spool in spools]
        self.taken = collections.Counter()
        self.is_ending = False

    def run(self):
        while not self.is_ending:
            for folder in self.folders:
                with contextlib.suppress(FileNotFoundError):
                    for record in os.scandir(folder):
                        self.take(record)
            time.sleep(0.02)

    def take(self, record):
        if record.name.endswith(".json"):
            os.unlink(record.path)
            self.taken[record.name.split(".")[0]] += 1


class ReplicatedDatabase:
    """A primary, a synchronous standby, and a proxy before each."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.servers = [self.stack.enter_context(Cluster(fsync=False))]
        self.servers.append(self.stack.enter_context(Standby(self.servers[0])))
        self.servers[1].make_synchronous()
        self.proxies = [self.stack.enter_context(SocketProxy(self.socket(i))) for i in (0, 1)]
        self.primary = 0
        hosts = ",".join(proxy.folder for proxy in self.proxies)
        self.uri = f"postgresql://attestrd@/attestrd?host={hosts}&port=1,1"

    def socket(self, i):
        return self.servers[i].folder / f".s.PGSQL.{self.servers[i].port}"

    def fail_over(self):
        """The primary dies, the standby takes its place, and gets a new standby."""
        old = self.primary
        self.servers[old].stop(signal.SIGQUIT)
        self.proxies[old].drop()
        self.primary = 1 - old
        self.servers[self.primary].promote()
        self.servers[old].__exit__()
        self.servers[old] = self.stack.enter_context(Standby(self.servers[self.primary]))
        self.servers[old].make_synchronous()
        self.proxies[old].server = self.socket(old)

    def arm(self, cut):
        self.proxies[self.primary].armed = cut

    def cuts(self):
        return sum(proxy.cuts for proxy in self.proxies)

    def sql(self, text):
        return self.servers[self.primary].sql(text)


def most_within(seconds, times):
    """Returns the greatest number of times within so many seconds."""
    most, first = 0, 0
    for last, end in enumerate(times):
        while times[first] <= end - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


class ChaosTest(FleetFixture):
    def setUp(self):
        super().setUp()
        self.rng = random.Random(int(os.environ.get("ATTESTRD_SEED", "1")))
        self.restarts = {}  # When a node that is down is started, by its name.
        self.resumes = {}   # When a node that is stopped goes on.
        self.ended = collections.Counter()
        self.sent = []

    def begin_fleet(self, *flags, **more):
        changes = {"api": {"requests_per_second": RATE}, "log": {"level": "info"},
                   "poll": {"min_interval": "300ms", "max_interval": "2s"}, **more}
        self.begin(*flags, nodes=NAMES, **changes)
        self.consumers = Consumers(node.spool for node in self.nodes.values())
        self.consumers.start()
        self.addCleanup(setattr, self.consumers, "is_ending", True)

    def keep_pending(self):
        """Submits handshakes to any node, also one that is down, until enough are pending."""
        missing = PENDING - (len(self.sent) - len(self.consumers.taken))
        if missing < 10:
            return
        ids = [f"DS{len(self.sent) + i:07}" for i in range(missing)]
        self.sent += ids
        for name in NAMES:
            its = [one for one in ids if self.rng.choice(NAMES) == name]
            ids = [one for one in ids if one not in its]
            self.submit(name, its if name != NAMES[-1] else its + ids)

    def care_for_nodes(self):
        """Starts and resumes nodes whose time has come, and those that have ended themselves."""
        now = time.monotonic()
        for name in [name for name, at in self.resumes.items() if at <= now]:
            del self.resumes[name]
            self.nodes[name].send(signal.SIGCONT)
        for name, node in self.nodes.items():
            if name not in self.restarts and not node.is_running():
                self.ended[node.wait()] += 1
                self.restarts[name] = now + 0.2
        for name in [name for name, at in self.restarts.items() if at <= now]:
            del self.restarts[name]
            self.again(name)

    def healthy(self):
        return [name for name in NAMES if name not in self.restarts and name not in self.resumes]

    def kill(self):
        name = self.rng.choice(self.healthy())
        self.nodes[name].kill()
        self.restarts[name] = time.monotonic() + self.rng.choice((0, 0, 0.5, 2 * LEASE_S))

    def suspend(self):
        name = self.rng.choice(self.healthy())
        self.nodes[name].send(signal.SIGSTOP)
        self.resumes[name] = time.monotonic() + 2 * LEASE_S

    def cut(self):
        before = self.database.cuts()
        self.database.arm(self.rng.choice(("before", "after")))
        deadline = time.monotonic() + 5
        while self.database.cuts() == before and time.monotonic() < deadline:
            self.care_for_nodes()
            self.keep_pending()
            time.sleep(0.05)
        return self.database.cuts() > before

    def test_faults_lose_and_repeat_nothing(self):
        numbers = os.environ.get("ATTESTRD_FAULTS", "").split()
        kills, stops, promotions, cuts = map(int, numbers) if numbers else (
            LONG if harness.IS_LONG else SHORT)
        self.database = ReplicatedDatabase()
        self.addCleanup(self.database.stack.close)
        self.cluster = self.database
        self.changes = lambda name, **more: {
            "queue": {"store": "postgres"},
            "postgres": {"url": self.database.uri, "node": name, "lease": f"{LEASE_S}s"}}
        self.begin_fleet("--law", "uniform:0.5,8")
        faults = ([self.kill] * kills + [self.suspend] * stops + [self.cut] * cuts
                  + [self.database.fail_over] * promotions)
        self.rng.shuffle(faults)
        start, missed = time.monotonic(), 0
        while faults:
            self.care_for_nodes()
            self.keep_pending()
            if faults[-1] in (self.kill, self.suspend) and len(self.healthy()) < 2:
                time.sleep(0.1)
                continue
            missed += faults.pop()() is False
            time.sleep(self.rng.uniform(0, 0.4))
        self.end_faults()
        self.check_results()
        self.check_rate()
        harness.report(f"{kills} kills, {stops} stops of two leases, {promotions} promotions, "
                       f"{self.database.cuts()} cuts at a COMMIT in "
                       f"{time.monotonic() - start:.0f} s: {len(self.sent)} results, each once; "
                       f"ended by themselves: {dict(self.ended)}")
        self.assertLessEqual(missed, cuts // 5)

    def end_faults(self):
        deadline = time.monotonic() + harness.time_limit(240)
        while set(self.consumers.taken) < set(self.sent) and time.monotonic() < deadline:
            self.care_for_nodes()
            time.sleep(0.1)
        time.sleep(1)

    def check_results(self):
        # A daemon ends itself only if its service manager is to start it again.
        self.assertEqual(set(self.ended) - {harness.UNAVAILABLE, harness.IO_ERROR}, set())
        taken = self.consumers.taken
        self.assertEqual(set(self.sent) - set(taken), set(), "lost")
        self.assertEqual({one: count for one, count in taken.items() if count != 1}, {}, "twice")
        self.assertEqual(set(taken) - set(self.sent), set())
        for name, node in self.nodes.items():
            for folder in ("failed", "archived"):
                self.assertEqual(os.listdir(node.spool / folder), [], f"{name}/{folder}")
            # A node that died before its commit may find that another one has published the result.
            aside = {record.split(".")[0] for record in os.listdir(node.spool / "rejected")}
            self.assertEqual(aside - set(taken), set(), f"{name}/rejected")
            if aside:
                harness.report(f"{name} has put aside records of {sorted(aside)}, which are "
                               f"published elsewhere")

    def check_rate(self):
        times = sorted(request["time_us"] / 1e6 for request in self.simulator.requests())
        most = most_within(5, times)
        harness.report(f"{len(times)} requests, at most {most} in 5 s of the {5 * RATE} allowed")
        # Requests that waited on their way arrive together.
        self.assertLessEqual(most, 5 * RATE * 1.04)

    def test_the_requests_of_a_day_are_those_of_the_fleet(self):
        day = 400
        self.begin_fleet("--law", "fixed:3600", api={"requests_per_second": RATE,
                                                     "daily_requests": day},
                         poll={"min_interval": "50ms", "max_interval": "100ms",
                               "target_delay": "0s", "cadence": "exponential"})
        for name in NAMES:
            self.submit(name, [f"DS{name}{i}" for i in range(20)])
        for name in ("b", "c", "b"):
            count = len(self.simulator.requests())
            harness.eventually(lambda: len(self.simulator.requests()) > count + 40, 20, "polls")
            self.nodes[name].kill()
            self.again(name)
        spent = 0
        while spent != (spent := len(self.simulator.requests())):
            time.sleep(2)
        harness.report(f"{spent} of {day} requests of the day, with three deaths")
        self.assertLessEqual(spent, day)
        self.assertGreater(spent, day // 2)


if __name__ == "__main__":
    harness.main()
