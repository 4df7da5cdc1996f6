"""Each rule of tidy.py catches a bad sample and leaves a good one alone."""

import tempfile
import unittest
from pathlib import Path

import tidy


def rules_of(path: str, text: str) -> set:
    return {finding.rule for rule in tidy.RULES for finding in rule(path, text)}


class TextRules(unittest.TestCase):
    def test_line_length(self) -> None:
        self.assertIn("line length", rules_of("core/a.cpp", "// " + "x" * 120 + "\n"))
        self.assertEqual(rules_of("core/a.cpp", "// " + "x" * 117 + "\n"), set())
        self.assertEqual(rules_of("docs/a.md", "| " + "x" * 200 + " |\n"), set())
        self.assertIn("line length", rules_of("docs/a.md", "x" * 121 + "\n"))

    def test_file_length(self) -> None:
        self.assertIn("file length", rules_of("core/a.cpp", "int a;\n" * 501))
        self.assertEqual(rules_of("core/a.cpp", "int a;\n" * 500), set())

    def test_white_space(self) -> None:
        self.assertIn("white space", rules_of("core/a.cpp", "int a; \n"))
        self.assertIn("white space", rules_of("core/a.cpp", "int a;\r\n"))
        self.assertIn("white space", rules_of("core/a.cpp", "\tint a;\n"))
        self.assertIn("white space", rules_of("core/a.cpp", "int a;"))

    def test_left_over(self) -> None:
        for word in ("TO" + "DO", "FIX" + "ME"):
            self.assertIn("left over", rules_of("docs/a.md", f"{word}: later\n"))
        self.assertIn("left over", rules_of("core/a.cpp", "# if 0\nint a;\n#endif\n"))
        self.assertEqual(rules_of("core/a.cpp", "#if 0 < 1\n#endif\n") & {"size"}, set())

    def test_places(self) -> None:
        for place in ("work", "home", "root"):
            self.assertIn("place", rules_of("docs/a.md", f"see /{place}/x\n"))
        self.assertIn("place", rules_of("scripts/a.sh", "curl https://" + "pypi" + ".org\n"))
        self.assertEqual(rules_of("docs/a.md", "team/work/x and net.work/flow\n"), set())


class CodeRules(unittest.TestCase):
    def test_one_clock(self) -> None:
        bad = [
            "void f() { std::this_thread::sleep_for(1s); }\n",
            "void f() { usleep(3); }\n",
            "void f() { ::sleep(3); }\n",
            "auto t = std::chrono::system_clock::now();\n",
            "auto t = std::time(nullptr);\n",
            "int r = rand();\n",
        ]
        for text in bad:
            self.assertIn("one clock", rules_of("rig/run/a.cpp", text), text)
            self.assertIn("one clock", rules_of("bench/a.cpp", text), text)
            self.assertIn("one clock", rules_of("tests/unit/run/a.cpp", text), text)
            self.assertEqual(rules_of("core/a.cpp", text), set(), text)
            self.assertEqual(rules_of("tests/sockets/a.cpp", text), set(), text)
        good = ["void f() { clock.now(); }\n", "Task<> f() { co_await sleep_for(1s); }\n", "// sleep(3)\n"]
        for text in good:
            self.assertEqual(rules_of("rig/run/a.cpp", text), set(), text)

    def test_awaitable_race(self) -> None:
        self.assertIn("awaitable race", rules_of("core/a.cpp", "auto r = co_await (read(s) || timer.wait(t));\n"))
        self.assertIn("awaitable race", rules_of("core/a.cpp", "using namespace asio::awaitable_operators;\n"))
        self.assertEqual(rules_of("core/a.cpp", "if (a || b) co_await (f(x));\n"), set())

    def test_layering(self) -> None:
        bad = {
            "core/a.cpp": "meters/cjt188.hpp",
            "core/clock.cpp": "core/io/transport/loop.hpp",
            "meters/a.cpp": "instruments/reading.hpp",
            "instruments/a.cpp": "rig/plan/plan.hpp",
            "rig/plan/a.cpp": "rig/record/verdict.hpp",
            "rig/record/a.cpp": "rig/plan/plan.hpp",
            "rig/run/a.cpp": "bench/bench.hpp",
            "testcases/valve/a.cpp": "bench/bench.hpp",
            "bench/a.cpp": "rig/run/run.hpp",
            "rig/cli/a.cpp": "tests/unit/a.hpp",
            "bindings/a.cpp": "tests/support/virtual_rig.hpp",
            "instruments/b.cpp": "core/io/transport/streams.hpp",
        }
        for path, target in bad.items():
            self.assertIn("layering", rules_of(path, f'#include "{target}"\n'), path)
        good = {
            "testcases/valve/a.cpp": "rig/run/trial.hpp",
            "rig/cli/a.cpp": "bench/bench.hpp",
            "bench/a.cpp": "instruments/profile.hpp",
            "core/io/transport/a.cpp": "core/io/byte_stream.hpp",
            "tests/unit/a.cpp": "bench/bench.hpp",
        }
        for path, target in good.items():
            self.assertEqual(rules_of(path, f'#include "{target}"\n'), set(), path)

    def test_system_includes(self) -> None:
        for header in ("boost/asio.hpp", "boost/asio/post.hpp", "modbus.h", "modbus/modbus.h", "libserialport.h"):
            self.assertIn("layering", rules_of("rig/cli/a.cpp", f"#include <{header}>\n"), header)
            self.assertEqual(rules_of("core/io/transport/a.cpp", f"#include <{header}>\n"), set(), header)

    def test_include_guard(self) -> None:
        self.assertIn("include guard", rules_of("core/a.hpp", "int a;\n"))
        self.assertEqual(rules_of("core/a.hpp", "#pragma once\n"), set())


class FunctionLength(unittest.TestCase):
    body = "  a = 1;\n"

    def test_long_ones_are_found(self) -> None:
        heads = [
            "void f() {\n",
            "namespace x {\nTask<> Run::f(int a) const {\n",
            "struct S {\n  S() : a_{1}, b_(2) {\n",
            "TEST(A, B) {\n",
            "template <typename T>\nauto f(T a) noexcept -> std::vector<T> {\n",
            "bool operator==(const A& a, const A& b) {\n",
        ]
        for head in heads:
            text = head + self.body * 60 + "}\n"
            self.assertIn("function length", rules_of("core/a.cpp", text), head)

    def test_containers_and_tables_are_none(self) -> None:
        for head in ("namespace x {\n", "struct S : Base {\n", "enum class E {\n", "constexpr int table[] = {\n"):
            text = head + "  a = 1,\n" * 70 + "};\n"
            self.assertEqual(rules_of("core/a.cpp", text), set(), head)

    def test_two_short_ones_are_two(self) -> None:
        text = ("void f() {\n" + self.body * 40 + "}\n") * 2
        self.assertEqual(rules_of("core/a.cpp", text), set())

    def test_braces_in_literals(self) -> None:
        text = "void f() {\n  auto a = \"{\";\n  char c = '{';\n  auto r = R\"(\n{{{\n)\";\n}\n" + "int a;\n" * 70
        self.assertEqual(rules_of("core/a.cpp", text), set())

    def test_python(self) -> None:
        self.assertIn("function length", rules_of("reports/a.py", "def f():\n" + "    a = 1\n" * 60))
        self.assertEqual(rules_of("reports/a.py", "def f():\n" + "    a = 1\n" * 59), set())


class SingleFiles(unittest.TestCase):
    def test_changelog(self) -> None:
        good = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n* a\n\n## [0.2.0] - 2026-02-01\n\n### Fixed\n\n* b\n"
        self.assertEqual(rules_of("CHANGELOG.md", good), set())
        bad = [
            good.replace("# Changelog", "# News"),
            good.replace("### Added", "### New"),
            good.replace("* a\n", ""),
            good.replace(" - 2026-02-01", ""),
            good.replace("[0.2.0]", "0.2.0"),
            good + "\n## [0.3.0] - 2026-03-01\n\n### Fixed\n\n* c\n",
        ]
        for text in bad:
            self.assertIn("changelog", rules_of("CHANGELOG.md", text), text)

    def test_config(self) -> None:
        self.assertEqual(rules_of("config/a.json", '{"a": "http://x" /* b */} // c\n'), set())
        self.assertIn("config", rules_of("config/a.json", '{"a": 1,}\n'))


class Tree(unittest.TestCase):
    def findings(self, name: str, data: bytes) -> set:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
            return {finding.rule for _, finding in tidy.check_tree(Path(folder))}

    def test_binaries_and_big_files(self) -> None:
        self.assertIn("binary", self.findings("config/a.bin", b"\x7fELF\x00\x01"))
        self.assertIn("size", self.findings("docs/a.md", b"a\n" * 250_001))

    def test_format(self) -> None:
        self.assertIn("format", self.findings("core/a.cpp", b"int   a ;\n"))
        self.assertNotIn("format", self.findings("core/a.cpp", b"int a;\n"))

    def test_citations(self) -> None:
        self.assertIn("citation", self.findings("core/a.cpp", b"// (semantics" + b": no such rule)\n"))

    def test_what_is_built_is_left_alone(self) -> None:
        self.assertEqual(self.findings("build-x/a.cpp", b"int   a ;\n"), {"missing"})


if __name__ == "__main__":
    unittest.main()
