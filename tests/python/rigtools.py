"""What the end-to-end tests share: the program, a served bench, and the journal read without the program's help."""

import hashlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
DATA = Path(__file__).resolve().parent / "data"
PROGRAM = str(Path(os.environ.get("METERRIG_PROGRAM", ROOT / "build" / "meterrig")).resolve())
# Of the Python package, as it stands in the build tree.
PACKAGE = Path(PROGRAM).parent / "python"
# The display language and the locale of numbers must not depend on who runs the tests.
ENVIRONMENT = {**{k: v for k, v in os.environ.items() if not k.startswith("LC_")}, "LANG": "C.UTF-8"}
WORDS = {"not applicable": "not_applicable", "not tested": "not_tested"}


def meterrig(*words, cwd, timeout=60, env_more=(), **more):
    """Runs the program to its end; nothing of it may be left behind."""
    return subprocess.run([PROGRAM, *map(str, words)], cwd=cwd, env={**ENVIRONMENT, **dict(env_more)},
                          capture_output=True, text=True, timeout=timeout, check=False, **more)


RUNNING = []


def started(*words, cwd, stdout=subprocess.PIPE, **more):
    """A program that the test talks with; the `leftovers` fixture ends it if the test does not."""
    RUNNING.append(subprocess.Popen([PROGRAM, *map(str, words)], cwd=cwd, env=ENVIRONMENT, stdout=stdout,
                                    stderr=subprocess.PIPE, text=True, **more))
    return RUNNING[-1]


def started_script(text, *words, cwd):
    """A Python program of a user's, with the package of this build."""
    program = [sys.executable, "-B", "-c", textwrap.dedent(text), *map(str, words)]
    RUNNING.append(subprocess.Popen(program, cwd=cwd, env={**ENVIRONMENT, "PYTHONPATH": str(PACKAGE)}, text=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE))
    return RUNNING[-1]


def end_started():
    while RUNNING:
        process = RUNNING.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def read_until(process, found):
    """Lines of the program up to the one that `found` likes; fails if the program ends before."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found(line):
            return lines
    raise AssertionError("ended before: " + "".join(lines) + process.stderr.read())


def verdicts_printed(text):
    """(station, clause) -> verdict of every whole progress line that says how a clause ended."""
    said = {}
    for line in text.splitlines(keepends=True):
        if not line.endswith("\n"):
            continue  # torn by a kill: nobody has read it yet
        time, _, rest = line.partition("  ")
        fields = [field.strip() for field in rest.split("  ") if field.strip()]
        if time.count(":") != 2 or len(fields) < 3 or fields[2] in ("start", "waits"):
            continue
        said[fields[0], fields[1]] = WORDS.get(fields[2], fields[2])
    return said


def verdicts(record):
    """(sample, clause) -> verdict of a record."""
    return {(dut["sample"], result["id"]): result["verdict"] for dut in record["duts"] for result in dut["results"]}


def journal(data, run):
    """The events of a run, straight from the store; the chain is computed as docs/journal.md defines it."""
    store = sqlite3.connect(Path(data) / "meterrig.sqlite")
    try:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        key, head_seq, head = store.execute("SELECT key, head_seq, head_hash FROM runs WHERE run = ?",
                                            (run,)).fetchone()
        rows = store.execute("SELECT seq, bytes, hash FROM events WHERE run = ? ORDER BY seq", (key,)).fetchall()
    finally:
        store.close()
    chain = hashlib.sha256(b"meterrig-journal-1\n" + run.encode()).digest()
    for number, (seq, text, stored) in enumerate(rows, 1):
        chain = hashlib.sha256(chain + text.encode()).digest()
        assert (seq, chain) == (number, stored), f"event {number} of {run} breaks the chain: {text}"
    assert (head_seq, head) == (len(rows), chain), f"the head of {run} is not its last event"
    return [json.loads(text) for _, text, _ in rows]


def of_type(events, *types):
    return [event for event in events if event["type"] in types]


def children(pid):
    """Processes that `pid` started and that still are."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(word) for word in task.read_text().split()]
    return found


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Bench:
    """`bench serve` as a second process, on ports that the system chooses."""

    def __init__(self, folder, *words, scale=50, rig="embedded"):
        self.rig_file = Path(folder) / "served.json"
        self.process = started("bench", "serve", rig, "--time-scale", scale, "--emit-rig", self.rig_file,
                               *words, cwd=folder)
        try:
            self.said = read_until(self.process, lambda line: line.startswith("ready:"))
            self.rig = json.loads(self.rig_file.read_text())
            RUNNING.remove(self.process)  # it may serve many tests: its fixture ends it
        except BaseException:
            self.process.kill()
            self.process.communicate()
            raise

    def address(self, name):
        return self.rig["instruments"][name]["address"]

    def port(self, name):
        return int(self.address(name).split("//")[1].split("/")[0].split(":")[1])

    def ports(self):
        return [self.port(name) for name in self.rig["instruments"]]

    def terminals(self):
        links = [station["roles"]["uart_link"]["address"] for station in self.rig["stations"]]
        return [Path(link.removeprefix("serial://").split("?")[0]) for link in links]

    def end(self):
        """Ends it as a user would and says what is left: exit code, processes, open ports."""
        helpers = children(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        alive = [pid for pid in helpers if Path(f"/proc/{pid}").exists()]
        return {"code": self.process.returncode, "processes": alive, "ports": [p for p in self.ports() if listens(p)]}


NOTHING_LEFT = {"code": 0, "processes": [], "ports": []}
