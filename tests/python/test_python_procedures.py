"""Procedures in Python: the same sequencer, journal, abort and safe state as the built-in ones."""

import json
import signal
import sqlite3
import sys
import textwrap
import threading
import time

import pytest

from rigtools import NOTHING_LEFT, PACKAGE, Bench, journal, of_type, read_until, started, started_script
from rigtools import meterrig as program

sys.path.insert(0, str(PACKAGE))
meterrig = pytest.importorskip("meterrig")

SLEEP_CURRENT = textwrap.dedent('''
    import meterrig

    NEEDS = ["power_supply", "voltmeter", "path_switch", "microammeter", "ammeter", "uart_link"]

    @meterrig.procedure("LAB-7", title="Sleep current", title_zh="休眠电流", needs=NEEDS,
                        parameters={"window_s": meterrig.Parameter(30, 1, 600)}, limits_of="CJT503-5.3.8/6.10")
    def sleep_current(st):
        st.power_up()
        st.uart_link.release()
        st.path_switch.change_over("microammeter")
        st.sleep(20)
        wave = st.microammeter.acquire(st.number("window_s"))
        st.evidence("current", wave)
        st.measure("quiescent_current", wave.mean())
        st.measure("sleep_floor", wave.percentile(10), "uA", at_most=25)
        st.record("peak", wave.peak(), "mA")
''')
PLAN = {"id": "own", "title": {"zh": "自定", "en": "own"}, "standard": "lab", "epoch": "2026-11-21T00:00:00Z",
        "default_rig": "embedded", "default_duts": ["wg25-r-1", "wg25-r-2", "wg25-r-3"], "samples": 3, "retries": 0,
        "clauses": ["LAB-7"]}


@pytest.fixture(scope="module")
def sleep_current(tmp_path_factory):
    file = tmp_path_factory.mktemp("own") / "own.py"
    file.write_text(SLEEP_CURRENT)
    from meterrig.procedures import load

    return load([str(file)])[0]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    served = Bench(tmp_path_factory.mktemp("bench"))
    yield served
    assert served.end() == NOTHING_LEFT


def make(body, needs=("power_supply",), **more):
    """A procedure LAB-1 of a function."""
    return meterrig.procedure("LAB-1", title="made by a test", needs=list(needs), **more)(body)


def findings(record):
    """What must not depend on where a procedure ran, but for noise."""
    return [[(m["name"], m["unit"], m["verdict"], json.dumps(m["limit"])) for m in result["measurements"]]
            + [result["id"], result["verdict"], result["procedure"], result["title"]]
            for dut in record["duts"] for result in dut["results"]]


def test_three_stations_at_once_are_deterministic(sleep_current, tmp_path):
    runs = [meterrig.Plan(PLAN, procedures=[sleep_current]).run(data=tmp_path / name) for name in ("a", "b")]
    assert runs[0].verdict == "pass" and len(runs[0].results) == 3
    assert runs[0].id == runs[1].id
    events = [journal(run.data, run.id) for run in runs]
    assert events[0] == events[1]
    begun = of_type(events[0], "clause_started")
    over = of_type(events[0], "clause_ended")
    assert max(event["seq"] for event in begun) < min(event["seq"] for event in over), "side by side"
    current = runs[0].result("LAB-7", 2)["quiescent_current"]
    assert current.limit == {"at_most": 50, "source": "standard"} and 0 < current.expanded_uncertainty < 1
    assert runs[0].result("LAB-7")["sleep_floor"].limit["source"] == "procedure"


def test_json_plan_script_and_served_bench_agree(sleep_current, bench, tmp_path):
    (tmp_path / "own.py").write_text(SLEEP_CURRENT)
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    ended = program("run", "plan.json", "--procedures", "own.py", "--record", "record.json", cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    by_plan = json.loads((tmp_path / "record.json").read_text())
    by_script = meterrig.Plan(PLAN, procedures=[sleep_current]).run(data=tmp_path / "script").record
    served = meterrig.Plan(PLAN, procedures=[sleep_current]).run(data=tmp_path / "served", rig=bench.rig_file).record
    for key in ("duts", "verdict", "conclusion", "environment"):
        assert by_plan[key] == by_script[key], key
    assert findings(by_plan) == findings(served)
    values = [[m["value"] for m in dut["results"][0]["measurements"]] for record in (by_plan, served)
              for dut in record["duts"]]
    for here, there in zip(values[:3], values[3:]):
        assert there == pytest.approx(here, rel=0.05)


def test_own_clauses_stand_beside_a_standards(sleep_current, tmp_path):
    plan = meterrig.Plan.of("CJT503-5.3.9/6.11", (sleep_current, {"window_s": 10}))
    run = plan.run(data=tmp_path)
    assert [result.clause for result in run.results] == ["CJT503-5.3.9/6.11", "LAB-7"]
    assert run.verdict == "pass"
    assert [standard["id"] for standard in of_type(journal(run.data, run.id), "run_started")[0]["standards"]] == [
        "cjt503", "lab"]
    assert run.result("LAB-7").body["deviations"]


def test_bad_meter_fails_own_procedure(sleep_current, tmp_path):
    run = meterrig.run(sleep_current, data=tmp_path, defects=["cjt503-5.3.8-d3"])
    assert run.verdict == "fail"
    assert run.result("LAB-7")["quiescent_current"].verdict == "fail"


def test_exception_voids_with_traceback_in_the_journal(tmp_path):
    def broken(st):
        st.power_supply.apply(3.0)
        return {}["no such key"]

    run = meterrig.run(make(broken), data=tmp_path)
    result = run.result("LAB-1")
    assert (run.verdict, result.verdict) == ("void", "void")
    assert "KeyError" in result.cause["text"] and "test_python_procedures.py" in result.cause["text"]
    notes = [event["text"]["en"] for event in of_type(journal(run.data, run.id), "note")]
    assert any("Traceback" not in note and 'return {}["no such key"]' in note for note in notes)
    off = of_type(journal(run.data, run.id), "safe_state")[-1]["outputs"]
    assert all(output["ok"] for output in off)


def test_error_of_an_instrument_stays_what_it_is(tmp_path):
    def read(st):
        st.power_supply.apply(3.0)
        st.sleep(1)
        st.voltmeter.read()

    run = meterrig.run(make(read, ["power_supply", "voltmeter"]), data=tmp_path, faults=["io-silent:dmm1#3"])
    cause = run.result("LAB-1").cause
    assert run.verdict == "void" and cause["instrument"] == "dmm1" and cause["command"] and cause["after_s"] > 0


@pytest.mark.parametrize("word", ["inconclusive", "void", "not_applicable"])
def test_a_procedure_may_say_its_verdict(tmp_path, word):
    def verdict(st):
        getattr(st, word)("because of the weather")

    run = meterrig.run(make(verdict), data=tmp_path)
    assert run.result("LAB-1").verdict == word
    assert run.result("LAB-1").cause["text"] == "because of the weather"


def test_void_repeats_and_tells_the_attempt(tmp_path):
    seen = []

    def flaky(st):
        seen.append(st.attempt)
        if st.attempt == 1:
            st.void("not yet")
        st.measure("attempt", st.attempt, equals=2)

    run = meterrig.Plan.of(make(flaky), retries=2).run(data=tmp_path)
    assert seen == [1, 2] and run.verdict == "pass" and run.result("LAB-1").attempts == 2


def test_units_convert_and_wrong_ones_are_refused(tmp_path):
    said = []

    def units(st):
        st.power_supply.apply(3.0)
        st.measure("volts", st.power_supply.voltage(), "mV", between=(2900, 3100))
        for wrong in (lambda: st.measure("x", st.power_supply.voltage(), "uA", at_most=1),
                      lambda: st.measure("x", 1.0, at_most=1, at_least=0),
                      lambda: st.measure("x", float("nan"), at_most=1)):
            try:
                wrong()
            except ValueError as error:
                said.append(str(error))

    run = meterrig.run(make(units), data=tmp_path)
    assert run.verdict == "pass" and run.result("LAB-1")["volts"].value == pytest.approx(3000, abs=50)
    assert len(said) == 3 and "'uA'" in said[0] and "expected one" in said[1] and "finite" in said[2]


def test_a_station_outlives_its_procedure_only_as_an_error(tmp_path):
    kept = []

    def keep(st):
        kept.append(st)

    run = meterrig.run(make(keep), data=tmp_path)
    assert run.verdict in ("not_tested", "recorded")
    with pytest.raises(meterrig.RigClosed, match="is over"):
        kept[0].power_supply.voltage()


def test_calls_from_another_thread_are_refused(tmp_path):
    said = []

    def other(st):
        def call():
            try:
                st.power_supply.voltage()
            except meterrig.WrongThread as wrong:
                said.append(str(wrong))

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    meterrig.run(make(other), data=tmp_path)
    assert said == ["a procedure calls its station from its own thread only"]


@pytest.mark.parametrize("how", ["wait", "compute", "swallow"])
def test_stop_from_another_thread(tmp_path, how):
    began = threading.Event()

    def stubborn(st):
        st.power_supply.apply(3.0)
        began.set()
        while True:
            try:
                if how == "wait":
                    st.sleep(0.01)
                sum(range(1000))
            except meterrig.Stopped:
                if how != "swallow":
                    raise

    run = meterrig.Plan.of(make(stubborn, estimate_s=1e6)).prepare(data=tmp_path).start()
    assert began.wait(10)
    run.stop()
    run.wait()
    assert run.state == "aborted" and run.result("LAB-1").verdict == "void"
    assert "stopped by" in run.result("LAB-1").cause["text"]
    assert all(output["ok"] for output in of_type(journal(run.data, run.id), "safe_state")[-1]["outputs"])


def test_a_computing_procedure_stalls_no_other_station(bench, tmp_path):
    def busy(st):
        if st.number("samples") == st.dut.sample:
            time.sleep(1.0)
        else:
            times = []
            for _ in range(20):
                began = time.monotonic()
                st.voltmeter.read()
                times.append(time.monotonic() - began)
            st.measure("longest", max(times), "s", at_most=0.5)
        st.measure("done", 1, equals=1)

    own = make(busy, ["voltmeter"], parameters={"samples": 1})
    plan = meterrig.Plan.of(own, samples=3)
    run = plan.run(data=tmp_path, rig=bench.rig_file, duts=["wg25-r-1", "wg25-r-2", "wg25-r-3"])
    assert run.verdict == "pass", [result.cause for result in run.results]


def test_ctrl_c_of_the_program_with_procedures(tmp_path):
    (tmp_path / "own.py").write_text(textwrap.dedent("""
        import meterrig

        @meterrig.procedure("LAB-7", title="endless", needs=["power_supply"], estimate_s=1e6)
        def endless(st):
            st.power_supply.apply(3.0)
            print("computing", flush=True)
            while True:
                pass
    """))
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    process = started("run", "plan.json", "--procedures", "own.py", cwd=tmp_path)
    read_until(process, lambda line: "computing" in line)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 4, out + err
    record = json.loads(next((tmp_path / "meterrig-data" / "records").glob("*.json")).read_text())
    assert record["state"] == "aborted"


@pytest.mark.parametrize("text, said", [("x = 1", "found no procedure in"), ("def f(:", "SyntaxError"),
                                        (None, "found no file")])
def test_files_without_procedures(tmp_path, text, said):
    if text is not None:
        (tmp_path / "own.py").write_text(text)
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    ended = program("run", "plan.json", "--procedures", "own.py", cwd=tmp_path)
    assert ended.returncode == 2 and said in ended.stderr and "Traceback" not in ended.stderr, ended.stderr


def test_decorator_says_what_it_expects():
    for words in ({"id": "lab7"}, {"radio": "loud"}, {"needs": "power_supply"}, {"estimate_s": -1}):
        with pytest.raises(meterrig.UserError, match="expected"):
            meterrig.procedure(**({"id": "LAB-7", "title": "t", "needs": []} | words))
    with pytest.raises(meterrig.UserError, match="from 0 to 1"):
        meterrig.Parameter(7, 0, 1)


def test_parameter_out_of_bounds_is_refused_before_anything_is_switched_on(sleep_current, tmp_path):
    plan = meterrig.Plan.of((sleep_current, {"window_s": 3600}))
    with pytest.raises(meterrig.UserError, match="from 1 to 600") as wrong:
        plan.run(data=tmp_path)
    assert "plan-1.json" in str(wrong.value)


def test_events_come_while_the_run_goes_on(tmp_path):
    run = meterrig.Plan("cjt503-auto").prepare(only=["5.3.8"], data=tmp_path)
    types = [event.type for event in run]
    assert types[0] == "run_started" and types[-1] == "run_ended"
    assert [e["type"] for e in journal(tmp_path, run.id)] == types
    frame = run.to_pandas()
    assert set(frame["name"]) >= {"quiescent_current"} and len(frame) == len(run.rows())
    assert "CJT503-5.3.8/6.10" in run._repr_html_()
    assert run.started.tzinfo is not None and run.ended > run.started


@pytest.mark.parametrize("where", ["while waiting", "in the loop"])
def test_ctrl_c_in_a_script_that_runs_a_plan(tmp_path, where):
    process = started_script(
        """
        import sys, time, meterrig

        @meterrig.procedure("LAB-1", title="endless", needs=["power_supply"], estimate_s=1e6)
        def endless(st):
            st.power_supply.apply(3.0)
            while True:
                st.sleep(0.01)

        for event in meterrig.Plan.of(endless).prepare(data=sys.argv[1]):
            if event.type == "clause_started":
                print("begun", flush=True)
                if sys.argv[2] == "in the loop":
                    time.sleep(60)
        """, tmp_path / "data", where, cwd=tmp_path)
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in err and "terminate" not in err, err
    (run,) = [row[0] for row in sqlite3.connect(tmp_path / "data" / "meterrig.sqlite").execute("SELECT run FROM runs")]
    last = journal(tmp_path / "data", run)[-1]
    assert (last["type"], last["state"]) == ("run_ended", "aborted")
