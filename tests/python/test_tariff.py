"""`tariff cost` against Python's own decimals, and what it says to words that it can't price."""

import json
import random
import re
import subprocess
from decimal import Decimal

import pytest

from rigtools import PROGRAM, ROOT, started

TABLE_A = ["--steps", "10,20", "--prices", "2.50,3.75,7.50"]
TABLE_B = ["--steps", "1,2", "--prices", "2.07,4.14,6.21"]


def priced(ended):
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def cost_of(steps, prices, usage):
    """Annex A in decimals: each step's part of the usage at its price."""
    steps = [Decimal(0), *steps, None]
    return sum(((usage if end is None else min(usage, end)) - begin) * price
               for begin, end, price in zip(steps, steps[1:], prices) if usage > begin)


@pytest.mark.parametrize("table, words, cost", [
    (TABLE_A, ["25.000"], "100.00000"), (TABLE_A, ["10"], "25.00000"), (TABLE_A, ["10.001"], "25.00375"),
    (TABLE_A, ["20.000"], "62.50000"), (TABLE_A, ["20.001"], "62.50750"), (TABLE_A, ["0.003"], "0.00750"),
    (TABLE_A, ["0.004"], "0.01000"), (TABLE_B, ["3.457"], "15.25797"), (TABLE_B, ["0.049"], "0.10143"),
    (TABLE_A, ["--from", "8.000", "13"], "16.25000"), (["--prices", "2.07"], ["10"], "20.70000"),
    (["--steps", "12,24", "--prices", "2.80,4.20,8.40"], ["--from", "9.5", "13"], "11.20000"),
    (["--steps", "999999", "--prices", "9999.99,9999.99"], ["999999999.999"], "9999989999990.00001"),
])
def test_worked_examples(cli, table, words, cost):
    (row,) = priced(cli("tariff", "cost", *table, "--json", *words))
    assert row["cost_yuan"] == cost
    assert Decimal(row["whole_cents_yuan"]) + Decimal(row["remainder_yuan"]) == Decimal(cost)
    assert Decimal(0) <= Decimal(row["remainder_yuan"]) < Decimal("0.01")


def test_a_table_for_people(cli):
    ended = cli("tariff", "cost", *TABLE_B, "3.457", "0.004")
    assert ended.returncode == 0 and ended.stderr == ""
    assert [line.split() for line in ended.stdout.splitlines()] == [
        ["m3", "yuan", "whole", "cents", "remainder"],
        ["3.457", "15.25797", "15.25", "0.00797"],
        ["0.004", "0.00828", "0.00", "0.00828"],
    ]


def test_the_staircase_is_explained(cli):
    ended = cli("tariff", "cost", *TABLE_B, "--explain", "3.457")
    first, *steps = ended.stdout.splitlines()
    assert first == "0.000 to 3.457 m3: 15.25797 yuan, in whole cents 15.25, remainder 0.00797"
    assert [" ".join(step.split()) for step in steps] == [
        "step 1 0.000 to 1.000 m3: 1.000 m3 x 2.07 yuan/m3 = 2.07000 yuan",
        "step 2 1.000 to 2.000 m3: 1.000 m3 x 4.14 yuan/m3 = 4.14000 yuan",
        "step 3 2.000 to 3.457 m3: 1.457 m3 x 6.21 yuan/m3 = 9.04797 yuan",
    ]
    (row,) = priced(cli("tariff", "cost", *TABLE_A, "--explain", "--json", "--from", "8", "13"))
    assert row["steps"] == [
        {"step": 1, "from_m3": "8.000", "to_m3": "10.000", "price_yuan_per_m3": "2.50", "cost_yuan": "5.00000"},
        {"step": 2, "from_m3": "10.000", "to_m3": "13.000", "price_yuan_per_m3": "3.75", "cost_yuan": "11.25000"},
    ]


@pytest.mark.parametrize("count", [0, 1, 2, 9])
def test_many_volumes_as_decimals_have_them(cli, tmp_path, count):
    draw = random.Random(f"tariff {count}")
    steps = sorted(draw.sample(range(1, 500), count))
    prices = [Decimal(draw.randrange(1_000_000)).scaleb(-2) for _ in range(count + 1)]
    usages = [Decimal(draw.randrange(600_000)).scaleb(-3) for _ in range(5000)]
    usages += [step + Decimal(litres).scaleb(-3) for step in steps for litres in (-1, 0, 1)]
    table = ["--prices", ",".join(map(str, prices))] + (["--steps", ",".join(map(str, steps))] if steps else [])
    text = "\n".join(map(str, usages))
    rows = priced(cli("tariff", "cost", *table, "--json", input=text))
    assert [Decimal(row["to_m3"]) for row in rows] == usages
    assert [row["cost_yuan"] for row in rows] == [f"{cost_of(steps, prices, usage):.5f}" for usage in usages]
    (tmp_path / "usages.txt").write_text(text)
    assert priced(cli("tariff", "cost", *table, "--json", "--file", "usages.txt")) == rows


def test_lines_as_other_programs_write_them(cli):
    rows = priced(cli("tariff", "cost", *TABLE_A, "--json", input="\n 1.5\t\r\n\n2"))
    assert [row["to_m3"] for row in rows] == ["1.500", "2.000"]


def test_a_reader_that_goes_away_is_no_fault(tmp_path):
    (tmp_path / "usages.txt").write_text("1\n" * 100_000)
    process = started("tariff", "cost", *TABLE_A, "--file", "usages.txt", cwd=tmp_path)
    assert process.stdout.readline().split()[0] == "m3"
    process.stdout.close()
    assert process.wait(30) == 0 and process.stderr.read() == ""


@pytest.mark.parametrize("words, said", [
    (["--steps", "2,1", "--prices", "1,2,3", "1"], "step volume 2 is 1 m3, below step volume 1; expected it above 2"),
    (["--steps", "2,2", "--prices", "1,2,3", "1"], "step volume 2 is 2 m3, the same as step volume 1"),
    (["--steps", "0,2", "--prices", "1,2,3", "1"], "step volume 1 is 0 m3"),
    (["--steps", "1,2", "--prices", "1,2", "1"], "step volumes: 2, prices: 2; expected one price more"),
    (["--steps", "1,2", "--prices", "1,2.075,3", "1"], '--prices: price "2.075": expected at most 2 decimals'),
    (["--steps", "1,2", "--prices", "1,10000,3", "1"], 'price "10000": expected 9999.99 yuan/m3 at most'),
    (["--steps", "1,,2", "--prices", "1,2,3", "1"], '--steps: step volume "": expected m3 in digits, such as 12'),
    (["--steps", "1.5", "--prices", "1,2", "1"], "CJ/T 484 table 2 has step volumes in whole m3"),
    (["--steps", "1000000", "--prices", "1,2", "1"], "expected 999999 m3 at most"),
    (["--steps", "1", "1"], "--prices is required"),
    (["--prices", "1", "-5"], 'usages: volume "-5": expected m3 in digits'),
    (["--prices", "1", "1,5"], "such as 12.345"),
    (["--prices", "1", "1e3"], "such as 12.345"),
    (["--prices", "1", "0.0001"], "expected at most 3 decimals: one litre, 0.001 m3, is the finest volume"),
    (["--prices", "1", "1000000000"], "expected 999999999.999 m3 at most"),
    (["--prices", "1", "--from", "x", "1"], '--from: volume "x"'),
    (["--prices", "1", "--from", "8", "5"], "the usage falls from 8.000 to 5.000 m3; expected the usage at the end"),
    (["--prices", "1", "--file", "nowhere.txt"], "nowhere.txt: No such file or directory"),
    (["--prices", "1", "--file", "."], ".: Is a directory"),
    (["--prices", "1", "--file", "x", "1"], "excludes"),
    (["--prices", "1"], "standard input: found no volume; expected volumes in m3, such as 3.457"),
])
def test_what_cant_be_priced_is_the_users_to_mend(cli, words, said):
    ended = cli("tariff", "cost", *words, input="")
    assert ended.returncode == 2 and said in ended.stderr and ended.stdout == ""
    assert ended.stderr.startswith("meterrig: ")


def test_a_bad_line_is_named_and_the_good_ones_before_are_printed(cli):
    ended = cli("tariff", "cost", "--prices", "1", "--json", input="1\n\n2\nwater\n3\n")
    assert ended.returncode == 2 and 'standard input:4: volume "water"' in ended.stderr
    assert [json.loads(line)["to_m3"] for line in ended.stdout.splitlines()] == ["1.000", "2.000"]


def test_the_examples_of_the_document_are_what_is_printed(tmp_path):
    blocks = re.findall(r"```\n\$ (.+)\n((?:.+\n)+)```", (ROOT / "docs" / "tariff.md").read_text())
    assert len(blocks) == 3
    for command, output in blocks:
        words = command.replace("meterrig", PROGRAM)
        done = subprocess.run(words, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout == output, command


@pytest.mark.parametrize("command", [["tariff"], ["tariff", "cost"]])
def test_help(cli, command):
    ended = cli(*command, "--help")
    assert ended.returncode == 0 and "Usage: meterrig" in ended.stdout
    assert all(len(line) <= 120 for line in ended.stdout.splitlines())
