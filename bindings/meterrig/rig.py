"""A rig in the hands of a script."""

from __future__ import annotations

import atexit
import datetime
import os
import types
import weakref
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional, Union

from . import _meterrig
from ._files import Files
from .station import Station

__all__ = ["Rig", "OutputState", "open_rig", "bench"]

#: A file by path or by its name under config/, or its content.
Document = Union[str, "os.PathLike[str]", Mapping[str, Any]]


class OutputState(NamedTuple):
    """One output and what it read back when it was brought to its safe state."""

    instrument: str
    role: str
    setting: str
    read_back: str
    safe: bool


class Rig:
    """A rig that this script owns: its instruments are opened, identified and safe; see :func:`open_rig`.

    Use it in a ``with`` statement: however that is left, every output goes to its safe state and is read back. Each
    call runs on the calling thread, and only on the one that opened the rig; other Python threads go on meanwhile.
    """

    def __init__(
        self,
        rig: Document,
        duts: Sequence[Document],
        clock: str,
        seed: int,
        defects: Sequence[str],
        faults: Sequence[str],
    ) -> None:
        self._files = Files()
        self._native = _meterrig.NativeRig(
            self._files.path(rig, "rig"),
            [self._files.path(dut, "dut") for dut in duts],
            clock,
            seed,
            list(defects),
            list(faults),
        )
        self._native.open()
        self._stations = [Station(self._native.station(i)) for i in range(self._native.station_count)]
        _open_rigs.add(self)

    @property
    def stations(self) -> Sequence[Station]:
        """In the rig file's order, those that have a sample."""
        return tuple(self._stations)

    def station(self, name_or_number: Union[str, int]) -> Station:
        """By its name in the rig file, or by its number from 1."""
        for number, station in enumerate(self._stations, 1):
            if name_or_number == number or name_or_number == station.name:
                return station
        known = ", ".join(station.name for station in self._stations)
        raise LookupError(f"found no station {name_or_number!r}; expected one of {known}, or a number from 1")

    @property
    def now(self) -> datetime.datetime:
        """The rig's time, UTC."""
        return self._native.now

    @property
    def is_virtual(self) -> bool:
        """Whether it runs on the virtual clock."""
        return self._native.is_virtual

    def sleep(self, seconds: float) -> None:
        """Waits on the rig's clock: on the virtual clock this takes no time, and time.sleep() would pass none."""
        self._stations[0].sleep(seconds)

    def make_safe(self) -> list[OutputState]:
        """Every output to its safe state now, read back."""
        return [OutputState(*state) for state in self._native.make_safe()]

    def stop(self, reason: str = "stopped by another thread") -> None:
        """From any thread: the call under way ends with Stopped, and so does every later one but make_safe, close."""
        self._native.stop(reason)

    def close(self) -> list[OutputState]:
        """Outputs to their safe state, read back; then everything is closed. Closing twice does nothing."""
        _open_rigs.discard(self)
        return [OutputState(*state) for state in self._native.close()]

    @property
    def is_open(self) -> bool:
        return self._native.is_open

    def __enter__(self) -> "Rig":
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[types.TracebackType],
    ) -> None:
        unsafe = [state for state in self.close() if not state.safe]
        if unsafe:
            for state in unsafe:
                print(f"meterrig: {state.role} of {state.instrument} is NOT safe: it reads back {state.read_back!r}")

    def __iter__(self) -> Iterator[Station]:
        return iter(self._stations)

    def __repr__(self) -> str:
        return f"<Rig {len(self._stations)} stations, {'open' if self.is_open else 'closed'}>"


_open_rigs: "weakref.WeakSet[Rig]" = weakref.WeakSet()


@atexit.register
def _close_rigs() -> None:
    for rig in list(_open_rigs):
        rig.close()


def open_rig(
    rig: Document = "embedded",
    *,
    duts: Sequence[Document] = (),
    clock: str = "",
    seed: int = 1,
    defects: Sequence[str] = (),
    faults: Sequence[str] = (),
) -> Rig:
    """Opens a rig for a script: identifies every instrument, brings every output to its safe state, sets protections.

    ``rig`` and ``duts`` are files (paths, or names under config/) or their content as dicts; without ``duts`` the
    samples of the rig's own plan. ``clock`` is ``"virtual"`` or ``"wall"``; without it virtual when every member is.
    ``seed``, ``defects`` (``NAME[@SAMPLE]``) and ``faults`` (``NAME[@STATION]``) are of the virtual bench.

    A script is not a run: it keeps no record, judges nothing, and watches no interlocks but the supplies' own
    protections. Raises UserError for wrong files, and what an instrument that does not answer raises.
    """
    return Rig(rig, duts, clock, seed, defects, faults)


def bench(
    stations: int = 1,
    *,
    meter: str = "gas",
    seed: int = 1,
    defects: Sequence[str] = (),
    faults: Sequence[str] = (),
    duts: Sequence[Document] = (),
) -> Rig:
    """A virtual bench built in code, on the virtual clock: so many stations (1 to 64), each with a healthy meter.

    ``meter`` is ``"gas"`` (the embedded bench) or ``"water"``.
    """
    from ._bench import bench_documents

    rig, samples = bench_documents(stations, meter)
    return Rig(rig, list(duts) or samples, "virtual", seed, defects, faults)
