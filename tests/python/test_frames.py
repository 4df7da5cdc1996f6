"""`frame decode` as people and programs use it."""

import json

import pytest

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
