"""The fixture of the end-to-end tests, for measurements."""

import itertools

import harness

# Settings of production, without the limits on speed.
AT_FULL_SPEED = {
    "api": {"requests_per_second": 0, "connections": 64},
    "poll": {"min_interval": "10ms", "max_interval": "10ms"},
}


class BenchFixture(harness.Fixture):
    """`with BenchFixture(folder) as place:`. At the end of the block its processes are ended and
    its files removed."""

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
        """From now on inbox, spool and queue are those in this folder, empty if it is new."""
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
        # A log for each run, so that wait_for() finds no event of an earlier run.
        return self.start_daemon(config, name=f"{name}.{next(self.run_numbers)}", under=under,
                                 is_ready=is_ready)
