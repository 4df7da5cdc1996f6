"""Money in Python: annex A of CJ/T 484 (revision) to the last digit, for one usage and for arrays of them."""

import itertools
import random
import sys
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from rigtools import PACKAGE

sys.path.insert(0, str(PACKAGE))
import meterrig  # noqa: E402
from meterrig.tariff import COST_UNIT, Account, Staircase, decimals  # noqa: E402

TABLE_A = Staircase(["10", "20"], ["2.50", "3.75", "7.50"])
TABLE_B = Staircase([1, 2], ["2.07", "4.14", "6.21"])
NEXT_TABLE = Staircase([12, 24], ["2.80", "4.20", "8.40"])

# Worked examples of annex A, its formula for these tables: usage (m3), cost (yuan), balance before, balances after that
# a meter may show which charges whole cents as water passes, and the error E of each.
EXAMPLES = [
    (TABLE_A, "25.000", "100.00000", "500.00", {"400.00": "0.00000"}),
    (TABLE_A, "10.000", "25.00000", "500.00", {"475.00": "0.00000"}),
    (TABLE_A, "10.001", "25.00375", "500.00", {"475.00": "-0.00375"}),
    (TABLE_A, "20.000", "62.50000", "500.00", {"437.50": "0.00000"}),
    (TABLE_A, "20.001", "62.50750", "500.00", {"437.50": "-0.00750", "437.49": "0.00250"}),
    (TABLE_A, "0.003", "0.00750", "500.00", {"500.00": "-0.00750"}),
    (TABLE_A, "0.004", "0.01000", "500.00", {"499.99": "0.00000"}),
    (TABLE_B, "3.457", "15.25797", "100.00", {"84.75": "-0.00797"}),
]


@pytest.mark.parametrize("prices, usage, cost, before, shown", EXAMPLES)
def test_worked_examples(prices, usage, cost, before, shown):
    found = prices.cost(usage)
    assert isinstance(found, Decimal) and str(found) == cost
    account = Account(prices, before)
    account.use(usage)
    assert account.balance == Decimal(before) - Decimal(cost) and account.period_usage == Decimal(usage)
    for balance, error in shown.items():
        assert str(account.error(balance)) == error and account.zone(balance) == "pass"


def test_what_a_cost_is_made_of():
    parts = TABLE_B.parts(0, "3.457")
    assert [(part.step, str(part.from_m3), str(part.to_m3), str(part.price), str(part.cost)) for part in parts] == [
        (1, "0.000", "1.000", "2.07", "2.07000"),
        (2, "1.000", "2.000", "4.14", "4.14000"),
        (3, "2.000", "3.457", "6.21", "9.04797"),
    ]
    assert [TABLE_A.steps_at(usage) for usage in ("9.999", 10, "20.001")] == [(1, 1), (1, 2), (3, 3)]


def test_a_period_that_has_begun():
    assert TABLE_A.cost(13, start=8) == Decimal("16.25") == TABLE_A.cost(13) - TABLE_A.cost(8)


# Seven times 0.007 m3: what a meter shows that keeps what is below a cent, and one that loses it each time.
GOOD = ["9.99", "9.98", "9.96", "9.95", "9.93", "9.92", "9.90"]
BAD = ["9.99", "9.98", "9.97", "9.96", "9.95", "9.94", "9.93"]
COSTS = ["0.01449", "0.02898", "0.04347", "0.05796", "0.07245", "0.08694", "0.10143"]
BAD_ERRORS = ["-0.00449", "-0.00898", "-0.01347", "-0.01796", "-0.02245", "-0.02694", "-0.03143"]


def test_a_chain_finds_who_loses_what_is_below_a_cent():
    account = Account(TABLE_B, "10.00")
    for good, bad, cost, error in zip(GOOD, BAD, COSTS, BAD_ERRORS):
        account.use("0.007")
        assert str(account.cost) == cost
        assert account.error(good) == Decimal("10.00") - Decimal(good) - Decimal(cost) and account.zone(good) == "pass"
        assert str(account.error(bad)) == error
        assert account.zone(bad) == ("pass" if abs(Decimal(error)) < Decimal("0.01") else "fail")


def test_another_price_table_within_the_period():
    account = Account(TABLE_A, 500)
    account.use("9.5")
    account.switch_table(NEXT_TABLE)
    account.use("3.5")
    assert account.cost == Decimal("34.95") and account.period_usage == 13
    # The usage begun again at the switch, all at the new prices, and the old table kept.
    for wrong in ("33.55", "37.80", "36.25"):
        assert account.zone(Decimal(500) - Decimal(wrong)) == "fail"


def test_the_end_of_a_period():
    account = Account(TABLE_A, 500)
    account.use(12)
    account.settle()
    assert account.period_usage == 0
    account.use("3.2")
    assert account.cost == Decimal("40.50")
    assert account.error(500 - Decimal("44.50")) == 4


def test_what_is_below_a_cent_outlives_period_and_step():
    account = Account(TABLE_B, 10)
    account.use("0.004")
    account.settle()
    account.use(1)
    account.use("0.001")
    assert account.cost == Decimal("2.08242")
    assert account.error("7.92") == Decimal("-0.00242") and account.zone("7.92") == "pass"
    assert account.error("7.93") == Decimal("-0.01242") and account.zone("7.93") == "fail"


def test_ten_thousand_litres_one_by_one():
    account = Account(Staircase([], ["2.07"]), 100)
    for _ in range(10_000):
        account.use("0.001")
    assert account.cost == Decimal("20.70") and account.balance == Decimal("79.30")
    assert sum([0.001 * 2.07] * 10_000) < 20.70  # what binary floating point makes of it


def test_purchases_and_credit():
    account = Account(TABLE_A, "1.00", period_usage="9.998")
    account.use("0.003")
    assert account.cost == Decimal("0.00875") == TABLE_A.cost("10.001", start="9.998")
    account.purchase("0.50")
    account.use(1)
    assert account.balance == Decimal("1.50") - account.cost < 0
    account.purchase(-1)
    assert account.balance == Decimal("0.50") - account.cost


def test_a_coarse_readout_leaves_open_what_it_cannot_tell():
    account = Account(TABLE_A, 500)
    account.use(25)
    assert account.zone("399.99", resolution="0.001") == "resolution_limited"
    assert account.zone("399.99") == "fail" == account.zone("399.98", resolution="0.001")


def by_fractions(prices, usage, start=0):
    """Annex A without a line of the engine's."""
    ends = [0, *(int(volume) for volume in prices.volumes), None]
    cost = Fraction(0)
    for (begin, end), price in zip(itertools.pairwise(ends), prices.prices):
        part = (usage if end is None else min(usage, end)) - max(start, begin)
        cost += max(part, 0) * Fraction(price)
    return cost


@pytest.mark.parametrize("steps", [0, 1, 2, 9])
def test_arrays_are_priced_as_single_usages_are(steps):
    draw = random.Random(f"python tariff {steps}")
    volumes = sorted(draw.sample(range(1, 500), steps))
    prices = Staircase(volumes, [Decimal(draw.randrange(1_000_000)).scaleb(-2) for _ in range(steps + 1)])
    litres = np.array([draw.randrange(600_000) for _ in range(300)]
                      + [1000 * volume + near for volume in volumes for near in (-1, 0, 1)])
    costs = prices.cost(litres)
    assert costs.dtype == np.int64 and costs.shape == litres.shape
    told = decimals(costs)
    assert [Fraction(cost) for cost in told] == [by_fractions(prices, Fraction(int(x), 1000)) for x in litres]
    assert [(type(cost), cost) for cost in told] == [(Decimal, prices.cost(Decimal(int(x)).scaleb(-3))) for x in litres]
    start = int(litres.min())
    begun = prices.cost(litres, start=Decimal(start).scaleb(-3))
    assert (begun == costs - costs[litres.argmin()]).all()


def test_arrays_of_every_shape_order_and_integer_type():
    litres = np.arange(24_000, 0, -1000).reshape(2, 3, 4)
    costs = TABLE_A.cost(litres)
    assert costs.shape == (2, 3, 4) and decimals(costs).shape == (2, 3, 4)
    assert decimals(costs)[0, 0, 0] == TABLE_A.cost(24) and decimals(costs)[1, 2, 3] == TABLE_A.cost(1)
    assert (TABLE_A.cost(litres.T) == costs.T).all()
    assert (TABLE_A.cost(litres[:, ::2, ::-1]) == costs[:, ::2, ::-1]).all()
    for kind in (np.int16, np.uint16, np.int32, np.uint32, np.uint64, ">i4"):
        assert (TABLE_A.cost(litres.astype(kind)) == costs).all()
    assert TABLE_A.cost(np.array(25_000)).shape == () and TABLE_A.cost(np.array(25_000)) == 100_00000
    assert TABLE_A.cost(np.array([], np.int64)).shape == (0,) and COST_UNIT == Decimal("0.00001")


def test_an_array_is_not_changed_and_not_kept():
    litres = np.array([1000, 2000])
    costs = TABLE_A.cost(litres)
    litres[0] = 5000
    assert list(costs) == [250000, 500000] and not np.shares_memory(costs, litres)


def test_the_most_that_can_be_told():
    dearest = Staircase([999_999], ["9999.99", "9999.99"])
    assert str(dearest.cost("999999999.999")) == "9999989999990.00001"
    assert dearest.cost(np.array([999_999_999_999]))[0] * COST_UNIT == Decimal("9999989999990.00001")


@pytest.mark.parametrize("call", [
    lambda: TABLE_A.cost(2.5),
    lambda: TABLE_A.cost(np.float64(2.5)),
    lambda: TABLE_A.cost(meterrig.Reading(2.5, "m3")),
    lambda: TABLE_A.cost(True),
    lambda: TABLE_A.cost(None),
    lambda: TABLE_A.cost(5, start=0.5),
    lambda: TABLE_A.cost(np.array([2.5])),
    lambda: TABLE_A.cost(np.array([True])),
    lambda: TABLE_A.cost(np.array(["2.5"])),
    lambda: decimals(np.array([2.5])),
    lambda: TABLE_A.parts(0, 1.0),
    lambda: TABLE_A.steps_at(1.0),
    lambda: Staircase([1.0], ["1", "2"]),
    lambda: Staircase([1], [2.07, "2"]),
    lambda: Account(TABLE_A, 500.0),
    lambda: Account(TABLE_A, 500).use(0.007),
    lambda: Account(TABLE_A, 500).purchase(0.5),
    lambda: Account(TABLE_A, 500).error(499.99),
    lambda: Account(TABLE_A, 500).zone(499, resolution=0.001),
])
def test_what_is_not_exact_is_refused(call):
    with pytest.raises(meterrig.UserError, match="float is not exact|integer array"):
        call()


@pytest.mark.parametrize("call, said", [
    (lambda: Staircase([2, 1], ["1", "2", "3"]), "step volume 2 is 1 m3, below step volume 1"),
    (lambda: Staircase([1], ["1"]), "expected one price more"),
    (lambda: Staircase([1_000_000], ["1", "2"]), "999999"),
    (lambda: Staircase(["1.5"], ["1", "2"]), "whole m3"),
    (lambda: Staircase(["a few"], ["1", "2"]), "in digits"),
    (lambda: Staircase([1], ["1", "dear"]), "in digits"),
    (lambda: Staircase([1], ["1", "2.075"]), "at most 2 decimals"),
    (lambda: Staircase([1], ["1", "10000"]), "9999.99 yuan/m3 at most"),
    (lambda: Staircase([1], ["1", "-2"]), "in digits"),
    (lambda: Staircase([Decimal("NaN")], ["1", "2"]), "NaN"),
    (lambda: Staircase([Decimal("Infinity")], ["1", "2"]), "Infinity"),
    (lambda: TABLE_A.cost("0.0001"), "at most 3 decimals"),
    (lambda: TABLE_A.cost("1e3"), "such as 12.345"),
    (lambda: TABLE_A.cost(-1), "in digits"),
    (lambda: TABLE_A.cost(5, start=8), "falls from 8.000 to 5.000 m3"),
    (lambda: TABLE_A.cost(np.array([1, -1])), "falls from 0.000 to -0.001 m3"),
    (lambda: TABLE_A.cost(np.array([1, 2**63], np.uint64)), "found 9223372036854775808; expected litres"),
    (lambda: TABLE_A.cost(np.array([10**12])), "volume 1000000000.000 m3: expected 0 to 999999999.999"),
    (lambda: Account(TABLE_A, "0.001"), "at most 2 decimals"),
    (lambda: Account(TABLE_A, 1, period_usage=-1), "in digits"),
    (lambda: Account(TABLE_A, 1).use("-0.001"), "in digits"),
])
def test_what_can_not_be_priced_is_told(call, said):
    with pytest.raises(ValueError) as refused:
        call()
    assert said in str(refused.value)


def test_a_refused_call_has_changed_nothing():
    account = Account(TABLE_A, 500)
    account.use(5)
    with pytest.raises(ValueError):
        account.use("999999999.999")
    assert account.cost == Decimal("12.50") and account.period_usage == 5 and account.balance == Decimal("487.50")
