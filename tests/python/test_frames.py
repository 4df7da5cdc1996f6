"""`frame decode` and `frame encode` as people and programs use them."""

import json

import pytest

from rigtools import ROOT

GOOD = "68 60 64 02 09 22 04 68 91 0A 33 32 34 35 47 56 33 33 33 33 97 16"
BAD = GOOD[:-5] + "98 16"


def decoded(ended):
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_a_frame_in_words(cli):
    ended = cli("frame", "decode", GOOD)
    assert ended.returncode == 0
    assert "dlt645  response  address 042209026460" in ended.stdout and "231.4 V" in ended.stdout


def test_a_frame_for_programs(cli):
    (frame,) = decoded(cli("frame", "decode", "--json", GOOD.replace(" ", "")))
    assert frame["valid"] and frame["error"] is None and frame["data_identifier"] == "0201FF00"
    assert frame["items"][0] == {"name": "voltage_a", "value": "231.4", "unit": "V"}
    ends = [b["to"] for b in frame["bytes"]]
    assert [b["from"] for b in frame["bytes"]] == [0] + ends[:-1] and ends[-1] == 22


def test_several_frames_between_noise_from_standard_input(cli):
    ended = cli("frame", "decode", "--json", input=f"00 FF {GOOD}\n55 {GOOD} AA\n")
    assert ended.returncode == 0 and [f["address"] for f in decoded(ended)] == ["042209026460"] * 2


def test_a_bad_frame_is_explained(cli):
    ended = cli("frame", "decode", "--json", BAD)
    (frame,) = decoded(ended)
    assert ended.returncode == 1
    assert frame["error"] == "bad_checksum" and frame["explanation"] == "byte 20: checksum 98, expected 97"


@pytest.mark.parametrize("words, said", [("xx 00", "character 1"), ("123", "one hexadecimal digit"), ("", "no bytes")])
def test_what_is_no_hexadecimal_is_the_users_to_mend(cli, words, said):
    ended = cli("frame", "decode", words)
    assert ended.returncode == 2 and said in ended.stderr and ended.stdout == ""


def published():
    """Hexadecimal text and protocol of the published frames; of Modbus each frame names its own."""
    for protocol in ("cjt188", "dlt645", "mbus", "modbus"):
        held = json.loads((ROOT / "tests" / "data" / "telegrams" / f"{protocol}.json").read_text())
        for frame in held["frames"] if isinstance(held, dict) else held:
            name = {"Modbus-RTU": "modbus-rtu", "Modbus-TCP": "modbus-tcp"}.get(frame.get("protocol"), protocol)
            yield name, "".join(frame["hex"].split())


def faultless(cli):
    """JSON lines and bytes of the published frames that depart from nothing, by protocol."""
    for protocol, text in published():
        for line in cli("frame", "decode", "--json", "--protocol", protocol, text).stdout.splitlines():
            frame = json.loads(line)
            if frame["valid"] and not frame["departures"]:
                begin, end = frame["bytes"][0]["from"], frame["bytes"][-1]["to"]
                yield protocol, line, text[2 * begin : 2 * end].upper()


def test_what_decode_says_encode_makes_again(cli):
    frames = list(faultless(cli))
    ended = cli("frame", "encode", input="\n".join(line for _, line, _ in frames))
    assert ended.returncode == 0, ended.stderr
    made = ended.stdout.splitlines()
    assert len(frames) == len(made) >= 40
    for (protocol, line, text), again in zip(frames, made):
        if protocol == "mbus":
            (said,) = decoded(cli("frame", "decode", "--json", "--protocol", "mbus", again))
            assert said["items"] == json.loads(line)["items"]
        else:
            assert again == text


ENCODED = [
    ("cjt188 --type 10 --address 00000012345678 --control 04 --identifier A015 --sequence 7 clock=2026-11-21T08:00:00",
     "681078563412000000040AA0150700000821112620D616"),
    ("dlt645 --address 042209026460 --control D1 --status no_such_data --preamble 2",
     "FEFE686064020922046" "8D10135CA16"),
    ("dlt645 --address 000000000001 --control 1C password_level=02 password=000000 operator_code=00000001"
     " relay_command=trip deadline=2026-11-21T08:00:00",
     "680100000000006" "81C1035333333343333334D33333" "33B54445916"),
    ("modbus-rtu --address 01 --control 04 --identifier 0000 count=2", "01040000000271CB"),
    ("mbus --address 05 --control 5B", "105B056016"),
]


@pytest.mark.parametrize("words, text", ENCODED)
def test_options_make_a_frame(cli, words, text):
    ended = cli("frame", "encode", "--protocol", *words.split())
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == text + "\n"


REFUSED = [
    ("04", ["A015", "clok=2026-11-21T08:00:00"], 'unknown_item: item "clok" is not known here; did you mean "clock"?'),
    ("04", ["A015"], 'missing_item: item "clock" is missing'),
    ("04", ["A013", "purchase_sequence=1", "purchased_money=1.234"], 'too_many_decimals: "purchased_money" "1.234"'),
    ("04", ["A013", "purchase_sequence=100", "purchased_money=1"], 'out_of_range: "purchase_sequence" "100"'),
    ("16", ["A016", "base_value=1.5 m2"], 'unknown_unit: "base_value" has unit "m2", expected "L" or "m3"'),
    ("04", ["A017", "valve_command=shut"], 'bad_value: "valve_command" is "shut", expected "valve_open"'),
    ("04", ["A015", "clock"], 'found "clock"; expected NAME=VALUE'),
]


@pytest.mark.parametrize("control, words, said", REFUSED)
def test_what_can_not_be_encoded_is_the_users_to_mend(cli, control, words, said):
    head = ["--protocol", "cjt188", "--type", "10", "--address", "00000012345678", "--control", control, "--identifier"]
    ended = cli("frame", "encode", *head, *words)
    assert ended.returncode == 2 and said in ended.stderr and ended.stdout == ""


def test_a_bad_line_is_named(cli):
    good = cli("frame", "decode", "--json", GOOD).stdout
    bad = cli("frame", "decode", "--json", BAD).stdout
    ended = cli("frame", "encode", input=good + "\n" + bad)
    assert ended.returncode == 2 and ended.stdout.count("\n") == 1
    assert "standard input:3" in ended.stderr and "bad_checksum" in ended.stderr
    assert cli("frame", "encode", input="").returncode == 2
    assert cli("frame", "encode", "clock=1").returncode == 2
