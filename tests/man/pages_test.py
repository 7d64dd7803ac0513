"""Tests the manual pages: that man has no warning, that each row of the tables is there, and that
what they say about commands and about one another exists."""

import gzip
import os
import re
import subprocess
import tempfile
import unittest

import program

NAMES = {"attestrd.1", "attestrd.8", "attestrd.toml.5", "attestrd-spool.5", "attestrd-fleet.7",
         "attestrd-promises.7"}


def page_file(name):
    return program.PAGES / f"man{name[-1]}/{name}.gz"


def sources():
    for name in sorted(NAMES):
        yield name, (program.SOURCE / f"daemon/man/{name}.scd").read_text()


def rendered(name, width=100000):
    """Returns what man shows, without bold and underlined characters, and what it complains of."""
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(page_file(name))], text=True,
        capture_output=True, env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": str(width),
                                  "MANROFFSEQ": ""})
    return re.sub(".\b", "", done.stdout), done.stderr


def section(text, title):
    """Returns the part of a page below a heading of the second level."""
    return re.search(rf"^   {re.escape(title)}\n(.*?)(?=^ {{0,3}}\S|\Z)", text,
                     re.MULTILINE | re.DOTALL).group(1)


def entries(text):
    """Returns the text below each head of a list of definitions."""
    found = re.findall(r"^       (\S[^\n]*)\n((?:           [^\n]*\n|\n(?=           ))+)", text,
                       re.MULTILINE)
    return {head: " ".join(body.split()) for head, body in found}


def rows(path, kinds):
    """Returns the texts of each row of a table, and the names before the first text."""
    text = "\n".join(line for line in (program.SOURCE / path).read_text().splitlines()
                     if not line.startswith("//"))
    for row in re.findall(rf"^(?:{kinds})\((.+?)\)$", text, re.MULTILINE | re.DOTALL):
        row = re.sub(r'"\s*\n?\s*"', "", row)
        yield re.findall(r"[\w]+", row.partition('"')[0]), re.findall(r'"([^"]*)"', row)


def blocks(source):
    return re.findall(r"^```\n(.*?)^```$", source, re.MULTILINE | re.DOTALL)


class PagesTest(unittest.TestCase):
    maxDiff = None

    def test_man_has_no_warnings(self):
        for name in NAMES:
            for width in (80, 100000):
                text, complaints = rendered(name, width)
                self.assertEqual(complaints, "", name)
                self.assertIn("SEE ALSO", text)
                self.assertNotRegex(text, "@(end|version|after .*)@", name)

    def test_no_other_pages(self):
        made = {path.name.removesuffix(".gz") for path in program.PAGES.glob("man?/*.gz")}
        self.assertEqual(made, NAMES)

    def test_commands(self):
        text = rendered("attestrd.1")[0]
        self.assertGreater(len(program.commands()), 20)
        for name, options in program.commands().items():
            part = section(text, name)
            for option in options:
                if option in ("--help", "--config"):
                    continue  # All commands have them.
                self.assertIn(f" {option}", part, name)
            for example in program.help_of(name).partition("Example")[2].splitlines()[1:]:
                self.assertIn(f"           {example.strip()}\n", part, name)

    def test_settings(self):
        listed = entries(rendered("attestrd.toml.5")[0])
        heads = {head.removesuffix("  (restart)") for head in listed}
        table = ""
        for line in (program.SOURCE / "config/attestrd.toml").read_text().splitlines():
            if line.startswith("["):
                table = line.strip("[]")
            elif line and not line.startswith("#"):
                self.assertIn(f"{table}.{line}", heads)
        restarts = {head for head in listed if head.endswith("  (restart)")}
        self.assertTrue(any(head.startswith("paths.queue = ") for head in restarts))
        self.assertFalse(any(head.startswith("paths.tombstone_days = ") for head in restarts))
        meanings = " ".join(listed.values()).lower()
        for _, texts in rows("daemon/config/settings.def", "SETTING"):
            self.assertIn(texts[-1].replace("`", "").lower(), meanings)

    def test_events(self):
        listed = entries(rendered("attestrd.8")[0])
        levels = {}
        for (enumerator, level), texts in rows("lib/log/events.def", "EVENT|EVENT_ALSO"):
            if enumerator not in levels:
                levels[enumerator] = f"{texts.pop(0)} ({level})"
            body = listed[levels[enumerator]].lower()
            for text in texts:
                self.assertIn(text.replace("`", "").lower(), body)
        self.assertGreater(len(levels), 50)

    def test_metrics(self):
        listed = entries(rendered("attestrd.8")[0])
        count = 0
        for (_, *kind), texts in rows("lib/metrics/metrics.def", "METRIC|HISTOGRAM"):
            kind = {"counter": "counter", "": "histogram"}.get("".join(kind[:1]), "gauge")
            name, meaning, *labels = texts
            self.assertIn(meaning.replace("`", ""), listed[f"{name} ({kind})"])
            for label in labels:
                self.assertIn(label, listed[f"{name} ({kind})"])
            count += 1
        self.assertGreater(count, 40)

    def test_commands_that_the_pages_name_exist(self):
        """Tests each command in a literal block of a page: its name and its options."""
        count = 0
        for name, source in sources():
            for line in "".join(blocks(source)).splitlines():
                for command, rest in re.findall(
                        r"(?:^[#$] |[|;&] *|until )attestrd ([a-z-]+)([^|;&]*)", line):
                    self.assertIn(command, program.commands(), f"{name}: {line}")
                    for option in re.findall(r" (--[a-z-]+)", rest):
                        self.assertIn(option, program.commands()[command], f"{name}: {line}")
                    count += 1
        self.assertGreater(count, 30)

    def test_commands_of_the_guide_are_complete(self):
        """Tests that each line of a block of commands is a command of bash."""
        source = dict(sources())["attestrd.8"]
        commands = [line[2:] for block in blocks(source) if block.startswith(("# ", "$ "))
                    for line in block.splitlines() if line.startswith(("# ", "$ "))]
        self.assertGreater(len(commands), 30)
        for command in commands:
            done = subprocess.run(["bash", "-n", "-c", command], text=True, capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), command)

    def test_backslashes_in_literal_blocks(self):
        """scdoc drops a backslash that is not one of a pair."""
        for name, source in sources():
            for block in blocks(source):
                self.assertNotIn("\\", block.replace("\\\\", ""), name)

    def test_pages_that_are_referred_to_exist(self):
        for name, source in sources():
            for page in re.findall(r"\b(attestrd[a-z.-]*)\((\d)\)", source):
                self.assertIn(".".join(page), NAMES, name)

    def test_sections_that_are_referred_to_exist(self):
        text = {name: rendered(name)[0] for name in NAMES}
        for name, source in sources():
            for title in re.findall(r"\*([A-Z][A-Z ?]{6,})\*", source):
                self.assertTrue(any(f"\n{title}\n" in page for page in text.values()),
                                f"{name}: {title}")


class GeneratorTest(unittest.TestCase):
    GENERATOR = program.BUILD / "daemon/man/attestrd-pages"

    def test_pages_are_reproducible(self):
        """Tests that a page depends on its source and the program alone: not on the day."""
        maker = program.SOURCE / "daemon/man/make_page"
        scdoc = program.output_of("which", "scdoc").strip()
        with tempfile.TemporaryDirectory() as folder:
            page = f"{folder}/attestrd.8"
            program.output_of(maker, self.GENERATOR, scdoc,
                              program.SOURCE / "daemon/man/attestrd.8.scd", f"{page}.gz")
            with open(f"{page}.gz", "rb") as made, open(page_file("attestrd.8"), "rb") as built:
                self.assertEqual(made.read(), built.read())
        header = gzip.decompress(page_file("attestrd.8").read_bytes()).decode()
        release = re.search(r"kReleaseDate\{std::chrono::year\{(\d+)\} / (\d+) / (\d+)\}",
                            (program.SOURCE / "daemon/version.h").read_text()).groups()
        version = program.output_of(program.ATTESTRD, "version").split()[1]
        self.assertIn('.TH "attestrd" "8" "{}-{:02}-{:02}" "attestrd {}"'.format(
            release[0], *map(int, release[1:]), version), header)

    def test_entries_that_do_not_exist(self):
        for source in ("@commands@\n@after no-command@\n@end@\n", "@commands@\n", "@no-table@\n",
                       "@commands@\nbelow no entry\n@end@\n"):
            with tempfile.NamedTemporaryFile("w") as file:
                file.write(source)
                file.flush()
                done = subprocess.run([self.GENERATOR, "page", file.name], capture_output=True)
                self.assertEqual(done.returncode, os.EX_DATAERR, source)
                self.assertTrue(done.stderr)


if __name__ == "__main__":
    unittest.main()
