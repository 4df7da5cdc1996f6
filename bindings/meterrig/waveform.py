"""Digitised currents."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

import numpy as np
import numpy.typing as npt

from . import _meterrig
from .quantity import Reading, whole_numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Waveform", "Segment", "WholePeriods"]

Segment = _meterrig.Segment


class WholePeriods(NamedTuple):
    """A stretch from the start of the first wake-up to the start of the last one."""

    start_s: float
    stop_s: float
    periods: int
    period_s: float
    charge_per_wake_c: float


class Waveform:
    """A digitised current; each sample is the mean over its interval.

    Samples are whole counts of 0.1 nA, so that sums are exact: the mean of samples at a limit is the limit. A sample
    beyond the instrument's range is marked and is never a number: what needs one then raises
    :class:`~meterrig.OverRange`.
    """

    def __init__(self, native: _meterrig.NativeWaveform) -> None:
        self._native = native
        self._values: Optional[npt.NDArray[np.float64]] = None

    @classmethod
    def from_counts(cls, counts: npt.ArrayLike, interval_s: float) -> "Waveform":
        """Of whole counts of 0.1 nA (one dimension), `interval_s` seconds apart; copied. Its accuracy is unknown.

        Raises ValueError for what is not whole, and for an interval that is not above 0.
        """
        return cls(_meterrig.NativeWaveform.from_counts(whole_numbers(counts, "counts of 0.1 nA"), interval_s))

    def __len__(self) -> int:
        return len(self._native)

    @property
    def interval_s(self) -> float:
        """From one sample to the next, seconds."""
        return self._native.interval_s

    @property
    def duration_s(self) -> float:
        """Of the whole waveform, seconds."""
        return self._native.duration_s

    @property
    def start(self) -> datetime.datetime:
        """When the first sample began, UTC."""
        return self._native.start

    @property
    def overloads(self) -> int:
        """Samples beyond the instrument's range."""
        return self._native.overloads

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """The samples in counts of 0.1 nA, shape (n,), read-only: the engine's own memory, nothing is copied."""
        return self._native.counts

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The samples in amperes, shape (n,), infinite where beyond the range. Made once and kept."""
        if self._values is None:
            self._values = self._native.values()
            self._values.setflags(write=False)
        return self._values

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """Seconds from the start to the beginning of each sample, shape (n,)."""
        return np.arange(len(self)) * self.interval_s

    def __array__(self, dtype: Any = None) -> npt.NDArray[Any]:
        return self.values if dtype is None else self.values.astype(dtype)

    def mean(self) -> Reading:
        """Over all samples, A, with its uncertainty. Raises OverRange, NoReading."""
        return self._native.mean()

    def rms(self) -> Reading:
        """Root of the mean square, A. Raises OverRange, NoReading."""
        return self._native.rms()

    def peak(self, window_s: float = 0.0) -> Reading:
        """The largest sample, or the largest mean over any ``window_s`` seconds, A. Raises OverRange, NoReading."""
        return self._native.peak(window_s)

    def charge(self) -> Reading:
        """Of the whole waveform, C. Raises OverRange, NoReading."""
        return self._native.charge()

    def percentile(self, percent: float, width_s: float = 0.01) -> Reading:
        """The current that ``percent`` (0 to 100) of the means over ``width_s`` seconds lie below, A.

        Exact for 65,536 means, within 0.1 % beyond. Raises OverRange, NoReading.
        """
        return self._native.percentile(percent, width_s)

    def part(self, from_s: float, to_s: float) -> "Waveform":
        """From ``from_s`` up to ``to_s``, seconds from the start, to the nearest sample."""
        return Waveform(self._native.part(from_s, to_s))

    def segments(self) -> list[Segment]:
        """The events of a battery meter: sleep, receive window, transmit burst, valve motor, in order."""
        return self._native.segments()

    def whole_periods(self, expected_s: float) -> Optional[WholePeriods]:
        """The stretch of whole wake-up periods; None when fewer than two wake-ups were found."""
        found = self._native.whole_periods(expected_s)
        return None if found is None else WholePeriods(*found)

    def envelope(
        self, points: int = 2000
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Times (s), lowest and highest current (A) of at most ``points`` stretches (even): no peak is lost."""
        return self._native.envelope(points)

    def plot(self, ax: Optional["Axes"] = None, *, unit: str = "uA", segments: bool = False) -> "Axes":
        """Draws it with Matplotlib, lowest to highest of each stretch; gives the axes."""
        from matplotlib import pyplot

        from .quantity import factor

        if ax is None:
            _, ax = pyplot.subplots()
        times, low, high = self.envelope()
        scale = factor("A", unit)
        finite = np.isfinite(low) & np.isfinite(high)
        # A line up and down each stretch: an area of no height, a current that stands still, would not be seen.
        trace = np.where(finite, np.stack((low, high)), np.nan) * scale
        ax.plot(np.repeat(times, 2), trace.T.ravel(), linewidth=0.6)
        if not finite.all():
            ax.plot(times[~finite], np.full((~finite).sum(), ax.get_ylim()[1]), "v", label="beyond the range")
            ax.legend()
        if segments:
            for segment in self.segments():
                if segment.kind != "sleep":
                    ax.axvspan(segment.start_s, segment.start_s + segment.duration_s, alpha=0.15)
        ax.set_xlabel("t / s")
        ax.set_ylabel(f"I / {unit.replace('u', 'µ')}")
        return ax

    def __repr__(self) -> str:
        return f"<Waveform {len(self)} samples over {self.duration_s:g} s>"
