"""Figures of a clause's values, all samples beside each other: readings with U and limits, ramps, drifts."""

import math
import typing

import markupsafe

from point_plot import Scale, dot, line
from waveform_plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, tick, time_step

# Quantities whose readings are drawn against their limits.
READINGS = {
    "conversion_error": ("机电转换误差", "conversion error"),
    "leakage": ("泄漏量", "leakage"),
    "pressure_drop": ("压力降", "pressure drop"),
    "clock_error": ("时钟误差", "clock error"),
    "volume_error": ("体积误差", "volume error"),
}
RAMP = ("supply_voltage", "warning_voltage", "closing_voltage")
THRESHOLDS = {"undervoltage_v": ("欠压值", "undervoltage"), "minimum_voltage_v": ("最低工作电压", "minimum voltage")}
DRIFT = ("first_offset", "last_offset")
LABELS = 24  # that find room beside each other
FIGURE = markupsafe.Markup(
    '<figure class="points"><svg viewBox="0 0 {} {}" role="img"><style>{}</style>{}</svg>'
    "<figcaption><b>{}{}</b> {}</figcaption></figure>")


class Group(typing.NamedTuple):
    """What stands above one label: (value, U or none, whether it is within its limit), joined by a line."""

    label: str
    values: list


class Bound(typing.NamedTuple):
    value: float
    label: str


def numeric(measurement):
    value = measurement["value"] if measurement else None
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def scale_of(groups, bounds):
    """Low and high of the vertical axis, with room above and below; a line at zero has some too."""
    values = [value + sign * (spread or 0) for group in groups for value, spread, _ in group.values for sign in (-1, 1)]
    values += [bound.value for bound in bounds]
    low, high = min(values), max(values)
    room = 0.08 * (high - low) or abs(high) * 0.1 or 1
    return low - room, high + room


def chart(groups, bounds, unit):
    low, high = scale_of(groups, bounds)
    x, y = Scale(0.5, len(groups) + 0.5, LEFT, WIDTH - RIGHT), Scale(low, high, HEIGHT - BOTTOM, TOP)
    step = time_step(high - low)
    for i in range(math.ceil(low / step), math.floor(high / step) + 1):
        yield line(LEFT, y(i * step), WIDTH - RIGHT, y(i * step), "grid")
        yield tick(LEFT - 5, y(i * step) + 3.5, "end", f"{i * step:.6g}")
    for bound in bounds:
        yield line(LEFT, y(bound.value), WIDTH - RIGHT, y(bound.value), "bound")
        yield tick(LEFT + 3, y(bound.value) - 3, "start", markupsafe.escape(bound.label))
    every = math.ceil(len(groups) / LABELS)
    for i, group in enumerate(groups, 1):
        if (i - 1) % every == 0:
            yield tick(x(i), HEIGHT - BOTTOM + 13, "middle", markupsafe.escape(group.label))
        yield from column(group, x, i, y)
    yield tick(4, TOP - 8, "start", markupsafe.escape(unit))


def column(group, x, i, y):
    count = len(group.values)
    places = [x(i + (k - (count - 1) / 2) * 0.6 / max(1, count)) for k in range(count)]
    heights = [y(value) for value, _, _ in group.values]
    for k in range(1, count):
        yield line(places[k - 1], heights[k - 1], places[k], heights[k], "stem")
    for place, (value, spread, within) in zip(places, group.values):
        if spread:
            yield line(place, y(value - spread), place, y(value + spread), "stem")
        yield dot(place, y(value), "measured" if within else "wrong", f"{group.label}: {value:.6g}")


def bounds_of(limit, words):
    """The numbers of a limit as lines."""
    numbers = limit.get("between") or [limit[kind] for kind in ("at_most", "less_than", "at_least") if kind in limit]
    if "magnitude_of" in limit:
        numbers = [-float(number) for number in numbers] + numbers
    label = words.plain_pair(("限值", "limit"))
    return [Bound(float(number), label) for number in numbers if isinstance(number, (int, float, str))]


def readings(clause, words):
    """(title, groups, bounds, unit) of each quantity that is drawn against its limit."""
    for row in clause["judged"]:
        name = row["measurement"]["name"]
        if name not in READINGS or len(clause["results"]) < 2:
            continue
        found = [(sample, own) for sample, own in row["of"].items() if numeric(own) is not None]
        groups = [Group(f"#{sample}", [(numeric(own), own["expanded_uncertainty"], own["verdict"] != "fail")])
                  for sample, own in found]
        nth = f" ({row['nth']})" if row["nth"] > 1 else ""
        note = words.t("各样品的值与扩展不确定度 U", "value and expanded uncertainty U of each sample")
        yield words.t(*READINGS[name]), nth, groups, bounds_of(row["measurement"]["limit"], words), row, note


def series(clause, names):
    """Groups of samples with the first value of each name, in the order of the names; all must be there."""
    for sample, result in clause["results"]:
        of = {}
        for own in result["measurements"]:
            of.setdefault(own["name"], own)
        values = [numeric(of.get(name)) for name in names]
        if None not in values:
            yield Group(f"#{sample}", [(value, None, True) for value in values]), of[names[0]]


def joined(clause, names, bounds, title, note, words):
    found = list(series(clause, names))
    if found:
        row = {"measurement": found[0][1]}
        yield words.t(*title), "", [group for group, _ in found], bounds, row, words.t(*note)


def figures(clause, record, words, style):
    thresholds = [Bound(float(one["value"]), words.plain_pair(THRESHOLDS[one["name"]]))
                  for one in record["limit_sources"] if one["id"] == clause["id"] and one["name"] in THRESHOLDS]
    drawn = [*readings(clause, words),
             *joined(clause, RAMP, thresholds, ("降压过程", "falling supply voltage"),
                     ("各样品依次：起始电压、欠压报警、关阀（按顺序，不按时间）",
                      "of each sample: at the start, at the warning, at the closing; in order, not to time"), words),
             *joined(clause, DRIFT, [], ("时钟漂移", "clock drift"),
                     ("各样品首次与末次对时偏差", "offset of each sample at the first and the last comparison"), words)]
    for title, nth, groups, bounds, row, note in drawn:
        if groups:
            unit = words.unit(row["measurement"]["unit"])
            drawing = markupsafe.Markup("".join(chart(groups, bounds, unit)))
            yield FIGURE.format(WIDTH, HEIGHT, markupsafe.Markup(style), drawing, title, nth, note)
