"""Lists hostile inbox entries: the name of each, how it is created, and its expected end."""

import dataclasses
import os
import pathlib
import socket
import stat
import subprocess

MIB = 1 << 20


@dataclasses.dataclass
class End:
    """The expected end of an entry."""
    stays: bool = False  # stays in the inbox
    refused: int = 0     # number of its names in refused/
    lines: tuple = ()    # reasons in its log lines
    ids: tuple = ()      # ids of its handshakes with a result

    def leaves(self, *lines):
        """Returns the end of an entry that goes to refused/ as a whole."""
        return dataclasses.replace(self, refused=self.refused + 1, lines=self.lines + lines)


def accepted(*ids):
    return End(ids=ids)


def refused(reason):
    return End(refused=1, lines=(reason,))


def listed(reason, *ids):
    """Returns the end of a file whose good lines are accepted, and whose bad line is listed in
    refused/."""
    return End(refused=1, lines=(reason,), ids=ids)


def left_alone(reason):
    return End(stays=True, lines=(reason,))


IGNORED = End(stays=True)


@dataclasses.dataclass
class Item:
    case: str
    name: bytes
    create: object  # called with the path, in bytes
    end: End
    needs_root: bool = False


# Functions that create an entry in one step, as an attacker would.

def file(content=b"", mode=0o640, mtime=None, sparse=0):
    def create(path):
        hidden = os.path.dirname(path) + b"/.created"
        with open(hidden, "wb") as out:
            out.write(content)
            out.truncate(max(sparse, len(content)))
        os.chmod(hidden, mode)
        if mtime is not None:
            os.utime(hidden, (mtime, mtime))
        os.rename(hidden, path)
    return create


def link(target):
    return lambda path: os.symlink(target, path)


def folder(*names, mode=0o755):
    def create(path):
        os.mkdir(path)
        for name in names:
            pathlib.Path(os.fsdecode(path), name).write_text("DSinside\n")
        os.chmod(path, mode)
    return create


def device(kind, major, minor):
    return lambda path: os.mknod(path, kind | 0o666, os.makedev(major, minor))


def a_socket(path):
    where = os.open(os.path.dirname(path), os.O_PATH)
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(f"/proc/self/fd/{where}/{os.fsdecode(os.path.basename(path))}")
    os.close(where)


def flagged(flag):
    """Returns a function that creates a file with a flag of chattr(1) that forbids its removal,
    also to root."""
    def create(path):
        file(f"DSflag{flag}\n".encode())(path)
        subprocess.run(["chattr", f"+{flag}", path], check=True)
    return create


def supports_flags(folder):
    """Returns whether the file system supports the flags of chattr(1), and the test may set
    them."""
    probe = folder / ".probe"
    probe.touch()
    done = subprocess.run(["chattr", "+i", probe], capture_output=True)
    subprocess.run(["chattr", "-i", probe], capture_output=True)
    probe.unlink()
    return done.returncode == 0


LINK, ODD, HARD, BAD_ID = "symbolic link", "not a plain file", "hard links", "not an id"
TOO_LARGE, TOO_LONG, EMPTY, FOLDER = "64 MiB", "longer than 4096 bytes", "empty", "a folder"

KINDS = [
    Item("a link to nothing", b"dangling", link("nowhere"), refused(LINK)),
    Item("a link to /etc/shadow", b"shadow", link("/etc/shadow"), refused(LINK)),
    Item("a link to a submission", b"aside", link("../../aside"), refused(LINK)),
    Item("a link named like an id", b"DSlink", link("../../empty"), refused(LINK)),
    Item("a link to a folder", b"folder-link", link("../../outside"), refused(LINK)),
    Item("a link to its own folder", b"dot", link("."), refused(LINK)),
    Item("a link upwards", b"upwards", link("../../"), refused(LINK)),
    Item("a link to itself", b"self", link("self"), refused(LINK)),
    Item("one half of a loop", b"ping", link("pong"), refused(LINK)),
    Item("the other half", b"pong", link("ping"), refused(LINK)),
    Item("a fifo without a writer", b"fifo", os.mkfifo, refused(ODD)),
    Item("a socket", b"socket", a_socket, refused(ODD)),
    Item("the device zero", b"zero", device(stat.S_IFCHR, 1, 5), refused(ODD), True),
    Item("a device without a driver", b"ghost", device(stat.S_IFCHR, 250, 9), refused(ODD), True),
    Item("a block device", b"block", device(stat.S_IFBLK, 7, 0), refused(ODD), True),
    Item("a folder", b"folder", folder(), left_alone(FOLDER)),
    Item("a folder with a submission", b"full", folder("batch"), left_alone(FOLDER)),
    Item("a folder named like an id", b"DSfolder", folder("DSx"), left_alone(FOLDER)),
    Item("a folder without rights", b"shut", folder(mode=0), left_alone(FOLDER)),
]

SIZES = [
    Item("an empty file with an id", b"DSempty", file(), accepted("DSempty")),
    Item("an empty file, 64 bytes of id", b"DS" + b"x" * 62, file(), accepted("DS" + "x" * 62)),
    Item("an empty file, 65 bytes of id", b"DS" + b"y" * 63, file(), refused(EMPTY)),
    Item("an empty file with another id", b"XYempty", file(), refused(EMPTY)),
    Item("an empty file with a worse name", b"DSempty ", file(), refused(EMPTY)),
    Item("a sparse file of 10 GiB", b"sparse", file(b"DSs\n", sparse=10 << 30), refused(TOO_LARGE)),
    Item("65 MiB", b"large", file(b"DSl\n" * (65 * MIB // 4)), refused(TOO_LARGE)),
    Item("one endless line", b"endless", file(b"x" * (63 * MIB)),
         listed(TOO_LONG).leaves("not all of its bad lines")),
    Item("64 MiB of NUL", b"zeros", file(sparse=64 * MIB),
         listed(TOO_LONG).leaves("not all of its bad lines")),
    Item("a good line before NULs", b"nul", file(b"DSnul\n\0\0\0\n"), listed(BAD_ID, "DSnul")),
    Item("UTF-16", b"utf16", file("DSutf\n".encode("utf-16")),
         End(refused=1, lines=("UTF-16", BAD_ID))),
    Item("setuid and setgid", b"setuid", file(b"DSsetuid\n", 0o6777), accepted("DSsetuid")),
    Item("from 1902", b"old", file(b"DSold\n", mtime=-(1 << 31)), accepted("DSold")),
    Item("from the far future", b"late", file(b"DSlate", mtime=1 << 55), accepted("DSlate")),
    Item("an empty file from the far future", b"DSfuture", file(mtime=1 << 55),
         accepted("DSfuture")),
    Item("hidden", b".hidden", file(b"DShidden\n"), IGNORED),
    Item("an unfinished file, .tmp", b"half.tmp", file(b"DShalf\n"), IGNORED),
    Item("an unfinished file, .part", b"half.part", file(b"DShalf\n"), IGNORED),
    *(Item(f"an unfinished file: {name}", name.encode(), file(b"DShalf\n"), IGNORED)
      for name in ("half.PARTIAL", "half.filepart", "half.crdownload", "half.swp", "half~",
                   "#half#")),
    Item("two dots and a name", b"..x", file(b"DShalf\n"), IGNORED),
    Item("an encoded parent folder", b"..%2fx", file(b"DShalf\n"), IGNORED),
]

NAMES = [
    ("a line feed", b"a\nb"), ("a return and a bell", b"a\r\x07b"),
    ("a title for the terminal", b"\x1b]0;owned\x07"), ("red", b"\x1b[31mred"),
    ("no UTF-8", b"\xff\xfe"), ("half a character", b"half\xc3"), ("C1 in one byte", b"\x9b31m"),
    ("255 bytes", b"n" * 255), ("255 bytes without UTF-8", b"\xff" * 255),
    ("an option", b"-rf"), ("a hyphen", b"-"), ("two hyphens", b"--"), ("all", b"*"),
    ("a question", b"[a-z]?"), ("a home", b"~root"), ("a command", b"$(reboot)"),
    ("another", b"`reboot`;reboot&"), ("quotes", b"'\"\\"), ("a space", b" "),
    ("encoded parent folders inside", b"x%2f..%2f..%2fetc%2fpasswd"), ("a device of DOS", b"NUL:"),
    ("backslashes", b"..\\..\\x"[2:]), ("umlauts", "grüße".encode()),
    ("right to left", "\u202egnp.exe".encode()), ("no width", "a\u200bb".encode()),
    ("a combined character", "e\u0301".encode()), ("an emoji", "\U0001f600".encode()),
    ("JSON", b'","event":"daemon.failed'), ("a format", b"%s%n{}"), ("a journal", b"list-journal"),
]


def name_entries():
    """Yields a file with each name: its good line is accepted, its bad line is listed in
    refused/."""
    for number, (case, name) in enumerate(NAMES):
        handshake = f"DSname{number:02}"
        yield Item(f"a name: {case}", name, file(f"{handshake}\nno/id/\x1b[2J\n".encode()),
                   listed(BAD_ID, handshake))
