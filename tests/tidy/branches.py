"""Reports which branches of the code ran. Usage: branches.py ROOT BUILD PATTERN...

Reads the counts of a build with `--coverage` in BUILD for the files of lib/ whose paths under lib/
begin with one of the PATTERNs. Prints `path:line: N of its branches never taken: code` for
each such line, a table of the files, and `branches: N of M taken, K named exceptions`. Exits 1
when a branch is never taken and its line has no comment with the reason:

    default: return JsonKind::absent;  // Never: a value begins with none of the other words.

The comment is at the end of the line or alone on the line above. A comment is wrong, and a failure,
if the branch is taken after all.

Not counted, since the compiler generates them:
- the branches of a call that may throw;
- a pair of which neither side ran: another one before it is counted, or it belongs to an
  exception (a whole function that never ran is reported by name);
- the code of a closing brace or `= default`;
- the failing side of an ATTESTRD_CHECK, and the default of a switch over all values of an enum (the
  compiler checks that it names all): both end the process.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

NEVER = re.compile(r"// Never: \S.*\.$")
GENERATED = re.compile(r"^\s*[})\];]*\s*(//.*)?$|= default;")
CHECK = re.compile(r"^\s*ATTESTRD_CHECK\(")
SWITCH = re.compile(r"^\s*switch \(")
LABEL = re.compile(r"^\s*(case [^;]+?|default):(?!:)")


def arms(branches):
    """Returns the counts of the branches in groups: two for an `if`, one for each arm of a
    switch."""
    kept, i = [], 0
    while i < len(branches):
        if any(b["throw"] for b in branches[i:i + 2]):
            i += 2
            continue
        size = 2 if branches[i]["fallthrough"] else len(branches) - i
        kept.append([b["count"] for b in branches[i:i + size]])
        i += size
    return kept


class Source:
    """The text of a file, for facts that gcov does not report."""

    def __init__(self, text):
        self.lines = text.splitlines()
        self.checks = set()
        for number, line in enumerate(self.lines, 1):
            if CHECK.match(line):
                self.checks.update(self._statement(number))

    def line(self, number):
        return self.lines[number - 1] if number <= len(self.lines) else ""

    def _statement(self, number):
        first = number
        while ";" not in self.line(number):
            number += 1
        return range(first, number + 1)

    def exception(self, number):
        """Returns the line of the comment that explains why a branch of this line is never
        taken."""
        if NEVER.search(self.line(number)):
            return number
        above = self.line(number - 1).strip() if number > 1 else ""
        return number - 1 if above.startswith("// ") and NEVER.match(above) else None

    def labels(self, number):
        """Returns the line of each arm of a switch, in order; 0 for the generated default."""
        indent = re.match(r" *", self.line(number)).group()
        found, last = [], None
        for label in range(number + 1, len(self.lines) + 1):
            text = self.line(label)
            if text.startswith(indent + "}"):
                break
            if text.startswith(indent + "  ") and not text.startswith(indent + "   "):
                if LABEL.match(text):
                    if last == label - 1 and found and self.line(last).rstrip().endswith(":"):
                        found.pop()
                    found.append(label)
                    last = label
        if not any("default:" in self.line(label) for label in found):
            found.append(0)
        return found


class Counts:
    """The taken and missing branches of one file by line."""

    def __init__(self, name, source):
        self.name = name
        self.source = source
        self.seen = collections.defaultdict(dict)  # line -> (function, shape) -> arms
        self.functions = collections.Counter()  # (line, name) -> number of calls
        self.taken = 0
        self.missing = []  # (line, number of branches)
        self.exempt = []

    def add_line(self, number, function, groups):
        key = (function, tuple(len(group) for group in groups))
        known = self.seen[number].get(key)
        if known:
            groups = [[a + b for a, b in zip(*pair)] for pair in zip(known, groups)]
        self.seen[number][key] = groups

    def count_branches(self):
        untaken = collections.Counter()
        for number, shapes in self.seen.items():
            if GENERATED.search(self.source.line(number)) or number in self.source.checks:
                continue
            for groups in shapes.values():
                for group in groups:
                    if any(group):
                        self._count(number, group, untaken)
        self.exceptions_used = set()
        for number, count in sorted(untaken.items()):
            exception = self.source.exception(number)
            if exception:
                self.exceptions_used.add(exception)
                self.exempt.append((number, count))
            else:
                self.missing.append((number, count))

    def _count(self, number, group, untaken):
        places = [number] * len(group)
        if SWITCH.match(self.source.line(number)) and len(group) > 2:
            labels = self.source.labels(number)
            if len(labels) == len(group):
                places = labels
        for place, count in zip(places, group):
            if count:
                self.taken += 1
            elif place:
                untaken[place] += 1

    def never_ran(self):
        ran = collections.Counter()
        names = {}
        for (line, name), count in self.functions.items():
            ran[line] += count
            names[line] = name
        return [(line, names[line]) for line, count in sorted(ran.items())
                if count == 0 and not GENERATED.search(self.source.line(line))]

    def wrong_exceptions(self):
        for number, line in enumerate(self.source.lines, 1):
            if NEVER.search(line) and number not in self.exceptions_used:
                yield number


def reports_of(build):
    """Returns the reports of gcov for each object. Those of the tests have the inline functions of
    headers."""
    def ask(data):
        return subprocess.run(["gcov", "--branch-probabilities", "--demangled-names",
                               "--json-format", "--stdout", data],
                              cwd=build, capture_output=True, text=True, check=True).stdout

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for answer in pool.map(ask, sorted(build.rglob("*.gcda"))):
            for line in answer.splitlines():
                yield from json.loads(line)["files"]


def read(root, build, patterns):
    files = {}
    lib = root / "lib"
    for report in reports_of(build):
        path = pathlib.Path(build, report["file"]).resolve()
        if not path.is_relative_to(lib):
            continue
        name = path.relative_to(lib).as_posix()
        if not name.startswith(tuple(patterns)):
            continue
        if name not in files:
            files[name] = Counts("lib/" + name, Source(path.read_text()))
        for line in report["lines"]:
            files[name].add_line(line["line_number"], line.get("function_name"),
                                 arms(line["branches"]))
        for function in report["functions"]:
            files[name].functions[function["start_line"], function["demangled_name"]] += \
                function["execution_count"]
    return [files[name] for name in sorted(files)]


def unreported(root, files, patterns):
    """Yields the patterns that match no source, and the sources without a report."""
    reported = {file.name for file in files}
    for pattern in patterns:
        sources = [path.relative_to(root).as_posix() for path in (root / "lib").rglob("*.cpp")
                   if path.relative_to(root / "lib").as_posix().startswith(pattern)]
        if not sources:
            yield f"{pattern}: matches no source of lib/"
        yield from (f"{name}: is not part of any program that ran" for name in sorted(sources)
                    if name not in reported)


def main(root, build, *patterns):
    root = pathlib.Path(root).resolve()
    files = read(root, pathlib.Path(build).resolve(), patterns)
    faults = 0
    for complaint in unreported(root, files, patterns):
        faults += 1
        print(complaint)
    for file in files:
        file.count_branches()
        for number, count in file.missing:
            faults += 1
            print(f"{file.name}:{number}: {count} of its branches never taken: "
                  f"{file.source.line(number).strip()}")
        for number, function in file.never_ran():
            faults += 1
            print(f"{file.name}:{number}: never ran: {function}")
        for number in file.wrong_exceptions():
            faults += 1
            print(f"{file.name}:{number}: has a comment `Never`, but is taken")
    taken = exempt = missing = 0
    for file in files:
        here = [file.taken, sum(n for _, n in file.missing), sum(n for _, n in file.exempt)]
        taken, missing, exempt = taken + here[0], missing + here[1], exempt + here[2]
        if any(here):
            print(f"{file.name:36} {here[0]:5} of {here[0] + here[1]:5} taken, "
                  f"{here[2]:2} named exceptions")
    print(f"branches: {taken} of {taken + missing} taken, {exempt} named exceptions")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
