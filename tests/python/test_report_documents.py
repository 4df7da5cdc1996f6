"""The documents of a closed run: report with approval and seal, original record, equipment use, XML for others."""

import io
import json
import math
import re
import xml.etree.ElementTree as ElementTree

import openpyxl
import pytest
import segno
import xmlschema
from PIL import Image

from reporttools import (act, attached, dossier_of, images_in, made, of_a_rig, pdf_pages, rendered, squeezed, texts_of,
                         written)
from rigtools import DATA, meterrig

JOB = {
    "client": "某某燃气公司", "client_address": "某市某路 8 号", "maker": "某某仪表厂", "maker_address": "某镇 3 号",
    "inspection_category": "type", "order": "WT-118", "checker": "Li Si",
    "laboratory": {"name": "某某检测中心", "address": "某路 1 号", "location": "203 室"},
    "sampling": {"sheet": "CY-31", "date": "2026-11-15", "place": "成品库", "by": "Zhao", "base": 500, "seal": "封条完好"},
    "forms": {"record": {"number": "MR-01", "version": "A/3"}}}
NAMES = {"tr": "urn:IEEE-1636.1:2013:TestResults", "c": "urn:IEEE-1671:2010:Common",
         "trc": "urn:IEEE-1636.1:2013:TestResultsCollection"}


def photo(colour):
    picture = io.BytesIO()
    Image.new("RGB", (1600, 900), colour).save(picture, "JPEG")
    return picture.getvalue()


@pytest.fixture(scope="module")
def gas(tmp_path_factory):
    """The record of a run of three gas meters, with measurements, ambient, instruments and people's answers."""
    folder = tmp_path_factory.mktemp("gas")
    ended = meterrig("run", "cjt503-auto", "--only", "5.3.8,5.3.5,5.3.10,5.3.15", "--record", "record.json", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    return folder / "record.json", json.loads((folder / "record.json").read_text())


@pytest.fixture(scope="module")
def closed(gas, tmp_path_factory):
    """The record and the dossier of a report that was amended: what it says is looked at in many tests."""
    folder = tmp_path_factory.mktemp("closed")
    record = of_a_rig(gas[1])
    received = attached(folder, "left.jpg", "image/jpeg", photo("red"), caption="接收时左侧", sample=1, by=None, t=None)
    plain = {key: received[key] for key in ("name", "media_type", "sha256", "caption", "sample")}
    record["job"].update(JOB, received={"date": "2026-11-18", "state": "外观完好", "photos": [plain]})
    record["duts"][0]["declared"]["firmware"] = "V2.14"
    record["resumptions"] = [{"t": "2026-11-21T05:00:00Z", "by": "Wang", "after": "interrupted", "events": 42,
                              "software": {"version": "0.1.0", "build": "test"}}]
    acts = [act(1, "tested", "Zhang"), act(2, "returned", "Li", "photo missing"), act(3, "tested", "Zhang"),
            act(4, "reviewed", "Li"), act(5, "approved", "Old Signatory"), act(6, "amended", "Zhang", "wrong address"),
            act(7, "tested", "Zhang San"), act(8, "reviewed", "Li Si"), act(9, "approved", "Wang Wu")]
    signed = {one["type"]: {"by": one["by"], "t": one["t"]} for one in acts[-3:]}
    dossier = dossier_of(record, acts=acts, signatures=signed, amendment={
        "number": "R-2026-001-A1", "of": "R-2026-001", "index": 1, "reason": "wrong address",
        "changes": ["某路 6 号 → 某路 8 号"]}, attachments=[
            received, attached(folder, "setup.jpg", "image/jpeg", photo("blue"), caption="装夹", id="CJT503-5.3.5/6.7"),
            attached(folder, "torn.jpg", "image/jpeg", b"no picture"),
            attached(folder, "trace.csv", "text/csv", b"1,2\n")],
        corrections=[{"t": "2026-11-22T01:00:00Z", "by": "Zhang", "sample": 1, "id": "CJT503-5.3.15/6.17",
                      "what": "observation", "old": "open", "new": "closed", "reason": "slip of the hand"}])
    return *written(folder, record, dossier), record, dossier


@pytest.fixture(scope="module")
def report(closed, tmp_path_factory):
    """Its report in Chinese, as PDF."""
    file, words, _, _ = closed
    return made(file, tmp_path_factory.mktemp("report") / "r.pdf", "--lang", "zh", *words)


def test_an_amended_report_says_what_it_is(report, closed):
    _, _, record, dossier = closed
    pages = [squeezed(text) for text in pdf_pages(report)]
    assert all("R-2026-001-A1（取代R-2026-001）" in page and record["run"] in page for page in pages)
    cover = pages[0]
    for said in ("某某燃气公司", "某市某路8号", "某某仪表厂", "某镇3号", "型式检验", "某某检测中心", "某路1号", "203室", "WT-118",
                 "wrongaddress", "某路6号→某路8号", "0123456789abcdef", record["journal"]["head"], "资质认定标志（CMA）预留位置",
                 "认可标识（CNAS）预留位置", "检验检测专用章预留位置", "2026-11-2217:00:00", dossier["seal"]["text"]):
        assert squeezed(said) in cover, said
    whole = "".join(pages)
    for said in ("V2.14", "CY-31", "成品库", "封条完好", "外观完好", "42个事件", "slipofthehand", "本人数字证书签名位置"):
        assert said in whole, said
    signed = whole[whole.index("姓名"):whole.index("检验依据")]
    assert all(name in signed for name in ("ZhangSan", "LiSi", "WangWu")) and "OldSignatory" not in whole
    assert "未批准" not in whole and "SIMULATED" not in whole
    assert squeezed(dossier["seal"]["text"]) in pages[-1] and "以下空白" in pages[-1]


def test_photos_are_shown_and_files_listed(report, closed):
    whole = squeezed("".join(pdf_pages(report)))
    assert len(images_in(report)) == 2
    for one in closed[3]["attachments"]:
        assert one["name"] in whole and one["sha256"] in whole
    assert whole.index("外观完好") < whole.index("left.jpg") < whole.index("判定一览") < whole.index("setup.jpg")


def test_the_seal_is_a_qr_code(closed, tmp_path):
    file, words, _, dossier = closed
    page = made(file, tmp_path / "r.html", *words).read_text()
    code = segno.make(dossier["seal"]["text"], micro=False, error="m").svg_inline(border=4, omitsize=True)
    assert page.count(code) == 2, "on the cover and at the end"


@pytest.mark.parametrize("state, mark", [("reviewed", "未批准 NOT APPROVED"), ("superseded", "已作废 SUPERSEDED")])
def test_what_is_not_valid_bears_a_mark_on_each_page(closed, tmp_path, state, mark):
    _, _, record, _ = closed
    signed = {"tested": {"by": "Zhang San", "t": "2026-11-22T01:00:00Z"}, "reviewed": None, "approved": None}
    file, words = written(tmp_path, record, dossier_of(record, state=state, signatures=signed))
    assert f'class="watermark draft" aria-hidden="true"><span>{mark}<' in made(file, tmp_path / "r.html",
                                                                               *words).read_text()
    if state == "superseded":
        return
    pages = [squeezed(text) for text in pdf_pages(made(file, tmp_path / "r.pdf", "--lang", "en", *words), "-raw")]
    assert all(page.count(squeezed(mark)) >= 2 for page in pages), "in its head and across it"
    assert "ZhangSan" in "".join(pages) and "LiSi" not in "".join(pages)


def test_a_signature_that_holds_no_more_is_not_printed(closed, tmp_path):
    _, _, record, _ = closed
    nobody = dict.fromkeys(("tested", "reviewed", "approved"))
    file, words = written(tmp_path, record, dossier_of(record, state="open", signatures=nobody))
    page = made(file, tmp_path / "r.html", *words).read_text()
    signatures = page[page.index('class="signatures"'):].split("</table>")[0]
    assert "Tested by" in signatures and "Zhang San" not in signatures and "Li Si" not in signatures


@pytest.mark.parametrize("wrong, said", [
    ({"run": "another"}, "is the dossier of another"),
    ({"attachments": [{"name": "x", "media_type": "text/csv", "sha256": "sha256:00", "caption": "", "sample": None,
                       "id": None, "by": None, "t": None, "file": __file__}]}, "is not the attachment x")])
def test_a_dossier_that_does_not_belong_is_refused(closed, tmp_path, wrong, said):
    _, _, record, dossier = closed
    file, words = written(tmp_path, record, {**dossier, **wrong})
    ended = rendered(file, tmp_path / "r.html", *words)
    assert ended.returncode == 2 and said in ended.stderr and not (tmp_path / "r.html").exists()


def test_a_simulated_run_is_never_approved(gas, tmp_path):
    file, words = written(tmp_path, gas[1], dossier_of(gas[1]))
    ended = rendered(file, tmp_path / "r.html", *words)
    assert ended.returncode == 2 and "a simulated run gets no report number" in ended.stderr
    sealed = {**dossier_of(gas[1]), "state": "open", "number": None, "acts": [],
              "signatures": dict.fromkeys(("tested", "reviewed", "approved"))}
    page = made(*written(tmp_path, gas[1], sealed)[:1], tmp_path / "r.html", "--dossier", tmp_path / "dossier.json")
    assert sealed["seal"]["text"] in page.read_text() and "本人数字证书签名位置" not in page.read_text()


def attempts_of(record):
    return [(dut, result, attempt) for dut in record["duts"] for result in dut["results"]
            for attempt in result["attempt_records"]]


def test_the_original_record_is_a_controlled_form(closed, tmp_path):
    file, words, record, _ = closed
    pages = pdf_pages(made(file, tmp_path / "o.pdf", "--document", "record", "--lang", "zh", *words))
    assert all("MR-01 A/3" in page and "R-2026-001-A1" in page for page in pages)
    assert squeezed(f"第 {len(pages)} 页 共 {len(pages)} 页") in squeezed(pages[-1])
    whole = squeezed("".join(pages))
    assert whole.count("环境（开始）") == whole.count("环境（结束）") == len(attempts_of(record)) > 10
    assert whole.count("校核LiSi") == len(attempts_of(record))
    for _, _, attempt in attempts_of(record):
        for own in attempt["measurements"]:
            if isinstance(own["value"], float) and not own["value"].is_integer():
                assert repr(own["value"]) in whole, own["name"]
    assert "openclosed" in whole or "open→closed" in whole
    assert ":OUTPCH1,OFF→OFF" in whole and "photomissing" in whole and "42个事件" in whole


def test_formulas_give_the_recorded_values(closed, tmp_path):
    """Each line is reckoned again from what it prints."""
    file, words, record, _ = closed
    book = openpyxl.load_workbook(made(file, tmp_path / "o.xlsx", "--document", "record", "--lang", "en", *words))
    rows = list(book["Measurements"].iter_rows(min_row=3, values_only=True))
    names = set()
    for row in rows:
        for formula in (row[21] or "").splitlines():
            *_, numbers, value = formula.split(";")[0].split(" = ")
            numbers = numbers.replace("×", "*").replace("−", "-").replace("²", "**2").replace("√", "math.sqrt")
            numbers = re.sub(r" m3\b", "", numbers)
            assert eval(numbers, {"math": math}) == pytest.approx(float(value), rel=1e-9, abs=1e-12), formula
            names.add(formula.split(" = ")[0])
    assert {"quiescent_current", "leakage", "conversion_error", "u_c(leakage)"} <= names
    budgets = [own for _, _, attempt in attempts_of(record) for own in attempt["measurements"] if "budget" in own]
    assert sum("u_c(" in (row[21] or "") for row in rows) == len(budgets)


def test_a_formula_that_does_not_give_the_value_is_not_printed(closed, tmp_path):
    _, _, record, dossier = closed
    other = json.loads(json.dumps(record))
    for _, _, attempt in attempts_of(other):
        for own in attempt["measurements"]:
            if own["name"] == "leakage":
                own["value"] += 0.001
    file, words = written(tmp_path, other, {**dossier, "attachments": []})
    page = made(file, tmp_path / "o.html", "--document", "record", *words).read_text()
    assert "leakage = flow_at_outlet" not in page and "quiescent_current = sleep_floor" in page


def test_every_use_of_an_instrument_is_a_line(closed, tmp_path):
    file, words, record, _ = closed
    book = openpyxl.load_workbook(made(file, tmp_path / "e.xlsx", "--document", "equipment", "--lang", "en", *words))
    assert book.sheetnames == ["Form", "Uses"]
    rows = list(book["Uses"].iter_rows(min_row=3, values_only=True))
    expected = sorted((name, result["id"], dut["sample"]) for dut, result, attempt in attempts_of(record)
                      for name in set(attempt["instruments"].values()))
    assert sorted((row[0], row[5], row[6]) for row in rows) == expected
    supply = next(row for row in rows if row[0] == "psu1")
    assert supply[2] == "DP8A000001" and ":OUTP CH1,OFF → OFF" in supply[11] and supply[10] <= supply[7] <= supply[8]
    assert supply[8] <= supply[12]
    texts = " ".join(pdf_pages(made(file, tmp_path / "e.pdf", "--document", "equipment", "--lang", "en", *words)))
    assert texts.count("read back as set") >= 2 * sum(row[0].startswith("psu") for row in rows) > 0
    assert all(f"serial {row[2]}" in texts for row in rows if row[2])


def test_the_atml_has_every_outcome_and_value(gas, tmp_path):
    file, record = gas
    root = ElementTree.parse(made(file, tmp_path / "r.atml.xml")).getroot()
    assert root.tag == f"{{{NAMES['trc']}}}TestResultsCollection"
    outcomes = {"pass": ("Passed", None), "not_applicable": ("NotStarted", "not_applicable")}
    units = root.findall("trc:TestResults", NAMES)
    assert [unit.findtext("tr:UUT/c:SerialNumber", None, NAMES) for unit in units] == [
        dut["serial"] for dut in record["duts"]]
    groups = [(group.get("name"), *[group.find("tr:Outcome", NAMES).get(key) for key in ("value", "qualifier")])
              for group in root.iter(f"{{{NAMES['tr']}}}TestGroup")]
    assert groups == [(r["id"], *outcomes[r["verdict"]]) for dut in record["duts"] for r in dut["results"]]
    values = []
    for result in root.iter(f"{{{NAMES['tr']}}}TestResult"):
        datum = result.find("tr:TestData/c:Datum", NAMES)
        kind = datum.get("{http://www.w3.org/2001/XMLSchema-instance}type")
        text = datum.findtext("c:Value", None, NAMES) if kind == "c:string" else float(datum.get("value"))
        values.append((result.get("name"), text, result.find("tr:TestLimits", NAMES) is not None))
    expected = [own for _, _, attempt in attempts_of(record) for own in attempt["measurements"]]
    assert values == [(own["name"], own["value"], own["limit"] is not None) for own in expected]
    identities = [element.get("ID") for element in root.iter() if element.get("ID")]
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", one) for one in identities)
    assert len(set(unit.get("uuid") for unit in units)) == 3


@pytest.mark.parametrize("verdict, outcome", [("fail", ("Failed", None)), ("void", ("Aborted", "void")),
                                              ("inconclusive", ("UserDefined", "inconclusive"))])
def test_the_atml_maps_verdicts(gas, tmp_path, verdict, outcome):
    record = json.loads(json.dumps(gas[1]))
    record["duts"][0]["results"][0]["verdict"] = verdict
    (tmp_path / "record.json").write_text(json.dumps(record))
    root = ElementTree.parse(made(tmp_path / "record.json", tmp_path / "r.atml.xml")).getroot()
    found = root.find(".//tr:TestGroup/tr:Outcome", NAMES)
    assert (found.get("value"), found.get("qualifier")) == outcome


def test_the_junit_is_what_servers_read(gas):
    """tests/python/data/junit.xsd says where its rules are from."""
    schema = xmlschema.XMLSchema(str(DATA / "junit.xsd"))
    ended = meterrig("report", "latest", "--format", "junit", "--output", "junit", cwd=gas[0].parent)
    assert ended.returncode == 0, ended.stderr
    (file,) = (gas[0].parent / "junit").iterdir()
    schema.validate(str(file))
    text = file.read_text()
    assert text.count("<testcase") == sum(len(dut["results"]) for dut in gas[1]["duts"])
    assert not schema.is_valid(text.replace('tests="', 'test="')) and not schema.is_valid(
        text.replace("<testcase classname", "<testcase class"))


def test_a_page_does_not_grow_with_each_value(gas, tmp_path):
    """Cells are what a PDF's time goes by: recorded values share a paragraph, budgets are printed once."""
    record = json.loads(json.dumps(gas[1]))
    of_three = made(gas[0], tmp_path / "3.html", "--lang", "zh").read_text()
    record["duts"] = [{**dut, "sample": 3 * n + dut["sample"]} for n in range(16) for dut in record["duts"]]
    (tmp_path / "record.json").write_text(json.dumps(record))
    of_many = made(tmp_path / "record.json", tmp_path / "48.html", "--lang", "zh").read_text()
    judged = sum(1 for dut in record["duts"] for r in dut["results"] for m in r["measurements"] if m["limit"])
    samples = 7 * 45  # cells of the list of samples
    assert of_many.count("<td") - of_three.count("<td") - samples < 2 * judged
    assert of_many.count('class="list budget"') == of_three.count('class="list budget"') > 2
    assert "#1–48" in texts_of(of_many)
    spreads = {dut["sample"]: m["expanded_uncertainty"] for dut in gas[1]["duts"] for r in dut["results"]
               for m in r["measurements"] if m["name"] == "leakage"}
    assert len(set(spreads.values())) > 1
    assert f"leakage</span> 不确定度评定 #{max(spreads, key=spreads.get)}<" in of_three
