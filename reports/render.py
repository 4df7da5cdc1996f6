#!/usr/bin/python3
"""Renders the record of a run; the file's ending says as what.

    render.py RECORD.json --lang zh|en|both -o FILE [--document report|record|equipment] [--dossier FILE.json]
              [--number NO] [--plots FILE.json] [--templates DIR]

    .html       one self-contained page
    .pdf        numbered pages
    .xlsx       a workbook: the original record, or the record of equipment use
    .atml.xml   the results as IEEE 1636.1 has them

A record that is simulated bears a watermark and can't get a report number.
"""

import argparse
import os
import pathlib
import sys

import jinja2

sys.dont_write_bytecode = True  # may be installed where nothing can be written
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import atml  # noqa: E402
import dossier  # noqa: E402
import legible  # noqa: E402
import page  # noqa: E402
import paper  # noqa: E402
import sheets  # noqa: E402


def load(path):
    record = legible.loads(sys.stdin.read()) if path == "-" else legible.load(pathlib.Path(path))
    missing = [key for key in ("run", "verdict", "duts", "conclusion", "simulated", "journal") if key not in record]
    if missing:
        raise ValueError(f"this is no record of a run: it has no {', '.join(missing)}")
    return record


def render(record, arguments):
    """The bytes of the file."""
    if arguments.number and record["simulated"]:
        raise ValueError("a simulated run gets no report number")
    found = dossier.load(arguments.dossier, record)
    number = dossier.number_of(found, arguments.number)
    plots = legible.load(pathlib.Path(arguments.plots)) if arguments.plots else None
    given = page.Given(record, arguments.lang, found, number, plots, arguments.templates, arguments.document)
    ending = pathlib.Path(arguments.output).suffix.lower()
    if ending == ".xlsx":
        return sheets.render(given)
    if ending == ".pdf":
        return paper.render(given)
    if ending == ".html":
        return page.render(given).encode()
    if arguments.output.lower().endswith(".atml.xml"):
        return atml.render(given)
    raise ValueError(f"{arguments.output}: expected a file that ends in .html, .pdf, .xlsx or .atml.xml")


def write(path, content):
    """Whole or not at all: an older report is not lost to a full disk."""
    partial = pathlib.Path(path + ".part")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("record", help="record of a run as JSON, - for standard input")
    parser.add_argument("--lang", choices=("zh", "en", "both"), default="both")
    parser.add_argument("-o", "--output", required=True, help="the file: .html, .pdf, .xlsx or .atml.xml")
    parser.add_argument("--number", help="report number; not for a simulated run")
    parser.add_argument("--plots", help="what to draw of its waveforms, a file that meterrig writes under plots/")
    parser.add_argument("--dossier", help="seal, approval and attachments of the run, a file that meterrig writes")
    parser.add_argument("--document", choices=tuple(page.DOCUMENTS), default="report")
    parser.add_argument("--templates", help="folder whose files take the place of the templates of the same name")
    arguments = parser.parse_args()
    try:
        write(arguments.output, render(load(arguments.record), arguments))
    except jinja2.TemplateError as error:
        where = f"{getattr(error, 'filename', None) or arguments.templates or page.SHIPPED}"
        line = getattr(error, "lineno", None)
        print(f"render.py: template {where}{f':{line}' if line else ''}: {error}", file=sys.stderr)
        return 2
    except (OSError, ValueError) as error:
        print(f"render.py: {arguments.record}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
