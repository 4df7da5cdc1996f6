"""Two runs of one plan: verdicts that changed, values that shifted, and what can't be compared."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple, Optional

from ._flat import limit_text
from ._night_chart import RUN_LENGTH, Chart
from ._night_config import Allowed, Band, Config
from .errors import UnitError
from .quantity import factor
from .results import utc

#: What a finding means for the night, worst first. `unlimited`: a value without a limit moved, as the weather's do.
WEIGHTS = ("regression", "undecided", "unlimited", "better", "note")
GOOD = ("pass", "recorded", "not_applicable")
_SIGNS = {"at_most": "≤", "less_than": "<", "at_least": "≥", "equals": "="}
_UNDECIDED = ("void", "inconclusive", "not_tested")


class Key(NamedTuple):
    """A measurement, or with an empty name the clause itself; the same in every run."""

    serial: str
    clause: str
    name: str = ""
    number: int = 0  #: among those of that name


class Result(NamedTuple):
    """What a run found out about a key."""

    title: Mapping[str, str]
    verdict: str
    seconds: Optional[float]
    body: Mapping[str, Any]  #: of the measurement; empty for a clause


class Finding(NamedTuple):
    """Something that is not as it was."""

    weight: str
    kind: str
    key: Key
    before: str
    after: str
    zh: str
    en: str


class Said(NamedTuple):
    """What there is to say about one value."""

    weight: str
    kind: str
    zh: str
    en: str


def results(record: Mapping[str, Any]) -> dict[Key, Result]:
    """Samples are told apart by their serial numbers, those without one by their numbers."""
    found: dict[Key, Result] = {}
    serials = Counter(dut["serial"] for dut in record["duts"])
    for dut in record["duts"]:
        serial = dut["serial"] if dut["serial"] and serials[dut["serial"]] == 1 else f"#{dut['sample']}"
        for body in dut["results"]:
            title, seconds = body["title"], duration(body["started"], body["ended"])
            found[Key(serial, body["id"])] = Result(title, body["verdict"], seconds, {})
            seen: Counter[str] = Counter()
            for own in body["measurements"]:
                key = Key(serial, body["id"], own["name"], seen[own["name"]])
                found[key] = Result(title, own["verdict"], None, own)
                seen[own["name"]] += 1
    return found


def duration(started: Optional[str], ended: Optional[str]) -> Optional[float]:
    """Seconds of the rig's time."""
    begin, end = utc(started), utc(ended)
    return (end - begin) / datetime.timedelta(seconds=1) if begin and end else None


def value_text(body: Mapping[str, Any]) -> str:
    """``> 100 uA``."""
    if body["value"] is None:
        return "-"
    value = body["value"]
    shown = f"{value:.7g}" if isinstance(value, float) else str(value)
    unit = "" if body["unit"] == "1" else body["unit"]
    return " ".join(part for part in (body.get("one_sided"), shown, unit) if part)


def uncertainty(body: Mapping[str, Any]) -> Optional[float]:
    """U with k = 2."""
    stated, k = body.get("expanded_uncertainty"), body.get("coverage_factor")
    return None if stated is None else float(stated) * 2 / (k or 2)


def _limit(body: Mapping[str, Any]) -> str:
    """``≤ 50 uA``."""
    text = limit_text(body["limit"])
    for word, sign in _SIGNS.items():
        text = text.replace(word, sign)
    return f"{text} {'' if body['unit'] == '1' else body['unit']}".strip() or "-"


def digit(body: Mapping[str, Any]) -> float:
    """By how much a value can change without anything having changed: the last digit of what was read."""
    terms = [term["standard_uncertainty"] for term in body.get("budget", []) if term["term"] == "resolution"]
    return 2 * math.sqrt(3) * math.fsum(terms)


# --- verdicts ---------------------------------------------------------------------------------------------------------


def verdict_finding(key: Key, before: Optional[str], after: str) -> Optional[Finding]:
    """``before`` None: there is nothing to compare with, so the verdict itself counts."""
    if after == "fail":
        weight = "note" if before == "fail" else "regression"
    elif after in _UNDECIDED:
        weight = "undecided"
    elif before in (None, after):
        return None
    elif before == "pass" or (before == "fail" and after != "pass"):
        weight = "undecided"  # what was judged is so no more
    else:
        weight = "better"
    zh, en = ("判定仍为", "still") if before == after else ("判定改变", "the verdict changed")
    zh, en = ("无基线，判定本身计入", "nothing to compare with: the verdict counts") if before is None else (zh, en)
    return Finding(weight, "verdict", key, before or "", after, zh, en)


# --- values -----------------------------------------------------------------------------------------------------------


def _same_exact(before: Any, after: Any) -> bool:
    try:
        return bool(Decimal(str(before)) == Decimal(str(after)))
    except InvalidOperation:
        return bool(before == after)


def _one_sided(before: Mapping[str, Any], after: Mapping[str, Any]) -> Optional[Said]:
    """Bounds: a shift only when no value that both allow is left."""
    signs, values = (before.get("one_sided"), after.get("one_sided")), (before["value"], after["value"])
    if signs[0] == signs[1] and values[0] == values[1]:
        return None
    ranges = []
    for body, sign, value in zip((before, after), signs, values):
        around = 0.0 if sign else uncertainty(body) or 0.0
        ranges.append((-math.inf if sign == "<" else value - around, math.inf if sign == ">" else value + around))
    (low0, high0), (low1, high1) = ranges
    if low1 > high0 or low0 > high1:
        return Said("regression", "shift", "单侧读数已超出基线值", "a one-sided reading that excludes the baseline's")
    return Said("undecided", "one_sided", "单侧读数，无法与基线比较", "a one-sided reading can't be compared")


def _in_unit(body: Mapping[str, Any], unit: str) -> Mapping[str, Any]:
    """The same quantity in another unit. Raises UnitError."""
    by = factor(body["unit"], unit)
    if by == 1:
        return body
    stated = body.get("expanded_uncertainty")
    scaled = {"value": body["value"] * by, "expanded_uncertainty": None if stated is None else stated * by}
    return {**body, **scaled, "unit": unit}


def _measured(
    before: Mapping[str, Any], after: Mapping[str, Any], chart: Optional[Chart], shift_at: float
) -> Iterator[Said]:
    change = abs(after["value"] - before["value"])
    u0, u1 = uncertainty(before), uncertainty(after)
    if u0 is not None and u1 is not None and change > math.hypot(u0, u1):
        both = f"{math.hypot(u0, u1):.2g}"
        yield Said(
            "regression",
            "shift",
            f"变化 {change:.3g}，大于合成不确定度 U = {both}",
            f"a change of {change:.3g}, beyond the combined U = {both}",
        )
    elif chart and chart.beyond > 1:
        zh, en = (
            ("未给出不确定度", "no uncertainty stated") if u0 is None or u1 is None else ("在不确定度之内", "inside the uncertainty")
        )
        if math.isinf(chart.beyond):
            zh, en = f"{zh}，但此前各夜从未变化", f"{en}, yet it had never varied before"
        else:
            zh = f"{zh}，但距均值达控制限的 {chart.beyond:.1f} 倍（准则 1）"
            en = f"{en}, yet {chart.beyond:.1f} times as far from the mean as the control limits (rule 1)"
        shifted = chart.beyond > shift_at
        yield Said("regression" if shifted else "note", "shift" if shifted else "signal", zh, en)
    elif change and (u0 is None or u1 is None) and (chart is None or chart.mean is None):
        yield Said(
            "note",
            "unjudged",
            "未给出不确定度，历史点不足以得出控制限",
            "no uncertainty is stated and there are too few nights for control limits",
        )
    if chart and chart.drifts:
        yield Said(
            "note", "drift", f"连续 {RUN_LENGTH} 点在均值同侧（准则 4）", f"{RUN_LENGTH} in a row on one side of the mean (rule 4)"
        )


def _allowed(key: Key, before: Any, after: Any, allowed: Sequence[Allowed]) -> bool:
    for rule in allowed:
        if (rule.clause, rule.name) == (key.clause, key.name):
            try:
                return rule.change is None or abs(Decimal(str(after)) - Decimal(str(before))) <= Decimal(
                    str(rule.change)
                )
            except InvalidOperation:
                return False
    return False


def said_of_value(
    key: Key, before: Mapping[str, Any], after: Mapping[str, Any], chart: Optional[Chart], config: Config
) -> Iterator[Said]:
    """What there is to say about a value that both runs measured."""
    if before["value"] is None or after["value"] is None:
        if after["value"] is None:
            same = before["value"] is None
            zh, en = ("仍无读数", "still no reading") if same else ("无读数", "no reading")
            yield Said("undecided", "no_reading", zh, en)
        else:
            yield Said("note", "new", "基线无读数", "the baseline has no reading")
    elif before["kind"] != after["kind"]:
        yield Said("undecided", "kind", "量的类别改变，无法比较", "another kind of quantity: it can't be compared")
    elif before["kind"] != "measured":
        same = before["unit"] == after["unit"] and _same_exact(before["value"], after["value"])
        if not same and not _allowed(key, before["value"], after["value"], config.allowed):
            yield Said("regression", "shift", "计数值或精确值改变", "a counted or exact value changed")
    else:
        try:
            before = _in_unit(before, after["unit"])
        except UnitError:
            yield Said("undecided", "unit", "单位改变，无法比较", "another unit: it can't be compared")
            return
        if before.get("one_sided") or after.get("one_sided"):
            said = _one_sided(before, after)
            yield from [said] if said else []
        elif not _allowed(key, before["value"], after["value"], config.allowed):
            yield from _measured(before, after, chart, config.shift_at)


# --- whole runs -------------------------------------------------------------------------------------------------------


def takes_other_time(before: float, after: float, config: Config) -> bool:
    """By more than the configuration lets pass; both are seconds."""
    return abs(after - before) > max(config.time_seconds, before * config.time_percent / 100)


def _times(key: Key, before: Result, after: Result, config: Config) -> Iterator[Finding]:
    if before.seconds is None or after.seconds is None:
        return
    if takes_other_time(before.seconds, after.seconds, config):
        longer = after.seconds > before.seconds
        zh, en = ("用时变长", "it takes longer") if longer else ("用时变短", "it takes less time")
        yield Finding("note", "time", key, f"{before.seconds:.1f} s", f"{after.seconds:.1f} s", zh, en)


def _counts(key: Key, one: Result, config: Config) -> bool:
    """Whether a shift of it is one of the meter: it has a limit, or the laboratory watches it."""
    return not key.name or bool(one.body["limit"]) or (key.clause, key.name) in config.watched


def _of_value(key: Key, before: Result, after: Result, chart: Optional[Chart], config: Config) -> Iterator[Finding]:
    shown = (value_text(before.body), value_text(after.body))
    counts = _counts(key, before, config) or _counts(key, after, config)
    for said in said_of_value(key, before.body, after.body, chart, config):
        weight = said.weight if counts or said.weight not in WEIGHTS[:2] else "unlimited"
        yield Finding(weight, said.kind, key, *shown, said.zh, said.en)
    limits = [_limit(one.body) for one in (before, after)]
    if limits[0] != limits[1]:
        yield Finding("note", "limit", key, limits[0], limits[1], "限值改变", "the limit changed")


def _new(key: Key, now: Result) -> list[Finding]:
    verdict = verdict_finding(key, None, now.verdict) if not key.name else None
    shown = value_text(now.body) if key.name else now.verdict
    return [verdict or Finding("note", "new", key, "", shown, "基线中没有", "not in the baseline")]


def compare(
    before: Mapping[Key, Result], after: Mapping[Key, Result], charts: Mapping[Key, Chart], config: Config
) -> list[Finding]:
    """Everything that is not as it was, in the order of today's run; what is missing from it comes last."""
    found: list[Finding] = []
    for key, now in after.items():
        was = before.get(key)
        if was is None:
            found += _new(key, now)
            continue
        # A clause that changed says so itself; of its values only what moved is said then.
        clause = Key(key.serial, key.clause)
        if not key.name or before[clause].verdict == after[clause].verdict:
            changed = verdict_finding(key, was.verdict, now.verdict)
            found += [changed] if changed and not (key.name and was.verdict == now.verdict) else []
        found += _of_value(key, was, now, charts.get(key), config) if key.name else _times(key, was, now, config)
    for key, was in before.items():
        whole = after.get(Key(key.serial, key.clause))
        # What a void clause did not measure the clause itself says.
        if key not in after and not (whole and whole.verdict in _UNDECIDED):
            shown = value_text(was.body) if key.name else was.verdict
            weight = "undecided" if _counts(key, was, config) else "unlimited"
            found.append(Finding(weight, "missing", key, shown, "", "本次没有", "missing from this run"))
    named = {(key.clause, key.name) for key in [*after, *before]}
    asked = [("watch", *one) for one in sorted(config.watched)] + [("allow", r.clause, r.name) for r in config.allowed]
    for word, own, name in asked:
        if (own, name) not in named:
            zh, en = f"`{word}` 所指的值不存在", f"`{word}` names a value that is not there; write the clause's whole id"
            found.append(Finding("note", "unmatched", Key("", own, name), "", "", zh, en))
    return found


def alone(after: Mapping[Key, Result]) -> list[Finding]:
    """Of a run that nothing can be compared with: its verdicts count."""
    verdicts = (verdict_finding(key, None, now.verdict) for key, now in after.items() if not key.name)
    return [finding for finding in verdicts if finding]


def unexpected(after: Mapping[Key, Result], config: Config) -> list[Finding]:
    """What the golden meter should have given, and did not."""
    found = []
    for key, now in after.items():
        wanted = config.expected_verdicts.get(key.clause)
        if not key.name and (now.verdict != wanted if wanted else now.verdict not in GOOD):
            text = wanted or " / ".join(GOOD)
            found.append(Finding("regression", "expected", key, text, now.verdict, "与预期不符", "not as expected"))
    for clause in sorted(config.expected_verdicts.keys() - {key.clause for key in after}):
        wanted = config.expected_verdicts[clause]
        found.append(Finding("regression", "expected", Key("", clause), wanted, "-", "未检", "was not tested"))
    for band in config.expected_values:
        keys = [key for key in after if (key.clause, key.name) == (band.clause, band.name)]
        for key in keys:
            found += _outside(key, after[key].body, band)
        if not keys:
            key = Key("", band.clause, band.name)
            found.append(Finding("regression", "expected", key, _band(band), "-", "没有此测量值", "was not measured"))
    return found


def _band(band: Band) -> str:
    return f"{band.low:g} .. {band.high:g} {band.unit or ''}".rstrip()


def _outside(key: Key, body: Mapping[str, Any], band: Band) -> list[Finding]:
    try:
        value = float(body["value"]) * factor(body["unit"], band.unit or body["unit"])
    except (TypeError, ValueError):
        value = math.nan
    if band.low <= value <= band.high and not body.get("one_sided"):
        return []
    return [Finding("regression", "expected", key, _band(band), value_text(body), "与预期不符", "not as expected")]


def setup_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """(Chinese, English, before, after) of what the two runs were made with."""

    def software(record: Mapping[str, Any]) -> str:
        return f"{record['software'].get('version', '')} {record['software'].get('build', '')}".strip()

    rows = [("软件", "software", software(before), software(after))]
    for zh, en, key in (
        ("装置", "rig", "rig"),
        ("计划", "plan", "plan"),
        ("判定规则", "decision rule", "decision_rule"),
        ("种子", "seed", "seed"),
        ("具名放行", "override", "override"),
        ("模拟", "simulated", "simulated"),
    ):
        rows.append((zh, en, _shown(before[key]), _shown(after[key])))
    standards = [", ".join(_shown(one) for one in record["standards"]) for record in (before, after)]
    rows.append(("标准", "standards", standards[0], standards[1]))
    for zh, en, found in (("仪器", "instrument", _instruments), ("样品", "sample", _samples)):
        old, new = found(before), found(after)
        rows += [(f"{zh} {name}", f"{en} {name}", old.get(name, ""), new.get(name, "")) for name in {**old, **new}]
    return [row for row in rows if row[2] != row[3]]


def _instruments(record: Mapping[str, Any]) -> dict[str, str]:
    """Addresses are none of it: those of a served bench are others each time."""
    keys = ("profile", "model", "serial", "identity", "calibration", "simulated")
    return {
        f"{one.get('name', '')} {key}": _shown(one[key]) for one in record["instruments"] for key in keys if key in one
    }


def _samples(record: Mapping[str, Any]) -> dict[str, str]:
    """What the maker declares of each."""
    found = {}
    for dut in record["duts"]:
        for key, value in {"model": dut["model"], **dut["declared"]}.items():
            found[f"{dut['serial'] or dut['sample']} {key}"] = _shown(value)
    return found


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(own)}" for key, own in value.items() if key != "title")
    return "-" if value is None else str(value)
