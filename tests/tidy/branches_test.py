"""Tests what branches.py counts, with small files and the branches that gcov would report for
them."""

import unittest

from branches import Counts, Source, arms


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


if __name__ == "__main__":
    unittest.main()
