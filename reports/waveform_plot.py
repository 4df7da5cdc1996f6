"""A waveform of a record as a drawing: current over time on a logarithmic scale, its events marked.

Each kind of event has a numbered lane above the curve: a copy in black and white says the same.
"""

import math

import markupsafe

# As core/waveform/segmenter.hpp names them; the class of the mark in style.css.
EVENTS = {
    "receive_window": ("接收窗口", "receive window"),
    "transmit_burst": ("发射", "transmit burst"),
    "valve_motor": ("阀门电机", "valve motor"),
}
NAMES = {
    "quiescent_current": ("静态工作电流波形", "waveform of the quiescent current"),
    "communication_current": ("通信电流波形", "waveform of the current while communicating"),
    "gauge": ("保压过程的压力", "pressure while it is held"),
    "valve_current": ("阀门动作电流波形", "waveform of the current while the valve moves"),
}
WIDTH, HEIGHT = 640, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 32, 30
LANE = 9  # height of a lane of events, above TOP
LOWEST_A = 1e-7  # what a logarithm can't show lies at the lower edge
NARROWEST = 1.5  # of a mark


def scaled(value, unit):
    """Three digits with the prefix that suits them."""
    for scale, prefix in ((1, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n")):
        if value >= scale * 0.9995:
            return f"{value / scale:.3g} {prefix}{unit}"
    return f"0 {unit}"


def time_step(span):
    """A round step that divides the time axis into at most eight."""
    base = 10 ** math.floor(math.log10(span / 8))
    return next(base * factor for factor in (1, 2, 5, 10) if span / (base * factor) <= 8)


def tick(x, y, anchor, text):
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


class Axes:
    """Time, and current by decades."""

    def __init__(self, plot):
        self.span = plot["duration_s"] or 1
        values = [v for pair in plot["buckets"] for v in pair if v is not None and v >= LOWEST_A]
        low, high = (min(values), max(values)) if values else (LOWEST_A, 1)
        self.low = math.floor(math.log10(low))
        # An overload is drawn up to the upper edge.
        self.high = max(self.low + 1, math.ceil(math.log10(high) + 1e-9))

    def x(self, seconds):
        return LEFT + (WIDTH - LEFT - RIGHT) * min(1, seconds / self.span)

    def y(self, amperes):
        share = (math.log10(max(amperes, 10**self.low)) - self.low) / (self.high - self.low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    def levels(self):
        return [(10.0**decade, scaled(10.0**decade, "A")) for decade in range(self.low, self.high + 1)]

    def grid(self):
        for level, label in self.levels():
            yield f'<path class="grid" d="M{LEFT} {self.y(level):.1f}H{WIDTH - RIGHT}"/>'
            yield tick(LEFT - 5, self.y(level) + 3.5, "end", label)
        step = time_step(self.span)
        for i in range(int(self.span / step + 1e-9) + 1):
            x = self.x(i * step)
            yield f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
            yield tick(x, HEIGHT - BOTTOM + 13, "middle", f"{i * step:.6g}")
        yield tick(WIDTH - RIGHT, HEIGHT - 4, "end", "t / s")


class LinearAxes(Axes):
    """Time, and any other quantity: the pressure over a leak test."""

    def __init__(self, plot):
        super().__init__(plot)
        self.unit = plot["unit"]
        values = [v for pair in plot["buckets"] for v in pair if v is not None] or [0]
        room = 0.08 * (max(values) - min(values)) or abs(max(values)) * 0.01 or 1
        self.bottom, self.top = min(values) - room, max(values) + room

    def y(self, value):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.bottom) / (self.top - self.bottom)

    def levels(self):
        step = time_step(self.top - self.bottom)
        first, last = math.ceil(self.bottom / step), math.floor(self.top / step)
        return [(i * step, f"{i * step:.8g} {self.unit}") for i in range(first, last + 1)]


def outline(plot, axes):
    """Along the highest values and back along the lowest: no extreme is lost."""
    upper, lower, buckets = [], [], plot["buckets"]
    for i, (low, high) in enumerate(buckets):
        if 0 < i < len(buckets) - 1 and buckets[i - 1] == buckets[i] == buckets[i + 1]:
            continue  # a level of a thousand columns is one line
        left, right = axes.x(i * plot["bucket_s"]), axes.x((i + 1) * plot["bucket_s"])
        top = TOP if high is None else axes.y(high)
        bottom = top if low is None else axes.y(low)
        upper += [f"{left:.1f} {top:.1f}", f"{right:.1f} {top:.1f}"]
        lower += [f"{left:.1f} {bottom:.1f}", f"{right:.1f} {bottom:.1f}"]
    return f'<path class="current" d="M{"L".join(upper + lower[::-1])}Z"/>' if upper else ""


def kinds(plot):
    """The kinds of events that were found, with the numbers of their lanes."""
    found = [kind for kind in EVENTS if any(event["kind"] == kind for event in plot["events"])]
    return list(enumerate(found, 1))


def marks(plot, axes):
    for lane, kind in kinds(plot):
        # The lanes lie above each other, the first one uppermost, with room for the highest level's label below.
        top = TOP - 5 - LANE * (len(kinds(plot)) - lane + 1)
        yield tick(LEFT - 5, top + LANE - 2, "end", lane)
        for event in plot["events"]:
            if event["kind"] == kind:
                yield mark(event, axes, top)


def mark(event, axes, top):
    left, right = axes.x(event["start_s"]), axes.x(event["start_s"] + event["duration_s"])
    width = max(NARROWEST, right - left)
    peak = scaled(event["peak_a"], "A") if event["peak_a"] is not None else "> max"
    return (f'<rect class="{event["kind"]}" x="{left:.1f}" y="{TOP}" width="{width:.1f}" '
            f'height="{HEIGHT - TOP - BOTTOM}"><title>{event["kind"]} {event["start_s"]:.6g} s, '
            f'{event["duration_s"]:.4g} s, {peak}</title></rect>'
            f'<rect class="lane" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{LANE - 3}"/>')


def legend(plot, words):
    """Which events were found, in which lane, how many, how long and what charge they took."""
    for lane, kind in kinds(plot):
        found = [event for event in plot["events"] if event["kind"] == kind]
        length = sum(event["duration_s"] for event in found)
        charges = [event["charge_c"] for event in found]
        charge = "" if None in charges else f", {scaled(sum(charges), 'C')}"
        yield markupsafe.Markup('{}: <span class="key {}"></span>{} × {}, {:.4g} s{} ').format(
            lane, kind, words.t(*EVENTS[kind]), len(found), length, charge)


def figure(plot, words, style, sample, evidence):
    axes = Axes(plot) if plot.get("unit", "A") == "A" else LinearAxes(plot)
    title = words.t(*NAMES.get(plot["name"], (plot["name"], plot["name"])))
    drawing = "".join([*axes.grid(), *marks(plot, axes), outline(plot, axes)])
    samples = words.t("每列为最小值至最大值", "each column from lowest to highest value")
    return markupsafe.Markup(
        '<figure class="waveform"><svg viewBox="0 0 {} {}" role="img"><style>{}</style>{}</svg>'
        "<figcaption><b>#{} {}</b> <span class=\"small\">{}</span><br>{}<br><code>{}</code></figcaption></figure>"
    ).format(WIDTH, HEIGHT, markupsafe.Markup(style), markupsafe.Markup(drawing), sample, title, samples,
             markupsafe.Markup("").join(legend(plot, words)), evidence)
