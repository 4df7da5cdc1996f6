"""Two runs of the same plan: which verdicts changed, and which values by more than their uncertainty.

Takes the records of two runs (``meterrig run PLAN --record FILE``, or the data folder's ``records/RUN.json``), or makes
two on the virtual bench: the reference with healthy meters, today's with what ``--defect`` names.

    export PYTHONPATH=build/python
    python3 docs/examples/nightly_compare.py yesterday.json today.json
    python3 docs/examples/nightly_compare.py --plan cjt503-auto --only 5.3.8 --defect cjt503-5.3.8-d3@2
    python3 docs/examples/nightly_compare.py yesterday.json --plan cjt503-auto --rig my-rig.json --dut meter.json

Exit code 1: a verdict of today's run is worse than it was, or one is missing.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

import meterrig

#: Worst first, as docs/semantics.md has it.
ORDER = ["fail", "void", "inconclusive", "not_tested", "pass", "recorded", "not_applicable"]
#: sample, clause, name of the measurement (empty: the clause itself), its number among those of that name
Key = tuple[int, str, str, int]


class Finding(NamedTuple):
    verdict: Optional[str]
    #: None: nothing that could be compared
    value: Union[float, Decimal, str, None] = None
    expanded_uncertainty: float = 0
    unit: str = "1"


def finding(one: meterrig.Measurement) -> Finding:
    """Counted and exact values have no uncertainty; a measured value that does not say its own is left out."""
    if one.body["kind"] != "measured":
        return Finding(one.verdict, one.value, 0, one.unit)
    if one.expanded_uncertainty is None:
        return Finding(one.verdict)
    return Finding(one.verdict, one.value, one.expanded_uncertainty, one.unit)


def findings(record: dict[str, Any]) -> dict[Key, Finding]:
    """Of each clause on each sample, and of each measurement in it."""
    found: dict[Key, Finding] = {}
    for result in (meterrig.Result(dut["sample"], body) for dut in record["duts"] for body in dut["results"]):
        found[result.sample, result.clause, "", 0] = Finding(result.verdict)
        seen: Counter[str] = Counter()
        for one in result.measurements:
            found[result.sample, result.clause, one.name, seen[one.name]] = finding(one)
            seen[one.name] += 1
    return found


def is_worse(before: Optional[str], after: Optional[str]) -> bool:
    if before is None or after is None:
        return False
    return ORDER.index(after) < ORDER.index(before)


def change(before: Finding, after: Finding) -> str:
    """In words; empty: nothing changed, or a value within the uncertainties of both (their root sum of squares)."""
    said = []
    if before.verdict != after.verdict:
        said.append(f"{before.verdict} -> {after.verdict}")
    if before.value is None or after.value is None or before.value == after.value:
        return ", ".join(said)
    unit = "" if after.unit == "1" else f" {after.unit}"
    if isinstance(before.value, float) and isinstance(after.value, float):
        together = math.hypot(before.expanded_uncertainty, after.expanded_uncertainty)
        if abs(after.value - before.value) > together:
            said.append(f"{before.value:.6g} -> {after.value:.6g}{unit} (U {together:.2g})")
    else:
        said.append(f"{before.value} -> {after.value}{unit}")
    return ", ".join(said)


def compare(reference: dict[str, Any], today: dict[str, Any]) -> bool:
    """Prints what changed; True when something got worse."""
    old, new = findings(reference), findings(today)
    worse = False
    for key in sorted({**old, **new}):
        sample, clause, name, number = key
        if key not in new or key not in old:
            said = "was not there" if key in new else "is missing"
            bad = key not in new and not name
        else:
            said, bad = change(old[key], new[key]), is_worse(old[key].verdict, new[key].verdict)
        if said:
            what = f"{clause} {name}{f' #{number + 1}' if number else ''}".rstrip()
            print(f"{'WORSE' if bad else '     '}  sample {sample}  {what}: {said}")
        worse = worse or bad
    return worse


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("records", nargs="*", type=Path, help="record of the reference, record of today's run")
    parser.add_argument("--plan", default="cjt503-auto", help="what is run where no record is given")
    parser.add_argument("--only", action="append", default=[], help="only these clauses of it")
    parser.add_argument("--rig", help="rig file for today's run; without it the plan's virtual one")
    parser.add_argument("--dut", action="append", default=[], help="DUT file of each station of that rig")
    parser.add_argument("--defect", action="append", default=[], metavar="NAME[@SAMPLE]", help="in today's run")
    parser.add_argument("--data", default="meterrig-data", help="where runs are kept")
    words = parser.parse_args()
    if len(words.records) > 2:
        parser.error(f"found {len(words.records)} records; expected two at most")

    records = [json.loads(file.read_text(encoding="utf-8")) for file in words.records]
    plan = meterrig.Plan(words.plan)
    if not records:
        records.append(plan.run(only=words.only, data=words.data).record)
    if len(records) == 1:
        today = {"rig": words.rig, "duts": words.dut, "defects": words.defect}
        records.append(plan.run(only=words.only, data=words.data, progress=True, **today).record)
    reference, today_s = records
    print(f"reference {reference['run']}: {reference['verdict']}, today {today_s['run']}: {today_s['verdict']}")
    worse = compare(reference, today_s)
    print("something got worse" if worse else "nothing got worse")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
