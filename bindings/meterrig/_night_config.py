"""The file of a nightly run, checked against config/schemas/nightly.json."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

from ._bench import config_document
from .errors import UserError

_NOT_DATA = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TYPES = {"object": "an object", "array": "an array", "string": "a string", "integer": "a whole number"}
_TYPES |= {"number": "a number", "boolean": "true or false"}
_SHOWN = 80


class Allowed(NamedTuple):
    """A value that may change; ``change`` None: as it likes."""

    clause: str
    name: str
    change: Optional[float]


class Band(NamedTuple):
    """Where a value of the golden meter must lie."""

    clause: str
    name: str
    unit: Optional[str]
    low: float
    high: float


class Entry(NamedTuple):
    """One run of the night; ``words`` are those of :meth:`meterrig.Plan.prepare`."""

    name: str
    plan: str
    words: dict[str, Any]
    seed: Union[int, str]
    procedures: list[str]
    baseline: Optional[str]


class Config(NamedTuple):
    """A nightly run."""

    id: str
    title: dict[str, str]
    output: Path
    data: Path
    by_month: bool
    golden: Optional[Entry]
    expected_verdicts: dict[str, str]
    expected_values: list[Band]
    go_on: bool
    entries: list[Entry]
    nights: int
    points_min: int
    shift_at: float
    time_percent: float
    time_seconds: float
    watched: set[tuple[str, str]]  #: clause and name of values that count although they have no limit
    allowed: list[Allowed]
    keep_nights: Optional[int]
    keep_days: int

    @property
    def all_entries(self) -> list[Entry]:
        """The golden meter's first."""
        return ([self.golden] if self.golden else []) + self.entries


def read_config(file: Path, data: Optional[Path] = None) -> Config:
    """Raises UserError, with file, line and place."""
    document = _read(file)
    golden, retention = document.get("golden"), document.get("retention", {})
    expect, trend, time = (golden or {}).get("expect", {}), document.get("trend", {}), document.get("run_time", {})
    entries = [_entry(document, body, file.parent, body["name"]) for body in document["plans"]]
    names = [entry.name for entry in entries] + ["golden"]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{file}: found {name!r} twice; expected a name of its own for each of the plans")
    for number, band in enumerate(expect.get("values", [])):
        if band["between"][0] > band["between"][1]:
            raise UserError(f"{file}: at /golden/expect/values/{number}/between: expected the lower number first")
    id = document["id"]
    return Config(
        id=id,
        title=document.get("title", {"zh": id, "en": id}),
        output=Path(document["output"]),
        data=data or Path(document.get("data", "meterrig-data")),
        by_month=document.get("data_by_month", False),
        golden=_entry(document, golden, file.parent, "golden") if golden else None,
        expected_verdicts=expect.get("verdicts", {}),
        expected_values=[
            Band(band["clause"], band["name"], band.get("unit"), *band["between"]) for band in expect.get("values", [])
        ],
        go_on=bool(golden and golden.get("go_on", False)),
        entries=entries,
        nights=trend.get("nights", 30),
        points_min=trend.get("points_min", 8),
        shift_at=trend.get("shift_at", 2),
        time_percent=time.get("percent", 20),
        time_seconds=time.get("seconds", 5),
        watched={(own["clause"], own["name"]) for own in document.get("watch", [])},
        allowed=[Allowed(own["clause"], own["name"], own.get("change")) for own in document.get("allow", [])],
        keep_nights=retention.get("nights"),
        keep_days=retention.get("days", 0),
    )


def _entry(document: Mapping[str, Any], body: Mapping[str, Any], folder: Path, name: str) -> Entry:
    def found(word: str) -> str:
        """A file beside the configuration, else as it stands: a path, or a name under config/."""
        beside = folder / word
        return os.fspath(beside) if beside.is_file() else word

    plain = ("only", "clock", "defects", "faults", "override")
    words: dict[str, Any] = {key: body[key] for key in plain if key in body}
    words |= {key: found(body[key]) for key in ("job", "answers") if key in body}
    words["duts"] = [found(dut) for dut in body.get("duts", [])]
    rig = body.get("rig", document.get("rig"))
    if rig:
        words["rig"] = found(rig)
    procedures = [found(procedure) for procedure in body.get("procedures", [])]
    return Entry(name, found(body["plan"]), words, body.get("seed", 1), procedures, body.get("baseline"))


# --- reading and checking ---------------------------------------------------------------------------------------------


def _read(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UserError(f"{file} can't be read: {getattr(wrong, 'strerror', None) or wrong}") from wrong
    # Comments become spaces, so that every line keeps its number.
    plain = _NOT_DATA.sub(lambda m: m[0] if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text)
    try:
        document = json.loads(plain, object_pairs_hook=lambda pairs: _once(pairs, file))
    except json.JSONDecodeError as wrong:
        raise UserError(f"{file}:{wrong.lineno}: {wrong.msg}") from wrong
    except RecursionError as wrong:
        raise UserError(f"{file}: found more brackets within each other than a configuration has") from wrong
    _check(document, plain, file)
    checked: dict[str, Any] = document
    return checked


def _once(pairs: Sequence[tuple[str, Any]], file: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UserError(f"{file}: found the key {key!r} twice in one object; expected it once")
        found[key] = value
    return found


def _check(document: Any, text: str, file: Path) -> None:
    try:
        import jsonschema  # type: ignore[import]
    except ImportError:
        raise UserError("a nightly run needs jsonschema: apt-get install python3-jsonschema") from None
    schema = config_document("schemas", "nightly")
    errors = [_deepest(error) for error in jsonschema.Draft7Validator(schema).iter_errors(document)]
    if not errors:
        return
    line, error = min(((_line(text, list(one.absolute_path)), one) for one in errors), key=lambda pair: pair[0])
    place = "/".join(str(step) for step in error.absolute_path)
    raise UserError(f"{file}:{line}: at /{place}: {_words(error)}")


def _deepest(error: Any) -> Any:
    """The error inside of alternatives that says most, unless there are words for all of them."""
    while error.context and "x-expected" not in error.schema:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return error


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."


def _words(error: Any) -> str:
    found, wanted = error.instance, error.validator_value
    if error.validator == "additionalProperties":
        known = sorted(error.schema["properties"])
        return _unknown(next(key for key in found if key not in known), known)
    if error.validator == "required":
        missing = next(key for key in wanted if key not in found)
        return f"found no {missing!r}; expected one"
    if error.validator == "enum" and list(error.schema_path)[-2:-1] == ["propertyNames"]:
        return _unknown(found, wanted)
    said = error.schema.get("x-expected")
    if said is None and error.validator == "enum":
        near = difflib.get_close_matches(str(found), map(str, wanted), 1)
        said = f"one of {', '.join(map(str, wanted))}" + (f"; did you mean {near[0]!r}?" if near else "")
    elif said is None and error.validator == "type":
        said = " or ".join(_TYPES[kind] for kind in ([wanted] if isinstance(wanted, str) else wanted))
    return f"found {_shown(found)}; expected {said}" if said else f"found {_shown(found)}; {error.message}"


def _unknown(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    hint = f"; did you mean {near[0]!r}?" if near else f"; expected one of {', '.join(known)}"
    return f"found the key {key!r}{hint}"


def _line(text: str, path: Sequence[Union[str, int]]) -> int:
    """Where the value stands: keys and elements are counted off in the text, which is known to be JSON."""
    decoder, at = json.JSONDecoder(), _past(text, 0)
    for step in path:
        at = _past(text, at + 1)
        count = 0
        while True:
            key: Union[str, int] = count
            if isinstance(step, str):
                key, at = decoder.raw_decode(text, at)
                at = _past(text, _past(text, at) + 1)
            if key == step:
                break
            _, at = decoder.raw_decode(text, at)
            at = _past(text, _past(text, at) + 1)
            count += 1
    return text.count("\n", 0, at) + 1


def _past(text: str, at: int) -> int:
    """The next character that is no white space."""
    while text[at] in " \t\r\n":
        at += 1
    return at
