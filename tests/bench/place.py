"""Where a bench happens: a scene of the end-to-end tests, on a disk, and without a test."""

import itertools

import harness

# What a bank would run with, but for the limits that keep it from being fast.
AT_FULL_SPEED = {
    "api": {"requests_per_second": 0, "connections": 64},
    "poll": {"min_interval": "10ms", "max_interval": "10ms"},
}


class Place(harness.Scene):
    """`with Place(folder) as place:`; its processes and its files end with the block."""

    def __init__(self, folder):
        super().__init__()
        self.place = folder
        self.lives = itertools.count(1)

    def __enter__(self):
        self.setUp()
        return self

    def __exit__(self, *_):
        self.doCleanups()

    def move_to(self, name):
        """From now on inbox, spool and queue are those of this home, empty if it is new."""
        home = self.folder / name
        self.spool = home / "spool"
        self.inbox = self.spool / "inbox"
        self.queue = home / "queue.db"
        self.inbox.mkdir(parents=True, exist_ok=True)
        return home

    def start_daemon_at(self, url, name, under=(), base=AT_FULL_SPEED, is_ready=True):
        """A daemon in the home of this name."""
        home = self.move_to(name)
        config = self.write_config(url, name=f"{name}.toml", base=base, log={"level": "info"},
                                   admin={"socket": str(home / "control.sock")})
        # Each life with a log of its own, so that none takes the word of another for its own.
        return self.start_daemon(config, name=f"{name}.{next(self.lives)}", under=under,
                                 is_ready=is_ready)
