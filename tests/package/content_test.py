"""Tests the Debian package: its files, its dependencies, its scripts, and what lintian says."""

import gzip
import pathlib
import re
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import harness  # noqa: E402
import package  # noqa: E402

SCRIPTS = ("postinst", "prerm", "postrm")
FILES = {
    "etc/attestrd/attestrd.toml",
    "usr/bin/attestrd",
    "usr/lib/systemd/system/attestrd.service",
    "usr/lib/systemd/system/attestrd@.service",
    "usr/lib/sysusers.d/attestrd.conf",
    "usr/lib/tmpfiles.d/attestrd.conf",
    "usr/sbin/attestrd-instance",
    "usr/share/attestrd/grafana-attestrd.json",
    "usr/share/attestrd/prometheus-alerts.yml",
    "usr/share/doc/attestrd/README.Debian",
    "usr/share/doc/attestrd/changelog.gz",
    "usr/share/doc/attestrd/copyright",
    "usr/share/doc/attestrd/examples/Containerfile",
    "usr/share/doc/attestrd/examples/grafana-attestrd.json",
    "usr/share/doc/attestrd/examples/prometheus-alerts.yml",
}
# Manual pages and completions, which the build makes from the tables of the program.
GENERATED = re.compile(r"usr/share/(man|bash-completion|zsh|fish)/")
HAS_MANUAL = (harness.SOURCE / "daemon/man").is_dir()
MAX_INSTALLED_KIB = 16 * 1024


class ContentTest(harness.Fixture):
    @classmethod
    def setUpClass(cls):
        cls.package, cls.symbols = package.find()
        cls.fields = package.fields(cls.package)

    def setUp(self):
        super().setUp()
        self.content = package.unpack(self.package, self.folder / "content")

    def test_files(self):
        there = {path.relative_to(self.content).as_posix() for path in self.content.rglob("*")
                 if not path.is_dir() and "DEBIAN" not in path.parts}
        generated = {name for name in there if GENERATED.match(name)}
        self.assertEqual(there - generated, FILES)
        self.assertEqual(bool(generated), HAS_MANUAL)
        for link in self.content.rglob("*"):
            self.assertTrue(link.exists(), f"{link} leads nowhere")

    def test_owners_and_modes(self):
        lines = subprocess.run(["dpkg-deb", "--contents", self.package], text=True, check=True,
                               capture_output=True).stdout.splitlines()
        for line in lines:
            mode, owner, name = line.split()[0], line.split()[1], line.split()[5]
            is_program = name.startswith(("./usr/bin/", "./usr/sbin/"))
            wanted = ("drwxr-xr-x" if mode[0] == "d" else "lrwxrwxrwx" if mode[0] == "l" else
                      "-rwxr-xr-x" if is_program and not name.endswith("/") else "-rw-r--r--")
            self.assertEqual((mode, owner), (wanted, "root/root"), line)
            self.assertEqual(line.split()[3:5], [self.released(), "00:00"], line)

    def released(self):
        return self.attestrd("version").stdout.splitlines()[1].split()[1].strip(",")

    def test_version_and_date_are_those_of_the_program(self):
        lines = self.attestrd("version").stdout.splitlines()
        self.assertEqual(lines[0], f"attestrd {package.version()}")
        self.assertEqual(self.fields["Version"], package.version())
        entry = gzip.decompress((self.content / "usr/share/doc/attestrd/changelog.gz").read_bytes())
        self.assertTrue(entry.startswith(f"attestrd ({package.version()}) ".encode()))
        date = subprocess.run(["dpkg-parsechangelog", "-l", "-", "-S", "Timestamp"], input=entry,
                              check=True, capture_output=True).stdout.decode().strip()
        day = subprocess.run(["date", "--utc", "+%F", f"--date=@{date}"], text=True, check=True,
                             capture_output=True).stdout.strip()
        self.assertEqual(self.released(), day)

    def test_dependencies_are_the_libraries_certificates_and_tools(self):
        names = {re.split(r"[ (|]", alternative)[0]
                 for alternative in self.fields["Depends"].split(", ")}
        image = (harness.SOURCE / "config/Containerfile").read_text().split("FROM ")[2]
        libraries = set(re.findall(r"\blib[a-z0-9+.-]*[0-9]\b", image))
        base = {"libc6", "libgcc-s1", "libstdc++6"}
        # A package that another one provides, whose name tells with which fmt it was built.
        names = {name.removesuffix("-fmt9") for name in names}
        self.assertEqual(names, libraries | base | {"ca-certificates", "systemd"})

    def test_configuration_is_a_conffile(self):
        self.assertEqual((self.content / "DEBIAN/conffiles").read_text(),
                         "/etc/attestrd/attestrd.toml\n")
        self.assertEqual((self.content / "etc/attestrd/attestrd.toml").read_bytes(),
                         (harness.SOURCE / "config/attestrd.toml").read_bytes())

    def test_program_is_stripped_and_its_symbols_are_apart(self):
        program = self.content / "usr/bin/attestrd"
        self.assertNotRegex(self.sections(program), r"\.debug_info|\.symtab")
        symbols = package.unpack(self.symbols, self.folder / "symbols")
        debug, = symbols.rglob("*.debug")
        self.assertRegex(self.sections(debug), r"\.debug_info")
        self.assertEqual(debug.parent.name + debug.stem, self.build_id(program))
        harness.report(f"installed {self.fields['Installed-Size']} KiB, package "
                       f"{self.package.stat().st_size >> 10} KiB, program "
                       f"{program.stat().st_size >> 10} KiB, symbols "
                       f"{self.symbols.stat().st_size >> 10} KiB")
        self.assertLess(int(self.fields["Installed-Size"]), MAX_INSTALLED_KIB)

    def sections(self, program):
        return subprocess.run(["readelf", "--sections", "--wide", program], text=True, check=True,
                              capture_output=True).stdout

    def build_id(self, program):
        notes = subprocess.run(["readelf", "--notes", program], text=True, check=True,
                               capture_output=True).stdout
        return re.search(r"Build ID: ([0-9a-f]+)", notes).group(1)

    def test_scripts(self):
        paths = [self.content / "DEBIAN" / name for name in SCRIPTS]
        for path in paths:
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o755)
        done = subprocess.run(["shellcheck", *paths], text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_lintian(self):
        # Without scdoc's output there is nothing to install, and lintian is right to say so.
        flags = [] if HAS_MANUAL else ["--suppress-tags", "no-manual-page"]
        done = subprocess.run(["lintian", "--fail-on", "error,warning", "--allow-root", *flags,
                               self.package], text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)


if __name__ == "__main__":
    harness.main()
