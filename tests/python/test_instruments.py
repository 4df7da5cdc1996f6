"""`meterrig instruments check` and `discover`: on the virtual bench, and over the ports of a served one."""

import json
import socket
import threading

import pytest

from rigtools import CONFIG, meterrig


def check(tmp_path, *words, timeout=120):
    ended = meterrig("instruments", "check", "--json", *words, cwd=tmp_path, timeout=timeout)
    assert ended.returncode in (0, 1), ended.stderr
    found = json.loads(ended.stdout)
    members = {member["name"]: member for member in found["instruments"]}
    compared = {(c["station"], c["quantity"]): c for c in found["comparisons"]}
    return ended.returncode, members, compared


def trouble(members, compared):
    return ({name for name, member in members.items() if member["problems"]},
            {key for key, comparison in compared.items() if comparison["problem"]})


def test_a_healthy_bench_is_as_its_files_say(tmp_path):
    code, members, compared = check(tmp_path)
    assert (code, trouble(members, compared)) == (0, (set(), set()))
    assert members["psu1"]["model"] == "DP832" and members["psu1"]["serial"] == "DP8A000001"
    assert members["psu1"]["firmware"] and members["dmm2"]["firmware"]
    assert members["gauge3"]["serial"] == "PT-0003"
    assert members["dmm1"]["calibration"]["days_left"] > 0 and members["relays1"]["calibration"] is None
    quantities = {"supply_voltage", "ammeter_into_dummy_heavy", "microammeter_into_dummy_light"}
    assert set(compared) == {(station, quantity) for station in "123" for quantity in quantities}
    for comparison in compared.values():
        assert abs(comparison["reading"] - comparison["reference"]) <= comparison["allowed"]
    # 3.6 V into 10 ohm and 1 kohm: the numbers are measured, not echoed.
    assert compared["1", "ammeter_into_dummy_heavy"]["reading"] == pytest.approx(0.36, rel=0.01)
    assert compared["1", "microammeter_into_dummy_light"]["reading"] == pytest.approx(3.6e-3, rel=0.01)


@pytest.mark.parametrize("fault, member, comparisons", [
    ("reads-high:dmm@1", None, {("1", "supply_voltage")}),
    ("reads-high:psu@2", None, {("2", q) for q in ("supply_voltage", "ammeter_into_dummy_heavy",
                                                   "microammeter_into_dummy_light")}),
    ("relay-dead:dummy_heavy@3", None, {("3", "ammeter_into_dummy_heavy")}),
    ("io-silent:leak@2", "leak2", set()),
    ("io-garbage:dmm@1", "dmm1", {("1", "supply_voltage")}),
    ("R9@1", "analyser1", set()),
])
def test_what_is_wrong_is_found_where_it_is(tmp_path, fault, member, comparisons):
    code, members, compared = check(tmp_path, "--fault", fault)
    assert code == 1
    assert trouble(members, compared) == ({member} if member else set(), comparisons)


@pytest.mark.parametrize("member", ["dmm1", "gauge1"])
def test_another_unit_of_the_model_measures_nothing(tmp_path, member):
    """Its calibration is another one: of what it would have measured nothing is judged."""
    rig = json.loads((CONFIG / "rigs" / "embedded.json").read_text())
    serial = rig["instruments"][member]["serial"]
    rig["instruments"][member]["serial"] = serial + "9"
    (tmp_path / "rig.json").write_text(json.dumps(rig))
    words = ["--only", "6.9", "--rig", "rig.json", "--record", "record.json"]
    ended = meterrig("run", "cjt503-auto", *words, cwd=tmp_path)
    assert ended.returncode == 3, ended.stderr
    results = json.loads((tmp_path / "record.json").read_text())["duts"][0]["results"]
    judged = {result["id"]: result for result in results}["CJT503-5.3.7/6.9"]
    assert judged["verdict"] == "void"
    assert judged["cause"]["text"] == f"{member} has serial number {serial}; the rig file says {serial}9"


def test_without_outputs_nothing_is_compared(tmp_path):
    code, members, compared = check(tmp_path, "--no-outputs")
    assert code == 0 and members and not compared


def test_the_table_for_people(tmp_path):
    ended = meterrig("instruments", "check", "--fault", "reads-high:dmm@1", cwd=tmp_path)
    assert ended.returncode == 1
    lines = ended.stdout.splitlines()
    assert any(line.startswith("psu1") and "DP8A000001" in line and line.endswith("ok") for line in lines)
    wrong = next(i for i, line in enumerate(lines) if line.endswith("NOT GOOD"))
    assert "supply_voltage" in lines[wrong] and "apart" in lines[wrong + 1]


def ask(address, question):
    host, port = address.removeprefix("tcp://").rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as link:
        link.sendall(question.encode() + b"\n")
        return link.makefile().readline().strip()


def test_over_real_ports_and_safe_afterwards(tmp_path, bench):
    code, members, compared = check(tmp_path, "--rig", bench.rig_file, timeout=240)
    assert (code, trouble(members, compared)) == (0, (set(), set()))
    for name in ("psu1", "psu2", "psu3"):
        assert ask(bench.address(name), ":OUTP? CH1") == "OFF"


def where(bench, name):
    """host:port of a served instrument."""
    return bench.address(name).split("//")[1].split("/")[0]


class Voltmeter(threading.Thread):
    """A 34465A that says who it is, and what its self-test found."""

    def __init__(self, self_test):
        super().__init__()
        self.answers = {"*IDN?": "Keysight Technologies,34465A,MY1,1.0", "*TST?": self_test}
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self):
        link, _ = self.listener.accept()
        with link, link.makefile("rw") as text:
            for line in text:
                text.write(self.answers[line.strip()] + "\n")
                text.flush()


@pytest.mark.parametrize("answer, said", [("+0", "passed"), ("+1", "*TST? gave \"+1\"")])
def test_the_self_test_counts(tmp_path, answer, said):
    with (instrument := Voltmeter(answer)).listener:
        instrument.start()
        rig = {"id": "one", "title": {"zh": "一台", "en": "one"}, "place": {"name": "here", "utc_offset": "+08:00"},
               "instruments": {"dmm": {"profile": "keysight_34465a", "address": instrument.address, "serial": "MY1"}},
               "stations": [{"name": "1", "roles": {"voltmeter": {"instrument": "dmm"}}}], "shared": {},
               "safe_state_order": []}
        (tmp_path / "rig.json").write_text(json.dumps(rig))
        code, members, _ = check(tmp_path, "--rig", tmp_path / "rig.json")
        instrument.join()
    assert members["dmm"]["self_test"] == said
    assert code == (0 if said == "passed" else 1)


def discover(tmp_path, *words):
    ended = meterrig("instruments", "discover", "--no-broadcast", "--json", *words, cwd=tmp_path, timeout=240)
    return ended.returncode, json.loads(ended.stdout)


def test_discovery_proposes_what_the_rig_file_says(tmp_path, bench):
    names = ["psu1", "dmm2", "analyser3", "relays1", "air2", "gauge1", "leak3", "flow1", "counter2", "ambient"]
    words = [word for name in names for word in ("--host", where(bench, name))]
    code, found = discover(tmp_path, *words)
    assert code == 0
    entries = {entry["address"]: entry for entry in found["instruments"].values()}
    # A board that only tells its firmware's number may be either of the maker's two: nothing is guessed.
    boards = next(each for each in found["found"] if each["address"] == bench.address("relays1"))
    assert set(boards["profiles"]) == {"waveshare_io8", "waveshare_relay8"}
    assert bench.address("relays1") not in entries
    for name in names:
        member = bench.rig["instruments"][name]
        if name != "relays1":
            assert entries[member["address"]] == {key: member[key] for key in ("profile", "address", "serial")}


def test_a_port_that_says_nothing_is_listed_without_a_proposal(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        code, found = discover(tmp_path, "--timeout", "0.2", "--host", f"127.0.0.1:{port}")
    here = [each for each in found["found"] if each["address"] == f"tcp://127.0.0.1:{port}"]
    assert code == 0 and [each["identity"] for each in here] == [None]
    assert found["instruments"] == {}


def test_an_unknown_instrument_is_shown_and_not_proposed(tmp_path):
    def say_who(listener):
        link, _ = listener.accept()
        with link, link.makefile("rw") as text:
            if text.readline() == "*IDN?\n":
                text.write("ACME,X1,7,1.0\n")
                text.flush()
            text.readline()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        stranger = threading.Thread(target=say_who, args=(listener,))
        stranger.start()
        port = listener.getsockname()[1]
        code, found = discover(tmp_path, "--host", f"127.0.0.1:{port}")
        stranger.join()
    here = [each for each in found["found"] if each["address"] == f"tcp://127.0.0.1:{port}"]
    assert code == 0 and [each["identity"] for each in here] == ["ACME,X1,7,1.0"]
    assert found["instruments"] == {}
