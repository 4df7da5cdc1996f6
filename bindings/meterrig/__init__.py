"""meterrig: tests utility meters against their standards.

``open_rig()`` gives a script the instruments of a rig; ``run()`` runs a plan, or a procedure of your own under
``@procedure``, with record and verdicts. docs/guide-python.md shows both.
"""

from __future__ import annotations

from pathlib import Path as _Path

from . import _meterrig, errors


def _program_file() -> _Path:
    """The program that the engine belongs to: in the build tree, or under the prefix of an installation."""
    package = _Path(__file__).resolve().parent if not _Path(__file__).is_symlink() else _Path(__file__).parent
    for program in (package.parents[1] / "meterrig", package.parents[3] / "bin" / "meterrig"):
        if program.is_file():
            return program
    return package.parents[1] / "meterrig"


_meterrig.set_program_file(str(_program_file()))

from . import frames, tariff  # noqa: E402
from .errors import *  # noqa: E402, F403
from .errors import __all__ as _errors  # noqa: E402
from .plan import Plan, Run, run  # noqa: E402
from .procedures import Parameter, Procedure, Trial, procedure  # noqa: E402
from .quantity import Reading  # noqa: E402
from .results import Event, Measurement, Result  # noqa: E402
from .rig import OutputState, Rig, bench, open_rig  # noqa: E402
from .station import Station  # noqa: E402
from .table import Table  # noqa: E402
from .waveform import Segment, Waveform  # noqa: E402

__version__ = _meterrig.version()

__all__ = [
    *_errors,
    "Event",
    "Measurement",
    "OutputState",
    "Parameter",
    "Plan",
    "Procedure",
    "Reading",
    "Result",
    "Rig",
    "Run",
    "Segment",
    "Station",
    "Table",
    "Trial",
    "Waveform",
    "bench",
    "errors",
    "frames",
    "open_rig",
    "procedure",
    "run",
    "tariff",
]
