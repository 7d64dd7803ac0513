"""Tests an inbox whose files change while the daemon reads them."""

import multiprocessing
import os
import threading
import time

import harness
from hostile_fixture import HostileFixture, exchange, soon

RACE_FOR_S = 30 if harness.IS_LONG else 4
CANARY = b"text of a file outside"
MANY_LINES = "#\n" * 12_000  # Larger than a single read.


class Racers:
    """A set of threads that repeat one action each until end() is called."""

    def __init__(self, *moves):
        self.is_over = threading.Event()
        self.turns = {move.__name__: 0 for move in moves}
        self.threads = [threading.Thread(target=self.repeat, args=[move]) for move in moves]
        for thread in self.threads:
            thread.start()

    def repeat(self, move):
        while not self.is_over.is_set():
            try:
                move()
            except OSError:
                pass  # The daemon was faster.
            self.turns[move.__name__] += 1
            time.sleep(0.0005)

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()


class Swapper:
    """A process that exchanges files with links or fifos as fast as the kernel can, until end() is
    called. `pairs`: by name in the inbox, the text of the file and the function that creates the
    other."""

    def __init__(self, inbox, pairs):
        fork = multiprocessing.get_context("fork")
        self.inbox, self.pairs = inbox, pairs
        self.swaps, self.is_over = fork.Value("Q", 0), fork.Event()
        self.process = fork.Process(target=self.run, daemon=True)
        self.process.start()

    def run(self):
        while not self.is_over.is_set():
            for name, (text, lay) in self.pairs.items():
                swaps = exchange(self.inbox / name, self.inbox / f".{name}.other", 501)
                self.swaps.value += swaps
                if swaps < 501:  # The daemon has removed one of them.
                    self.lay(name, text, lay)

    def lay(self, name, text, lay):
        other = self.inbox / f".{name}.other"
        other.unlink(missing_ok=True)
        lay(other)
        (self.inbox / f".{name}.new").write_text(text)
        os.replace(self.inbox / f".{name}.new", self.inbox / name)

    def end(self):
        self.is_over.set()
        self.process.join()


class RaceTest(HostileFixture):
    """Tests with racers, each of which leaves a good file with its id, or no file."""

    def setUp(self):
        super().setUp()
        self.config = self.write_quiet_config(self.start_simulator("--law", "fixed:0").url)
        self.outside = self.folder / "outside"
        self.stolen = b"DSstolen\n" + CANARY + b"\n" + MANY_LINES.encode()
        self.outside.write_bytes(self.stolen)
        self.daemon = self.start_daemon(self.config)

    def put(self, name, text):
        """Creates a good file, or replaces the entry that has its name."""
        hidden = self.inbox / f".{name}.{threading.get_ident()}"
        hidden.write_text(text)
        os.replace(hidden, self.inbox / name)

    # ---- The actions of the racers.

    def folder_replaces_file(self):
        path = self.inbox / "folder"
        self.put("folder", "DSfolder\n")
        path.unlink()
        path.mkdir()
        path.rmdir()

    def second_hard_link(self):
        self.put("hard", "DShard\n")
        os.link(self.inbox / "hard", self.inbox / ".hard")
        (self.inbox / ".hard").unlink()

    def file_is_removed(self):
        self.put("gone", "DSgone\n")
        (self.inbox / "gone").unlink()

    def file_grows(self):
        with open(self.inbox / "grows", "a") as out:
            out.write("DSgrows\n")

    def file_shrinks(self):
        with open(self.inbox / "shrinks", "w") as out:
            out.write("DSshrinks\n" * 1000)
            out.flush()
            out.truncate(len("DSshrinks\n"))

    def large_file_is_truncated(self):
        self.put("fat", "".join(f"DSfat{part}\n{MANY_LINES}" for part in range(3)))
        os.truncate(self.inbox / "fat", 9)

    def file_loses_its_mode(self):
        self.put("shut", "DSshut\n")
        os.chmod(self.inbox / "shut", 0)
        os.chmod(self.inbox / "shut", 0o640)

    def list_is_replaced_by_link(self):
        """Replaces the list in refused/ while the daemon writes it."""
        self.put("bad", f"no/id/{time.monotonic_ns()}\n")
        path = self.spool / "refused/.unfinished"
        path.unlink(missing_ok=True)
        path.symlink_to(self.outside)

    def list_is_replaced_by_folder(self):
        path = self.spool / "refused/.unfinished"
        path.mkdir()
        (path / "file").touch()
        time.sleep(0.01)
        (path / "file").unlink()
        path.rmdir()

    def swaps(self):
        """Returns swaps with links and fifos, which a reader that checks the type before it opens
        would open."""
        def to_outside(path):
            path.symlink_to(self.outside)
        return {"link": (f"DSlink\n{MANY_LINES}", to_outside),
                "shadow": ("DSshadow\n" + MANY_LINES,
                           lambda path: path.symlink_to("/etc/shadow")),
                "DSvoid": ("", to_outside),
                "bad-link": (f"no/id/\n{MANY_LINES}", to_outside),
                **{name: (f"DS{name}\n", os.mkfifo) for name in ("fifo", "fifo2", "fifo3")}}

    def test_atomic_exchange_of_files(self):
        swapper = Swapper(self.inbox, self.swaps())
        self.addCleanup(swapper.end)
        time.sleep(RACE_FOR_S)
        soon(lambda: swapper.swaps.value > 1000, "a thousand swaps")
        swapper.end()
        harness.report(f"{swapper.swaps.value} swaps")
        for name in self.swaps():
            with self.case(name):
                self.assertTrue(self.daemon.is_running(), self.daemon.out.read_text()[-500:])
        self.check({"link", "shadow", "void", "fifo", "fifo2", "fifo3"})

    def test_changes_in_several_steps(self):
        racers = Racers(
            self.folder_replaces_file, self.second_hard_link, self.file_is_removed,
            self.file_grows, self.file_shrinks, self.large_file_is_truncated,
            self.file_loses_its_mode, self.list_is_replaced_by_link,
            self.list_is_replaced_by_folder)
        self.addCleanup(racers.end)
        time.sleep(RACE_FOR_S)
        soon(lambda: min(racers.turns.values()) > 10, "ten turns of each racer")
        racers.end()
        harness.report(f"turns of each racer: {racers.turns}")
        for name in racers.turns:
            with self.case(name):
                self.assertTrue(self.daemon.is_running(), self.daemon.out.read_text()[-500:])
        self.check({"folder", "hard", "grows", "shrinks", "shut"})

    def check(self, names):
        """Puts a good file under every name, and checks that each id ends once, and no other
        does."""
        for name in names - {"void"}:
            self.put(name, f"DS{name}\n")
        if "void" in names:
            self.put("DSvoid", "")
        self.wait_for_results([f"DS{name}" for name in names])
        soon(lambda: self.daemon.status()["pending"] == 0, "the last result")
        self.assert_calm(self.daemon)
        ids = self.spooled()
        self.assertNotIn("DSstolen", ids)
        self.assertEqual({one for one in ids if not one.startswith("DSfat")} - {"DSgone"},
                         {f"DS{name}" for name in names})
        self.assert_published_once([self.daemon], ids)
        self.assert_log_is_clean(self.daemon, CANARY, b"root:")
        for path in (self.spool / "refused").iterdir():
            if path.is_file() and not path.is_symlink():
                self.assertNotIn(CANARY, path.read_bytes())
                self.assertNotIn(b"root:", path.read_bytes())
        self.assertEqual(self.outside.read_bytes(), self.stolen)
        self.assertEqual(self.daemon.stop(), 0)


if __name__ == "__main__":
    harness.main()
