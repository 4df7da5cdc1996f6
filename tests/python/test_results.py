"""Finding stored results again: by sample, clause, verdict, day, and by the instrument that had its part."""

import json

import pytest

from rigtools import meterrig


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Two runs: sample 2 fails 5.3.8 in the first one, all pass in the second."""
    folder = tmp_path_factory.mktemp("store")
    bad = meterrig("run", "cjt503-auto", "--only", "5.3.8", "--defect", "cjt503-5.3.8-d3@2", cwd=folder)
    good = meterrig("run", "cjt503-auto", "--only", "5.3.9", cwd=folder)
    assert (bad.returncode, good.returncode) == (1, 0)
    runs = meterrig("results", "list", "--json", cwd=folder)
    return folder, [run["run"] for run in json.loads(runs.stdout)]


def listed(folder, *words):
    said = meterrig("results", "list", *words, "--json", cwd=folder)
    assert said.returncode == 0, said.stderr
    return [run["run"] for run in json.loads(said.stdout)]


def affected(folder, *words):
    said = meterrig("results", "affected", *words, "--json", cwd=folder)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def test_runs_by_their_results(store):
    folder, (bad, good) = store
    assert listed(folder) == [bad, good]
    assert listed(folder, "--verdict", "fail") == [bad]
    assert listed(folder, "--clause", "5.3.9", "--verdict", "pass") == [good]
    assert listed(folder, "--clause", "6.10", "--dut", "25R000102", "--verdict", "fail") == [bad]
    assert listed(folder, "--clause", "6.10", "--dut", "25R000101", "--verdict", "fail") == []
    assert listed(folder, "--model", "WG2.5-R", "--plan", "cjt503-auto", "--since", "2026-11-21") == [bad, good]
    assert listed(folder, "--since", "2026-11-22") == [] == listed(folder, "--until", "2026-11-20")


def test_what_an_instrument_touched(store):
    folder, (bad, good) = store
    record = json.loads(meterrig("results", "show", bad, "--json", cwd=folder).stdout)
    serials = {instrument["name"]: instrument["serial"] for instrument in record["instruments"]}
    found = affected(folder, "--instrument", serials["analyser2"])
    assert [(one["run"], one["serial"], one["id"], one["verdict"]) for one in found] == [
        (bad, "25R000102", "CJT503-5.3.8/6.10", "fail"), (good, "25R000102", "CJT503-5.3.9/6.11", "pass")]
    assert set(found[0]["roles"]) == {"microammeter", "ammeter"}
    assert affected(folder, "--instrument", "analyser2") == found
    assert affected(folder, "--instrument", serials["air1"]) == [] == affected(folder, "--instrument", "nobody")
    text = meterrig("results", "affected", "--instrument", "analyser2", cwd=folder).stdout.splitlines()
    assert len(text) == 2 and "fail" in text[0] and "ammeter microammeter" in text[0]


def rejudged(folder, *words):
    said = meterrig("rejudge", *words, "--json", cwd=folder)
    return said.returncode, json.loads(said.stdout)


def test_one_waveform_two_verdicts(store):
    folder, (bad, _) = store
    code, same = rejudged(folder, bad)
    assert code == 1 and [one["verdict"] for one in same] == [one["was"] for one in same] == ["pass", "fail", "pass"]
    assert all(one["limit"] == "<= 50 uA" and one["by"] == "CJT503-5.3.8/6.10" for one in same)
    code, strict = rejudged(folder, bad, "--standard", "husec")
    assert code == 1 and {one["limit"] for one in strict} == {"<= 10 uA"} and {one["by"] for one in strict} == {
        "HUSEC-6.2.1"}
    assert [one["verdict"] for one in strict] == ["fail"] * 3
    assert [one["value"] for one in strict] == [one["value"] for one in same]
    flips = {flip["assumption"]: flip["verdict"] for flip in same[1]["flips"]}
    assert flips == {"reading:the floor alone, without listening": "pass"}


def test_a_guard_band_opens_what_is_near_the_limit(tmp_path):
    near = meterrig("run", "cjt503-auto", "--only", "5.3.8", "--defect", "cjt503-5.3.8-g1", cwd=tmp_path)
    assert near.returncode == 0
    code, simple = rejudged(tmp_path, "latest")
    assert code == 0 and not simple[0]["flips"]
    code, wide = rejudged(tmp_path, "latest", "--rule", "guard_band", "--guard-factor", "10")
    assert code == 3 and wide[0]["decision"] == "conditional_pass" and wide[0]["verdict"] == "inconclusive"
    assert {flip["assumption"] for flip in wide[0]["flips"]} >= {"rule:simple_acceptance", "rule:guard_band"}


def test_a_standard_that_asks_for_nothing_of_it(store):
    said = meterrig("rejudge", store[1][0], "--standard", "cjt484", cwd=store[0])
    assert said.returncode == 2 and "no measurement that cjt484 asks for" in said.stderr
    said = meterrig("rejudge", store[1][0], "--standard", "cjt504", cwd=store[0])
    assert said.returncode == 2 and "did you mean" in said.stderr


@pytest.mark.parametrize("words", [["--since", "yesterday"], ["--until", "2026-13-01"], ["--verdict", "good"]])
def test_wrong_words(store, words):
    said = meterrig("results", "list", *words, cwd=store[0])
    assert said.returncode == 2 and "expected" in said.stderr
