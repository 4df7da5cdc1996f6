"""A run as one flat table: a row for each measurement of each attempt."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import IO, Any, Optional, Union

Cell = Union[str, int, float, bool, Decimal, None]

#: The name of each column and its headings.
COLUMNS = {
    "run": ("运行", "Run"),
    "plan": ("计划", "Plan"),
    "sample": ("样品", "Sample"),
    "serial": ("出厂编号", "Serial number"),
    "model": ("型号", "Model"),
    "clause": ("条款", "Clause"),
    "attempt": ("次", "Attempt"),
    "name": ("量", "Quantity"),
    "kind": ("类别", "Kind"),
    "one_sided": ("单侧", "One-sided"),
    "value": ("值", "Value"),
    "unit": ("单位", "Unit"),
    "expanded_uncertainty": ("U", "U"),
    "coverage_factor": ("k", "k"),
    "limit": ("限值", "Limit"),
    "limit_source": ("限值来源", "Source of the limit"),
    "decision": ("判定依据", "Decision"),
    "verdict": ("判定", "Verdict"),
    "attempt_verdict": ("本次判定", "Verdict of the attempt"),
    "started": ("开始（UTC）", "Started (UTC)"),
    "ended": ("结束（UTC）", "Ended (UTC)"),
    "simulated": ("模拟", "Simulated"),
}
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
#: The full-width ones, too: some East Asian spreadsheets take them for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_SOURCES = ("source", "magnitude_of")


def limit_text(limit: Optional[Mapping[str, Any]]) -> str:
    """``at_most 50``, ``between 4.8 6.2``, ``|E| less_than 0.01``; empty without a limit."""
    if not limit:
        return ""
    kind, bound = next((kind, bound) for kind, bound in limit.items() if kind not in _SOURCES)
    of = f"|{limit['magnitude_of']}| " if "magnitude_of" in limit else ""
    return f"{of}{kind} {' '.join(map(str, bound)) if isinstance(bound, list) else bound}"


def _value(own: Mapping[str, Any]) -> Cell:
    """Exact numbers as they are written; words, and what is no reading, as they stand."""
    value: Cell = own["value"]
    if own["kind"] == "exact" and isinstance(value, str) and _NUMBER.fullmatch(value):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value


def rows(record: Mapping[str, Any]) -> Iterator[dict[str, Cell]]:
    """In the order of the record. A clause that measured nothing has a row without a measurement."""
    for dut in record["duts"]:
        about: dict[str, Cell] = {"run": record["run"], "plan": record["plan"].get("id", ""), "sample": dut["sample"]}
        about |= {"serial": dut["serial"], "model": dut["model"]}
        for result in dut["results"]:
            for attempt in result["attempt_records"] or [{**result, "attempt": None}]:
                times = {key: attempt[key] for key in ("started", "ended", "simulated")}
                of = {**about, "clause": result["id"], "attempt": attempt["attempt"]}
                for own in attempt["measurements"] or [None]:
                    found = {} if own is None else _measurement(own)
                    row: dict[str, Cell] = {**of, **found, "attempt_verdict": attempt["verdict"], **times}
                    yield {name: row.get(name) for name in COLUMNS}


def _measurement(own: Mapping[str, Any]) -> dict[str, Cell]:
    same = ("name", "kind", "one_sided", "unit", "expanded_uncertainty", "coverage_factor", "decision", "verdict")
    source = (own["limit"] or {}).get("source")
    return {key: own.get(key) for key in same} | {
        "value": _value(own),
        "limit": limit_text(own["limit"]),
        "limit_source": source,
    }


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; what is a number stays one."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMBER.fullmatch(text) else text


def cell_text(value: Cell) -> str:
    """All digits: the shortest that read back to the same number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return harmless(value) if isinstance(value, str) else repr(value) if isinstance(value, float) else str(value)


def headings(language: str) -> list[str]:
    """The columns' names in Chinese, or both; in English the plain names, which programs know."""
    if language == "en":
        return list(COLUMNS)
    return [zh if language == "zh" or zh == en else f"{zh} {en}" for zh, en in COLUMNS.values()]


def write_csv(record: Mapping[str, Any], out: IO[str], language: str) -> None:
    """RFC 4180."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(headings(language))
    for row in rows(record):
        writer.writerow([cell_text(value) for value in row.values()])
