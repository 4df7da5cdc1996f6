"""Rows as a workbook: numbers with all their digits, and what a person wrote never a formula."""

import datetime
import io
import json
import zipfile

import wording

STAMP = (1980, 1, 1, 0, 0, 0)  # of the parts in the archive: the same record gives the same bytes
SIMULATED = "SIMULATED 模拟"
WIDEST = 60


def exact(value):
    """A number with its shortest digits that give the same number, a decimal as it stands."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else wording.plain(value)


def put(sheet, place, value):
    """A number as a number, all else as text: what a person wrote never becomes a formula."""
    cell = sheet.cell(*place)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # All its digits: openpyxl leaves a number only 16, one too few for some.
        cell.value, cell.data_type = repr(value), "n"
    elif value not in (None, ""):
        cell.value = exact(value)
        cell.data_type = "s"
        cell.quotePrefix = True
    return cell


def width(text):
    return sum(2 if ord(sign) > 0x2E7F else 1 for sign in str(text))


def fill(sheet, title, rows, simulated, language):
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    put(sheet, (1, 1), title).font = Font(bold=True, size=13, color="A01C1C" if simulated else "1C2430")
    widths = {}
    for line, row in enumerate(rows, 2):
        for column, value in enumerate(row, 1):
            cell = put(sheet, (line, column), value)
            cell.alignment = Alignment(vertical="top", wrap_text=True)
            widths[column] = min(WIDEST, max(widths.get(column, 6), width(cell.value or "") + 2))
            if line == 2:
                cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="E2EDF7")
    for column, size in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = size
    sheet.freeze_panes = "A3"
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
    pages = {"zh": "第 &P 页 共 &N 页", "en": "page &P of &N"}
    sheet.oddFooter.center.text = pages.get(language) or " · ".join(pages.values())
    if simulated:
        sheet.oddHeader.center.text = SIMULATED


def packed(book):
    """The workbook's bytes without the times at which its parts were written."""
    from openpyxl.writer.excel import ExcelWriter

    written, steady = io.BytesIO(), io.BytesIO()
    ExcelWriter(book, zipfile.ZipFile(written, "w")).save()
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(steady, "w") as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, STAMP), source.read(name), zipfile.ZIP_DEFLATED)
    return steady.getvalue()




def bytes_of(given, name, parts):
    """The bytes of the workbook, which depend on nothing but what is given; parts: (title, rows) of each sheet."""
    try:
        import openpyxl
    except ImportError:
        raise ValueError("a workbook needs openpyxl: apt-get install python3-openpyxl") from None

    record = given.record
    moment = record.get("ended") or record.get("started") or "1980-01-01T00:00:00Z"
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.title, book.properties.creator = record["run"], "meterrig"
    book.properties.created = book.properties.modified = datetime.datetime.fromisoformat(moment[:19])
    for title, rows in parts:
        heading = [SIMULATED if record["simulated"] else "", name, given.number or "", record["run"], title]
        fill(book.create_sheet(title), " · ".join(part for part in heading if part), rows, record["simulated"],
             given.language)
    return packed(book)
