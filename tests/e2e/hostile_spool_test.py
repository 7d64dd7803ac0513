"""A spool in which the names of the daemon's files are taken already."""

import contextlib
import fcntl
import os
import signal
import socket
import stat

import harness
from hostile import harmless, most_resident_mib, snapshot, soon
from hostile_place import AnsweredScene

OUTCOME_OF = {"results": "completed", "archived": "archived", "failed": "failed",
              "rejected": "rejected"}
RESIDENT_MIB = 128


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(str(path))


def a_full_folder(path):
    path.mkdir()
    (path / "file").write_text("theirs")


# Who lies under a name. Each is called with the path, and a file outside.
SQUATTERS = {
    "other bytes": lambda path, _: path.write_text("theirs\n"),
    "no bytes": lambda path, _: path.touch(),
    "a record of the same id": lambda path, _: path.write_text(
        f'{{"schema":"attestrd.result/1","id":"{path.stem}","outcome":"completed"}}\n'),
    "a file without rights": lambda path, _: os.close(os.open(path, os.O_CREAT, 0)),
    "a link to nothing": lambda path, _: path.symlink_to("nowhere"),
    "a link to /etc/passwd": lambda path, _: path.symlink_to("/etc/passwd"),
    "a link to a file outside": lambda path, outside: path.symlink_to(outside),
    "a link to itself": lambda path, _: path.symlink_to(path.name),
    "a hard link": lambda path, outside: os.link(outside, path),
    "an empty folder": lambda path, _: path.mkdir(),
    "a full folder": lambda path, _: a_full_folder(path),
    "a fifo": lambda path, _: os.mkfifo(path),
    "a socket": lambda path, _: a_socket(path),
    "a device": lambda path, _: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5)),
    "a GiB of nothing": lambda path, _: (path.touch(), os.truncate(path, (1 << 30) - 1)),
}
ROOT_LAYS = {"a device"}
LEASED = "a file under a lease"


class TakenNamesTest(AnsweredScene):
    def setUp(self):
        super().setUp()
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # The end of a lease would kill.
        self.addCleanup(signal.signal, signal.SIGIO, signal.SIG_DFL)
        first = self.start_daemon(self.config, "--until-empty", is_ready=False, name="first")
        self.assertEqual(first.wait(), 0)

    def test_names_in_the_folders_of_outcomes(self):
        cases = self.squat()
        before = {name: snapshot(path) for name, (_, _, path) in cases.items()}
        passwd = snapshot("/etc/passwd")
        # Whoever opens it must wait until its owner gives it free.
        leased = os.open(cases[f"{LEASED} in results/"][2], os.O_WRONLY)
        fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_WRLCK)

        daemon = self.start_daemon(self.config)
        self.drop(handshake for handshake, *_ in cases.values())
        with contextlib.suppress(AssertionError):  # Who is missing is named by its case.
            soon(lambda: daemon.count("spool.conflict") == len(cases) or not daemon.is_running(),
                 "every conflict")
        self.assert_calm(daemon)
        os.close(leased)
        for name, (handshake, folder, path) in cases.items():
            with self.case(name):
                self.judge(daemon, handshake, folder)
                self.assertEqual(snapshot(path), before[name], "it was touched")
        self.assertEqual(snapshot("/etc/passwd"), passwd)
        self.assertEqual(list((self.spool / "staging").glob("DS*")), [])
        if harness.hold_to_bounds():
            self.assertLess(most_resident_mib(daemon), RESIDENT_MIB)
        self.assertEqual(daemon.stop(), 0)

    def squat(self):
        """Takes the names of records to come: by case, the handshake, its folder, the path."""
        squatters = [(folder, who) for folder in harness.FOLDERS for who in SQUATTERS]
        cases = {}
        for number, (folder, who) in enumerate([*squatters, ("results", LEASED)]):
            if who in ROOT_LAYS and not self.root_lays(f"{who} in {folder}/"):
                continue
            handshake = f"DS{folder}{number:02}"
            path = self.spool / folder / f"{handshake}.json"
            SQUATTERS.get(who, SQUATTERS["other bytes"])(path, self.outside)
            cases[f"{who} in {folder}/"] = (handshake, folder, path)
            self.end(handshake, folder)
        return cases

    def judge(self, daemon, handshake, folder):
        new_name = f"{handshake}.2.json" if folder == "rejected" else f"{handshake}.json"
        record = self.spool / "rejected" / new_name
        self.assertIn(f'"outcome":"{OUTCOME_OF[folder]}"', record.read_text())
        names = {f"{folder}/{handshake}.json", f"rejected/{new_name}"}
        self.assertEqual({f"{one}/{path.name}" for one in harness.FOLDERS
                          for path in (self.spool / one).glob(f"{handshake}*")}, names)
        told = [line for line in daemon.log("spool.conflict") if line["handshake"] == handshake]
        self.assertEqual(len(told), 1)
        self.assertEqual(told[0]["level"], "error")
        self.assertEqual(told[0]["file"], f"{folder}/{handshake}.json")
        self.assertIn(f"rejected/{new_name}", told[0]["message"])

    def test_numbers_that_are_taken_too(self):
        (self.spool / "results/DSa.json").write_text("theirs\n")
        for number in range(1, 1000):
            name = "DSa.json" if number == 1 else f"DSa.{number}.json"
            (self.spool / "rejected" / name).touch()
        with self.case("a thousand names are taken"):
            self.end("DSa")
            daemon = self.start_daemon(self.config)
            self.drop(["DSa"])
            daemon.says("spool.conflict")
            self.assertIn("words", (self.spool / "rejected/DSa.1000.json").read_text())


SQUATTERS_OF_STAGING = {who: lay for who, lay in SQUATTERS.items()
                        if who not in ROOT_LAYS and who != "a file without rights"}


class StagingTest(AnsweredScene):
    """The one folder that nobody else may touch, touched all the same."""

    def settle(self, daemon, handshakes):
        """Lets them end, and looks that each did so once."""
        for handshake in handshakes:
            self.end(handshake)
        self.wait_for_results(handshakes)
        self.assert_calm(daemon)
        self.assertEqual(os.listdir(self.spool / "staging"), [".used"])
        self.assertEqual(self.spooled(), set(handshakes))
        self.assertEqual(self.outside.read_text(), "theirs\n")

    def test_strangers(self):
        """What no row knows goes to rejected/."""
        first = self.start_daemon(self.config, "--until-empty", is_ready=False, name="first")
        self.assertEqual(first.wait(), 0)
        staging = self.spool / "staging"
        names = [*(f"DS{number}.json" for number in range(len(SQUATTERS_OF_STAGING))),
                 "core", ".hidden.json", "a\nb", "x" * 250, ".used.json", "-rf.json"]
        laid = {}
        for name, (who, lay) in zip(names, [*SQUATTERS_OF_STAGING.items()] * 2):
            lay(staging / name, self.outside)
            laid[f"{name[:20]!r} is {who}"] = (name, snapshot(staging / name))
        daemon = self.start_daemon(self.config)
        told = {line["file"]: line for line in daemon.log("spool.quarantined")}
        self.assertEqual(len(told), len(names))
        for case, (name, before) in laid.items():
            with self.case(case):
                new_name = f"rejected/{harmless(name.encode())}"
                self.assertEqual(told[new_name]["level"], "error")
                self.assertEqual(snapshot(self.spool / new_name)[:2], before[:2])
        self.assertEqual(os.listdir(staging), [".used"])
        self.assert_calm(daemon)
        self.assertEqual(daemon.stop(), 0)

    def test_names_of_records_to_come(self):
        """Dropped, or put aside if it is a folder: before a start, and under a running daemon."""
        cases = {f"{who}, {when}": (f"DS{when}{number:02}", lay)
                 for when in ("before", "while")
                 for number, (who, lay) in enumerate(SQUATTERS_OF_STAGING.items())}
        ids = [handshake for handshake, _ in cases.values()]
        for handshake in ids:
            self.wait_on(handshake)
        first = self.start_daemon(self.config, name="first")
        self.drop(ids)
        first.says("inbox.accepted")
        self.assertEqual(first.stop(), 0)
        self.lay(cases, "before")
        daemon = self.start_daemon(self.config)
        self.lay(cases, "while")
        self.settle(daemon, ids)
        for case, (handshake, _) in cases.items():
            with self.case(case):
                self.assertIn("words", (self.spool / f"results/{handshake}.json").read_text())
                aside = self.spool / f"rejected/{handshake}.json"
                self.assertEqual(aside.is_dir(), "folder" in case)
                told = [line for line in daemon.log("spool.quarantined")
                        if line["handshake"] == handshake]
                self.assertEqual(len(told), "folder" in case)
        self.assertEqual(daemon.stop(), 0)

    def lay(self, cases, when):
        for handshake, lay in cases.values():
            if handshake.startswith(f"DS{when}"):
                lay(self.spool / f"staging/{handshake}.json", self.outside)


if __name__ == "__main__":
    harness.main()
