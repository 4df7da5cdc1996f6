"""Style and layering as a test: every rule that a reviewer would have to argue about otherwise.

tidy.py [ROOT] prints `file:line: rule: what` for each finding and exits 1 if there is one. No comment switches a rule
off: whoever needs an exception changes the rule here, in the open.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator, List, NamedTuple, Tuple

LINE_MAX = 120
FILE_MAX = 500
FUNCTION_MAX = 60
BYTES_MAX = 500_000
CPP = (".cpp", ".hpp", ".cpp.in")
CODE = CPP + (".py",)
BUILT = ("build", ".git", "meterrig-data", "__pycache__", "node_modules", ".cache", ".pytest_cache")


class Finding(NamedTuple):
    line: int
    rule: str
    what: str


Rule = Callable[[str, str], Iterator[Finding]]


# --- C++ without comments and literals --------------------------------------------------------------------------------

TOKENS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\s]{0,16})\(.*?\)(?P=tag)"|"""
    r""""(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)


def blanked(text: str) -> str:
    """The text with comments and literals as spaces, so that every line keeps its number."""
    return TOKENS.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def without_comments(text: str) -> str:
    def keep_literal(match: "re.Match[str]") -> str:
        token = match.group()
        return re.sub(r"[^\n]", " ", token) if token.startswith(("//", "/*")) else token

    return TOKENS.sub(keep_literal, text)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


# --- rules of text ----------------------------------------------------------------------------------------------------


def line_length(path: str, text: str) -> Iterator[Finding]:
    if not path.endswith(CODE + (".md", ".sh", ".txt", ".cmake")):
        return
    for number, line in enumerate(text.split("\n"), 1):
        table_or_link = path.endswith(".md") and (line.startswith("|") or "](http" in line)
        if len(line) > LINE_MAX and not table_or_link:
            yield Finding(number, "line length", f"{len(line)} characters, at most {LINE_MAX}")


def file_length(path: str, text: str) -> Iterator[Finding]:
    lines = text.count("\n")
    if path.endswith(CODE) and lines > FILE_MAX:
        yield Finding(lines, "file length", f"{lines} lines, at most {FILE_MAX}")


def white_space(path: str, text: str) -> Iterator[Finding]:
    if text and not text.endswith("\n"):
        yield Finding(line_of(text, len(text)), "white space", "no line end at the end")
    for number, line in enumerate(text.split("\n"), 1):
        if line.endswith((" ", "\t", "\r")):
            yield Finding(number, "white space", "at the end of the line")
        if "\t" in line and path.endswith(CODE):
            yield Finding(number, "white space", "a tab")


# Put together here, so that this file does not find itself.
LEFT_OVER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")
SWITCHED_OFF = re.compile(r"^\s*#\s*if\s+(0|false)\b", re.MULTILINE)


def left_over(path: str, text: str) -> Iterator[Finding]:
    for match in LEFT_OVER.finditer(text):
        yield Finding(line_of(text, match.start()), "left over", match.group())
    if path.endswith(CPP):
        for match in SWITCHED_OFF.finditer(text):
            yield Finding(line_of(text, match.start()), "left over", "code that is switched off")


PLACES = re.compile(
    r"(?<![\w.$}])/(?:work|home|root|shared)/[\w.]|"
    r"\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|crates\.io|proxy\.golang\.org|deb\.debian\.org)\b"
)


def places(path: str, text: str) -> Iterator[Finding]:
    for match in PLACES.finditer(text):
        yield Finding(line_of(text, match.start()), "place", f"{match.group()} is a place of one machine or a registry")


# --- rules of C++ -----------------------------------------------------------------------------------------------------

# Tests of sockets wait for the kernel; benchmarks measure the machine.
SEES_REAL_TIME = ("core/", "tests/sockets/", "tests/benchmarks/")
FREE = r"(?<![\w:.>])(?:std::|::)?"  # a function of its own, not a member of something
REAL_TIME = [
    (re.compile(r"\bstd::this_thread::(sleep_for|sleep_until|yield)\b"), "waits in real time"),
    (re.compile(FREE + r"(sleep|usleep|nanosleep|clock_nanosleep)\s*\("), "waits in real time"),
    (re.compile(r"\b\w*_?clock::now\b"), "reads a clock"),
    (re.compile(FREE + r"(gettimeofday|clock_gettime|time)\s*\(\s*(?:NULL|nullptr|0|&|CLOCK_)"), "reads a clock"),
    (re.compile(FREE + r"(s?rand|drand48)\s*\("), "draws a number that no seed repeats"),
]


def one_clock(path: str, text: str) -> Iterator[Finding]:
    if not path.endswith(CPP) or path.startswith(SEES_REAL_TIME):
        return
    code = blanked(text)
    for pattern, what in REAL_TIME:
        for match in pattern.finditer(code):
            words = f"{match.group().strip()} {what}; core's Clock only"
            yield Finding(line_of(code, match.start()), "one clock", words)


RACE = re.compile(r"\bco_await\s*\((?:[^;{}()]|\([^;{}]*?\))*\|\|")
OPERATORS = re.compile(r"\bawaitable_operators\b")


def awaitable_race(path: str, text: str) -> Iterator[Finding]:
    if not path.endswith(CPP):
        return
    code = without_comments(text)
    for match in list(RACE.finditer(code)) + list(OPERATORS.finditer(code)):
        line = line_of(code, match.start())
        yield Finding(line, "awaitable race", "a deadline is a timer of its link, never `op || timer`")


SYSTEM_INCLUDE = re.compile(
    r"^\s*#\s*include\s*<(boost/asio[^>]*|(?:modbus/)?modbus[\w-]*\.h|libserialport\.h|lxi\.h)>", re.MULTILINE
)
TRANSPORT = "core/io/transport/"
# Peers that know nothing of the library are written against what they are compared with.
SEES_LIBRARIES = (TRANSPORT, "tests/sockets/", "tests/benchmarks/")
GROUND = ("core/", "meters/", "instruments/")
ENGINE = GROUND + ("rig/plan/", "rig/record/", "rig/run/")
LAYERS: List[Tuple[str, Tuple[str, ...]]] = [
    ("core/", ("core/",)),
    ("meters/", ("core/", "meters/")),
    ("instruments/", GROUND),
    ("rig/plan/", ("core/", "rig/plan/")),
    ("rig/record/", ("core/", "rig/record/")),
    ("rig/run/", ENGINE),
    ("testcases/", ENGINE + ("testcases/",)),
    ("bench/", GROUND + ("bench/",)),
    ("rig/cli/", GROUND + ("rig/", "testcases/", "bench/")),
    ("bindings/", GROUND + ("rig/", "testcases/", "bench/", "bindings/")),
]
SEES_TRANSPORT = (TRANSPORT, "rig/cli/", "bindings/", "tests/")
OWN_INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


def layering(path: str, text: str) -> Iterator[Finding]:
    if not path.endswith(CPP):
        return
    allowed = next((below for folder, below in LAYERS if path.startswith(folder)), None)
    for match in OWN_INCLUDE.finditer(text):
        target, line = match.group(1), line_of(text, match.start(1))
        if allowed is not None and not target.startswith(allowed):
            yield Finding(line, "layering", f"{path.rsplit('/', 1)[0]} may not include {target}")
        if target.startswith(TRANSPORT) and not path.startswith(SEES_TRANSPORT):
            yield Finding(line, "layering", f"only programs include {target}; drivers know ByteStream and RegisterBus")
    if not path.startswith(SEES_LIBRARIES):
        for match in SYSTEM_INCLUDE.finditer(text):
            yield Finding(line_of(text, match.start(1)), "layering", f"<{match.group(1)}> is for {TRANSPORT} alone")


def include_guard(path: str, text: str) -> Iterator[Finding]:
    if path.endswith(".hpp") and not re.search(r"^#pragma once$", text, re.MULTILINE):
        yield Finding(1, "include guard", "no #pragma once")


# --- lengths of functions ---------------------------------------------------------------------------------------------

DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
CONTAINER = re.compile(r"(?:^|[\s>])(namespace|class|struct|union|enum)\b[^()]*$|\bextern\s*$")
BODY = re.compile(
    r"\)\s*(?:(?:const\b|noexcept\b(?:\s*\([^)]*\))?|override\b|final\b|mutable\b|try\b|&&?|requires\b.*|"
    r"->[\w:<>,\s*&]+)\s*)*$",
    re.DOTALL,
)
CONSTRUCTOR = re.compile(r"\)\s*(?:noexcept\s*)?:\s.*\{\}\s*$", re.DOTALL)


def functions(text: str) -> Iterator[Tuple[int, int]]:
    """First and last line of each function that is not inside another one."""
    code = DIRECTIVE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), blanked(text))
    stack: List[Tuple[str, int]] = []
    head, first = "", 1
    line = 1
    inside = 0
    for character in code:
        if character == "\n":
            line += 1
        if character == "{":
            kind = "function" if BODY.search(head) or CONSTRUCTOR.search(head) else "container"
            if kind == "container" and not CONTAINER.search(head):
                kind = "value"
            stack.append((kind if not inside else "inner", first))
            inside += stack[-1][0] == "function"
            if stack[-1][0] == "container":
                head = ""
        elif character == "}" and stack:
            kind, begin = stack.pop()
            if kind == "function":
                inside -= 1
                yield begin, line
            head = head + "{}" if kind == "value" else "" if not inside else head
        elif inside or (stack and stack[-1][0] == "value"):
            continue
        elif character == ";":
            head = ""
        else:
            if not head.strip() and not character.isspace():
                head, first = "", line
            head += character


def function_length(path: str, text: str) -> Iterator[Finding]:
    spans: List[Tuple[int, int]] = []
    if path.endswith(CPP):
        spans = list(functions(text))
    elif path.endswith(".py"):
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
        spans = [(n.lineno, n.end_lineno or n.lineno) for n in ast.walk(ast.parse(text)) if isinstance(n, kinds)]
    for first, last in spans:
        if last - first + 1 > FUNCTION_MAX:
            yield Finding(first, "function length", f"{last - first + 1} lines, at most {FUNCTION_MAX}")


# --- rules of single files --------------------------------------------------------------------------------------------

SECTIONS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
RELEASE = re.compile(r"^## \[(Unreleased|(\d+)\.(\d+)\.(\d+))\](?: - \d{4}-\d{2}-\d{2})?$")


def changelog(path: str, text: str) -> Iterator[Finding]:
    """The shape of keepachangelog.com, newest first."""
    if path != "CHANGELOG.md":
        return
    lines = text.split("\n")
    if lines[0] != "# Changelog":
        yield Finding(1, "changelog", 'the first line is not "# Changelog"')
    versions: List[Tuple[int, ...]] = []
    entries = [(number, line) for number, line in enumerate(lines, 1) if line.startswith(("## ", "### ", "* ", "- "))]
    for (number, line), (_, following) in zip(entries, entries[1:] + [(0, "## ")]):
        match = RELEASE.match(line)
        if line.startswith("## ") and not match:
            yield Finding(number, "changelog", 'expected "## [Unreleased]" or "## [1.2.3] - 2026-01-31"')
        if match and match.group(1) != "Unreleased":
            versions.append(tuple(int(part) for part in match.groups()[1:]))
            if " - " not in line:
                yield Finding(number, "changelog", "a release without its date")
        if line.startswith("### ") and line[4:] not in SECTIONS:
            yield Finding(number, "changelog", f"{line[4:]} is none of {', '.join(SECTIONS)}")
        if line.startswith("### ") and not following.startswith(("* ", "- ")):
            yield Finding(number, "changelog", "a section without entries")
    if versions != sorted(versions, reverse=True):
        yield Finding(1, "changelog", "releases are not newest first")


def config_parses(path: str, text: str) -> Iterator[Finding]:
    if not path.startswith("config/") or not path.endswith(".json"):
        return
    plain = re.sub(
        r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/',
        lambda m: m.group() if m.group().startswith('"') else re.sub(r"[^\n]", " ", m.group()),
        text,
        flags=re.DOTALL,
    )
    try:
        json.loads(plain)
    except json.JSONDecodeError as error:
        yield Finding(error.lineno, "config", error.msg)


RULES: List[Rule] = [
    line_length, file_length, white_space, left_over, places, one_clock, awaitable_race, layering, include_guard,
    function_length, changelog, config_parses,
]  # fmt: skip


# --- the tree ---------------------------------------------------------------------------------------------------------


def files_of(root: Path) -> List[str]:
    """What git knows or would take; without git, all that is not built."""
    names = [str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()]
    if (root / ".git").exists() and shutil.which("git"):
        command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"]
        listed = subprocess.run(command, capture_output=True, check=False)
        if listed.returncode == 0:
            names = [name for name in listed.stdout.decode().split("\0") if name]

    def built(name: str) -> bool:
        return any(part in BUILT or part.startswith("build-") for part in name.split("/"))

    return sorted(name for name in names if not built(name) and (root / name).is_file())


def check_file(root: Path, name: str) -> Iterator[Finding]:
    data = (root / name).read_bytes()
    if len(data) > BYTES_MAX:
        yield Finding(1, "size", f"{len(data)} bytes, at most {BYTES_MAX}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        yield Finding(1, "binary", "not a text file")
        return
    for rule in RULES:
        yield from rule(name, text)


def broken_citations(root: Path, names: List[str]) -> Iterator[Tuple[str, Finding]]:
    """`(semantics: second stop)` must be a heading of docs/semantics.md."""
    document = root / "docs" / "semantics.md"
    text = document.read_text("utf-8") if document.is_file() else ""
    headings = {heading.strip().lower() for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    for name in names:
        if not name.endswith(CODE):
            continue
        content = (root / name).read_text("utf-8", errors="replace")
        for match in re.finditer(r"\(semantics[:] ([^)\n]+)\)", content):
            if match.group(1).strip().lower() not in headings:
                yield name, Finding(line_of(content, match.start()), "citation", f"no heading {match.group(1)!r}")


def badly_formatted(root: Path, names: List[str]) -> Iterator[Tuple[str, Finding]]:
    sources = [name for name in names if name.endswith((".cpp", ".hpp"))]
    if not sources:
        return
    try:
        done = subprocess.run(
            ["clang-format-14", "--dry-run", "-Werror", "--ferror-limit=1", *sources],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        yield ".clang-format", Finding(1, "format", "clang-format-14 is not installed")
        return
    for match in re.finditer(r"^(\S+?):(\d+):\d+: error:", done.stderr, re.MULTILINE):
        yield match.group(1), Finding(int(match.group(2)), "format", "run clang-format-14 -i on it")


def missing_files(names: List[str]) -> Iterator[Tuple[str, Finding]]:
    for name in ("README.md", "CHANGELOG.md", "LICENSE", "docs/semantics.md"):
        if name not in names:
            yield name, Finding(1, "missing", "every checkout has it")


def check_tree(root: Path) -> List[Tuple[str, Finding]]:
    names = files_of(root)
    found = [(name, finding) for name in names for finding in check_file(root, name)]
    found += missing_files(names)
    found += broken_citations(root, names)
    found += badly_formatted(root, names)
    return sorted(found)


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parents[2])
    found = check_tree(root)
    for name, finding in found:
        print(f"{name}:{finding.line}: {finding.rule}: {finding.what}")
    print(f"{len(found)} findings in {len(files_of(root))} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
