"""A waveform of a record as a drawing: current over time on a logarithmic scale, its events marked."""

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
    "valve_current": ("阀门动作电流波形", "waveform of the current while the valve moves"),
}
WIDTH, HEIGHT = 640, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 20, 30
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

    def grid(self):
        for decade in range(self.low, self.high + 1):
            y = self.y(10.0**decade)
            yield f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
            yield tick(LEFT - 5, y + 3.5, "end", scaled(10.0**decade, "A"))
        step = time_step(self.span)
        for i in range(int(self.span / step + 1e-9) + 1):
            x = self.x(i * step)
            yield f'<path class="grid" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
            yield tick(x, HEIGHT - BOTTOM + 13, "middle", f"{i * step:.6g}")
        yield tick(WIDTH - RIGHT, HEIGHT - 4, "end", "t / s")


def outline(plot, axes):
    """Along the highest values and back along the lowest: no extreme is lost."""
    upper, lower = [], []
    for i, (low, high) in enumerate(plot["buckets"]):
        left, right = axes.x(i * plot["bucket_s"]), axes.x((i + 1) * plot["bucket_s"])
        top = TOP if high is None else axes.y(high)
        bottom = top if low is None else axes.y(low)
        upper += [f"{left:.1f} {top:.1f}", f"{right:.1f} {top:.1f}"]
        lower += [f"{left:.1f} {bottom:.1f}", f"{right:.1f} {bottom:.1f}"]
    return f'<path class="current" d="M{"L".join(upper + lower[::-1])}Z"/>' if upper else ""


def marks(plot, axes):
    for event in plot["events"]:
        left, right = axes.x(event["start_s"]), axes.x(event["start_s"] + event["duration_s"])
        peak = scaled(event["peak_a"], "A") if event["peak_a"] is not None else "> max"
        yield (f'<rect class="{event["kind"]}" x="{left:.1f}" y="{TOP - 8}" width="{max(NARROWEST, right - left):.1f}" '
               f'height="{HEIGHT - TOP - BOTTOM + 8}"><title>{event["kind"]} {event["start_s"]:.6g} s, '
               f'{event["duration_s"]:.4g} s, {peak}</title></rect>')


def legend(plot, words):
    """Which events were found, how many, how long and what charge they took."""
    for kind, pair in EVENTS.items():
        found = [event for event in plot["events"] if event["kind"] == kind]
        if not found:
            continue
        length = sum(event["duration_s"] for event in found)
        charges = [event["charge_c"] for event in found]
        charge = "" if None in charges else f", {scaled(sum(charges), 'C')}"
        yield markupsafe.Markup('<span class="key {}"></span>{} × {}, {:.4g} s{} ').format(
            kind, words.t(*pair), len(found), length, charge)


def figure(plot, words, style):
    axes = Axes(plot)
    title = words.t(*NAMES.get(plot["name"], (plot["name"], plot["name"])))
    drawing = "".join([*axes.grid(), *marks(plot, axes), outline(plot, axes)])
    samples = words.t("每列为最小值至最大值", "each column from lowest to highest sample")
    return markupsafe.Markup(
        '<figure class="waveform"><svg viewBox="0 0 {} {}" role="img"><style>{}</style>{}</svg>'
        "<figcaption><b>{}</b> <span class=\"small\">{}</span><br>{}</figcaption></figure>"
    ).format(WIDTH, HEIGHT, markupsafe.Markup(style), markupsafe.Markup(drawing), title, samples,
             markupsafe.Markup("").join(legend(plot, words)))
