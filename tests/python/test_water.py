"""Step-tariff water meters: over TCP, Modbus TCP and pseudo-terminals, and one whose clock can't be moved far."""

import json

import pytest

from rigtools import NOTHING_LEFT, Bench, meterrig, verdicts

# What takes no hour of water or day of waiting: the bench runs fifty times as fast as real time, and each silence that
# is waited for has two real seconds of slack (so not 5.4.9.1, which is nothing but silences).
SERVED = ["5.4.4", "5.4.7", "5.4.2a", "5.4.5", "5.4.6a", "5.4.8.3b", "5.4.8.3c", "5.4.8.2", "5.4.9.2b"]
HELD = ["cjt484-auto", "--dut", "lxs15-1", "--defect", "cjt484-held-clock@1", "--only", "5.4.3",
        "--record", "record.json"]


@pytest.fixture(scope="module")
def water_bench(tmp_path_factory):
    served = Bench(tmp_path_factory.mktemp("bench"), rig="water")
    yield served
    assert served.end() == NOTHING_LEFT


def test_a_served_bench_gives_the_verdicts_of_the_virtual_one(water_bench, tmp_path):
    assert "virtual:" not in water_bench.rig_file.read_text()
    only = [word for clause in SERVED for word in ("--only", clause)]
    ended = meterrig("run", "cjt484-auto", "--rig", water_bench.rig_file, *only, "--record", "record.json",
                     cwd=tmp_path, timeout=240)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    found = verdicts(json.loads((tmp_path / "record.json").read_text()))
    assert len(found) == 3 * len(SERVED) and set(found.values()) == {"pass"}


def result_of(folder):
    return json.loads((folder / "record.json").read_text())["duts"][0]["results"][0]


def test_who_does_not_want_to_wait_leaves_the_clause_not_tested(cli, tmp_path):
    (tmp_path / "answers.json").write_text(json.dumps(
        {"operator": "Li", "observations": [{"kind": "confirm", "value": "no"}]}))
    ended = cli("run", *HELD, "--answers", "answers.json")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    result = result_of(tmp_path)
    assert result["verdict"] == "not_tested"
    assert "nobody wants to wait" in result["cause"]["text"] and " h" in result["cause"]["text"]


def test_who_waits_has_it_tested(cli, tmp_path):
    ended = cli("run", *HELD)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    result = result_of(tmp_path)
    assert result["verdict"] == "pass"
    assert any("waited for real" in note["text"]["en"] for note in result["notes"])
