"""Folders of the spool, the inbox and the queue that are taken away from a running daemon."""

import shutil

import harness
from hostile_place import NOT_THERE, AnsweredScene, Mishap

NOT_READY = "No such file or directory"
NOT_THE_FILE = "is not the file any more"


def path(place, name):
    return place.root / name


def remove(name):
    return lambda place: path(place, name).rmdir()


def move_away(name):
    return lambda place: path(place, name).rename(path(place, name + ".aside"))


def move_back(name):
    return lambda place: path(place, name + ".aside").rename(path(place, name))


def replace(name):
    return lambda place: place.replace(path(place, name))


def link(name, target):
    """A link takes the name, to another folder of the same make."""
    def befall(place):
        move_away(name)(place)
        place.make(path(place, target))
        path(place, name).symlink_to(path(place, target))
    return befall


def unlink(name):
    def mend(place):
        path(place, name).unlink()
        move_back(name)(place)
    return mend


def mode(name, bits):
    return lambda place: path(place, name).chmod(bits)


def in_turn(*steps):
    return lambda place: [step(place) for step in steps]


def submit_elsewhere(name):
    """Somebody drops a submission into the folder that the name leads to now."""
    return lambda place: place.submit(place.handshake, "DSother", inbox=path(place, name))


CASES = [
    Mishap("results-removed", remove("spool/results"), (NOT_THERE, "spool/results")),
    Mishap("results-replaced", replace("spool/results"), (NOT_THERE, "spool/results")),
    Mishap("results-a-link", link("spool/results", "elsewhere"), (NOT_THERE, "spool/results"),
           ("spool/results is a link",), mend=unlink("spool/results")),
    Mishap("results-a-file", in_turn(remove("spool/results"),
                                     lambda place: path(place, "spool/results").touch()),
           (NOT_THERE, "spool/results"), ("spool/results is a link or no folder",),
           mend=lambda place: path(place, "spool/results").unlink()),
    Mishap("results-for-anybody", in_turn(replace("spool/results"), mode("spool/results", 0o777)),
           (NOT_THERE, "spool/results"), ("can be written by anybody",),
           mend=mode("spool/results", 0o750)),
    Mishap("archived-replaced", replace("spool/archived"), (NOT_THERE, "spool/archived")),
    Mishap("failed-removed", remove("spool/failed"), (NOT_THERE, "spool/failed")),
    Mishap("rejected-removed", remove("spool/rejected"), (NOT_THERE, "spool/rejected")),
    Mishap("refused-removed", remove("spool/refused"), (NOT_THERE, "spool/refused")),
    Mishap("refused-a-link", link("spool/refused", "elsewhere"), (NOT_THERE, "spool/refused"),
           ("spool/refused is a link",), mend=unlink("spool/refused")),
    Mishap("staging-removed", lambda place: shutil.rmtree(path(place, "spool/staging")),
           (NOT_THERE, "spool/staging")),
    Mishap("staging-replaced", replace("spool/staging"), (NOT_THERE, "spool/staging")),
    Mishap("staging-a-link", link("spool/staging", "elsewhere"), (NOT_THERE, "spool/staging"),
           ("spool/staging is a link",), mend=unlink("spool/staging")),
    Mishap("spool-moved", move_away("spool"), (NOT_THERE,), (NOT_READY, "/spool"),
           mend=move_back("spool")),
    Mishap("spool-removed", lambda place: shutil.rmtree(path(place, "spool")), (NOT_THERE,),
           (NOT_READY, "/spool"),
           mend=lambda place: [place.make(path(place, one)) for one in ("spool", "spool/inbox")]),
    Mishap("spool-replaced", replace("spool"), (NOT_THERE,), (NOT_READY, "spool/inbox"),
           mend=lambda place: place.make(path(place, "spool/inbox"))),
    Mishap("spool-a-link", link("spool", "elsewhere"), (NOT_THERE,), ("/spool is a link",),
           mend=unlink("spool")),
    Mishap("inbox-removed", remove("spool/inbox"), (NOT_THERE, "spool/inbox"),
           (NOT_READY, "spool/inbox"), mend=lambda place: place.make(path(place, "spool/inbox"))),
    Mishap("inbox-replaced", in_turn(replace("spool/inbox"), submit_elsewhere("spool/inbox")),
           (NOT_THERE, "spool/inbox"), also=("failed/DSother.json",)),
    Mishap("inbox-a-link", in_turn(link("spool/inbox", "elsewhere"), submit_elsewhere("elsewhere")),
           (NOT_THERE, "spool/inbox"), ("spool/inbox is a link",), mend=unlink("spool/inbox")),
    Mishap("queue-moved", move_away("queue"), (NOT_THE_FILE, "queue/queue.db"),
           (NOT_READY, "/queue"), mend=move_back("queue")),
    Mishap("queue-replaced", replace("queue"), (NOT_THE_FILE, "queue/queue.db"),
           mend=in_turn(remove("queue"), move_back("queue"))),
    Mishap("results-without-rights", mode("spool/results", 0),
           ("cannot rename", "spool/results", "Permission denied"),
           ("spool/results", "Permission denied"), harness.PERMISSION,
           mode("spool/results", 0o750)),
    Mishap("results-for-reading", mode("spool/results", 0o555),
           ("cannot rename", "spool/results", "Permission denied"),
           ("spool/results", "Permission denied"), harness.PERMISSION,
           mode("spool/results", 0o750)),
    Mishap("staging-without-rights", mode("spool/staging", 0),
           ("cannot create", "spool/staging", "Permission denied"),
           ("spool/staging", "Permission denied"), harness.PERMISSION,
           mode("spool/staging", 0o750)),
    Mishap("inbox-without-rights", mode("spool/inbox", 0), ("spool/inbox", "Permission denied"),
           ("spool/inbox", "Permission denied"), harness.PERMISSION, mode("spool/inbox", 0o750)),
    Mishap("spool-without-rights", mode("spool", 0), (), ("/spool", "Permission denied"),
           harness.PERMISSION, mode("spool", 0o750)),
]


class FolderTest(AnsweredScene):
    def setUp(self):
        super().setUp()
        self.give_up_rights()

    def test_a_folder_that_goes(self):
        self.play_side_by_side(self.play_mishap, CASES)


if __name__ == "__main__":
    harness.main()
