"""Wrong files and wrong words: exit 2, one message with place, found and expected, and nothing is begun."""

import re

import pytest

from rigtools import CONFIG

PLAN, RIG, DUT = "plans/cjt503-auto.json", "rigs/embedded.json", "duts/wg25-r-1.json"
# File, what is replaced by what, the place inside, and the words that say what was found and what was expected.
CASES = {
    "plan, unknown key": (PLAN, '"samples": 3', '"sampels": 3', "/sampels", 'unknown key "sampels"',
                          'did you mean "samples"?'),
    "plan, clause that the standard lacks": (PLAN, '"CJT503-5.3.8/6.10"', '"CJT503-5.3.8/6.99"', "/clauses/0",
                                             'string "CJT503-5.3.8/6.99"', "a clause of cjt503"),
    "plan, clause twice": (PLAN, '"CJT503-5.3.9/6.11"', '"CJT503-5.3.8/6.10"', "/clauses/1",
                           'clause "CJT503-5.3.8/6.10" again', "each clause once"),
    "plan, unknown standard": (PLAN, '"standard": "cjt503"', '"standard": "cjt530"', "/standard", 'string "cjt530"',
                               'did you mean "cjt503"?'),
    "plan, unknown parameter": (PLAN, '"CJT503-5.3.6/6.8"', '{"clause": "5.3.6", "parameters": {"cycels": 9}}',
                                "/clauses/13/parameters/cycels", 'unknown key "cycels"', 'did you mean "cycles"?'),
    "plan, wrong type": (PLAN, '"samples": 3', '"samples": "3"', "/samples", 'string "3"', "an integer"),
    "plan, key twice": (PLAN, '"retries": 0', '"retries": 0, "samples": 3', "/samples", 'key "samples" again',
                        "each key once"),
    "rig, unknown key": (RIG, '"dummy_light_ohm"', '"dummy_lite_ohm"', "/dummy_lite_ohm",
                         'unknown key "dummy_lite_ohm"', 'did you mean "dummy_light_ohm"?'),
    "rig, station twice": (RIG, '"name": "2"', '"name": "1"', "/stations/1/name", 'station "1" again', "each once"),
    "rig, instrument twice": (RIG, '"psu2": {', '"psu1": {', "/instruments/psu1", 'key "psu1" again',
                              "each key once"),
    "rig, unknown role": (RIG, '"opener": {"instrument": "relays1"', '"openar": {"instrument": "relays1"',
                          "/stations/0/roles/openar", 'unknown key "openar"', 'did you mean "opener"?'),
    "rig, no such instrument": (RIG, '"gauge": {"instrument": "gauge1"}', '"gauge": {"instrument": "guage1"}',
                                "/stations/0/roles/gauge/instrument", 'string "guage1"', 'did you mean "gauge1"?'),
    "rig, unknown profile": (RIG, '"profile": "air_unit"', '"profile": "air_unti"', "/instruments/air1/profile",
                             'string "air_unti"', 'did you mean "air_unit"?'),
    "rig, address": (RIG, '"virtual:air1"', '"http://air1"', "/instruments/air1/address", 'string "http://air1"',
                     "tcp://"),
    "rig, address twice": (RIG, '"virtual:air2"', '"virtual:air1"', "/instruments/air2/address",
                           "the address of air1 again", "an address of its own"),
    "rig, coil twice": (RIG, '"relays1", "coil": 3}', '"relays1", "coil": 2}', "/stations/0/roles/opener/coil",
                        "coil 2 of relays1 again", "each coil once"),
    "rig, faster than allowed": (RIG, '"time_scale": 1', '"time_scale": 51', "/time_scale", "number 51",
                                 "at most 50"),
    "dut, unknown key": (DUT, '"wake_period_s"', '"wake_periods"', "/wake_periods", 'unknown key "wake_periods"',
                         'did you mean "wake_period_s"?'),
    "dut, key twice": (DUT, '"sample": 1', '"sample": 1, "serial": "X"', "/serial", 'key "serial" again',
                       "each key once"),
    "dut, number for a decimal": (DUT, '"pulse_volume_m3": "0.01"', '"pulse_volume_m3": 0.01', "/pulse_volume_m3",
                                  "number 0.01", "a decimal number as a string"),
    "dut, not in the list": (DUT, '"communication": "R"', '"communication": "X"', "/communication", 'string "X"',
                             '"R", "S", "G" or "O"'),
    "dut, out of order": (DUT, '"undervoltage_v": 4.8', '"undervoltage_v": 6.8', "/undervoltage_v", "number 6.8",
                          "less than nominal_voltage_v"),
}
RUN = {PLAN: ["{}"], RIG: ["cjt503-auto", "--rig", "{}"],
       DUT: ["cjt503-auto", "--dut", "{}", "--dut", "wg25-r-2", "--dut", "wg25-r-3"]}


def refused(ended, tmp_path):
    """The one message; nothing on standard output, no store, no record."""
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert ended.stdout == "" and not (tmp_path / "meterrig-data").exists()
    assert ended.stderr.endswith("\n") and ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.rstrip("\n").removeprefix("meterrig: ")


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_file(cli, tmp_path, name):
    base, old, new, place, found, expected = CASES[name]
    text = (CONFIG / base).read_text()
    at = text.index(old)
    changed = text[:at] + new + text[at + len(old):]
    line = changed[:at].count("\n") + 1
    (tmp_path / "mine.json").write_text(changed)
    said = refused(cli("run", *[word.format("mine.json") for word in RUN[base]]), tmp_path)
    message = re.fullmatch(r"(.*):(\d+): at (\S+): found (.*); expected (.*)", said)
    assert message, said
    assert (message[1], int(message[2]), message[3]) == ("mine.json", line, place)
    assert message[4] == found and expected in message[5], said
    checked = cli("check", "mine.json")
    assert (checked.returncode, checked.stdout, checked.stderr.rstrip("\n")) == (2, "", said)


@pytest.mark.parametrize("base", RUN)
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.999])
def test_a_truncated_file(cli, tmp_path, base, share):
    text = (CONFIG / base).read_text().rstrip()
    cut = text[:int(len(text) * share)]
    (tmp_path / "mine.json").write_text(cut)
    said = refused(cli("run", *[word.format("mine.json") for word in RUN[base]]), tmp_path)
    message = re.fullmatch(r"mine\.json:(\d+): at (/\S*): found (.+); expected (.+)", said)
    assert message and int(message[1]) <= cut.count("\n") + 1, said


@pytest.mark.parametrize("base", RUN)
def test_a_file_that_is_not_there(cli, tmp_path, base):
    said = refused(cli("run", *[word.format("not/there.json") for word in RUN[base]]), tmp_path)
    assert said.startswith('found no file "not/there.json"; expected a path, or a name under config/')
    assert "not/there.json: found no such file" in cli("check", "not/there.json").stderr


def test_check_finds_every_wrong_file_in_one_pass(cli, tmp_path):
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[]")
    ended = cli("check", "a.json", CONFIG / DUT, "b.json")
    assert ended.returncode == 2
    assert ended.stdout == f"{CONFIG / DUT}: dut, ok\n"
    assert [line.split(":")[0] for line in ended.stderr.splitlines()] == ["a.json", "b.json"]


@pytest.mark.parametrize("words, said", [
    ("run nothing", "config/plans/"),
    ("run cjt503-aut", 'did you mean "cjt503-auto"?'),
    ("run cjt503-auto --only 9.9", "expected an id, a requirement or a test clause"),
    ("run cjt503-auto --defect cjt503-5.3.8-d33", 'did you mean "cjt503-5.3.8-d3"?'),
    ("run cjt503-auto --defect cjt503-5.3.8-d3@9", "no sample 9"),
    ("run cjt503-auto --fault io-silent:psv@2", 'did you mean "io-silent:psu"?'),
    ("run cjt503-auto --fault io-silent:psu@9", 'no station "9"'),
    ("run cjt503-auto --override nobody", "expected WHO:WHY"),
    ("run cjt503-auto --answers none.json", "none.json"),
    ("rnu", 'did you mean "run"?'),
    ("results show", "there are no runs in"),
    ("report latest", "there are no runs in"),
    ("list clauses --standard cjt305", 'did you mean "cjt503"?'),
    ("bench serve nothing", "config/rigs/"),
])
def test_wrong_words(cli, tmp_path, words, said):
    assert said in refused(cli(*words.split()), tmp_path)


@pytest.mark.parametrize("words", ["run", "run cjt503-auto --nonsense", "run cjt503-auto --seed x", "results",
                                   "run cjt503-auto --lang fr", "run cjt503-auto --clock fast", "bench serve"])
def test_words_that_no_command_takes(cli, words):
    ended = cli(*words.split())
    assert ended.returncode == 2 and ended.stdout == "" and "--help says what is expected" in ended.stderr


# The message may have a line of the run before it: from here on a record of the refusal is kept.
@pytest.mark.parametrize("duts, said", [
    (["wg25-r-1", "wg25-r-1"], "is named twice"),
    (["wg25-r-1", "wg25-r-2", "wg25-r-3", "wg25-r-direct-1"], "4 samples for 3 stations"),
])
def test_samples_that_do_not_fit_the_rig(cli, duts, said):
    for _ in range(3):
        ended = cli("run", "cjt503-auto", *[word for dut in duts for word in ("--dut", dut)])
        assert ended.returncode == 2 and said in ended.stderr and ended.stderr.count("\n") == 1, ended.stderr
    assert '"refused"' in cli("results", "list", "--json").stdout


def test_an_expired_calibration(cli):
    ended = cli("run", "cjt503-auto", "--only", "5.3.8", "--fault", "R9@2")
    assert ended.returncode == 2 and "analyser2" in ended.stderr and "--override WHO:WHY" in ended.stderr
    named = cli("run", "cjt503-auto", "--only", "5.3.8", "--fault", "R9@2", "--override", "Li Wei:checked")
    assert named.returncode == 0 and "recorded" in named.stdout


def test_a_users_file_may_have_the_name_of_a_schema(cli, tmp_path):
    (tmp_path / "rig.json").write_text((CONFIG / RIG).read_text())
    assert cli("run", "cjt503-auto", "--rig", "rig.json", "--estimate").returncode == 0
