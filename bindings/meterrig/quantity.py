"""Quantities: numbers that know their unit (UCUM) and their uncertainty."""

from __future__ import annotations

import datetime
import math
import re
from decimal import Decimal
from typing import Optional, Union

import numpy as np
import numpy.typing as npt

from ._meterrig import Budget, NativeReading
from .errors import UnitError, UserError

__all__ = ["ItemValue", "Reading", "factor", "item_text", "item_value", "utc_time", "whole_numbers"]

#: What a data item of a meter can be: an exact number, a time, or a word. None: its bytes are no value.
ItemValue = Union[Decimal, datetime.datetime, str, None]
# Codes are no numbers: neither 00012345, whose zeros count, nor hexadecimal such as 80E0.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

# UCUM code: dimension, size. Temperatures convert as differences, so they stay apart.
_UNITS = {
    "A": ("current", 1.0),
    "mA": ("current", 1e-3),
    "uA": ("current", 1e-6),
    "nA": ("current", 1e-9),
    "V": ("voltage", 1.0),
    "mV": ("voltage", 1e-3),
    "uV": ("voltage", 1e-6),
    "kV": ("voltage", 1e3),
    "W": ("power", 1.0),
    "mW": ("power", 1e-3),
    "kW": ("power", 1e3),
    "Ohm": ("resistance", 1.0),
    "kOhm": ("resistance", 1e3),
    "C": ("charge", 1.0),
    "mC": ("charge", 1e-3),
    "uC": ("charge", 1e-6),
    "Pa": ("pressure", 1.0),
    "kPa": ("pressure", 1e3),
    "hPa": ("pressure", 1e2),
    "m3": ("volume", 1.0),
    "L": ("volume", 1e-3),
    "mL": ("volume", 1e-6),
    "m3/h": ("flow", 1.0),
    "L/h": ("flow", 1e-3),
    "L/min": ("flow", 0.06),
    "s": ("time", 1.0),
    "ms": ("time", 1e-3),
    "us": ("time", 1e-6),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "d": ("time", 86400.0),
    "Hz": ("frequency", 1.0),
    "kHz": ("frequency", 1e3),
    "1": ("number", 1.0),
    "%": ("number", 1e-2),
    "[ppm]": ("number", 1e-6),
}


def factor(unit: str, to: str) -> float:
    """What a number in ``unit`` is multiplied with to be in ``to``; both UCUM codes such as ``uA``.

    Raises :class:`~meterrig.UnitError` when they are not units of one quantity.
    """
    if unit == to:
        return 1.0
    source, target = _UNITS.get(unit), _UNITS.get(to)
    if source is None or target is None or source[0] != target[0]:
        raise UnitError(
            f"found a quantity in {unit!r}; expected one that can be told in {to!r}: give the number in that unit"
        )
    # The exact ratio where there is one: 1e-6/1e-3 is not 1e-3 in binary.
    return float(f"{source[1] / target[1]:.12g}")


class Reading(float):
    """A measured value: a :class:`float` in ``unit``, with what is known of its error.

    Arithmetic gives plain floats. ``reading.to("uA")`` converts; ``st.measure()`` converts by itself.
    """

    unit: str
    _source: Optional[Union[NativeReading, Budget]]

    def __new__(
        cls, value: float, unit: str = "1", source: Optional[Union[NativeReading, Budget]] = None
    ) -> "Reading":
        self = super().__new__(cls, value)
        self.unit = unit
        self._source = source
        return self

    @property
    def budget(self) -> Optional[Budget]:
        """Its uncertainty budget, in ``unit``; None for a number that is exact or of unknown origin."""
        source = self._source
        return source.budget(self.unit) if isinstance(source, NativeReading) else source

    @property
    def expanded_uncertainty(self) -> float:
        """U with k = 2, in ``unit``; 0 for a number that is exact or of unknown origin."""
        budget = self.budget
        return budget.expanded if budget is not None else 0.0

    def to(self, unit: str) -> "Reading":
        """The same quantity in another unit (UCUM). Raises :class:`~meterrig.UnitError`."""
        by = factor(self.unit, unit)
        budget = self.budget
        return Reading(float(self) * by, unit, budget.scaled(unit, by) if budget is not None else None)

    def __repr__(self) -> str:
        tail = "" if self.unit == "1" else f" {self.unit}"
        uncertainty = self.expanded_uncertainty
        if uncertainty == 0 or not math.isfinite(uncertainty):
            return f"{float(self):.6g}{tail}"
        digits = max(0, 1 - math.floor(math.log10(uncertainty)))
        if digits > 9:
            return f"{float(self):.6g} ± {uncertainty:.2g}{tail}"
        return f"{float(self):.{digits}f} ± {uncertainty:.{digits}f}{tail}"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(float(self), spec) if spec else repr(self)

    def __reduce__(self) -> tuple[type, tuple[float, str]]:
        return (Reading, (float(self), self.unit))


def utc_time(nanoseconds: int) -> datetime.datetime:
    """An instant, counted from 1970-01-01 UTC, as an aware datetime (to the microsecond)."""
    return _EPOCH + datetime.timedelta(microseconds=nanoseconds // 1000)


def item_text(value: object) -> str:
    """A value as data items are written: times as 2026-11-21T08:00:00, all else as Python prints it."""
    return value.isoformat(timespec="seconds") if isinstance(value, datetime.datetime) else str(value)


def item_value(text: str) -> ItemValue:
    """What a data item's text says: a Decimal, a datetime without zone (meters send local time), else the text."""
    if not text:
        return None
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    if _TIME.fullmatch(text):
        try:
            return datetime.datetime.fromisoformat(text)
        except ValueError:
            return text
    return text


def whole_numbers(values: npt.ArrayLike, what: str) -> npt.NDArray[np.int64]:
    """The values in 64 bits, same shape, C order; an array that is so already is not copied.

    Raises :class:`~meterrig.UserError` for numbers that are not whole or need more: nothing is rounded or wrapped.
    """
    array = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise UserError(f"found an array of {array.dtype}; expected {what} as an integer array")
    whole = np.asarray(array, dtype=np.int64, order="C")
    if array.dtype.kind == "u" and (whole < 0).any():
        raise UserError(f"found {array.max()}; expected {what} of at most {np.iinfo(np.int64).max}")
    return whole
