"""Electromechanical conversion error: what a meter registers against what passed it, in pulse equivalents.

The method of CJ/T 503-2016 6.12 a) in a script that owns its rig: air flows through the open meter until the flow
standard has metered so many pulse volumes, and the change of the register, which the meter tells over its serial port,
is held against the flow standard and against the pulses that its contact gave. One pulse either way is allowed; the
flow standard also sees the meter's error of indication, the pulses do not.

    export PYTHONPATH=build/python
    python3 docs/examples/conversion_error.py                                  a virtual meter, virtual clock
    python3 docs/examples/conversion_error.py --defect cjt503-5.3.10a-d1       it loses every fourth pulse
    build/meterrig bench serve embedded --time-scale 50 --emit-rig bench.json  in another terminal: real ports
    python3 docs/examples/conversion_error.py --rig bench.json

Leaves a table as CSV and a picture. Exit code 1: more than one pulse equivalent.
"""

from __future__ import annotations

import argparse
import sys
from decimal import Decimal

from matplotlib.figure import Figure

import meterrig

SOFT_START_LIMIT_A = 0.5
DEBOUNCE_S = 2.0
LIMIT_PULSES = 1.0


def open_meter(st: meterrig.Station) -> None:
    """Powered through the ammeter's path, valve open, and no way for the air but that to the flow standard."""
    st.uart_link.connect()
    st.path_switch.select("ammeter")
    st.power_supply.apply(st.dut.nominal_voltage_v, current_limit=SOFT_START_LIMIT_A)
    st.sleep(st.dut.boot_time_s + 2)
    if st.meter.status().valve != "open":
        st.meter.authorise_opening()
        st.opener.work()
        st.sleep(10 + 2 * (st.dut.valve_close_time_s or 5))
    if st.meter.status().valve != "open":
        raise RuntimeError(f"the valve of {st.dut.serial} did not open")
    st.vent.close()
    st.outlet_seal.release()


def pass_volume(st: meterrig.Station, cubic_metres: float, flow_m3_per_h: float) -> meterrig.Reading:
    """Gives the flow standard's total afterwards. Raises RuntimeError when less comes than the flow promises."""
    before = st.flow_standard.total()
    st.flow_standard.start(flow_m3_per_h)
    left = cubic_metres
    for _ in range(20):
        st.sleep(max(0.1, left / flow_m3_per_h * 3600))
        left = cubic_metres - (st.flow_standard.total() - before)
        if left <= 0:
            break
    else:
        raise RuntimeError(f"{left:g} m3 of {cubic_metres:g} m3 did not pass the flow standard")
    st.flow_standard.stop()
    st.sleep(DEBOUNCE_S)
    return st.flow_standard.total()


def register(st: meterrig.Station) -> Decimal:
    volume = st.meter.read("cumulative_volume")
    assert isinstance(volume, Decimal)
    return volume


def compare(st: meterrig.Station, pulses: int, runs: int, flow_m3_per_h: float) -> meterrig.Table:
    """A row for each run: both errors in pulse equivalents, and the uncertainty of the first one (k = 2)."""
    weight = st.dut.pulse_volume_m3
    assert weight is not None
    table = meterrig.Table()
    for _ in range(runs):
        total, shown, counted = st.flow_standard.total(), register(st), st.pulse_counter.count()
        now = pass_volume(st, pulses * float(weight), flow_m3_per_h)
        registered = register(st) - shown
        counted = st.pulse_counter.count() - counted
        # Of two readings of one instrument, close together, the difference is as uncertain as the later one.
        passed = now - total
        table.add(
            passed_m3=passed,
            registered_m3=registered,
            pulses=counted,
            error_to_standard=(float(registered) - passed) / float(weight),
            uncertainty=now.expanded_uncertainty / float(weight),
            error_to_pulses=float(registered / weight - counted),
        )
    return table


def draw(table: meterrig.Table, title: str, file: str) -> None:
    figure = Figure(figsize=(7, 4), layout="constrained")
    ax = figure.subplots()
    run = range(1, len(table) + 1)
    errors = table["error_to_standard"]
    ax.errorbar(run, errors, table["uncertainty"], fmt="o", capsize=4, label="against flow standard")
    ax.plot(run, table["error_to_pulses"], "s", label="against pulses")
    for limit in (-LIMIT_PULSES, LIMIT_PULSES):
        ax.axhline(limit, color="tab:red", linestyle="--")
    ax.set_xticks(run)
    ax.set_xlabel("run")
    ax.set_ylabel("conversion error / pulse equivalents")
    ax.set_title(title)
    ax.legend()
    figure.savefig(file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rig", help="rig file; without it a virtual bench of one station")
    parser.add_argument("--dut", action="append", default=[], help="DUT file of each station of that rig")
    parser.add_argument("--station", type=int, default=1, help="its number, from 1")
    parser.add_argument("--defect", action="append", default=[], metavar="NAME", help="of the virtual meter")
    parser.add_argument("--pulses", type=int, default=10, help="volume of a run in pulses, at least 2; default 10")
    parser.add_argument("--runs", type=int, default=3, help="default 3")
    parser.add_argument("--flow", type=float, default=4.0, help="the meter's qmax, m3/h; default 4")
    parser.add_argument("--csv", default="conversion_error.csv")
    parser.add_argument("--plot", default="conversion_error.png")
    words = parser.parse_args()

    rig = meterrig.open_rig(words.rig, duts=words.dut) if words.rig else meterrig.bench(defects=words.defect)
    with rig:
        st = rig.station(words.station)
        title = f"{st.dut.model} {st.dut.serial}, {st.dut.pulse_volume_m3} m3 a pulse, {words.flow:g} m3/h"
        open_meter(st)
        table = compare(st, words.pulses, words.runs, words.flow)
    table.to_csv(words.csv)
    print(title)
    print(table)
    draw(table, title, words.plot)
    worst = max(max(abs(table["error_to_standard"])), max(abs(table["error_to_pulses"])))
    within = worst <= LIMIT_PULSES
    print(f"largest error {worst:.3f} pulse equivalents: {'within' if within else 'beyond'} ±{LIMIT_PULSES:g}")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
