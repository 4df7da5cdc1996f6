"""Procedures of a laboratory's own, in Python."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import json
import math
import re
import sys
import traceback
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, Optional, Union

from . import _meterrig
from .errors import Ended, UserError
from .quantity import Reading, factor, item_text
from .station import Station
from .waveform import Waveform

__all__ = ["procedure", "Parameter", "Procedure", "Trial", "load"]

_ID = re.compile(r"[A-Z][A-Z0-9]*-[A-Za-z0-9.]+")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_RADIO = ("none", "quiet", "talking")


class Parameter:
    """A number that a plan may set, with its default and its bounds; the unit is in its name (``soak_s``)."""

    def __init__(self, default: float, low: float = -math.inf, high: float = math.inf) -> None:
        if not (math.isfinite(default) and low <= default <= high):
            raise UserError(f"found the default {default}; expected a finite number from {low} to {high}")
        self.default = default
        self.low = low
        self.high = high

    def __repr__(self) -> str:
        return f"Parameter({self.default}, {self.low}, {self.high})"


ParameterValue = Union[Parameter, int, float, str, Sequence[float], Sequence[str]]
Value = Union[float, str, list[float], list[str]]


class Trial(Station):
    """What a procedure gets: its station, and one attempt of its clause there. What it finds goes to the journal."""

    _native: _meterrig.NativeTrial

    def __init__(self, native: _meterrig.NativeTrial) -> None:
        super().__init__(native)
        #: Values of its parameters, as the plan or the sample's file has them.
        self.parameters: dict[str, Value] = native.parameters()

    @property
    def clause(self) -> str:
        """Id of the clause that it tests."""
        return self._native.clause

    @property
    def attempt(self) -> int:
        """From 1: what was void is repeated."""
        return self._native.attempt

    @property
    def now(self) -> Any:
        """The rig's time, UTC."""
        return self._native.now

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        value = self.parameters.get(name)
        if isinstance(value, (int, float)):
            return float(value)
        known = ", ".join(sorted(self.parameters)) or "none"
        raise UserError(f"found no number {name!r} among the parameters of {self.clause}; it has {known}")

    def measure(
        self,
        name: str,
        value: float,
        unit: Optional[str] = None,
        *,
        at_most: Optional[float] = None,
        less_than: Optional[float] = None,
        at_least: Optional[float] = None,
        between: Optional[tuple[float, float]] = None,
        equals: Optional[float] = None,
    ) -> str:
        """Holds a value against a limit under the plan's decision rule, and journals it. Gives the verdict.

        A :class:`Reading` is converted into ``unit`` (UCUM) with its uncertainty; a plain number is taken to be in it,
        and to be exact. One limit may come with the call, in ``unit``; without one the clause's limit of that name
        holds, whose unit is the default; where there is none, the value is recorded.
        """
        limits = {
            "at_most": at_most,
            "less_than": less_than,
            "at_least": at_least,
            "between": between,
            "equals": equals,
        }
        given = {kind: bound for kind, bound in limits.items() if bound is not None}
        if len(given) > 1:
            raise UserError(f"found the limits {', '.join(given)} for {name!r}; expected one")
        wanted = unit
        if not given:
            of_limit = self._native.unit_of_limit(name)
            if of_limit is not None and wanted is not None and wanted != of_limit and not isinstance(value, Reading):
                value = Reading(value, wanted)
            wanted = of_limit or wanted
        wanted = wanted or (value.unit if isinstance(value, Reading) else "1")
        number, budget = _in_unit(value, wanted)
        if not given:
            return self._native.measure(name, number, wanted, budget)
        kind, bound = next(iter(given.items()))
        low, high = bound if isinstance(bound, tuple) else (bound, bound)
        if low > high:
            raise UserError(f"found the limit {low} to {high} for {name!r}; expected the low bound first")
        return self._native.measure_own(name, number, wanted, budget, kind, low, high)

    def count(self, name: str, value: int) -> str:
        """Holds a count against the clause's limit of that name; recorded where it has none. Gives the verdict."""
        return self._native.count(name, value)

    def record(self, name: str, value: Union[float, str], unit: Optional[str] = None) -> None:
        """Journals a value beside the measurements: a number (a Reading with its uncertainty), or a text."""
        if isinstance(value, str):
            self._native.record_text(name, value, unit or "1")
            return
        wanted = unit or (value.unit if isinstance(value, Reading) else "1")
        number, budget = _in_unit(value, wanted)
        self._native.record(name, number, wanted, budget)

    def note(self, en: str, zh: str = "") -> None:
        """A remark in record and report; the Chinese text is the English one when there is none."""
        self._native.note(zh or en, en)

    def deviation(self, en: str, zh: str = "") -> None:
        """Something that was done otherwise than the standard has it; the report lists it."""
        self._native.deviation(zh or en, en)

    def evidence(self, name: str, waveform: Waveform) -> None:
        """Keeps a waveform, without loss, as evidence of the run."""
        if not isinstance(waveform, Waveform):
            raise TypeError(f"found {waveform!r} as evidence; expected a Waveform")
        self._native.evidence(name, waveform._native)

    def write_item(self, item: str, value: Any) -> None:
        """Writes an item of the meter, journals it, and puts the old value back when the clause ends."""
        self._native.write_item(item, item_text(value))

    def power_up(self) -> None:
        """Nominal voltage through the ammeter's path, and the meter must be the sample of this station.

        The first time in a run with a low current limit and a look at polarity, as the standard's procedures do.
        """
        self._native.power_up()

    def commit(self) -> None:
        """What was journaled is durable when it returns: before a person is asked, at what can't be repeated."""
        self._native.commit()

    def inconclusive(self, text: str) -> NoReturn:
        """Ends the attempt: it can't be decided, for this reason."""
        raise Ended("inconclusive", text)

    def void(self, text: str) -> NoReturn:
        """Ends the attempt: the rig's or the conditions' fault, to be repeated."""
        raise Ended("void", text)

    def not_applicable(self, text: str) -> NoReturn:
        """Ends the attempt: the requirement does not concern this sample."""
        raise Ended("not_applicable", text)


def _in_unit(value: float, unit: str) -> tuple[float, Optional[_meterrig.Budget]]:
    if not isinstance(value, Reading):
        factor(unit, unit)
        return float(value), None
    converted = value.to(unit)
    return float(converted), converted.budget


class Procedure:
    """A Python function as a procedure; call ``meterrig.run()`` with it, or name its id in a plan."""

    def __init__(
        self,
        function: Callable[[Trial], Any],
        id: str,
        title: str,
        title_zh: str,
        needs: Sequence[str],
        parameters: Mapping[str, ParameterValue],
        limits_of: Optional[str],
        radio: str,
        estimate_s: float,
        meter: Optional[Sequence[str]],
    ) -> None:
        self.name = str(getattr(function, "__name__", ""))
        if not callable(function) or not _NAME.fullmatch(self.name):
            raise UserError(f"found {function!r}; expected a function whose name is of small letters, digits and _")
        self.function = function
        self.id = id
        self.title = title
        self.title_zh = title_zh
        self.needs = list(needs)
        self.parameters = dict(parameters)
        self.limits_of = limits_of
        self.radio = radio
        self.estimate_s = estimate_s
        self.meter = list(meter) if meter is not None else None
        self.__doc__ = function.__doc__
        self._native: Optional[_meterrig.NativeProcedure] = None

    @property
    def standard(self) -> str:
        """What plans name as their standard to have procedures of this kind of id alone: ``lab`` for LAB-7."""
        return self.id.split("-", 1)[0].lower()

    def clause(self) -> dict[str, Any]:
        """Its clause, as a standard's file has it."""
        document: dict[str, Any] = {
            "id": self.id,
            "requirement": self.id.split("-", 1)[1],
            "test": None,
            "title": {"zh": self.title_zh, "en": self.title},
            "kind": "auto",
            "inspection": {"type": "unstated", "factory": "unstated"},
            "hold": (self.__doc__ or self.title).strip(),
            "procedure": self.name,
        }
        if self.parameters:
            document["parameters"] = {
                name: {
                    "value": value.default if isinstance(value, Parameter) else value,
                    "source": "procedure",
                    "weaker": "never",
                }
                for name, value in self.parameters.items()
            }
        if self.limits_of is not None:
            limits = json.loads(_meterrig.clause_document(self.limits_of)).get("limits")
            if limits:
                document["limits"] = limits
        if self.meter is not None:
            document["applies"] = {"meter": self.meter}
        return document

    def native(self) -> _meterrig.NativeProcedure:
        """Made once; the engine keeps it as long as a run needs it."""
        if self._native is None:
            bounds = [
                (name, max(value.low, -1e300), min(value.high, 1e300))
                for name, value in self.parameters.items()
                if isinstance(value, Parameter)
            ]
            self._native = _meterrig.NativeProcedure(
                self.name,
                self.title_zh,
                self.title,
                self.needs,
                self.radio,
                self.estimate_s,
                bounds,
                json.dumps(self.clause(), ensure_ascii=False),
                self._digest(),
                self.function,
            )
        return self._native

    def _digest(self) -> str:
        try:
            text = inspect.getsource(sys.modules[self.function.__module__])
        except (OSError, TypeError, KeyError):
            code = getattr(self.function, "__code__", None)
            text = _text_of(code) if code else repr(self.function)
        return hashlib.sha256(text.encode()).hexdigest()

    def __call__(self, trial: Trial) -> Any:
        return self.function(trial)

    def __repr__(self) -> str:
        return f"<Procedure {self.id} {self.name}>"


def _text_of(code: types.CodeType) -> str:
    """What a function does, where its source can't be had: the same text in another process."""
    inner = [_text_of(part) if isinstance(part, types.CodeType) else repr(part) for part in code.co_consts]
    return repr((code.co_code.hex(), inner, code.co_names))


def procedure(
    id: str,
    *,
    title: str,
    needs: Sequence[str],
    title_zh: str = "",
    parameters: Optional[Mapping[str, ParameterValue]] = None,
    limits_of: Optional[str] = None,
    radio: str = "none",
    estimate_s: float = 60.0,
    meter: Optional[Sequence[str]] = None,
) -> Callable[[Callable[[Trial], Any]], Procedure]:
    """Makes a function of one station into a procedure, run under the same sequencer as the built-in ones.

    ``id``: ``LAB-7``: capital letters, a dash, a number. ``needs``: roles that it uses (``"power_supply"``); the rig
    must have them, and what stations share is its own meanwhile. ``parameters``: what a plan may set: values, or
    :class:`Parameter` with bounds. ``limits_of``: id of a clause whose limits hold (``"CJT503-5.3.8/6.10"``).
    ``radio``: ``"quiet"`` or ``"talking"`` when it needs the radio channel. ``estimate_s``: rig time that it takes,
    seconds; a procedure that takes six times that and half an hour is stopped. ``meter``: kinds of meters that it is
    for. Raises UserError.
    """
    if not isinstance(id, str) or not _ID.fullmatch(id):
        raise UserError(f"found the id {id!r}; expected capital letters, a dash and a number, such as LAB-7")
    if radio not in _RADIO:
        raise UserError(f"found radio {radio!r}; expected one of {', '.join(_RADIO)}")
    if isinstance(needs, str):
        raise UserError(f"found needs={needs!r}; expected a list of roles, such as [{needs!r}]")
    if not (isinstance(estimate_s, (int, float)) and math.isfinite(estimate_s) and estimate_s > 0):
        raise UserError(f"found estimate_s={estimate_s!r}; expected seconds, more than 0")

    def make(function: Callable[[Trial], Any]) -> Procedure:
        return Procedure(
            function, id, title, title_zh or title, needs, parameters or {}, limits_of, radio, float(estimate_s), meter
        )

    return make


def load(files: Sequence[str]) -> list[Procedure]:
    """The procedures that Python files define, in order. Raises UserError for a file that has none."""
    found: list[Procedure] = []
    for number, name in enumerate(files):
        path = Path(name)
        if not path.is_file():
            raise UserError(f"found no file {name}; expected a Python file with functions under @meterrig.procedure")
        spec = importlib.util.spec_from_file_location(f"meterrig_procedures_{number}_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise UserError(f"{name} can't be read as Python; expected a file that ends with .py")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as wrong:
            raise UserError(f"{name} can't be run: {traceback_lines(wrong)[1]}") from wrong
        own = [value for value in vars(module).values() if isinstance(value, Procedure)]
        if not own:
            raise UserError(f"found no procedure in {name}; expected functions under @meterrig.procedure(...)")
        found.extend(own)
    return found


def call(function: Callable[[Trial], Any], native: _meterrig.NativeTrial) -> None:
    """On the procedure's own thread; what it raises goes to the engine."""
    function(Trial(native))


def traceback_lines(error: BaseException) -> tuple[str, str]:
    """The traceback from the procedure's own frame on, and the error in one line."""
    frames = traceback.extract_tb(error.__traceback__)
    package = (str(Path(__file__).parent), "<frozen")
    own = [frame for frame in frames if not frame.filename.startswith(package)]
    # Without folders: where a file lies must not make another record of the same run.
    named = [traceback.FrameSummary(Path(f.filename).name, f.lineno, f.name, line=f.line) for f in own or frames]
    lines = traceback.format_list(named) + traceback.format_exception_only(type(error), error)
    summary = traceback.format_exception_only(type(error), error)[-1].strip()
    if own:
        summary += f" ({Path(own[-1].filename).name}:{own[-1].lineno})"
    return "".join(lines).rstrip(), summary
