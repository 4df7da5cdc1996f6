"""Annex A of CJ/T 484: what water costs in steps, exactly, and whether a prepaid meter's balance agrees.

Reads a table of volumes (CSV: ``volume_m3``, and where there is something to say ``bought_yuan``, ``shown_yuan``), one
run of water a row, and follows the meter through it. E = (Ms + bought - Mep) - C; a consistent meter keeps |E| below
one cent over the whole chain, because it keeps what is below a cent. Then a million volumes are priced at once.

    export PYTHONPATH=build/python
    python3 docs/examples/annex_a.py
    python3 docs/examples/annex_a.py my-volumes.csv --steps 10,20 --prices 2.50,3.75,7.50 --balance 100.00

Leaves the table as CSV and a picture. Exit code 1: a balance that is off by a cent or more.
"""

from __future__ import annotations

import argparse
import csv
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import meterrig
from meterrig.tariff import COST_UNIT, Account, Staircase, decimals


def follow(prices: Staircase, balance: str, file: Path) -> meterrig.Table:
    """A row for each run of water: all in Decimal, nothing is rounded."""
    account = Account(prices, balance)
    table = meterrig.Table()
    with open(file, newline="", encoding="utf-8") as rows:
        for row in csv.DictReader(rows):
            account.purchase(row.get("bought_yuan") or 0)
            account.use(row["volume_m3"])
            shown = row.get("shown_yuan")
            table.add(
                volume_m3=Decimal(row["volume_m3"]),
                usage_m3=account.period_usage,
                cost_yuan=account.cost,
                balance_yuan=account.balance,
                shown_yuan=Decimal(shown) if shown else "",
                E_yuan=account.error(shown) if shown else "",
                verdict=account.zone(shown) if shown else "",
            )
    return table


def price_many(prices: Staircase, count: int) -> str:
    """Whole litres in, whole numbers of 0.00001 yuan out: an array costs no exactness."""
    litres = np.random.default_rng(1).integers(0, 40_000, count)
    costs = prices.cost(litres)
    total = int(costs.sum()) * COST_UNIT
    # The same one by one, where anybody can check them.
    for litre, cost in zip(litres[:5], decimals(costs[:5])):
        assert cost == prices.cost(Decimal(int(litre)) / 1000)
    return f"{count} periods' usages cost {total} yuan, the dearest {int(costs.max()) * COST_UNIT}"


def draw(prices: Staircase, table: meterrig.Table, file: str) -> None:
    figure = Figure(figsize=(10, 4), layout="constrained")
    stairs, errors = figure.subplots(1, 2)
    end = max(1.2 * float(max([*table["usage_m3"], *prices.volumes])), 1.0)
    edges = [0.0, *(float(volume) for volume in prices.volumes), end]
    stairs.stairs([float(price) for price in prices.prices], edges, color="tab:grey", baseline=None)
    stairs.set_xlabel("usage of the period / m³")
    stairs.set_ylabel("price / (yuan/m³)", color="tab:grey")
    stairs.set_ylim(bottom=0)
    litres = np.arange(0, int(end * 1000))
    cost = stairs.twinx()
    cost.plot(litres / 1000, prices.cost(litres) * float(COST_UNIT))
    cost.plot(table["usage_m3"].astype(float), table["cost_yuan"].astype(float), "o", color="tab:blue")
    cost.set_ylabel("cost / yuan", color="tab:blue")
    cost.set_ylim(bottom=0)
    judged = [number for number, row in enumerate(table.rows) if row["verdict"]]
    errors.plot([number + 1 for number in judged], [float(table.rows[number]["E_yuan"]) for number in judged], "o")
    errors.axhspan(-0.01, 0.01, color="tab:green", alpha=0.15, label="|E| < 0.01 yuan")
    errors.set_xlabel("run of water")
    errors.set_ylabel("E / yuan")
    errors.legend()
    figure.savefig(file)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("volumes", nargs="?", type=Path, default=Path(__file__).with_name("annex_a_volumes.csv"))
    parser.add_argument("--steps", default="1,2", help="where a step ends, m3; default 1,2")
    parser.add_argument("--prices", default="2.07,4.14,6.21", help="yuan/m3, one more; default 2.07,4.14,6.21")
    parser.add_argument("--balance", default="50.00", help="what the meter shows before, yuan; default 50.00")
    parser.add_argument("--many", type=int, default=1_000_000, help="volumes to price at once; default 1000000")
    parser.add_argument("--csv", default="annex_a.csv")
    parser.add_argument("--plot", default="annex_a.png")
    words = parser.parse_args()

    prices = Staircase(words.steps.split(","), words.prices.split(","))
    table = follow(prices, words.balance, words.volumes)
    table.to_csv(words.csv)
    print(table)
    last = table.rows[-1]["usage_m3"]
    for part in prices.parts(0, last):
        print(f"step {part.step}: {part.from_m3} to {part.to_m3} m3 at {part.price} = {part.cost} yuan")
    print(price_many(prices, words.many))
    draw(prices, table, words.plot)
    bad = [number for number, row in enumerate(table, 1) if row["verdict"] == "fail"]
    print(f"off by a cent or more: run {', '.join(map(str, bad))}" if bad else "every balance within one cent")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
