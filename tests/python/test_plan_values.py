"""Values of a water meter's plan that no run may start with: exit 2 from `check` and from `run`, with the place."""

import json
import re

import pytest

from rigtools import CONFIG

ERROR, PRICE, SWITCH, REMAINDER, USAGE = ("CJT484-A.error/6.4.8.1", "CJT484-A.price/6.4.8.1",
                                          "CJT484-5.4.8.3a/6.4.8.2a", "CJT484-5.4.8.2/6.4.8.1", "CJT484-5.4.1/6.4.1")
# Clause, its parameters, where it is wrong, what is found there, words of what is expected.
CASES = {
    "price with three decimals": (ERROR, {"prices_yuan_per_m3": ["2.07", "4.14", "2.075"]}, "prices_yuan_per_m3/2",
                                  'string "2.075"', "at most 2 decimals"),
    "price above table 2": (PRICE, {"prices_yuan_per_m3": ["10000.00", "1", "2"]}, "prices_yuan_per_m3/0",
                            'string "10000.00"', "9999.99 yuan/m3 at most"),
    "price that is a word": (SWITCH, {"next_prices_yuan_per_m3": ["1.00", "dear", "2.00"]},
                             "next_prices_yuan_per_m3/1", 'string "dear"', "in digits"),
    "price as a number": (ERROR, {"prices_yuan_per_m3": [2.07, 4.14, 6.21]}, "prices_yuan_per_m3", "an array",
                          "an array of strings"),
    "volume above table 2": (PRICE, {"step_volumes_m3": [1, 1000000]}, "step_volumes_m3/1", "number 1000000",
                             "from 1 to 999999"),
    "volume that is not whole": (ERROR, {"step_volumes_m3": [1.5, 2]}, "step_volumes_m3/0", "number 1.5",
                                 "whole number of m3"),
    "a price too few": (REMAINDER, {"prices_yuan_per_m3": ["2.07", "4.14"]}, "prices_yuan_per_m3",
                        '["2.07", "4.14"]', "3 prices"),
    "day 29 of a settlement time": (ERROR, {"settlement_time": "012900"}, "settlement_time", 'string "012900"',
                                    "day 01 to 28"),
    "month 13 of a settlement time": (SWITCH, {"settlement_time": "130100"}, "settlement_time", 'string "130100"',
                                      "month 01 to 12"),
    "hour 24 of a settlement time": (PRICE, {"settlement_time": "010124"}, "settlement_time", 'string "010124"',
                                     "hour 00 to 23"),
    "enable date that does not exist": (SWITCH, {"enable_date": "29022900"}, "enable_date", 'string "29022900"',
                                        "that exists"),
    "enable date of six digits": (SWITCH, {"enable_date": "290228"}, "enable_date", 'string "290228"',
                                  "eight digits"),
    "balance that does not pay": (ERROR, {"balance_yuan": "20.70"}, "balance_yuan", 'string "20.70"',
                                  "at least 20.71 yuan"),
    "balance that no meter shows": (PRICE, {"balance_yuan": "10000.00"}, "balance_yuan", 'string "10000.00"',
                                    "0.01 to 9999.99 yuan"),
    "nothing above the last step": (ERROR, {"above_l": 0}, "above_l", "number 0", "annex A needs Vs above"),
    "half a litre": (REMAINDER, {"segment_l": 0.5}, "segment_l", "number 0.5", "a whole number of litres"),
    "no water": (USAGE, {"volume_l": -3}, "volume_l", "number -3", "a whole number of litres"),
}


def plan_of(tmp_path, clause, parameters):
    plan = json.loads((CONFIG / "plans/cjt484-auto.json").read_text())
    plan["clauses"] = [{"clause": clause, "parameters": parameters}]
    text = json.dumps(plan, ensure_ascii=False, indent=1)
    (tmp_path / "mine.json").write_text(text)
    return text


def said_by(ended):
    assert ended.returncode == 2 and ended.stdout == "", ended.stdout + ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr.rstrip("\n").removeprefix("meterrig: ")


@pytest.mark.parametrize("name", CASES)
def test_a_value_that_no_run_may_start_with(cli, tmp_path, name):
    clause, parameters, place, found, expected = CASES[name]
    text = plan_of(tmp_path, clause, parameters)
    said = said_by(cli("check", "mine.json"))
    message = re.fullmatch(r"mine\.json:(\d+): at /clauses/0/parameters/(\S+): found (.*); expected (.*)", said)
    assert message, said
    key = place.split("/")[0]
    assert int(message[1]) >= text[:text.index(f'"{key}"')].count("\n") + 1
    assert message[2] == place and message[3] == found and expected in message[4], said
    assert said_by(cli("run", "mine.json")) == said


def test_a_volume_that_is_no_whole_number_of_the_samples_pulses(cli, tmp_path):
    plan_of(tmp_path, USAGE, {"volume_l": 1505})
    dut = json.loads((CONFIG / "duts/lxs15-1.json").read_text())
    dut["pulse_volume_m3"] = "0.010"
    (tmp_path / "dut.json").write_text(json.dumps(dut))
    assert cli("check", "mine.json").returncode == 0
    said = said_by(cli("run", "mine.json", "--dut", "dut.json"))
    assert "/clauses/0/parameters/volume_l: found number 1505; expected a whole number of pulses" in said
    assert "dut.json" in said and "10 L" in said and USAGE in said


@pytest.mark.parametrize("volumes, prices", [([2, 1], ["2.07", "4.14", "6.21"]), ([1], ["2.07", "4.14"])])
def test_a_table_that_does_not_climb_is_tried_and_recorded(cli, tmp_path, volumes, prices):
    plan_of(tmp_path, PRICE, {"step_volumes_m3": volumes, "prices_yuan_per_m3": prices})
    assert cli("check", "mine.json").returncode == 0
    ended = cli("run", "mine.json", "--dut", "lxs15-1", "--record", "record.json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    result, = json.loads((tmp_path / "record.json").read_text())["duts"][0]["results"]
    assert result["verdict"] == "recorded" and "does not climb" in result["cause"]["text"]
    assert {m["name"] for m in result["measurements"]} >= {"table_offered", "table_read"}


def test_a_standard_with_values_that_its_procedures_cannot_use(cli, tmp_path):
    text = (CONFIG / "standards/cjt484.json").read_text()
    (tmp_path / "mine.json").write_text(text.replace('"balance_yuan": {"value": "50.00"',
                                                     '"balance_yuan": {"value": "5.00"'))
    said = said_by(cli("check", "mine.json"))
    assert "/parameters/balance_yuan/value: found string \"5.00\"; expected at least 20.71 yuan" in said, said
