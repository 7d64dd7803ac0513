"""An inbox whose files change under the reader's hands."""

import multiprocessing
import os
import threading
import time

import harness
from hostile import HostileScene, exchange, soon

RACE_FOR_S = 30 if harness.IS_LONG else 4
CANARY = b"words of a file outside"
MANY_LINES = "#\n" * 12_000  # More than are read in one go.


class Racers:
    """Threads that do one thing each, again and again, until the race is over."""

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
    """A process in which files and what is none change places as fast as the kernel can, for ever.
    `pairs` tells, by the name in the inbox, what the file says, and how the other is laid."""

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
                if swaps < 501:  # The daemon has taken one of them.
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


class RaceTest(HostileScene):
    """Every racer leaves its id behind in a good file, or in none."""

    def setUp(self):
        super().setUp()
        self.config = self.write_quiet_config(self.start_simulator("--law", "fixed:0").url)
        self.outside = self.folder / "outside"
        self.stolen = b"DSstolen\n" + CANARY + b"\n" + MANY_LINES.encode()
        self.outside.write_bytes(self.stolen)
        self.daemon = self.start_daemon(self.config)

    def put(self, name, text):
        """A good file appears under a name, whatever is there."""
        hidden = self.inbox / f".{name}.{threading.get_ident()}"
        hidden.write_text(text)
        os.replace(hidden, self.inbox / name)

    # The racers.

    def a_folder_for_a_file(self):
        path = self.inbox / "folder"
        self.put("folder", "DSfolder\n")
        path.unlink()
        path.mkdir()
        path.rmdir()

    def another_link_to_a_file(self):
        self.put("hard", "DShard\n")
        os.link(self.inbox / "hard", self.inbox / ".hard")
        (self.inbox / ".hard").unlink()

    def a_file_that_goes(self):
        self.put("gone", "DSgone\n")
        (self.inbox / "gone").unlink()

    def a_file_that_grows(self):
        with open(self.inbox / "grows", "a") as out:
            out.write("DSgrows\n")

    def a_file_that_shrinks(self):
        with open(self.inbox / "shrinks", "w") as out:
            out.write("DSshrinks\n" * 1000)
            out.flush()
            out.truncate(len("DSshrinks\n"))

    def a_fat_file_that_is_cut(self):
        self.put("fat", "".join(f"DSfat{part}\n{MANY_LINES}" for part in range(3)))
        os.truncate(self.inbox / "fat", 9)

    def a_file_without_rights(self):
        self.put("shut", "DSshut\n")
        os.chmod(self.inbox / "shut", 0)
        os.chmod(self.inbox / "shut", 0o640)

    def the_list_of_bad_lines(self):
        """What the daemon writes in refused/, under another's hands."""
        self.put("bad", f"no/id/{time.monotonic_ns()}\n")
        path = self.spool / "refused/.unfinished"
        path.unlink(missing_ok=True)
        path.symlink_to(self.outside)

    def a_folder_for_the_list(self):
        path = self.spool / "refused/.unfinished"
        path.mkdir()
        (path / "file").touch()
        time.sleep(0.01)
        (path / "file").unlink()
        path.rmdir()

    def swaps(self):
        """What a reader would follow, or wait for, if it opened what it has just looked at."""
        def to_outside(path):
            path.symlink_to(self.outside)
        return {"link": (f"DSlink\n{MANY_LINES}", to_outside),
                "shadow": ("DSshadow\n" + MANY_LINES,
                           lambda path: path.symlink_to("/etc/shadow")),
                "DSvoid": ("", to_outside),
                "bad-link": (f"no/id/\n{MANY_LINES}", to_outside),
                **{name: (f"DS{name}\n", os.mkfifo) for name in ("fifo", "fifo2", "fifo3")}}

    def test_what_changes_in_one_instant(self):
        swapper = Swapper(self.inbox, self.swaps())
        self.addCleanup(swapper.end)
        time.sleep(RACE_FOR_S)
        soon(lambda: swapper.swaps.value > 1000, "a thousand swaps")
        swapper.end()
        harness.tell(f"{swapper.swaps.value} swaps")
        for name in self.swaps():
            with self.case(name):
                self.assertTrue(self.daemon.is_running(), self.daemon.out.read_text()[-500:])
        self.judge({"link", "shadow", "void", "fifo", "fifo2", "fifo3"})

    def test_what_changes_step_by_step(self):
        racers = Racers(
            self.a_folder_for_a_file, self.another_link_to_a_file, self.a_file_that_goes,
            self.a_file_that_grows, self.a_file_that_shrinks, self.a_fat_file_that_is_cut,
            self.a_file_without_rights, self.the_list_of_bad_lines, self.a_folder_for_the_list)
        self.addCleanup(racers.end)
        time.sleep(RACE_FOR_S)
        soon(lambda: min(racers.turns.values()) > 10, "ten turns of each racer")
        racers.end()
        harness.tell(f"turns of each racer: {racers.turns}")
        for name in racers.turns:
            with self.case(name):
                self.assertTrue(self.daemon.is_running(), self.daemon.out.read_text()[-500:])
        self.judge({"folder", "hard", "grows", "shrinks", "shut"})

    def judge(self, names):
        """Good files lie there now, under every name: each id ends once, and nothing else does."""
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
