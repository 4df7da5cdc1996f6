"""A bad meter fails, a bad instrument voids: only at its own station, and only for what it serves."""

import json

import pytest

from rigtools import of_type, journal, verdicts

CLAUSE = "CJT503-5.3.8/6.10"


def run(cli, tmp_path, *words):
    ended = cli("run", "cjt503-auto", "--record", "record.json", *words)
    record = json.loads((tmp_path / "record.json").read_text())
    return ended, record, verdicts(record)


@pytest.mark.parametrize("sample", [1, 2, 3])
def test_a_defect_fails_its_own_sample_alone(cli, tmp_path, sample):
    ended, record, found = run(cli, tmp_path, "--only", "5.3.8", "--defect", f"cjt503-5.3.8-d3@{sample}")
    assert ended.returncode == 1 and record["verdict"] == "fail"
    assert found == {(n, CLAUSE): "fail" if n == sample else "pass" for n in (1, 2, 3)}
    assert f"defect cjt503-5.3.8-d3@{sample}" in record["simulation"]


def test_a_defect_does_to_each_clause_what_the_list_says(cli, tmp_path):
    name = "cjt503-5.3.14-d1"
    listed = {row["name"]: row for row in json.loads(cli("list", "defects", "--json").stdout)}
    expected = listed[name]["expected"]
    assert len(expected) > 1 and set(expected.values()) == {"fail"}
    ended, _, found = run(cli, tmp_path, "--defect", f"{name}@2")
    assert ended.returncode == 1
    assert {clause for (sample, clause), verdict in found.items() if verdict == "fail"} == set(expected)
    assert {sample for (sample, _), verdict in found.items() if verdict == "fail"} == {2}
    assert {v for (sample, _), v in found.items() if sample != 2} == {"pass", "not_applicable"}


@pytest.mark.parametrize("station, member", [("2", "psu"), ("3", "analyser")])
def test_a_silent_instrument_voids_its_station_alone(cli, tmp_path, station, member):
    ended, record, found = run(cli, tmp_path, "--only", "5.3.8", "--fault", f"io-silent:{member}@{station}")
    assert ended.returncode == 3 and record["verdict"] == "void"
    assert found == {(n, CLAUSE): "void" if str(n) == station else "pass" for n in (1, 2, 3)}
    result = record["duts"][int(station) - 1]["results"][0]
    assert result["cause"]["instrument"] == member + station
    assert result["cause"]["command"] == "*IDN?" and result["cause"]["after_s"] > 0
    assert f"{member}{station} did not answer" in result["cause"]["text"]
    assert result["cause"]["text"] in ended.stdout


def test_a_silent_supply_leaves_the_other_stations_a_whole_inspection(cli, tmp_path):
    ended, record, found = run(cli, tmp_path, "--fault", "io-silent:psu@2")
    assert ended.returncode == 3
    assert {v for (sample, _), v in found.items() if sample != 2} == {"pass", "not_applicable"}
    assert {v for (sample, _), v in found.items() if sample == 2} <= {"void", "not_tested", "not_applicable"}
    events = journal(tmp_path / "meterrig-data", record["run"])
    # What can't be asked is not called safe, and nothing of that meter was ever measured.
    assert not [e for e in of_type(events, "measurement") if e["station"] == "2"]


def test_the_other_station_of_a_fault_is_told_in_the_report(cli, tmp_path):
    ended, record, _ = run(cli, tmp_path, "--only", "5.3.8", "--fault", "io-silent:dmm@1")
    assert ended.returncode == 3
    report = (tmp_path / "meterrig-data" / "reports" / (record["run"] + ".html")).read_text()
    assert "dmm1 did not answer" in report


def test_a_record_that_somebody_altered_is_not_reported(cli, tmp_path):
    ended = cli("run", "cjt503-auto", "--only", "5.3.8", "--fault", "R11")
    assert ended.returncode == 3 and "is not what was written" in ended.stderr
    assert not list((tmp_path / "meterrig-data").glob("reports/*.html"))
    shown = cli("results", "show")
    assert shown.returncode == 3 and "is changed" in shown.stderr and shown.stdout == ""
    with pytest.raises(AssertionError, match="breaks the chain"):
        journal(tmp_path / "meterrig-data", ended.stdout.split()[1])


def test_a_stepped_clock_is_told_and_spoils_no_clause_that_judges_none(cli, tmp_path):
    ended, record, found = run(cli, tmp_path, "--only", "5.3.5", "--fault", "R7")
    assert ended.returncode == 0 and set(found.values()) == {"pass"}
    notes = of_type(journal(tmp_path / "meterrig-data", record["run"]), "note")
    assert len([note for note in notes if "stepped by 90 s" in note["text"]["en"]]) == 3


def test_a_kill_in_the_middle_of_durability_leaves_its_checkpoint(cli, tmp_path):
    ended = cli("run", "cjt503-auto", "--only", "5.3.6", "--fault", "R13")
    assert ended.returncode == -9
    run_id = json.loads(cli("results", "list", "--json").stdout)[-1]["run"]
    reached = [c["state"]["cycle"] for c in of_type(journal(tmp_path / "meterrig-data", run_id), "checkpoint")]
    assert max(reached) >= 2300
    shown = cli("results", "show", run_id)
    assert shown.returncode == 0 and "interrupted" in shown.stdout
