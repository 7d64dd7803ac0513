"""Packs the tested build, for the tests that use the package. Usage: pack.py"""

import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import package  # noqa: E402

if __name__ == "__main__":
    shutil.rmtree(package.PACKED, ignore_errors=True)
    print(*package.pack(package.PACKED))
