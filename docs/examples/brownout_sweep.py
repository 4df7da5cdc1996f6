"""Undervoltage and brownout: the supply goes down step by step, and the meter is asked at each what it makes of it.

A script that owns its rig: no plan, no record, no verdict. It finds where the meter reports undervoltage, where it
closes its valve and where it stops answering, each as the two neighbouring voltages that it lies between.

    export PYTHONPATH=build/python
    python3 docs/examples/brownout_sweep.py                        a virtual meter, virtual clock
    python3 docs/examples/brownout_sweep.py --defect cjt503-5.3.13-d2    it closes its valve too late
    python3 docs/examples/brownout_sweep.py --rig my-rig.json --dut my-meter.json --station 1

Leaves the sweep as CSV and as a picture.
"""

from __future__ import annotations

import argparse
import sys
from typing import Optional

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

import meterrig
from meterrig.station import MeterStatus

SOFT_START_LIMIT_A = 0.5


def power_up(st: meterrig.Station) -> None:
    """Nominal voltage through the ammeter's path, with a limit that a meter wired wrongly survives; valve open."""
    st.uart_link.connect()
    st.path_switch.select("ammeter")
    st.power_supply.apply(st.dut.nominal_voltage_v, current_limit=SOFT_START_LIMIT_A)
    st.sleep(st.dut.boot_time_s + 2)
    if st.meter.status().valve == "closed":
        st.meter.authorise_opening()
        st.opener.work()
        st.sleep(10 + 2 * (st.dut.valve_close_time_s or 5))


def status(st: meterrig.Station) -> Optional[MeterStatus]:
    """None: silent; the engine has repeated the request by then."""
    try:
        return st.meter.status()
    except meterrig.TimeoutError:
        return None


def sweep(st: meterrig.Station, low_v: float, steps: int, hold_s: float) -> meterrig.Table:
    """From the nominal voltage down to ``low_v``; ``hold_s`` at each step, in which the current is digitised."""
    table = meterrig.Table()
    for volts in np.linspace(st.dut.nominal_voltage_v, low_v, steps):
        st.power_supply.set_voltage(volts)
        wave = st.ammeter.acquire(hold_s)
        said = status(st)
        table.add(
            voltage=st.voltmeter.read(),
            current=wave.mean().to("uA"),
            peak=wave.peak(0.002).to("mA"),
            answers=said is not None,
            undervoltage=said is not None and said.undervoltage,
            valve=said.valve if said else "",
        )
    return table


def first(table: meterrig.Table, what: str, found: npt.NDArray[np.bool_]) -> str:
    """Between which two voltages of the sweep it came to be so."""
    hits = np.flatnonzero(found)
    if not hits.size:
        return f"{what}: not down to {table['voltage'][-1]:.3f} V"
    if hits[0] == 0:
        return f"{what}: from the beginning, at {table['voltage'][0]:.3f} V"
    return f"{what}: between {table['voltage'][hits[0] - 1]:.3f} V and {table['voltage'][hits[0]]:.3f} V"


def draw(table: meterrig.Table, title: str, declared: list[float], file: str) -> None:
    figure = Figure(figsize=(8, 6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    volts = table["voltage"].astype(float)
    states = (
        (table["undervoltage"], "tab:orange", "reports undervoltage"),
        (~table["answers"], "tab:red", "silent"),
    )
    for ax, column in ((upper, "current"), (lower, "peak")):
        table.plot("voltage", column, ax)
        ax.set_yscale("symlog", linthresh=10)
        ax.set_ylim(bottom=0)
        for found, colour, label in states:
            if found.any():
                ax.axvspan(volts[found].min(), volts[found].max(), color=colour, alpha=0.2, label=label)
        for volt in declared:
            ax.axvline(volt, color="grey", linestyle="--")
    lower.invert_xaxis()
    upper.set_xlabel("")
    upper.set_title(title)
    if upper.get_legend_handles_labels()[0]:
        upper.legend()
    figure.savefig(file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rig", help="rig file; without it a virtual bench of one station")
    parser.add_argument("--dut", action="append", default=[], help="DUT file of each station of that rig")
    parser.add_argument("--station", type=int, default=1, help="its number, from 1")
    parser.add_argument("--defect", action="append", default=[], metavar="NAME", help="of the virtual meter")
    parser.add_argument("--low", type=float, default=1.8, help="the lowest voltage, V; default 1.8")
    parser.add_argument("--steps", type=int, default=43, help="voltages from nominal to the lowest; default 43")
    parser.add_argument("--hold", type=float, default=10.0, help="time at each voltage, s; default 10")
    parser.add_argument("--csv", default="brownout.csv")
    parser.add_argument("--plot", default="brownout.png")
    words = parser.parse_args()

    rig = meterrig.open_rig(words.rig, duts=words.dut) if words.rig else meterrig.bench(defects=words.defect)
    with rig:
        st = rig.station(words.station)
        dut = st.dut
        power_up(st)
        table = sweep(st, words.low, words.steps, words.hold)
    # The outputs are off and were read back: nothing hurries from here on.
    table.to_csv(words.csv)
    print(table)
    declared = [volts for volts in (dut.undervoltage_v, dut.minimum_voltage_v) if volts]
    draw(table, f"{dut.model} {dut.serial}; dashed: declared undervoltage and minimum voltage", declared, words.plot)
    print(first(table, "reports undervoltage", table["undervoltage"]))
    print(first(table, "valve closed", table["valve"] == "closed"))
    print(first(table, "stops answering", ~table["answers"]))
    print(f"table {words.csv}, picture {words.plot}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
