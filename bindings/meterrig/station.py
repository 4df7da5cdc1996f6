"""A station: the place of one meter, with what stands around it as roles."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import NamedTuple, Optional, Union

from . import _meterrig
from .quantity import ItemValue, Reading, item_text, item_value
from .waveform import Waveform

__all__ = ["Station", "CurrentMeter", "Meter", "MeterStatus", "Watched", "Conditions", "ItemValue"]


class Watched(NamedTuple):
    """What a voltmeter saw between start and end of its watch, V."""

    minimum: float
    mean: float
    maximum: float


class AirReply(NamedTuple):
    """What a meter said over the air."""

    frame: bytes
    level_dbm: float
    after_s: float  #: From asking to the end of the reply.


class Conditions(NamedTuple):
    """Of the room: Cel, %, kPa."""

    temperature: Reading
    humidity: Reading
    pressure: Reading


class MeterStatus(NamedTuple):
    """What a meter says of itself."""

    valve: str  #: open, closed, faulty
    undervoltage: bool
    awaiting_manual_action: bool


class CurrentMeter:
    """The instrument of a current path: microammeter or ammeter of CJ/T 503-2016 figure 1."""

    def __init__(self, native: Union[_meterrig.Microammeter, _meterrig.Ammeter]) -> None:
        self._native = native

    def read(self) -> Reading:
        """Mean over the instrument's own aperture, A. Raises OverRange, NoReading."""
        return self._native.read()

    def acquire(self, seconds: float, *, interval_s: Optional[float] = None, exact: bool = False) -> Waveform:
        """Digitises for ``seconds``; each sample is the mean over ``interval_s``.

        Without ``interval_s`` it is 1 ms, or as much longer as the instrument's memory needs. ``exact`` asks for every
        digit, which takes longer to fetch. Raises UserError for more samples than the instrument takes.
        """
        return Waveform(self._native.acquire(seconds, interval_s=interval_s, exact=exact))

    @property
    def range_max(self) -> float:
        """End of the largest range, A."""
        return self._native.range_max

    @property
    def points_max(self) -> int:
        """Samples that one acquisition may have."""
        return self._native.points_max


class Meter:
    """The sample itself, over its UART (CJ/T 188); items have the names of its profile."""

    def __init__(self, native: _meterrig.NativeMeter) -> None:
        self._native = native

    def read(self, item: str) -> ItemValue:
        """One item: a Decimal, a (local, naive) datetime of the meter's own clock, or a word.

        Raises TimeoutError when the meter is silent, MeterRefused, UserError for an item that its profile lacks.
        """
        return self.read_all(item)[item]

    def read_all(self, *items: str) -> dict[str, ItemValue]:
        """Several items by name; those that stand in one answer are read by one exchange."""
        return {name: item_value(value) for name, value, _, _ in self._native.readings(list(items))}

    def read_text(self, *items: str) -> dict[str, str]:
        """The same as the meter sent them, as text; empty where the bytes are no value."""
        return {name: value for name, value, _, _ in self._native.readings(list(items))}

    def unit(self, item: str) -> str:
        """The unit of an item (UCUM), as its reply or its profile says."""
        return self._native.readings([item])[0][2]

    def write(self, item: str, value: Union[str, Decimal, int, datetime.datetime]) -> None:
        """Writes an item. In a procedure use ``st.write_item()``, which puts the old value back at the end."""
        self._native.write_now(item, item_text(value))

    def status(self) -> MeterStatus:
        """Valve, undervoltage, and whether it waits for a person."""
        return MeterStatus(**self._native.status())

    def authorise_opening(self) -> MeterStatus:
        """Allows the valve to be opened."""
        return MeterStatus(**self._native.authorise_opening())

    def close_valve(self) -> MeterStatus:
        """Closes the valve; gives the status of the reply, which may come before the motor is done."""
        return MeterStatus(**self._native.close_valve())

    def answers(self, timeout_s: float = 2.0) -> bool:
        """Whether anybody answers one question within the time, seconds; it is not repeated."""
        return self._native.answers(timeout_s)

    def find_address(self) -> str:
        """The address of whoever is alone on the line, hexadecimal, most significant byte first."""
        return self._native.find_address()

    @property
    def items(self) -> list[str]:
        """Names of the items that the meter's profile has."""
        return self._native.items


class Station:
    """The place of one meter. Each role is a property with the name that rig files have for it.

    A role that the rig lacks raises UserError at its first call; the text names the role and the rig file.
    """

    def __init__(self, native: _meterrig.NativeStation) -> None:
        self._native = native

    @property
    def name(self) -> str:
        """As the rig file names it."""
        return self._native.name

    @property
    def place(self) -> int:
        """Its number in the rig file's order, from 1."""
        return self._native.number

    @property
    def dut(self) -> _meterrig.Dut:
        """What the maker declares of the sample."""
        return self._native.dut

    def has(self, role: str) -> bool:
        """Whether something fills the role here."""
        return self._native.has(role)

    def instrument_of(self, role: str) -> str:
        """The name of the instrument that fills a role; empty when none does."""
        return self._native.instrument_of(role)

    def sleep(self, seconds: float) -> None:
        """Waits on the rig's clock: on the virtual clock this takes no time, and time.sleep() would pass none."""
        self._native.sleep(seconds)

    @property
    def power_supply(self) -> _meterrig.PowerSupply:
        """Feeds the meter, one channel; V and A."""
        return self._native.power_supply

    @property
    def voltmeter(self) -> _meterrig.Voltmeter:
        """At the meter's terminals, V."""
        return self._native.voltmeter

    @property
    def microammeter(self) -> CurrentMeter:
        """Of path K1."""
        return CurrentMeter(self._native.microammeter)

    @property
    def ammeter(self) -> CurrentMeter:
        """Of path K2."""
        return CurrentMeter(self._native.ammeter)

    @property
    def path_switch(self) -> _meterrig.PathSwitch:
        """K of CJ/T 503-2016 figure 1: ``off``, ``microammeter`` (K1), ``ammeter`` (K2)."""
        return self._native.path_switch

    @property
    def uart_link(self) -> _meterrig.UartLink:
        """Isolation of the meter's UART; released it neither feeds nor drives the meter."""
        return self._native.uart_link

    @property
    def meter(self) -> Meter:
        """The sample, over its UART."""
        return Meter(self._native.native_meter)

    def over_the_air(self, frame: bytes, wake_period_s: Optional[float] = None, timeout_s: float = 10.0) -> AirReply:
        """Sends a frame to the sample over the host's radio and gives its reply.

        The burst that wakes the meter lasts its declared wake period unless said; a procedure that does this has
        ``radio="talking"``. Raises TimeoutError when no reply comes, UserError on a rig without a host.
        """
        wake_s = self.dut.wake_period_s if wake_period_s is None else wake_period_s
        return AirReply(*self._native.host.exchange(self.dut.address, frame, wake_s or 0.0, timeout_s))

    @property
    def opener(self) -> _meterrig.Opener:
        """Does the manual part of opening a valve."""
        return self._native.opener

    @property
    def air_source(self) -> _meterrig.AirSource:
        """Constant pressure, kPa gauge."""
        return self._native.air_source

    @property
    def inlet_valve(self) -> _meterrig.InletValve:
        """Between air source and meter."""
        return self._native.inlet_valve

    @property
    def vent(self) -> _meterrig.Vent:
        """Lets the pressure out."""
        return self._native.vent

    @property
    def outlet_seal(self) -> _meterrig.OutletSeal:
        """Behind the meter."""
        return self._native.outlet_seal

    @property
    def gauge(self) -> _meterrig.Gauge:
        """At the meter's inlet, Pa gauge."""
        return self._native.gauge

    @property
    def gas_thermometer(self) -> _meterrig.Thermometer:
        """Of the air in the meter, Cel."""
        return self._native.gas_thermometer

    @property
    def leak_sensor(self) -> _meterrig.LeakSensor:
        """At the meter's outlet, L/h at outlet conditions."""
        return self._native.leak_sensor

    @property
    def flow_standard(self) -> _meterrig.FlowStandard:
        """Passes a known flow, m3/h, and its total, m3."""
        return self._native.flow_standard

    @property
    def pulse_counter(self) -> _meterrig.PulseCounter:
        """Counts the closings of the meter's sensor."""
        return self._native.pulse_counter

    @property
    def pulse_simulator(self) -> _meterrig.PulseSimulator:
        """In the place of the meter's flow sensor."""
        return self._native.pulse_simulator

    @property
    def chamber(self) -> _meterrig.Chamber:
        """Temperature chamber, Cel."""
        return self._native.chamber

    def ambient(self) -> Conditions:
        """Of the room, now."""
        return Conditions(*self._native.ambient.read())

    def ask_operator(self, en: str, zh: str = "", timeout_s: float = 3600.0) -> str:
        """Asks the person at the rig and gives the answer. Raises TimeoutError when nobody answers in time."""
        if not (isinstance(en, str) and isinstance(zh, str)):
            raise TypeError(f"found {en!r} and {zh!r}; expected the question as text, in English and Chinese")
        return self._native.operator.ask(zh or en, en, timeout_s)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}: {self.dut.model} {self.dut.serial}>"
