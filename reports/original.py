"""A record regrouped for the original record and the record of equipment use: who, when, with what, in which state."""

import bisect
import collections
import datetime

import formulas


def moment(text):
    return datetime.datetime.fromisoformat(text.rstrip("Z")[:26] + "+00:00")


class Timeline:
    """What happened at a station, or at the whole rig, in the order of time."""

    def __init__(self, events, kind):
        """kind(event): what is looked for by itself, such as one quantity."""
        self.rows = collections.defaultdict(list)
        for event in events:
            # Without the Z, texts of UTC sort as their times do.
            self.rows[event.get("station"), kind(event)].append((event["t"].rstrip("Z"), event))
        for row in self.rows.values():
            row.sort(key=lambda entry: entry[0])
        self.times = {key: [entry[0] for entry in row] for key, row in self.rows.items()}

    def around(self, station, at):
        """(last at or before, first at or after) a time, of each kind; either may be none."""
        found = {}
        for (place, kind), row in self.rows.items():
            if place not in (station, None):
                continue
            times = self.times[place, kind]
            left = bisect.bisect_right(times, at.rstrip("Z"))
            right = bisect.bisect_left(times, at.rstrip("Z"))
            found.setdefault(kind, []).append((row[left - 1][1] if left else None,
                                               row[right][1] if right < len(row) else None))
        return found


def ambient(timeline, station, at):
    """The readings nearest to a time, one of each quantity, each with its own time."""
    def apart(reading):
        return abs(moment(reading["t"]) - moment(at))

    found = timeline.around(station, at) if at else {}
    return [min((one for pair in pairs for one in pair if one), key=apart) for pairs in found.values()]


def safe_states(timeline, station, attempt):
    """(before, after) an attempt: when outputs were read back last and next, and what they said; none if never."""
    if not attempt["started"] or not attempt["ended"]:
        return None, None
    before = [pair[0] for pair in timeline.around(station, attempt["started"]).get(None, []) if pair[0]]
    after = [pair[1] for pair in timeline.around(station, attempt["ended"]).get(None, []) if pair[1]]
    return max(before, key=time_of, default=None), min(after, key=time_of, default=None)


def time_of(event):
    return event["t"].rstrip("Z")


def state_of(state, instrument):
    """What an instrument's outputs were set to and read back as."""
    outputs = [one for one in state["outputs"] if one["instrument"] == instrument] if state else []
    return "; ".join(f"{one.get('setting', '')} → {one.get('read_back', '')}{'' if one['ok'] else ' !'}"
                     for one in outputs)


def instruments(known, states, attempt):
    """The instruments of an attempt, each once, with their roles and their states before and after."""
    roles = {}
    for role, name in attempt["instruments"].items():
        roles.setdefault(name, []).append(role)
    before, after = states
    for name, own in roles.items():
        one = known.get(name, {})
        yield {"name": name, "roles": sorted(own), "model": one.get("model") or one.get("profile") or "",
               "serial": one.get("serial") or "", "due": (one.get("calibration") or {}).get("due") or "",
               "before": state_of(before, name), "before_t": before["t"] if before else None,
               "after": state_of(after, name), "after_t": after["t"] if after else None}


def attempts(record):
    """Every attempt with what the original record says of it."""
    known = {one["name"]: one for one in record["instruments"] if "name" in one}
    readings = Timeline(record["environment"], lambda reading: reading["name"])
    read_back = Timeline(record["safe_states"], lambda state: None)
    for dut in record["duts"]:
        station = dut["station"]
        for result in dut["results"]:
            for attempt in result["attempt_records"]:
                states = safe_states(read_back, station, attempt)
                yield {"dut": dut, "result": result, "attempt": attempt,
                       "before": ambient(readings, station, attempt["started"]),
                       "after": ambient(readings, station, attempt["ended"]),
                       "instruments": list(instruments(known, states, attempt)),
                       "formulas": [line for at in range(len(attempt["measurements"]))
                                    for line in formulas.of(attempt["measurements"], at)]}


def uses(record):
    """One line for each use of an instrument, by instrument and time."""
    lines = [{**one, "id": found["result"]["id"], "sample": found["dut"]["sample"],
              "started": found["attempt"]["started"], "ended": found["attempt"]["ended"],
              "operator": found["attempt"]["operator"]}
             for found in attempts(record) for one in found["instruments"]]
    return sorted(lines, key=lambda line: (line["name"], line["started"] or "", line["sample"]))
