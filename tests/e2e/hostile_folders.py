"""Runs daemons with their own folders, so that many cases run at the same time."""

import concurrent.futures
import dataclasses

import harness
from hostile_fixture import IS_ROOT, HostileFixture

NOT_THERE = "does not lead to the folder"


def nothing(place):
    pass


@dataclasses.dataclass
class Damage:
    """A damage to a folder while one handshake is pending, before Attestr has its result."""
    name: str
    damage: object                # called with CaseFolders
    ends: tuple = ()              # the last message of the daemon; none: it continues
    refuses: tuple = ()           # the message of the next start; none: it succeeds
    code: int = harness.IO_ERROR  # exit code of that start
    repair: object = nothing
    also: tuple = ()              # records of other handshakes at the end
    prepare: object = nothing     # called before the first start


class AnsweredFixture(HostileFixture):
    """A fixture whose tests write the answers, and so decide when each handshake ends."""

    inbox_of_a_place = "spool/inbox"

    def setUp(self):
        super().setUp()
        self.nginx = self.start_nginx()
        self.outside = self.folder / "outside"
        self.outside.write_text("theirs\n")
        self.config = self.write_quiet_config(self.nginx.url, **CASE_SETTINGS)

    def wait_on(self, handshake):
        """Makes Attestr answer that the handshake is pending."""
        self.nginx.answer(handshake, self.answer(handshake))

    def end(self, handshake, folder="results"):
        """Makes Attestr's next answer complete the handshake with this folder. A handshake without
        an answer is unknown and ends in failed/."""
        result = '{"FS01": "words"}'
        if folder == "results":
            self.nginx.answer(handshake, self.signed_answer(handshake, result))
        elif folder == "archived":
            self.nginx.answer(handshake, self.answer(handshake, archived=1, consumed=True))
        elif folder == "rejected":
            self.nginx.answer(handshake, self.answer(handshake, result, "0" * 64, consumed=True))

    def play_side_by_side(self, play, cases):
        """Runs all cases at the same time, each in its own folders; reports failures by case."""
        plays = [(case, CaseFolders(self, case.name, self.inbox_of_a_place)) for case in cases]
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            ends = [pool.submit(play, case, place) for case, place in plays]
        for (case, _), end in zip(plays, ends):
            with self.case(case.name):
                end.result()

    def play_fault(self, case, place):
        case.prepare(place)
        first = place.start_with_one_pending()
        case.damage(place)
        place.end()
        if case.ends:
            self.assertEqual(first.wait(), harness.IO_ERROR)
            self.assert_message(place, case.ends)
            self.assertEqual(first.count("daemon.failed"), 1)
        else:
            first.wait_for("handshake.completed")
            self.assertEqual(first.stop(), 0)
        if case.refuses:
            self.assertEqual(place.start(is_ready=False).wait(), case.code)
            self.assert_message(place, case.refuses)
        case.repair(place)
        last = place.start("--until-empty", is_ready=False)
        self.assertEqual(last.wait(), 0, place.last_message)
        self.assertEqual(place.records(), sorted([f"results/{place.handshake}.json", *case.also]))
        self.assertEqual(place.count("handshake.completed"), 1)
        for aside in (place.root / "elsewhere", place.root / "spool.aside"):
            if aside.exists():
                self.assertEqual(place.records(aside), [], "the link was followed")

    def assert_message(self, place, words):
        for word in words:
            self.assertIn(word, place.last_message)


CASE_SETTINGS = {
    "signature": {"signature_attempts": 2},
    "poll": {"min_interval": "50ms", "max_interval": "200ms", "unknown_grace": "100ms",
             "witness_time": "0s"},
}


class CaseFolders:
    """The folders of one case, the runs of its daemon, and one pending handshake."""

    def __init__(self, fixture, name, inbox):
        self.fixture, self.name, self.runs = fixture, name, []
        self.root = fixture.folder / name
        self.spool, self.queue = self.root / "spool", self.root / "queue"
        self.inbox = self.root / inbox
        for folder in (self.root, self.spool, self.inbox, self.queue):
            self.make(folder)
        self.handshake = f"DS{name}"
        self.config = fixture.write_quiet_config(
            fixture.nginx.url, name=f"{name}.toml", **CASE_SETTINGS,
            paths={"inbox": str(self.inbox), "spool": str(self.spool),
                   "queue": str(self.queue / "queue.db")},
            admin={"socket": str(self.root / "control.sock")})
        self.give(self.config)

    def give(self, path):
        if IS_ROOT:
            self.fixture.give_to_nobody(path)

    def make(self, folder):
        folder.mkdir()
        self.give(folder)
        return folder

    def replace(self, folder):
        """Replaces the folder by an empty one. Returns the new path of the old one."""
        aside = folder.with_name(f"{folder.name}.aside")
        folder.rename(aside)
        self.make(folder)
        return aside

    def start(self, *flags, is_ready=True):
        self.runs.append(self.fixture.start_as_nobody(
            self.config, *flags, is_ready=is_ready, name=f"{self.name}-{len(self.runs)}"))
        return self.runs[-1]

    def start_with_one_pending(self):
        self.fixture.wait_on(self.handshake)
        daemon = self.start()
        self.submit(self.handshake)
        daemon.wait_for("inbox.accepted")
        return daemon

    def submit(self, *ids, inbox=None):
        hidden = (inbox or self.inbox) / ".submission"
        hidden.write_text("".join(f"{one}\n" for one in ids))
        self.give(hidden)  # Else the kernel grants no lease, and the file stays for minutes.
        hidden.rename(hidden.with_name("submission"))

    def end(self):
        self.fixture.end(self.handshake)

    @property
    def last_message(self):
        """Returns the message with which the last run ended: in the log, or on stderr during the
        start."""
        failed = [line["message"] for line in self.runs[-1].log("daemon.failed")]
        return "".join(failed) + self.runs[-1].err.read_text()

    def records(self, spool=None):
        """Returns every published record in the spool."""
        spool = spool or self.spool
        return sorted(f"{folder}/{path.name}" for folder in harness.FOLDERS
                      for path in (spool / folder).glob("*"))

    def count(self, event):
        return sum(run.count(event) for run in self.runs)
