"""The report program: one record as page, PDF and workbook, in the languages that people read."""

import base64
import json
import re
import subprocess

import openpyxl
import pytest

from reporttools import PNG, RENDER, images_in, made, pdf_pages, rendered, squeezed, texts_of
from rigtools import meterrig

TEMPLATES = RENDER.parent / "templates"
# A waveform and people's answers; a staircase, money and a frame that is longer than a line.
RUNS = {"gas": ("cjt503-auto", "--only", "5.3.8,5.3.15"),
        "water": ("cjt484-auto", "--only", "A.price,5.4.1,5.4.8.2,5.4.9.1", "--dut", "lxs15-1")}
LANGUAGES = {"zh": ("检验报告", "以下空白", "第 {} 页 共 {} 页"), "en": ("Test report", "End of report", "page {} of {}"),
             "both": ("Test report", "以下空白", "第 {} 页 共 {} 页 · page {} of {}")}

@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The record and the plots of each run, as files, and the record read."""
    found = {}
    for name, words in RUNS.items():
        folder = tmp_path_factory.mktemp(name)
        # Also where this build's program knows no report program: only the record counts.
        ended = meterrig("run", *words, "--record", "record.json", cwd=folder)
        assert ended.returncode == 0, ended.stderr
        (plots,) = (folder / "meterrig-data" / "plots").glob("*.json")
        found[name] = (folder / "record.json", plots, json.loads((folder / "record.json").read_text()))
    return found


@pytest.fixture(scope="module")
def pdf_of(runs, tmp_path_factory):
    """The PDF of a run in a language, made once."""
    folder, files = tmp_path_factory.mktemp("pdf"), {}

    def find(name, language):
        if (name, language) not in files:
            record, plots, _ = runs[name]
            file = folder / f"{name}-{language}.pdf"
            files[name, language] = made(record, file, "--lang", language, "--plots", plots, PYTHONHASHSEED="1")
        return files[name, language]

    return find


@pytest.fixture(scope="module")
def signed(runs, tmp_path_factory):
    """A gas meter's run as if a real rig had made it, with what a person or a bad instrument could have written."""
    record = json.loads(json.dumps(runs["gas"][2]))
    record.update(simulated=False, simulation=[])
    del record["duts"][1:]
    record["job"].update(client="=HYPERLINK(\"x\")<b>&'甲", order='"; } </style>')
    result = record["duts"][0]["results"][0]
    result["instruments"] = result["attempt_records"][0]["instruments"] = {"voltage_role": "dmm1"}
    again = json.loads(json.dumps(result["attempt_records"][0]))
    again.update(attempt=2)
    result["attempt_records"][0].update(verdict="void", cause={"text": "the door was \x07 open"})
    result["attempt_records"].append(again)
    result["attempts"] = 2
    file = tmp_path_factory.mktemp("signed") / "record.json"
    file.write_text(json.dumps(record))
    return file, record


@pytest.mark.parametrize("name, language", [("gas", "zh"), ("gas", "en"), ("water", "both")])
def test_a_pdf_says_what_the_page_says(runs, pdf_of, tmp_path, name, language):
    record, plots, content = runs[name]
    page = made(record, tmp_path / "r.html", "--lang", language, "--plots", plots).read_text()
    file = pdf_of(name, language)
    pages, (title, end, counter) = pdf_pages(file), LANGUAGES[language]
    assert len(pages) > 3 and title in pages[0]
    for number, text in enumerate(pages, 1):
        assert squeezed(counter.format(*[number, len(pages)] * 2)) in squeezed(text), f"page {number}"
        assert content["run"] in text
    # One on each page, and one on the cover where the number would be.
    marks = [squeezed(text).count("SIMULATED模拟") for text in pdf_pages(file, "-raw")]
    assert marks == [2] + [1] * (len(pages) - 1)
    assert squeezed(end) in squeezed(pages[-1]) and not any(squeezed(end) in squeezed(p) for p in pages[:-1])
    said = squeezed(re.sub(r"SIMULATED|模拟", "", "".join(pages)))
    results = [result for dut in content["duts"] for result in dut["results"]]
    assert [r["id"] for r in results if r["id"] not in said] == []
    values = re.findall(r'<td class="num">([^<]+)</td>', page) + re.findall(r'</span> ([^<]+)</span>', page)
    assert len(values) > 50
    assert [v for v in values if squeezed(texts_of(v)) not in said] == []
    fonts = subprocess.run(["pdffonts", file], capture_output=True, text=True, check=True).stdout.splitlines()[2:]
    assert fonts and all(line.split()[-5:-2] == ["yes", "yes", "yes"] for line in fonts), fonts
    assert images_in(file) == [], "the plots are drawings"


@pytest.mark.parametrize("ending", ["html", "pdf", "xlsx"])
def test_the_same_record_gives_the_same_bytes(runs, pdf_of, tmp_path, ending):
    record, plots, _ = runs["gas"]
    first = pdf_of("gas", "zh") if ending == "pdf" else made(record, tmp_path / f"a.{ending}", "--lang", "zh",
                                                             "--plots", plots, PYTHONHASHSEED="1")
    second = made(record, tmp_path / f"b.{ending}", "--lang", "zh", "--plots", plots, PYTHONHASHSEED="2",
                  TZ="Asia/Shanghai")
    assert first.read_bytes() == second.read_bytes()
    assert record.parent.name.encode() not in first.read_bytes(), "names no folder of this machine"


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_has_every_measurement(runs, tmp_path, name, language):
    record, _, content = runs[name]
    book = openpyxl.load_workbook(made(record, tmp_path / "r.xlsx", "--lang", language))
    assert len(book.sheetnames) == 9
    for sheet in book:
        assert sheet["A1"].value.startswith("SIMULATED 模拟") and sheet.freeze_panes == "A3"
    rows = list(book.worksheets[4].iter_rows(min_row=3, values_only=True))
    expected = [(dut["sample"], result["id"], result["title"]["zh"], result["title"]["en"], attempt["attempt"],
                 m["name"], m["value"], m["unit"], m["expanded_uncertainty"], m["coverage_factor"], m["verdict"])
                for dut in content["duts"] for result in dut["results"] for attempt in result["attempt_records"]
                for m in attempt["measurements"]]
    assert [(*row[:5], row[8], *row[10:14], row[19]) for row in rows] == expected
    limits = [m["limit"] for dut in content["duts"] for result in dut["results"]
              for attempt in result["attempt_records"] for m in attempt["measurements"]]
    for row, limit in zip(rows, limits):
        assert row[17] == (limit["source"] if limit else None)
        if limit:
            kind = row[14].split()[-1]
            assert limit[kind] == ([row[15], row[16]] if kind == "between" else row[15])
    assert (name == "water") == any(limit and "between" in limit for limit in limits)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+08:00", row[6]) for row in rows)
    readings = list(book.worksheets[6].iter_rows(min_row=3, values_only=True))
    assert [row[3] for row in readings] == [reading["value"] for reading in content["environment"]]
    assert len(list(book.worksheets[2].iter_rows(min_row=3))) == len(content["instruments"])


def test_a_real_run_has_number_signatures_and_no_watermark(signed, tmp_path):
    file, record = signed
    number = 'M-7 "\\</style>'
    page = made(file, tmp_path / "r.html", "--number", number).read_text()
    assert 'class="watermark"' not in page and page.count("</style>") == 1
    assert all(word in page for word in ("Tested by", "Reviewed by", "Approved by", "骑缝章", "客户提供"))
    assert "voltage_role" in page[page.index("Equipment"):]
    assert "=HYPERLINK(&#34;x&#34;)&lt;b&gt;" in page
    # A template brings its picture along; what it points to is not fetched.
    (tmp_path / "logo.png").write_bytes(base64.b64decode(PNG))
    (tmp_path / "laboratory.html").write_text(
        f'<img src="{(tmp_path / "logo.png").as_uri()}"><img src="data:image/png;base64,{PNG}">')
    pages = pdf_pages(made(file, tmp_path / "r.pdf", "--number", number, "--templates", tmp_path))
    assert len(images_in(tmp_path / "r.pdf")) == 1
    assert all(f"报告编号：{number}" in text for text in pages)
    assert "SIMULATED" not in squeezed("".join(pages))
    assert "Attempts and voids" in " ".join(pages)
    book = openpyxl.load_workbook(made(file, tmp_path / "r.xlsx", "--number", "M-7"))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    assert record["job"]["client"] in [cell.value for cell in cells]
    assert not any("SIMULATED" in str(cell.value) for cell in cells)
    assert "voltage_role: dmm1" in [cell.value for cell in cells]
    assert any("void" == cell.value for cell in cells) and any("door was" in str(cell.value) for cell in cells)


def test_values_stand_side_by_side(runs, tmp_path):
    record, _, content = runs["gas"]
    page = made(record, tmp_path / "r.html", "--lang", "en").read_text()
    beside = page[page.index('class="list values'):].split("</table>")[0]
    (row,) = [row for row in beside.split("<tr>") if "quiescent_current / µA" in row]
    assert len(re.findall(r'class="num">32\.\d+ ± 0\.\d+</td>', row)) == len(content["duts"]) == 3
    assert '#1–3</span>' in page[page.index("Verdicts"):page.index("Conclusion")]


def test_a_chinese_report_says_everything_in_chinese(runs, tmp_path):
    """What no run of these tests has by itself: a budget with another reading's parts, no procedure, a stop."""
    record = json.loads(json.dumps(runs["gas"][2]))
    measured, unserved = (dut["results"][0] for dut in record["duts"][:2])
    budget = next(own["budget"] for own in measured["measurements"] if own["name"] == "quiescent_current")
    budget += [{**budget[0], "term": term} for term in ("barometer resolution", "reference clock")]
    unserved.update(id="CJT503-5.3.19/6.21", verdict="not_tested", procedure="", attempt_records=[], measurements=[])
    record["stops"] = [{"t": record["ended"], "level": 2, "by": "operator"}]
    (tmp_path / "record.json").write_text(json.dumps(record))
    said = texts_of(made(tmp_path / "record.json", tmp_path / "r.html", "--lang", "zh").read_text())
    for word in ("气压计分辨力", "参考时钟", "本装置没有该条款的检验程序", "直接进入安全状态"):
        assert said.count(word) == 1, word
    assert "barometer" not in said and "reference clock" not in said


def test_a_time_that_stands_alone_has_its_offset(runs, tmp_path):
    record, _, content = runs["gas"]
    cover = texts_of(made(record, tmp_path / "r.html", "--lang", "en").read_text()).split("Statement")[0]
    assert content["utc_offset"] == "+08:00" and re.search(r"Dates of the tests.*\d \(UTC\+08:00\)", cover)


def test_a_text_that_is_no_escape_sequence_can_not_turn_either(runs, tmp_path):
    record = json.loads(json.dumps(runs["gas"][2]))
    record["job"]["client"] = "safe \u202eelif"
    (tmp_path / "record.json").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    page = made(tmp_path / "record.json", tmp_path / "r.html").read_text(encoding="utf-8")
    assert "\u202e" not in page and "safe \ufffdelif" in page


def test_a_laboratory_changes_a_template(runs, tmp_path):
    record, plots, _ = runs["gas"]
    own = tmp_path / "own"
    own.mkdir()
    (own / "laboratory.html").write_text("<p>Laboratory of {{ record.plan.id }}</p>")
    (own / "colours.html").write_text((TEMPLATES / "colours.html").read_text().replace("#1d4f7c", "#123456"))
    page = made(record, tmp_path / "r.html", "--templates", own, "--plots", plots).read_text()
    assert "<p>Laboratory of cjt503-auto</p>" in page and "#123456" in page and "#1d4f7c" not in page
    assert "Laboratory of" not in made(record, tmp_path / "r.html").read_text()


@pytest.mark.parametrize("text, said", [("{{ nothing }}", "'nothing' is undefined"),
                                        ("\n{% if %}", "laboratory.html:2: ")])
def test_a_wrong_template_is_named(runs, tmp_path, text, said):
    (tmp_path / "laboratory.html").write_text(text)
    ended = rendered(runs["gas"][0], tmp_path / "r.html", "--templates", tmp_path)
    assert ended.returncode == 2 and said in ended.stderr and ended.stderr.count("\n") == 1
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize("words, said", [
    (("-o", "r.doc"), "expected a file that ends in .html, .pdf, .xlsx or .atml.xml"),
    (("--number", "M-7"), "a simulated run gets no report number"),
    (("--templates", "nowhere"), "nowhere is no folder of templates")])
def test_what_it_cannot_do_it_says(runs, tmp_path, words, said):
    ended = rendered(runs["gas"][0], tmp_path / "r.html", *words)
    assert ended.returncode == 2 and said in ended.stderr and ended.stderr.count("\n") == 1


@pytest.mark.parametrize("ending, module, package", [("pdf", "weasyprint", "weasyprint"),
                                                     ("xlsx", "openpyxl", "python3-openpyxl")])
def test_a_missing_library_is_named(runs, tmp_path, ending, module, package):
    (tmp_path / f"{module}.py").write_text("raise ImportError")
    ended = rendered(runs["gas"][0], tmp_path / f"r.{ending}", PYTHONPATH=str(tmp_path))
    assert ended.returncode == 2 and f"apt-get install {package}" in ended.stderr and ended.stderr.count("\n") == 1


def test_missing_fonts_are_named(runs, tmp_path):
    (tmp_path / "fonts.conf").write_text(f"<fontconfig><cachedir>{tmp_path}</cachedir></fontconfig>")
    ended = rendered(runs["gas"][0], tmp_path / "r.pdf", FONTCONFIG_FILE=str(tmp_path / "fonts.conf"))
    assert ended.returncode == 2 and '"Noto Sans CJK SC" Regular: apt-get install fonts-noto-cjk' in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize("ending", ["html", "xlsx"])
def test_a_run_that_did_not_start_has_a_report(runs, tmp_path, ending):
    record = {**runs["gas"][2], "state": "refused", "reason": "a door is open", "ended": None, "environment": [],
              "duts": [], "limit_sources": [], "instruments": [], "standards": []}
    (tmp_path / "record.json").write_text(json.dumps(record))
    assert made(tmp_path / "record.json", tmp_path / f"r.{ending}").stat().st_size > 1000
