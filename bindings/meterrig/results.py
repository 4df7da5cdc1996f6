"""What comes out of a run: events of its journal, results of its clauses, measurements."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Optional, Union

__all__ = ["Event", "Measurement", "Result"]


def utc(text: Optional[str]) -> Optional[datetime.datetime]:
    """An instant as records have it, as an aware datetime."""
    if not text:
        return None
    head, _, fraction = text.rstrip("Z").partition(".")
    moment = datetime.datetime.fromisoformat(head).replace(tzinfo=datetime.timezone.utc)
    return moment + datetime.timedelta(microseconds=int(fraction[:6].ljust(6, "0"))) if fraction else moment


class Event:
    """One event of a run's journal (docs/journal.md), durable when it comes here."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        #: All of it, as the journal has it.
        self.body = dict(body)

    @property
    def type(self) -> str:
        """``clause_started``, ``measurement``, ``clause_ended`` ..."""
        return str(self.body["type"])

    @property
    def time(self) -> datetime.datetime:
        """UTC."""
        moment = utc(self.body["t"])
        assert moment is not None
        return moment

    @property
    def station(self) -> Optional[str]:
        return self.body.get("station")

    @property
    def sample(self) -> Optional[int]:
        return self.body.get("sample")

    @property
    def clause(self) -> Optional[str]:
        return self.body.get("id")

    @property
    def verdict(self) -> Optional[str]:
        return self.body.get("verdict")

    def __getitem__(self, key: str) -> Any:
        return self.body[key]

    def __repr__(self) -> str:
        about = (self.type, self.station and f"station {self.station}", self.clause, self.verdict)
        return f"<Event {' '.join(part for part in about if part)}>"


class Measurement(NamedTuple):
    """One measured, counted or exact quantity of a result."""

    name: str
    value: Union[float, Decimal, str, None]  #: Decimal for exact ones; None: no reading
    unit: str
    expanded_uncertainty: Optional[float]
    limit: Optional[dict[str, Any]]
    verdict: Optional[str]
    body: dict[str, Any]  #: as config/schemas/record.json has it


class Result:
    """What came out of one clause on one sample."""

    def __init__(self, sample: int, body: Mapping[str, Any]) -> None:
        self.sample = sample
        self.body = dict(body)

    @property
    def clause(self) -> str:
        return str(self.body["id"])

    @property
    def verdict(self) -> str:
        return str(self.body["verdict"])

    @property
    def cause(self) -> Optional[dict[str, Any]]:
        """Why, where no measurement says it: instrument, command, what came back and after how long."""
        return self.body.get("cause")

    @property
    def attempts(self) -> int:
        return int(self.body["attempts"])

    @property
    def measurements(self) -> list[Measurement]:
        return [_measurement(body) for body in self.body.get("measurements", [])]

    def __getitem__(self, name: str) -> Measurement:
        """A measurement by its name; the last one of it."""
        for measurement in reversed(self.measurements):
            if measurement.name == name:
                return measurement
        known = ", ".join(sorted({measurement.name for measurement in self.measurements})) or "none"
        raise KeyError(f"{self.clause} has no measurement {name!r}; it has {known}")

    def __repr__(self) -> str:
        return f"<Result sample {self.sample} {self.clause} {self.verdict}>"


def _measurement(body: Mapping[str, Any]) -> Measurement:
    value = body.get("value")
    if body.get("kind") == "exact" and isinstance(value, str):
        try:
            value = Decimal(value)
        except ArithmeticError:
            pass
    elif body.get("kind") == "measured" and isinstance(value, int):
        value = float(value)  # JSON has 56 where it means 56.0
    return Measurement(
        body["name"],
        value,
        body.get("unit", "1"),
        body.get("expanded_uncertainty"),
        body.get("limit"),
        body.get("verdict"),
        dict(body),
    )
