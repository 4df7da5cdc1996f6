"""What the nightly run says of two values, and of one value over many nights; of made-up records, so it is exact."""

import importlib
import json
import math
import sys
from pathlib import Path

import pytest

from nights import QUIESCENT, findings
from rigtools import PACKAGE

sys.path.insert(0, str(PACKAGE))
pytest.importorskip("meterrig")
charts, compare, nightly, configs, books = (
    importlib.import_module(f"meterrig.{name}")
    for name in ("_night_chart", "_night_compare", "nightly", "_night_config", "_night_book"))


def config(tmp_path, **more):
    file = tmp_path / "c.json"
    plan = {"name": "gas", "plan": "cjt503-auto"}
    file.write_text(json.dumps({"id": "t", "output": str(tmp_path / "out"), "plans": [plan], **more}))
    return configs.read_config(file)


def measured(value, u=0.2, unit="uA", **more):
    body = {"name": "quiescent_current", "kind": "measured", "value": value, "reason": None, "unit": unit,
            "expanded_uncertainty": u, "coverage_factor": None if u is None else 2, "limit": {"at_most": 50,
            "source": "standard"}, "decision": "pass", "verdict": "pass"}
    return {**body, **more}


def exact(value, unit="m3", kind="exact"):
    return measured(value, None, unit, kind=kind)


KEY = compare.Key("25R1", QUIESCENT, "quiescent_current")


def said(tmp_path, before, after, chart=None, **more):
    own = config(tmp_path, **more)
    return [(one.weight, one.kind) for one in compare.said_of_value(KEY, before, after, chart, own)]


SHIFT, ODD = [("regression", "shift")], "undecided"


@pytest.mark.parametrize("before, after, expected", [
    # At the root sum of squares of both expanded uncertainties it is still the same value: 0.3, 0.4 and 0.5.
    (measured(32, 0.3), measured(32.5, 0.4), []),
    (measured(32, 0.3), measured(32.5001, 0.4), SHIFT),
    (measured(32, 0.3), measured(31.4999, 0.4), SHIFT),
    # U with another k counts as U with k = 2.
    (measured(32, 0.45, coverage_factor=3), measured(32.5, 0.4), []),
    (measured(32, 0.45, coverage_factor=3), measured(32.51, 0.4), SHIFT),
    # The same in another unit.
    (measured(0.032, 0.0003, "mA"), measured(32.5, 0.4), []),
    (measured(0.032, 0.0003, "mA"), measured(32.6, 0.4), SHIFT),
    (measured(32), measured(32, unit="V"), [(ODD, "unit")]),
    (measured(32), exact("32", "uA"), [(ODD, "kind")]),
    # Without an uncertainty a change is told, not judged.
    (measured(32, None), measured(32, None), []),
    (measured(32, None), measured(33), [("note", "unjudged")]),
    # Exact and counted values: any change, but not another way to write the same number.
    (exact("0.10"), exact("0.100"), []),
    (exact("0.10"), exact("0.11"), SHIFT),
    (exact("closed"), exact("open"), SHIFT),
    (exact(12, "1", "counted"), exact(13, "1", "counted"), SHIFT),
    (exact("1", "m3"), exact("1", "L"), SHIFT),
    # Bounds.
    (measured(100, None, one_sided=">"), measured(100, None, one_sided=">"), []),
    (measured(32), measured(100, None, one_sided=">"), SHIFT),
    (measured(32), measured(30, None, one_sided=">"), [(ODD, "one_sided")]),
    (measured(32), measured(32.3, None, one_sided=">"), SHIFT),
    (measured(100, None, one_sided=">"), measured(32), SHIFT),
    (measured(100, None, one_sided=">"), measured(99, None, one_sided="<"), SHIFT),
    (measured(100, None, one_sided=">"), measured(200, None, one_sided="<"), [(ODD, "one_sided")]),
    (measured(100, None, one_sided=">"), measured(90, None, one_sided=">"), [(ODD, "one_sided")]),
    # No reading.
    (measured(32), measured(None, None, reason="silent"), [(ODD, "no_reading")]),
    (measured(None, None, reason="silent"), measured(None, None, reason="silent"), [(ODD, "no_reading")]),
    (measured(None, None, reason="silent"), measured(32), [("note", "new")]),
])
def test_two_values(tmp_path, before, after, expected):
    assert said(tmp_path, before, after) == expected


@pytest.mark.parametrize("rule, before, after, expected", [
    ({}, exact(12, "1", "counted"), exact(40, "1", "counted"), []),
    ({"change": 1}, exact(12, "1", "counted"), exact(13, "1", "counted"), []),
    ({"change": 1}, exact(12, "1", "counted"), exact(10, "1", "counted"), SHIFT),
    ({"change": 0.1}, exact("0.10"), exact("0.20"), []),
    ({"change": 1}, measured(32), measured(33), []),
    ({"change": 1}, exact("open"), exact("closed"), SHIFT),
])
def test_what_may_change(tmp_path, rule, before, after, expected):
    allow = [{"clause": QUIESCENT, "name": "quiescent_current", **rule}]
    assert said(tmp_path, before, after, allow=allow) == expected


@pytest.mark.parametrize("before, after, weight", [
    ("pass", "pass", None), ("pass", "fail", "regression"), ("fail", "fail", "note"), ("fail", "pass", "better"),
    ("void", "pass", "better"), ("pass", "void", "undecided"), ("void", "void", "undecided"),
    ("inconclusive", "not_tested", "undecided"), ("pass", "recorded", "undecided"),
    ("pass", "not_applicable", "undecided"), ("recorded", "pass", "better"), (None, "pass", None),
    (None, "fail", "regression"), (None, "inconclusive", "undecided"), ("void", "fail", "regression"),
])
def test_two_verdicts(before, after, weight):
    finding = compare.verdict_finding(compare.Key("s", "c"), before, after)
    assert (finding and finding.weight) == weight


# --- control charts ---------------------------------------------------------------------------------------------------

# Worked by hand: the mean of the ten is 10.0, of their nine moving ranges 3.0 / 9, so the limits are 10 ± 0.8867.
VALUES = [10.0, 10.2, 9.8, 10.1, 9.9, 10.3, 9.7, 10.0, 10.2, 9.8]
REACH = 2.66 * 3.0 / 9


def points(values, bad=()):
    return [charts.Point(i, value, i not in bad) for i, value in enumerate(values, 1)]


def test_the_limits_are_those_of_an_individuals_chart():
    made = charts.chart(points(VALUES), 10.0, 8, 0)
    assert made.mean == pytest.approx(10.0) and made.reach == pytest.approx(REACH)
    assert charts.chart(points(VALUES), made.mean + made.reach, 8, 0).beyond == pytest.approx(1)


def test_bad_nights_and_today_do_not_widen_the_limits():
    spoilt = VALUES[:5] + [99.0] + VALUES[5:]
    assert charts.chart(points(spoilt, bad=[6]), 50.0, 8, 0).reach == charts.chart(points(VALUES), 10.0, 8, 0).reach


def test_fewer_points_than_asked_for_make_no_limits():
    assert charts.chart(points(VALUES[:7]), 99.0, 8, 0).mean is None
    assert charts.chart(points(VALUES[:8], bad=[8]), 99.0, 8, 0).mean is None
    assert charts.chart(points(VALUES[:7]), 99.0, 8, 0).beyond == 0 and not charts.chart([], 9.0, 8, 0).drifts


def test_what_never_varied_may_move_by_a_digit():
    still = points([15.0] * 9)
    assert charts.chart(still, 15.0, 8, 0).beyond == 0 and math.isinf(charts.chart(still, 15.01, 8, 0).beyond)
    assert charts.chart(still, 15.01, 8, 0.01).beyond == pytest.approx(1)
    body = {"budget": [{"term": "resolution", "standard_uncertainty": 0.005 / math.sqrt(3)},
                       {"term": "accuracy", "standard_uncertainty": 1}]}
    assert compare.digit(body) == pytest.approx(0.01)


@pytest.mark.parametrize("values, today, drifts", [
    ([10.0, 9.0, 9.1, 10.6, 10.7, 10.6, 10.8, 10.7, 10.6, 10.7], 10.6, True),
    ([10.0, 9.0, 9.1, 10.6, 10.7, 10.6, 10.8, 10.7, 10.6, 10.7], 9.0, False),
    ([10.0, 9.0, 9.1, 10.6, 10.7, 9.0, 10.8, 10.7, 10.6, 10.7], 10.6, False),
    ([10.0, 11.0, 10.9, 9.4, 9.3, 9.4, 9.2, 9.3, 9.4, 9.3], 9.4, True),
])
def test_eight_on_one_side_are_a_drift(values, today, drifts):
    assert charts.chart(points(values), today, 8, 0).drifts == drifts


@pytest.mark.parametrize("today, shift_at, expected", [
    (10.8, 2, []), (11.2, 2, [("note", "signal")]), (12.2, 2, SHIFT), (11.2, 1, SHIFT),
])
def test_uncertainty_does_not_hide_a_shift(tmp_path, today, shift_at, expected):
    """U is 5: no change here is beyond it."""
    made = charts.chart(points(VALUES), today, 8, 0)
    assert said(tmp_path, measured(10, 5), measured(today, 5), made, trend={"shift_at": shift_at}) == expected


# --- a run against many nights ----------------------------------------------------------------------------------------


def record(run, value, **more):
    title = {"zh": "静态工作电流", "en": "quiescent current"}
    result = {"id": QUIESCENT, "title": title, "verdict": "pass", "started": "2026-11-21T00:00:00Z",
              "ended": "2026-11-21T00:02:00Z", "measurements": [measured(value, 5)]}
    dut = {"sample": 1, "serial": "25R1", "model": "WG", "declared": {}, "results": [result]}
    return {"run": run, "plan": {"id": "p"}, "rig": {"id": "r"}, "state": "finished", "verdict": "pass", "seed": 1,
            "simulated": False, "software": {"version": "0.1.0", "build": "a"}, "standards": [], "override": None,
            "decision_rule": {"rule": "simple_acceptance"}, "instruments": [], "duts": [dut], "utc_offset": "+08:00",
            "started": "2026-11-21T00:00:00Z", "ended": "2026-11-21T00:02:00Z", **more}


@pytest.fixture
def history(tmp_path, monkeypatch):
    """Nights of the book, with made-up records in the place of a store; judges a value as tonight's."""

    def judge(values, today, bad=(), lost="", rules=None, **more):
        stored = {f"run-{i}": record(f"run-{i}", value) for i, value in enumerate(values, 1)}

        def record_of(run, _):
            if run == lost:
                raise sys.modules["meterrig"].UserError("no such run")
            return stored[run]

        monkeypatch.setattr(nightly, "record_of", record_of)
        monkeypatch.setattr(books, "record_of", record_of)
        own = config(tmp_path, **(rules or {}))
        book = books.Book(own)
        book.lines = [{"id": "t", "night": i, "data": str(Path("d")), "runs": {"gas": {
            "run": f"run-{i}", "status": "regression" if i in bad else "good"}}} for i in range(1, len(values) + 1)]
        night = nightly.Night(own, book)
        return night.judged(own.entries[0], record("today", today, **more))

    return judge


def test_a_shift_within_the_uncertainty_is_named_by_the_trend(history):
    own = history(VALUES, 12.5)
    (shift,) = findings({"runs": [own]}, "regression")
    assert own["status"] == "regression" and "rule 1" in shift["en"] and own["baseline"]["night"] == 10
    assert history(VALUES, 10.1)["status"] == "good"
    (value,) = own["values"]
    assert value["chart"]["values"] == VALUES and value["chart"]["reach"] == pytest.approx(REACH)


def test_nights_that_were_regressions_are_drawn_but_do_not_count(history):
    own = history(VALUES + [30.0], 12.5, bad=[11])
    assert own["status"] == "regression" and own["values"][0]["chart"]["good"][-1] is False
    assert own["baseline"]["night"] == 10


def test_only_the_last_nights_are_looked_back_on(history):
    own = history([50.0] * 20 + VALUES, 10.0, rules={"trend": {"nights": 10}})
    assert own["values"][0]["chart"]["values"] == VALUES


def test_a_pinned_run_begins_the_trend_anew(history):
    plan = {"name": "gas", "plan": "p", "baseline": "run-11"}
    own = history(VALUES + [x + 20 for x in VALUES], 30.1, bad=range(11, 21), rules={"plans": [plan]})
    chart = own["values"][0]["chart"]
    assert own["baseline"]["pinned"] and chart["values"][0] == 30.0 and chart["good"] == [True] + [False] * 9
    assert own["status"] == "good"


def test_a_run_that_is_no_more_stored_is_left_out(history, capsys):
    own = history(VALUES, 10.0, lost="run-3")
    assert own["values"][0]["chart"]["values"] == VALUES[:2] + VALUES[3:] and own["status"] == "good"
    assert "night 3 is left out of the trend" in capsys.readouterr().err
    assert history(VALUES, 10.0, lost="run-10")["baseline"]["night"] == 9


def test_what_the_runs_were_made_with_is_told(history):
    new = {"software": {"version": "0.2.0", "build": "b"}, "rig": {"id": "other"},
           "instruments": [{"name": "dmm1", "serial": "7", "simulated": False}]}
    setup = {(row["en"], row["before"], row["after"]) for row in history(VALUES, 10.0, **new)["setup"]}
    assert setup == {("software", "0.1.0 a", "0.2.0 b"), ("rig", "id r", "id other"),
                     ("instrument dmm1 serial", "", "7"), ("instrument dmm1 simulated", "", "False")}


def test_a_run_that_takes_longer_is_told(history):
    after = record("x", 10.0)
    after["duts"][0]["results"][0]["ended"] = "2026-11-21T00:02:30Z"
    own = history(VALUES, 10.0, duts=after["duts"])
    assert [(one["before"], one["after"]) for one in findings({"runs": [own]}, "note")] == [("120.0 s", "150.0 s")]
    after["duts"][0]["results"][0]["ended"] = "2026-11-21T00:02:20Z"
    assert history(VALUES, 10.0, duts=after["duts"])["findings"] == []


def test_samples_are_told_apart_by_their_serial_numbers(history):
    moved = record("x", 10.0)["duts"]
    moved[0]["sample"] = 3
    assert history(VALUES, 10.0, duts=moved)["findings"] == []
    moved[0]["serial"] = "25R2"
    own = history(VALUES, 10.0, duts=moved)
    assert own["status"] == "undecided" and {one["kind"] for one in own["findings"]} == {"new", "missing"}


@pytest.mark.parametrize("state, status", [
    ("aborted", "aborted"), ("interrupted", "aborted"), ("refused", "undecided"),
])
def test_a_run_that_did_not_finish_is_not_good(history, state, status):
    assert history(VALUES, 10.0, state=state)["status"] == status


@pytest.mark.parametrize("wall, told", [(30.0, []), (36.1, [("gas", 30.0, 36.1)]), (20.0, [("gas", 30.0, 20.0)])])
def test_another_time_of_the_wall_clock_is_told(tmp_path, wall, told):
    book = books.Book(config(tmp_path))
    book.lines = [{"id": "t", "night": 1, "runs": {"gas": {"run": "a", "wall_s": 30.0}}}]
    night = nightly.Night(config(tmp_path), book)
    night.runs = [{"name": "gas", "baseline": {"night": 1}}, {"name": "new", "baseline": None}]
    night.wall_s = {"gas": wall}
    assert list(night.wall_times()) == told


def result(clause, verdict, body=None):
    """A clause and, with a body, one value of it."""
    title = {"zh": clause, "en": clause}
    found = {compare.Key("25R1", clause): compare.Result(title, verdict, 1.0, {})}
    if body:
        found[compare.Key("25R1", clause, body["name"])] = compare.Result(title, body["verdict"], None, body)
    return found


def test_a_golden_meters_clause_that_was_not_run_is_missed(tmp_path):
    golden = {"plan": "cjt503-auto", "expect": {"verdicts": {QUIESCENT: "fail"}}}
    own = config(tmp_path, golden=golden)
    (found,) = compare.unexpected(result("CJT503-5.3.14/6.16", "pass"), own)
    assert (found.weight, found.key.clause, found.before, found.after) == ("regression", QUIESCENT, "fail", "-")
    assert compare.unexpected(result(QUIESCENT, "fail"), own) == []


@pytest.mark.parametrize("word", ["watch", "allow"])
def test_a_name_that_fits_nothing_is_told(tmp_path, word):
    own = config(tmp_path, **{word: [{"clause": "5.3.8", "name": "quiescent_current"}]})
    runs = result(QUIESCENT, "pass", measured(10))
    (found,) = compare.compare(runs, runs, {}, own)
    assert (found.weight, found.kind, found.key.clause) == ("note", "unmatched", "5.3.8") and word in found.en


def test_what_failed_and_is_not_judged_any_more_is_no_better():
    finding = compare.verdict_finding(KEY, "fail", "recorded")
    assert finding.weight == "undecided" and compare.verdict_finding(KEY, "fail", "pass").weight == "better"
