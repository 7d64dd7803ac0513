"""The house rules that a program can check. Usage: tidy.py ROOT

Prints `path:line: what is wrong` for each violation; exits 1 when there is one.
"""

import pathlib
import re
import shutil
import subprocess
import sys

MAX_COLUMNS = 100
MAX_FUNCTION_LINES = 70
MAX_UNITS = 15  # of one folder; a unit is x.h, x.cpp or both

# A room includes headers of its own and of the rooms in earlier lists, none of its own list.
ROOMS = [["base"], ["json", "crypto", "files", "metrics"], ["handshake"],
         ["log", "verify", "schedule", "admission", "http"], ["inbox", "spool", "queue", "poll"],
         ["engine", "ledger"], ["runtime"]]
DAEMON_ROOMS = [["log"], ["config"], ["control"], ["service"], ["cli"]]

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "build", "config",
             "daemon", "lib", "systemd", "tests"}

# Core decides; each of these would let it touch the world.
NOT_IN_CORE = re.compile(
    r"#include <(thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|unistd\.h"
    r"|fcntl\.h|sys/.*|boost/asio.*|boost/beast.*|sqlite3\.h|spdlog/.*)>"
    r"|\brandom_device\b|_clock::now\b")

BEAST = re.compile(r"#include <boost/beast")
SPEAKS_BEAST = {"lib/http/https_response_reader.cpp", "daemon/control/control_server.cpp"}

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|GTEST_SKIP|skipTest)\b|\bDISABLED_|@unittest\.skip"
                        r"|^\s*#\s*if 0\b")

INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.MULTILINE)


class House:
    """The files of a checkout, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.texts = {}
        for room in ("daemon", "lib", "tests"):
            for path in sorted((self.root / room).rglob("*")):
                if path.suffix in {".h", ".cpp", ".py"} or path.name == "CMakeLists.txt":
                    self.texts[path.relative_to(self.root).as_posix()] = path.read_text()
        self.documents = {}
        for pattern in ("README.md", "config/*.toml", "lib/**/*.md", "tests/**/*.md"):
            for path in sorted(self.root.glob(pattern)):
                self.documents[path.relative_to(self.root).as_posix()] = path.read_text()

    def files(self, *suffixes, under=""):
        for name, text in self.texts.items():
            if name.endswith(suffixes) and name.startswith(under):
                yield name, text


def lines_that_match(pattern, name, text, complaint):
    for number, line in enumerate(text.splitlines(), 1):
        if found := pattern.search(line):
            yield name, number, f"{complaint}: {found.group().strip()}"


def line_length(house):
    for name, text in house.files(".h", ".cpp", ".py"):
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > MAX_COLUMNS:
                yield name, number, f"{len(line)} columns, more than {MAX_COLUMNS}"


def function_length(house):
    for name, text in house.files(".h", ".cpp"):
        for first, last in functions(text):
            if last - first >= MAX_FUNCTION_LINES:
                yield name, first, f"a function of {last - first + 1} lines, " \
                                   f"more than {MAX_FUNCTION_LINES}"


def pure_core(house):
    touches_the_world = technique(house)
    for name, text in house.files(".h", ".cpp", under="lib/"):
        if not touches_the_world.search(name):
            yield from lines_that_match(NOT_IN_CORE, name, text, "core touches the world")


def technique(house):
    """The pattern by which lib/CMakeLists.txt keeps files out of core, for headers as well."""
    pattern = re.search(r'EXCLUDE REGEX "(.+)"\)', house.texts["lib/CMakeLists.txt"]).group(1)
    return re.compile(pattern.replace(r"\\.cpp", r"\.(h|cpp)"))


def arrows_run_down(house):
    """A room knows only the rooms below it."""
    for root, order, prefix in (("lib/", ROOMS, ""), ("daemon/", DAEMON_ROOMS, "daemon/")):
        level = {room: i for i, rooms in enumerate(order) for room in rooms}
        for name, text in house.files(".h", ".cpp", under=root):
            own, _, rest = name.removeprefix(root).partition("/")
            if not rest:
                continue  # daemon/main.cpp and daemon/version.h belong to no room
            if own not in level:
                yield name, 1, f"the room {own} has no place in the order of arrows"
                continue
            for number, line in enumerate(text.splitlines(), 1):
                target = INCLUDE.match(line)
                if not target or not target.group(1).startswith(prefix):
                    continue
                other, _, rest = target.group(1).removeprefix(prefix).partition("/")
                if not rest or other == own or level.get(other, len(order)) < level[own]:
                    continue
                yield name, number, f"an arrow up: {own} includes {target.group(1)}"


def folders_are_small(house):
    units = {}
    for name, _ in house.files(".h", ".cpp"):
        if not name.startswith("tests/"):
            path = pathlib.PurePath(name)
            units.setdefault(path.parent.as_posix(), set()).add(path.stem)
    for folder, stems in units.items():
        if len(stems) > MAX_UNITS:
            yield folder, 1, f"{len(stems)} units, more than {MAX_UNITS}"


UNFORMATTED = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error)", re.MULTILINE)


def formatted(house):
    """clang-format has nothing to change."""
    if not shutil.which("clang-format-14"):
        yield "tests/packages", 1, "clang-format-14 is not installed: it comes with [test]"
        return
    names = [name for name, _ in house.files(".h", ".cpp")]
    for first in range(0, len(names), 100):
        done = subprocess.run(["clang-format-14", "--dry-run", *names[first:first + 100]],
                              cwd=house.root, capture_output=True, text=True)
        for name, line in UNFORMATTED.findall(done.stderr):
            yield name, int(line), "clang-format would change this"


def beast_in_two_files(house):
    for name, text in house.files(".h", ".cpp"):
        if name not in SPEAKS_BEAST and not name.startswith("tests/"):
            yield from lines_that_match(BEAST, name, text, "Beast does not belong here")


def nothing_unfinished(house):
    for name, text in house.files(".h", ".cpp", ".py"):
        if not name.startswith("tests/tidy/"):
            yield from lines_that_match(UNFINISHED, name, text, "not finished or not run")


def no_dead_header(house):
    included = set()
    for name, text in house.files(".h", ".cpp"):
        for target in INCLUDE.findall(text):
            if pathlib.PurePath(target).name != pathlib.PurePath(name).name:
                included.add(pathlib.PurePath(target).name)
    for name, _ in house.files(".h"):
        if pathlib.PurePath(name).name not in included:
            yield name, 1, "no file includes it"


def no_dead_source(house):
    """A source is built when the nearest CMakeLists.txt above it globs, or names it."""
    for name, _ in house.files(".cpp"):
        path = pathlib.PurePath(name)
        lists = (house.texts.get(str(folder / "CMakeLists.txt")) for folder in path.parents)
        nearest = next(filter(None, lists), "")
        if "GLOB" not in nearest and not re.search(rf"\b{re.escape(path.name)}\b", nearest):
            yield name, 1, "no CMakeLists.txt builds it"


def every_unit_is_tested(house):
    """x.cpp has an x_test.cpp, or a line in tests/tidy/untested says why not."""
    tests = {pathlib.PurePath(name).name for name in house.texts}
    excuses = dict(read_excuses(house))
    for name, _ in house.files(".cpp", under="lib/"):
        is_tested = pathlib.PurePath(name).stem + "_test.cpp" in tests
        if not is_tested and not excuses.get(name):
            yield name, 1, "has no test, and tests/tidy/untested gives no reason"
        if is_tested and name in excuses:
            yield "tests/tidy/untested", 1, f"{name} is tested: the line can go"
    for name in excuses:
        if name not in house.texts:
            yield "tests/tidy/untested", 1, f"{name} does not exist"


def read_excuses(house):
    path = house.root / "tests/tidy/untested"
    for line in path.read_text().splitlines() if path.exists() else ():
        if line and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            yield name, reason.strip()


LINK = re.compile(r"\]\(([^)#:]+)\)")


def documents_tell_all(house):
    """README names each event of the log and each setting; links lead to files that exist."""
    for name, text in house.documents.items():
        for target in LINK.findall(text):
            if not (house.root / name).parent.joinpath(target).exists():
                yield name, 1, f"no such file: {target}"
    readme = house.documents.get("README.md", "")
    notices = house.texts.get("lib/log/notice.cpp", "")
    for event in re.findall(r'return "(\w+\.\w+)";', notices):
        if f"`{event}`" not in readme:
            yield "README.md", 1, f"does not name the event {event}"
    for key in settings(house.documents.get("config/attestrd.toml", "")):
        if f"`{key}`" not in readme:
            yield "README.md", 1, f"does not name the setting {key}"


def settings(toml):
    """Every key of a configuration, with its section."""
    section = ""
    for line in toml.splitlines():
        if head := re.match(r"\[(\w+)\]", line):
            section = head.group(1)
        elif key := re.match(r"(\w+) = ", line):
            yield f"{section}.{key.group(1)}"


def top_level(house):
    for path in sorted(house.root.iterdir()):
        if path.name not in TOP_LEVEL and not path.name.startswith("."):
            yield path.name, 1, "does not belong to the top level"


RULES = [line_length, function_length, pure_core, arrows_run_down, folders_are_small, formatted,
         beast_in_two_files, nothing_unfinished, no_dead_header, no_dead_source,
         every_unit_is_tested, documents_tell_all, top_level]

NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\''
    r"|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.DOTALL | re.MULTILINE)

NOT_A_FUNCTION = re.compile(r"^\s*(template\s*<[^{]*>\s*)?(inline\s+)?"
                            r"(namespace|class|struct|enum|union|extern)\b|=\s*$")


def functions(text):
    """Yields the first and the last line of each outermost function body with its head."""
    code = NOT_CODE.sub(lambda found: "\n" * found.group().count("\n"), text)
    stack = []  # of the first line of the function that a brace opens, or None
    head_start = 0
    for brace in re.finditer(r"[{};]", code):
        at = brace.start()
        if brace.group() == "{":
            head = code[head_start:at]
            if "(" in head and re.search(r"\w$", head):
                stack.append("initializer")
                continue
            is_function = ("(" in head and not NOT_A_FUNCTION.search(head)
                           and not any(isinstance(entry, int) for entry in stack))
            first = head_start + len(head) - len(head.lstrip())
            stack.append(code.count("\n", 0, first) + 1 if is_function else None)
        elif brace.group() == "}" and stack:
            first = stack.pop()
            if first == "initializer":
                continue
            if first is not None:
                yield first, code.count("\n", 0, at) + 1
        if "initializer" not in stack:
            head_start = brace.end()


def main(root):
    house = House(root)
    complaints = sorted({complaint for rule in RULES for complaint in rule(house)})
    for name, number, message in complaints:
        print(f"{name}:{number}: {message}")
    print(f"{len(house.texts)} files, {len(RULES)} rules, {len(complaints)} violations")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
