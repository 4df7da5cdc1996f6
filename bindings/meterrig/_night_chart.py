"""Control charts for individuals: what a value does from night to night when nothing has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Optional

#: 3 / d2 of moving ranges of two: mean ± 2.66 mean moving range is three standard deviations (ISO 7870-2).
FACTOR = 2.66
#: Western Electric: so many on one side of the mean are a drift.
RUN_LENGTH = 8


class Point(NamedTuple):
    """A value of one night."""

    night: int
    value: float
    good: bool  #: of a good night: limits are made of those alone


class Chart(NamedTuple):
    """The values of former nights, oldest first, and today's."""

    points: list[Point]
    today: float
    mean: Optional[float]  #: None: too few points for limits
    reach: float  #: from the mean to a limit

    @property
    def beyond(self) -> float:
        """How far from the mean, in reaches; 0 without limits. A value that never varied may have no reach."""
        if self.mean is None or self.today == self.mean:
            return 0.0
        return abs(self.today - self.mean) / self.reach if self.reach > 0 else float("inf")

    @property
    def drifts(self) -> bool:
        """Today's and the last good ones before it lie on one side of the mean."""
        mean = self.mean
        last = [point.value for point in self.points if point.good][1 - RUN_LENGTH :] + [self.today]
        if mean is None or len(last) < RUN_LENGTH:
            return False
        return all(value > mean for value in last) or all(value < mean for value in last)


def chart(points: Sequence[Point], today: float, points_min: int, digit: float) -> Chart:
    """Limits come from the good nights before today's: a shift must not widen the limits that it is held against.

    They are never closer to the mean than a ``digit``: what is rounded may stand still for many nights.
    """
    values = [point.value for point in points if point.good]
    if len(values) < points_min:
        return Chart(list(points), today, None, 0.0)
    ranges = [abs(b - a) for a, b in zip(values, values[1:])]
    # The mean of equal values is that value, whatever their sum rounds to.
    mean = values[0] if not any(ranges) else sum(values) / len(values)
    return Chart(list(points), today, mean, max(digit, FACTOR * sum(ranges) / len(ranges)))
