"""The traps of an inbox: what each is called, how it is laid, and how it ends."""

import dataclasses
import os
import pathlib
import socket
import stat
import subprocess

MIB = 1 << 20


@dataclasses.dataclass
class End:
    """What is seen of a trap in the end."""
    stays: bool = False  # in the inbox
    refused: int = 0     # so many names in refused/
    lines: tuple = ()    # of the log, each with this reason
    ids: tuple = ()      # that have a result

    def leaves(self, *lines):
        """It goes to refused/ whole."""
        return dataclasses.replace(self, refused=self.refused + 1, lines=self.lines + lines)


def taken(*ids):
    return End(ids=ids)


def refused(reason):
    return End(refused=1, lines=(reason,))


def listed(reason, *ids):
    """Good lines are taken, and refused/ lists the bad one."""
    return End(refused=1, lines=(reason,), ids=ids)


def left_alone(reason, *ids):
    return End(stays=True, lines=(reason,), ids=ids)


IGNORED = End(stays=True)


@dataclasses.dataclass
class Trap:
    case: str
    name: bytes
    lay: object  # is called with the path, in bytes
    end: End
    needs_root: bool = False


# How a trap is laid: in one instant, as an attacker would.

def file(content=b"", mode=0o640, mtime=None, sparse=0):
    def lay(path):
        hidden = os.path.dirname(path) + b"/.laid"
        with open(hidden, "wb") as out:
            out.write(content)
            out.truncate(max(sparse, len(content)))
        os.chmod(hidden, mode)
        if mtime is not None:
            os.utime(hidden, (mtime, mtime))
        os.rename(hidden, path)
    return lay


def link(target):
    return lambda path: os.symlink(target, path)


def folder(*names, mode=0o755):
    def lay(path):
        os.mkdir(path)
        for name in names:
            pathlib.Path(os.fsdecode(path), name).write_text("DSinside\n")
        os.chmod(path, mode)
    return lay


def device(kind, major, minor):
    return lambda path: os.mknod(path, kind | 0o666, os.makedev(major, minor))


def a_socket(path):
    where = os.open(os.path.dirname(path), os.O_PATH)
    with socket.socket(socket.AF_UNIX) as it:
        it.bind(f"/proc/self/fd/{where}/{os.fsdecode(os.path.basename(path))}")
    os.close(where)


def flagged(flag):
    """A file with a flag of chattr(1), which forbids root too to remove it."""
    def lay(path):
        file(f"DSflag{flag}\n".encode())(path)
        subprocess.run(["chattr", f"+{flag}", path], check=True)
    return lay


def takes_flags(folder):
    """Whether the file system knows the flags of chattr(1), and lets us set them."""
    probe = folder / ".probe"
    probe.touch()
    done = subprocess.run(["chattr", "+i", probe], capture_output=True)
    subprocess.run(["chattr", "-i", probe], capture_output=True)
    probe.unlink()
    return done.returncode == 0


LINK, ODD, HARD, BAD_ID = "symbolic link", "not a plain file", "hard links", "not an id"
TOO_LARGE, TOO_LONG, EMPTY, FOLDER = "64 MiB", "longer than 4096 bytes", "empty", "a folder"

KINDS = [
    Trap("a link to nothing", b"dangling", link("nowhere"), refused(LINK)),
    Trap("a link to /etc/shadow", b"shadow", link("/etc/shadow"), refused(LINK)),
    Trap("a link to a submission", b"aside", link("../../aside"), refused(LINK)),
    Trap("a link named like an id", b"DSlink", link("../../empty"), refused(LINK)),
    Trap("a link to a folder", b"folder-link", link("../../outside"), refused(LINK)),
    Trap("a link to its own folder", b"dot", link("."), refused(LINK)),
    Trap("a link upwards", b"upwards", link("../../"), refused(LINK)),
    Trap("a link to itself", b"self", link("self"), refused(LINK)),
    Trap("one half of a loop", b"ping", link("pong"), refused(LINK)),
    Trap("the other half", b"pong", link("ping"), refused(LINK)),
    Trap("a fifo that nobody writes to", b"fifo", os.mkfifo, refused(ODD)),
    Trap("a socket", b"socket", a_socket, refused(ODD)),
    Trap("the device of no end", b"zero", device(stat.S_IFCHR, 1, 5), refused(ODD), True),
    Trap("a device that nobody drives", b"ghost", device(stat.S_IFCHR, 250, 9), refused(ODD), True),
    Trap("a block device", b"block", device(stat.S_IFBLK, 7, 0), refused(ODD), True),
    Trap("a folder", b"folder", folder(), left_alone(FOLDER)),
    Trap("a folder with a submission", b"full", folder("batch"), left_alone(FOLDER)),
    Trap("a folder named like an id", b"DSfolder", folder("DSx"), left_alone(FOLDER)),
    Trap("a folder without rights", b"shut", folder(mode=0), left_alone(FOLDER)),
]

SIZES = [
    Trap("an empty file with an id", b"DSempty", file(), taken("DSempty")),
    Trap("an empty file, 64 bytes of id", b"DS" + b"x" * 62, file(), taken("DS" + "x" * 62)),
    Trap("an empty file, 65 bytes of id", b"DS" + b"y" * 63, file(), refused(EMPTY)),
    Trap("an empty file with another id", b"XYempty", file(), refused(EMPTY)),
    Trap("an empty file with a worse name", b"DSempty ", file(), refused(EMPTY)),
    Trap("10 GiB of nothing", b"sparse", file(b"DSs\n", sparse=10 << 30), refused(TOO_LARGE)),
    Trap("65 MiB", b"large", file(b"DSl\n" * (65 * MIB // 4)), refused(TOO_LARGE)),
    Trap("one endless line", b"endless", file(b"x" * (63 * MIB)),
         listed(TOO_LONG).leaves("not all of its bad lines")),
    Trap("64 MiB of NUL", b"zeros", file(sparse=64 * MIB),
         listed(TOO_LONG).leaves("not all of its bad lines")),
    Trap("a good line before NULs", b"nul", file(b"DSnul\n\0\0\0\n"), listed(BAD_ID, "DSnul")),
    Trap("setuid and setgid", b"setuid", file(b"DSsetuid\n", 0o6777), taken("DSsetuid")),
    Trap("from 1902", b"old", file(b"DSold\n", mtime=-(1 << 31)), taken("DSold")),
    Trap("from the end of time", b"late", file(b"DSlate", mtime=1 << 55), taken("DSlate")),
    Trap("an empty file from then", b"DSfuture", file(mtime=1 << 55), taken("DSfuture")),
    Trap("hidden", b".hidden", file(b"DShidden\n"), IGNORED),
    Trap("not yet whole", b"half.tmp", file(b"DShalf\n"), IGNORED),
    Trap("in part", b"half.part", file(b"DShalf\n"), IGNORED),
    Trap("two dots and a name", b"..x", file(b"DShalf\n"), IGNORED),
    Trap("an encoded way up", b"..%2fx", file(b"DShalf\n"), IGNORED),
]

NAMES = [
    ("a line feed", b"a\nb"), ("a return and a bell", b"a\r\x07b"),
    ("a title for the terminal", b"\x1b]0;owned\x07"), ("red", b"\x1b[31mred"),
    ("no UTF-8", b"\xff\xfe"), ("half a character", b"half\xc3"), ("C1 in one byte", b"\x9b31m"),
    ("255 bytes", b"n" * 255), ("255 bytes that are none of ours", b"\xff" * 255),
    ("an option", b"-rf"), ("a hyphen", b"-"), ("two hyphens", b"--"), ("all", b"*"),
    ("a question", b"[a-z]?"), ("a home", b"~root"), ("a command", b"$(reboot)"),
    ("another", b"`reboot`;reboot&"), ("quotes", b"'\"\\"), ("a space", b" "),
    ("an encoded way up inside", b"x%2f..%2f..%2fetc%2fpasswd"), ("a device of DOS", b"NUL:"),
    ("backslashes", b"..\\..\\x"[2:]), ("umlauts", "grüße".encode()),
    ("right to left", "\u202egnp.exe".encode()), ("no width", "a\u200bb".encode()),
    ("a combined character", "e\u0301".encode()), ("a face", "\U0001f600".encode()),
    ("JSON", b'","event":"daemon.failed'), ("a format", b"%s%n{}"), ("a journal", b"list-journal"),
]


def name_traps():
    """Each name twice over: its good line is taken, and its bad one goes to refused/."""
    for number, (case, name) in enumerate(NAMES):
        handshake = f"DSname{number:02}"
        yield Trap(f"a name: {case}", name, file(f"{handshake}\nno/id/\x1b[2J\n".encode()),
                   listed(BAD_ID, handshake))
