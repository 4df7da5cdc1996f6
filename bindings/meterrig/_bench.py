"""Rigs of as many virtual stations as are wanted, made after those of the configuration."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from . import _meterrig
from .errors import UserError

_MODELS = {"gas": ("embedded", "wg25-r-1"), "water": ("water", "lxs15-1")}
_STATIONS_MAX = 64


def config_document(kind: str, name: str) -> dict[str, Any]:
    """A file of the configuration that has no comments: rigs and DUTs."""
    for folder in _meterrig.config_folders():
        file = Path(folder) / kind / f"{name}.json"
        if file.is_file():
            document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            return document
    raise UserError(f"found no config/{kind}/{name}.json beside the program; set METERRIG_CONFIG to its folder")


def _counted_on(text: str, steps: int) -> str:
    """The number that it ends with, so many steps on: DP8A000001 and 6 give DP8A000007."""
    digits = re.search(r"[0-9]+$", text)
    if digits is None:
        return text
    return text[: digits.start()] + str(int(digits[0]) + steps).zfill(len(digits[0]))


def _of_station(value: Any, number: int, stems: str) -> Any:
    """Station 1's part of a rig file as that of another station: psu1 is psu7 there."""
    if isinstance(value, dict):
        return {key: _of_station(item, number, stems) for key, item in value.items()}
    if isinstance(value, list):
        return [_of_station(item, number, stems) for item in value]
    return re.sub(rf"\b({stems})1\b", rf"\g<1>{number}", value) if isinstance(value, str) else value


def bench_documents(stations: int, meter: str) -> tuple[dict[str, Any], list[Any]]:
    """The rig, and a DUT for each of its stations."""
    if meter not in _MODELS:
        raise UserError(f"found meter {meter!r}; expected one of {', '.join(sorted(_MODELS))}")
    if not 1 <= stations <= _STATIONS_MAX:
        raise UserError(f"found {stations} stations; expected 1 to {_STATIONS_MAX}")
    rig_name, dut_name = _MODELS[meter]
    rig = config_document("rigs", rig_name)
    first, instruments = rig["stations"][0], rig["instruments"]
    own = {name[:-1] for name in instruments if re.fullmatch("[a-z_]+1", name)}
    stems = "|".join(sorted(own | {"uart"}))
    rig["instruments"] = {name: its for name, its in instruments.items() if name.rstrip("0123456789") not in own}
    rig["stations"] = []
    for number in range(1, stations + 1):
        for stem in sorted(own):
            instrument = _of_station(instruments[f"{stem}1"], number, stems)
            instrument["serial"] = _counted_on(instrument["serial"], number - 1)
            rig["instruments"][f"{stem}{number}"] = instrument
        rig["stations"].append(_of_station(first, number, stems) | {"name": str(number)})
    rig["bench"]["stations"] = stations
    duts = []
    for number in range(1, stations + 1):
        dut: dict[str, Any] = config_document("duts", dut_name) | {"sample": number}
        for key in ("serial", "address"):
            dut[key] = _counted_on(dut[key], number - 1)
        duts.append(dut)
    return rig, duts
