"""The second process: whatever happens to the program, the outputs of the rig do not stay on (docs/interlocks.md)."""

import os
import signal
import time
from pathlib import Path

import pytest

from live_bench import coils, meters_connected, powered_run, supply_outputs, the_watchdog, watchdogs
from rigtools import NOTHING_LEFT, Bench, journal, of_type, read_until, started

LIMIT_S = 3  # watchdog_s, where the rig file says nothing
WORK_S = 15  # to open three stations and to switch them off, on a busy machine


@pytest.fixture(scope="module")
def ten_times(tmp_path_factory):
    """Fast enough for air to be on soon. What the watchdog does is measured in real time all the same."""
    served = Bench(tmp_path_factory.mktemp("faster"), scale=10)
    yield served
    assert served.end() == NOTHING_LEFT


@pytest.fixture(scope="module")
def real_time(tmp_path_factory):
    """At real time, so that a clause is under way for minutes."""
    served = Bench(tmp_path_factory.mktemp("watched"), scale=1)
    yield served
    assert served.end() == NOTHING_LEFT


def gone(pid):
    """Ended, and taken note of by its parent or by init."""
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def wait_for(what, seconds, said):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, said
        time.sleep(0.05)


def log_of(folder):
    """What the watchdog wrote; empty when it had nothing to do."""
    return "".join(file.read_text() for file in (folder / "meterrig-data").glob("watchdog-*.log"))


def pressurised_run(bench, folder):
    """A run with air on the meter of a station, and its inlet valve open."""
    process = started("run", "cjt503-auto", "--only", "5.3.7", "--rig", bench.rig_file, cwd=folder)
    read_until(process, lambda line: " start " in line and "5.3.7" in line)
    wait_for(lambda: process.poll() is not None or any(all(coils(bench, f"air{n}", 2)) for n in "123"), 60,
             "no air was ever on")
    assert process.poll() is None, process.stderr.read()
    return process


def everything_off(bench):
    """Supplies, K1 and K2, air source, inlet valve off; the vent open."""
    air = [coils(bench, f"air{n}", 3) for n in "123"]
    switches = [coils(bench, f"relays{n}", 8) for n in "123"]
    return {"supplies": supply_outputs(bench), "air": air, "relays": switches} == {
        "supplies": ["OFF"] * 3, "air": [[False, False, True]] * 3, "relays": [[False] * 8] * 3}


MOMENTS = {"supply on": ("real_time", powered_run), "air on, valve open": ("ten_times", pressurised_run)}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP, signal.SIGSEGV])
def test_the_outputs_go_off_without_the_program(request, tmp_path, moment, number):
    fixture, begin = MOMENTS[moment]
    bench = request.getfixturevalue(fixture)
    process = begin(bench, tmp_path)
    watchdog = the_watchdog(process)
    started_at = time.monotonic()
    process.send_signal(number)
    limit = WORK_S + (LIMIT_S if number == signal.SIGSTOP else 0)
    wait_for(lambda: gone(watchdog), limit, log_of(tmp_path))
    took = time.monotonic() - started_at
    # One that is only stopped is killed, after the limit and not before: it would switch on again when it wakes.
    _, err = process.communicate(timeout=10)
    assert process.returncode == (-signal.SIGSEGV if number == signal.SIGSEGV else -signal.SIGKILL)
    assert number != signal.SIGSTOP or took > LIMIT_S - 0.5
    assert everything_off(bench), log_of(tmp_path)
    said = log_of(tmp_path)
    assert "all outputs read back safe" in said and "NOT SAFE" not in said
    assert said in err, "the same is on standard error"
    assert ("no sign of life for 3 s" if number == signal.SIGSTOP else "killed, or it crashed") in said
    # The order of the rig file, in each station.
    order = [line.split("station 1: ")[1].split(" of ")[0] for line in said.splitlines() if "station 1: " in line]
    wanted = [role for role in bench.rig["safe_state_order"] if role in order]
    assert list(dict.fromkeys(order)) == wanted and {"power_supply", "air_source", "path_switch"} <= set(wanted)


def test_an_orderly_run_leaves_no_process_and_no_log(tmp_path):
    bench = Bench(tmp_path, scale=20)
    process = started("run", "cjt503-auto", "--only", "5.3.8", "--rig", bench.rig_file, cwd=tmp_path)
    read_until(process, lambda line: " start " in line)
    watchdog = the_watchdog(process)
    assert os.getsid(watchdog) != os.getsid(process.pid)
    out, err = process.communicate(timeout=120)
    assert process.returncode in (0, 3), out + err  # a busy machine may miss a window of the scaled meter
    assert not Path(f"/proc/{watchdog}").exists(), "reaped by its parent"
    assert log_of(tmp_path) == "" and "watchdog" not in err
    assert bench.end() == NOTHING_LEFT


def test_a_virtual_rig_needs_none(tmp_path):
    process = started("run", "cjt503-auto", "--only", "5.3.8", "--clock", "wall", cwd=tmp_path)
    read_until(process, lambda line: " start " in line)
    assert watchdogs(process) == []
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


def test_it_outlives_an_interrupt_of_the_terminal(real_time, tmp_path):
    process = powered_run(real_time, tmp_path, start_new_session=True)
    watchdog = the_watchdog(process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 4 and log_of(tmp_path) == "" and "watchdog" not in err
    assert not Path(f"/proc/{watchdog}").exists()
    assert supply_outputs(real_time) == ["OFF"] * 3 and not meters_connected(real_time)


def test_the_loss_of_the_watchdog_is_told_and_it_is_replaced(real_time, tmp_path):
    process = powered_run(real_time, tmp_path)
    first = the_watchdog(process)
    os.kill(first, signal.SIGKILL)
    lines = read_until(process, lambda line: "watchdog" in line)
    assert "(signal 9); another one was started" in lines[-1]
    assert gone(first) and not Path(f"/proc/{first}").exists()
    second = the_watchdog(process)
    assert second != first and process.poll() is None, "the run goes on"
    # The second one does what the first would have done.
    time.sleep(2)
    process.kill()
    wait_for(lambda: gone(second), WORK_S, log_of(tmp_path))
    process.communicate(timeout=10)
    assert everything_off(real_time), log_of(tmp_path)


def test_a_run_that_can_keep_no_watchdog_stops(real_time, tmp_path):
    process = powered_run(real_time, tmp_path)
    for _ in range(4):
        current = the_watchdog(process)
        os.kill(current, signal.SIGKILL)
        read_until(process, lambda line: "watchdog" in line)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, out + err
    assert supply_outputs(real_time) == ["OFF"] * 3
    record = next((tmp_path / "meterrig-data" / "records").glob("*.json"))
    events = journal(tmp_path / "meterrig-data", record.stem)
    notes = [event["text"]["en"] for event in of_type(events, "note") if "watchdog" in event["text"]["en"]]
    assert len(notes) == 4 and "can't be kept running" in notes[-1]
    assert [event["by"] for event in of_type(events, "stop_requested")] == ["the loss of the watchdog"]
