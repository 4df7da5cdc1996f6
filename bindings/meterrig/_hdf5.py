"""A run as an HDF5 file: its record, the flat table of its measurements, its waveforms."""

from __future__ import annotations

import errno
import importlib.util
import json
import multiprocessing
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from . import _flat
from ._stored import OVERLOAD, SCALE, KeptSeries, Store, series_of
from .errors import Error, UserError

LAYOUT = "meterrig-run-1"
_CHUNK = 65_536
_NUMBERS = {"sample": "i8", "attempt": "i8", "expanded_uncertainty": "f8", "coverage_factor": "f8"}


def write_hdf5(record: Mapping[str, Any], data: Path, file: Path) -> None:
    """Waveforms go over a chunk at a time: no recording is ever held whole. Raises Error when one is not as written.

    A process of its own writes: HDF5 crashes when it can't write, as on a full disk, and again when it is closed.
    """
    if importlib.util.find_spec("h5py") is None:
        raise UserError("HDF5 needs h5py: apt-get install python3-h5py")
    fork = multiprocessing.get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    writer = fork.Process(target=_told, args=(record, data, file, theirs), daemon=True)
    writer.start()
    theirs.close()
    try:
        said = ours.recv()
    except EOFError:
        said = OSError(errno.EIO, "HDF5 crashed while it wrote: is the disk full?")
    finally:
        writer.kill()
        writer.join()
        ours.close()
    if said is not None:
        raise said


def _told(record: Mapping[str, Any], data: Path, file: Path, pipe: Connection) -> None:
    """Says what came of it: None, or what is to be raised."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # where HDF5 says what it could not write
    try:
        _write(record, data, file)
        pipe.send(None)
    except Error as wrong:
        pipe.send(wrong)
    except Exception as wrong:
        # What the library could not write it tells in a text alone.
        number = re.search(r"errno = ([0-9]+)", str(wrong))
        code = int(number[1]) if number else errno.EIO
        pipe.send(OSError(code, os.strerror(code) if number else f"{type(wrong).__name__}: {wrong}"))


def _write(record: Mapping[str, Any], data: Path, file: Path) -> None:
    import h5py  # type: ignore[import]

    with h5py.File(file, "w") as out, Store(data) as store:
        _describe(record, out)
        _measurements(record, out)
        for place, series in _places(record):
            _waveform(series, store, out, place)


def _describe(record: Mapping[str, Any], out: Any) -> None:
    software = record["software"]
    out.attrs.update(
        {
            "layout": LAYOUT,
            "run": record["run"],
            "plan": record["plan"].get("id", ""),
            "state": record["state"],
            "verdict": record["verdict"],
            "simulated": bool(record["simulated"]),
            "started": record["started"] or "",
            "ended": record["ended"] or "",
            "software": f"meterrig {software.get('version', '')} {software.get('build', '')}".strip(),
            "journal_events": record["journal"]["events"],
            "journal_head": record["journal"]["head"],
        }
    )
    out["record"] = json.dumps(record, ensure_ascii=False)


def _measurements(record: Mapping[str, Any], out: Any) -> None:
    """A row as in the CSV file; `number` is the value where it is one that a double holds, `value` its text."""
    import h5py

    text = h5py.string_dtype()
    columns = [(name, _NUMBERS.get(name, "?" if name == "simulated" else text)) for name in _flat.COLUMNS]
    rows = list(_flat.rows(record))
    table = np.empty(len(rows), dtype=[*columns, ("number", "f8")])
    for line, row in zip(table, rows):
        for name, kind in columns:
            value = row[name]
            if kind is text:
                line[name] = _text(value) if isinstance(value, str) else _flat.cell_text(value)
            else:
                line[name] = value if value is not None else np.nan if kind == "f8" else 0
        line["number"] = np.nan if row["value"] is None or isinstance(row["value"], str) else float(row["value"])
    out.create_dataset("measurements", data=table)


def _places(record: Mapping[str, Any]) -> Iterator[tuple[str, KeptSeries]]:
    """Where each series stands in the file: a clause's slash would begin a group of its own."""
    seen: Counter[str] = Counter()
    for series in series_of(record):
        parts = (f"sample-{series.sample}", series.clause, f"attempt-{series.attempt}", series.body["name"])
        place = "/".join(["waveforms", *(_text(part).replace("/", "_") for part in parts)])
        seen[place] += 1
        yield place if seen[place] == 1 else f"{place}-{seen[place]}", series


def _text(text: str) -> str:
    """HDF5 ends a text at its first zero."""
    return text.replace("\0", "\ufffd")


def _waveform(series: KeptSeries, store: Store, out: Any, place: str) -> None:
    body = series.body
    samples = body["samples"]
    kind = "<i8" if series.is_recording else "<f8"
    packed = {"chunks": (min(_CHUNK, samples),), "compression": "gzip", "shuffle": True, "fletcher32": True}
    dataset = out.create_dataset(place, shape=(samples,), dtype=kind, **(packed if samples else {}))
    first = 0
    for piece in store.pieces(series):
        if first + len(piece) > samples:
            break
        dataset[first : first + len(piece)] = piece
        first += len(piece)
    if first != samples:
        raise Error(f"the waveform {body['name']} does not have the {samples} samples that its event says")
    dataset.attrs.update(
        {
            "name": _text(body["name"]),
            "sample": series.sample,
            "serial": series.serial,
            "clause": series.clause,
            "attempt": series.attempt,
            "unit": body["unit"],
            "start": body["start"],
            "sha256": body["sha256"],
            "scale": SCALE if series.is_recording else 1.0,
        }
    )
    if body["interval_s"] is not None:
        dataset.attrs["interval_s"] = float(body["interval_s"])
    if series.is_recording:
        dataset.attrs["overload"] = OVERLOAD
