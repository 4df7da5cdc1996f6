"""What a night is held against: the last good one or a pinned run, and the golden meter."""

import xml.etree.ElementTree as ET

import pytest

from nights import GOLDEN, QUIESCENT, Nights, findings, plan


@pytest.fixture
def nights(tmp_path):
    return Nights(tmp_path)


def test_the_baseline_is_the_last_good_night(nights):
    good = nights.run(plan())
    assert good.returncode == 0
    for _ in range(2):  # a regression does not become the baseline of the night after it
        assert nights.run(plan(defects=["cjt503-5.3.8-g1@1"])).returncode == 1
        assert nights.latest()["runs"][0]["baseline"]["night"] == 1
    shifted = nights.book()[-1]["runs"]["gas"]["run"]
    # Whoever accepts it pins it.
    assert nights.run(plan(defects=["cjt503-5.3.8-g1@1"], baseline=shifted)).returncode == 0
    assert nights.latest()["runs"][0]["baseline"]["pinned"]
    assert nights.run(plan(baseline=shifted)).returncode == 1
    assert "49.2 uA -> 32.4 uA" in nights.latest("summary.txt")


def test_a_pinned_run_that_is_not_stored_is_told_before_anything_runs(nights):
    done = nights.run(plan(baseline="sim-0123456789abcdef"))
    assert done.returncode == 2 and "the baseline 'sim-0123456789abcdef' is in no store" in done.stderr
    assert not (nights.folder / "data").exists()


def test_without_a_baseline_the_verdicts_count(nights):
    done = nights.run(plan(defects=["cjt503-5.3.8-d3@2"]))
    assert done.returncode == 1 and "25R000102 CJT503-5.3.8/6.10  fail" in done.stdout
    # A fail that was there before is no news, but it is told; the sample that got well is.
    failed = nights.book()[-1]["runs"]["gas"]["run"]
    assert nights.run(plan(defects=["cjt503-5.3.8-d3@2"], baseline=failed)).returncode == 0
    assert [one["en"] for one in findings(nights.latest(), "note") if one["kind"] == "verdict"] == ["still"]
    nights.run(plan(baseline=failed))
    assert [(one["before"], one["after"]) for one in findings(nights.latest(), "better")] == [("fail", "pass")]


def test_what_a_run_did_not_do_is_undecided(nights):
    nights.run(plan(only=["5.3.8", "5.3.9"]))
    done = nights.run(plan(only=["5.3.8"]))
    assert done.returncode == 3 and "UNDECIDED" in done.stdout
    assert {one["kind"] for one in findings(nights.latest(), "undecided")} == {"missing"}
    assert {one["clause"] for one in findings(nights.latest(), "undecided")} == {"CJT503-5.3.9/6.11"}
    assert ET.fromstring(nights.latest("junit.xml")).get("errors") == "1"


def test_the_rigs_fault_is_no_regression(nights):
    nights.run(plan())
    done = nights.run(plan(faults=["R1@1"]))
    assert done.returncode == 3 and "pass -> void" in done.stdout
    assert findings(nights.latest(), "regression") == []


# --- the golden meter -------------------------------------------------------------------------------------------------


def test_a_rig_that_is_not_fit_judges_nothing(nights):
    assert nights.run(plan(), golden=GOLDEN).returncode == 0
    broken = {**GOLDEN, "faults": ["R1@1"]}
    done = nights.run(plan(defects=["cjt503-5.3.8-d3@2"]), golden=broken)
    assert done.returncode == 3 and "RIG NOT FIT" in done.stdout and "not started" in done.stdout
    golden, gas = nights.latest()["runs"]
    assert golden["status"] == "unfit" and (gas["status"], gas["run"]) == ("not_started", "")
    root = ET.fromstring(nights.latest("junit.xml"))
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("0", "1", "1")
    assert root.find(".//error").get("type") == "rig_not_fit"
    done = nights.run(plan(defects=["cjt503-5.3.8-d3@2"]), golden={**broken, "go_on": True})
    assert done.returncode == 3 and nights.latest()["runs"][1]["status"] == "not_judged"
    assert nights.latest()["runs"][1]["verdict"] == "fail", "it ran"


@pytest.mark.parametrize("expect, defects, code", [
    ({"values": [{"clause": QUIESCENT, "name": "quiescent_current", "unit": "mA", "between": [0.032, 0.033]}]}, [], 0),
    ({"values": [{"clause": QUIESCENT, "name": "quiescent_current", "between": [32.5, 33]}]}, [], 3),
    ({"values": [{"clause": QUIESCENT, "name": "quiet", "between": [1, 2]}]}, [], 3),
    ({"verdicts": {QUIESCENT: "fail"}}, [], 3),
    ({"verdicts": {QUIESCENT: "fail"}}, ["cjt503-5.3.8-d3@1", "cjt503-5.3.8-d3@2", "cjt503-5.3.8-d3@3"], 0),
])
def test_what_is_expected_of_the_golden_meter(nights, expect, defects, code):
    done = nights.run(plan(), golden={**GOLDEN, "expect": expect, "defects": defects})
    assert done.returncode == code, done.stdout + done.stderr


def test_a_golden_meter_that_shifted_means_the_rig(nights):
    nights.run(plan(), golden=GOLDEN)
    done = nights.run(plan(), golden={**GOLDEN, "defects": ["cjt503-5.3.8-g1@1"]})
    assert done.returncode == 3 and "RIG NOT FIT" in done.stdout and "quiescent_current" in done.stdout
