"""What the store keeps of a run: its record, as the program checks it, and its waveforms, a piece at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Union

import numpy as np
import numpy.typing as npt

from .errors import Error, UserError

#: What marks a sample beyond the instrument's range, in counts.
OVERLOAD = 2**63 - 1
#: Amperes a count.
SCALE = 1e-10
ENCODING = "meterrig-recording-1"
_PIECE = 1 << 20
_USER_ERROR = 2

Samples = Union[npt.NDArray[np.int64], npt.NDArray[np.float64]]


def record_of(run: str, data: Path) -> dict[str, Any]:
    """The record of a stored run, when its journal is what was written. Raises Error, and UserError when it is unknown.

    ``run`` is an id, a unique beginning of one, or ``latest``.
    """
    from . import _program_file

    command = [str(_program_file()), "results", "show", run, "--json", "--data", str(data)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    except OSError as wrong:
        raise UserError(f"{command[0]} can't be started: {wrong.strerror}; build the program, or install it") from wrong
    if ended.returncode != 0:
        kind = UserError if ended.returncode == _USER_ERROR else Error
        raise kind(ended.stderr.strip().removeprefix("meterrig: ") or f"{command[0]} ended with {ended.returncode}")
    record: dict[str, Any] = json.loads(ended.stdout)
    return record


class KeptSeries(NamedTuple):
    """A series of readings that an attempt kept as evidence."""

    sample: int
    serial: str
    clause: str
    attempt: int
    body: dict[str, Any]  #: ``series`` of config/schemas/record.json

    @property
    def is_recording(self) -> bool:
        """Whole counts of 0.1 nA; else doubles in its unit."""
        return self.body.get("encoding") == ENCODING


def series_of(record: Mapping[str, Any]) -> list[KeptSeries]:
    """Of each attempt, in the order of the record."""
    return [
        KeptSeries(dut["sample"], dut["serial"] or "", result["id"], attempt["attempt"], series)
        for dut in record["duts"]
        for result in dut["results"]
        for attempt in result["attempt_records"]
        for series in attempt["series"]
    ]


class Store:
    """The blobs and chunks of a data directory, read as docs/journal.md defines them; nothing is ever written."""

    def __init__(self, data: Path) -> None:
        file = data / "meterrig.sqlite"
        if not file.is_file():
            raise UserError(f"there are no runs in {data}: no {file.name}")
        self._file = file
        self._store = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self._store.close()

    def pieces(self, series: KeptSeries) -> Iterator[Samples]:
        """All samples in their order, some at a time, each checked against its SHA-256. Raises Error."""
        try:
            if series.is_recording:
                yield from self._recording(series)
            else:
                yield from self._doubles(series)
        except sqlite3.Error as wrong:
            raise Error(f"{self._file} can't be read: {wrong}; `meterrig results verify` says more") from wrong

    def _rowid(self, sha256: str, name: str) -> int:
        row = self._store.execute("SELECT rowid FROM blobs WHERE sha256 = ?", [bytes.fromhex(sha256)]).fetchone()
        if row is None:
            raise Error(f"{self._file} does not have the readings of {name}, sha256:{sha256}")
        return int(row[0])

    def _recording(self, series: KeptSeries) -> Iterator[npt.NDArray[np.int64]]:
        name, sha256 = series.body["name"], series.body["sha256"].removeprefix("sha256:")
        with self._store.blobopen("blobs", "bytes", self._rowid(sha256, name), readonly=True) as blob:
            text = blob.read()
        if hashlib.sha256(text).hexdigest() != sha256:
            raise _changed(name, "its manifest")
        manifest = json.loads(text)
        whole = hashlib.sha256()
        for number, chunk in enumerate(manifest["chunks"], 1):
            samples = self._chunk(chunk, name, number)
            whole.update(samples.data)
            yield samples
        if whole.hexdigest() != manifest["sha256"]:
            raise _changed(name, "the order of its chunks")

    def _chunk(self, chunk: Mapping[str, Any], name: str, number: int) -> npt.NDArray[np.int64]:
        row = self._store.execute("SELECT bytes FROM chunks WHERE sha256 = ?", [bytes.fromhex(chunk["sha256"])])
        found = row.fetchone()
        if found is None:
            raise Error(f"{self._file} does not have chunk {number} of {name}, sha256:{chunk['sha256']}")
        samples = _unpacked(found[0], chunk["samples"])
        if samples is None or hashlib.sha256(samples.data).hexdigest() != chunk["sha256"]:
            raise _changed(name, f"chunk {number}")
        return samples

    def _doubles(self, series: KeptSeries) -> Iterator[npt.NDArray[np.float64]]:
        name, sha256 = series.body["name"], series.body["sha256"].removeprefix("sha256:")
        whole = hashlib.sha256()
        with self._store.blobopen("blobs", "bytes", self._rowid(sha256, name), readonly=True) as blob:
            while piece := blob.read(_PIECE):
                whole.update(piece)
                yield np.frombuffer(piece, "<f8")
        if whole.hexdigest() != sha256:
            raise _changed(name, "its readings")


def _changed(name: str, what: str) -> Error:
    return Error(f"the waveform {name} is not what was written: {what} changed; `meterrig results verify` says more")


def _unpacked(packed: bytes, count: int) -> Union[npt.NDArray[np.int64], None]:
    """The samples of a chunk; None when the bytes can't be those of one."""
    try:
        import zstandard
    except ImportError:
        raise UserError("waveforms need zstandard: apt-get install python3-zstandard") from None
    try:
        planes = zstandard.ZstdDecompressor().decompress(packed, max_output_size=8 * count)
    except zstandard.ZstdError:
        return None
    if len(planes) != 8 * count:
        return None
    folded = np.ascontiguousarray(np.frombuffer(planes, np.uint8).reshape(8, count).T).view("<u8").ravel()
    differences = (folded >> np.uint64(1)) ^ (np.uint64(0) - (folded & np.uint64(1)))
    return np.cumsum(differences, dtype=np.uint64).view(np.int64)


@contextlib.contextmanager
def whole_file(file: Path) -> Iterator[Path]:
    """A file beside it that takes its name at the end, durable; when anything goes wrong nothing is left."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        yield partial
        with open(partial, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(partial, file)
    finally:
        partial.unlink(missing_ok=True)
