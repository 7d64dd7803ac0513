"""Checks the rules of this repository that a program can check. Usage: tidy.py ROOT

Prints `path:line: message` for each violation; exits with 1 when there is one.
"""

import fnmatch
import pathlib
import re
import shutil
import subprocess
import sys

MAX_COLUMNS = 100
MAX_FUNCTION_LINES = 70
MAX_UNITS = 15  # per folder; a unit is x.h, x.cpp or both
MAX_METHODS = 20  # per class, public and private together
MAX_README_LINES = 150

# Each folder of lib/ includes only its own headers and those of folders in earlier lists.
FOLDERS = [["base"], ["json", "crypto", "files", "metrics"], ["handshake"],
         ["log", "verify", "schedule", "admission", "fleet", "http"],
         ["inbox", "spool", "queue", "poll"], ["engine", "ledger"], ["runtime"]]
DAEMON_FOLDERS = [["log"], ["config"], ["control"], ["service"], ["cli"], ["man"]]

TOP_LEVEL = {"CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md", "build", "config",
             "daemon", "lib", "systemd", "tests"}

# System calls, threads, clocks and I/O, which only the adapters may use.
NOT_IN_CORE = re.compile(
    r"#include <(thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|filesystem"
    r"|csignal|signal\.h|time\.h|unistd\.h|fcntl\.h|dirent\.h|poll\.h|netdb\.h|sys/.*"
    r"|linux/.*|boost/asio.*|boost/beast.*|openssl/(ssl|bio|rand)\.h|sqlite3\.h|spdlog/.*"
    r"|systemd/.*|(postgresql/)?libpq-fe\.h)>"
    r"|\brandom_device\b|_clock::now\b")

BEAST = re.compile(r"#include <boost/beast")
USES_BEAST = {"lib/http/https_response_reader.cpp", "lib/http/beast_server.cpp"}

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|GTEST_SKIP|skipTest)\b|\bDISABLED_|@unittest\.skip"
                        r"|^\s*#\s*if 0\b")

INCLUDE = re.compile(r'^\s*#include "([^"]+)"', re.MULTILINE)


# The headers of the libraries that lib/ and daemon/ link, by CMake target.
HEADERS_OF = {
    "Boost::headers": r"<boost/(?!json)", "Boost::json": r"<boost/json", "CLI11::CLI11": r"<CLI/",
    "OpenSSL::Crypto": r"<openssl/", "OpenSSL::SSL": r"<openssl/ssl\.h>", "fmt::fmt": r"<fmt/",
    "SQLite::SQLite3": r"<sqlite3\.h>", "spdlog::spdlog": r"<spdlog/",
    "tomlplusplus::tomlplusplus": r"<toml\+\+/",
    "Threads::Threads": r"<(thread|mutex|condition_variable|future|pthread\.h)>",
    "double-conversion::double-conversion": r"<double-conversion/",
    "PkgConfig::libpq": r"<(postgresql/)?libpq-fe\.h>", "PostgreSQL::PostgreSQL": r"<libpq-fe\.h>",
}


class Checkout:
    """The files of a checkout. Each is read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.texts = {}
        for folder in ("daemon", "lib", "tests"):
            for path in sorted((self.root / folder).rglob("*")):
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


def line_length(checkout):
    for name, text in checkout.files(".h", ".cpp", ".py"):
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > MAX_COLUMNS:
                yield name, number, f"{len(line)} columns, more than {MAX_COLUMNS}"


def function_length(checkout):
    for name, text in checkout.files(".h", ".cpp"):
        for first, last in functions(text):
            if last - first >= MAX_FUNCTION_LINES:
                yield name, first, f"a function of {last - first + 1} lines, " \
                                   f"more than {MAX_FUNCTION_LINES}"


def pure_core(checkout):
    is_adapter = technique(checkout)
    for name, text in checkout.files(".h", ".cpp", under="lib/"):
        if not is_adapter.search(name):
            yield from lines_that_match(NOT_IN_CORE, name, text, "not permitted in the core")


def technique(checkout):
    """Returns the pattern by which lib/CMakeLists.txt selects the adapters, for headers as well."""
    text = checkout.texts["lib/CMakeLists.txt"]
    pattern = re.search(r'EXCLUDE REGEX "(.+)"\)', text).group(1)
    listed = re.search(r"set\(techniques (.+)\)", text).group(1).split()
    pattern = pattern.replace("${technique}", "|".join(listed))
    return re.compile(pattern.replace(r"\\.cpp", r"\.(h|cpp)"))


CLASS = re.compile(
    r"(?<!enum )\b(?:class|struct|union)\s+(\w+)(?:\s+final)?(?:\s*:[^;{}()]*)?\s*\{")
IS_LARGE = re.compile(r"// More than 20 methods: \S.*\.$")


def classes_are_small(checkout):
    """Checks that a class with too many methods has a line `// More than 20 methods: reason.` at or
    above its head."""
    for name, text in checkout.files(".h", ".cpp"):
        if name.startswith("tests/"):
            continue
        lines = text.splitlines()
        for class_name, number, methods in classes(text):
            is_large = len(methods) > MAX_METHODS
            nearby = lines[max(number - 2, 0):number]
            has_reason = any(IS_LARGE.search(line) for line in nearby)
            if is_large and not has_reason:
                yield name, number, f"{class_name} has {len(methods)} methods, " \
                                    f"more than {MAX_METHODS}, and no reason beside it"
            if has_reason and not is_large:
                yield name, number, f"{class_name} has {len(methods)} methods: the reason can go"


def classes(text):
    """Yields name, line and methods of each class with a body, nested ones too."""
    code = without_text(text)
    for head in CLASS.finditer(code):
        methods = [name for name in map(method_name, members(code, head.end()))
                   if name and name != head.group(1)]
        yield head.group(1), code.count("\n", 0, head.start()) + 1, methods


def members(code, at):
    """Returns the declarations in the class body that begins here, without the bodies of
    functions."""
    depth, declaration = 0, ""
    while at < len(code):
        char = code[at]
        if char == "{":
            # A function body follows white space, an initializer follows a name.
            if depth == 0 and code[at - 1].isspace() and "(" in declaration:
                yield declaration
                declaration = ""
            depth += 1
        elif char == "}":
            if depth == 0:
                return
            depth -= 1
        elif depth == 0 and char == ";":
            yield declaration
            declaration = ""
        elif depth == 0:
            declaration += char
        at += 1


NOT_A_METHOD = re.compile(r"^(using|typedef|friend|static_assert|class|struct|union|enum)\b")
METHOD = re.compile(r"(~?\w+)\s*\((?!\s*\*)")


def method_name(declaration):
    """Returns the name of a method; None for data, types, operators, destructors, and functions
    that the compiler defines."""
    text = re.sub(r"\b(public|protected|private)\s*:", "", declaration)
    text = re.sub(r"\[\[.*?\]\]", "", text, flags=re.DOTALL)
    while (shorter := re.sub(r"<[^<>()]*(\([^()]*\))?[^<>()]*>", "", text)) != text:
        text = shorter
    text = re.sub(r"^\s*template\s*", "", text.strip())
    if NOT_A_METHOD.match(text) or re.search(r"\boperator\b|=\s*(default|delete)\s*$", text):
        return None
    before_value = text.partition("=")[0]
    found = METHOD.search(before_value)
    is_method = found and not found.group(1).startswith("~") \
        and found.group(1) not in ("decltype", "alignas", "noexcept")
    return found.group(1) if is_method else None


def libraries_are_used(checkout):
    """Checks that a source of a target includes each library that the target links."""
    is_adapter = technique(checkout)
    for name in ("lib/CMakeLists.txt", "daemon/CMakeLists.txt"):
        text = checkout.texts.get(name, "")
        for link in re.finditer(r"target_link_libraries\((\w+)([^)]*)\)", text):
            target, libraries = link.group(1), re.findall(r"[\w-]+::[\w-]+", link.group(2))
            number = text.count("\n", 0, link.start()) + 1
            sources = "\n".join(source for path, source in checkout.files(".h", ".cpp")
                                if belongs_to(path, target, is_adapter))
            for library in libraries:
                if library not in HEADERS_OF:
                    yield name, number, f"tests/tidy/tidy.py does not know the headers of {library}"
                elif not re.search("#include " + HEADERS_OF[library], sources):
                    yield name, number, f"{target} links {library} and includes none of its headers"


def belongs_to(path, target, is_adapter):
    if target == "attestrd_core":
        return path.startswith("lib/") and not is_adapter.search(path)
    if target == "attestrd_io":
        return path.startswith("lib/") and bool(is_adapter.search(path))
    return path.startswith("daemon/")


def arrows_run_down(checkout):
    """Checks that a folder includes only headers of the folders below it."""
    for root, order, prefix in (("lib/", FOLDERS, ""), ("daemon/", DAEMON_FOLDERS, "daemon/")):
        level = {folder: i for i, folders in enumerate(order) for folder in folders}
        for name, text in checkout.files(".h", ".cpp", under=root):
            own, _, rest = name.removeprefix(root).partition("/")
            if not rest:
                continue  # daemon/main.cpp and daemon/version.h belong to no folder
            if own not in level:
                yield name, 1, f"the folder {own} is missing in the order of folders"
                continue
            for number, line in enumerate(text.splitlines(), 1):
                target = INCLUDE.match(line)
                if not target or not target.group(1).startswith(prefix):
                    continue
                other, _, rest = target.group(1).removeprefix(prefix).partition("/")
                if not rest or other == own or level.get(other, len(order)) < level[own]:
                    continue
                yield name, number, f"{own} may not include {target.group(1)}"


def folders_are_small(checkout):
    units = {}
    for name, _ in checkout.files(".h", ".cpp"):
        if not name.startswith("tests/"):
            path = pathlib.PurePath(name)
            units.setdefault(path.parent.as_posix(), set()).add(path.stem)
    for folder, stems in units.items():
        if len(stems) > MAX_UNITS:
            yield folder, 1, f"{len(stems)} units, more than {MAX_UNITS}"


UNFORMATTED = re.compile(r"^(\S+?):(\d+):\d+: (?:warning|error)", re.MULTILINE)


def formatted(checkout):
    """Checks that clang-format changes nothing."""
    if not shutil.which("clang-format-14"):
        yield "tests/packages", 1, "clang-format-14 is not installed: see [tidy]"
        return
    names = [name for name, _ in checkout.files(".h", ".cpp")]
    for first in range(0, len(names), 100):
        done = subprocess.run(["clang-format-14", "--dry-run", *names[first:first + 100]],
                              cwd=checkout.root, capture_output=True, text=True)
        for name, line in UNFORMATTED.findall(done.stderr):
            yield name, int(line), "clang-format would change this"


SHELL_SCRIPT = re.compile(r"#!.*\b(ba)?sh\n|# shellcheck shell=")
SHELL_FAULT = re.compile(r"^(.+?):(\d+):\d+: \w+: (.*)", re.MULTILINE)


def shell_scripts_are_clean(checkout):
    """Checks that shellcheck prints nothing."""
    if not shutil.which("shellcheck"):
        yield "tests/packages", 1, "shellcheck is not installed: see [tidy]"
        return
    scripts = [path for folder in (".ci", "config", "daemon", "lib", "systemd", "tests")
               for path in sorted((checkout.root / folder).rglob("*"))
               if path.is_file() and "." not in path.name and is_shell_script(path)]
    names = [path.relative_to(checkout.root).as_posix() for path in scripts]
    if names:
        done = subprocess.run(["shellcheck", "-x", "-P", "SCRIPTDIR", "-f", "gcc", *names],
                              cwd=checkout.root, capture_output=True, text=True)
        for name, line, message in SHELL_FAULT.findall(done.stdout):
            yield name, int(line), message
        if done.returncode > 1:
            yield "tests/packages", 1, f"shellcheck: {done.stderr.strip()}"


def is_shell_script(path):
    with path.open("rb") as file:
        return SHELL_SCRIPT.match(file.read(100).decode(errors="replace"))


def beast_in_two_files(checkout):
    for name, text in checkout.files(".h", ".cpp"):
        if name not in USES_BEAST and not name.startswith("tests/"):
            yield from lines_that_match(BEAST, name, text, "only two files include Beast")


def no_unfinished_code(checkout):
    for name, text in checkout.files(".h", ".cpp", ".py"):
        if not name.startswith("tests/tidy/"):
            yield from lines_that_match(UNFINISHED, name, text, "unfinished or not run")


def no_dead_header(checkout):
    included = set()
    for name, text in checkout.files(".h", ".cpp"):
        for target in INCLUDE.findall(text):
            if pathlib.PurePath(target).name != pathlib.PurePath(name).name:
                included.add(pathlib.PurePath(target).name)
    for name, _ in checkout.files(".h"):
        if pathlib.PurePath(name).name not in included:
            yield name, 1, "no file includes it"


def no_dead_source(checkout):
    """Checks that each source is built: the nearest CMakeLists.txt above it names it, or a pattern
    that matches it."""
    for name, _ in checkout.files(".cpp"):
        path = pathlib.PurePath(name)
        folder = next((folder for folder in path.parents
                       if str(folder / "CMakeLists.txt") in checkout.texts), None)
        if folder is None or not builds(checkout.texts[str(folder / "CMakeLists.txt")],
                                        path.relative_to(folder)):
            yield name, 1, "no CMakeLists.txt builds it"


GLOB = re.compile(r"\bfile\((GLOB|GLOB_RECURSE)\s+\w+(?:\s+CONFIGURE_DEPENDS)?\s+([^()]+)\)")
FOREACH = re.compile(r"\bforeach\((\w+)\s+(?!IN\b|RANGE\b)([^()$]+)\)")


def builds(cmake, source):
    """Returns whether a CMakeLists.txt names a source, relative to its folder, or globs it."""
    cmake = re.sub(r"#.*", "", cmake)
    if re.search(rf"(?<![\w.-]){re.escape(source.name)}\b", cmake):
        return True
    loops = [(variable, values.split()) for variable, values in FOREACH.findall(cmake)]
    for kind, patterns in GLOB.findall(cmake):
        for pattern in patterns.split():
            for one in expanded(pattern.replace("${CMAKE_CURRENT_SOURCE_DIR}/", ""), loops):
                pattern_folder, _, pattern_name = one.rpartition("/")
                folder = source.parent.as_posix().removeprefix(".")
                is_below = not pattern_folder or f"{folder}/".startswith(f"{pattern_folder}/")
                is_there = is_below if kind == "GLOB_RECURSE" else folder == pattern_folder
                if is_there and fnmatch.fnmatchcase(source.name, pattern_name):
                    return True
    return False


def expanded(pattern, loops):
    """Returns the pattern with the values of the variables of the loops."""
    patterns = [pattern]
    for variable, values in loops:
        patterns = [one.replace(f"${{{variable}}}", value) for one in patterns for value in values]
    return patterns


def every_unit_is_tested(checkout):
    """Checks that each x.cpp has an x_test.cpp, or a line in tests/tidy/untested with the
    reason."""
    tests = {pathlib.PurePath(name).name for name in checkout.texts}
    exceptions = dict(read_exceptions(checkout))
    for name, _ in checkout.files(".cpp", under="lib/"):
        is_tested = pathlib.PurePath(name).stem + "_test.cpp" in tests
        if not is_tested and not exceptions.get(name):
            yield name, 1, "has no test, and tests/tidy/untested gives no reason"
        if is_tested and name in exceptions:
            yield "tests/tidy/untested", 1, f"{name} is tested: the line can go"
    for name in exceptions:
        if name not in checkout.texts:
            yield "tests/tidy/untested", 1, f"{name} does not exist"


def read_exceptions(checkout):
    path = checkout.root / "tests/tidy/untested"
    for line in path.read_text().splitlines() if path.exists() else ():
        if line and not line.startswith("#"):
            name, _, reason = line.partition(" ")
            yield name, reason.strip()


LINK = re.compile(r"\]\(([^)#:]+)\)")


def documents_are_complete(checkout):
    """Checks that linked files exist, and that README is short."""
    for name, text in checkout.documents.items():
        for target in LINK.findall(text):
            if not (checkout.root / name).parent.joinpath(target).exists():
                yield name, 1, f"no such file: {target}"
    lines = checkout.documents.get("README.md", "").count("\n")
    if lines > MAX_README_LINES:
        yield "README.md", lines, f"{lines} lines, more than {MAX_README_LINES}"


def map_names_files(checkout):
    """Checks that each file that lib/README.md names in backquotes exists; endings may be
    omitted."""
    known = {folder for level in FOLDERS for folder in level} | {"daemon", "tests"}
    for number, line in enumerate(checkout.documents.get("lib/README.md", "").splitlines(), 1):
        for name in re.findall(r"`([\w./]+/[\w.]+)`", line):
            if name.split("/")[0] not in known:
                continue
            is_outside = name.startswith(("daemon/", "tests/"))
            root = checkout.root if is_outside else checkout.root / "lib"
            if not any((root / (name + ending)).exists() for ending in ("", ".h", ".cpp")):
                yield "lib/README.md", number, f"names {name}, which does not exist"


def top_level(checkout):
    for path in sorted(checkout.root.iterdir()):
        if path.name not in TOP_LEVEL and not path.name.startswith("."):
            yield path.name, 1, "may not be in the top level"


RULES = [line_length, function_length, pure_core, arrows_run_down, folders_are_small,
         classes_are_small, libraries_are_used, formatted, shell_scripts_are_clean,
         beast_in_two_files, no_unfinished_code, no_dead_header, no_dead_source,
         every_unit_is_tested, documents_are_complete, map_names_files, top_level]

NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)\'(?:\\.|[^\'\\\n])+\''
    r"|^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.DOTALL | re.MULTILINE)

NOT_A_FUNCTION = re.compile(r"^\s*(template\s*<[^{]*>\s*)?(inline\s+)?"
                            r"(namespace|class|struct|enum|union|extern)\b|=\s*$")


def without_text(text):
    """Returns the code without comments, strings and directives; line numbers are unchanged."""
    return NOT_CODE.sub(lambda found: "\n" * found.group().count("\n"), text)


def functions(text):
    """Yields the first and the last line of each outermost function body with its head."""
    code = without_text(text)
    stack = []  # first line of the function that a brace opens, or None
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
    checkout = Checkout(root)
    complaints = sorted({complaint for rule in RULES for complaint in rule(checkout)})
    for name, number, message in complaints:
        print(f"{name}:{number}: {message}")
    print(f"{len(checkout.texts)} files, {len(RULES)} rules, {len(complaints)} violations")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
