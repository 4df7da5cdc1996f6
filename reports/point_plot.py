"""The figures of a result's points: prices over the usage of a period (CJ/T 484 figure A.1), and E of each run."""

import math

import markupsafe

from waveform_plot import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, tick, time_step

NAMES = {
    "price_over_usage": ("图 A.1 水价与本期用量", "figure A.1: price over the usage of the period"),
    "settlement_error": ("各次通水的金额结算误差 E", "settlement error E of each run"),
}
AXES = {"m3": ("本期用量", "usage of the period")}
FIGURE = markupsafe.Markup(
    '<figure class="points"><svg viewBox="0 0 {} {}" role="img"><style>{}</style>{}</svg>'
    "<figcaption><b>#{} {}</b><br>{}</figcaption></figure>")
HEADROOM = 1.12  # above the highest point
RADIUS = 3.2


class Scale:
    """Numbers to places; what is printed beside them is the record's own text."""

    def __init__(self, low, high, start, end):
        self.low, self.factor = low, (end - start) / ((high - low) or 1)
        self.start = start

    def __call__(self, number):
        return self.start + (float(number) - self.low) * self.factor


def of_series(points, name):
    return [point for point in points if point["series"] == name]


def unique(texts):
    """Each number once, in order of size."""
    return sorted(set(texts), key=float)


def unit_of(point, axis, words):
    return markupsafe.escape(words.unit(point[axis]))


def line(x1, y1, x2, y2, css):
    return f'<path class="{css}" d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"/>'


def dot(x, y, css, title):
    title = markupsafe.escape(title)
    return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}"><title>{title}</title></circle>'


def wrong(point, expected):
    """Whether a price is that of no step which its usage lies in or between."""
    at = float(point["x"])
    steps = zip(expected[::2], expected[1::2])
    return not any(float(a["x"]) <= at <= float(b["x"]) and a["y"] == point["y"] for a, b in steps)


def staircase(points, words):
    expected, measured = of_series(points, "expected"), of_series(points, "measured")
    x = Scale(0, max(float(p["x"]) for p in points), LEFT, WIDTH - RIGHT - 6)
    y = Scale(0, max(float(p["y"]) for p in points) * HEADROOM, HEIGHT - BOTTOM, TOP)
    for price in unique(p["y"] for p in expected or measured):
        yield line(LEFT, y(price), WIDTH - RIGHT, y(price), "grid")
        yield tick(LEFT - 5, y(price) + 3.5, "end", price)
    for usage in unique(p["x"] for p in expected or measured):
        yield line(x(usage), TOP, x(usage), HEIGHT - BOTTOM, "grid")
        yield tick(x(usage), HEIGHT - BOTTOM + 13, "middle", usage)
    if expected:
        yield '<path class="expected" d="M{}"/>'.format("L".join(f"{x(p['x']):.1f} {y(p['y']):.1f}" for p in expected))
    for point in measured:
        css = "wrong" if expected and wrong(point, expected) else "measured"
        yield dot(x(point["x"]), y(point["y"]), css, f'{point["x"]} m³: {point["y"]}')
    first = points[0]
    axis = words.plain_pair(AXES.get(first["x_unit"], ("", "")))
    yield tick(WIDTH - RIGHT, HEIGHT - 4, "end", f"{axis} / {unit_of(first, 'x_unit', words)}")
    yield tick(4, TOP - 8, "start", unit_of(first, "y_unit", words))


def bound_of(limit):
    """The magnitude that a limit sets, as text; none when it sets no such."""
    return next((limit[kind] for kind in ("less_than", "at_most") if limit and kind in limit), None)


def errors(points, limit, words):
    bound = bound_of(limit)
    largest = max([abs(float(p["y"])) for p in points] + [float(bound or 0)]) * HEADROOM
    x = Scale(0.5, len(points) + 0.5, LEFT, WIDTH - RIGHT)
    y = Scale(-largest, largest, HEIGHT - BOTTOM, TOP)
    for i in range(1, len(points) + 1):
        yield tick(x(i), HEIGHT - BOTTOM + 13, "middle", str(i))
    # Far beyond its limit, an error leaves no room for the labels of the limit.
    step = time_step(2 * largest)
    if bound is None or largest > 4 * float(bound):
        for i in range(math.ceil(-largest / step), math.floor(largest / step) + 1):
            yield tick(LEFT - 5, y(i * step) + 3.5, "end", f"{i * step:.6g}")
    elif bound is not None:
        for sign, text in ((-1, f"−{bound}"), (1, bound)):
            yield tick(LEFT - 5, y(sign * float(bound)) + 3.5, "end", text)
        yield tick(LEFT - 5, y(0) + 3.5, "end", "0")
    yield line(LEFT, y(0), WIDTH - RIGHT, y(0), "grid")
    for sign in (-1, 1) if bound is not None else ():
        yield line(LEFT, y(sign * float(bound)), WIDTH - RIGHT, y(sign * float(bound)), "bound")
    for i, point in enumerate(points, 1):
        out = bound is not None and abs(float(point["y"])) >= float(bound)
        yield line(x(i), y(0), x(i), y(point["y"]), "stem")
        yield dot(x(i), y(point["y"]), "wrong" if out else "measured", f'{i}: {point["y"]}')
    yield tick(4, TOP - 8, "start", f"E / {unit_of(points[0], 'y_unit', words)}")


def legend(points, words):
    """What the numbers of the runs stand for, and E of each to its last digit."""
    for i, point in enumerate(points, 1):
        label = words.text(point["label"]) if "label" in point else ""
        yield markupsafe.Markup("<span>{}. {}: <b>{}</b></span> ").format(i, label, point["y"].replace("-", "−"))


def readings(points, words):
    """Each price to its digits: beside a step the dots lie upon each other."""
    for point in of_series(points, "measured"):
        yield markupsafe.Markup("<span>{} {}: <b>{}</b></span> ").format(
            point["x"], words.unit(point["x_unit"]), point["y"])


def figures(sample, result, words, style):
    """The drawings of all figures of a sample's result, in the order of their first points."""
    names = dict.fromkeys(point["figure"] for point in result.get("points", []))
    drawings = []
    for name in names:
        points = [point for point in result["points"] if point["figure"] == name]
        limits = [m["limit"] for m in result["measurements"] if m["name"] == name and m["limit"]]
        if name == "price_over_usage":
            drawing, caption = staircase(points, words), readings(points, words)
        elif name == "settlement_error" and len(points) > 1:  # else the table says it
            drawing, caption = errors(points, limits[0] if limits else None, words), legend(points, words)
        else:
            continue
        drawings.append(FIGURE.format(WIDTH, HEIGHT, markupsafe.Markup(style), markupsafe.Markup("".join(drawing)),
                                      sample, words.t(*NAMES[name]), markupsafe.Markup("").join(caption)))
    return drawings
