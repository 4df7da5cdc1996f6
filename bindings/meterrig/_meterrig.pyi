"""The engine of meterrig; its users import meterrig.

Every call of a role can raise: UserError, where nothing fills the role in the rig file; LinkError, TimeoutError,
ClosedError and ProtocolError of its instrument's link; RigClosed, WrongThread and Stopped. What more it raises is said
with it. ValueError: a number that is not finite, a duration that is negative or above 100 years.
"""

import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, Optional

import numpy as np
import numpy.typing as npt

from .quantity import Reading
from .station import Watched

class PowerSupply:
    """A programmable DC supply, one channel: feeds the meter."""

    def apply(self, volts: float, current_limit: Optional[float] = None) -> None:
        """Sets the current limit (A), then the voltage (V), and switches the output on; all three are read back.

        None: 0.5 A, or the channel's largest if that is less. Raises UserError outside its limits, ReadBackError.
        """
    def set_voltage(self, volts: float) -> None:
        """Sets the voltage alone, V, for ramps; limit and output stay. Raises UserError, ReadBackError."""
    def off(self) -> None:
        """Switches the output off, and reads that back. Raises ReadBackError."""
    def voltage(self) -> Reading:
        """Measures at the supply's own terminals, V. Raises NoReading, OverRange."""
    def current(self) -> Reading:
        """Measures what the supply gives, A. Raises NoReading, OverRange."""
    def protect(self, over_voltage: float, over_current: float) -> None:
        """Sets and arms the levels (V, A) at which the supply switches itself off; before apply().

        Raises UserError for a supply without such protections or a level out of its limits, ReadBackError.
        """
    @property
    def tripped(self) -> str:
        """The protection that has switched it off: "none", "over_voltage" or "over_current"."""
    @property
    def in_current_limit(self) -> bool:
        """Whether it holds its current limit, not its voltage."""
    @property
    def voltage_max(self) -> float:
        """The highest voltage that the channel can be set to, V."""
    @property
    def current_max(self) -> float:
        """The highest current limit that the channel can be set to, A."""

class Voltmeter:
    """At the meter's terminals."""

    def read(self) -> Reading:
        """Mean over the instrument's own aperture, V; it ends a watch. Raises NoReading, OverRange."""
    def start_watch(self, interval_s: float, longest_s: float) -> None:
        """Begins to look at the voltage every `interval_s` seconds until stop_watch(), for `longest_s` at most.

        Raises UserError for an instrument that can't, or not so often.
        """
    def stop_watch(self) -> Watched:
        """Ends the watch: the minimum, mean and maximum that it saw, V. Raises NoReading when it saw nothing."""

class Microammeter:
    """Of path K1; users see it as station.CurrentMeter, which says the rest."""

    def read(self) -> Reading: ...
    def acquire(self, seconds: float, *, interval_s: Optional[float] = None, exact: bool = False) -> NativeWaveform: ...
    range_max: Final[float]
    points_max: Final[int]

class Ammeter:
    """Of path K2; users see it as station.CurrentMeter, which says the rest."""

    def read(self) -> Reading: ...
    def acquire(self, seconds: float, *, interval_s: Optional[float] = None, exact: bool = False) -> NativeWaveform: ...
    range_max: Final[float]
    points_max: Final[int]

class PathSwitch:
    """K of CJ/T 503-2016 figure 1. Paths: "off" (K0, nothing fed), "microammeter" (K1), "ammeter" (K2)."""

    def select(self, path: str) -> None:
        """Opens what is closed, then closes the path: the meter is without supply in between.

        Raises ValueError for another word, ReadBackError.
        """
    def change_over(self, path: str, overlap_s: float = 0.05) -> None:
        """Closes "microammeter" or "ammeter" too, waits `overlap_s` seconds, opens the other: make before break.

        Raises ValueError for another word, ReadBackError.
        """
    def dummy(self, path: str, connected: bool) -> None:
        """Hangs a dummy load on the path's instrument, or takes it away, to prove the rig's own side good.

        Only while the meter is off. Raises ValueError for another word, UserError for a rig without one, ReadBackError.
        """
    @property
    def position(self) -> str:
        """The path that was selected last: "off", "microammeter" or "ammeter"."""

class UartLink:
    """Isolation of the meter's UART. What is said over it belongs to `station.meter`."""

    def connect(self) -> None:
        """Connects the rig's lines with the meter's. Raises ReadBackError."""
    def release(self) -> None:
        """Parts them: the lines neither feed nor drive the meter. Raises ReadBackError."""
    def loopback(self, joined: bool) -> None:
        """Joins the rig's own lines, away from the meter, so that what it sends comes back; False undoes it.

        Raises UserError for a rig without one, ReadBackError.
        """

class Opener:
    """Does the manual part of opening a valve."""

    def work(self) -> None:
        """Presses and lets go. Raises ReadBackError."""

class AirSource:
    """A source of constant pressure, gauge."""

    def apply(self, kpa: float, ramp_kpa_per_s: float = 1.0) -> None:
        """Sets the pressure (kPa) and how fast it gets there (kPa/s), and switches the source on; does not wait.

        Raises UserError outside the source's limits, ReadBackError.
        """
    def off(self) -> None:
        """Switches the source off; the pressure stays until it is vented. Raises ReadBackError."""
    def read(self) -> Reading:
        """Its own gauge, upstream of the inlet valve, kPa. Raises NoReading."""

class InletValve:
    """Between air source and meter; closed when safe."""

    def open(self) -> None:
        """Opens it, and waits until it has settled. Raises ReadBackError."""
    def close(self) -> None:
        """Closes it, and waits until it has settled. Raises ReadBackError."""

class Vent:
    """Lets the pressure out; open when safe."""

    def open(self) -> None:
        """Opens it, and waits until it has settled. Raises ReadBackError."""
    def close(self) -> None:
        """Closes it, and waits until it has settled. Raises ReadBackError."""

class OutletSeal:
    """Behind the meter; not sealed when safe."""

    def seal(self) -> None:
        """Seals the outlet, and waits until it has settled. Raises ReadBackError."""
    def release(self) -> None:
        """Lets the outlet go, and waits until it has settled. Raises ReadBackError."""

class Gauge:
    """Downstream of the inlet valve, at the meter; gauge pressure."""

    def read(self) -> Reading:
        """Pa. Raises NoReading when it is stale or not plausible."""
    @property
    def resolution_pa(self) -> float:
        """The smallest step of its readings, Pa, asked of the instrument. Raises NoReading."""

class Thermometer:
    """Of the air in the meter."""

    def read(self) -> Reading:
        """Degrees Celsius. Raises NoReading when it is stale or not plausible."""

class LeakSensor:
    """Flow at the meter's outlet, at outlet conditions."""

    def select(self, range: str) -> None:
        """Takes the "fine" or the "coarse" range, and waits until it has settled.

        Raises ValueError for another word, ReadBackError.
        """
    def read(self) -> Reading:
        """L/h. Raises OverRange beyond the range's end, NoReading."""
    @property
    def range_l_per_h(self) -> float:
        """End of the range that is selected, L/h."""

class FlowStandard:
    """Draws a known flow through the meter."""

    def start(self, m3_per_h: float) -> None:
        """Begins to draw this flow, m3/h; does not wait. Raises UserError outside its limits, ReadBackError."""
    def stop(self) -> None:
        """Ends the flow. Raises ReadBackError."""
    def total(self) -> Reading:
        """What has passed since the instrument came on, m3: take differences. Raises NoReading."""

class PulseCounter:
    """Counts the closings of the meter's pulse contact."""

    def count(self) -> int:
        """Pulses since the instrument came on, 0 to 2**32 - 1, then from 0 again: take differences."""
    def set_debounce(self, time_s: float) -> None:
        """Leaves out closings that follow the last pulse by less than this, seconds, to 1 ms; 0 counts all.

        Raises UserError outside the counter's limits or when it can't be set, ReadBackError.
        """

class PulseSimulator:
    """A programmable pulse output in the place of the meter's flow sensor."""

    def start(self, pulses: int, hz: float) -> None:
        """Begins a train of exactly `pulses` (1 to 2**32 - 1) at `hz`, up to `hz_max`; does not wait.

        Raises UserError outside the instrument's limits, InstrumentError while a train is running, ReadBackError.
        """
    def stop(self) -> None:
        """No further pulse comes; sent() keeps what came before. Raises ReadBackError."""
    def sent(self) -> int:
        """Pulses of the last train that came out by now. Raises NoReading when that is more than the train has."""
    @property
    def running(self) -> bool:
        """Whether pulses of a train are still to come."""
    @property
    def hz_max(self) -> float:
        """The fastest train that start() takes, Hz."""

class Chamber:
    """A temperature chamber."""

    def apply(self, celsius: float) -> None:
        """Sets the air's temperature, degrees Celsius, and begins to condition; does not wait for it.

        Raises UserError outside the chamber's limits, ReadBackError.
        """
    def stop(self) -> None:
        """Conditioning ends. Raises ReadBackError."""
    def read(self) -> Reading:
        """Of the air, degrees Celsius. Raises NoReading when the chamber calls it stale or it is not plausible."""

class Ambient:
    """Of the room."""

    def read(self) -> tuple[Reading, Reading, Reading]:
        """Temperature (degrees Celsius), relative humidity (%) and air pressure (kPa). Raises NoReading."""

class Operator:
    """The person at the rig, or the virtual one of a bench."""

    def ask(self, zh: str, en: str, timeout_s: float = 3600.0) -> str:
        """Asks in both languages and gives the answer as it was given. Raises TimeoutError when nobody answers."""

class Dut:
    """A sample, and what its maker declares of it in its DUT file; None: nothing."""

    model: Final[str]  #: The maker's name for it.
    maker: Final[str]  #: Empty when the file does not say.
    serial: Final[str]  #: Its serial number.
    sample: Final[int]  #: From 1: its number in the run.
    meter: Final[str]  #: "gas", "water", "heat" or "electricity".
    profile: Final[str]  #: Name of its profile under config/meters/.
    address: Final[str]  #: On its own link, hexadecimal; for CJ/T 188 in the order of the wire, A0 first.
    communication: Final[str]  #: R, S, G or O: mode of CJ/T 503-2016.
    nominal_voltage_v: Final[float]  #: That it is made for, V.
    undervoltage_v: Final[Optional[float]]  #: Below it the meter warns, V.
    minimum_voltage_v: Final[Optional[float]]  #: Below it the meter need not work, V.
    maximum_voltage_v: Final[Optional[float]]  #: The most that it works at, V.
    wake_period_s: Final[Optional[float]]  #: From one wake-up of its radio to the next, seconds.
    detection_latency_s: Final[Optional[float]]  #: Until it has noticed a change of its supply, seconds.
    valve_close_time_s: Final[Optional[float]]  #: Until its valve is closed, seconds.
    conversion: Final[str]  #: How its flow becomes a number: "pulse" or "direct_reading".
    pulse_volume_m3: Final[Optional[Decimal]]  #: Volume of one pulse, m3, exact.
    boot_time_s: Final[float]  #: From power to the first answer, seconds; 2 when it is not declared.
    file: Final[str]  #: Path of the file.

class Budget:
    """The uncertainty of one quantity: independent terms, combined as GUM 5.1.2 says, expanded with k = 2."""

    @property
    def unit(self) -> str:
        """Of the quantity, UCUM."""
    @property
    def combined(self) -> float:
        """Combined standard uncertainty, in `unit`."""
    @property
    def expanded(self) -> float:
        """U with k = 2, in `unit`."""
    @property
    def exact(self) -> bool:
        """Whether it has no terms: the quantity is counted, or exact."""
    def scaled(self, unit: str, factor: float, /) -> Budget:
        """That of the same quantity in another unit, whose numbers are `factor` times those of this one."""
    @property
    def terms(self) -> list[tuple[str, str, float, str, float]]:
        """(name, "rectangular" or "normal", spread, unit of the spread, sensitivity) each.

        The spread is the half width of a rectangle, or the standard deviation of a normal distribution.
        """

class Segment:
    """A stretch of a waveform that is one event. Times in seconds from its start."""

    kind: Final[str]  #: "sleep", "receive_window", "transmit_burst" or "valve_motor".
    complete: Final[bool]  #: False: the beginning or the end of the waveform cut it.
    start_s: Final[float]  #: Where it begins, seconds from the start of the waveform.
    duration_s: Final[float]  #: How long it is, seconds.
    peak: Final[float]  #: The largest sample, A; infinite with one beyond the range.
    mean: Final[float]  #: Over all samples, A; infinite with one beyond the range.
    charge: Final[float]  #: Of all samples, C; infinite with a sample beyond the range.

class ByteRange:
    """Bytes `start` up to, not including, `stop` of the input, and what they are."""

    start: Final[int]  #: The first one, counted from 0 of the input.
    stop: Final[int]  #: The first one behind.
    name: Final[str]  #: What they are.

# What follows is for the package alone: its classes have the same names without "Native".

class NativeReading:
    def budget(self, unit: str, /) -> Budget: ...

class NativeError: ...

class NativeWaveform:
    @staticmethod
    def from_counts(counts: npt.NDArray[np.int64], interval_s: float) -> NativeWaveform: ...
    def __len__(self) -> int: ...
    interval_s: Final[float]
    duration_s: Final[float]
    start: Final[datetime.datetime]
    overloads: Final[int]
    counts: Final[npt.NDArray[np.int64]]
    def values(self) -> npt.NDArray[np.float64]: ...
    def mean(self) -> Reading: ...
    def peak(self, window_s: float = 0.0) -> Reading: ...
    def rms(self) -> Reading: ...
    def charge(self) -> Reading: ...
    def percentile(self, percent: float, width_s: float = 0.01) -> Reading: ...
    def part(self, from_s: float, to_s: float) -> NativeWaveform: ...
    def segments(self) -> list[Segment]: ...
    def whole_periods(self, expected_s: float) -> Optional[tuple[float, float, int, float, float]]: ...
    def envelope(
        self, points: int = 2000
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...

class Host:
    """The maker's companion radio equipment, on the channel that stations share."""

    def exchange(
        self, address: str, frame: bytes, wake_period_s: float, timeout_s: float
    ) -> tuple[bytes, float, float]:
        """Wakes the meter, sends the frame, and gives the reply: frame, dBm, s. Raises TimeoutError, ValueError."""

class NativeMeter:
    def readings(self, items: Sequence[str]) -> list[tuple[str, str, str, list[str]]]: ...
    def write_now(self, item: str, value: str) -> None: ...
    def status(self) -> dict[str, Any]: ...
    def authorise_opening(self) -> dict[str, Any]: ...
    def close_valve(self) -> dict[str, Any]: ...
    def answers(self, timeout_s: float = 2.0) -> bool: ...
    def find_address(self) -> str: ...
    items: Final[list[str]]

class NativeStation:
    name: Final[str]
    number: Final[int]
    dut: Final[Dut]
    def has(self, role: str) -> bool: ...
    def instrument_of(self, role: str) -> str: ...
    def sleep(self, seconds: float) -> None: ...
    power_supply: Final[PowerSupply]
    voltmeter: Final[Voltmeter]
    microammeter: Final[Microammeter]
    ammeter: Final[Ammeter]
    path_switch: Final[PathSwitch]
    uart_link: Final[UartLink]
    native_meter: Final[NativeMeter]
    host: Final[Host]
    opener: Final[Opener]
    air_source: Final[AirSource]
    inlet_valve: Final[InletValve]
    vent: Final[Vent]
    outlet_seal: Final[OutletSeal]
    gauge: Final[Gauge]
    gas_thermometer: Final[Thermometer]
    leak_sensor: Final[LeakSensor]
    flow_standard: Final[FlowStandard]
    pulse_counter: Final[PulseCounter]
    pulse_simulator: Final[PulseSimulator]
    chamber: Final[Chamber]
    ambient: Final[Ambient]
    operator: Final[Operator]

class NativeTrial(NativeStation):
    def measure_own(
        self, name: str, value: float, unit: str, budget: Optional[Budget], kind: str, low: float, high: float
    ) -> str: ...
    def measure(self, name: str, value: float, unit: str, budget: Optional[Budget]) -> str: ...
    def unit_of_limit(self, name: str) -> Optional[str]: ...
    def count(self, name: str, value: int) -> str: ...
    def record(self, name: str, value: float, unit: str, budget: Optional[Budget]) -> None: ...
    def record_text(self, name: str, value: str, unit: str = "1") -> None: ...
    def note(self, zh: str, en: str) -> None: ...
    def deviation(self, zh: str, en: str) -> None: ...
    def evidence(self, name: str, waveform: NativeWaveform) -> None: ...
    def write_item(self, item: str, value: str) -> None: ...
    def power_up(self) -> None: ...
    def commit(self) -> None: ...
    def parameters(self) -> dict[str, float | str | list[float] | list[str]]: ...
    now: Final[datetime.datetime]
    clause: Final[str]
    attempt: Final[int]

class NativeRig:
    def __init__(
        self, rig: str, duts: Sequence[str], clock: str, seed: int, defects: Sequence[str], faults: Sequence[str]
    ) -> None: ...
    def open(self) -> None: ...
    def close(self) -> list[tuple[str, str, str, str, bool]]: ...
    def make_safe(self) -> list[tuple[str, str, str, str, bool]]: ...
    def stop(self, reason: str) -> None: ...
    is_open: Final[bool]
    is_virtual: Final[bool]
    now: Final[datetime.datetime]
    station_count: Final[int]
    def station(self, index: int, /) -> NativeStation: ...

class NativeProcedure:
    def __init__(
        self, name: str, title_zh: str, title_en: str, needs: Sequence[str], radio: str, estimate_s: float,
        bounds: Sequence[tuple[str, float, float]], clause: str, digest: str, function: Callable[..., Any]
    ) -> None: ...

class NativeRun:
    def __init__(self, words: dict[str, Any], procedures: Sequence[NativeProcedure]) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def next_events(self, timeout_s: float) -> list[str]: ...
    def wait(self, timeout_s: float) -> bool: ...
    def rethrow(self) -> None: ...
    def record(self) -> str: ...
    id: Final[str]

class NativeItem:
    def __init__(self, name: str, value: str, unit: str) -> None: ...
    name: Final[str]
    value: Final[str]
    unit: Final[str]

class NativeTelegram:
    def __init__(
        self, protocol: str, address: str, meter_type: str, control: str, data_identifier: str, sequence: Optional[int],
        items: Sequence[NativeItem], status: Sequence[str], preamble: int
    ) -> None: ...
    protocol: Final[str]
    valid: Final[bool]
    error: Final[str]
    explanation: Final[str]
    departures: Final[list[str]]
    direction: Final[str]
    address: Final[str]
    meter_type: Final[str]
    control: Final[str]
    data_identifier: Final[str]
    sequence: Final[Optional[int]]
    items: Final[list[NativeItem]]
    status: Final[list[str]]
    bytes: Final[list[ByteRange]]

class NativeStaircase:
    def __init__(self, volumes_m3: Sequence[int], prices: Sequence[int]) -> None: ...
    def costs(self, usages: npt.NDArray[np.int64], start: int) -> npt.NDArray[np.int64]: ...
    def parts(self, start: int, stop: int) -> list[tuple[int, int, int, int, int]]: ...
    def steps_at(self, usage: int) -> tuple[int, int]: ...
    highest_price: Final[int]

class NativeAccount:
    def __init__(self, prices: NativeStaircase, opening_balance: int, period_usage: int) -> None: ...
    def use(self, litres: int) -> None: ...
    def settle(self) -> None: ...
    def switch_table(self, prices: NativeStaircase) -> None: ...
    def purchase(self, cents: int) -> None: ...
    cost: Final[int]
    period_usage: Final[int]
    balance: Final[int]
    def error(self, shown_cents: int) -> int: ...
    def zone(self, shown_cents: int, resolution: int) -> str: ...

def protocols() -> list[str]: ...
def decode(data: bytes, protocol: str) -> list[NativeTelegram]: ...
def bytes_from_hex(text: str) -> bytes: ...
def encode(telegram: NativeTelegram, bcd: bool) -> bytes: ...
def charge_of(cost: int) -> tuple[int, int]: ...
def litres_of(m3: str) -> int: ...
def price_of(yuan_per_m3: str) -> int: ...
def cents_of(yuan: str) -> int: ...
def main(words: Sequence[str], load: Callable[[list[str]], list[NativeProcedure]]) -> int: ...
def set_program_file(file: str) -> None: ...
def clause_document(id: str) -> str: ...
def config_folders() -> list[str]: ...
def version() -> str: ...
