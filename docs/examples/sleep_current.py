"""LAB-7: what a gas meter draws asleep when its battery is nearly empty. A procedure of one's own, on three stations.

The supply goes down to a voltage that the plan may choose; the mean over whole wake-up periods is held against the
limit of CJ/T 503-2016 5.3.8, the current of the wake-ups against a limit of the laboratory's own.

    export PYTHONPATH=build/python
    python3 docs/examples/sleep_current.py                              three virtual meters, virtual clock
    python3 docs/examples/sleep_current.py --defect cjt503-5.3.8-d3@2   the second one has a fault
    python3 docs/examples/sleep_current.py --rig my-rig.json --dut a.json --dut b.json    another rig
    build/meterrig run docs/examples/sleep_current_plan.json --procedures docs/examples/sleep_current.py

Leaves the record in the data folder and the values as a picture. Exit code 0: every verdict is pass.
"""

from __future__ import annotations

import argparse
import sys

import meterrig

WAKE_UP_LIMIT_MA = 15.0


@meterrig.procedure(
    "LAB-7",
    title="Sleep current at low battery",
    title_zh="低电量休眠电流",
    needs=["power_supply", "voltmeter", "ammeter", "microammeter", "path_switch", "uart_link"],
    parameters={
        "supply_v": meterrig.Parameter(5.0, 2.5, 9.0),
        "settle_s": meterrig.Parameter(30, 5, 3600),
        "window_s": meterrig.Parameter(60, 10, 3600),
    },
    limits_of="CJT503-5.3.8/6.10",
    radio="quiet",
    estimate_s=120,
    meter=["gas"],
)
def sleep_current(st: meterrig.Trial) -> None:
    """The mean current over whole wake-up periods is within its limit, and so is that of the wake-ups."""
    st.power_up()
    st.power_supply.set_voltage(st.number("supply_v"))
    st.sleep(st.number("settle_s"))
    st.uart_link.release()
    st.path_switch.change_over("microammeter")
    # The last exchange woke the meter: one wake-up period later it is back in its rhythm.
    wake_s = st.dut.wake_period_s or 5.0
    st.sleep(wake_s)

    window = st.microammeter.acquire(st.number("window_s"))
    st.evidence("sleep_current", window)
    st.record("supply_voltage", st.voltmeter.read())
    whole = window.whole_periods(wake_s)
    if whole is None:
        st.note("the meter did not wake twice in the window: the mean is that of all of it")
        mean = window.mean()
    else:
        st.record("wake_ups", whole.periods)
        mean = window.part(whole.start_s, whole.stop_s).mean()
    st.record("sleep_floor", window.percentile(10), "uA")
    st.measure("quiescent_current", mean)
    st.measure("wake_up_current", window.peak(0.005), "mA", at_most=WAKE_UP_LIMIT_MA)


def draw(run: meterrig.Run, file: str) -> None:
    """Each measurement with its uncertainty and its limit, sample by sample."""
    from matplotlib.figure import Figure  # here: `meterrig run --procedures` draws nothing

    figure = Figure(figsize=(9, 4), layout="constrained")
    for ax, name in zip(figure.subplots(1, 2), ("quiescent_current", "wake_up_current")):
        for result in run.results:
            for one in result.measurements:
                if one.name != name or not one.limit:
                    continue
                ax.errorbar(result.sample, one.value, one.expanded_uncertainty, fmt="o", capsize=4, color="tab:blue")
                ax.axhline(one.limit["at_most"], color="tab:red", linestyle="--")
                ax.set_ylabel(f"I / {one.unit.replace('u', 'µ')}")
        ax.set_xticks([result.sample for result in run.results])
        ax.set_xlabel("sample")
        ax.set_ylim(bottom=0)
        ax.set_title(f"{name} (dashed: limit)")
    figure.savefig(file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rig", help="rig file; without it a virtual bench of three stations")
    parser.add_argument("--dut", action="append", default=[], help="DUT file of each station of that rig")
    parser.add_argument("--volts", type=float, default=5.0, help="what the supply goes down to; default 5.0")
    parser.add_argument("--defect", action="append", default=[], metavar="NAME[@SAMPLE]", help="of a virtual meter")
    parser.add_argument("--data", default="meterrig-data", help="where the record goes")
    parser.add_argument("--plot", default="sleep_current.png", help="the picture, PNG")
    words = parser.parse_args()

    plan = meterrig.Plan.of((sleep_current, {"supply_v": words.volts}), samples=len(words.dut) or 3)
    run = plan.prepare(rig=words.rig, duts=words.dut, defects=words.defect, data=words.data)
    for event in run:
        if event.type == "clause_ended":
            print(f"station {event.station}: {event.verdict}")
    for result in run.results:
        for one in result.measurements:
            if one.limit:
                said = f"{one.value:7.3f} ± {one.expanded_uncertainty:.3f} {one.unit}"
                print(f"sample {result.sample}  {one.name:18} {said}  at most {one.limit['at_most']}: {one.verdict}")
    draw(run, words.plot)
    print(f"{run.verdict}: record {run.id} in {run.data}, picture {words.plot}")
    return 0 if run.verdict == "pass" else 1


if __name__ == "__main__":
    sys.exit(main())
