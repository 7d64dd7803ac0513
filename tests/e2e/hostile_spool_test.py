"""Tests a spool in which the names of future files of the daemon exist already."""

import contextlib
import fcntl
import os
import signal
import socket
import stat

import harness
from hostile_fixture import harmless, most_resident_mib, snapshot, soon
from hostile_folders import AnsweredFixture

OUTCOME_OF = {"results": "completed", "archived": "archived", "failed": "failed",
              "rejected": "rejected"}
RESIDENT_MIB = 128


def a_socket(path):
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(str(path))


def a_full_folder(path):
    path.mkdir()
    (path / "file").write_text("theirs")


# Functions that create an entry. Each is called with the path and a file outside.
ENTRIES = {
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
    "a sparse file of 1 GiB": lambda path, _: (path.touch(), os.truncate(path, (1 << 30) - 1)),
}
NEED_ROOT = {"a device"}
LEASED = "a file under a lease"


class ExistingNamesTest(AnsweredFixture):
    def setUp(self):
        super().setUp()
        signal.signal(signal.SIGIO, signal.SIG_IGN)  # Sent when a lease is broken.
        self.addCleanup(signal.signal, signal.SIGIO, signal.SIG_DFL)
        first = self.start_daemon(self.config, "--until-empty", is_ready=False, name="first")
        self.assertEqual(first.wait(), 0)

    def test_names_in_the_folders_of_outcomes(self):
        cases = self.create_entries()
        before = {name: snapshot(path) for name, (_, _, path) in cases.items()}
        passwd = snapshot("/etc/passwd")
        # open() of the file blocks until the owner of the lease releases it.
        leased = os.open(cases[f"{LEASED} in results/"][2], os.O_WRONLY)
        fcntl.fcntl(leased, fcntl.F_SETLEASE, fcntl.F_WRLCK)

        daemon = self.start_daemon(self.config)
        self.drop(handshake for handshake, *_ in cases.values())
        with contextlib.suppress(AssertionError):  # The checks report missing cases by name.
            soon(lambda: daemon.count("spool.conflict") == len(cases) or not daemon.is_running(),
                 "every conflict")
        self.assert_calm(daemon)
        os.close(leased)
        for name, (handshake, folder, path) in cases.items():
            with self.case(name):
                self.check(daemon, handshake, folder)
                self.assertEqual(snapshot(path), before[name], "it was changed")
        self.assertEqual(snapshot("/etc/passwd"), passwd)
        self.assertEqual(list((self.spool / "staging").glob("DS*")), [])
        if harness.checks_bounds():
            self.assertLess(most_resident_mib(daemon), RESIDENT_MIB)
        self.assertEqual(daemon.stop(), 0)

    def create_entries(self):
        """Creates entries with the names of future records. Returns, by case, the handshake, its
        folder and the path."""
        entries = [(folder, kind) for folder in harness.FOLDERS for kind in ENTRIES]
        cases = {}
        for number, (folder, kind) in enumerate([*entries, ("results", LEASED)]):
            if kind in NEED_ROOT and not self.needs_root(f"{kind} in {folder}/"):
                continue
            handshake = f"DS{folder}{number:02}"
            path = self.spool / folder / f"{handshake}.json"
            ENTRIES.get(kind, ENTRIES["other bytes"])(path, self.outside)
            cases[f"{kind} in {folder}/"] = (handshake, folder, path)
            self.end(handshake, folder)
        return cases

    def check(self, daemon, handshake, folder):
        new_name = f"{handshake}.2.json" if folder == "rejected" else f"{handshake}.json"
        record = self.spool / "rejected" / new_name
        self.assertIn(f'"outcome":"{OUTCOME_OF[folder]}"', record.read_text())
        names = {f"{folder}/{handshake}.json", f"rejected/{new_name}"}
        self.assertEqual({f"{one}/{path.name}" for one in harness.FOLDERS
                          for path in (self.spool / one).glob(f"{handshake}*")}, names)
        lines = [line for line in daemon.log("spool.conflict") if line["handshake"] == handshake]
        self.assertEqual(len(lines), 1)
        self.assertEqual(lines[0]["level"], "error")
        self.assertEqual(lines[0]["file"], f"{folder}/{handshake}.json")
        self.assertIn(f"rejected/{new_name}", lines[0]["message"])

    def test_numbered_names_that_exist_too(self):
        (self.spool / "results/DSa.json").write_text("theirs\n")
        for number in range(1, 1000):
            name = "DSa.json" if number == 1 else f"DSa.{number}.json"
            (self.spool / "rejected" / name).touch()
        with self.case("a thousand names exist"):
            self.end("DSa")
            daemon = self.start_daemon(self.config)
            self.drop(["DSa"])
            daemon.wait_for("spool.conflict")
            self.assertIn("words", (self.spool / "rejected/DSa.1000.json").read_text())


STAGING_ENTRIES = {kind: create for kind, create in ENTRIES.items()
                        if kind not in NEED_ROOT and kind != "a file without rights"}


class StagingTest(AnsweredFixture):
    """Tests of entries in staging/, which belongs to the daemon alone."""

    def complete(self, daemon, handshakes):
        """Completes the handshakes, and checks that each has one record."""
        for handshake in handshakes:
            self.end(handshake)
        self.wait_for_results(handshakes)
        self.assert_calm(daemon)
        self.assertEqual(os.listdir(self.spool / "staging"), [".used"])
        self.assertEqual(self.spooled(), set(handshakes))
        self.assertEqual(self.outside.read_text(), "theirs\n")

    def test_unknown_files(self):
        """Tests that files without a row in the queue go to rejected/."""
        first = self.start_daemon(self.config, "--until-empty", is_ready=False, name="first")
        self.assertEqual(first.wait(), 0)
        staging = self.spool / "staging"
        names = [*(f"DS{number}.json" for number in range(len(STAGING_ENTRIES))),
                 "core", ".hidden.json", "a\nb", "x" * 250, ".used.json", "-rf.json"]
        created = {}
        for name, (kind, create) in zip(names, [*STAGING_ENTRIES.items()] * 2):
            create(staging / name, self.outside)
            created[f"{name[:20]!r} is {kind}"] = (name, snapshot(staging / name))
        daemon = self.start_daemon(self.config)
        lines = {line["file"]: line for line in daemon.log("spool.quarantined")}
        self.assertEqual(len(lines), len(names))
        for case, (name, before) in created.items():
            with self.case(case):
                new_name = f"rejected/{harmless(name.encode())}"
                self.assertEqual(lines[new_name]["level"], "error")
                self.assertEqual(snapshot(self.spool / new_name)[:2], before[:2])
        self.assertEqual(os.listdir(staging), [".used"])
        self.assert_calm(daemon)
        self.assertEqual(daemon.stop(), 0)

    def test_names_of_future_records(self):
        """Tests names of future records, before a start and while the daemon runs: such an entry is
        removed, or moved to rejected/ if it is a folder."""
        cases = {f"{kind}, {when}": (f"DS{when}{number:02}", create)
                 for when in ("before", "while")
                 for number, (kind, create) in enumerate(STAGING_ENTRIES.items())}
        ids = [handshake for handshake, _ in cases.values()]
        for handshake in ids:
            self.wait_on(handshake)
        first = self.start_daemon(self.config, name="first")
        self.drop(ids)
        first.wait_for("inbox.accepted")
        self.assertEqual(first.stop(), 0)
        self.create(cases, "before")
        daemon = self.start_daemon(self.config)
        self.create(cases, "while")
        self.complete(daemon, ids)
        for case, (handshake, _) in cases.items():
            with self.case(case):
                self.assertIn("words", (self.spool / f"results/{handshake}.json").read_text())
                aside = self.spool / f"rejected/{handshake}.json"
                self.assertEqual(aside.is_dir(), "folder" in case)
                lines = [line for line in daemon.log("spool.quarantined")
                        if line["handshake"] == handshake]
                self.assertEqual(len(lines), "folder" in case)
        self.assertEqual(daemon.stop(), 0)

    def create(self, cases, when):
        for handshake, create in cases.values():
            if handshake.startswith(f"DS{when}"):
                create(self.spool / f"staging/{handshake}.json", self.outside)


if __name__ == "__main__":
    harness.main()
