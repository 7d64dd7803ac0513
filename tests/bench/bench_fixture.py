"""The fixture of the end-to-end tests, for measurements."""

import itertools

import harness

# The settings of production, without limits on the rate. All results of a measurement are equal, as
# no two of different people are.
AT_FULL_SPEED = {
    "api": {"requests_per_second": 0, "connections": 64},
    "poll": {"min_interval": "10ms", "max_interval": "10ms"},
    "signature": {"repeats": "deliver"},
}


class BenchFixture(harness.Fixture):
    """A fixture for `with BenchFixture(folder) as place:`. At the end of the block its processes
    are ended and its files removed."""

    def __init__(self, folder):
        super().__init__()
        self.place = folder
        self.run_numbers = itertools.count(1)

    def __enter__(self):
        self.setUp()
        return self

    def __exit__(self, *_):
        self.doCleanups()

    def move_to(self, name):
        """Moves inbox, spool and queue to this folder; they are empty if it is new."""
        home = self.folder / name
        self.spool = home / "spool"
        self.inbox = self.spool / "inbox"
        self.queue = home / "queue.db"
        self.inbox.mkdir(parents=True, exist_ok=True)
        return home

    def start_daemon_at(self, url, name, under=(), base=AT_FULL_SPEED, is_ready=True):
        """Starts a daemon in the folder of this name."""
        home = self.move_to(name)
        config = self.write_config(url, name=f"{name}.toml", base=base, log={"level": "info"},
                                   admin={"socket": str(home / "control.sock")})
        # Each run has its own log, so that wait_for() finds no event of an earlier run.
        return self.start_daemon(config, name=f"{name}.{next(self.run_numbers)}", under=under,
                                 is_ready=is_ready)
