"""Daemons with folders of their own, so that many cases are played side by side."""

import concurrent.futures
import dataclasses

import harness
from hostile import IS_ROOT, HostileScene

NOT_THERE = "does not lead to the folder"


def nothing(place):
    pass


@dataclasses.dataclass
class Mishap:
    """One handshake is pending; something befalls a folder; then Attestr has the result."""
    name: str
    befall: object                # is called with the place
    ends: tuple = ()              # what the daemon says at its end; none: it goes on
    refuses: tuple = ()           # what the next start says; none: it starts
    code: int = harness.IO_ERROR  # of that start
    mend: object = nothing
    also: tuple = ()              # records of other handshakes, in the end
    prepare: object = nothing     # before the first start


class AnsweredScene(HostileScene):
    """Where the answers are written by hand, so that each handshake ends when the case wants it."""

    inbox_of_a_place = "spool/inbox"

    def setUp(self):
        super().setUp()
        self.nginx = self.start_nginx()
        self.outside = self.folder / "outside"
        self.outside.write_text("theirs\n")
        self.config = self.write_quiet_config(self.nginx.url, **PATIENCE_OF_A_CASE)

    def wait_on(self, handshake):
        """Attestr says "not yet"."""
        self.nginx.answer(handshake, self.answer(handshake))

    def end(self, handshake, folder="results"):
        """Attestr's next answer lets the handshake end in this folder. One without an answer is
        unknown, and ends in failed/."""
        result = '{"FS01": "words"}'
        if folder == "results":
            self.nginx.answer(handshake, self.signed_answer(handshake, result))
        elif folder == "archived":
            self.nginx.answer(handshake, self.answer(handshake, archived=1, consumed=True))
        elif folder == "rejected":
            self.nginx.answer(handshake, self.answer(handshake, result, "0" * 64, consumed=True))

    def play_side_by_side(self, play, cases):
        """Each case, which has a name, at a place of its own; one that fails is told by it."""
        plays = [(case, Place(self, case.name, self.inbox_of_a_place)) for case in cases]
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as hands:
            ends = [hands.submit(play, case, place) for case, place in plays]
        for (case, _), end in zip(plays, ends):
            with self.case(case.name):
                end.result()

    def play_mishap(self, case, place):
        case.prepare(place)
        first = place.start_with_one_pending()
        case.befall(place)
        place.end()
        if case.ends:
            self.assertEqual(first.wait(), harness.IO_ERROR)
            self.assert_says(place, case.ends)
            self.assertEqual(first.count("daemon.failed"), 1)
        else:
            first.says("handshake.completed")
            self.assertEqual(first.stop(), 0)
        if case.refuses:
            self.assertEqual(place.start(is_ready=False).wait(), case.code)
            self.assert_says(place, case.refuses)
        case.mend(place)
        last = place.start("--until-empty", is_ready=False)
        self.assertEqual(last.wait(), 0, place.last_words)
        self.assertEqual(place.records(), sorted([f"results/{place.handshake}.json", *case.also]))
        self.assertEqual(place.count("handshake.completed"), 1)
        for aside in (place.root / "elsewhere", place.root / "spool.aside"):
            if aside.exists():
                self.assertEqual(place.records(aside), [], "it was followed")

    def assert_says(self, place, words):
        for word in words:
            self.assertIn(word, place.last_words)


PATIENCE_OF_A_CASE = {
    "signature": {"signature_attempts": 2},
    "poll": {"min_interval": "50ms", "max_interval": "200ms", "unknown_grace": "100ms"},
}


class Place:
    """The folders of one case, the lives of its daemon, and one handshake that waits to end."""

    def __init__(self, scene, name, inbox):
        self.scene, self.name, self.lives = scene, name, []
        self.root = scene.folder / name
        self.spool, self.queue = self.root / "spool", self.root / "queue"
        self.inbox = self.root / inbox
        for folder in (self.root, self.spool, self.inbox, self.queue):
            self.make(folder)
        self.handshake = f"DS{name}"
        self.config = scene.write_quiet_config(
            scene.nginx.url, name=f"{name}.toml", **PATIENCE_OF_A_CASE,
            paths={"inbox": str(self.inbox), "spool": str(self.spool),
                   "queue": str(self.queue / "queue.db")},
            admin={"socket": str(self.root / "control.sock")})
        self.give(self.config)

    def give(self, path):
        if IS_ROOT:
            self.scene.give_to_nobody(path)

    def make(self, folder):
        folder.mkdir()
        self.give(folder)
        return folder

    def replace(self, folder):
        """Another folder takes its name. Returns where the first one is now."""
        aside = folder.with_name(f"{folder.name}.aside")
        folder.rename(aside)
        self.make(folder)
        return aside

    def start(self, *flags, is_ready=True):
        self.lives.append(self.scene.start_as_nobody(
            self.config, *flags, is_ready=is_ready, name=f"{self.name}-{len(self.lives)}"))
        return self.lives[-1]

    def start_with_one_pending(self):
        self.scene.wait_on(self.handshake)
        daemon = self.start()
        self.submit(self.handshake)
        daemon.says("inbox.accepted")
        return daemon

    def submit(self, *ids, inbox=None):
        hidden = (inbox or self.inbox) / ".submission"
        hidden.write_text("".join(f"{one}\n" for one in ids))
        hidden.rename(hidden.with_name("submission"))

    def end(self):
        self.scene.end(self.handshake)

    @property
    def last_words(self):
        """What the last life said of its end: in the log, or at its start on stderr."""
        failed = [line["message"] for line in self.lives[-1].log("daemon.failed")]
        return "".join(failed) + self.lives[-1].err.read_text()

    def records(self, spool=None):
        """Every record in the spool, but for those on their way."""
        spool = spool or self.spool
        return sorted(f"{folder}/{path.name}" for folder in harness.FOLDERS
                      for path in (spool / folder).glob("*"))

    def count(self, event):
        return sum(life.count(event) for life in self.lives)
