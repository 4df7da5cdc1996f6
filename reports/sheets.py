"""The original record (原始记录) as a workbook: every measurement with its full value."""

import dataclasses
import json

import formulas
import original
import page
import tables
import wording
import workbook
from workbook import exact


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


def run_sheet(record, words, number, form):
    t, calm = words.t, wording.plain
    software = record["software"]
    yield columns(words, ("名称", "Name"), ("内容", "Content"))
    yield from form
    yield from (
        (t("报告编号", "Report number"), number or t("无", "none")),
        (t("运行", "Run"), record["run"]),
        (t("状态", "State"), words.state(record["state"])),
        (t("计划", "Plan"), record["plan"].get("id", "")),
        (t("委托方", "Client"), record["job"].get("client", "")),
        (t("委托单号", "Order"), record["job"].get("order", "")),
        (t("校核", "Checked by"), record["job"].get("checker", "")),
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
    """What else the record says of a value: why there is none, other readings, what it rests on."""
    parts = [words.said(measurement["reason"]), words.said(measurement.get("remark"))]
    parts += [f"{name} = {exact(value)}" for name, value in measurement.get("more", {}).items()]
    parts += [f"{words.said(other['reading'])}: {exact(other['value'])} ({words.verdict(other['verdict'])})"
              for other in measurement.get("other_readings", [])]
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
                  ("备注", "Remark"), ("公式", "Formula"))
    for sample, result in tables.results(record):
        for attempt in result["attempt_records"]:
            who = (sample, result["id"], result["title"]["zh"], result["title"]["en"], attempt["attempt"],
                   attempt["operator"], words.stamp(attempt["started"]), words.stamp(attempt["ended"]))
            for at, own in enumerate(attempt["measurements"]):
                yield (*who, own["name"], own.get("one_sided", ""), own["value"], own["unit"],
                       own["expanded_uncertainty"], own["coverage_factor"], *limit_columns(own["limit"]),
                       own["decision"], own["verdict"], remark_of(own, words),
                       "\n".join(formulas.of(attempt["measurements"], at)))


def readings_of(list_of, words):
    return "; ".join(f"{one['name']} {exact(one['value'])} {one['unit']} ({words.stamp(one['t'])})" for one in list_of)


def clause_sheet(record, words):
    yield columns(words, ("样品", "Sample"), ("条款", "Clause"), ("项目（中文）", "Title (Chinese)"),
                  ("项目（英文）", "Title (English)"), ("程序", "Procedure"), ("次", "Attempt"), ("检验员", "Operator"),
                  ("开始", "Start"), ("结束", "End"), ("判定", "Verdict"), ("证书", "Certificates"), ("原始数据", "Raw data"),
                  ("仪器", "Instruments"), ("校核", "Checked by"), ("环境（开始）", "Ambient at start"),
                  ("环境（结束）", "Ambient at end"))
    found = {(one["dut"]["sample"], one["result"]["id"], one["attempt"]["attempt"]): one
             for one in original.attempts(record)}
    for sample, result in tables.results(record):
        for one in result["attempt_records"] or [{**result, "attempt": None}]:
            papers = [f"{p['number']} {p['laboratory']} {p['date']} {p['sha256']}" for p in one["certificates"]]
            around = found.get((sample, result["id"], one["attempt"]), {"before": [], "after": []})
            yield (sample, result["id"], result["title"]["zh"], result["title"]["en"], result["procedure"],
                   one["attempt"], one["operator"], words.stamp(one["started"]), words.stamp(one["ended"]),
                   one["verdict"], "; ".join(papers), ", ".join(one["evidence"]),
                   ", ".join(f"{role}: {name}" for role, name in one.get("instruments", {}).items()),
                   record["job"].get("checker", ""), readings_of(around["before"], words),
                   readings_of(around["after"], words))


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
    rows += [(words.t("停止", "stop"), None, "", None, one["t"], f"{words.stop(one['level'])} {one.get('by', '')}")
             for one in record["stops"]]
    rows += [(words.t("仪器不足", "shortfall"), None, "", None, None, f"{one['instrument']}: {words.said(one['text'])}")
             for one in record["shortfalls"]]
    rows += [(words.t("续检", "resumed"), None, "", None, one["t"],
              f"{words.t('此前', 'after')} {words.state(one['after'])}, {one['events']} {words.t('个事件', 'events')}"
              f" {one['by'] or ''}") for one in record["resumptions"]]
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


def correction_sheet(own, words):
    yield columns(words, ("时间", "Time"), ("更正人", "Who"), ("样品", "Sample"), ("条款", "Clause"), ("内容", "What"),
                  ("原值", "Old"), ("新值", "New"), ("原因", "Why"))
    for one in own["corrections"]:
        yield (words.stamp(one["t"]), one["by"], one["sample"], one["id"], one["what"], exact(one["old"]),
               exact(one["new"]), one["reason"])


def act_sheet(own, words):
    yield columns(words, ("时间", "Time"), ("行为", "Act"), ("人员", "Who"), ("原因", "Why"))
    for act in own["acts"]:
        yield words.stamp(act["t"]), words.act_name(act["type"]), act["by"], act["reason"]


def use_sheet(record, words):
    yield columns(words, ("仪器", "Instrument"), ("型号", "Model"), ("编号", "Serial number"),
                  ("校准有效期至", "Calibration due"), ("用途", "Role"), ("条款", "Clause"), ("样品", "Sample"), ("开始", "From"),
                  ("结束", "To"), ("使用人", "Operator"), ("使用前读回时间", "Read back before at"),
                  ("使用前状态", "State before"), ("使用后读回时间", "Read back after at"), ("使用后状态", "State after"))
    for use in original.uses(record):
        yield (use["name"], use["model"], use["serial"], use["due"], ", ".join(use["roles"]), use["id"], use["sample"],
               words.stamp(use["started"]), words.stamp(use["ended"]), use["operator"], words.stamp(use["before_t"]),
               use["before"], words.stamp(use["after_t"]), use["after"])


def form_rows(given, words):
    """The first lines of a controlled form."""
    form = page.form_of(given, page.environment_of(given.templates))
    return [(words.t("表格编号", "Form"), form["number"]), (words.t("表格版本", "Version of the form"), form["version"])]


def render(given):
    """The original record, or the record of equipment use, as a workbook."""
    record = given.record
    words = Words(given.language, record.get("utc_offset", "+00:00"))
    # A report is no table: its workbook is the original record.
    given = dataclasses.replace(given, document="record" if given.document == "report" else given.document)
    heads = run_sheet(record, words, given.number, form_rows(given, words))
    if given.document == "equipment":
        parts = [(("表头", "Form"), heads), (("使用记录", "Uses"), use_sheet(record, words))]
    else:
        parts = [(("运行", "Run"), heads), (("样品", "Samples"), sample_sheet(record, words)),
                 (("仪器", "Equipment"), equipment_sheet(record, words)),
                 (("条款", "Clauses"), clause_sheet(record, words)),
                 (("测量", "Measurements"), measurement_sheet(record, words)),
                 (("偏离与备注", "Deviations and notes"), remark_sheet(record, words)),
                 (("环境", "Environment"), environment_sheet(record, words)),
                 (("更正", "Corrections"), correction_sheet(given.dossier, words)),
                 (("审批", "Approval"), act_sheet(given.dossier, words))]
    return workbook.bytes_of(given, words.t(*page.DOCUMENTS[given.document][1]),
                             [(words.t(*title), rows) for title, rows in parts])
