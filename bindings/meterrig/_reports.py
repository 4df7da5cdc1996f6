"""The page makers of the laboratory's reports, which lie beside the configuration."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

from . import _meterrig
from .errors import UserError


def report_module(name: str) -> types.ModuleType:
    """A module of the reports folder. For a program of its own: the folder joins its path."""
    for config in _meterrig.config_folders():
        folder = Path(config).parent / "reports"
        if (folder / f"{name}.py").is_file():
            break
    else:
        raise UserError(f"found no reports/{name}.py beside config/; set METERRIG_CONFIG to the folder config/ of both")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True  # it may be installed where nothing can be written
    try:
        return importlib.import_module(name)
    except ImportError as wrong:
        raise UserError(f"reports/{name}.py needs {wrong.name}: apt-get install python3-{wrong.name}") from wrong
