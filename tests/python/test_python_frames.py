"""Frames in Python: what the program says of them, made again byte by byte; bad ones and bad words are told."""

import datetime
import json
import sys
from decimal import Decimal

import pytest

from rigtools import PACKAGE, ROOT
from test_frames import ENCODED, REFUSED, published

sys.path.insert(0, str(PACKAGE))
import meterrig  # noqa: E402
from meterrig import frames  # noqa: E402
from meterrig.frames import Item, decode, encode  # noqa: E402

VOLTAGES = "68 60 64 02 09 22 04 68 91 0A 33 32 34 35 47 56 33 33 33 33 97 16"
PUBLISHED = list(published())


def again(frame, **more):
    """The frame made of what was read from it."""
    preamble = next((part.stop - part.start for part in frame.bytes if part.name == "preamble"), 0)
    return encode(frame.protocol, address=frame.address, control=frame.control, meter_type=frame.meter_type,
                  data_identifier=frame.data_identifier, sequence=frame.sequence, items=frame.items,
                  status=frame.status, preamble=preamble, **more)


def as_json(frame):
    """As `frame decode --json` has it: nothing is null."""
    return {
        "protocol": frame.protocol, "valid": frame.valid, "error": frame.error or None,
        "explanation": frame.explanation or None, "departures": frame.departures,
        "direction": frame.direction or None, "address": frame.address or None,
        "meter_type": frame.meter_type or None, "control": frame.control or None,
        "data_identifier": frame.data_identifier or None, "sequence": frame.sequence, "status": frame.status,
        "items": [{"name": i.name, "value": i.text or None, "unit": i.unit or None} for i in frame.items],
        "bytes": [{"from": part.start, "to": part.stop, "is": part.name} for part in frame.bytes],
    }


@pytest.mark.parametrize("protocol", frames.protocols())
def test_published_frames_are_read_as_the_program_reads_them(cli, protocol):
    texts = [text for its, text in PUBLISHED if its == protocol]
    said = cli("frame", "decode", "--json", "--protocol", protocol, input="\n".join(texts))
    ours = [as_json(frame) for frame in decode(bytes.fromhex("".join(texts)), protocol)]
    theirs = [{**frame, "items": [{"unit": None, **item} for item in frame["items"]]}
              for frame in map(json.loads, said.stdout.splitlines())]
    assert ours == theirs and len(ours) >= 2


def test_published_frames_are_made_again():
    made = 0
    for protocol, text in PUBLISHED:
        for frame in decode(text, protocol):
            if not frame.valid or frame.departures:
                continue
            made += 1
            begin, end = frame.bytes[0].start, frame.bytes[-1].stop
            if protocol == "mbus":
                (read,) = decode(again(frame), protocol)
                assert [(i.name, i.text, i.unit) for i in read.items] == [(i.name, i.text, i.unit) for i in frame.items]
            else:
                assert again(frame) == bytes.fromhex(text)[begin:end], frame
    assert made >= 40


@pytest.mark.parametrize("protocol, text", [
    ("dlt645", VOLTAGES),
    ("cjt188", "FEFEFEFE68AAAAAAAAAAAAAAAA0303810A004916"),
    ("mbus", "680909680805780C78785634121D16"),
    ("modbus-rtu", "01 04 00 00 00 02 71 CB"),
    ("modbus-tcp", "0001 0000 0006 11 03 006B 0003"),
])
def test_the_bytes_decide_of_which_protocol_they_are(protocol, text):
    raw = bytes.fromhex(text)
    for data in (text, raw, bytearray(raw), memoryview(raw)):
        (frame,) = decode(data)
        assert (frame.protocol, frame.valid, frame.error) == (protocol, True, "")
        assert [frame.bytes[0].start, frame.bytes[-1].stop] == [0, len(raw)]


def test_a_frame_says_exact_values():
    (frame,) = decode(VOLTAGES)
    assert (frame.address, frame.control, frame.data_identifier, frame.direction) == (
        "042209026460", "91", "0201FF00", "response")
    assert frame["voltage_a"] == Decimal("231.4") and str(frame["voltage_b"]) == "0.0"
    assert [item.unit for item in frame.items] == ["V"] * 3
    assert repr(frame) == ("<Frame dlt645 042209026460 0201FF00 "
                           "[<voltage_a 231.4 V>, <voltage_b 0.0 V>, <voltage_c 0.0 V>]>")
    with pytest.raises(KeyError, match="no item 'voltage'; it has voltage_a, voltage_b, voltage_c"):
        frame["voltage"]


@pytest.mark.parametrize("text, value", [
    ("231.4", Decimal("231.4")), ("-0.50", Decimal("-0.50")), ("0", Decimal(0)), ("", None),
    ("2026-11-21T08:00:00", datetime.datetime(2026, 11, 21, 8)), ("2010-12-31", datetime.datetime(2010, 12, 31)),
    # Words and codes stay what they are, whatever Python could make of them.
    ("valve_open", "valve_open"), ("80E0", "80E0"), ("1E5", "1E5"), ("000012345678", "000012345678"),
    ("20101231T080000", "20101231T080000"), ("2026-02-30", "2026-02-30"), ("nan", "nan"), ("1_000", "1_000"),
])
def test_what_the_text_of_an_item_is_worth(text, value):
    found = Item("any", text).value
    assert found == value and type(found) is type(value) and str(found) == str(value)


def test_several_frames_between_noise():
    found = decode(f"00 FF {VOLTAGES} 55 {VOLTAGES} AA")
    assert [(frame.valid, frame.address) for frame in found] == [(True, "042209026460")] * 2


@pytest.mark.parametrize("at, error", [(0, "no_start"), (7, "no_start"), (9, "truncated"), (12, "bad_checksum"),
                                       (20, "bad_checksum"), (21, "bad_end")])
def test_a_bad_frame_comes_back_with_its_error(at, error):
    raw = bytearray.fromhex(VOLTAGES)
    raw[at] ^= 0x40
    (frame,) = decode(raw, "dlt645")
    assert not frame.valid and frame.error == error
    assert frame.explanation and f"invalid: {error}" in repr(frame)


def test_a_frame_that_ends_too_early():
    for length in range(1, 22):
        found = decode(bytes.fromhex(VOLTAGES)[:length], "dlt645")
        assert [(frame.valid, frame.error) for frame in found] == [(False, "truncated")]


def test_places_are_those_of_the_input():
    frame = bytes.fromhex(VOLTAGES)
    bad = frame[:-2] + b"\x00\x16"
    found = decode(b"\xFE" * 4 + frame + bad + frame, "dlt645")
    assert [(f.valid, f.bytes[0].start, f.bytes[-1].stop) for f in found] == [(True, 0, 26), (True, 48, 70)]


@pytest.mark.parametrize("words, text", ENCODED)
def test_words_make_a_frame(words, text):
    protocol, *rest = words.split()
    options, items = {}, {}
    while rest:
        word = rest.pop(0)
        if word == "--bcd":
            options["bcd"] = True
        elif word.startswith("--"):
            options[word[2:]] = rest.pop(0)
        else:
            items.update([word.split("=", 1)])
    named = {"type": "meter_type", "identifier": "data_identifier"}
    options = {named.get(key, key): value for key, value in options.items()}
    for number in ("sequence", "preamble"):
        if number in options:
            options[number] = int(options[number])
    if "status" in options:
        options["status"] = [options["status"]]
    assert encode(protocol, items=items, **options).hex().upper() == text


def test_items_as_python_has_them():
    head = dict(address="00000012345678", meter_type="10", control="04", sequence=7)
    at = datetime.datetime(2026, 11, 21, 8, 0, 0)
    clock = encode("cjt188", data_identifier="A015", items={"clock": at}, **head)
    assert clock.hex().upper() == "681078563412000000040AA0150700000821112620D616"
    assert decode(clock)[0]["clock"] == at
    bought = {"purchase_sequence": 3, "purchased_money": Decimal("12.50")}
    (frame,) = decode(encode("cjt188", data_identifier="A013", items=bought, **head))
    assert {name: frame[name] for name in bought} == bought
    base = encode("cjt188", data_identifier="A016", items=[Item("base_value", Decimal("1.5"), "m3")],
                  **{**head, "control": "16"})
    (frame,) = decode(base)
    assert frame["base_value"] == Decimal("1.5") and frame.items[0].unit == "m3" and frame.valid


@pytest.mark.parametrize("control, words, said", [case for case in REFUSED if all("=" in w for w in case[1][1:])])
def test_what_can_not_be_encoded_is_named(control, words, said):
    items = []
    for word in words[1:]:
        name, text = word.split("=", 1)
        items.append(Item(name, *text.split(" ", 1)))
    with pytest.raises(meterrig.UserError) as refused:
        encode("cjt188", meter_type="10", address="00000012345678", control=control, data_identifier=words[0],
               items=items)
    assert said in str(refused.value)


@pytest.mark.parametrize("call, kind, said", [
    (lambda: encode("cjt189"), ValueError, "expected one of frames.protocols()"),
    (lambda: encode("mbus", control="08", items={"flow": 1.5}, preamble=1001), ValueError, "0 to 1000 bytes"),
    (lambda: encode("cjt188", items=[("clock", "now")]), meterrig.UserError, "expected frames.Item"),
    (lambda: decode(VOLTAGES, "dlt 645"), ValueError, "expected one of frames.protocols()"),
    (lambda: decode("68 6"), ValueError, "one hexadecimal digit"),
    (lambda: decode("xx"), ValueError, "character 1"),
    (lambda: decode("68 ā6"), ValueError, "character 4"),
    (lambda: decode(5), TypeError, "bytes-like"),
    (lambda: decode([0x68]), TypeError, "bytes-like"),
    (lambda: decode(None), TypeError, "bytes-like"),
])
def test_wrong_words_are_told(call, kind, said):
    with pytest.raises(kind) as refused:
        call()
    assert said in str(refused.value)
