"""Meters' frames: CJ/T 188, DL/T 645, M-Bus, Modbus RTU and TCP."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Optional, Union

from . import _meterrig
from .errors import UserError
from .quantity import ItemValue, item_text, item_value

__all__ = ["Frame", "Item", "decode", "encode", "protocols"]

ByteRange = _meterrig.ByteRange


class Item:
    """A value in a frame, exact."""

    def __init__(self, name: str, value: Union[str, Decimal, int, datetime.datetime], unit: str = "") -> None:
        #: Of docs/telegrams.md.
        self.name = name
        #: As the frame says it; empty where its bytes are no value.
        self.text = item_text(value)
        #: UCUM; empty: none.
        self.unit = unit

    @property
    def value(self) -> ItemValue:
        """A Decimal, a datetime without zone (meters send local time), a word or a code; None: no value."""
        return item_value(self.text)

    def __repr__(self) -> str:
        return f"<{self.name} {self.text or 'no value'}{' ' + self.unit if self.unit else ''}>"


class Frame:
    """What a frame says."""

    def __init__(self, native: _meterrig.NativeTelegram) -> None:
        self.protocol: str = native.protocol
        #: False: `error` (a name of docs/telegrams.md) and `explanation` say why.
        self.valid: bool = native.valid
        self.error: str = native.error
        self.explanation: str = native.explanation
        #: From the standard, that could still be read.
        self.departures: list[str] = native.departures
        #: request, response; empty: the bytes don't say.
        self.direction: str = native.direction
        #: Upper-case hexadecimal, most significant byte first.
        self.address: str = native.address
        self.meter_type: str = native.meter_type
        self.control: str = native.control
        self.data_identifier: str = native.data_identifier
        self.sequence: Optional[int] = native.sequence
        self.items: list[Item] = [Item(item.name, item.value, item.unit) for item in native.items]
        self.status: list[str] = native.status
        self.bytes: list[ByteRange] = native.bytes

    def __getitem__(self, name: str) -> ItemValue:
        """The value of an item by its name."""
        for item in self.items:
            if item.name == name:
                return item.value
        known = ", ".join(item.name for item in self.items) or "none"
        raise KeyError(f"the frame has no item {name!r}; it has {known}")

    def __repr__(self) -> str:
        what = self.data_identifier or self.control if self.valid else f"invalid: {self.error}"
        return f"<Frame {self.protocol} {self.address} {what} {self.items}>"


def protocols() -> list[str]:
    """Names that decode() and encode() take."""
    return _meterrig.protocols()


def decode(data: Union[bytes, bytearray, memoryview, str], protocol: str = "") -> list[Frame]:
    """The frames in the bytes (or hexadecimal text), in order; between them noise and broken frames are skipped.

    Where there is no whole frame at all, one with ``valid`` False says what is wrong. Without a protocol the one
    counts that reads most of the bytes. Raises ValueError for text that is not hexadecimal, and another protocol.
    """
    raw = _meterrig.bytes_from_hex(data) if isinstance(data, str) else bytes(memoryview(data))
    return [Frame(native) for native in _meterrig.decode(raw, protocol)]


def encode(
    protocol: str,
    *,
    address: str = "",
    control: str = "",
    data_identifier: str = "",
    meter_type: str = "",
    sequence: Optional[int] = None,
    items: Union[Mapping[str, Union[str, Decimal, int, datetime.datetime]], Sequence[Item]] = (),
    status: Sequence[str] = (),
    preamble: int = 0,
    bcd: bool = False,
) -> bytes:
    """The frame that says so, with ``preamble`` bytes FE in front; what it reads back as has all that was asked for.

    Items are a dict of names and values, or :class:`Item` where they have units. ``bcd``: M-Bus numbers as BCD.
    Raises UserError that names what does not fit.
    """
    listed = [Item(name, value) for name, value in items.items()] if isinstance(items, Mapping) else list(items)
    for item in listed:
        if not isinstance(item, Item):
            raise UserError(f"found {item!r} among the items; expected frames.Item, or a dict of names and values")
    native = _meterrig.NativeTelegram(
        protocol,
        address,
        meter_type,
        control,
        data_identifier,
        sequence,
        [_meterrig.NativeItem(item.name, item.text, item.unit) for item in listed],
        list(status),
        preamble,
    )
    return _meterrig.encode(native, bcd)
