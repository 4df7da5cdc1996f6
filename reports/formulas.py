"""How a value came from raw values of the same attempt: the formula with the numbers put in.

A formula is printed only where it gives the recorded value: the procedure computed the value, this only retraces it.
"""

import decimal
import math
import re
import typing

import wording

RELATIVE = 1e-9  # of numbers that went through a double, there and back
KELVIN = 273.15


class Formula(typing.NamedTuple):
    """`shown` names the inputs as the record does; `needs` are their names in the order of the function's arguments."""

    shown: str
    needs: tuple
    gives: typing.Callable
    places: typing.Optional[int] = None  # that the procedure itself rounds to


FORMULAS = {
    "quiescent_current": [
        Formula("{sleep_floor} + {charge_per_wake} / {wake_period}", ("sleep_floor", "charge_per_wake", "wake_period"),
                lambda floor, charge, period: floor + charge / period)],
    "window": [Formula("{wake_ups} × {wake_period}", ("wake_ups", "wake_period"), lambda n, period: n * period)],
    "leakage": [
        Formula("{flow_at_outlet} × {barometer} / 101.325 × (273.15 + 20) / (273.15 + {gas_temperature})",
                ("flow_at_outlet", "barometer", "gas_temperature"),
                lambda flow, kpa, celsius: flow * kpa / 101.325 * (KELVIN + 20) / (KELVIN + celsius))],
    "conversion_error": [
        Formula("({remote_change} − {mechanical_change}) / {pulse_volume}",
                ("remote_change", "mechanical_change", "pulse_volume"),
                lambda remote, mechanical, pulse: (remote - mechanical) / pulse)],
    "volume_error": [
        Formula("100 × ({cumulative_after} − {cumulative_before} − {bench_volume}) / {bench_volume}",
                ("cumulative_after", "cumulative_before", "bench_volume"),
                lambda after, before, bench: 100 * (after - before - bench) / bench)],
    "clock_error": [
        Formula("({last_offset} − {first_offset}) / 1 d", ("last_offset", "first_offset"),
                lambda last, first: last - first, 1)],
}


def number(measurement):
    """The number of a value, also of one with its unit behind it; none for any other text."""
    value = measurement["value"]
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        found = re.match(r"-?\d+(\.\d+)?(?= |$)", value)
        return float(found.group()) if found else None
    return float(value)


def nearest(measurements, at, name):
    """The measurement of a name beside another: the last before it, else the first after."""
    before = [own for own in measurements[:at] if own["name"] == name]
    after = [own for own in measurements[at + 1:] if own["name"] == name]
    return before[-1] if before else after[0] if after else None


def agrees(result, recorded, places):
    if places is not None:
        return math.isclose(result, recorded, abs_tol=0.5 * 10**-places + RELATIVE)
    return math.isclose(result, recorded, rel_tol=RELATIVE, abs_tol=1e-12)


def retraced(measurements, at):
    """`formula: numbers = value` of a measurement; none where the record does not hold what it takes."""
    own = measurements[at]
    for formula in FORMULAS.get(own["name"], []):
        found = [nearest(measurements, at, name) for name in formula.needs]
        numbers = [number(one) if one else None for one in found]
        recorded = number(own)
        if None in numbers or recorded is None:
            continue
        try:
            result = formula.gives(*numbers)
        except ZeroDivisionError:
            continue
        if agrees(result, recorded, formula.places):
            put_in = {name: bracketed(wording.plain(one["value"])) for name, one in zip(formula.needs, found)}
            named = formula.shown.format(**{name: name for name in formula.needs})
            return f"{own['name']} = {named} = {formula.shown.format(**put_in)} = {wording.plain(own['value'])}"
    return None


def bracketed(text):
    return f"({text})" if text.startswith("-") else text


def corrected(own):
    """Indication and correction, as calibration data were applied."""
    if "correction" not in own:
        return None
    correction = bracketed(wording.plain(own["correction"]))
    return f"{own['name']} = {wording.plain(own['indication'])} + {correction} = {wording.plain(own['value'])}"


def combined(own):
    """The root of the sum of squares of a budget, and U."""
    if "budget" not in own:
        return None
    terms = [term["standard_uncertainty"] for term in own["budget"]]
    if not agrees(math.hypot(*terms), own["combined_uncertainty"], None):
        return None
    squares = " + ".join(f"{exact(u)}²" for u in terms)
    return (f"u_c({own['name']}) = √({squares}) = {exact(own['combined_uncertainty'])}; "
            f"U = {wording.plain(own['coverage_factor'])} × u_c = {exact(own['expanded_uncertainty'])}")


def exact(value):
    return format(decimal.Decimal(repr(value)), "g") if isinstance(value, float) else wording.plain(value)


def of(measurements, at):
    """All formulas of one measurement among those of its attempt."""
    own = measurements[at]
    return [line for line in (retraced(measurements, at), corrected(own), combined(own)) if line]
