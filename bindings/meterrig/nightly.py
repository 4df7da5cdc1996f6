"""The nightly run: is the rig fit, and does the meter still do what it did? What ``meterrig nightly`` does.

    python3 -m meterrig.nightly CONFIG [--data DIR] [--lang zh|en]

docs/guide-nightly.md tells the whole of it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from . import _night_text
from ._night_book import Book, now
from ._night_chart import Chart, Point, chart
from ._night_compare import (
    Finding,
    Key,
    Result,
    alone,
    compare,
    digit,
    duration,
    results,
    setup_changes,
    takes_other_time,
    uncertainty,
    unexpected,
    value_text,
)
from ._night_config import Config, Entry, read_config
from ._reports import report_module
from ._stored import record_of, whole_file
from .errors import Error, UserError
from .plan import Plan
from .procedures import load
from .quantity import factor

__all__ = ["main"]

_EXIT = {"unchanged": 0, "regression": 1, "undecided": 3, "unfit": 3, "aborted": 4}
_GOLDEN = "golden"


class Night:
    """One night: runs, comparisons, page. ``runs`` has what came of each run, as the page and JUnit show it."""

    def __init__(self, config: Config, book: Book) -> None:
        self.config = config
        self.book = book
        self.number = book.next_night
        self.began = now()
        self.data = config.data / self.began[:7] if config.by_month else config.data
        self.runs: list[dict[str, Any]] = []
        self.wall_s: dict[str, float] = {}
        self.baselines: set[int] = set()
        self.is_fit = True
        self.is_aborted = False

    # --- running ------------------------------------------------------------------------------------------------------

    def plan_of(self, entry: Entry) -> tuple[Plan, dict[str, Any]]:
        """The plan, and the words to prepare it with."""
        seed = self.number if entry.seed == "night" else entry.seed
        return Plan(entry.plan, procedures=load(entry.procedures)), {**entry.words, "data": self.data, "seed": seed}

    def check(self) -> None:
        """Raises UserError before anything is switched on, also for what the page needs."""
        report_module("nightly")
        for entry in self.config.all_entries:
            try:
                plan, words = self.plan_of(entry)
                plan.validate(**words)
            except UserError as wrong:
                raise UserError(f"{entry.name}: {wrong}") from wrong
            pinned = self.book.pinned(entry, self.data)
            self.baselines |= {pinned.night} if pinned else set()

    def execute(self) -> None:
        """All runs one after the other, the golden meter's first; an abort ends the night."""
        for entry in self.config.all_entries:
            if self.is_aborted or not (self.is_fit or self.config.go_on):
                text = "the night was aborted" if self.is_aborted else "the rig is not fit"
                self.runs.append(blank(entry, "not_started", text))
                continue
            own = self._one(entry)
            self.runs.append(own)
            if entry is self.config.golden:
                self.is_fit = own["status"] in ("good", "first")
            elif not self.is_fit:
                own["status"], own["findings"] = "not_judged", []

    def _one(self, entry: Entry) -> dict[str, Any]:
        plan, words = self.plan_of(entry)
        began = time.monotonic()
        text = ""
        run = plan.prepare(**words)
        try:
            with run:
                for event in run:
                    if event.type == "run_started":
                        print(f"night {self.number}: {entry.name} is run {run.id}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            self.is_aborted = True
        except Error as wrong:
            text = str(wrong)
        self.wall_s[entry.name] = round(time.monotonic() - began, 3)
        if not run.id:
            return blank(entry, "aborted" if self.is_aborted else "undecided", text)
        record = record_of(run.id, self.data)
        self.is_aborted = self.is_aborted or record["state"] in ("aborted", "interrupted")
        return self.judged(entry, record, text)

    # --- judging ------------------------------------------------------------------------------------------------------

    def judged(self, entry: Entry, record: Mapping[str, Any], text: str = "") -> dict[str, Any]:
        """A run against its baseline, the trend and, for the golden meter, what is expected of it."""
        golden = entry is self.config.golden
        after = results(record)
        known = self.book.baseline(entry, self.data)
        before = results(known[1]) if known else {}
        charts = self.charts(entry, after, str(record["run"]))
        findings = compare(before, after, charts, self.config) if known else [] if golden else alone(after)
        if golden:
            # The meter's verdicts are held against what is expected of them, not against those of another night.
            findings = [one for one in findings if one.kind != "verdict"] + unexpected(after, self.config)
        status = status_of(record, findings, known is not None, text)
        own = blank(entry, "unfit" if golden and status in ("regression", "undecided") else status, text)
        own.update(
            golden=golden,
            run=record["run"],
            plan=record["plan"].get("id", ""),
            state=record["state"],
            verdict=record["verdict"],
            simulated=record["simulated"],
            started=record["started"],
            ended=record["ended"],
            seconds=duration(record["started"], record["ended"]),
            utc_offset=record["utc_offset"],
            findings=[{**one._asdict(), **one.key._asdict(), "key": None} for one in findings],
            clauses=[clause_row(key, one) for key, one in after.items() if not key.name],
            values=[value_row(key, one, before.get(key), charts.get(key)) for key, one in after.items() if key.name],
        )
        if known:
            past, old = known
            self.baselines.add(past.night)
            own["baseline"] = {
                "run": past.run,
                "night": past.night,
                "pinned": entry.baseline is not None,
                "verdict": old["verdict"],
                "seconds": duration(old["started"], old["ended"]),
            }
            own["setup"] = [dict(zip(("zh", "en", "before", "after"), row)) for row in setup_changes(old, record)]
        return own

    def charts(self, entry: Entry, after: Mapping[Key, Result], today: str) -> dict[Key, Chart]:
        """Of each value that was measured."""
        points: dict[Key, list[Point]] = {key: [] for key, one in after.items() if is_charted(one)}
        for past in self.book.looked_back(entry, self.data, today):
            try:
                old = results(record_of(past.run, past.data))
            except Error as wrong:
                print(f"meterrig: night {past.night} is left out of the trend: {wrong}", file=sys.stderr)
                continue
            for key in points.keys() & old.keys():
                if is_charted(old[key]):
                    by = scale(old[key].body["unit"], after[key].body["unit"])
                    value = old[key].body["value"] * by
                    points[key] += [Point(past.night, value, past.status in ("good", "first"))] if by else []
        bodies = {key: after[key].body for key in points}
        least = self.config.points_min
        return {key: chart(own, bodies[key]["value"], least, digit(bodies[key])) for key, own in points.items()}

    # --- what comes of it ---------------------------------------------------------------------------------------------

    @property
    def verdict(self) -> str:
        """Of the night: the first of aborted, unfit, regression, undecided, unchanged that holds."""
        statuses = {own["status"] for own in self.runs}
        if self.is_aborted:
            return "aborted"
        if not self.is_fit:
            return "unfit"
        return next((word for word in ("regression", "undecided") if word in statuses), "unchanged")

    def document(self) -> dict[str, Any]:
        """All that page, JUnit and text show; of the same runs always the same."""
        config = self.config
        return {
            "id": config.id,
            "title": config.title,
            "night": self.number,
            "verdict": self.verdict,
            "exit": _EXIT[self.verdict],
            "rules": {
                "nights": config.nights,
                "points_min": config.points_min,
                "shift_at": config.shift_at,
                "time_percent": config.time_percent,
                "time_seconds": config.time_seconds,
            },
            "allowed": [rule._asdict() for rule in config.allowed],
            "runs": self.runs,
        }

    def wall_times(self) -> Iterator[tuple[str, float, float]]:
        """Of the runs that took another time of the wall clock than their baselines did: name, before, now.

        Not on the page: the rig's time is, which on the virtual clock is the same for the same run.
        """
        nights = {line["night"]: line["runs"] for line in self.book.lines}
        for own in self.runs:
            night = own["baseline"]["night"] if own["baseline"] else None
            before, after = nights.get(night, {}).get(own["name"], {}).get("wall_s"), self.wall_s.get(own["name"])
            if before and after and takes_other_time(before, after, self.config):
                yield own["name"], before, after

    def write(self, language: str) -> list[str]:
        """Page, JUnit, document and text; then the night is entered in the book. Gives the text."""
        folder, night = self.book.night_folder(self.number), self.document()
        text = list(_night_text.summary(night, os.fspath(folder / "page.html"), language))
        wall = "墙钟用时" if language == "zh" else "wall time"
        text += [f"{name}: {wall} {before:.1f} s -> {after:.1f} s" for name, before, after in self.wall_times()]
        page: str = report_module("nightly").render(night)
        for name, content in (
            ("night.json", json.dumps(night, ensure_ascii=False, indent=1).encode("utf-8", "replace") + b"\n"),
            ("junit.xml", _night_text.junit(night)),
            ("page.html", page.encode("utf-8", "replace")),
            ("summary.txt", "\n".join([*text, ""]).encode("utf-8", "replace")),
        ):
            with whole_file(folder / name) as partial:
                partial.write_bytes(content)
        runs = {
            own["name"]: {
                "run": own["run"],
                "status": own["status"],
                "simulated": own["simulated"],
                "wall_s": self.wall_s.get(own["name"]),
            }
            for own in self.runs
        }
        self.book.append(
            {
                "id": self.config.id,
                "night": self.number,
                "began": self.began,
                "ended": now(),
                "data": os.fspath(self.data),
                "verdict": self.verdict,
                "exit": _EXIT[self.verdict],
                "runs": runs,
            }
        )
        return text


def blank(entry: Entry, status: str, text: str) -> dict[str, Any]:
    """A run of which nothing is known but that."""
    nothing = {key: "" for key in ("run", "plan", "state", "verdict")}
    none = {key: None for key in ("started", "ended", "seconds", "baseline")}
    lists: dict[str, list[Any]] = {key: [] for key in ("findings", "setup", "clauses", "values")}
    return {
        "name": entry.name,
        "golden": entry.name == _GOLDEN,
        "status": status,
        "text": text,
        "simulated": False,
        "utc_offset": "+00:00",
        **nothing,
        **none,
        **lists,
    }


def status_of(record: Mapping[str, Any], findings: Sequence[Finding], has_baseline: bool, text: str) -> str:
    """Of one run."""
    if record["state"] in ("aborted", "interrupted"):
        return "aborted"
    weights = {finding.weight for finding in findings}
    if "regression" in weights:
        return "regression"
    if "undecided" in weights or text or record["state"] != "finished":
        return "undecided"
    return "good" if has_baseline else "first"


def is_charted(one: Result) -> bool:
    """A number that was measured, and no bound."""
    body = one.body
    return bool(body) and body["kind"] == "measured" and body["value"] is not None and not body.get("one_sided")


def scale(unit: str, to: str) -> float:
    """What a value in ``unit`` is multiplied with; 0 when it can't be converted."""
    try:
        return factor(unit, to)
    except UserError:
        return 0.0


def clause_row(key: Key, one: Result) -> dict[str, Any]:
    """As the document has it."""
    return {
        "serial": key.serial,
        "clause": key.clause,
        "title": dict(one.title),
        "verdict": one.verdict,
        "seconds": one.seconds,
    }


def value_row(key: Key, one: Result, before: Optional[Result], its: Optional[Chart]) -> dict[str, Any]:
    """As the document has it: today's value, the baseline's, and the points of its chart."""
    body = one.body
    row = {
        **key._asdict(),
        "unit": body["unit"],
        "verdict": one.verdict,
        "limit": body["limit"],
        "before": value_text(before.body) if before else "",
        "after": value_text(body),
        "u": uncertainty(body),
        "u_before": uncertainty(before.body) if before else None,
        "chart": None,
    }
    if its:
        row["chart"] = {
            "nights": [point.night for point in its.points],
            "values": [point.value for point in its.points],
            "good": [point.good for point in its.points],
            "today": its.today,
            "mean": its.mean,
            "reach": its.reach,
        }
    return row


def _interrupt(*_: object) -> None:
    """SIGTERM is what Ctrl-C is: the first one stops, a second one goes straight to the safe state."""
    raise KeyboardInterrupt


def run(config: Config, language: str) -> int:
    """The exit code. Raises UserError for what is wrong before anything is switched on."""
    with Book(config).opened() as book:
        night = Night(config, book)
        night.check()
        night.execute()
        print("\n".join(night.write(language)))
        for path in book.tidy(night.baselines):
            print(f"{'已删除' if language == 'zh' else 'removed'} {path}")
        return _EXIT[night.verdict]


def main(arguments: Sequence[str]) -> int:
    """0 nothing changed, 1 a regression, 2 wrong files, 3 not to be judged or rig not fit, 4 aborted."""
    parser = argparse.ArgumentParser(prog="meterrig nightly", description="Runs plans, compares them with a baseline.")
    parser.add_argument("config", type=Path, metavar="CONFIG", help="a file; docs/guide-nightly.md says what is in it")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where runs are kept, in the place of CONFIG's own")
    parser.add_argument("--lang", choices=("zh", "en"), help="of the text; as LANG says without it")
    words = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    spoken = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    try:
        return run(read_config(words.config, words.data), words.lang or ("zh" if spoken.startswith("zh") else "en"))
    except UserError as wrong:
        print(f"meterrig: {wrong}", file=sys.stderr)
        return 2
    except Error as wrong:
        print(f"meterrig: {wrong}", file=sys.stderr)
        return _EXIT["undecided"]
    except OSError as wrong:
        print(f"meterrig: {wrong.filename or words.config} can't be used: {wrong.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("meterrig: aborted", file=sys.stderr)
        return _EXIT["aborted"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
