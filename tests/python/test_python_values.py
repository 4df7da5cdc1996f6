"""Values in Python: quantities with units, tables, and waveforms that are exact and never copied."""

import copy
import csv
import datetime
import gc
import itertools
import math
import pickle
import sys
import weakref
from fractions import Fraction

import numpy as np
import pytest

from rigtools import PACKAGE

sys.path.insert(0, str(PACKAGE))
import meterrig  # noqa: E402
from meterrig import NoReading, OverRange, Reading, Table, UnitError, Waveform  # noqa: E402
from meterrig.quantity import _UNITS, factor, utc_time  # noqa: E402

LIMIT = 500_000  # 50 uA in counts of 0.1 nA: CJ/T 503-2016 5.3.8
OVERLOAD = 2**63 - 1
LARGEST = 2**44  # what lies beyond, either way, is an overload


# --- readings ---------------------------------------------------------------------------------------------------------


def test_a_reading_is_a_number_with_a_unit():
    reading = Reading(0.0315, "mA")
    assert isinstance(reading, float) and reading == 0.0315 and reading.unit == "mA"
    assert type(reading + 1) is float and type(-reading) is float and sorted([reading, 0.01])[0] == 0.01
    assert reading.expanded_uncertainty == 0 and reading.budget is None
    assert f"{reading:.2f}" == "0.03" and f"{reading}" == str(reading) == repr(reading) == "0.0315 mA"
    assert str(Reading(2)) == "2"
    for other in (copy.copy(reading), copy.deepcopy(reading), pickle.loads(pickle.dumps(reading))):
        assert type(other) is Reading and (float(other), other.unit) == (0.0315, "mA")


def test_units_of_one_quantity_convert_and_others_do_not():
    for (unit, (quantity, size)), (other, (its, its_size)) in itertools.product(_UNITS.items(), repeat=2):
        if quantity == its:
            assert factor(unit, other) == pytest.approx(size / its_size, rel=1e-11)
            there_and_back = Reading(3.3, unit).to(other).to(unit)
            assert there_and_back == pytest.approx(3.3, rel=1e-11) and there_and_back.unit == unit
        else:
            with pytest.raises(UnitError, match="give the number in that unit"):
                Reading(1, unit).to(other)


@pytest.mark.parametrize("value, unit, to, becomes", [
    (50e-6, "A", "uA", 50.0), (1, "uA", "mA", 0.001), (3.6, "V", "mV", 3600.0), (2, "L/min", "L/h", 120.0),
    (1.5, "m3/h", "L/h", 1500.0), (1, "d", "s", 86400.0), (15, "kPa", "Pa", 15000.0), (20, "Cel", "Cel", 20.0),
])
def test_conversions_are_exact_where_they_can_be(value, unit, to, becomes):
    assert float(Reading(value, unit).to(to)) == becomes


def test_an_unknown_unit_is_one_of_its_own():
    assert Reading(1, "furlong").to("furlong") == 1
    with pytest.raises(UnitError, match="'furlong'.*'m3'"):
        Reading(1, "furlong").to("m3")
    assert issubclass(UnitError, ValueError) and issubclass(UnitError, meterrig.Error)


@pytest.fixture(scope="module")
def powered():
    with meterrig.bench(1) as rig:
        st = rig.stations[0]
        st.power_supply.apply(6.0, current_limit=0.5)
        st.path_switch.select("ammeter")
        st.sleep(10)
        yield st


def test_a_measured_value_brings_its_uncertainty(powered):
    volts = powered.voltmeter.read()
    assert volts.unit == "V" and volts == pytest.approx(6, abs=0.05)
    assert 0 < volts.expanded_uncertainty < 0.05
    budget = volts.budget
    assert budget.unit == "V" and not budget.exact and budget.expanded == 2 * budget.combined
    spreads = [(spread / math.sqrt(3) if kind == "rectangular" else spread) * sensitivity
               for _, kind, spread, _, sensitivity in budget.terms]
    assert budget.combined == pytest.approx(math.sqrt(sum(u * u for u in spreads)), rel=1e-12)
    millivolts = volts.to("mV")
    assert millivolts.expanded_uncertainty == pytest.approx(1000 * volts.expanded_uncertainty, rel=1e-12)
    assert millivolts.budget.unit == "mV" and " ± " in str(millivolts) and str(millivolts).endswith(" mV")
    assert pickle.loads(pickle.dumps(volts)) == volts


def test_times_are_aware():
    assert utc_time(0) == datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    assert utc_time(1_795_219_200_123_456_789).isoformat() == "2026-11-21T00:00:00.123456+00:00"


# --- tables -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def table():
    table = Table()
    table.add(voltage=3.6, current=Reading(31e-6, "A").to("uA"))
    table.add(voltage=3.5, current=Reading(30e-6, "A"), note="<low>")
    return table


def test_a_column_has_one_unit(table):
    assert table.columns == ["voltage", "current", "note"] and len(table) == 2
    assert list(table["current"]) == pytest.approx([31, 30]) and table.units == {"current": "uA"}
    assert table["current"].dtype == float and [row["voltage"] for row in table] == [3.6, 3.5]
    with pytest.raises(UnitError):
        table.add(current=Reading(1, "V"))
    assert len(table) == 2
    with pytest.raises(KeyError, match="no column 'currant'; the table has voltage, current, note"):
        table["currant"]
    with pytest.raises(KeyError, match="has none"):
        Table()["x"]


def test_what_a_row_lacks_is_no_number(table):
    table.add(voltage=3.4)
    assert np.isnan(table["current"][2]) and table["voltage"][2] == 3.4


def test_a_table_for_people_and_programs(table, tmp_path):
    assert str(table).splitlines()[0].split("  ") == ["voltage", "current / uA", " note"]
    assert "<th>current / uA</th>" in table._repr_html_() and "<td>&lt;low&gt;</td>" in table._repr_html_()
    table.to_csv(tmp_path / "sweep.csv")
    rows = list(csv.reader((tmp_path / "sweep.csv").open(encoding="utf-8", newline="")))
    assert rows[0] == ["voltage", "current / uA", "note"] and rows[1][2] == "" and rows[2][2] == "<low>"
    assert [float(row[1]) for row in rows[1:]] == list(table["current"])
    frame = table.to_pandas()
    assert list(frame.columns) == rows[0] and list(frame["current / uA"]) == list(table["current"])
    assert type(frame["current / uA"][0]) is not Reading


def test_a_table_is_no_file_descriptor(table):
    with pytest.raises(TypeError):
        table.to_csv(1)


def test_a_table_is_drawn_with_its_uncertainties(powered):
    import matplotlib

    matplotlib.use("Agg")
    table = Table()
    for volts in (6.0, 5.5):
        powered.power_supply.set_voltage(volts)
        table.add(set=volts, measured=powered.voltmeter.read())
    ax = table.plot("set", "measured")
    assert ax.get_xlabel() == "set" and ax.get_ylabel() == "measured / V"
    assert len(ax.containers[0].lines[2]) == 1  # error bars


# --- waveforms --------------------------------------------------------------------------------------------------------


def of(*counts, interval_s=0.001):
    return Waveform.from_counts(counts, interval_s)


@pytest.mark.parametrize("samples", [1, 7, 1000, 100_003])
def test_the_mean_of_samples_at_a_limit_is_the_limit(samples):
    wave = Waveform.from_counts(np.full(samples, LIMIT), 0.001)
    assert float(wave.mean().to("uA")) == 50.0 and float(wave.mean()) == 50e-6 == wave.rms()
    assert float(wave.peak()) == float(wave.peak(0.1)) == float(wave.percentile(50, 0.001 * min(samples, 10))) == 50e-6
    assert wave.charge() == pytest.approx(50e-6 * samples / 1000, rel=1e-15) and wave.charge().unit == "C"


def test_sums_are_exact():
    """Where binary floating point loses the small ones behind the large ones."""
    draw = np.random.default_rng(503)
    counts = draw.integers(-LARGEST, LARGEST, 20_000)
    counts[::2] = draw.integers(0, 10, 10_000)
    wave = Waveform.from_counts(counts, 0.0001)
    whole = sum(int(count) for count in counts)
    squares = sum(int(count) ** 2 for count in counts)
    assert float(wave.mean()) == pytest.approx(float(Fraction(whole, len(counts) * 10**10)), rel=1e-15)
    assert wave.rms() == pytest.approx(math.sqrt(Fraction(squares, len(counts))) / 1e10, rel=1e-15)
    assert float(wave.charge()) == pytest.approx(float(Fraction(whole, 10**14)), rel=1e-15)
    tiny = Waveform.from_counts(np.tile([LARGEST, 3, -LARGEST], 5000), 1)
    assert float(tiny.mean()) == 1e-10 and float(tiny.charge()) == pytest.approx(1.5e-6, rel=1e-15)


def test_a_waveform_tells_its_times_and_parts():
    wave = Waveform.from_counts(np.arange(1000), 0.01)
    assert (len(wave), wave.interval_s, wave.duration_s, wave.overloads) == (1000, 0.01, 10.0, 0)
    assert wave.start == datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    assert np.allclose(wave.times, np.arange(1000) / 100, atol=1e-12) and wave.times.shape == (1000,)
    part = wave.part(2.0, 3.0)
    assert list(part.counts) == list(range(200, 300)) and part.start - wave.start == datetime.timedelta(seconds=2)
    assert len(wave.part(9.9, 1e6)) == 10 and repr(part) == "<Waveform 100 samples over 1 s>"
    for begin, end in ((3, 3), (3, 2), (-1, 2), (10, 11), (0, math.nan)):
        with pytest.raises(ValueError):
            wave.part(begin, end)


def test_values_are_amperes_made_once():
    wave = of(LIMIT, 0, -LIMIT)
    assert list(wave.values) == [50e-6, 0, -50e-6] and wave.values is wave.values
    assert not wave.values.flags.writeable and np.asarray(wave) is wave.values
    assert np.asarray(wave, dtype=np.float32).dtype == np.float32


def test_the_largest_mean_of_any_window():
    counts = np.zeros(1000, np.int64)
    counts[500:520] = 10 * LIMIT
    wave = Waveform.from_counts(counts, 0.001)
    assert float(wave.peak()) == float(wave.peak(0.02)) == 500e-6 and float(wave.peak(0.04)) == 250e-6
    assert float(wave.peak(1.0)) == float(wave.mean()) == 10e-6
    times, low, high = wave.envelope(100)
    assert high.max() == 500e-6 and low.min() == 0 and len(times) == len(low) == len(high) <= 100


def test_the_largest_sample_of_any_samples():
    assert float(of(-5, -3, -9).peak()) == -3e-10 == float(of(-5, -3, -9).peak(0.001))
    wave = Waveform.from_counts(np.full(600_000, LARGEST), 0.001)
    assert float(wave.peak(600.0)) == float(wave.mean()) == LARGEST * 1e-10


def test_means_need_as_many_samples():
    with pytest.raises(ValueError, match="shorter than the width"):
        of(1, 2, 3).percentile(50, 0.01)


def test_events_and_periods():
    period = np.zeros(5000, np.int64)
    period[:100] = 15_000 * 10_000  # 15 mA: a receive window
    wave = Waveform.from_counts(np.concatenate([np.zeros(1000, np.int64), np.tile(period, 10)]), 0.001)
    kinds = [segment.kind for segment in wave.segments()]
    assert kinds == ["sleep"] + ["receive_window", "sleep"] * 10
    second = wave.segments()[1]
    assert (second.start_s, second.duration_s, second.peak, second.mean) == (1.0, 0.1, 15e-3, 15e-3)
    assert second.charge == pytest.approx(15e-4) and second.complete and not wave.segments()[0].complete
    found = wave.whole_periods(5.0)
    assert (found.periods, found.start_s, found.stop_s, found.period_s) == (9, 1.0, 46.0, 5.0)
    assert found.charge_per_wake_c == pytest.approx(15e-4, rel=1e-3)
    assert of(*[LIMIT] * 100).whole_periods(5.0) is None


@pytest.mark.parametrize("beyond, value", [(OVERLOAD, math.inf), (LARGEST + 1, math.inf), (-LARGEST - 1, -math.inf)])
def test_what_is_beyond_the_range_is_no_number(beyond, value):
    wave = of(LIMIT, beyond, LIMIT, LIMIT)
    assert wave.overloads == 1 and list(wave.values) == [50e-6, value, 50e-6, 50e-6]
    for ask in (wave.mean, wave.rms, wave.peak, wave.charge, lambda: wave.percentile(50), lambda: wave.peak(0.002)):
        with pytest.raises(OverRange, match="1 of 4 samples are beyond the range.*in a higher range"):
            ask()
    assert float(wave.part(0.002, 0.004).mean()) == 50e-6
    assert wave.segments()[0].peak == math.inf or any(math.isinf(s.mean) for s in wave.segments())
    assert math.inf in wave.envelope(4)[2]


def test_a_waveform_with_overloads_is_drawn():
    import matplotlib

    matplotlib.use("Agg")
    ax = of(LIMIT, OVERLOAD, LIMIT, 0).plot(unit="mA", segments=True)
    assert ax.get_ylabel() == "I / mA" and ax.get_legend().get_texts()[0].get_text() == "beyond the range"
    with pytest.raises(UnitError):
        of(LIMIT).plot(unit="V")


def test_no_samples_no_number():
    empty = Waveform.from_counts([], 1)
    assert len(empty) == 0 and empty.segments() == [] and empty.values.shape == (0,)
    for ask in (empty.mean, empty.rms, empty.peak, empty.charge):
        with pytest.raises(NoReading, match="no samples"):
            ask()


@pytest.mark.parametrize("counts", [[1.5], [math.nan], ["1"], [None], [2**63], [2**64], np.array([2**63], np.uint64),
                                    [[1, 2]], 5])
def test_what_is_no_waveform_is_refused(counts):
    with pytest.raises(ValueError, match="integer array|one-dimensional|at most 9223372036854775807"):
        Waveform.from_counts(counts, 0.001)


@pytest.mark.parametrize("interval_s", [0, -1, math.nan, math.inf, 1e-12, 1e12])
def test_what_is_no_interval_is_refused(interval_s):
    with pytest.raises(ValueError, match="interval_s"):
        of(1, interval_s=interval_s)


def test_integers_of_any_kind_make_the_same_waveform():
    for kind in (np.int8, np.uint8, np.int32, np.uint64, ">i4"):
        assert list(Waveform.from_counts(np.arange(9, dtype=kind)[::2], 1).counts) == [0, 2, 4, 6, 8]


def test_a_waveform_does_not_follow_the_array_that_it_was_made_of():
    counts = np.arange(5)
    wave = Waveform.from_counts(counts, 1)
    counts[0] = 99
    assert list(wave.counts) == [0, 1, 2, 3, 4]


# --- no copies --------------------------------------------------------------------------------------------------------


def address(array):
    return array.__array_interface__["data"][0]


def test_counts_are_the_engines_own_memory():
    wave = Waveform.from_counts(np.arange(1_000_000), 1e-4)
    one, other = wave.counts, wave.counts
    assert np.shares_memory(one, other) and address(one) == address(other)
    assert one.base is wave._native and not one.flags.owndata and one.dtype == np.int64
    assert not one.flags.writeable
    with pytest.raises(ValueError):
        one.setflags(write=True)
    with pytest.raises(ValueError):
        one[0] = 1


def test_an_array_keeps_its_waveform_alive():
    wave = Waveform.from_counts(np.arange(1_000_000), 1e-4)
    native = weakref.ref(wave._native)
    middle = wave.counts[400_000:600_000]
    whole = wave.counts
    del wave
    gc.collect()
    assert native() is not None and int(whole.sum()) == 499_999_500_000
    del whole
    gc.collect()
    # Other memory of the same size would land there if it had been given back.
    others = [np.full(1_000_000, -1) for _ in range(3)]
    assert native() is not None and middle[0] == 400_000 and middle[-1] == 599_999 and len(others) == 3
    del middle
    gc.collect()
    assert native() is None


def test_an_acquired_waveform_outlives_its_rig():
    with meterrig.bench(1) as rig:
        st = rig.stations[0]
        st.power_supply.apply(6.0)
        st.path_switch.select("ammeter")
        wave = st.ammeter.acquire(2.0, interval_s=0.001)
        counts, before = wave.counts, rig.now
    assert rig.is_open is False and len(counts) == 2000
    mean = wave.mean()
    del wave, rig, st
    gc.collect()
    assert float(mean) == pytest.approx(counts.mean() * 1e-10, rel=1e-9) and mean.expanded_uncertainty > 0
    assert before.tzinfo is datetime.timezone.utc
