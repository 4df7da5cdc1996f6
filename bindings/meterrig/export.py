"""A stored run as a table, a workbook, an HDF5 file or JSON: what ``meterrig results export --format`` does.

    python3 -m meterrig.export RUN --data DIR --format csv|xlsx|hdf5|json -o FILE [--lang zh|en|both] [--bom]
"""

from __future__ import annotations

import argparse
import io
import json
import signal
import sys
import types
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from . import _flat
from ._hdf5 import write_hdf5
from ._reports import report_module
from ._stored import record_of, whole_file
from .errors import Error, UserError

__all__ = ["main"]

_TO_OUTPUT = "-"
_BROKEN = 3
_TEXTS = ("csv", "json")


def _text_of(record: Mapping[str, Any], words: argparse.Namespace) -> str:
    if words.format == "json":
        return json.dumps(record, ensure_ascii=False, indent=2) + "\n"
    out = io.StringIO()
    _flat.write_csv(record, out, words.lang or "en")
    return ("\ufeff" if words.bom else "") + out.getvalue()


def _sheet_cell(value: _flat.Cell) -> _flat.Cell:
    """An exact decimal as a number where a double holds it, else as text: no digit is lost."""
    if isinstance(value, Decimal):
        return float(value) if Decimal(repr(float(value))) == value else str(value)
    return _flat.cell_text(value) if isinstance(value, bool) else value


def _workbook(record: Mapping[str, Any], language: str) -> bytes:
    """The flat table, and environment and instruments as the original record has them."""
    sheets, workbook, legible = (report_module(name) for name in ("sheets", "workbook", "legible"))
    record = legible.cleaned(record)
    words = sheets.Words(language, record.get("utc_offset", "+00:00"))
    table = [[words.t(*heading) for heading in _flat.COLUMNS.values()]]
    table += [[_sheet_cell(value) for value in row.values()] for row in _flat.rows(record)]
    parts = [
        (words.t("测量", "Measurements"), table),
        (words.t("环境", "Environment"), sheets.environment_sheet(record, words)),
        (words.t("仪器", "Equipment"), sheets.equipment_sheet(record, words)),
    ]
    given = types.SimpleNamespace(record=record, language=language, number=None)
    try:
        packed: bytes = workbook.bytes_of(given, words.t("测量数据", "Measured data"), parts)
    except Exception as wrong:  # openpyxl lets those of its writers through, and lxml has kinds of its own
        raise UserError(f"the workbook can't be written: {wrong}") from wrong
    return packed


def export(record: Mapping[str, Any], data: Path, words: argparse.Namespace) -> None:
    """Writes the file whole or not at all."""
    if words.output == _TO_OUTPUT:
        if words.format not in _TEXTS:
            raise UserError(f"{words.format} is no text: say where with -o FILE")
        sys.stdout.buffer.write(_text_of(record, words).encode("utf-8", "replace"))
        return
    with whole_file(Path(words.output)) as partial:
        if words.format in _TEXTS:
            partial.write_bytes(_text_of(record, words).encode("utf-8", "replace"))
        elif words.format == "xlsx":
            partial.write_bytes(_workbook(record, words.lang or "both"))
        else:
            write_hdf5(record, data, partial)


def _words(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="meterrig results export", description="A stored run as a file.")
    parser.add_argument("run", nargs="?", default="latest", help="an id, a unique beginning of one, or latest")
    parser.add_argument("--data", default="meterrig-data", metavar="DIR", help="where runs are kept")
    parser.add_argument("--format", required=True, choices=("csv", "xlsx", "hdf5", "json"))
    parser.add_argument("-o", "--output", default=_TO_OUTPUT, metavar="FILE", help="standard output without it")
    parser.add_argument("--lang", choices=("zh", "en", "both"), help="of headings; csv en, xlsx both without it")
    parser.add_argument("--bom", action="store_true", help="csv with a byte order mark, as some spreadsheets want it")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """The exit code: 2 for wrong words and what can't be written, 3 for a record that is not what was written."""
    words = _words(arguments)
    # A partial file goes on this way out, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    data = Path(words.data)
    try:
        export(record_of(words.run, data), data, words)
    except UserError as wrong:
        print(f"meterrig: {wrong}", file=sys.stderr)
        return 2
    except Error as wrong:
        print(f"meterrig: {wrong}", file=sys.stderr)
        return _BROKEN
    except OSError as wrong:
        print(f"meterrig: {words.output} can't be written: {wrong.strerror or wrong}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
