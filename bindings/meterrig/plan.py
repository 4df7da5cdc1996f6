"""Plans and runs."""

from __future__ import annotations

import atexit
import datetime
import html
import json
import os
import sys
import types
import weakref
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Union

from . import _meterrig
from ._files import Files
from .errors import UserError
from .procedures import Procedure
from .results import Event, Result, utc
from .rig import Document

if TYPE_CHECKING:
    import pandas

__all__ = ["Plan", "Run", "run"]

_LOOK_S = 0.05
_COLORS = {"pass": "#1a7f37", "fail": "#cf222e", "recorded": "#0550ae", "not_applicable": "#57606a"}


class Plan:
    """Which clauses, in which order, with which parameters, on how many samples.

    ``plan`` is a file (a path, or a name under config/plans/) or its content as a dict; ``procedures`` are those of
    your own that it names.
    """

    def __init__(self, plan: Document, *, procedures: Sequence[Procedure] = ()) -> None:
        self._files = Files()
        self._document = plan
        self.procedures = list(procedures)

    @classmethod
    def of(
        cls,
        *clauses: Union[str, Procedure, tuple[Union[str, Procedure], Mapping[str, Any]]],
        id: str = "script",
        title: str = "made by a script",
        standard: str = "",
        samples: int = 1,
        retries: int = 0,
        epoch: str = "2026-11-21T00:00:00Z",
        decision_rule: Optional[Mapping[str, Any]] = None,
        job: Optional[Mapping[str, Any]] = None,
    ) -> "Plan":
        """Built in code: ids of clauses, procedures, or pairs of one and its parameters, in order.

        ``standard`` is that of the ids; without it the one of the first id that is no procedure's. ``retries``: after a
        void, 0 to 2.
        """
        procedures: list[Procedure] = []
        entries: list[Any] = []
        for clause in clauses:
            what, parameters = clause if isinstance(clause, tuple) else (clause, {})
            if isinstance(what, Procedure):
                procedures.append(what)
                what = what.id
            elif isinstance(what, str):
                standard = standard or what.split("-", 1)[0].lower()
            else:
                raise UserError(f"found {what!r}; expected the id of a clause, or a procedure")
            entries.append({"clause": what, "parameters": dict(parameters)} if parameters else what)
        document: dict[str, Any] = {
            "id": id,
            "title": {"zh": title, "en": title},
            "standard": standard or (procedures[0].standard if procedures else ""),
            "inspection": "partial",
            "epoch": epoch,
            "samples": samples,
            "retries": retries,
            "clauses": entries,
        }
        if decision_rule is not None:
            document["decision_rule"] = dict(decision_rule)
        if job is not None:
            document["job"] = dict(job)
        return cls(document, procedures=procedures)

    def prepare(
        self,
        *,
        rig: Optional[Document] = None,
        duts: Sequence[Document] = (),
        only: Sequence[str] = (),
        data: Union[str, "os.PathLike[str]"] = "meterrig-data",
        clock: str = "",
        seed: int = 1,
        defects: Sequence[str] = (),
        faults: Sequence[str] = (),
        job: Optional[Document] = None,
        answers: Optional[Document] = None,
        override: str = "",
    ) -> "Run":
        """Reads all files and holds them against each other; gives the run, not yet started. Raises UserError.

        The words are those of ``meterrig run``; a rig or sample may also be a dict.
        """
        name = self._files.path(self._document, "plan")
        if rig is None and not isinstance(self._document, (str, os.PathLike)):
            rig, duts = _usual_rig(self._document, duts)
        words = {
            "plan": name,
            "rig": self._files.path(rig, "rig") if rig is not None else "",
            "duts": [self._files.path(dut, "dut") for dut in duts],
            "only": list(only),
            "data": os.fspath(data),
            "clock": clock,
            "seed": seed,
            "defects": list(defects),
            "faults": list(faults),
            "job": self._files.path(job, "job") if job is not None else "",
            "answers": self._files.path(answers, "answers") if answers is not None else "",
            "override": override,
        }
        return Run(self, words)

    def validate(self, **words: Any) -> None:
        """Raises UserError, with file and line, when the plan can't be run with these words; see :meth:`prepare`."""
        self.prepare(**words)

    def run(self, *, progress: bool = False, **words: Any) -> "Run":
        """Runs it to its end and gives the run; ``progress`` shows a bar. For the words see :meth:`prepare`."""
        run = self.prepare(**words)
        for _ in run.watch() if progress else iter(run):
            pass
        return run

    def __repr__(self) -> str:
        return f"<Plan {self._document['id'] if isinstance(self._document, Mapping) else self._document}>"


def _usual_rig(document: Mapping[str, Any], duts: Sequence[Document]) -> tuple[Document, Sequence[Document]]:
    """The embedded bench of the standard's kind of meter, with as many samples as the plan has."""
    if "default_rig" in document:
        return str(document["default_rig"]), duts
    from ._bench import bench_documents

    water = document.get("standard") == "cjt484"
    count = len(duts) or int(document.get("samples", 1))
    rig, samples = bench_documents(count, "water" if water else "gas")
    return rig, duts or samples


class Run:
    """One execution of a plan, on a thread of its own; iterating starts it and gives its events as they come.

    Ctrl-C while iterating or waiting stops the run: the step under way ends, outputs go to their safe state, the
    record is written, and KeyboardInterrupt is raised. A second Ctrl-C goes straight to the safe state. A run that
    still goes on when its ``with`` statement or the program ends is stopped in the same way.
    """

    def __init__(self, plan: Plan, words: Mapping[str, Any]) -> None:
        self._plan = plan
        self.data = Path(words["data"])
        self._native = _meterrig.NativeRun(dict(words), [own.native() for own in plan.procedures])
        self._started = False
        self._over = False
        self._record: Optional[dict[str, Any]] = None

    def start(self) -> "Run":
        """Starts it and returns at once."""
        if not self._started:
            self._started = True
            _going_on.add(self)
            self._native.start()
        return self

    def close(self) -> None:
        """Stops the run if it still goes on, and waits until its outputs are safe and its record is written."""
        _going_on.discard(self)
        if self._started and not self._native.wait(0):
            self._interrupted()

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[types.TracebackType],
    ) -> None:
        self.close()

    def stop(self) -> None:
        """From any thread: stops the run; a second call goes straight to the safe state."""
        self._native.stop()

    def __iter__(self) -> Iterator[Event]:
        self.start()
        while True:
            try:
                texts = self._native.next_events(_LOOK_S)
            except KeyboardInterrupt:
                self._interrupted()
                raise
            for text in texts:
                yield Event(json.loads(text))
            if not texts and self._native.wait(0):
                rest = self._native.next_events(0)
                for text in rest:
                    yield Event(json.loads(text))
                break
        self._over = True
        _going_on.discard(self)
        self._native.rethrow()

    def _interrupted(self) -> None:
        self.stop()
        while not self._finish(_LOOK_S):
            pass
        self._over = True

    def _finish(self, timeout_s: float) -> bool:
        try:
            return self._native.wait(timeout_s)
        except KeyboardInterrupt:
            self.stop()
            return False

    def wait(self) -> "Run":
        """To its end. Raises UserError for a run that may not start: its record says why."""
        for _ in self:
            pass
        return self

    def watch(self) -> Iterator[Event]:
        """The same as iterating, with a progress bar on standard error."""
        from tqdm import tqdm

        total = 0
        with tqdm(total=None, unit="clause", file=sys.stderr) as bar:
            for event in self:
                if event.type == "run_started":
                    total = len(event["clauses"]) * len(event["duts"])
                    bar.reset(total)
                elif event.type == "clause_started":
                    bar.set_description(f"{event.clause} on {event.station}")
                elif event.type == "clause_ended" and bar.n < total:
                    bar.update()
                yield event

    @property
    def id(self) -> str:
        """Of the run: for ``meterrig results show``."""
        return self._native.id

    @property
    def record(self) -> dict[str, Any]:
        """The whole record, as config/schemas/record.json has it. Waits for the end of the run."""
        if self._record is None:
            if not self._over:
                self.wait()
            record: dict[str, Any] = json.loads(self._native.record())
            self._record = record
        return self._record

    @property
    def verdict(self) -> str:
        """The worst of all."""
        return str(self.record["verdict"])

    @property
    def state(self) -> str:
        """``finished``, ``aborted``, ``refused``."""
        return str(self.record["state"])

    @property
    def started(self) -> Optional[datetime.datetime]:
        return utc(self.record["started"])

    @property
    def ended(self) -> Optional[datetime.datetime]:
        return utc(self.record.get("ended"))

    @property
    def results(self) -> list[Result]:
        """Each clause on each sample."""
        return [Result(dut["sample"], body) for dut in self.record["duts"] for body in dut["results"]]

    def result(self, clause: str, sample: int = 1) -> Result:
        """That of one clause, by its id, on one sample."""
        for result in self.results:
            if result.clause == clause and result.sample == sample:
                return result
        known = ", ".join(sorted({result.clause for result in self.results})) or "none"
        raise KeyError(f"the run has no result of {clause!r} on sample {sample}; it has {known}")

    def rows(self) -> list[dict[str, Any]]:
        """A row for each measurement: sample, clause, verdict, name, value, unit, uncertainty, limit."""
        rows = []
        for result in self.results:
            about = {"sample": result.sample, "clause": result.clause, "verdict": result.verdict}
            for measurement in result.measurements:
                limit = {k: v for k, v in (measurement.limit or {}).items() if k not in ("source", "magnitude_of")}
                rows.append(
                    about
                    | {
                        "name": measurement.name,
                        "value": measurement.value,
                        "unit": measurement.unit,
                        "expanded_uncertainty": measurement.expanded_uncertainty,
                        "limit": ", ".join(f"{kind} {bound}" for kind, bound in limit.items()),
                        "decision": measurement.verdict,
                    }
                )
            if not result.measurements:
                rows.append(about)
        return rows

    def to_pandas(self) -> "pandas.DataFrame":
        """The rows as a table of pandas, which must be installed."""
        import pandas

        return pandas.DataFrame(self.rows())

    def _repr_html_(self) -> str:
        parts = [f"<p><b>{html.escape(self.id)}</b> {html.escape(self.state)}, {_badge(self.verdict)}</p>"]
        parts.append("<table><tr><th>sample</th><th>clause</th><th></th><th>verdict</th><th>measurements</th></tr>")
        for result in self.results:
            values = "; ".join(
                f"{one.name} = {one.value} {'' if one.unit == '1' else one.unit}".strip()
                for one in result.measurements[:4]
            )
            cause = (result.cause or {}).get("text", "")
            parts.append(
                f"<tr><td>{result.sample}</td><td>{html.escape(result.clause)}</td>"
                f"<td>{html.escape(result.body['title']['en'])}</td><td>{_badge(result.verdict)}</td>"
                f"<td>{html.escape(values or str(cause)[:120])}</td></tr>"
            )
        parts.append("</table>")
        return "".join(parts)

    def __repr__(self) -> str:
        if not getattr(self, "_started", False):
            return "<Run, not started>"
        return f"<Run {self.id} {self.verdict}>" if self._over else f"<Run {self.id}, going on>"


_going_on: "weakref.WeakSet[Run]" = weakref.WeakSet()


@atexit.register
def _close_runs() -> None:
    for run in list(_going_on):
        run.close()


def _badge(verdict: str) -> str:
    return f'<span style="color:{_COLORS.get(verdict, "#9a6700")}">{html.escape(verdict)}</span>'


def run(
    what: Union[Document, Procedure, Sequence[Procedure]],
    *,
    parameters: Optional[Mapping[str, Any]] = None,
    progress: bool = False,
    **words: Any,
) -> Run:
    """Runs a plan (file, name or dict), or procedures of your own, to the end; gives the run.

    ``parameters`` are those of a single procedure. Without a ``rig`` a procedure runs on a virtual bench. For the
    other words see :meth:`Plan.prepare`.
    """
    if isinstance(what, Procedure):
        plan = Plan.of((what, parameters or {}))
    elif isinstance(what, (str, os.PathLike, Mapping)):
        plan = Plan(what)
    else:
        plan = Plan.of(*what)
    return plan.run(progress=progress, **words)
