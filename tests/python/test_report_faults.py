"""What people write stays text in every format, and what is missing on a computer is named."""

import html.parser
import json
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import openpyxl
import pytest

from reporttools import attached, dossier_of, made, of_a_rig, pdf_pages, rendered, squeezed, written
from rigtools import meterrig

SCRIPT = "</td></style><script>alert('x')</script><img src=x onerror=alert(1)>&amp;\"'`{{ 7 * 7 }}{% raw %}"
FORMULAS = ("=HYPERLINK(\"http://x\",\"y\")", "+1+cmd|' /C calc'!A0", "@SUM(1)", "-2+3")
TURNED = "left \u202eright\u202c \u200f\u2067end"
CONTROL = "bell \x07 null \x00 escape \x1b[31m form \x0c lone \ud800"
WORD = "W" * 10_000
PLAIN_TAGS = set(
    "html head meta title style body main header div span p b i s a br h1 h2 h3 h4 table colgroup col thead tbody "
    "tr th td caption section article ol li ul code sub footer figure figcaption svg path text circle rect img "
    "g".split())


class Tags(html.parser.HTMLParser):
    """What a browser would see: elements, their attributes, and the text between."""

    def __init__(self, page):
        super().__init__()
        self.names, self.attributes, self.texts = set(), set(), []
        self.sources = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def gas(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gas")
    ended = meterrig("run", "cjt503-auto", "--only", "5.3.15", "--dut", "wg25-r-1", "--record", "record.json",
                     cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return json.loads((folder / "record.json").read_text())


@pytest.fixture(scope="module")
def hostile(gas, tmp_path_factory):
    """Whatever a person can write, everywhere where one can."""
    folder = tmp_path_factory.mktemp("hostile")
    record = of_a_rig(gas)
    dut, result = record["duts"][0], record["duts"][0]["results"][0]
    dut.update(model=SCRIPT, serial=FORMULAS[0], left_with=[{"zh": TURNED, "en": CONTROL}])
    dut["declared"].update({"firmware": FORMULAS[1], SCRIPT: WORD[:1000], "colour": TURNED})
    record["job"].update(client=SCRIPT, client_address=WORD, maker=FORMULAS[2], order=CONTROL, reason=TURNED,
                         checker=SCRIPT, forms={"record": {"number": SCRIPT, "version": "1"}},
                         laboratory={"name": WORD[:1000], "address": SCRIPT, "location": FORMULAS[0]},
                         received={"date": "2026-11-18", "state": WORD})
    attempt = result["attempt_records"][0]
    attempt["notes"] = result["notes"] = [{"t": "2026-11-21T00:00:00Z", "text": {"zh": text, "en": text}}
                                          for text in (SCRIPT, WORD, TURNED, CONTROL, *FORMULAS)]
    attempt["operator"] = result["operator"] = FORMULAS[1]
    result["title"] = {"zh": SCRIPT, "en": WORD}
    attempt["measurements"][0]["name"] = result["measurements"][0]["name"] = WORD[:500]
    dossier = dossier_of(record, amendment={"number": f"R-1 {SCRIPT}", "of": TURNED, "index": 1, "reason": SCRIPT,
                                            "changes": [WORD[:1000], FORMULAS[0]]},
                         attachments=[attached(folder, FORMULAS[0], "text/csv", b"1", caption=SCRIPT),
                                      attached(folder, WORD[:1000], "image/png", b"2", caption=WORD[:999],
                                              by=CONTROL)],
                         corrections=[{"t": "2026-11-22T01:00:00Z", "by": SCRIPT, "sample": 1, "id": result["id"],
                                       "what": FORMULAS[3], "old": WORD[:1000], "new": TURNED, "reason": CONTROL}])
    dossier["acts"][0]["by"] = SCRIPT
    return written(folder, record, dossier)


@pytest.mark.parametrize("document", ["report", "record", "equipment"])
def test_no_text_becomes_markup(hostile, tmp_path, document):
    file, words = hostile
    page = made(file, tmp_path / "r.html", "--document", document, *words).read_text()
    seen = Tags(page)
    assert seen.names <= PLAIN_TAGS, seen.names - PLAIN_TAGS
    assert not [name for name in seen.attributes if name.startswith("on")] and "srcset" not in seen.attributes
    assert [source for source in seen.sources if not source.startswith(("#c-", "data:image/"))] == []
    assert page.count("</style>") == 1 + page.count("<svg") - page.count("class=\"segno\"")
    text = "".join(seen.texts)
    assert SCRIPT in text or document == "equipment"
    assert "49" not in re.findall(r"`(\d+)", text), "no template in a text is run"
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\u200e\u200f]", page)


@pytest.mark.parametrize("document", ["report", "record"])
def test_no_text_leaves_its_page(hostile, tmp_path, document):
    file, words = hostile
    pdf = made(file, tmp_path / "r.pdf", "--document", document, "--lang", "zh", *words)
    boxes = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, text=True, check=True).stdout
    width = float(re.search(r'page width="([\d.]+)"', boxes).group(1))
    spans = [(float(a), float(b)) for a, b in re.findall(r'<word xMin="([-\d.]+)".*?xMax="([-\d.]+)"', boxes)]
    assert len(spans) > 500
    # The watermark of an unapproved report may; nothing that is read may.
    assert [span for span in spans if span[0] < 20 or span[1] > width - 20] == []
    whole = squeezed("".join(pdf_pages(pdf)))
    assert whole.count("W") >= 10_000, "all of a long word is printed"


@pytest.mark.parametrize("document", ["record", "equipment"])
def test_cells_stay_text(hostile, tmp_path, document):
    file, words = hostile
    book = openpyxl.load_workbook(made(file, tmp_path / "r.xlsx", "--document", document, *words))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert [cell.coordinate for cell in cells if cell.data_type in ("f", "e")] == []
    for text in FORMULAS:
        found = [cell for cell in cells if cell.value == text]
        assert all(cell.quotePrefix for cell in found)
        assert found or document == "equipment", text
    if document == "record":
        assert any(cell.value == SCRIPT for cell in cells)


def test_the_xml_stays_whole(hostile, tmp_path):
    file, words = hostile
    root = ElementTree.parse(made(file, tmp_path / "r.atml.xml", *words)).getroot()
    names = {"tr": "urn:IEEE-1636.1:2013:TestResults"}
    assert root.find(".//tr:TestGroup", names).get("callerName") == WORD
    assert root.find(".//tr:SystemOperator", names).get("name") == FORMULAS[1]


@pytest.mark.parametrize("ending, document, module, package", [
    ("pdf", "report", "weasyprint", "weasyprint"), ("pdf", "report", "segno", "python3-segno"),
    ("pdf", "record", "segno", "python3-segno"), ("html", "report", "PIL", "python3-pil"),
    ("xlsx", "equipment", "openpyxl", "python3-openpyxl")])
def test_a_missing_library_is_named(gas, tmp_path, ending, document, module, package):
    record = of_a_rig(gas)
    photo = attached(tmp_path, "left.jpg", "image/jpeg", b"0")
    file, words = written(tmp_path, record, dossier_of(record, attachments=[photo]))
    (tmp_path / f"{module}.py").write_text("raise ImportError")
    ended = rendered(file, tmp_path / f"r.{ending}", "--document", document, *words, PYTHONPATH=str(tmp_path))
    assert ended.returncode == 2 and f"apt-get install {package}" in ended.stderr and ended.stderr.count("\n") == 1
    assert not (tmp_path / f"r.{ending}").exists()


def test_a_page_needs_no_qr_code(gas, tmp_path):
    record = of_a_rig(gas)
    file, words = written(tmp_path, record, dossier_of(record))
    (tmp_path / "segno.py").write_text("raise ImportError")
    page = made(file, tmp_path / "r.html", *words, PYTHONPATH=str(tmp_path)).read_text()
    assert json.loads((tmp_path / "dossier.json").read_text())["seal"]["text"] in page and 'class="segno"' not in page


@pytest.mark.parametrize("content, said", [("", "Expecting value"), ("[]", "is no dossier of a run"),
                                           ('{"run": "x"}', "is no dossier of a run")])
def test_a_broken_dossier_is_named(gas, tmp_path, content, said):
    (tmp_path / "record.json").write_text(json.dumps(gas))
    (tmp_path / "dossier.json").write_text(content)
    ended = rendered(tmp_path / "record.json", tmp_path / "r.html", "--dossier", tmp_path / "dossier.json")
    assert ended.returncode == 2 and said in ended.stderr and ended.stderr.count("\n") == 1
