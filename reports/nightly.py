"""The page of a night: what changed against the baseline, and how each value has moved from night to night."""

import math

import markupsafe

import legible
import page
import wording

VERDICTS = {
    "unchanged": ("＝", "无变化", "nothing changed"),
    "regression": ("▲", "回归", "regression"),
    "undecided": ("？", "无法判定", "undecided"),
    "unfit": ("✕", "装置不合用", "rig not fit"),
    "aborted": ("■", "中止", "aborted"),
}
STATUSES = {
    "good": ("＝", "无变化", "nothing changed"),
    "first": ("＋", "首次，成为基线", "first night: becomes the baseline"),
    "regression": ("▲", "回归", "regression"),
    "undecided": ("？", "无法判定", "undecided"),
    "unfit": ("✕", "装置不合用", "rig not fit"),
    "aborted": ("■", "中止", "aborted"),
    "not_judged": ("－", "未判定", "not judged"),
    "not_started": ("－", "未开始", "not started"),
}
GROUPS = (
    ("regression", ("▲ 回归", "▲ Regressions")),
    ("undecided", ("？ 无法判定", "？ Undecided")),
    ("unlimited", ("无限值的量有变化", "Values without a limit that moved")),
    ("better", ("改善", "Better")),
    ("note", ("提示", "Notes")),
)
UNFIT = ("✕ 与应有结果不符", "✕ Not as it should be")
WIDTH, HEIGHT, MARGIN, RING = 150, 40, 7, 5.5


def number(value, digits=6):
    return f"{value:.{digits}g}".replace("-", "−")


def duration(seconds):
    if seconds is None:
        return "—"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def sparkline(chart, unit):
    """The nights from left to right, today's a square; mean and control limits where there are enough of them."""
    low, high = bounds(chart)
    values = [*chart["values"], chart["today"]]
    step = (WIDTH - 2 * MARGIN) / max(1, len(values) - 1)

    def y(value):
        share = (value - low) / (high - low)
        return MARGIN + (1 - share) * (HEIGHT - 2 * MARGIN)

    places = [(MARGIN + i * step, y(value)) for i, value in enumerate(values)]
    parts = []
    if chart["mean"] is not None:
        for css, value in (("mean", chart["mean"]), ("control", chart["mean"] + chart["reach"]),
                           ("control", chart["mean"] - chart["reach"])):
            parts.append(f'<path class="{css}" d="M0 {y(value):.1f}H{WIDTH}"/>')
    if len(places) > 1:
        parts.append('<path class="trend" d="M{}"/>'.format("L".join(f"{px:.1f} {py:.1f}" for px, py in places)))
    for (px, py), good in zip(places, chart["good"]):
        parts.append(f'<circle class="{"good" if good else "bad"}" cx="{px:.1f}" cy="{py:.1f}" r="1.7"/>')
    px, py = places[-1]
    box = f'<rect class="today" x="{px - 2.8:.1f}" y="{py - 2.8:.1f}" width="5.6" height="5.6"/>'
    out = chart["mean"] is not None and abs(chart["today"] - chart["mean"]) > chart["reach"]
    parts.append(f'<circle class="out" cx="{px:.1f}" cy="{py:.1f}" r="{RING}"/>{box}' if out else box)
    return markupsafe.Markup('<svg class="spark" viewBox="0 0 {} {}" role="img"><title>{}</title>{}</svg>').format(
        WIDTH, HEIGHT, title_of(chart, unit), markupsafe.Markup("".join(parts)))


def bounds(chart):
    values = [*chart["values"], chart["today"]]
    if chart["mean"] is not None:
        values += [chart["mean"] - chart["reach"], chart["mean"] + chart["reach"]]
    low, high = min(values), max(values)
    # What only rounding moved is drawn as a line.
    return (low - 1, high + 1) if high - low <= 1e-12 * max(abs(low), abs(high)) else (low, high)


def title_of(chart, unit):
    if chart["mean"] is None:
        return f"n = {len(chart['values'])}"
    limits = f"{number(chart['mean'])} ± {number(chart['reach'], 3)} {unit}".rstrip()
    return f"n = {len(chart['values'])}, {limits}"


def rows_of(run):
    """Findings by their weight, each with the value that it is about."""
    values = {(v["serial"], v["clause"], v["name"], v["number"]): v for v in run["values"]}
    clauses = {(c["serial"], c["clause"]): c for c in run["clauses"]}
    groups = []
    for weight, heading in GROUPS:
        rows = [{**one, "value": values.get((one["serial"], one["clause"], one["name"], one["number"])),
                 "about": clauses.get((one["serial"], one["clause"]))}
                for one in run["findings"] if one["weight"] == weight]
        if rows:
            heading = UNFIT if run["golden"] and weight == "regression" else heading
            groups.append({"weight": weight, "heading": heading, "rows": rows})
    return groups


def shown(text, value, words):
    """A value with its unit as people write it."""
    unit = value["unit"] if value else ""
    if unit == "1" or not text.endswith(unit):
        return text
    return f"{text.removesuffix(unit)}{words.unit(unit)}"


def combined(value):
    """U of today's and the baseline's together; a dash where one of them says none."""
    if value is None or value["u"] is None or value["u_before"] is None:
        return "—"
    return f"{math.hypot(value['u'], value['u_before']):.2g}"


def few(run):
    """How many values have too few nights for control limits, of how many."""
    charts = [value["chart"] for value in run["values"] if value["chart"]]
    return sum(chart["mean"] is None for chart in charts), len(charts)


def render(night, language="both", templates=None):
    """The page; it depends on nothing but what is given."""
    night = legible.cleaned(night)
    environment = page.environment_of(templates)
    offset = next((run["utc_offset"] for run in night["runs"] if run["run"]), "+00:00")
    words = wording.Words(language, offset)
    environment.globals.update(words.functions(), number=number, span=duration, sparkline=sparkline, rows_of=rows_of,
                               combined=combined, few=few, verdict_words=VERDICTS, status_words=STATUSES,
                               shown=lambda text, value: shown(text, value, words))
    return environment.get_template("nightly.html").render(night=night, language=language, offset=words.offset_text)
