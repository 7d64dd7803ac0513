"""Tests that the same sources give the same package, wherever and whenever it is built.

The short form packs the build twice, and compiles some sources again in another folder. The long
form (ATTESTRD_LONG=1) builds all again in another folder.
"""

import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import harness  # noqa: E402
import package  # noqa: E402

# One of them has assertions, which contain __FILE__.
SAMPLE = ("lib/CMakeFiles/attestrd_core.dir/schedule/timing_wheel.cpp.o",
          "lib/CMakeFiles/attestrd_core.dir/base/rfc3339.cpp.o")


class ReproducibleTest(harness.Fixture):
    def assert_same(self, paths, others):
        for path, other in zip(paths, others):
            self.assertEqual(path.read_bytes(), other.read_bytes(),
                             f"compare {path} and {other} with diffoscope")

    def assert_same_packages(self, ours, others):
        """Compares the bytes of the package, and the files of that with debug symbols: CPack writes
        the folder in which it packs into the latter's list of checksums."""
        self.assert_same(ours[:1], others[:1])
        files, other_files = (subprocess.run(["dpkg-deb", "--fsys-tarfile", path], check=True,
                                             capture_output=True).stdout
                              for path in (ours[1], others[1]))
        self.assertEqual(files, other_files, "the debug symbols differ")

    def test_packing_again_gives_the_same_bytes(self):
        """Packs at another time and into another folder."""
        self.assert_same_packages(package.find(), package.pack(self.folder / "again"))

    def test_no_path_of_the_build_is_in_the_packages(self):
        for number, path in enumerate(package.find()):
            content = package.unpack(path, self.folder / str(number))
            for file in content.rglob("*"):
                if file.is_file() and file.name != "md5sums":
                    self.assertNotIn(os.fsencode(harness.SOURCE), file.read_bytes(), file)

    def other_build(self, targets):
        """Builds in another folder, from a copy of the sources."""
        source = self.folder / "elsewhere"
        shutil.copytree(harness.SOURCE, source, symlinks=True,
                        ignore=shutil.ignore_patterns("build", ".git"))
        build = source / "out"
        environment = {**os.environ, "CCACHE_DISABLE": "1"}
        subprocess.run(["cmake", "-S", source, "-B", build, "-G", "Ninja", "--log-level=WARNING",
                        "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DATTESTRD_TESTS=OFF"], check=True,
                       stdout=subprocess.DEVNULL, env=environment)
        subprocess.run(["cmake", "--build", build, "--target", *targets], check=True,
                       stdout=subprocess.DEVNULL, env=environment)
        return build

    def test_build_in_another_folder(self):
        if harness.IS_LONG:
            build = self.other_build(["attestrd"])
            self.assert_same_packages(package.find(), package.pack(self.folder / "other", build))
        else:
            build = self.other_build(SAMPLE)
            self.assert_same([harness.BUILD / name for name in SAMPLE],
                             [build / name for name in SAMPLE])


if __name__ == "__main__":
    harness.main()
