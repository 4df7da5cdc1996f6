"""The original record (原始记录) as a workbook: every measurement with its full value."""

import datetime
import io
import json
import zipfile

import tables
import wording

STAMP = (1980, 1, 1, 0, 0, 0)  # of the parts in the archive: the same record gives the same bytes
SIMULATED = "SIMULATED 模拟"
WIDEST = 60
ILLEGAL = {number: "\ufffd" for number in range(32) if chr(number) not in "\t\n\r"}


class Words(wording.Words):
    """As in the report, but plain text: Chinese and English in one cell."""

    def t(self, zh, en):
        return f"{zh} {en}" if self.language == "both" and zh != en else en if self.language == "en" else zh

    def cause(self, cause):
        return str(super().cause(cause).unescape()) if cause else ""

    def said(self, value):
        return self.text(value) if value else ""


def columns(words, *pairs):
    return [words.t(*pair) for pair in pairs]


def run_sheet(record, words, number):
    t, calm = words.t, wording.plain
    software = record["software"]
    yield columns(words, ("名称", "Name"), ("内容", "Content"))
    yield from (
        (t("报告编号", "Report number"), number or t("无", "none")),
        (t("运行", "Run"), record["run"]),
        (t("状态", "State"), words.state(record["state"])),
        (t("计划", "Plan"), record["plan"].get("id", "")),
        (t("委托方", "Client"), record["job"].get("client", "")),
        (t("委托单号", "Order"), record["job"].get("order", "")),
        (t("检验原因", "Reason"), record["job"].get("reason", "")),
        (t("装置", "Rig"), record["rig"].get("id", "")),
        (t("地点", "Place"), record["rig"].get("place", "")),
        (t("软件", "Software"), f"meterrig {software.get('version', '')} {software.get('build', '')}".strip()),
        (t("种子", "Seed"), record["seed"]),
        (t("开始", "Started"), words.stamp(record["started"])),
        (t("结束", "Ended"), words.stamp(record["ended"])),
        (t("判定规则", "Decision rule"), words.rule(record["decision_rule"])),
        (t("判定", "Verdict"), words.verdict(record["verdict"])),
        (t("结论", "Conclusion"), words.said(record["conclusion"]["text"])),
        (t("未作结论的条款", "Open clauses"), ", ".join(record["conclusion"]["open"])),
        (t("未能开始的原因", "Why it did not start"), words.said(record["reason"])),
        (t("具名放行", "Named override"), calm(record["override"]) if record["override"] else ""),
        (t("模拟内容", "Simulated"), "; ".join(record["simulation"])),
        (t("事件数", "Events"), record["journal"]["events"]),
        (t("记录散列", "Head of the journal"), record["journal"]["head"]))
    for standard in record["standards"]:
        yield t("依据", "Basis"), f"{standard.get('name', standard['id'])} {standard.get('status', '')}".strip()
    for agreement in record["job"].get("agreements", []):
        yield t("合同评审", "Agreed with the client"), json.dumps(agreement, ensure_ascii=False)


def sample_sheet(record, words):
    yield columns(words, ("样品", "Sample"), ("型号", "Model"), ("出厂编号", "Serial number"), ("工位", "Station"),
                  ("类别", "Kind"), ("名称", "Name"), ("值", "Value"), ("条款", "Clauses"))
    for dut in record["duts"]:
        who = (dut["sample"], dut["model"], dut["serial"], dut["station"])
        yield *who, words.t("判定", "verdict"), "", words.verdict(dut["verdict"])
        for name, value in dut["declared"].items():
            yield *who, words.t("客户提供", "supplied by the customer"), name, exact(value)
        for item in dut["settings"]:
            text = f"{wording.plain(item['old'])} → {wording.plain(item['value'])} ({item['writes']} ×)"
            kind = words.t("改写并恢复", "written, put back") if item["put_back"] else words.t("改写", "written")
            yield *who, kind, item["item"], text, ", ".join(item["clauses"])
        for left in dut["left_with"]:
            yield *who, words.t("检验后状态", "state afterwards"), "", words.said(left)


def equipment_sheet(record, words):
    yield columns(words, ("名称", "Name"), ("型号", "Model"), ("编号", "Serial number"), ("识别", "Identity"),
                  ("地址", "Address"), ("校准日期", "Calibrated"), ("有效期至", "Calibration due"),
                  ("校准证书", "Certificate"), ("模拟", "Simulated"))
    for one in record["instruments"]:
        paper = one.get("calibration") or {}
        yield (one.get("name", ""), one.get("model", one.get("profile", "")), one.get("serial", ""),
               one.get("identity", ""), one.get("address", ""), paper.get("date", ""), paper.get("due", ""),
               paper.get("certificate", ""), words.t("是", "yes") if one["simulated"] else words.t("否", "no"))


def limit_columns(limit):
    """What the value is held against: kind, lower or only number, upper number, source."""
    if not limit:
        return "", None, None, ""
    kind = next(kind for kind in (*wording.SIGNS, "between") if kind in limit)
    low, high = limit["between"] if kind == "between" else (limit[kind], None)
    shown = f"|{limit['magnitude_of']}| {kind}" if "magnitude_of" in limit else kind
    return shown, low, high, limit["source"]


def remark_of(measurement, words):
    """What else the record says of a value: why there is none, formula, other readings, budget."""
    parts = [words.said(measurement["reason"]), words.said(measurement.get("remark"))]
    parts += [f"{name} = {exact(value)}" for name, value in measurement.get("more", {}).items()]
    parts += [f"{words.said(other['reading'])}: {exact(other['value'])} ({words.verdict(other['verdict'])})"
              for other in measurement.get("other_readings", [])]
    if "correction" in measurement:
        parts.append(f"{exact(measurement['indication'])} + {exact(measurement['correction'])}")
    if "budget" in measurement:
        terms = [f"{term['term']} {exact(term['standard_uncertainty'])}" for term in measurement["budget"]]
        parts.append(f"u: {', '.join(terms)}; u_c = {exact(measurement['combined_uncertainty'])}")
    if "rests_on" in measurement:
        parts.append(words.t("依据非标准给出的", "rests on what is not the standard's own:") + " " +
                     ", ".join(measurement["rests_on"]))
    return "; ".join(part for part in parts if part)


def measurement_sheet(record, words):
    yield columns(words, ("样品", "Sample"), ("条款", "Clause"), ("项目（中文）", "Title (Chinese)"),
                  ("项目（英文）", "Title (English)"), ("次", "Attempt"), ("检验员", "Operator"), ("开始", "Start"),
                  ("结束", "End"), ("量", "Quantity"), ("单侧", "One-sided"), ("值", "Value"), ("单位", "Unit"), ("U", "U"),
                  ("k", "k"), ("限值类型", "Kind of limit"), ("限值", "Limit"), ("上限", "Upper limit"),
                  ("限值来源", "Source of the limit"), ("判定依据", "Decision"), ("判定", "Verdict"),
                  ("公式或备注", "Formula or remark"))
    for sample, result in tables.results(record):
        for attempt in result["attempt_records"]:
            who = (sample, result["id"], result["title"]["zh"], result["title"]["en"], attempt["attempt"],
                   attempt["operator"], words.stamp(attempt["started"]), words.stamp(attempt["ended"]))
            for own in attempt["measurements"]:
                yield (*who, own["name"], own.get("one_sided", ""), own["value"], own["unit"],
                       own["expanded_uncertainty"], own["coverage_factor"], *limit_columns(own["limit"]),
                       own["decision"], own["verdict"], remark_of(own, words))


def clause_sheet(record, words):
    yield columns(words, ("样品", "Sample"), ("条款", "Clause"), ("项目（中文）", "Title (Chinese)"),
                  ("项目（英文）", "Title (English)"), ("程序", "Procedure"), ("次", "Attempt"), ("检验员", "Operator"),
                  ("开始", "Start"), ("结束", "End"), ("判定", "Verdict"), ("证书", "Certificates"), ("原始数据", "Raw data"),
                  ("仪器", "Instruments"))
    for sample, result in tables.results(record):
        for one in result["attempt_records"] or [{**result, "attempt": None}]:
            papers = [f"{p['number']} {p['laboratory']} {p['date']} {p['sha256']}" for p in one["certificates"]]
            yield (sample, result["id"], result["title"]["zh"], result["title"]["en"], result["procedure"],
                   one["attempt"], one["operator"], words.stamp(one["started"]), words.stamp(one["ended"]),
                   one["verdict"], "; ".join(papers), ", ".join(one["evidence"]),
                   ", ".join(f"{role}: {name}" for role, name in one.get("instruments", {}).items()))


def remarks_of(one, words):
    """(kind, time, text) of a result or an attempt."""
    for key, pair in (("deviations", ("偏离", "deviation")), ("notes", ("备注", "note"))):
        for remark in one[key]:
            yield words.t(*pair), remark["t"], words.said(remark["text"])
    for answer in one.get("answers", []):
        text = f"{words.said(answer['prompt'])} → {exact(answer['value'])} {answer.get('operator') or ''}".strip()
        yield words.t("人员观察", "observation"), answer["t"], text
    if one.get("cause"):
        yield words.t("原因", "cause"), one.get("ended"), words.cause(one["cause"])
    if one.get("reason"):
        yield words.t("理由", "reason"), one.get("ended"), words.said(one["reason"])


def remark_sheet(record, words):
    yield columns(words, ("类别", "Kind"), ("样品", "Sample"), ("条款", "Clause"), ("次", "Attempt"), ("时间", "Time"),
                  ("内容", "Text"))
    rows = [(kind, None, "", None, t, text) for kind, t, text in remarks_of({**record, "reason": None}, words)]
    rows += [(words.t("联锁", "interlock"), None, "", None, one["t"], f"{words.said(one['title'])} {one.get('text', '')}")
             for one in record["interlocks"]]
    rows += [(words.t("停止", "stop"), None, "", None, one["t"], f"{one['level']} {one.get('by', '')}")
             for one in record["stops"]]
    rows += [(words.t("仪器不足", "shortfall"), None, "", None, None, f"{one['instrument']}: {words.said(one['text'])}")
             for one in record["shortfalls"]]
    for sample, result in tables.results(record):
        # What an attempt says its result says too; only a result without an attempt speaks for itself.
        for one in result["attempt_records"] or [{**result, "attempt": None}]:
            rows += [(kind, sample, result["id"], one["attempt"], t, text) for kind, t, text in remarks_of(one, words)]
    for kind, sample, clause, attempt, t, text in rows:
        yield kind, sample, clause, attempt, words.stamp(t), text


def environment_sheet(record, words):
    yield columns(words, ("时间", "Time"), ("工位", "Station"), ("量", "Quantity"), ("值", "Value"), ("单位", "Unit"))
    for reading in record["environment"]:
        yield (words.stamp(reading["t"]), reading.get("station", ""), reading["name"], reading["value"],
               reading["unit"])


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
        cell.value = exact(value).translate(ILLEGAL)
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


def render(record, language, number=None):
    """The bytes of the workbook, which depend on nothing but what is given."""
    try:
        import openpyxl
    except ImportError:
        raise ValueError("a workbook needs openpyxl: apt-get install python3-openpyxl") from None

    words = Words(language, record.get("utc_offset", "+00:00"))
    moment = record.get("ended") or record.get("started") or "1980-01-01T00:00:00Z"
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.title, book.properties.creator = record["run"], "meterrig"
    book.properties.created = book.properties.modified = datetime.datetime.fromisoformat(moment[:19])
    for name, rows in ((("运行", "Run"), run_sheet(record, words, number)),
                       (("样品", "Samples"), sample_sheet(record, words)),
                       (("仪器", "Equipment"), equipment_sheet(record, words)),
                       (("条款", "Clauses"), clause_sheet(record, words)),
                       (("测量", "Measurements"), measurement_sheet(record, words)),
                       (("偏离与备注", "Deviations and notes"), remark_sheet(record, words)),
                       (("环境", "Environment"), environment_sheet(record, words))):
        title = [SIMULATED if record["simulated"] else "", words.t("原始记录", "Original record"), number or "",
                 record["run"], words.t(*name)]
        fill(book.create_sheet(words.t(*name)), " · ".join(part for part in title if part), rows,
             record["simulated"], language)
    return packed(book)
