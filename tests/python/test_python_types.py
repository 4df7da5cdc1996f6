"""The types that the package tells: right for mypy, and those that the native module really has."""

import ast
import importlib
import re
import subprocess
import sys
import textwrap

import pytest

from rigtools import ENVIRONMENT, PACKAGE, ROOT

sys.path.insert(0, str(PACKAGE))
NATIVE = importlib.import_module("meterrig._meterrig")

STUB = ROOT / "bindings" / "meterrig" / "_meterrig.pyi"
# What pybind11 calls what it only knows to be a Python object of that kind, and how the stub begins there.
VAGUE = {"object": "", "tuple": "tuple[", "list": "list[", "dict": "dict[", "function": "Callable[",
         "numpy.ndarray": "npt.NDArray["}
EXACT = {"numpy.ndarray[numpy.int64]": "npt.NDArray[np.int64]"}


@pytest.fixture(scope="module")
def mypy(tmp_path_factory):
    """Debian's mypy, as strict as it can be; with a cache of its own."""
    cache = tmp_path_factory.mktemp("mypy")

    def check(*files, path=PACKAGE.parent):
        words = ["-m", "mypy", "--strict", "--config-file", ROOT / "mypy.ini", "--cache-dir", cache, *files]
        return subprocess.run([sys.executable, *map(str, words)], cwd=ROOT, capture_output=True, text=True,
                              timeout=300, check=False, env={**ENVIRONMENT, "MYPYPATH": str(path)})

    return check


def test_package_and_examples_are_clean(mypy):
    examples = sorted((ROOT / "docs" / "examples").glob("*.py"))
    checked = mypy(ROOT / "bindings" / "meterrig", *examples, path=ROOT / "bindings")
    assert checked.returncode == 0, checked.stdout + checked.stderr


SCRIPT = """
    import meterrig
    import numpy as np

    with meterrig.bench(1) as rig:
        st = rig.stations[0]
        st.power_supply.apply({volts}, current_limit=0.5)
        wave = st.{meter}.acquire(seconds=2)
        peak: float = max(wave.counts) * 1e-10
        print(peak + wave.mean(), st.dut.pulse_volume_m3, np.linspace(0, 1, 3))
        {more}
"""


@pytest.mark.parametrize("volts, meter, more, said", [
    ("3.6", "ammeter", "pass", None),
    ('"3.6 V"', "ammeter", "pass", 'has incompatible type "str"; expected "float"'),
    ("3.6", "ampmeter", "pass", '"Station" has no attribute "ampmeter"; maybe'),
    ("3.6", "ammeter", "st.dut.serial = 'x'", 'final attribute "serial"'),
    ("3.6", "ammeter", "st.power_supply.voltage_max = 9", 'Property "voltage_max"'),
    ("3.6", "ammeter", "st.leak_sensor.select(range_='fine')", 'Unexpected keyword argument "range_"'),
])
def test_the_types_reach_a_users_script(mypy, tmp_path, volts, meter, more, said):
    file = tmp_path / "script.py"
    file.write_text(textwrap.dedent(SCRIPT.format(volts=volts, meter=meter, more=more)))
    checked = mypy(file, path=PACKAGE)
    if said is None:
        assert checked.returncode == 0, checked.stdout + checked.stderr
    else:
        assert checked.returncode == 1 and said in checked.stdout and "Found 1 error" in checked.stdout, checked.stdout


# --- stub and module --------------------------------------------------------------------------------------------------


class Short(ast.NodeTransformer):
    """Types as they are written today, without their module: typing.List[meterrig._meterrig.X] is list[X]."""

    def visit_Attribute(self, node):
        return ast.Name(node.attr) if ast.unparse(node.value) == "meterrig._meterrig" else node

    def visit_Name(self, node):
        return ast.Name({"List": "list", "Tuple": "tuple", "Dict": "dict"}.get(node.id, node.id))


def parameters_of(function):
    """(name, type, default, kind) each, without self; `arg0` is what pybind11 calls what has no name of its own."""
    its = function.args
    positional = [*its.posonlyargs, *its.args]
    defaults = [None] * (len(positional) - len(its.defaults)) + its.defaults
    rows = [(a, default, "only positional" if a in its.posonlyargs or re.fullmatch(r"arg\d", a.arg) else "any")
            for a, default in zip(positional, defaults)]
    rows += [(a, default, "keyword") for a, default in zip(its.kwonlyargs, its.kw_defaults)]
    return [(a.arg if kind != "only positional" else "", a.annotation and ast.unparse(Short().visit(a.annotation)),
             default and ast.unparse(default), kind) for a, default, kind in rows if a.arg != "self"]


def told(signature):
    """A signature as pybind11 puts it into the first line of a docstring.

    It has C++ names of classes that are bound only after the function is.
    """
    line = signature.split("\n", 1)[0]
    return ast.parse("def " + re.sub(r"\b\w+(::\w+)+", lambda m: f"'{m[0]}'", line) + ": ...").body[0]


def types_differ(native, stub):
    """Whether the stub says another type than pybind11's signature, where that says one."""
    if native in VAGUE:
        return not stub.startswith(VAGUE[native])
    return EXACT.get(native, native) != stub.replace("Sequence[", "list[")


def function_findings(name, docstring, stub):
    native = told(docstring)
    ours, theirs = parameters_of(stub), parameters_of(native)
    if [(a, default, kind) for a, _, default, kind in ours] != [(a, default, kind) for a, _, default, kind in theirs]:
        yield f"{name}: the module takes ({ast.unparse(native.args)}), the stub ({ast.unparse(stub.args)})"
        return
    pairs = [(a[1], b[1]) for a, b in zip(theirs, ours)]
    pairs.append((ast.unparse(Short().visit(native.returns)), ast.unparse(stub.returns)))
    yield from (f"{name}: the module says {a}, the stub {b}" for a, b in pairs if types_differ(a, b))


def members(body):
    """What a class or a module of the stub has: functions, and for what can only be read its type."""
    found = {}
    for node in body:
        if isinstance(node, ast.FunctionDef):
            read_only = any(ast.unparse(decorator) == "property" for decorator in node.decorator_list)
            found[node.name] = ast.unparse(node.returns) if read_only else node
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = re.fullmatch(r"Final\[(.*)\]", ast.unparse(node.annotation))[1]
        elif isinstance(node, ast.ClassDef):
            found[node.name] = node
    return found


def class_findings(cls, node):
    ours = members(node.body)
    theirs = {name: value for name, value in vars(cls).items()
              if not name.startswith("__") or (name in ("__init__", "__len__") and "self:" in (value.__doc__ or ""))}
    yield from (f"{cls.__name__}.{name} is not in the module" for name in sorted(set(ours) - set(theirs)))
    yield from (f"{cls.__name__}.{name} is not in the stub" for name in sorted(set(theirs) - set(ours)))
    bases = [base.__name__ for base in cls.__bases__ if base.__name__ != "pybind11_object"]
    if bases != [ast.unparse(base) for base in node.bases]:
        yield f"{cls.__name__} has the bases {bases}"
    for name in sorted(set(ours) & set(theirs)):
        native, stub, where = theirs[name], ours[name], f"{cls.__name__}.{name}"
        if isinstance(native, property) != isinstance(stub, str):
            yield f"{where} is a property in one of both only"
        elif isinstance(native, property):
            assert native.fset is None, f"{where} can be set"
            says = ast.unparse(Short().visit(told(f"{name}{native.fget.__doc__}").returns))
            if types_differ(says, stub):
                yield f"{where}: the module says {says}, the stub {stub}"
        else:
            function = native.__func__ if isinstance(native, staticmethod) else native
            yield from function_findings(where, function.__doc__, stub)


def findings(module, text):
    """Where the stub and the module differ."""
    ours = members(ast.parse(text).body)
    theirs = {name: value for name, value in vars(module).items() if not name.startswith("__")}
    yield from (f"{name} is not in the module" for name in sorted(set(ours) - set(theirs)))
    yield from (f"{name} is not in the stub" for name in sorted(set(theirs) - set(ours)))
    for name in sorted(set(ours) & set(theirs)):
        if isinstance(ours[name], ast.ClassDef):
            yield from class_findings(theirs[name], ours[name])
        else:
            yield from function_findings(name, theirs[name].__doc__, ours[name])


def test_the_stub_is_the_modules():
    assert list(findings(NATIVE, STUB.read_text())) == []


@pytest.mark.parametrize("was, becomes, found", [
    ("class Vent:", "class Went:", "Vent is not in the stub"),
    ("    def tripped(self)", "    def tipped(self)", "PowerSupply.tipped is not in the module"),
    ("(self, volts: float, current_limit", "(self, volt: float, current_limit", "PowerSupply.apply: the module takes"),
    ("overlap_s: float = 0.05", "overlap_s: float = 0.5", "PathSwitch.change_over: the module takes"),
    ("(self, seconds: float, *, interval_s", "(self, seconds: float, interval_s", "Microammeter.acquire: the module"),
    ("(self, pulses: int, hz", "(self, pulses: float, hz", "PulseSimulator.start: the module says int, the stub float"),
    ("    def count(self) -> int:", "    def count(self) -> float:", "PulseCounter.count: the module says int"),
    ("  serial: Final[str]", "  serial: Final[int]", "Dut.serial: the module says str, the stub int"),
    ("    @property\n    def running", "    def running", "PulseSimulator.running is a property in one"),
    ("def version() -> str", "def version() -> bytes", "version: the module says str, the stub bytes"),
    ("class NativeTrial(NativeStation)", "class NativeTrial(Dut)", "NativeTrial has the bases ['NativeStation']"),
])
def test_what_differs_is_found(was, becomes, found):
    text = STUB.read_text()
    assert was in text
    said = list(findings(NATIVE, text.replace(was, becomes, 1)))
    assert any(line.startswith(found) for line in said), said
