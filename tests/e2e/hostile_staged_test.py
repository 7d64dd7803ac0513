"""Tests records that a killed daemon left in staging/, and that others change before the next
start."""

import dataclasses
import os
import shutil

import harness
from hostile_folders import AnsweredFixture


@dataclasses.dataclass
class Case:
    """A damage after a daemon was killed with a record in staging/, and before the next one
    starts."""
    name: str
    damage: object
    records: tuple = ("results",)      # folders with a record at the end
    event: str = "handshake.completed"  # logged once by the next run
    refuses: tuple = ()                # message of the start before the repair
    code: int = harness.IO_ERROR       # exit code of that start
    repair: object = None


def record(place):
    return place.spool / f"staging/{place.handshake}.json"


def published(place):
    return place.spool / f"results/{place.handshake}.json"


def put_there_already(place):
    shutil.copy(record(place), published(place))
    place.give(published(place))


def replaced_by(lay):
    def damage(place):
        record(place).unlink()
        lay(record(place))
    return damage


def changed(place):
    with open(record(place), "r+") as it:
        it.write("X")


def cut(place):
    os.truncate(record(place), record(place).stat().st_size - 1)


def linked(place):
    os.link(record(place), place.root / "copy")


def other_staging(place):
    place.replace(place.spool / "staging")


def other_staging_gone(place):
    (place.spool / "staging").rmdir()
    (place.spool / "staging.aside").rename(place.spool / "staging")


def other_spool(place):
    place.replace(place.spool)
    place.make(place.inbox)


def other_spool_gone(place):
    shutil.rmtree(place.spool)
    place.spool.with_name("spool.aside").rename(place.spool)


def lost_staging(place):
    shutil.rmtree(place.spool / "staging")


def recovered(flag, what):
    def repair(place):
        for said in (f"{place.handshake}: {what}", "no result is being published: nothing is lost"):
            done = place.fixture.attestrd("recover", "--config", place.config, flag)
            place.fixture.assertEqual((done.returncode, done.stdout, done.stderr),
                                      (0, f"{said}\n", ""))
    return repair


polled_again = recovered("--poll-again", "is polled again")
delivered = recovered("--delivered", "counts as published")

QUARANTINED = {"records": ("rejected", "results"), "event": "spool.quarantined"}
NOT_THIS_ONE = ("spool/staging is a new folder", "1 records are on their way in another: DS",
                "mount", "`attestrd recover --poll-again`", "`attestrd recover --delivered`")

CASES = [
    Case("untouched", lambda place: None),
    Case("changed", changed, **QUARANTINED),
    Case("cut", cut, **QUARANTINED),
    Case("linked", linked, **QUARANTINED),
    Case("a-link", replaced_by(lambda path: path.symlink_to("/etc/passwd")), **QUARANTINED),
    Case("a-link-to-nothing", replaced_by(lambda path: path.symlink_to("x")), **QUARANTINED),
    Case("a-folder", lambda place: (record(place).unlink(), place.make(record(place))),
         **QUARANTINED),
    Case("a-fifo", replaced_by(os.mkfifo), **QUARANTINED),
    Case("there-already", put_there_already),
    Case("name-exists", lambda place: published(place).write_text("theirs"),
         ("rejected", "results"), "spool.conflict"),
    Case("without-rights", lambda place: record(place).chmod(0),
         refuses=("cannot open", "Permission denied"), code=harness.PERMISSION,
         repair=lambda place: record(place).chmod(0o640)),
    Case("taken", lambda place: record(place).unlink(), (), "queue.recovered"),
    Case("another-staging", other_staging, refuses=NOT_THIS_ONE, repair=other_staging_gone),
    Case("another-spool", other_spool, refuses=NOT_THIS_ONE, repair=other_spool_gone),
    Case("lost-delivered", lost_staging, (), "inbox.already_ended", NOT_THIS_ONE,
         repair=delivered),
    Case("lost-staging", lost_staging, refuses=NOT_THIS_ONE, repair=polled_again),
    Case("lost-spool", other_spool, refuses=NOT_THIS_ONE, repair=polled_again),
]


class StagedTest(AnsweredFixture):
    def setUp(self):
        super().setUp()
        self.give_up_rights()

    def test_staged_records(self):
        self.play_side_by_side(self.play, CASES)

    def play(self, case, place):
        first = place.start_with_one_pending()
        (place.spool / "results").chmod(0o555)
        place.end()
        self.assertEqual(first.wait(), harness.IO_ERROR)
        self.assertTrue(record(place).is_file())
        (place.spool / "results").chmod(0o750)
        case.damage(place)
        if case.refuses:
            for _ in range(2):  # Starts twice, like a service manager.
                self.assertEqual(place.start(is_ready=False).wait(), case.code)
                for word in case.refuses:
                    self.assertIn(word, place.last_message)
                if case.refuses == NOT_THIS_ONE:
                    self.assertIn(place.handshake, place.last_message)
            case.repair(place)
        place.submit(place.handshake)
        last = place.start("--until-empty", is_ready=False)
        self.assertEqual(last.wait(), 0, place.last_message)
        self.assertEqual(place.records(),
                         [f"{folder}/{place.handshake}.json" for folder in case.records])
        self.assertEqual(last.count(case.event), 1)
        self.assertEqual(place.count("handshake.completed"), "results" in case.records)
        self.assertEqual(os.listdir(place.spool / "staging"), [".used"])
        if case.name in ("taken", "lost-delivered"):
            self.assertEqual(last.count("inbox.already_ended"), 1)


if __name__ == "__main__":
    harness.main()
