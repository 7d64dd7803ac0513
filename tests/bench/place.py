"""Where a bench happens: a scene of the end-to-end tests, on a disk, and without a test."""

import harness

# What a bank would run with, but for the limits that keep it from being fast.
AT_FULL_SPEED = {
    "api": {"requests_per_second": 0, "connections": 64},
    "poll": {"min_interval": "10ms", "max_interval": "10ms"},
    "log": {"level": "info"},
}


class Place(harness.Scene):
    """`with Place(folder) as place:`; its processes and its files end with the block."""

    def __init__(self, folder):
        super().__init__()
        self.place = folder

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

    def start_daemon_at(self, url, name, under=(), base=AT_FULL_SPEED, **settings):
        """A daemon in the home of this name, once it says that it is ready."""
        home = self.move_to(name)
        settings.setdefault("log", {"level": "info"})
        config = self.write_config(url, name=f"{name}.toml", base=base,
                                   admin={"socket": str(home / "control.sock")}, **settings)
        return self.start_daemon(config, name=name, under=under)
