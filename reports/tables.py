"""A record regrouped as the report shows it: nothing is computed here but ranges and counts."""

import json

import wording

SIDE_BY_SIDE = 6  # samples beside each other that a page is wide enough for


def results(record):
    """(sample, result) in the order of the record."""
    return [(dut["sample"], result) for dut in record["duts"] for result in dut["results"]]


def matrix(record):
    """Rows of clauses, a cell for each sample; None where the plan asks for nothing."""
    rows = {}
    for column, dut in enumerate(record["duts"]):
        for result in dut["results"]:
            row = rows.setdefault(result["id"], {"result": result, "cells": [None] * len(record["duts"])})
            row["cells"][column] = result
    return list(rows.values())


def titles(record):
    return {result["id"]: result["title"] for _, result in results(record)}


def counts(record):
    found = {}
    for _, result in results(record):
        found[result["verdict"]] = found.get(result["verdict"], 0) + 1
    return [(word, found[word]) for word in wording.VERDICTS if word in found]


def external(record):
    """Papers of external providers, each once, with the clauses and samples whose results rest on it."""
    papers = {}
    for sample, result in results(record):
        for paper in result.get("certificates", []):
            key = (paper["number"], paper["laboratory"], paper["sha256"], paper["verdict"])
            own = papers.setdefault(key, {"paper": paper, "clauses": {}})
            own["clauses"].setdefault(result["id"], []).append(sample)
    return list(papers.values())


def judged(result):
    """(key, measurement) of what has a limit; the key finds the same measurement of another sample again."""
    seen = {}
    for measurement in result["measurements"]:
        if measurement["limit"]:
            same = (measurement["name"], json.dumps(measurement["limit"], sort_keys=True))
            seen[same] = seen.get(same, 0) + 1
            yield (result["id"], *same, seen[same]), measurement


def side_by_side(record):
    """Tables of all judged values, a column for each sample, at most SIDE_BY_SIDE of them in a table."""
    tables = []
    for start in range(0, len(record["duts"]), SIDE_BY_SIDE):
        duts = record["duts"][start:start + SIDE_BY_SIDE]
        rows = {}
        for column, dut in enumerate(duts):
            for result in dut["results"]:
                for key, measurement in judged(result):
                    row = rows.setdefault(key, {"id": result["id"], "measurement": measurement, "nth": key[-1],
                                                "cells": [None] * len(duts)})
                    row["cells"][column] = measurement
        if rows:
            # A clause's rows stay together, also those that only a later sample has; the sort is stable.
            order = {name: place for place, name in enumerate(titles(record))}
            tables.append({"samples": [dut["sample"] for dut in duts],
                           "rows": sorted(rows.values(), key=lambda row: order[row["id"]])})
    return tables


def roles(record):
    """What each instrument was used as, by its name."""
    found = {}
    for _, result in results(record):
        for role, name in result.get("instruments", {}).items():
            found.setdefault(name, set()).add(role)
    return {name: sorted(own) for name, own in found.items()}


def attempts(record):
    """What was tried more than once, or came to nothing."""
    found = []
    for sample, result in results(record):
        tried = result["attempt_records"]
        if len(tried) > 1 or any(attempt["verdict"] == "void" for attempt in tried):
            found += [{"sample": sample, "id": result["id"], "attempt": attempt} for attempt in tried]
    return found


def foreign(record):
    """What is not the standard's own: rows by clause and source, with all their limits and parameters."""
    rows = {}
    for one in record["limit_sources"]:
        rows.setdefault((one["id"], one["source"]), []).append(one)
    return [{"id": clause, "source": source, "items": items} for (clause, source), items in rows.items()]


def environment(record):
    """Ranges of what was read, by station and quantity."""
    found = {}
    for reading in record["environment"]:
        key = (str(reading.get("station", "")), reading["name"], reading["unit"])
        own = found.setdefault(key, {"station": key[0], "name": key[1], "unit": key[2], "values": [], "unread": 0,
                                     "first": reading["t"], "last": reading["t"]})
        own["last"] = reading["t"]
        if reading["value"] is None:
            own["unread"] += 1
        else:
            own["values"].append(reading["value"])
    return list(found.values())
