"""SIGKILL at any moment: what was acknowledged is in the store, and the next run works."""

import json
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rigtools import PROGRAM, journal, meterrig, of_type, read_until, started, verdicts, verdicts_printed

KILLS = 50
WORKERS = 2
CLAUSES = 14


@pytest.fixture(scope="module")
def whole_run_s(tmp_path_factory):
    """Wall time of an undisturbed run, so that the moments fall into all of it on any machine."""
    start = time.monotonic()
    read_until(started("run", "cjt503-auto", cwd=tmp_path_factory.mktemp("timed")),
               lambda line: line.startswith("run finished"))
    return time.monotonic() - start


def killed_after(seconds, seed, folder):
    """What the program had printed when it was killed; None if it had ended by itself."""
    with open(folder / f"out-{seed}.txt", "w+", encoding="utf-8") as out:
        process = started("run", "cjt503-auto", "--seed", seed, cwd=folder, stdout=out)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        process.kill()
        process.communicate()
        out.seek(0)
        return None if process.returncode >= 0 else out.read()


def run_id(text):
    """The run is told once it is in the store; before that nothing was acknowledged."""
    return text.split()[1] if text.startswith("run ") and "\n" in text else None


def check_store(folder, printed):
    """The store after one kill, seen by the program and by plain SQLite."""
    run = run_id(printed)
    listed = meterrig("results", "list", "--json", cwd=folder)
    if run is None:
        # No store yet is the user's mistake; a store that lists nothing, or more than was told, is good.
        assert listed.returncode in (0, 2), listed.stderr
        return "before"
    shown = meterrig("results", "show", run, "--json", cwd=folder)
    assert (listed.returncode, shown.returncode) == (0, 0), listed.stderr + shown.stderr
    states = {entry["run"]: entry["state"] for entry in json.loads(listed.stdout)}
    record = json.loads(shown.stdout)
    assert record["state"] == states[run] and states[run] in ("interrupted", "finished")
    assert meterrig("results", "show", run, cwd=folder).returncode == 0

    events = journal(folder / "meterrig-data", run)
    assert (record["state"] == "finished") == bool(of_type(events, "run_ended"))
    station = {dut["sample"]: dut["station"] for dut in record["duts"]}
    kept = {(station[sample], clause): verdict for (sample, clause), verdict in verdicts(record).items()}
    told = verdicts_printed(printed)
    assert told == {where: kept.get(where) for where in told}, "a verdict that was shown is not in the store"
    ended = {(event["station"], event["id"]) for event in of_type(events, "clause_ended")}
    begun = {(event["station"], event["id"]) for event in of_type(events, "clause_started")}
    for where in kept:
        if where not in ended:
            assert kept[where] == ("void" if where in begun else "not_tested"), where
    return f"{len(told)} verdicts" if record["state"] == "interrupted" else "finished"


def kills(worker, whole_run_s, folder):
    """A store that outlives one kill after the other, as that of a laboratory does."""
    moments = random.Random(f"kill {worker}")
    seen = []
    for seed in range(KILLS // WORKERS):
        printed = killed_after(moments.uniform(0, whole_run_s), seed, folder)
        seen.append("ended" if printed is None else check_store(folder, printed))
    last = meterrig("run", "cjt503-auto", "--seed", KILLS, cwd=folder)
    assert last.returncode == 0, last.stderr
    return seen


def test_nothing_that_was_shown_is_lost(whole_run_s, tmp_path):
    folders = [tmp_path / str(worker) for worker in range(WORKERS)]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(WORKERS) as pool:
        seen = sum(pool.map(kills, range(WORKERS), [whole_run_s] * WORKERS, folders), [])
    assert len(seen) == KILLS
    # Else the moments missed what they are for.
    between = {word for word in seen if word.endswith("verdicts")} - {"0 verdicts", f"{3 * CLAUSES} verdicts"}
    assert len(between) >= 5, seen


def test_the_same_run_again_completes_what_a_kill_left(tmp_path):
    process = started("run", "cjt503-auto", cwd=tmp_path)
    run = run_id("".join(read_until(process, lambda line: "5.3.14" in line and " pass " in line)))
    process.kill()
    process.communicate()
    assert len(journal(tmp_path / "meterrig-data", run)) > 1
    again = meterrig("run", "cjt503-auto", cwd=tmp_path)
    assert again.returncode == 0 and run_id(again.stdout) == run, again.stderr
    events = journal(tmp_path / "meterrig-data", run)
    assert events[-1]["type"] == "run_ended" and len(of_type(events, "clause_ended")) == 3 * CLAUSES


@pytest.mark.parametrize("seconds", [0.4, 0.7, 1.1, 1.6])
def test_nothing_acknowledged_is_lost_under_load(tmp_path, seconds):
    """Sixteen stations that write as fast as the store takes it (docs/benchmarks.md, "Journal")."""
    writer = Path(PROGRAM).parent / "tests" / "journal_load"
    with open(tmp_path / "out.txt", "w+", encoding="utf-8") as out:
        process = subprocess.Popen([writer, tmp_path / "data", "60"], stdout=out, stderr=subprocess.PIPE)
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        process.kill()
        assert process.communicate() and process.returncode == -9
        out.seek(0)
        printed = [int(line) for line in out if line.endswith("\n")]
    assert len(printed) > 10 and printed == sorted(printed)
    assert len(journal(tmp_path / "data", "load")) >= printed[-1] > 0
