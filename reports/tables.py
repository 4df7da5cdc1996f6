"""A record regrouped as the report shows it: nothing is computed here but ranges and counts."""

import json

import wording

JOB_KEYS = ("client", "client_address", "maker", "maker_address", "order", "reason", "inspection_category", "checker")
JOB_PARTS = {"laboratory": ("name", "address", "location"), "received": ("date", "state"),
             "sampling": ("sheet", "date", "place", "by", "base", "seal"), "forms": ()}
OPTIONAL = {"remark", "rests_on", "verdict_if_agreed", "other_readings", "risk"}
SIDE_BY_SIDE = 6  # samples beside each other that a page is wide enough for


def results(record):
    """(sample, result) in the order of the record."""
    return [(dut["sample"], result) for dut in record["duts"] for result in dut["results"]]


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


def same(pairs):
    """(samples, thing) of (sample, thing): what is said alike of several samples is said once."""
    found = {}
    for sample, thing in pairs:
        found.setdefault(json.dumps(thing, sort_keys=True), (thing, []))[1].append(sample)
    return [(wording.ranges(samples), thing) for thing, samples in found.values()]


def said(own, key):
    """(samples, thing) of what results say under a key, one thing or a list of them; when is not what."""
    pairs = []
    for sample, result in own:
        things = result.get(key)
        for thing in things if isinstance(things, list) else [things] if things else []:
            pairs.append((sample, {k: v for k, v in thing.items() if k != "t"} if isinstance(thing, dict) else thing))
    return same(pairs)


def answers(own):
    """(samples, answer) of what people answered in any attempt."""
    return [pair for nth in range(max((len(result["attempt_records"]) for _, result in own), default=0))
            for pair in said([(sample, result["attempt_records"][nth]) for sample, result in own
                              if nth < len(result["attempt_records"])], "answers")]


def by_measurement(own):
    """Rows of a clause: a quantity with its limit, and each sample's measurement of it, by sample."""
    rows = {}
    for sample, result in own:
        seen = {}
        for measurement in result["measurements"]:
            alike = (measurement["name"], json.dumps(measurement["limit"], sort_keys=True))
            seen[alike] = seen.get(alike, 0) + 1
            row = rows.setdefault((*alike, seen[alike]),
                                  {"measurement": measurement, "nth": seen[alike], "of": {}})
            row["of"][sample] = measurement
    return list(rows.values())


def value_remarks(row, guard_band):
    """(samples, remark) of what there is to say of single values: each remark has all keys."""
    pairs = []
    for sample, own in row["of"].items():
        if own["decision"] in ("pass", "fail") and own["value"] is not None and not OPTIONAL & own.keys():
            continue
        agreed = own.get("verdict_if_agreed")
        others = [other for other in own.get("other_readings", []) if agreed or other["verdict"] != own["verdict"]]
        remark = {"decision": own["decision"] if own["decision"] in wording.DECISIONS else None,
                  "risk": own.get("risk") if guard_band else None,
                  "reason": own["reason"] if own["value"] is None else None, "remark": own.get("remark"),
                  "rests_on": own.get("rests_on"), "agreed": agreed, "others": others}
        if any(remark.values()):
            pairs.append((sample, {**remark, "of": own if others or remark["risk"] else {"name": own["name"]}}))
    return same(pairs)


def verdicts_of(own):
    """(verdict, samples), the worst first."""
    return [(word, wording.ranges(sample for sample, result in own if result["verdict"] == word))
            for word in wording.VERDICTS if any(result["verdict"] == word for _, result in own)]


def budgets_of(rows):
    """(sample, measurement) of each quantity that has a budget: once, that of the largest U."""
    found = {}
    for row in rows:
        for sample, own in row["of"].items():
            known = found.get(own["name"])
            if "budget" in own and (not known or own["expanded_uncertainty"] > known[1]["expanded_uncertainty"]):
                found[own["name"]] = (sample, own)
    return list(found.values())


def clause(own):
    """What the report says of a clause, all samples' values beside each other; own: (sample, result) of each."""
    rows = by_measurement(own)
    judged = [row for row in rows if row["measurement"]["limit"]]
    samples = [sample for sample, result in own if any(m["limit"] for m in result["measurements"])]
    first = own[0][1]
    return {
        "id": first["id"], "title": first["title"], "results": own, "verdicts": verdicts_of(own),
        "started": min((result["started"] for _, result in own if result["started"]), default=None),
        "ended": max((result["ended"] for _, result in own if result["ended"]), default=None),
        "operators": sorted({result["operator"] for _, result in own if result["operator"]}),
        "procedures": sorted({result["procedure"] for _, result in own if result["procedure"]}),
        "simulated": any(result["simulated"] for _, result in own),
        "unserved": not any(result["procedure"] or result["cause"] or result["reason"] for _, result in own),
        "judged": judged, "recorded": [row for row in rows if not row["measurement"]["limit"]],
        "groups": [samples[at:at + SIDE_BY_SIDE] for at in range(0, len(samples), SIDE_BY_SIDE)],
        "budgets": budgets_of(judged)}


def clauses(record):
    """The clauses in the order of the plan, each with the results of all samples."""
    found = {}
    for sample, result in results(record):
        found.setdefault(result["id"], []).append((sample, result))
    return [clause(own) for own in found.values()]


def job(record):
    """What the client ordered, with all keys that a report may say something of."""
    own = record["job"]
    parts = {part: {**dict.fromkeys(keys), **own[part]} if part in own else {} for part, keys in JOB_PARTS.items()}
    return {**dict.fromkeys(JOB_KEYS), **own, **parts, "laboratory": parts["laboratory"] or
            dict.fromkeys(JOB_PARTS["laboratory"])}


def firmware(dut):
    """Versions of a sample's software: what it was asked for, and what was declared of it."""
    read = {wording.plain(own["value"]) for result in dut["results"] for own in result["measurements"]
            if "firmware" in own["name"] and own["value"] is not None}
    declared = [wording.plain(value) for name, value in dut["declared"].items() if "firmware" in name]
    return ([{"value": value, "declared": False} for value in sorted(read)] +
            [{"value": value, "declared": True} for value in declared])


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
    """What is not the standard's own, by source; clauses that say the same share a row."""
    by_clause = {}
    for one in record["limit_sources"]:
        by_clause.setdefault((one["id"], one["source"]), []).append({k: v for k, v in one.items() if k != "id"})
    rows = {}
    for (clause_id, source), items in by_clause.items():
        row = rows.setdefault(json.dumps(items, sort_keys=True), {"ids": [], "source": source, "items": items})
        row["ids"].append(clause_id)
    return list(rows.values())


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
