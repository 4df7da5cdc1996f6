#!/usr/bin/python3
"""Renders the record of a run as an inspection report: one self-contained HTML file, printable.

    render.py RECORD.json --lang zh|en|both -o FILE [--number NO] [--plots FILE.json]

A record that is simulated bears a watermark and can't get a report number.
"""

import argparse
import json
import pathlib
import sys

import jinja2

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True  # may be installed where nothing can be written
sys.path.insert(0, str(HERE))

import point_plot  # noqa: E402
import waveform_plot  # noqa: E402
import wording  # noqa: E402


def load(path):
    text = sys.stdin.read() if path == "-" else pathlib.Path(path).read_text(encoding="utf-8")
    record = json.loads(text)
    missing = [key for key in ("run", "verdict", "duts", "conclusion", "simulated", "journal") if key not in record]
    if missing:
        raise ValueError(f"this is no record of a run: it has no {', '.join(missing)}")
    return record


def matrix(record):
    """Rows of clauses, a cell for each sample; None where the plan asks for nothing."""
    rows = {}
    for column, dut in enumerate(record["duts"]):
        for result in dut["results"]:
            row = rows.setdefault(result["id"], {"result": result, "cells": [None] * len(record["duts"])})
            row["cells"][column] = result
    return list(rows.values())


def titles(record):
    return {result["id"]: result["title"] for dut in record["duts"] for result in dut["results"]}


def external(record):
    """Papers of external providers, each once, with the clauses and samples whose results rest on it."""
    papers = {}
    for dut in record["duts"]:
        for result in dut["results"]:
            for paper in result.get("certificates", []):
                key = (paper["number"], paper["laboratory"], paper["sha256"], paper["verdict"])
                own = papers.setdefault(key, {"paper": paper, "clauses": {}})
                own["clauses"].setdefault(result["id"], []).append(dut["sample"])
    return list(papers.values())


def counts(record):
    found = {}
    for dut in record["duts"]:
        for result in dut["results"]:
            found[result["verdict"]] = found.get(result["verdict"], 0) + 1
    return [(word, found[word]) for word in wording.VERDICTS if word in found]


def render(record, language, number=None, plots=None):
    if number and record["simulated"]:
        raise ValueError("a simulated run gets no report number")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = wording.Words(language, record.get("utc_offset", "+00:00"))
    environment.globals.update(words.functions())
    figures = {name: waveform_plot.figure(plot, words) for name, plot in (plots or {}).items()}
    return environment.get_template("report.html").render(
        record=record,
        number=number,
        language=language,
        matrix=matrix(record),
        titles=titles(record),
        counts=counts(record),
        external=external(record),
        figures=figures,
        point_figures=lambda result: point_plot.figures(result, words),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", help="record of a run as JSON, - for standard input")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    parser.add_argument("-o", "--output", required=True, help="the HTML file")
    parser.add_argument("--number", help="report number; not for a simulated run")
    parser.add_argument("--plots", help="what to draw of its waveforms, a file that meterrig writes under plots/")
    arguments = parser.parse_args()
    try:
        plots = json.loads(pathlib.Path(arguments.plots).read_text(encoding="utf-8")) if arguments.plots else None
        html = render(load(arguments.record), arguments.lang, arguments.number, plots)
    except (OSError, ValueError) as error:
        print(f"render.py: {arguments.record}: {error}", file=sys.stderr)
        return 2
    pathlib.Path(arguments.output).write_text(html, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
