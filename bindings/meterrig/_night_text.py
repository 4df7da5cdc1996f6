"""What a night says without a page: JUnit for a CI server, some lines for a person."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from typing import Any

from ._night_compare import WEIGHTS

#: What XML does not know, as a replacement character.
_ILLEGAL = {code: "\ufffd" for code in (*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)}
_LINES_MAX = 20
VERDICTS = {
    "unchanged": ("无变化", "NOTHING CHANGED"),
    "regression": ("回归", "REGRESSION"),
    "undecided": ("无法判定", "UNDECIDED"),
    "unfit": ("装置不合用", "RIG NOT FIT"),
    "aborted": ("中止", "ABORTED"),
}
STATUSES = {
    "good": ("无变化", "nothing changed"),
    "first": ("首次，成为基线", "the first one: it becomes the baseline"),
    "regression": ("回归", "regression"),
    "undecided": ("无法判定", "undecided"),
    "unfit": ("装置不合用", "rig not fit"),
    "aborted": ("中止", "aborted"),
    "not_judged": ("未判定", "not judged"),
    "not_started": ("未开始", "not started"),
}


def where(finding: Mapping[str, Any]) -> str:
    """``25R000101 CJT503-5.3.8/6.10 quiescent_current``."""
    number = f"#{finding['number'] + 1}" if finding["number"] else ""
    return " ".join(part for part in (finding["serial"], finding["clause"], finding["name"], number) if part)


def what(finding: Mapping[str, Any], language: str) -> str:
    """``32.4 uA -> 49.2 uA: a change of 16.8, beyond the combined U = 0.2``."""
    change = " -> ".join(part for part in (finding["before"], finding["after"]) if part)
    return f"{change}: {finding['zh' if language == 'zh' else 'en']}"


# --- text -------------------------------------------------------------------------------------------------------------


def summary(night: Mapping[str, Any], page: str, language: str) -> Iterator[str]:
    """Lines, worst first within each run; what is only a note is counted."""
    zh = language == "zh"
    verdict = VERDICTS[night["verdict"]][not zh]
    yield f"{'夜间运行' if zh else 'night'} {night['night']} {night['title']['zh' if zh else 'en']}: {verdict}"
    for entry in night["runs"]:
        status = STATUSES[entry["status"]][not zh]
        against = f"{'对比' if zh else 'against'} {entry['baseline']['run']}" if entry["baseline"] else ""
        yield "  ".join(part for part in (entry["name"], entry["run"], against, status, entry["text"]) if part)
        for weight in ("regression", "undecided"):
            own = [one for one in entry["findings"] if one["weight"] == weight]
            label = STATUSES["unfit" if entry["golden"] else weight][not zh]
            for finding in own[:_LINES_MAX]:
                yield f"  {label}  {where(finding)}  {what(finding, language)}"
            if len(own) > _LINES_MAX:
                yield f"  {label}  + {len(own) - _LINES_MAX}"
        for row in entry["setup"]:
            yield f"  {row['zh' if zh else 'en']}: {row['before'] or '-'} -> {row['after'] or '-'}"
        for weights, texts in (
            (("unlimited",), ("个无限值的量有变化，见页面", "values without a limit moved: see the page")),
            (("better", "note"), ("条提示，见页面", "notes: see the page")),
        ):
            count = sum(finding["weight"] in weights for finding in entry["findings"])
            if count:
                yield f"  {count} {texts[not zh]}"
    yield f"{'页面' if zh else 'page'} {page}"


# --- JUnit ------------------------------------------------------------------------------------------------------------


def junit(night: Mapping[str, Any]) -> bytes:
    """A suite for each run, a case for each clause on each sample: regressions fail, what can't be judged is an error.

    Of the golden meter everything is an error: the rig's, not the meter's.
    """
    root = ET.Element("testsuites", name=_xml(f"meterrig nightly {night['id']}"))
    for entry in night["runs"]:
        _suite(root, entry)
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _suite(root: ET.Element, entry: Mapping[str, Any]) -> None:
    suite = ET.SubElement(root, "testsuite", name=_xml(entry["name"]))
    if entry["started"]:
        suite.set("timestamp", entry["started"][:19])
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("run", entry["run"]),
        ("baseline", (entry["baseline"] or {}).get("run", "")),
        ("status", entry["status"]),
        ("simulated", str(entry["simulated"]).lower()),
    ):
        ET.SubElement(properties, "property", name=name, value=_xml(value))
    cases = list(entry["clauses"])
    total = 0.0
    for clause in cases:
        total += clause["seconds"] or 0.0
        _case(suite, entry, clause)
    known = {(clause["serial"], clause["clause"]) for clause in cases}
    # What belongs to no clause of this run: one that is missing, a run that did not come to its end.
    lost = [one for one in entry["findings"] if (one["serial"], one["clause"]) not in known]
    if lost or entry["text"] or entry["status"] in ("not_started", "not_judged", "aborted"):
        case = ET.SubElement(suite, "testcase", classname=_xml(entry["name"]), name="run", time="0.000")
        _outcome(case, entry, lost, entry["text"])
    suite.set("tests", str(len(suite.findall("testcase"))))
    for plural, name in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(plural, str(len(suite.findall(f"testcase/{name}"))))
    suite.set("time", f"{math.fsum([total]):.3f}")


def _case(suite: ET.Element, entry: Mapping[str, Any], clause: Mapping[str, Any]) -> None:
    name = f"{clause['serial']} {clause['clause']} {clause['title']['en']}"
    classname, time = _xml(entry["name"]), f"{clause['seconds'] or 0:.3f}"
    case = ET.SubElement(suite, "testcase", classname=classname, name=_xml(name), time=time)
    own = [one for one in entry["findings"] if (one["serial"], one["clause"]) == (clause["serial"], clause["clause"])]
    _outcome(case, entry, own, "")


def _outcome(case: ET.Element, entry: Mapping[str, Any], findings: list[Mapping[str, Any]], text: str) -> None:
    lines = {
        weight: [f"{where(one)} {what(one, 'en')}" for one in findings if one["weight"] == weight] for weight in WEIGHTS
    }
    if entry["status"] in ("not_started", "not_judged"):
        ET.SubElement(case, "skipped", message=_xml(text or "not judged: the rig is not fit"))
    elif entry["golden"] and (lines["regression"] or lines["undecided"]):
        _element(case, "error", "rig_not_fit", lines["regression"] + lines["undecided"])
    elif lines["regression"]:
        _element(case, "failure", "regression", lines["regression"] + lines["undecided"])
    elif lines["undecided"] or text or (entry["status"] == "aborted" and case.get("name") == "run"):
        _element(case, "error", entry["status"], lines["undecided"] or [text or "aborted"])
    notes = lines["unlimited"] + lines["better"] + lines["note"]
    if notes:
        ET.SubElement(case, "system-out").text = _xml("\n".join(notes))


def _element(case: ET.Element, name: str, kind: str, lines: list[str]) -> None:
    element = ET.SubElement(case, name, type=kind, message=_xml(lines[0]))
    element.text = _xml("\n".join(lines))


def _xml(text: str) -> str:
    return text.translate(_ILLEGAL)
