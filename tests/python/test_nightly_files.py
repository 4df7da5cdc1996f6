"""The nightly run and the world around it: stops, wrong files, the book of nights, retention."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import rigtools
from nights import ENV, GOLDEN, PROGRAM, Nights, plan
from rigtools import CONFIG, RUNNING, meterrig


@pytest.fixture
def nights(tmp_path):
    return Nights(tmp_path)


@pytest.mark.parametrize("with_golden", [False, True])
def test_sigterm_stops_the_night_safely(nights, with_golden):
    """As systemd does it; on the wall clock, so that there is time to stop in."""
    slow = {"clock": "wall", "only": ["5.3.8"]}
    nights.write(plan(**slow), **({"golden": {**GOLDEN, **slow}} if with_golden else {}))
    process = subprocess.Popen([*PROGRAM, nights.config.name], cwd=nights.folder, env=ENV, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    RUNNING.append(process)
    assert process.stderr.readline().startswith(f"night 1: {'golden' if with_golden else 'gas'} is run ")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 4 and "ABORTED" in out, out + err
    first = nights.latest()["runs"][0]
    assert (first["state"], first["status"]) == ("aborted", "aborted")
    assert nights.latest()["runs"][-1]["status"] == ("not_started" if with_golden else "aborted")
    record = json.loads(meterrig("results", "show", first["run"], "--json", "--data", "data", cwd=nights.folder).stdout)
    assert record["safe_states"] and all(out["ok"] for state in record["safe_states"] for out in state["outputs"])
    assert ET.fromstring(nights.latest("junit.xml")).find(".//error") is not None


def test_one_nightly_run_at_a_time(nights):
    nights.write(plan())
    (nights.folder / "out").mkdir()
    with open(nights.folder / "out" / ".lock", "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = nights.run()
    assert done.returncode == 2 and "another nightly run is under way in out" in done.stderr


def test_a_torn_line_of_the_book_is_a_night_that_did_not_end(nights):
    assert nights.run(plan()).returncode == 0
    book = nights.folder / "out" / "nights.jsonl"
    whole = book.read_text()
    book.write_text(whole + '{"night": 2, "id": "te')
    assert nights.run().returncode == 0
    assert [line["night"] for line in nights.book()] == [1, 2] and book.read_text().startswith(whole)


@pytest.mark.parametrize("text, said", [
    ('{"id": "x"', "config.json:1: Expecting ',' delimiter"),
    ('{"id": "x",\n "output": "o", "plans": [],\n "id": "y"}', "found the key 'id' twice"),
    ('{"id": "x",\n "output": "o"}', "config.json:1: at /: found no 'plans'; expected one"),
    ('// why\n{"id": "x", "output": "o",\n "plans": [\n  {"name": "a", "plan": "p", "sed": 1}]}',
     "config.json:4: at /plans/0: found the key 'sed'; did you mean 'seed'?"),
    ('{"id": "x", "output": "o", "plans": [{"name": "a", "plan": "p", "expect": {}}]}', "found the key 'expect'; "),
    ('{"id": "x", "output": "o", "plans": [{"name": "a", "plan": "p"}],\n "trend": {"nights": 30,\n  "points_min": 4}}',
     "config.json:3: at /trend/points_min: found 4; 4 is less than the minimum of 8"),
    ('{"id": "x", "output": "o", "plans": [{"name": "a", "plan": "p",\n "seed": "nigth"}]}',
     'config.json:2: at /plans/0/seed: found "nigth"; expected a whole number, or "night" for the night\'s own'),
    ('{"id": "x", "output": "o", "plans": [{"name": "a", "plan": "p"}],\n "golden": {"plan": "p",\n'
     ' "expect": {"verdicts": {"C": "pas"}}}}', "did you mean 'pass'?"),
    ('{"id": "x", "output": "o", "plans": [{"name": "a", "plan": "p"}, {"name": "a", "plan": "q"}]}', "'a' twice"),
    ('{"id": "x", "output": "o", "plans": [{"name": "a", "plan": "cjt503-aut"}]}', "meterrig: a: "),
    ('{"id": "x", "output": "o", "plans": [{"name": "a", "plan": "cjt503-auto", "defects": ["none-such"]}]}',
     "none-such"),
])
def test_wrong_files_are_told_by_line_before_anything_runs(nights, text, said):
    nights.config.write_text(text)
    done = nights.run()
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr, done.stderr
    assert not (nights.folder / "meterrig-data").exists()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_takes_the_units(tmp_path):
    for unit in (CONFIG / "systemd").iterdir():
        # The program of this build: the unit names the installed one.
        (tmp_path / unit.name).write_text(unit.read_text().replace("/usr/local/bin/meterrig", rigtools.PROGRAM))
    units = sorted(map(str, tmp_path.glob("*.*")))
    assert [Path(unit).suffix for unit in units] == [".service", ".timer"]
    checked = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, timeout=60,
                             check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_words_and_places(nights, tmp_path):
    assert nights.run().returncode == 2, "no such file"
    dut = json.loads((CONFIG / "duts" / "wg25-r-1.json").read_text())
    (tmp_path / "mine.json").write_text(json.dumps({**dut, "serial": "25X000001"}))
    nights.write(plan(duts=["mine.json", "wg25-r-2", "wg25-r-3"]))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run([*PROGRAM, nights.config, "--data", "store", "--lang", "zh"], cwd=elsewhere, env=ENV,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and "无变化" in done.stdout, done.stderr
    assert (elsewhere / "store" / "meterrig.sqlite").is_file()
    assert "25X000001" in (elsewhere / "out" / "latest" / "page.html").read_text()


# --- retention --------------------------------------------------------------------------------------------------------


def aged(nights, line, days="2020-01-01T00:00:00Z", month=None):
    """Makes a night in the book an old one, its month as well."""
    lines = nights.book()
    lines[line]["began"] = days
    if month:
        data = nights.folder / lines[line]["data"]
        data.rename(data.with_name(month))
        lines[line]["data"] = str(Path("data") / month)
    book = nights.folder / "out" / "nights.jsonl"
    book.write_text("".join(json.dumps(own) + "\n" for own in lines))


def test_retention_keeps_what_is_needed(nights):
    keep = {"retention": {"nights": 1, "days": 30}, "data_by_month": True, "trend": {"nights": 8}}
    for seed in (1, 2):
        assert nights.run(plan(seed=seed), **keep).returncode == 0
        aged(nights, -1, month=f"2020-0{seed}")
    # Nights that control limits would come from stay.
    assert nights.run(plan(seed=3), **keep).returncode == 0
    assert not (nights.folder / "out" / "removed.jsonl").exists()
    lines = nights.book()
    pinned = lines[1]["runs"]["gas"]["run"]
    # Another plan's nights push these two out; the pinned one and its store stay, the other goes.
    book = nights.folder / "out" / "nights.jsonl"
    filler = [{**lines[2], "night": 10 + i, "runs": {"gas": {**lines[2]["runs"]["gas"], "run": f"sim-{i}"}}}
              for i in range(9)]
    book.write_text("".join(json.dumps(own) + "\n" for own in [*lines, *filler]))
    done = nights.run(plan(seed=3, baseline=pinned), **keep)
    assert done.returncode == 0, done.stdout + done.stderr
    removed = [json.loads(line) for line in (nights.folder / "out" / "removed.jsonl").read_text().splitlines()]
    assert [Path(one["path"]).name for one in removed if "records" not in one["path"]] == ["night-000001", "2020-01"]
    assert all(one["why"] and one["t"] for one in removed)
    assert not (nights.folder / "data" / "2020-01").exists()
    assert (nights.folder / "data" / "2020-02" / "meterrig.sqlite").is_file()
    assert (nights.folder / "out" / "night-000002" / "page.html").is_file()
    assert os.path.realpath(nights.folder / "out" / "latest").endswith("night-000019")


def test_a_store_with_a_run_of_somebody_else_is_never_removed(nights):
    keep = {"retention": {"nights": 1}, "data_by_month": True, "trend": {"nights": 8}}
    assert nights.run(plan(seed=1), **keep).returncode == 0
    aged(nights, -1, month="2020-01")
    assert meterrig("run", "cjt503-auto", "--only", "5.3.8", "--seed", "99", "--data", "data/2020-01",
                    cwd=nights.folder).returncode == 0
    lines = nights.book()
    made = nights.folder / "data" / "2020-01" / "reports" / f"{lines[0]['runs']['gas']['run']}.html"
    made.parent.mkdir(exist_ok=True)
    made.write_text("made from the store")
    others = [{**lines[0], "night": 2 + i, "began": "2021-01-01T00:00:00Z", "data": "data/2021-01",
               "runs": {"gas": {**lines[0]["runs"]["gas"], "run": f"sim-{i}"}}} for i in range(9)]
    (nights.folder / "out" / "nights.jsonl").write_text("".join(json.dumps(own) + "\n" for own in [*lines, *others]))
    page = nights.folder / "out" / "night-000001" / "page.html"
    assert nights.run(plan(seed=2), **keep).returncode == 0 and page.exists(), "the last good run that is stored"
    assert nights.run(plan(seed=2), **keep).returncode == 0 and not page.exists()
    assert (nights.folder / "data" / "2020-01" / "meterrig.sqlite").is_file() and not made.exists()
