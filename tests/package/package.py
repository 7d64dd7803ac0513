"""Packs the Debian package of the tested build, and makes further versions of it."""

import pathlib
import shutil
import subprocess

from test_environment import BUILD, SOURCE

PACKED = BUILD / "tests/package/packed"


def pack(folder, build=BUILD):
    """Packs the build, and returns the paths of the package and of that with debug symbols. CPack
    writes the umask into the package."""
    subprocess.run(["cpack", "-G", "DEB", "-B", folder], cwd=build, check=True, umask=0o022,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder / "_CPack_Packages")
    return find(folder)


def find(folder=PACKED):
    package, = folder.glob("attestrd_*.deb")
    symbols, = folder.glob("attestrd-dbgsym_*.ddeb")
    return package, symbols


def version():
    """Returns the version that project() in the top CMakeLists.txt states."""
    for line in (SOURCE / "CMakeLists.txt").read_text().splitlines():
        if line.startswith("project("):
            return line.split("VERSION ")[1].split()[0]
    raise AssertionError("no project()")


def fields(package):
    """Returns the fields of the control file."""
    text = subprocess.run(["dpkg-deb", "--field", package], text=True, check=True,
                          capture_output=True).stdout
    return dict(line.split(": ", 1) for line in text.splitlines()
                if ": " in line and not line.startswith(" "))


def unpack(package, folder):
    """Unpacks the files of the package, and those for dpkg into DEBIAN."""
    subprocess.run(["dpkg-deb", "--raw-extract", package, folder], check=True)
    return pathlib.Path(folder)


def with_version(package, new_version, folder):
    """Returns a copy of the package that differs in its version alone."""
    content = unpack(package, folder / new_version)
    control = content / "DEBIAN/control"
    control.write_text(control.read_text().replace(f"\nVersion: {version()}\n",
                                                   f"\nVersion: {new_version}\n"))
    path = folder / f"attestrd_{new_version}_amd64.deb"
    subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "--build", content, path],
                   check=True, stdout=subprocess.DEVNULL)
    return path
