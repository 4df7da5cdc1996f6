"""Stepped prices of water (CJ/T 484 annex A), exact: whole numbers and decimals, never binary floating point."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Union, overload

import numpy as np
import numpy.typing as npt

from . import _meterrig
from .errors import UserError
from .quantity import whole_numbers

__all__ = ["Staircase", "Account", "StepCost", "COST_UNIT", "decimals"]

#: Volumes (m3), prices (yuan/m3) and money (yuan): text, whole numbers or Decimals. A float is not exact, and refused.
Exact = Union[str, int, Decimal]

#: One unit of the whole numbers that costs of arrays are told in, yuan.
COST_UNIT = Decimal("0.00001")
_LITRE = Decimal("0.001")
_CENT = Decimal("0.01")


def _text(value: Exact, what: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal, np.integer)):
        raise UserError(f"found {value!r} for {what}; expected text, a whole number or a Decimal: a float is not exact")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


class StepCost(NamedTuple):
    """What a part of the usage cost in one step."""

    step: int
    from_m3: Decimal
    to_m3: Decimal
    price: Decimal
    cost: Decimal


class Staircase:
    """The stepped price over the usage of one settlement period.

    ``volumes``: where a step ends, whole m3, rising (1 to 999999); ``prices``: one more, yuan/m3 with two decimals.
    Raises ValueError with all that is wrong with them.
    """

    def __init__(self, volumes: Sequence[Exact], prices: Sequence[Exact]) -> None:
        litres = [_meterrig.litres_of(_text(volume, "a volume")) for volume in volumes]
        cents = [_meterrig.price_of(_text(price, "a price")) for price in prices]
        for its in litres:
            if its % 1000 != 0:
                raise UserError(f"found the step volume {its * _LITRE} m3; expected whole m3 (table 2)")
        self.volumes = [Decimal(its // 1000) for its in litres]
        self.prices = [its * _CENT for its in cents]
        self._native = _meterrig.NativeStaircase([its // 1000 for its in litres], cents)

    @overload
    def cost(self, usage: npt.NDArray[np.integer[Any]], start: Exact = 0) -> npt.NDArray[np.int64]: ...

    @overload
    def cost(self, usage: Exact, start: Exact = 0) -> Decimal: ...

    def cost(self, usage: Any, start: Exact = 0) -> Any:
        """What the usage (m3, of the period) costs, yuan: a Decimal. ``start``: the usage that was paid for already.

        An integer array is taken in litres, and its costs come as int64 in units of ``COST_UNIT`` (1e-5 yuan), exact;
        ``decimals()`` makes Decimals of them. Raises ValueError for a usage below ``start`` or beyond any register.
        """
        from_litres = _meterrig.litres_of(_text(start, "start"))
        if isinstance(usage, np.ndarray):
            return self._native.costs(whole_numbers(usage, "litres"), from_litres)
        litres = np.array([_meterrig.litres_of(_text(usage, "usage"))], dtype=np.int64)
        return int(self._native.costs(litres, from_litres)[0]) * COST_UNIT

    def parts(self, start: Exact, stop: Exact) -> list[StepCost]:
        """What the cost of the usage from ``start`` to ``stop`` (m3) is made of."""
        found = self._native.parts(
            _meterrig.litres_of(_text(start, "start")), _meterrig.litres_of(_text(stop, "stop"))
        )
        return [
            StepCost(step, begin * _LITRE, end * _LITRE, price * _CENT, cost * COST_UNIT)
            for step, begin, end, price, cost in found
        ]

    def steps_at(self, usage: Exact) -> tuple[int, int]:
        """Steps that a meter may show at this usage: one, or at exactly a step volume both."""
        return self._native.steps_at(_meterrig.litres_of(_text(usage, "usage")))

    def __repr__(self) -> str:
        return f"Staircase({[str(v) for v in self.volumes]}, {[str(p) for p in self.prices]})"


def _native_of(prices: Staircase) -> _meterrig.NativeStaircase:
    if not isinstance(prices, Staircase):
        raise TypeError(f"found {prices!r}; expected a Staircase")
    return prices._native


class Account:
    """What a prepaid meter must have charged over a chain of runs; exact, nothing is ever rounded."""

    def __init__(self, prices: Staircase, opening_balance: Exact, period_usage: Exact = 0) -> None:
        self._native = _meterrig.NativeAccount(
            _native_of(prices),
            _meterrig.cents_of(_text(opening_balance, "opening_balance")),
            _meterrig.litres_of(_text(period_usage, "period_usage")),
        )

    def use(self, volume: Exact) -> None:
        """Water, m3."""
        self._native.use(_meterrig.litres_of(_text(volume, "volume")))

    def settle(self) -> None:
        """The period ends: its usage is 0, the part of a cent that was not charged stays."""
        self._native.settle()

    def switch_table(self, prices: Staircase) -> None:
        """Another price table; the usage is kept."""
        self._native.switch_table(_native_of(prices))

    def purchase(self, amount: Exact) -> None:
        """Money paid in, yuan."""
        self._native.purchase(_meterrig.cents_of(_text(amount, "amount")))

    @property
    def cost(self) -> Decimal:
        """Of all water since the beginning, yuan."""
        return self._native.cost * COST_UNIT

    @property
    def balance(self) -> Decimal:
        """Exact; below 0: a credit."""
        return self._native.balance * COST_UNIT

    @property
    def period_usage(self) -> Decimal:
        """m3."""
        return self._native.period_usage * _LITRE

    def error(self, shown: Exact) -> Decimal:
        """E of annex A for the balance that the meter shows now, yuan; above 0 it charged too much."""
        return self._native.error(_meterrig.cents_of(_text(shown, "shown"))) * COST_UNIT

    def zone(self, shown: Exact, resolution: Exact = 0) -> str:
        """``pass`` (\\|E\\| < 0.01 yuan), ``fail``, or ``resolution_limited`` by a readout that steps by so many m3."""
        return self._native.zone(
            _meterrig.cents_of(_text(shown, "shown")), _meterrig.litres_of(_text(resolution, "resolution"))
        )


def decimals(costs: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """An array of costs in units of ``COST_UNIT`` as one of Decimals in yuan."""
    whole = whole_numbers(costs, "costs")
    return np.array([int(cost) * COST_UNIT for cost in whole.flat], dtype=object).reshape(whole.shape)
