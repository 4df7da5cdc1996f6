"""A script that owns its rig: what it may do, and that nothing is left on however it ends."""

import datetime
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from live_bench import supply_outputs, the_watchdog
from rigtools import NOTHING_LEFT, PACKAGE, Bench, started_script

sys.path.insert(0, str(PACKAGE))
meterrig = pytest.importorskip("meterrig")


@pytest.fixture
def rig():
    with meterrig.bench(2) as opened:
        yield opened


@pytest.fixture(scope="module")
def real_time(tmp_path_factory):
    """A served bench at real time."""
    served = Bench(tmp_path_factory.mktemp("bench"), scale=1)
    yield served
    assert served.end() == NOTHING_LEFT


def test_a_powered_meter_is_read(rig):
    st = rig.station(2)
    st.power_supply.apply(6.0, current_limit=0.5)
    st.path_switch.select("ammeter")
    st.uart_link.connect()
    st.sleep(5)
    assert float(st.voltmeter.read()) == pytest.approx(6.0, abs=0.05)
    assert st.voltmeter.read().unit == "V"
    assert st.meter.status().valve in ("open", "closed")
    assert st.meter.read("cumulative_volume") > 0
    assert rig.station(1).power_supply.voltage() < 0.1


def test_the_sample_answers_over_the_air(rig):
    st = rig.station(1)
    st.power_supply.apply(6.0)
    st.path_switch.select("ammeter")
    st.sleep(5)
    st.uart_link.connect()
    asked = meterrig.frames.encode("cjt188", address=st.meter.find_address(), meter_type="30", control="01",
                                   data_identifier="901F", sequence=1)
    reply = st.over_the_air(asked)
    frame = meterrig.frames.decode(reply.frame)[0]
    assert frame.valid and frame.direction == "response" and reply.level_dbm < 0 and reply.after_s > 0
    with pytest.raises(ValueError, match="14 hexadecimal digits"):
        rig.station(2)._native.host.exchange("25", asked, 1.0, 1.0)


def test_leaving_the_rig_makes_it_safe(rig):
    st = rig.station(1)
    st.power_supply.apply(6.0)
    st.path_switch.select("microammeter")
    states = rig.close()
    supply = [state for state in states if state.role == "power_supply" and "OFF" in state.setting]
    assert supply and all(state.safe and state.read_back in ("OFF", "0") for state in supply)
    assert all(state.safe for state in states)
    assert not rig.is_open and rig.close() == []
    with pytest.raises(meterrig.RigClosed, match="open it again"):
        st.power_supply.voltage()


def test_an_output_that_does_not_switch_off_is_said(capsys):
    # Silent once: first while it is opened, then while it is used, at last when it should switch off.
    for exchange in range(15, 40):
        try:
            with meterrig.bench(1, faults=[f"io-silent:psu1#{exchange}"]) as rig:
                rig.station(1).power_supply.apply(6.0)
        except meterrig.Error:
            continue
        said = capsys.readouterr().out
        if said:
            assert "power_supply of psu1 is NOT safe" in said and "did not answer" in said
            return
    pytest.fail("a supply that does not answer to OFF was never told of")


def test_wrong_words_say_what_to_do(rig):
    st = rig.station(1)
    with pytest.raises(meterrig.UserError, match="500 is outside 0 .. 30") as wrong:
        st.power_supply.apply(500)
    assert isinstance(wrong.value, ValueError) and wrong.value.after_s == 0
    with pytest.raises(ValueError, match="finite"):
        st.power_supply.apply(float("nan"))
    with pytest.raises(ValueError, match='"off", "microammeter" or "ammeter"'):
        st.path_switch.select("sideways")
    with pytest.raises(meterrig.UserError, match="chamber"):
        st.chamber.read()
    with pytest.raises(meterrig.UserError, match="interval_s"):
        st.microammeter.acquire(3600, interval_s=2e-5)
    with pytest.raises(LookupError, match="no station 7"):
        rig.station(7)
    with pytest.raises(AttributeError):
        st.nonsense  # noqa: B018
    with pytest.raises(meterrig.UserError, match="did you mean"):
        meterrig.open_rig("embeded")


def test_an_instrument_that_is_silent_says_who_and_what(rig):
    with pytest.raises(meterrig.TimeoutError, match="did not answer") as silent:
        meterrig.bench(1, faults=["io-silent:psu1"])
    assert silent.value.instrument == "psu1" and silent.value.command == "*IDN?"
    assert silent.value.after_s > 0 and isinstance(silent.value, TimeoutError)


def test_a_rig_belongs_to_its_thread(rig):
    seen = []

    def other():
        try:
            rig.station(1).power_supply.voltage()
        except meterrig.WrongThread as wrong:
            seen.append(str(wrong))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert len(seen) == 1 and "thread that opened it" in seen[0]
    assert rig.station(1).power_supply.voltage() < 0.1


def test_time_is_the_rigs(rig):
    before = rig.now
    rig.sleep(48 * 3600)
    assert before.tzinfo is datetime.timezone.utc
    assert (rig.now - before).total_seconds() == pytest.approx(48 * 3600, abs=1e-3)
    assert rig.is_virtual


def test_a_stopped_rig_can_only_be_closed(rig):
    rig.stop("the door is open")
    with pytest.raises(meterrig.Stopped, match="the door is open"):
        rig.station(1).power_supply.voltage()
    assert all(state.safe for state in rig.make_safe())


def test_documents_in_memory(rig):
    from meterrig._bench import bench_documents

    document, duts = bench_documents(1, "gas")
    duts[0]["nominal_voltage_v"] = 7.2
    with meterrig.open_rig(document, duts=duts) as own:
        assert own.station(1).dut.nominal_voltage_v == 7.2
    document["stations"][0]["roles"]["power_suply"] = {"instrument": "psu1"}
    with pytest.raises(meterrig.UserError, match=r"rig-1.json:\d+: .*did you mean"):
        meterrig.open_rig(document, duts=duts)


def test_others_work_while_a_call_waits(real_time):
    with meterrig.open_rig(real_time.rig_file) as rig:
        counted, over = [0], threading.Event()

        def count():
            while not over.is_set():
                counted[0] += 1

        thread = threading.Thread(target=count)
        thread.start()
        before = counted[0]
        rig.sleep(0.5)
        after = counted[0]
        over.set()
        thread.join()
    assert after - before > 10_000


def test_another_thread_stops_a_wait(real_time):
    with meterrig.open_rig(real_time.rig_file) as rig:
        timer = threading.Timer(0.2, rig.stop, ["enough"])
        timer.start()
        began = time.monotonic()
        with pytest.raises(meterrig.Stopped, match="enough"):
            rig.sleep(60)
        assert time.monotonic() - began < 5
        timer.join()


def test_ctrl_c_in_a_soak(real_time, tmp_path):
    process = started_script(
        """
        import sys, meterrig
        with meterrig.open_rig(sys.argv[1]) as rig:
            for st in rig.stations:
                st.power_supply.apply(st.dut.nominal_voltage_v)
            print("soaking", flush=True)
            rig.sleep(60)
        """, real_time.rig_file, cwd=tmp_path)
    assert process.stdout.readline() == "soaking\n"
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, err = process.communicate(timeout=10)
    took = time.monotonic() - began
    assert "KeyboardInterrupt" in err
    assert supply_outputs(real_time) == ["OFF", "OFF", "OFF"]
    assert took < 2, f"{took:.2f} s"  # 0.5 s on a machine of its own: docs/benchmarks.md


def test_a_script_that_forgets_is_made_safe(real_time, tmp_path):
    process = started_script(
        """
        import sys, meterrig
        rig = meterrig.open_rig(sys.argv[1])
        rig.stations[0].power_supply.apply(6.0)
        raise SystemExit(3)
        """, real_time.rig_file, cwd=tmp_path)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 3, err
    assert supply_outputs(real_time) == ["OFF", "OFF", "OFF"]


def test_a_script_that_is_killed_is_made_safe(real_time, tmp_path):
    process = started_script(
        """
        import sys, time, meterrig
        rig = meterrig.open_rig(sys.argv[1])
        rig.stations[0].power_supply.apply(6.0)
        print(float(rig.stations[0].power_supply.voltage()), flush=True)
        time.sleep(60)
        """, real_time.rig_file, cwd=tmp_path)
    assert float(process.stdout.readline()) == pytest.approx(6, abs=0.1)
    standing_by = the_watchdog(process)
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{standing_by}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert supply_outputs(real_time) == ["OFF", "OFF", "OFF"]
