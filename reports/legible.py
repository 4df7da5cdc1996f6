"""JSON whose texts can be printed: no control characters, and none that turn the direction of what stands beside."""

import json
import re

TURNING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Unicode's marks of direction
UNPRINTABLE = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff{TURNING}]")
# Where none of these stands, no text needs a second look.
SUSPECT = re.compile(rf"\\[ubf]|[\x7f-\x9f\ufffe\uffff{TURNING}]")


def cleaned(value):
    if isinstance(value, str):
        return UNPRINTABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {cleaned(key): cleaned(one) for key, one in value.items()}
    return value


def loads(text):
    value = json.loads(text)
    return cleaned(value) if SUSPECT.search(text) else value
