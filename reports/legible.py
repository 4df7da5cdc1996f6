"""JSON whose texts can be printed: no control characters, and none that turn the direction of what stands beside."""

import gc
import json
import re

TURNING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Unicode's marks of direction
UNPRINTABLE = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff{TURNING}]")
# Where none of these stands, no text needs a second look. Two patterns: one of both takes three times as long.
ESCAPED = re.compile(r"\\[ubf]")
SUSPECT = re.compile(f"[\x7f-\x9f\ufffe\uffff{TURNING}]")


def cleaned(value):
    if isinstance(value, str):
        return UNPRINTABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {cleaned(key): cleaned(one) for key, one in value.items()}
    return value


def loads(text):
    # Nothing of what is read becomes garbage: looking for some takes half as long again as reading, and goes on as long
    # as there is a report to render.
    gc.disable()
    try:
        value = json.loads(text)
        gc.freeze()
    finally:
        gc.enable()
    return cleaned(value) if ESCAPED.search(text) or SUSPECT.search(text) else value


def load(path):
    """The content of a file; JSON asks for no care about the ends of lines."""
    return loads(path.read_bytes().decode("utf-8"))
