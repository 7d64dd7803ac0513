"""Tests what branches.py counts, with small files and the branches that gcov would report for
them."""

import contextlib
import io
import pathlib
import subprocess
import tempfile
import unittest

from branches import Counts, Source, arms, main


def pair(left, right):
    return [{"count": left, "throw": False, "fallthrough": True},
            {"count": right, "throw": False, "fallthrough": False}]


def call(count):
    return [{"count": count, "throw": False, "fallthrough": True},
            {"count": 0, "throw": True, "fallthrough": False}]


def switch(*counts):
    return [{"count": count, "throw": False, "fallthrough": False} for count in counts]


class BranchesTest(unittest.TestCase):
    def counted(self, text, *lines):
        """Returns the counts of lines. `lines`: pairs of a number and its branches."""
        counts = Counts("lib/a.cpp", Source(text))
        for number, branches in lines:
            counts.add_line(number, "f", arms(branches))
        counts.count_branches()
        return counts

    def test_an_if_has_two_branches(self):
        counts = self.counted("if (a)\n", (1, pair(3, 0)))
        self.assertEqual((counts.taken, counts.missing), (1, [(1, 1)]))

    def test_counts_of_two_objects_are_added(self):
        counts = self.counted("if (a)\n", (1, pair(3, 0)), (1, pair(0, 2)))
        self.assertEqual((counts.taken, counts.missing), (2, []))

    def test_call_that_may_throw_is_no_branch(self):
        counts = self.counted("if (f(g()))\n", (1, call(4) + pair(4, 1) + call(0)))
        self.assertEqual((counts.taken, counts.missing), (2, []))

    def test_branch_behind_another_is_not_counted_twice(self):
        counts = self.counted("if (a && b)\n", (1, pair(0, 5) + pair(0, 0)))
        self.assertEqual((counts.taken, counts.missing), (1, [(1, 1)]))

    def test_braces_defaults_and_checks_are_not_counted(self):
        text = "}\nauto operator<=>(A) = default;\nATTESTRD_CHECK(a &&\n               b);\n"
        counts = self.counted(text, *((number, pair(1, 0)) for number in range(1, 5)))
        self.assertEqual((counts.taken, counts.missing), (0, []))

    def test_each_arm_of_a_switch_has_its_line(self):
        text = ("switch (a) {\n  case A:\n  case B: return 1;\n  case C:\n    if (b) return 2;\n"
                "    break;\n  default: return 3;\n}\n")
        counts = self.counted(text, (1, switch(1, 0, 0)))
        self.assertEqual((counts.taken, counts.missing), (1, [(4, 1), (7, 1)]))

    def test_a_switch_over_all_values_has_no_other_arm(self):
        text = "switch (a) {\n  case A: return 1;\n  case B: return 2;\n}\n"
        counts = self.counted(text, (1, switch(1, 2, 0)))
        self.assertEqual((counts.taken, counts.missing), (2, []))

    def test_a_comment_names_an_exception(self):
        text = ("if (a)  // Never: it has one.\n\n// Never: it is open.\nif (b)\n"
                "if (c)  // Never say it.\n")
        counts = self.counted(text, (1, pair(1, 0)), (4, pair(0, 1)), (5, pair(0, 1)))
        self.assertEqual(counts.exempt, [(1, 1), (4, 1)])
        self.assertEqual(counts.missing, [(5, 1)])
        self.assertEqual(list(counts.wrong_exceptions()), [])

    def test_wrong_comment_is_reported(self):
        counts = self.counted("if (a)  // Never: it has one.\n", (1, pair(1, 2)))
        self.assertEqual(list(counts.wrong_exceptions()), [1])

    def test_function_that_never_ran_is_reported(self):
        counts = self.counted("void f() {\n}\nvirtual ~A() = default;\nvoid g() {\n}\n")
        counts.functions.update({(1, "f()"): 0, (3, "~A()"): 0, (4, "g()"): 1})
        self.assertEqual(counts.never_ran(), [(1, "f()")])


class BuildTest(unittest.TestCase):
    """Tests the selection of sources, with a small build."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.build = self.root / "build"
        self.build.mkdir()

    def add(self, name, text, is_built=True):
        path = self.root / "lib" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if is_built:
            self.run_in_build("g++", "--coverage", "-c", path, "-o", f"{path.stem}.o")

    def run_in_build(self, *command):
        subprocess.run(command, cwd=self.build, check=True)

    def report(self, *patterns):
        """Returns the exit code and the output."""
        with contextlib.redirect_stdout(io.StringIO()) as out:
            code = main(self.root, self.build, *patterns)
        return code, out.getvalue()

    def test_source_that_ran_passes(self):
        self.add("verify/a.cpp", "int main(int n, char**) {\n  return n > 1 ? 1 : 0;\n}\n")
        self.run_in_build("g++", "--coverage", "a.o", "-o", "a")
        subprocess.run([self.build / "a", "more"], check=False)
        self.run_in_build("./a")
        self.assertEqual(self.report("verify/")[0], 0)
        code, out = self.report("verify/", "verity/")
        self.assertEqual(code, 1)
        self.assertIn("verity/: matches no source of lib/", out)

    def test_source_that_no_program_has_linked_is_reported(self):
        self.add("verify/a.cpp", "int f(int n) {\n  return n > 1 ? 1 : 0;\n}\n")
        code, out = self.report("verify/")
        self.assertEqual(code, 1)
        self.assertIn("lib/verify/a.cpp: is not part of any program that ran", out)

    def test_source_without_an_object_is_reported(self):
        self.add("verify/a.cpp", "int f() { return 1; }\n", is_built=False)
        code, out = self.report("verify/")
        self.assertEqual(code, 1)
        self.assertIn("lib/verify/a.cpp: is not part of any program that ran", out)


if __name__ == "__main__":
    unittest.main()
