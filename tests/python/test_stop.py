"""Ctrl-C and SIGTERM: exit 4, outputs off and read back, and a record that is whole."""

import json
import random
import signal
import subprocess

import pytest

from live_bench import kill_with_watchdog, meters_connected, powered_run, supply_outputs
from rigtools import NOTHING_LEFT, Bench, journal, of_type, read_until, started

CLAUSES = 14
random_lines = random.Random("stop")


def ended(process):
    """Exit code and the rest of what it printed."""
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def events_of(folder):
    record = json.loads(next((folder / "meterrig-data" / "records").glob("*.json")).read_text())
    return record, journal(folder / "meterrig-data", record["run"])


def check_off(event, station):
    """All outputs of a station are in their safe state because they were asked, not because they were told."""
    own = [output for output in event["outputs"] if output["instrument"].endswith(station)]
    assert {output["role"] for output in own} >= {"power_supply", "path_switch", "air_source", "uart_link", "vent"}
    assert all(output["ok"] is True for output in own)
    supply = [output for output in own if output["role"] == "power_supply" and "OFF" in output["setting"]]
    assert supply and all(output["read_back"] in ("OFF", "0") for output in supply)


def check_stopped(record, events, levels):
    assert record["state"] == "aborted"
    assert [event["level"] for event in of_type(events, "stop_requested")] == levels
    assert events[-1]["type"] == "run_ended" and events[-1]["state"] == "aborted"
    begun = [(e["station"], e["id"]) for e in of_type(events, "clause_started")]
    over = [(e["station"], e["id"]) for e in of_type(events, "clause_ended")]
    assert sorted(begun) == sorted(over)
    stop = of_type(events, "stop_requested")[0]["seq"]
    cut = [e for e in of_type(events, "clause_ended") if e["seq"] > stop and e["verdict"] == "void"]
    for clause in cut:
        assert "stopped by" in clause["cause"]["text"]
        after = [e for e in of_type(events, "safe_state") if e.get("station") == clause["station"] and e["seq"] > stop]
        assert after and after[0]["reason"] == clause["id"] and after[0]["seq"] < clause["seq"]
        check_off(after[0], clause["station"])
    last = of_type(events, "safe_state")[-1]
    assert last["reason"] == "end of run" and last["seq"] > stop
    for station in "123":
        check_off(last, station)
    return cut


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("line", [1] + sorted(random_lines.sample(range(2, 90), 4)))
def test_one_stop(tmp_path, number, line):
    # After a random line of progress: a moment that means the same on a slow machine.
    process = started("run", "cjt503-auto", cwd=tmp_path)
    left = iter(range(line - 1, -1, -1))
    before = read_until(process, lambda _: next(left) == 0)
    process.send_signal(number)
    code, out, _ = ended(process)
    assert code == 4, "".join(before) + out
    record, events = events_of(tmp_path)
    cut = check_stopped(record, events, [1])
    assert cut or line == 1  # nothing is under way yet when only the run was told
    tested = {result["verdict"] for dut in record["duts"] for result in dut["results"]}
    assert "not_tested" in tested and "fail" not in tested
    assert "run aborted" in "".join(before) + out
    assert f"meterrig resume {record['run']} --by NAME" in out, "what to do next"


def test_verdicts_before_the_stop_stay_as_they_are(tmp_path):
    process = started("run", "cjt503-auto", cwd=tmp_path)
    before = "".join(read_until(process, lambda line: "5.3.14" in line and " pass " in line))
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 4
    _, events = events_of(tmp_path)
    passed = {(e["station"], e["id"]) for e in of_type(events, "clause_ended") if e["verdict"] == "pass"}
    assert ("1", "CJT503-5.3.14/6.16") in passed and before.count(" pass ") <= len(passed) < 3 * CLAUSES


def test_two_stops_on_the_virtual_clock(tmp_path):
    process = started("run", "cjt503-auto", cwd=tmp_path)
    read_until(process, lambda line: "5.3.14" in line and " start " in line)
    # Two of the same kind could melt into one before the program sees the first; these can't.
    process.send_signal(signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGCONT)
    assert ended(process)[0] == 4
    assert check_stopped(*events_of(tmp_path), [1, 2])


@pytest.fixture(scope="module")
def slow_bench(tmp_path_factory):
    """At real time, so that a clause is under way for minutes and a teardown for longer than a signal takes."""
    served = Bench(tmp_path_factory.mktemp("slow"), scale=1)
    yield served
    assert served.end() == NOTHING_LEFT


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_on_real_links_switches_off(slow_bench, tmp_path, number):
    process = powered_run(slow_bench, tmp_path)
    process.send_signal(number)
    assert ended(process)[0] == 4
    assert supply_outputs(slow_bench) == ["OFF"] * 3 and not meters_connected(slow_bench)
    assert len(check_stopped(*events_of(tmp_path), [1])) == 3


def test_two_interrupts_on_real_links_force_it(slow_bench, tmp_path):
    process = powered_run(slow_bench, tmp_path)
    for _ in range(3):  # a third stop changes nothing
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=0.004)
        except subprocess.TimeoutExpired:
            pass
    assert ended(process)[0] == 4
    assert supply_outputs(slow_bench) == ["OFF"] * 3
    assert len(check_stopped(*events_of(tmp_path), [1, 2])) == 3


def test_the_next_run_first_switches_off_what_a_kill_left_on(slow_bench, tmp_path):
    process = powered_run(slow_bench, tmp_path)
    kill_with_watchdog(process)
    ended(process)
    assert supply_outputs(slow_bench) == ["ON"] * 3
    again = started("run", "cjt503-auto", "--only", "5.3.8", "--rig", slow_bench.rig_file, cwd=tmp_path)
    read_until(again, lambda line: line.startswith("run "))
    # Killed as it begins: its own end, which would switch off too, must not answer for its beginning.
    kill_with_watchdog(again)
    ended(again)
    assert supply_outputs(slow_bench) == ["OFF"] * 3


def test_a_run_after_a_kill_leaves_nothing_on(slow_bench, tmp_path):
    process = powered_run(slow_bench, tmp_path)
    kill_with_watchdog(process)
    ended(process)
    again = started("run", "cjt503-auto", "--only", "5.3.8", "--rig", slow_bench.rig_file, cwd=tmp_path)
    read_until(again, lambda line: line.startswith("run "))
    again.send_signal(signal.SIGINT)
    assert ended(again)[0] == 4
    assert supply_outputs(slow_bench) == ["OFF"] * 3
