"""`meterrig resume`: what was acknowledged stays, what was cut off starts again, and the record says so."""

import json
import shutil
import signal
import sqlite3
import textwrap

import pytest

from live_bench import kill_with_watchdog, powered_run, supply_outputs
from rigtools import CONFIG, NOTHING_LEFT, Bench, journal, meterrig, of_type, read_until, started, verdicts

DURABILITY = "CJT503-5.3.6/6.8"


def run_of(plan, folder, *words):
    ended = meterrig("run", plan, *words, "--record", "whole.json", cwd=folder)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return json.loads((folder / "whole.json").read_text())


@pytest.fixture(scope="module")
def gas(tmp_path_factory):
    """A whole run on gas meters that nothing cut off; none of the tests changes it."""
    folder = tmp_path_factory.mktemp("gas")
    return folder, run_of("cjt503-auto", folder, "--only", "5.3.8,5.3.7,5.3.6")


@pytest.fixture(scope="module")
def water(tmp_path_factory):
    folder = tmp_path_factory.mktemp("water")
    return folder, run_of("cjt484-auto", folder, "--only", "5.4.4,5.4.7")


def cut(source, run, target, last):
    """The store as the loss of power leaves it whose last synchronised event was number `last`."""
    data = target / "meterrig-data"
    shutil.copytree(source / "meterrig-data", data)
    store = sqlite3.connect(data / "meterrig.sqlite")
    with store:
        (key,) = store.execute("SELECT key FROM runs WHERE run = ?", (run,)).fetchone()
        for table, number in (("events", "seq"), ("seals", "events")):
            store.execute(f"DELETE FROM {table} WHERE run = ? AND {number} > ?", (key, last))
        (head,) = store.execute("SELECT hash FROM events WHERE run = ? AND seq = ?", (key, last)).fetchone()
        store.execute("UPDATE runs SET head_seq = ?, head_hash = ? WHERE key = ?", (last, head, key))
        store.execute("DELETE FROM seals WHERE run = ?", (key,))  # that of an end which it never came to
    store.close()


def resumed(folder, *words, code=0):
    ended = meterrig("resume", "latest", *words, "--record", "resumed.json", cwd=folder)
    assert ended.returncode == code, ended.stdout + ended.stderr
    record = json.loads((folder / "resumed.json").read_text())
    assert meterrig("results", "verify", record["run"], cwd=folder).returncode == 0
    return record


def attempts(record, sample, clause):
    (dut,) = [dut for dut in record["duts"] if dut["sample"] == sample]
    (result,) = [result for result in dut["results"] if result["id"] == clause]
    return result["attempt_records"]


def measured(attempt):
    return {m["name"]: m["value"] for m in attempt["measurements"]}


PLACES = [0.0, 0.15, 0.4, 0.6, 0.75, 0.9, 1.0]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", ["gas", "water"])
def test_after_the_loss_of_power_anywhere(request, kind, place, tmp_path):
    source, whole = request.getfixturevalue(kind)
    events = journal(source / "meterrig-data", whole["run"])
    last = 1 + round(place * (len(events) - 2))  # from run_started to before run_ended
    cut(source, whole["run"], tmp_path, last)
    record = resumed(tmp_path, "--by", "Li Wei")
    assert verdicts(record) == verdicts(whole) and record["state"] == "finished"
    (resumption,) = record["resumptions"]
    assert (resumption["by"], resumption["after"], resumption["events"]) == ("Li Wei", "interrupted", last)
    before = {(e["sample"], e["id"]) for e in of_type(events[:last], "clause_ended")}
    for sample, clause in verdicts(whole):
        tries = attempts(record, sample, clause)
        begun = {(e["sample"], e["id"]) for e in of_type(events[:last], "clause_started")}
        if (sample, clause) in before:
            assert len(tries) == 1, "what had its verdict was not tested again"
        elif (sample, clause) in begun:
            assert [one["verdict"] for one in tries] == ["void", verdicts(whole)[sample, clause]]
            assert "interrupted" in tries[0]["cause"]["text"]
    for dut in record["duts"]:
        assert all(setting["put_back"] for setting in dut["settings"] if setting["old"] is not None), dut["settings"]


def checkpoint_of(events, sample, at_least):
    return next(e for e in of_type(events, "checkpoint")
                if e["sample"] == sample and e["id"] == DURABILITY and e["state"]["cycle"] >= at_least)


def test_endurance_goes_on_from_its_last_acknowledged_cycle(gas, tmp_path):
    source, whole = gas
    events = journal(source / "meterrig-data", whole["run"])
    checkpoint = checkpoint_of(events, 2, 2300)
    cut(source, whole["run"], tmp_path, checkpoint["seq"])
    record = resumed(tmp_path)
    first, second = attempts(record, 2, DURABILITY)
    assert (first["verdict"], first["goes_on"], second["verdict"], second["goes_on"]) == ("void", False, "pass", True)
    assert any(f"goes on from cycle {checkpoint['state']['cycle']}" in note["text"]["en"] for note in second["notes"])
    assert measured(second)["opening_actions"] == 5000 and measured(second)["closing_actions"] == 5000
    # It did the rest, and no more: a second whole endurance would take nine hours of rig time and more.
    done = [e for e in of_type(journal(tmp_path / "meterrig-data", whole["run"]), "checkpoint") if e["sample"] == 2]
    cycles = [e["state"]["cycle"] for e in done]
    assert cycles == sorted(cycles) and cycles[-1] == 5000
    # The valve of the virtual meter is as worn as one that was never cut off.
    ended = [e for e in of_type(journal(tmp_path / "meterrig-data", whole["run"]), "clause_ended")
             if e["sample"] == 2 and e["id"] == DURABILITY][-1]
    uncut = [e for e in of_type(events, "clause_ended") if e["sample"] == 2 and e["id"] == DURABILITY][-1]
    worn, wanted = ended["bench"]["valve"]["closes"], uncut["bench"]["valve"]["closes"]
    assert wanted <= worn <= wanted + 2, "the closing after the interruption is the valve's, and not counted"


def test_a_worn_valve_stays_worn(tmp_path):
    (tmp_path / "whole").mkdir()
    whole = meterrig("run", "cjt503-auto", "--only", "5.3.6", "--defect", "cjt503-5.3.6-d1@2", "--record", "w.json",
                     cwd=tmp_path / "whole")
    assert whole.returncode == 1, whole.stdout + whole.stderr
    record = json.loads((tmp_path / "whole" / "w.json").read_text())
    events = journal(tmp_path / "whole" / "meterrig-data", record["run"])
    cut(tmp_path / "whole", record["run"], tmp_path, checkpoint_of(events, 2, 2300)["seq"])
    again = resumed(tmp_path, code=1)
    assert verdicts(again) == verdicts(record)


def test_the_report_tells_of_it(gas, tmp_path):
    source, whole = gas
    cut(source, whole["run"], tmp_path, 40)
    resumed(tmp_path, "--by", "Li <Wei>")
    report = (tmp_path / "meterrig-data" / "reports" / f"{whole['run']}.html").read_text()
    assert "Li &lt;Wei&gt;" in report and "Li <Wei>" not in report


def test_what_is_finished_does_not_go_on(gas):
    folder, whole = gas
    before = journal(folder / "meterrig-data", whole["run"])
    ended = meterrig("resume", "latest", cwd=folder)
    assert ended.returncode == 2 and "is finished" in ended.stderr
    assert journal(folder / "meterrig-data", whole["run"]) == before


def test_a_broken_journal_does_not_go_on(gas, tmp_path):
    source, whole = gas
    cut(source, whole["run"], tmp_path, 40)
    store = sqlite3.connect(tmp_path / "meterrig-data" / "meterrig.sqlite")
    with store:
        store.execute("UPDATE events SET bytes = replace(bytes, '\"attempt\":1', '\"attempt\":2') WHERE seq = 20")
        store.execute("UPDATE events SET bytes = bytes || ' ' WHERE seq = 21")
    store.close()
    ended = meterrig("resume", "latest", cwd=tmp_path)
    assert ended.returncode == 4 and "is not what was written" in ended.stderr


def test_the_files_have_to_be_those_of_the_start(tmp_path):
    dut = json.loads((CONFIG / "duts" / "wg25-r-1.json").read_text())
    rig = json.loads((CONFIG / "rigs" / "embedded.json").read_text())
    rig["stations"] = rig["stations"][:1]
    (tmp_path / "one.json").write_text(json.dumps(dut))
    (tmp_path / "rig.json").write_text(json.dumps(rig))
    words = ("cjt503-auto", "--only", "5.3.8,5.3.7", "--dut", "one.json", "--rig", "rig.json")
    whole = run_of(words[0], tmp_path, *words[1:])
    (tmp_path / "cut").mkdir()
    cut(tmp_path, whole["run"], tmp_path / "cut", 12)
    before = journal(tmp_path / "cut" / "meterrig-data", whole["run"])

    def refused(word):
        ended = meterrig("resume", "latest", cwd=tmp_path / "cut")
        assert ended.returncode == 2 and word in ended.stderr, ended.stderr
        assert "new run" in ended.stderr
        assert journal(tmp_path / "cut" / "meterrig-data", whole["run"]) == before

    (tmp_path / "one.json").write_text(json.dumps({**dut, "nominal_voltage_v": 6.1}))
    refused("`duts`")
    (tmp_path / "one.json").write_text(json.dumps(dut))
    supply = rig["stations"][0]["roles"]["power_supply"]["instrument"]
    other = {**rig["instruments"][supply], "serial": "ANOTHER-1"}
    (tmp_path / "rig.json").write_text(json.dumps({**rig, "instruments": {**rig["instruments"], supply: other}}))
    refused(f"{supply} is another instrument")
    again = {**rig["instruments"][supply], "calibration": {**rig["instruments"][supply]["calibration"],
                                                           "certificate": "NEW-1"}}
    (tmp_path / "rig.json").write_text(json.dumps({**rig, "instruments": {**rig["instruments"], supply: again}}))
    refused(f"{supply} has another calibration")
    (tmp_path / "rig.json").write_text(json.dumps(rig))
    record = resumed(tmp_path / "cut")
    assert verdicts(record) == verdicts(whole)


def test_procedures_in_python_go_on(tmp_path):
    (tmp_path / "own.py").write_text(textwrap.dedent('''
        import meterrig

        @meterrig.procedure("LAB-1", title="Supply", needs=["power_supply"])
        def supply(st):
            st.power_supply.apply(3)
            st.sleep(60)
            st.measure("voltage", st.power_supply.voltage(), "V", at_least=2.5)
    '''))
    (tmp_path / "plan.json").write_text(json.dumps(
        {"id": "own", "title": {"zh": "自定", "en": "own"}, "standard": "lab", "epoch": "2026-11-21T00:00:00Z",
         "default_rig": "embedded", "default_duts": ["wg25-r-1"], "samples": 1, "retries": 0, "clauses": ["LAB-1"]}))
    whole = run_of("plan.json", tmp_path, "--procedures", "own.py")
    events = journal(tmp_path / "meterrig-data", whole["run"])
    (tmp_path / "cut").mkdir()
    cut(tmp_path, whole["run"], tmp_path / "cut", of_type(events, "clause_started")[0]["seq"])
    record = resumed(tmp_path / "cut")
    assert verdicts(record) == {(1, "LAB-1"): "pass"} and len(attempts(record, 1, "LAB-1")) == 2


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("served"), scale=50)
    yield bench
    assert bench.end() == NOTHING_LEFT


def begun(bench, folder):
    """A run on the served bench whose second clause is under way."""
    process = started("run", "cjt503-auto", "--only", "5.3.8,5.3.14", "--rig", bench.rig_file, cwd=folder)
    read_until(process, lambda line: "5.3.14" in line and " start " in line)
    return process


@pytest.mark.parametrize("way", ["killed", "aborted"])
def test_over_sockets(served, tmp_path, way):
    process = begun(served, tmp_path)
    if way == "killed":
        kill_with_watchdog(process)
        process.communicate()
    else:
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) and process.returncode == 4
    ended = meterrig("resume", "latest", "--record", "r.json", cwd=tmp_path, timeout=120)
    record = json.loads((tmp_path / "r.json").read_text())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert [r["after"] for r in record["resumptions"]] == [{"killed": "interrupted"}.get(way, way)]
    assert set(verdicts(record).values()) <= {"pass", "not_applicable", "recorded"}
    events = journal(tmp_path / "meterrig-data", record["run"])
    assert len(of_type(events, "run_started")) == len(of_type(events, "run_resumed")) == 1
    verified = meterrig("results", "verify", "latest", cwd=tmp_path)
    assert verified.returncode == 0 and "valid" in verified.stdout, verified.stdout + verified.stderr
    assert supply_outputs(served) == ["OFF"] * 3


def test_a_run_that_is_under_way_is_not_taken_over(served, tmp_path):
    process = powered_run(served, tmp_path)
    ended = meterrig("resume", "latest", cwd=tmp_path)
    assert ended.returncode == 4 and f"process {process.pid}" in ended.stderr, ended.stderr
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
