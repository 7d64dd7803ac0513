"""Tests folders of the spool, the inbox and the queue that are removed or replaced under a
daemon."""

import shutil

import harness
from hostile_folders import NOT_THERE, AnsweredFixture, Damage

NOT_READY = "No such file or directory"
NOT_THE_FILE = "is not the file any more"


def path(place, name):
    return place.root / name


def remove(name):
    return lambda place: shutil.rmtree(path(place, name))


def move_away(name):
    return lambda place: path(place, name).rename(path(place, name + ".aside"))


def move_back(name):
    return lambda place: path(place, name + ".aside").rename(path(place, name))


def replace(name):
    return lambda place: place.replace(path(place, name))


def link(name, target):
    """Replaces the folder by a link to another folder with the same owner and mode."""
    def damage(place):
        move_away(name)(place)
        place.make(path(place, target))
        path(place, name).symlink_to(path(place, target))
    return damage


def unlink(name):
    def repair(place):
        path(place, name).unlink()
        move_back(name)(place)
    return repair


def mode(name, bits):
    return lambda place: path(place, name).chmod(bits)


def in_turn(*steps):
    return lambda place: [step(place) for step in steps]


def submit_elsewhere(name):
    """Submits into the folder that has this name now."""
    return lambda place: place.submit(place.handshake, "DSother", inbox=path(place, name))


CASES = [
    Damage("results-removed", remove("spool/results"), (NOT_THERE, "spool/results")),
    Damage("results-replaced", replace("spool/results"), (NOT_THERE, "spool/results")),
    Damage("results-a-link", link("spool/results", "elsewhere"), (NOT_THERE, "spool/results"),
           ("spool/results is a link",), repair=unlink("spool/results")),
    Damage("results-a-file", in_turn(remove("spool/results"),
                                     lambda place: path(place, "spool/results").touch()),
           (NOT_THERE, "spool/results"), ("spool/results is a link or no folder",),
           repair=lambda place: path(place, "spool/results").unlink()),
    Damage("results-for-anybody",
           in_turn(replace("spool/results"), mode("spool/results", 0o777)),
           (NOT_THERE, "spool/results"), ("can be written by anybody",),
           repair=mode("spool/results", 0o750)),
    Damage("archived-replaced", replace("spool/archived"), (NOT_THERE, "spool/archived")),
    Damage("failed-removed", remove("spool/failed"), (NOT_THERE, "spool/failed")),
    Damage("rejected-removed", remove("spool/rejected"), (NOT_THERE, "spool/rejected")),
    Damage("refused-removed", remove("spool/refused"), (NOT_THERE, "spool/refused")),
    Damage("refused-a-link", link("spool/refused", "elsewhere"), (NOT_THERE, "spool/refused"),
           ("spool/refused is a link",), repair=unlink("spool/refused")),
    Damage("staging-removed", lambda place: shutil.rmtree(path(place, "spool/staging")),
           (NOT_THERE, "spool/staging")),
    Damage("staging-replaced", replace("spool/staging"), (NOT_THERE, "spool/staging")),
    Damage("staging-a-link", link("spool/staging", "elsewhere"), (NOT_THERE, "spool/staging"),
           ("spool/staging is a link",), repair=unlink("spool/staging")),
    Damage("spool-moved", move_away("spool"), (NOT_THERE,), (NOT_READY, "/spool"),
           repair=move_back("spool")),
    Damage("spool-removed", lambda place: shutil.rmtree(path(place, "spool")), (NOT_THERE,),
           (NOT_READY, "/spool"),
           repair=lambda place: [place.make(path(place, one)) for one in ("spool", "spool/inbox")]),
    Damage("spool-replaced", replace("spool"), (NOT_THERE,), (NOT_READY, "spool/inbox"),
           repair=lambda place: place.make(path(place, "spool/inbox"))),
    Damage("spool-a-link", link("spool", "elsewhere"), (NOT_THERE,), ("/spool is a link",),
           repair=unlink("spool")),
    Damage("inbox-removed", remove("spool/inbox"), (NOT_THERE, "spool/inbox"),
           (NOT_READY, "spool/inbox"), repair=lambda place: place.make(path(place, "spool/inbox"))),
    Damage("inbox-replaced", in_turn(replace("spool/inbox"), submit_elsewhere("spool/inbox")),
           (NOT_THERE, "spool/inbox"), also=("failed/DSother.json",)),
    Damage("inbox-a-link",
           in_turn(link("spool/inbox", "elsewhere"), submit_elsewhere("elsewhere")),
           (NOT_THERE, "spool/inbox"), ("spool/inbox is a link",), repair=unlink("spool/inbox")),
    Damage("queue-moved", move_away("queue"), (NOT_THE_FILE, "queue/queue.db"),
           (NOT_READY, "/queue"), repair=move_back("queue")),
    Damage("queue-replaced", replace("queue"), (NOT_THE_FILE, "queue/queue.db"),
           repair=in_turn(remove("queue"), move_back("queue"))),
    Damage("results-without-rights", mode("spool/results", 0),
           ("cannot rename", "spool/results", "Permission denied"),
           ("spool/results", "Permission denied"), harness.PERMISSION,
           mode("spool/results", 0o750)),
    Damage("results-for-reading", mode("spool/results", 0o555),
           ("cannot rename", "spool/results", "Permission denied"),
           ("spool/results", "Permission denied"), harness.PERMISSION,
           mode("spool/results", 0o750)),
    Damage("staging-without-rights", mode("spool/staging", 0),
           ("cannot create", "spool/staging", "Permission denied"),
           ("spool/staging", "Permission denied"), harness.PERMISSION,
           mode("spool/staging", 0o750)),
    Damage("inbox-without-rights", mode("spool/inbox", 0),
           ("spool/inbox", "Permission denied"),
           ("spool/inbox", "Permission denied"), harness.PERMISSION, mode("spool/inbox", 0o750)),
    Damage("spool-without-rights", mode("spool", 0), (), ("/spool", "Permission denied"),
           harness.PERMISSION, mode("spool", 0o750)),
]


class FolderTest(AnsweredFixture):
    def setUp(self):
        super().setUp()
        self.give_up_rights()

    def test_folder_faults(self):
        self.play_side_by_side(self.play_fault, CASES)


if __name__ == "__main__":
    harness.main()
