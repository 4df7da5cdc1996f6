"""Random arguments of random types at everything that the package offers.

What is offered is found by looking: a new function, class, method or role is thrown at without a line here. A call may
return, or raise an exception that says what is wrong; nothing may crash or hang, eat memory, or leave the rig unusable.
"""

import datetime
import faulthandler
import functools
import importlib
import inspect
import itertools
import os
import pkgutil
import resource
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from rigtools import PACKAGE
from test_python_types import parameters_of, told

# Else it makes itself a folder wherever the tests are started.
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(PACKAGE.parent / ".hypothesis")
import hypothesis.strategies as some  # noqa: E402
from hypothesis import HealthCheck, Phase, given, note, settings  # noqa: E402

sys.path.insert(0, str(PACKAGE))
matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

import meterrig  # noqa: E402
from meterrig import frames, tariff  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # NumPy's, of arrays that stand for names

SETTINGS = settings(derandomize=True, database=None, deadline=None, max_examples=20, print_blob=False,
                    # The last call noted is the one that failed: nothing has to be made smaller.
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck))
HANG_S = 240
MEMORY_GROWTH_KB = 1_000_000
RESULTS_LOOKED_AT = 1000


# --- what is thrown ---------------------------------------------------------------------------------------------------


class Spiteful(Exception):
    """Of an argument's own; who hands one in gets it back."""


class Hostile:
    """Answers everything that it is asked with an exception."""

    def refuse(self, *_):
        raise Spiteful("no")

    __float__ = __int__ = __index__ = __len__ = __iter__ = __getitem__ = __bool__ = __array__ = __fspath__ = refuse
    __eq__ = __str__ = __bytes__ = __call__ = refuse
    __hash__ = object.__hash__


# On the virtual clock 10,000 s are milliseconds, and what is refused takes no time; 60 years would take minutes.
NUMBERS = some.one_of(
    some.floats(-1e4, 1e4), some.sampled_from([0.0, -0.0, 1e-300, 5e-324, 0.05, 1.5, 3.6, 1e18, 1e300, -1e300]),
    some.sampled_from([float("nan"), float("inf"), float("-inf"), np.float32(2.5), np.float64("nan")]))
WHOLE = some.one_of(some.integers(-3, 70), some.integers(-10_000, 10_000),
                    some.sampled_from([2**32 - 1, 2**32, 2**63 - 1, 2**63, -2**63, 2**64, -10**400, np.int8(5)]))
# No text leads out of the test's own folder.
TEXT = some.text(some.characters(blacklist_characters="/", blacklist_categories=()), max_size=12)
WORDS = some.one_of(TEXT, some.sampled_from([
    "", "\0", "a\0b", "\ud800", "off", "ammeter", "microammeter", "coarse", "fine", "V", "uA", "A", "m3", "clock",
    "power_supply", "cumulative_volume", "cjt188", "modbus-rtu", "mbus", "68AAAA", "12.345", "-1", "1e9", "NaN", "gas",
    "LAB-1", "water", "virtual", "embedded", "wg25-r-1", "CJT503-5.3.8/6.10", "kept", "x" * 5000, "{}",
    "\u202e\U0001f600"]))
BYTES = some.one_of(some.binary(max_size=40), some.binary(max_size=40).map(bytearray),
                    some.sampled_from([bytes.fromhex("6860640209220468910A333234354756333333339716"), b"\xfe" * 300]))
ARRAYS = some.sampled_from([
    np.arange(5), np.zeros(0), np.array(7), np.arange(10)[::-3], np.ones((2, 3), np.int64), np.full(4, np.nan),
    np.array([2**63, 1], np.uint64), np.array([2**63 - 1, -2**63]), np.array(["a"]), np.array([None, {}], object),
    np.zeros(2, complex), np.array(["2026-11-21"], "M8[D]"), np.zeros(2, [("a", "i4")]), np.arange(6, dtype=">i2"),
    np.ma.array([1, 2], mask=[0, 1]), np.full(100_000, 2**44), np.array([True])])
FUNCTIONS = some.sampled_from([lambda *_, **__: None, lambda trial: trial.note("n"), len, Hostile().refuse, print])
SMALL = some.one_of(some.none(), some.booleans(), NUMBERS, WHOLE, WORDS, BYTES)
ANYTHING = some.one_of(
    SMALL, ARRAYS, FUNCTIONS, some.lists(SMALL, max_size=3), some.tuples(SMALL, SMALL),
    some.dictionaries(some.one_of(WORDS, WHOLE), SMALL, max_size=3),
    some.sampled_from([object(), object, Hostile(), Path("kept"), range(3), {1, 2}, 1j, Decimal("sNaN"), iter([1]),
                       Decimal("0.01"), Decimal("1E+30"), datetime.datetime(2026, 11, 21), meterrig.Reading(1, "uA")]))
# What a parameter may look for, by a word of its annotation: half of what it gets is of that kind.
PLAUSIBLE = {"float": NUMBERS, "int": WHOLE, "str": WORDS, "bytes": BYTES, "Sequence": some.lists(WORDS, max_size=3),
             "List": some.lists(WORDS, max_size=3), "NDArray": ARRAYS, "ArrayLike": ARRAYS, "Callable": FUNCTIONS,
             "Mapping": some.dictionaries(WORDS, SMALL, max_size=2), "bool": some.booleans(),
             "Exact": some.sampled_from(["0", "2.07", 1, 10, Decimal("0.007"), "9999.99", -1])}

PRICES = tariff.Staircase([1, 2], ["2.07", "4.14", "6.21"])
WAVE = meterrig.Waveform.from_counts(np.arange(2000) % 500 * 10**6, 0.001)
# Good values, by the name or the type of a parameter, so that some calls get further.
GOOD = {"path": ["off", "ammeter", "microammeter"], "range": ["fine", "coarse"], "to": ["V", "A"], "unit": ["V", "uA"],
        "item": ["clock", "cumulative_volume", "reading_day"], "items": ["clock", "price_1"], "volumes": [[], [1, 2]],
        "prices": [["2.07", "4.14", "6.21"], PRICES], "name_or_number": ["1", 1], "id": ["LAB-9"], "clause": ["LAB-1"],
        "name": ["volts", "set", "voltage_a", "kept"], "key": ["type", "t"], "x": ["volts"], "y": ["volts"],
        "needs": [["power_supply"]], "pulses": [1, 100], "hz": [1, 50], "seconds": [0.5, 30], "interval_s": [0.01, 1],
        "over_voltage": [7, 9.5], "over_current": [1, 3], "Waveform": [WAVE]}

ALLOWED = (meterrig.Error, TypeError, ValueError, ArithmeticError, LookupError, OSError)


# --- what it is thrown at ---------------------------------------------------------------------------------------------


def is_ours(kind):
    return kind.__module__.split(".")[0] == "meterrig"


def offered():
    """What the public modules say that they offer, and the native classes that users see: those of no Native name."""
    for module in pkgutil.iter_modules(meterrig.__path__):
        if not module.name.startswith("_"):
            its = importlib.import_module(f"meterrig.{module.name}")
            # A program's `main` ends the process over wrong words, as programs do; its own tests say which.
            names = [name for name in its.__all__ if name != "main"]
            yield from ((f"{module.name}.{name}", getattr(its, name)) for name in names)
    native = importlib.import_module("meterrig._meterrig")
    yield from ((name, its) for name, its in vars(native).items() if isinstance(its, type) and "Native" not in name)


OFFERED = {name: its for name, its in offered() if isinstance(its, type) or inspect.isroutine(its)}
# Exceptions and named tuples have no methods of their own.
KINDS = {name: its for name, its in OFFERED.items() if isinstance(its, type) and not issubclass(its, BaseException)
         and not hasattr(its, "_fields")}
NOT_CALLED = {"__init__", "__new__", "__init_subclass__", "__class_getitem__"}


def methods_of(subject):
    """What the package itself defines: public methods, what operators call, and properties, as calls without words."""
    found = {}
    members = [vars(kind).items() for kind in type(subject).__mro__ if is_ours(kind)]
    for name, its in itertools.chain.from_iterable(members):
        if name in NOT_CALLED or name.startswith("_") and not name.startswith("__") or isinstance(its, type):
            continue
        if isinstance(its, property):
            found[name] = functools.partial(getattr, subject, name)
        elif callable(getattr(subject, name)):
            found[name] = getattr(subject, name)
    return found


def words_of(call):
    """(name, annotation, required, kind) of each parameter; native ones say it in their docstrings only."""
    kinds = {inspect.Parameter.KEYWORD_ONLY: "keyword", inspect.Parameter.VAR_POSITIONAL: "*",
             inspect.Parameter.VAR_KEYWORD: "**"}
    try:
        its = inspect.signature(call).parameters.values()
    except ValueError:
        signature = call.__doc__ or ""
        rows = parameters_of(told(signature)) if "(self" in signature else []
        return [(name, kind or "", default is None, how) for name, kind, default, how in rows]
    return [(p.name, str(p.annotation), p.default is p.empty, kinds.get(p.kind, "any")) for p in its]


KNOWN_WORDS = sorted({word[0] for its in OFFERED.values() for word in words_of(its)})


def value_for(name, annotation):
    fitting = [values for word, values in PLAUSIBLE.items() if word in annotation]
    good = [some.sampled_from(values) for word, values in GOOD.items() if word in (name, annotation)]
    return some.one_of(*good, *good, *fitting, ANYTHING)


def drawn(data, call):
    """Arguments as the call wants them by name and number, and sometimes one that it does not know."""
    args, words = [], {}
    for name, annotation, required, kind in words_of(call):
        if kind == "*":
            args += data.draw(some.lists(ANYTHING, max_size=3))
        elif kind == "**":
            words.update(data.draw(some.dictionaries(some.sampled_from(KNOWN_WORDS), ANYTHING, max_size=2)))
        elif required and kind != "keyword":
            args.append(data.draw(value_for(name, annotation)))
        elif required or data.draw(some.booleans()):
            words[name] = data.draw(value_for(name, annotation))
    if data.draw(some.integers(0, 9)) == 9:
        words["unheard_of"] = data.draw(ANYTHING)
    return args, words


def throw(data, name, call, also=()):
    args, words = drawn(data, call)
    note(f"{name}(*{args!r}, **{words!r})")
    # Matplotlib, and what only the package makes of something native, ask for attributes.
    if any(word == "native" or "Axes" in annotation for word, annotation, *_ in words_of(call)):
        also += (AttributeError,)
    try:
        result = call(*args, **words)
        if isinstance(result, Iterator):
            list(itertools.islice(result, RESULTS_LOOKED_AT))
        if isinstance(result, meterrig.Rig):
            result.close()
    except (meterrig.Ended, Spiteful):
        pass  # they say what the caller told them
    except ALLOWED + also as error:
        assert str(error), f"{type(error).__name__} says nothing"


def throw_at(data, subject, also=()):
    """Everything that it offers, in any order."""
    methods = methods_of(subject)
    for name in data.draw(some.permutations(sorted(methods))):
        throw(data, f"{type(subject).__name__}.{name}", methods[name], also)


@meterrig.procedure("LAB-1", title="made by a test", needs=["power_supply"], parameters={"volts": 3.6})
def short(st):
    if not isinstance(st, meterrig.Trial):
        raise TypeError("expected a procedure's station")
    st.measure("set", st.number("volts"), "V", at_most=9)


def reached(roots):
    """One object of each kind that attributes lead to: the first one."""
    found, todo = {}, list(roots)
    for subject in todo:
        if type(subject) in (list, tuple):
            todo += subject[:1]
        elif is_ours(type(subject)) and type(subject) not in found:
            found[type(subject)] = subject
            names = [name for name, its in inspect.getmembers(type(subject)) if isinstance(its, property)]
            names += [name for name in getattr(subject, "__dict__", ()) if name[0] != "_"]
            todo += [getattr(subject, name) for name in names]
    return found


@pytest.fixture(scope="module")
def rigs():
    with meterrig.bench(1) as gas, meterrig.bench(1, meter="water") as water:
        yield gas, water


@pytest.fixture(scope="module", autouse=True)
def guards(request, tmp_path_factory):
    """A folder of one's own; a hang ends it all and is told with its place; memory is limited."""
    before, memory = Path.cwd(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    os.chdir(tmp_path_factory.mktemp("random"))
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        stderr = os.dup(2)
    faulthandler.dump_traceback_later(HANG_S, exit=True, file=stderr)
    yield
    faulthandler.cancel_dump_traceback_later()
    os.close(stderr)
    os.chdir(before)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < MEMORY_GROWTH_KB


@pytest.fixture(scope="module")
def subjects(rigs, guards):
    """An object of every kind, by kind."""
    st = rigs[0].stations[0]
    # Those with something behind them come first.
    roles = [getattr(place._native, role) for rig in rigs for place in rig for role in dir(place._native)
             if place.has(role)]
    wave = st.ammeter.acquire(1)
    table = meterrig.Table()
    table.add(volts=st.voltmeter.read(), note="x")
    plan = meterrig.Plan.of(short)
    run = plan.prepare()
    return reached([*roles, *rigs, wave, wave.segments(), table, table.rows[0]["volts"], PRICES,
                    tariff.Account(PRICES, 5), frames.decode("6860640209220468910A333234354756333333339716"), short,
                    meterrig.Parameter(1), plan, run, list(run), run.results])


def power_up(rigs):
    for st in itertools.chain.from_iterable(rigs):
        st.uart_link.connect()
        st.path_switch.select("ammeter")
        st.power_supply.apply(st.dut.nominal_voltage_v)
        st.sleep(3)


def expect_in_order(rigs):
    """They can be made safe, and go on."""
    for rig in rigs:
        assert rig.is_open and all(state.safe for state in rig.make_safe())
        before = rig.now
        rig.sleep(1)
        assert rig.now - before == datetime.timedelta(seconds=1)
        assert abs(rig.stations[0].voltmeter.read()) < 0.1


# A rig that is closed, and a supply whose protection has tripped, are no use to what comes after; a procedure's station
# is met in a procedure.
OF_THEIR_OWN = {"rig.Rig", "PowerSupply", "procedures.Trial"}


def test_an_object_of_every_kind_is_thrown_at(subjects):
    assert {name for name, kind in KINDS.items() if kind not in subjects} == {"procedures.Trial"}
    assert len(OFFERED) > 80 and sum(len(methods_of(subject)) for subject in subjects.values()) > 200


@pytest.mark.parametrize("name", sorted(OFFERED))
def test_functions_and_constructors(name, rigs):
    @settings(SETTINGS, max_examples=40)
    @given(some.data())
    def burst(data):
        throw(data, name, OFFERED[name])

    burst()
    expect_in_order(rigs)


@pytest.mark.parametrize("name", sorted(set(KINDS) - OF_THEIR_OWN))
def test_methods(name, subjects, rigs):
    @SETTINGS
    @given(some.data())
    def burst(data):
        power_up(rigs)
        throw_at(data, subjects[KINDS[name]])
        pyplot.close("all")
        expect_in_order(rigs)

    burst()


def test_a_supply_and_its_rig():
    @SETTINGS
    @given(some.data())
    def burst(data):
        rig = meterrig.bench(1)
        throw_at(data, rig.stations[0].power_supply)
        expect_in_order([rig])
        throw_at(data, rig, also=(meterrig.Stopped,))
        assert all(state.safe for state in rig.close()) and not rig.is_open

    burst()


def test_a_run_that_goes_on():
    @settings(SETTINGS, max_examples=6)
    @given(some.data())
    def burst(data):
        run = meterrig.Plan.of(short).prepare()
        throw_at(data, run)
        run.stop()
        assert run.state in ("aborted", "finished")

    burst()


def test_a_procedures_station():
    failed = []

    def body(st):
        @SETTINGS
        @given(some.data())
        def burst(data):
            throw_at(data, st)

        try:
            burst()
        except BaseException as error:
            failed.append(error)

    run = meterrig.run(meterrig.procedure("LAB-2", title="thrown at", needs=["power_supply"], estimate_s=1e6)(body))
    if failed:
        raise failed[0]
    assert run.state == "finished" and run.result("LAB-2").attempts == 1


def test_the_rig_measures_as_ever():
    with meterrig.bench(1) as rig:
        st = rig.stations[0]
        power_up([rig])
        assert st.voltmeter.read() == pytest.approx(6, abs=0.05) and st.meter.answers()
