"""The program meterrig with Python inside: what it does for ``--procedures``."""

from __future__ import annotations

import sys

from . import _meterrig
from .procedures import load


def _native(files: list[str]) -> list[_meterrig.NativeProcedure]:
    return [own.native() for own in load(files)]


if __name__ == "__main__":
    sys.exit(_meterrig.main(["meterrig", *sys.argv[1:]], _native))
