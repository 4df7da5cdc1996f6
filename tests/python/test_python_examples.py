"""The worked examples of docs/examples, run as a user runs them: what they print, what they leave, how they end.

And the code of docs/guide-python.md, which runs from top to bottom.
"""

import csv
import json
import re
import struct
import subprocess
import sys
from decimal import Decimal

import pytest

from rigtools import ENVIRONMENT, NOTHING_LEFT, PACKAGE, ROOT, Bench, verdicts

EXAMPLES = ROOT / "docs" / "examples"
SAMPLES = ["--dut", "wg25-r-1", "--dut", "wg25-r-2", "--dut", "wg25-r-3"]


def python(*words, cwd):
    """A user's Python program, with the package found by PYTHONPATH alone."""
    return subprocess.run([sys.executable, "-B", *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=60,
                          check=False, env={**ENVIRONMENT, "PYTHONPATH": str(PACKAGE)})


@pytest.fixture
def example(tmp_path):
    """An example in a folder of its own."""
    return lambda name, *words: python(EXAMPLES / f"{name}.py", *words, cwd=tmp_path)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The embedded bench behind sockets and pseudo-terminals, fifty times as fast as real time."""
    bench = Bench(tmp_path_factory.mktemp("bench"))
    yield bench
    assert bench.end() == NOTHING_LEFT


def expect_picture(file):
    """A PNG of a size to look at, with something on it: an empty one packs into far less."""
    data = file.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", data[16:24])
    assert width >= 400 and height >= 300 and len(data) > 8000


def rows(file):
    with open(file, newline="", encoding="utf-8") as table:
        return list(csv.DictReader(table))


def record_in(folder):
    (file,) = (folder / "meterrig-data" / "records").glob("*.json")
    return json.loads(file.read_text())


# --- sleep current ----------------------------------------------------------------------------------------------------


def measured(record, name):
    """Sample -> (value, unit, limit, verdict) of a measurement of LAB-7."""
    return {dut["sample"]: (one["value"], one["unit"], one["limit"]["at_most"], one["verdict"])
            for dut in record["duts"] for one in dut["results"][0]["measurements"] if one["name"] == name}


def test_sleep_current_on_three_stations(example, tmp_path):
    ended = example("sleep_current", "--defect", "cjt503-5.3.8-d3@2")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    record = record_in(tmp_path)
    assert verdicts(record) == {(1, "LAB-7"): "pass", (2, "LAB-7"): "fail", (3, "LAB-7"): "pass"}
    quiescent = measured(record, "quiescent_current")
    assert quiescent[1] == (pytest.approx(32.4, abs=0.5), "uA", 50, "pass")
    assert quiescent[2] == (pytest.approx(56, abs=0.5), "uA", 50, "fail")
    assert measured(record, "wake_up_current")[3] == (pytest.approx(12, abs=0.1), "mA", 15, "pass")
    lines = ended.stdout.splitlines()
    assert sorted(lines[:3]) == ["station 1: pass", "station 2: fail", "station 3: pass"]
    assert "sample 2  quiescent_current   56.000 ± 0.205 uA  at most 50: fail" in lines
    assert lines[-1] == f"fail: record {record['run']} in meterrig-data, picture sleep_current.png"
    expect_picture(tmp_path / "sleep_current.png")


def test_sleep_current_of_healthy_meters(example, tmp_path):
    ended = example("sleep_current", "--volts", "3")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    record = record_in(tmp_path)
    assert record["verdict"] == "pass" and len(verdicts(record)) == 3
    volts = [one["value"] for dut in record["duts"] for one in dut["results"][0]["measurements"]
             if one["name"] == "supply_voltage"]
    assert sum(abs(v - 3) < 0.01 for v in volts) == 3


def test_sleep_current_below_its_bounds_is_refused(example, tmp_path):
    ended = example("sleep_current", "--volts", "1")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].endswith("found number 1.0; expected a number from 2.5 to 9 (clause LAB-7)")
    assert not (tmp_path / "sleep_current.png").exists()


def test_sleep_current_from_its_plan_gives_the_same(example, cli, tmp_path):
    assert example("sleep_current").returncode == 0
    by_script = record_in(tmp_path)
    ended = cli("run", EXAMPLES / "sleep_current_plan.json", "--procedures", EXAMPLES / "sleep_current.py",
                "--record", "record.json", "--data", "other")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    by_plan = json.loads((tmp_path / "record.json").read_text())
    assert verdicts(by_plan) == verdicts(by_script) and len(verdicts(by_plan)) == 3
    for name in ("quiescent_current", "wake_up_current"):
        assert measured(by_plan, name) == measured(by_script, name) != {}


def test_sleep_current_on_a_served_bench(example, served, tmp_path):
    ended = example("sleep_current", "--rig", served.rig_file, *SAMPLES)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    quiescent = measured(record_in(tmp_path), "quiescent_current")
    assert [value for value, _, _, _ in quiescent.values()] == [pytest.approx(32.4, abs=1)] * 3


# --- brownout sweep ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, closed", [
    ([], "valve closed: between 4.600 V and 4.500 V"),
    (["--defect", "cjt503-5.3.13-d2"], "valve closed: between 4.300 V and 4.200 V"),
])
def test_brownout_sweep(example, tmp_path, words, closed):
    ended = example("brownout_sweep", *words)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-4:] == [
        "reports undervoltage: between 4.900 V and 4.800 V", closed,
        "stops answering: between 2.100 V and 2.000 V", "table brownout.csv, picture brownout.png"]
    table = rows(tmp_path / "brownout.csv")
    assert list(table[0]) == ["voltage / V", "current / uA", "peak / mA", "answers", "undervoltage", "valve"]
    assert len(table) == 43
    assert float(table[0]["current / uA"]) == pytest.approx(32.4, abs=0.5)
    assert {row["answers"] for row in table if float(row["voltage / V"]) < 2.05} == {"False"}
    motor = [row for row in table if float(row["peak / mA"]) > 100]
    assert len(motor) == 1 and f"{float(motor[0]['voltage / V']):.3f} V" in closed
    expect_picture(tmp_path / "brownout.png")


def test_brownout_sweep_that_ends_early_says_so(example):
    ended = example("brownout_sweep", "--low", "5", "--steps", "3")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-4] == "reports undervoltage: not down to 5.000 V"
    assert ended.stdout.splitlines()[-2] == "stops answering: not down to 5.000 V"


# --- conversion error -------------------------------------------------------------------------------------------------


def conversion_errors(folder):
    table = rows(folder / "conversion_error.csv")
    return [(float(row["error_to_standard"]), float(row["error_to_pulses"])) for row in table]


def test_conversion_error_on_a_real_serial_port(example, served, tmp_path):
    ended = example("conversion_error", "--rig", served.rig_file, "--runs", "2", "--pulses", "4")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    terminals = served.terminals()
    assert len(terminals) == 3 and all(terminal.is_char_device() for terminal in terminals)
    errors = conversion_errors(tmp_path)
    assert len(errors) == 2
    # What flows on at the end may belong to the next pulse already.
    assert all(abs(to_standard) < 1 and abs(to_pulses) < 1e-9 for to_standard, to_pulses in errors)
    table = rows(tmp_path / "conversion_error.csv")
    assert all(int(row["pulses"]) >= 4 and Decimal(row["registered_m3"]) >= Decimal("0.04") for row in table)
    expect_picture(tmp_path / "conversion_error.png")


@pytest.mark.parametrize("defect, to_pulses", [("cjt503-5.3.10a-d1", [-2, -3, -2]), ("cjt503-5.3.10a-d2", [3, 5, 5])])
def test_conversion_error_of_a_faulty_meter(example, tmp_path, defect, to_pulses):
    ended = example("conversion_error", "--defect", defect)
    assert ended.returncode == 1, ended.stderr
    errors = conversion_errors(tmp_path)
    assert [pulses for _, pulses in errors] == to_pulses
    assert all(abs(standard - pulses) < 0.1 for standard, pulses in errors)
    assert ended.stdout.splitlines()[-1].endswith("pulse equivalents: beyond ±1")


# --- annex A ----------------------------------------------------------------------------------------------------------


def test_annex_a(example, tmp_path):
    ended = example("annex_a")
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[-1] == "every balance within one cent"
    assert "step 3: 2.000 to 7.577 m3 at 6.21 = 34.63317 yuan" in lines
    assert lines[-2].startswith("1000000 periods' usages cost 118106399.17395 yuan")
    table = rows(tmp_path / "annex_a.csv")
    assert len(table) == 12 and {row["verdict"] for row in table} == {"pass"}
    last = table[-1]
    # 2.07 + 4.14 + 5.577 x 6.21, and 50 + 20 less that; the meter shows 29.16.
    assert (last["cost_yuan"], last["balance_yuan"], last["E_yuan"]) == ("40.84317", "29.15683", "-0.00317")
    expect_picture(tmp_path / "annex_a.png")


def test_annex_a_of_a_meter_that_forgets_what_is_below_a_cent(example, tmp_path):
    # It takes 0.68 yuan each time; after the second a good one has taken 1.37.
    (tmp_path / "mine.csv").write_text("volume_m3,shown_yuan\n0.333,9.32\n0.333,8.64\n0.333,\n")
    words = ["mine.csv", "--steps", "10", "--prices", "2.07,4.14", "--balance", "10.00", "--many", "9"]
    ended = example("annex_a", *words)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.splitlines()[-1] == "off by a cent or more: run 2"
    table = rows(tmp_path / "annex_a.csv")
    assert [(row["E_yuan"], row["verdict"]) for row in table] == [("-0.00931", "pass"), ("-0.01862", "fail"), ("", "")]


# --- nightly comparison -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Two runs' records: of healthy meters, and of one whose sleep current has risen."""
    folder = tmp_path_factory.mktemp("records")
    script = ("import json, meterrig, sys\n"
              "run = meterrig.run('cjt503-auto', only=['5.3.8'], defects=sys.argv[2:], data=sys.argv[1] + '.data')\n"
              "json.dump(run.record, open(sys.argv[1], 'w'))\n")
    for words in (["good.json"], ["bad.json", "cjt503-5.3.8-d3@2"]):
        ended = python("-c", script, *words, cwd=folder)
        assert ended.returncode == 0, ended.stderr
    return folder


def test_nightly_compare_of_two_runs_that_it_makes(example):
    ended = example("nightly_compare", "--only", "5.3.8", "--defect", "cjt503-5.3.8-d3@2")
    assert ended.returncode == 1, ended.stderr
    assert [line for line in ended.stdout.splitlines() if "sample" in line] == [
        "WORSE  sample 2  CJT503-5.3.8/6.10: pass -> fail",
        "WORSE  sample 2  CJT503-5.3.8/6.10 quiescent_current: pass -> fail, 32.4 -> 56 uA (U 0.25)"]
    assert "3/3" in ended.stderr, "the progress bar"


def test_nightly_compare_of_two_records(example, records):
    ended = example("nightly_compare", records / "bad.json", records / "good.json")
    assert ended.returncode == 0, ended.stderr
    assert [line for line in ended.stdout.splitlines() if "sample" in line] == [
        "       sample 2  CJT503-5.3.8/6.10: fail -> pass",
        "       sample 2  CJT503-5.3.8/6.10 quiescent_current: fail -> pass, 56 -> 32.4 uA (U 0.25)"]
    same = example("nightly_compare", records / "good.json", records / "good.json")
    assert same.returncode == 0 and "sample" not in same.stdout
    assert same.stdout.endswith("nothing got worse\n")


def test_nightly_compare_within_the_uncertainty_and_what_is_missing(example, records, tmp_path):
    changed = json.loads((records / "good.json").read_text())
    for result in changed["duts"][0]["results"]:
        for one in result["measurements"]:
            if one["name"] == "quiescent_current":
                one["value"] += one["expanded_uncertainty"]
    (tmp_path / "drift.json").write_text(json.dumps(changed))
    drift = example("nightly_compare", records / "good.json", "drift.json")
    assert drift.returncode == 0 and "sample" not in drift.stdout, drift.stderr
    changed["duts"][1]["results"].clear()
    (tmp_path / "less.json").write_text(json.dumps(changed))
    less = example("nightly_compare", records / "good.json", "less.json")
    assert less.returncode == 1, less.stderr
    assert "WORSE  sample 2  CJT503-5.3.8/6.10: is missing" in less.stdout.splitlines()


# --- all of them ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(file.stem for file in EXAMPLES.glob("*.py")))
def test_help_says_how_to_run_it(example, name):
    ended = example(name, "--help")
    assert ended.returncode == 0, ended.stderr
    assert "export PYTHONPATH=build/python" in ended.stdout and f"docs/examples/{name}.py" in ended.stdout


# --- the pages that show code -----------------------------------------------------------------------------------------


def code_of(page):
    """The Python of a page, each line where the page has it, so that an error names the page's line."""
    kept, inside = [], False
    for line in page.read_text().splitlines():
        fence = line.startswith("```")
        kept.append(line if inside and not fence else "")
        inside = line == "```python" if fence else inside
    return "\n".join(kept) + "\n"


def test_the_guides_code_runs_from_top_to_bottom(tmp_path):
    (tmp_path / "guide.py").write_text(code_of(ROOT / "docs" / "guide-python.md"))
    ended = python("guide.py", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    said = ended.stdout.splitlines()
    assert said[0] == "MeterStatus(valve='closed', undervoltage=False, awaiting_manual_action=False)"
    assert said[-1] == "psu1: voltage 99 is outside 0 .. 30 of channel 1"
    expect_picture(tmp_path / "wave.png")
    expect_picture(tmp_path / "sweep.png")


def test_the_readmes_way_to_a_verdict_of_ones_own(tmp_path):
    code = code_of(ROOT / "README.md")
    assert 0 < len([line for line in code.splitlines() if line.strip()]) <= 10
    (tmp_path / "mine.py").write_text(code)
    ended = python("mine.py", cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"\bpass\b", ended.stdout), ended.stdout


def test_every_link_of_the_guide_leads_somewhere():
    page = ROOT / "docs" / "guide-python.md"
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    assert len(links) >= 8 and [link for link in links if not (page.parent / link).exists()] == []
