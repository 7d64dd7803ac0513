"""Tests that each rule of tidy.py passes a good checkout and finds a violation."""

import pathlib
import tempfile
import unittest

import tidy

CORE_FILTER = ("set(techniques sqlite posix beast)\n"
               r'list(FILTER core EXCLUDE REGEX "/(${technique})_[a-z_]+\\.cpp$|/runtime/")' + "\n")

GOOD_CHECKOUT = {
    "CMakeLists.txt": "",
    "lib/CMakeLists.txt": "file(GLOB_RECURSE sources *.cpp)\n" + CORE_FILTER,
    "lib/queue/queue.h": "#pragma once\n",
    "lib/queue/queue.cpp": '#include "queue/queue.h"\nint depth() { return 1; }\n',
    "lib/queue/sqlite_queue.cpp": "#include <sqlite3.h>\n#include <thread>\n",
    "daemon/CMakeLists.txt": "add_executable(attestrd main.cpp)\n",
    "daemon/main.cpp": "int main() {}\n",
    "lib/http/beast_server.cpp": "#include <boost/beast/http.hpp>\n",
    "tests/CMakeLists.txt": "file(GLOB_RECURSE sources unit/*.cpp)\n",
    "tests/unit/queue/queue_test.cpp": '#include "queue/queue.h"\n',
    "tests/tidy/untested": "lib/queue/sqlite_queue.cpp  an example\n"
                           "lib/http/beast_server.cpp  another\n",
}


def long_function(lines):
    return "\n".join(["int f(int x) {", *["  ++x;"] * (lines - 2), "}"]) + "\n"


class TidyTest(unittest.TestCase):
    def complaints(self, rule, **changes):
        """Returns the complaints of a rule about the good checkout with changes; `None` removes a
        file."""
        files = {**GOOD_CHECKOUT, **changes.get("files", {})}
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                if text is not None:
                    path = pathlib.Path(root, name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)
            return [f"{name}:{number}" for name, number, _ in rule(tidy.Checkout(root))]

    def assert_finds(self, rule, where, **files):
        self.assertIn(where, self.complaints(rule, **files))

    def test_good_checkout_passes(self):
        for rule in tidy.RULES:
            self.assertEqual(self.complaints(rule), [], rule.__name__)

    def test_map_names_files(self):
        text = "1. `queue/queue` and `daemon/main.cpp`; `/usr/bin` and `results/` are no files.\n"
        self.assertEqual(self.complaints(tidy.map_names_files, files={"lib/README.md": text}), [])
        self.assert_finds(tidy.map_names_files, "lib/README.md:2",
                          files={"lib/README.md": text + "2. `queue/attic`\n"})

    def test_documents_are_complete(self):
        readme = "See [it](lib/queue/queue.h).\n"
        self.assertEqual(self.complaints(tidy.documents_are_complete,
                                         files={"README.md": readme * 150}), [])
        self.assert_finds(tidy.documents_are_complete, "README.md:1",
                          files={"README.md": "[it](lib/none.h)"})
        self.assert_finds(tidy.documents_are_complete, "README.md:151",
                          files={"README.md": readme * 151})

    def test_arrows_run_down(self):
        includes = '#pragma once\n#include "{}"\n'
        files = {"lib/queue/rows.h": includes.format("handshake/handshake.h"),
                 "lib/engine/engine.h": includes.format("queue/queue.h"),
                 "daemon/control/status.h": includes.format("daemon/config/config.h"),
                 "daemon/cli/run.h": includes.format("engine/engine.h")}
        self.assertEqual(self.complaints(tidy.arrows_run_down, files=files), [])
        for name, target in (("lib/queue/rows.h", "engine/engine.h"),
                             ("lib/queue/rows.h", "spool/spool.h"),
                             ("lib/runtime/loop.h", "daemon/cli/run.h"),
                             ("daemon/config/config.h", "daemon/control/status.h")):
            self.assert_finds(tidy.arrows_run_down, f"{name}:2",
                                files={name: includes.format(target)})
        self.assert_finds(tidy.arrows_run_down, "lib/attic/old.h:1",
                            files={"lib/attic/old.h": "#pragma once\n"})

    def test_folders_are_small(self):
        units = {f"lib/queue/part{i}.{ending}": "#pragma once\n"
                 for i in range(tidy.MAX_UNITS - 2) for ending in ("h", "cpp")}
        self.assertEqual(self.complaints(tidy.folders_are_small, files=units), [])
        self.assert_finds(tidy.folders_are_small, "lib/queue:1",
                            files={**units, "lib/queue/one_more.h": "#pragma once\n"})

    def test_classes_are_small(self):
        def checked(declarations, head="class Big {", above=""):
            return {"lib/queue/queue.h": "\n".join([
                "#pragma once", above, head, " public:", *declarations, "};"]) + "\n"}

        methods = [f"  int f{i}() const;" for i in range(tidy.MAX_METHODS)]
        others = ["  Big();", "  ~Big() { f0(); }", "  Big(Big&&) = default;", "  int a_ = f(1);",
                  "  bool operator==(const Big&) const;", "  std::function<void(int)> b_;",
                  "  int c_{f(2)};", "  using D = int();", "  void (*e_)(int);", "  struct Inner {",
                  "    int g();", "  };", "  friend int h(Big);", "  enum class I { j };"]
        rule = tidy.classes_are_small
        self.assertEqual(self.complaints(rule, files=checked([*methods, *others])), [])
        for one_more in ("  int h() { return f(); }", "  std::map<int, int> h(int i = g());",
                         "  template <class T>\n  T h(T);", "  [[nodiscard]] virtual int h() = 0;",
                         " private:\n  static int h();"):
            with self.subTest(one_more):
                self.assert_finds(rule, "lib/queue/queue.h:3",
                                  files=checked([*methods, *others, one_more]))
        large = [*methods, "  int h();"]
        reason = "// More than 20 methods: an example."
        for marked in (checked(large, above=reason), checked(large, f"class Big {{  {reason}")):
            self.assertEqual(self.complaints(rule, files=marked), [])
        self.assert_finds(rule, "lib/queue/queue.h:3", files=checked(methods, above=reason))

    def test_libraries_are_used(self):
        rule, name = tidy.libraries_are_used, "lib/CMakeLists.txt"
        core, adapters = ("\ntarget_link_libraries(attestrd_%s PUBLIC {})\n" % target
                          for target in ("core", "io"))
        text = GOOD_CHECKOUT[name]
        self.assertEqual(self.complaints(
            rule, files={name: text + adapters.format("SQLite::SQLite3")}), [])
        for link in (core.format("SQLite::SQLite3"), adapters.format("OpenSSL::SSL"),
                     core.format("Unknown::Library")):
            with self.subTest(link):
                self.assert_finds(rule, f"{name}:5", files={name: text + link})

    def test_formatted(self):
        self.assert_finds(tidy.formatted, "daemon/main.cpp:1",
                            files={"daemon/main.cpp": "int  main(){return 0;}\n"})

    def test_shell_scripts_are_clean(self):
        for name, head in (("daemon/demo", "#!/bin/bash\n"), ("systemd/it", "#!/bin/sh\n"),
                           ("tests/setup", "# shellcheck shell=bash\n")):
            self.assert_finds(tidy.shell_scripts_are_clean, f"{name}:2",
                              files={name: head + "rm $1\n"})
        self.assertEqual(self.complaints(tidy.shell_scripts_are_clean,
                                         files={"tests/run": "#!/usr/bin/env python3\nrm $1\n",
                                                "daemon/demo": "#!/bin/sh\nrm \"$1\"\n"}), [])

    def test_line_length(self):
        at_limit, above = "// " + "x" * 97, "// " + "x" * 98
        self.assert_finds(tidy.line_length, "daemon/main.cpp:2",
                            files={"daemon/main.cpp": f"{at_limit}\n{above}\n"})

    def test_function_length(self):
        files = {"daemon/main.cpp": "// Why.\n" + long_function(71)}
        self.assertEqual(self.complaints(tidy.function_length, files=files), ["daemon/main.cpp:2"])
        files = {"daemon/main.cpp": long_function(70)}
        self.assertEqual(self.complaints(tidy.function_length, files=files), [])

    def test_pure_core(self):
        for line in ("#include <thread>", "#include <sys/stat.h>", "#include <boost/asio.hpp>",
                     "#include <boost/beast.hpp>", "#include <poll.h>",
                     "std::random_device device;",
                     "auto now = std::chrono::steady_clock::now();"):
            with self.subTest(line):
                self.assert_finds(tidy.pure_core, "lib/queue/queue.h:1",
                                    files={"lib/queue/queue.h": line})

    def test_beast_in_two_files(self):
        self.assert_finds(tidy.beast_in_two_files, "daemon/main.cpp:1",
                            files={"daemon/main.cpp": "#include <boost/beast/core.hpp>"})

    def test_no_unfinished_code(self):
        for line in ("// TODO: more", "// FIXME", "TEST(Queue, DISABLED_Grows) {",
                     "  GTEST_SKIP();", "#if 0"):
            with self.subTest(line):
                self.assert_finds(tidy.no_unfinished_code, "lib/queue/queue.h:1",
                                    files={"lib/queue/queue.h": line})
        self.assert_finds(tidy.no_unfinished_code, "tests/e2e/x_test.py:1",
                            files={"tests/e2e/x_test.py": "@unittest.skip('later')"})

    def test_no_dead_header(self):
        self.assert_finds(tidy.no_dead_header, "lib/queue/old.h:1",
                            files={"lib/queue/old.h": '#include "queue/old.h"\n'})

    def test_no_dead_source(self):
        self.assert_finds(tidy.no_dead_source, "daemon/old.cpp:1", files={"daemon/old.cpp": ""})

    def test_source_that_no_pattern_matches_is_dead(self):
        loop = "foreach(kind unit io)\n  file(GLOB_RECURSE found ${kind}/*.cpp)\nendforeach()\n"
        files = {"tests/CMakeLists.txt": loop + "# Not dead.cpp.\n", "tests/io/deep/a_test.cpp": "",
                 "tests/simulation/CMakeLists.txt": "add_executable(sim live.cpp)\n"
                                                    "file(GLOB found scenarios/*.scn)\n",
                 "tests/simulation/live.cpp": "",
                 "tests/stand_in/CMakeLists.txt":
                     "file(GLOB found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)\n",
                 "tests/stand_in/a_test.cpp": "",
                 "tests/bench/CMakeLists.txt": "file(GLOB pieces pieces_*.cpp)\n",
                 "tests/bench/pieces_of_a.cpp": ""}
        self.assertEqual(self.complaints(tidy.no_dead_source, files=files), [])
        for name in ("tests/dead.cpp", "tests/unity/dead.cpp", "tests/simulation/dead.cpp",
                     "tests/simulation/not-live.cpp", "tests/simulation/scenarios/dead.cpp",
                     "tests/stand_in/dead.cpp", "tests/stand_in/deep/a_test.cpp",
                     "tests/bench/dead.cpp"):
            with self.subTest(name):
                self.assert_finds(tidy.no_dead_source, f"{name}:1", files={**files, name: ""})

    def test_every_unit_is_tested(self):
        self.assert_finds(tidy.every_unit_is_tested, "lib/queue/new.cpp:1",
                            files={"lib/queue/new.cpp": ""})
        self.assert_finds(tidy.every_unit_is_tested, "lib/queue/sqlite_queue.cpp:1",
                            files={"tests/tidy/untested": "lib/queue/sqlite_queue.cpp\n"})
        for stale in ("lib/queue/gone.cpp", "lib/queue/queue.cpp"):
            with self.subTest(stale):
                exception = GOOD_CHECKOUT["tests/tidy/untested"] + f"{stale} why\n"
                self.assert_finds(tidy.every_unit_is_tested, "tests/tidy/untested:1",
                                    files={"tests/tidy/untested": exception})

    def test_top_level(self):
        self.assert_finds(tidy.top_level, "notes.txt:1", files={"notes.txt": ""})


class FunctionsTest(unittest.TestCase):
    def assert_functions(self, text, *expected):
        self.assertEqual(list(tidy.functions(text)), list(expected))

    def test_members_and_initializers(self):
        self.assert_functions("struct A {\n  A()\n      : a_{1}, b_(2) {\n    f();\n  }\n"
                              "  int a_{0};\n};\n", (2, 5))

    def test_a_lambda_is_part_of_its_function(self):
        self.assert_functions("void f() {\n  g([] {\n    h();\n  });\n}\n", (1, 5))

    def test_data_is_no_function(self):
        self.assert_functions("const int kA[] = {\n  f(1),\n};\nenum class B {\n  one,\n};\n")

    def test_braces_in_text_do_not_count(self):
        self.assert_functions('void f() {\n  g("{", \'{\', R"x({\n{)x");  // {\n}\n', (1, 4))

    def test_a_namespace_is_transparent(self):
        self.assert_functions("namespace a {\nint f() {\n  return 1;\n}\n}  // namespace a\n",
                              (2, 4))


if __name__ == "__main__":
    unittest.main()
