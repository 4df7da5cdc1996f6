"""`meterrig meter` against virtual meters: a pseudo-terminal, a TCP serial server and Modbus TCP."""

import json
import re

import pytest

from rigtools import CONFIG, NOTHING_LEFT, ROOT, Bench, meterrig

KEY = "0123456789ABCDEFFEDCBA9876543210"
# As a maker built it whose profile docs/meter-profiles.md writes down.
MAKERS_OWN = {"name": "odd", "kind": "water", "address": "00110020260099", "identifier_order": "low_first",
              "reply_type": "19", "volume_unit": "L", "volume": "12.00"}
PROFILES = {"water1": "cjt188_water", "heat1": "cjt188_heat", "heat2": "mbus_heat",
            "electricity1": "dlt645_electricity", "electricity2": "modbus_electricity"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("meters")
    rig = json.loads((CONFIG / "rigs" / "desk.json").read_text())
    rig["bench"]["meters"].append(MAKERS_OWN)
    (folder / "desk.json").write_text(json.dumps(rig))
    served = Bench(folder, scale=1, rig="desk.json")
    served.folder = folder
    yield served
    assert served.end() == NOTHING_LEFT


def ports(desk, name):
    """All that the meter is served on."""
    return next(m for m in desk.rig["bench"]["meters"] if m["name"] == name)["ports"]


def port(desk, name, scheme):
    return next(p for p in ports(desk, name) if p.startswith(scheme))


def meter(desk, command, *words, port, profile, expect=0):
    """The one JSON object that the command prints."""
    done = meterrig("meter", command, *words, "--port", port, "--profile", profile, "--json", cwd=desk.folder)
    assert done.returncode == expect, done.stderr
    return json.loads(done.stdout)


def values(desk, *items, **more):
    said = meter(desk, "read", *items, **more)
    return {item["name"]: item["value"] for item in said["items"]}


@pytest.mark.parametrize("name, item, value", [
    ("water1", "settlement_day", "1"),
    ("heat1", "supply_temperature", "55.40"),
    ("heat2", "return_temperature", "40.10"),
    ("electricity1", "voltage_b", "221.2"),
    ("electricity2", "voltage_c", "231.1"),
])
def test_the_same_on_every_port(desk, name, item, value):
    assert len(ports(desk, name)) >= 2
    for where in ports(desk, name):
        said = meter(desk, "read", item, port=where, profile=PROFILES[name])
        assert [i["value"] for i in said["items"]] == [value], where
        counted = said["counters"]
        assert counted["requests"] >= counted["answers"] > 0
        # On a busy machine a frame may be torn, and is asked for again; none comes changed.
        assert not any(counted[bad] for bad in ("bad_checksum", "bad_end", "bad_length", "foreign", "refused"))


@pytest.mark.parametrize("name", PROFILES)
def test_every_item_of_the_profile_is_answered(desk, name):
    done = meterrig("meter", "read", "--port", ports(desk, name)[0], "--profile", PROFILES[name], "--json",
                    cwd=desk.folder)
    said = json.loads(done.stdout)
    # What has not been frozen yet is refused; nothing else is.
    wrong = [i["name"] for i in said["items"] if i["error"] and "freeze" not in i["name"]]
    assert wrong == []
    assert len(said["items"]) > 10


def test_the_address_of_the_meter_alone_on_the_line(desk):
    for name, address in (("water1", "00110020260001"), ("heat2", "1234567856360104"),
                          ("electricity1", "000000000001")):
        said = meter(desk, "address", port=port(desk, name, "serial:"), profile=PROFILES[name])
        assert said["value"] == address


def test_another_address_is_met_with_silence(desk):
    said = meter(desk, "read", "clock", "--address", "00110020260002", port=port(desk, "water1", "tcp:"),
                 profile="cjt188_water", expect=1)
    assert said["items"][0]["error"] == "timeout"
    assert said["counters"]["silent"] == said["counters"]["requests"] == 3


def test_a_clock_is_set_and_shows_it(desk):
    where = {"port": port(desk, "heat1", "serial:"), "profile": "cjt188_heat"}
    assert meter(desk, "clock", "--set", "2026-03-04T05:06:07", **where)["error"] is None
    assert values(desk, "clock", **where)["clock"].startswith("2026-03-04T05:06:")


def test_the_valve_moves_in_plain_and_enciphered(desk):
    where = {"port": port(desk, "water1", "serial:"), "profile": "cjt188_water"}
    for key in ([], ["--key", KEY], ["--key", KEY]):
        meter(desk, "valve", "close", *key, **where)
        assert values(desk, "status", **where)["status"] == "valve_closed"
        meter(desk, "valve", "open", *key, **where)
        assert values(desk, "status", **where)["status"] == "valve_open"
    wrong = meter(desk, "valve", "close", "--key", "F" + KEY[1:], expect=1, **where)
    assert wrong["error"] == "timeout"
    assert values(desk, "status", **where)["status"] == "valve_open"


def test_an_electricity_meter_freezes_trips_and_refuses_a_wrong_password(desk):
    where = {"port": port(desk, "electricity1", "tcp:"), "profile": "dlt645_electricity"}
    meter(desk, "freeze", **where)
    frozen = values(desk, "instant_freeze_time", "instant_freeze_forward_active_energy", **where)
    assert all(frozen.values())
    right, wrong = ["--password", "02000000"], ["--password", "02999999"]
    meter(desk, "valve", "close", *right, **where)
    tripped = values(desk, "status_word_3", **where)["status_word_3"]
    meter(desk, "valve", "open", *right, **where)
    assert values(desk, "status_word_3", **where)["status_word_3"] != tripped
    refused = meter(desk, "valve", "close", *wrong, expect=1, **where)
    assert refused["error"] == "meter_refused" and "not_authorised" in refused["explanation"]


def test_registers_are_written_by_their_words(desk):
    where = {"port": port(desk, "electricity2", "modbus-tcp:"), "profile": "modbus_electricity"}
    meter(desk, "write", "baud_rate", "4800", **where)
    assert values(desk, "baud_rate", **where)["baud_rate"] == "4800"
    meter(desk, "write", "baud_rate", "9600", **where)


def test_what_the_meter_refuses_and_what_fits_no_field(desk):
    where = ["--port", port(desk, "water1", "tcp:"), "--profile", "cjt188_water"]
    refused = meterrig("meter", "write", "settlement_day", "31", *where, cwd=desk.folder)
    assert refused.returncode == 1 and "refused" in refused.stderr
    for words, message in ((["settlement_day", "100"], '"settlement_day" "100" is out of range'),
                           (["cumulative_volume", "1"], "does not say how"),
                           (["settlment_day", "1"], 'did you mean "settlement_day"?')):
        done = meterrig("meter", "write", *words, *where, cwd=desk.folder)
        assert done.returncode == 2 and message in done.stderr


def test_a_profile_of_one_s_own_as_the_guide_shows(desk):
    """The example of docs/meter-profiles.md reads the meter that it describes."""
    text = (ROOT / "docs" / "meter-profiles.md").read_text()
    example = json.loads(re.search(r"```json\n(.*?)```", text, re.S)[1])
    (desk.folder / "my_meter.json").write_text(json.dumps(example))
    assert meterrig("check", "my_meter.json", cwd=desk.folder).returncode == 0
    where = {"port": port(desk, "odd", "serial:"), "profile": "./my_meter.json"}
    clock, volume = meter(desk, "read", "clock", "cumulative_volume", **where)["items"]
    assert clock["value"] and clock["departures"] == volume["departures"] == []
    assert (volume["value"], volume["unit"]) == ("12000.00", "L")
    # The shipped profile asks the other way round, and this meter refuses that.
    done = meter(desk, "read", "clock", port=where["port"], profile="cjt188_water", expect=1)
    assert done["items"][0]["error"] == "meter_refused"


def test_a_port_that_does_not_suit_the_profile(desk):
    done = meterrig("meter", "read", "--port", port(desk, "electricity2", "modbus-tcp:"), "--profile", "cjt188_water",
                    cwd=desk.folder)
    assert done.returncode == 2 and "expected" in done.stderr
