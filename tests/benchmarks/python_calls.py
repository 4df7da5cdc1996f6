"""What Python adds: calls of an instrument against the same in C++, waveforms to NumPy, 64 stations at once.

    taskset -c 1 /usr/bin/python3 tests/benchmarks/python_calls.py build

Needs the benchmark programs: `cmake -B build -DMETERRIG_BENCHMARKS=ON`.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 11
CALLS = 20_000
STATIONS = 64
CALLS_A_STATION = 500


def calls(build, meterrig):
    """Rounds of both in turn, so that a busy machine slows both."""
    cpp, python = [], []
    with meterrig.open_rig() as rig:
        supply = rig.stations[0].power_supply
        for _ in range(ROUNDS):
            said = subprocess.run([build / "script_calls", str(CALLS)], capture_output=True, text=True, check=True)
            cpp.append(float(said.stdout))
            began = time.perf_counter()
            for _ in range(CALLS):
                supply.voltage()
            python.append((time.perf_counter() - began) / CALLS * 1e9)
    there, here = statistics.median(cpp), statistics.median(python)
    print(f"one call: C++ {there / 1e3:.2f} us, Python {here / 1e3:.2f} us, {(here - there) / 1e3:+.2f} us (target 10)")


def waveform(meterrig):
    import numpy as np

    wave = meterrig.Waveform.from_counts(np.arange(10_000_000, dtype=np.int64) % 100_000, 1e-5)
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        counts = wave.counts
        took.append(time.perf_counter() - began)
        assert len(counts) == 10_000_000 and not counts.flags.owndata
    print(f"10 million samples to NumPy: {statistics.median(took) * 1e3:.4f} ms (target 1)")


def stations(meterrig):
    from meterrig._bench import bench_documents

    rig, duts = bench_documents(STATIONS, "gas")

    @meterrig.procedure("LAB-1", title="many calls", needs=["power_supply"], estimate_s=3600)
    def many_calls(st):
        supply = st.power_supply
        for _ in range(CALLS_A_STATION):
            supply.voltage()
        st.measure("calls", CALLS_A_STATION, equals=CALLS_A_STATION)

    rates = []
    for _ in range(5):
        with tempfile.TemporaryDirectory() as data:
            run = meterrig.Plan.of(many_calls, samples=STATIONS).prepare(rig=rig, duts=duts, data=data)
            began = None
            for event in run:
                if event.type == "clause_started" and began is None:
                    began = time.perf_counter()
            rates.append(STATIONS * CALLS_A_STATION / (time.perf_counter() - began))
            assert run.verdict == "pass"
    print(f"{STATIONS} stations: {statistics.median(rates):,.0f} instrument calls a second (target 20,000)")


def main():
    build = Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    sys.path.insert(0, str(build / "python"))
    import meterrig

    calls(build, meterrig)
    waveform(meterrig)
    stations(meterrig)


if __name__ == "__main__":
    main()
