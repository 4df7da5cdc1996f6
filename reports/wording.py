"""How a report says things: words in two languages, numbers, limits, times."""

import datetime
import decimal
import functools
import math

import markupsafe

# Worst first, as rig/record/verdict.hpp has it.
VERDICTS = {
    "fail": ("不符合", "fail"),
    "void": ("无效", "void"),
    "inconclusive": ("待定", "inconclusive"),
    "not_tested": ("未检", "not tested"),
    "pass": ("符合", "pass"),
    "recorded": ("记录", "recorded"),
    "not_applicable": ("不适用", "not applicable"),
}
STATES = {
    "finished": ("完成", "finished"),
    "aborted": ("中止", "aborted"),
    "interrupted": ("中断", "interrupted"),
    "refused": ("未开始", "refused"),
    "running": ("进行中", "running"),
}
SOURCES = {
    "standard": ("标准", "standard"),
    "maker": ("制造商声明", "maker's declaration"),
    "rig_default": ("装置默认值", "rig default"),
    "procedure": ("实验室自定程序", "the laboratory's own procedure"),
    "external": ("引用标准（待确认）", "cited standard, to be confirmed"),
}
STANDINGS = {
    "draft": ("征求意见稿或修订稿", "draft"),
    "published": ("已发布", "published"),
}
RULES = {
    "simple_acceptance": ("简单接受", "simple acceptance"),
    "guard_band": ("保护带 w = {}U（ILAC-G8:09/2019）", "guard band w = {}U (ILAC-G8:09/2019)"),
    "jjf_1094": ("JJF 1094-2002（U ≤ MPEV/3）", "JJF 1094-2002 (U ≤ MPEV/3)"),
}
DECISIONS = {
    "conditional_pass": ("有条件符合", "conditional pass"),
    "conditional_fail": ("有条件不符合", "conditional fail"),
    "no_reading": ("无读数", "no reading"),
    "one_sided": ("单侧读数", "one-sided reading"),
}
CATEGORIES = {
    "type": ("型式检验", "type inspection"),
    "factory": ("出厂检验", "factory inspection"),
    "commissioned": ("委托检验", "commissioned inspection"),
    "supervision": ("监督抽查", "supervision by sampling"),
}
ACTS = {
    "tested": ("检验完成", "tested"),
    "reviewed": ("审核通过", "reviewed"),
    "returned": ("退回", "returned"),
    "approved": ("批准", "approved"),
    "attached": ("附加文件", "attached"),
    "corrected": ("更正", "corrected"),
    "amended": ("修改报告", "amended"),
}
STOPS = {1: ("当前步骤取消", "the step under way was cancelled"), 2: ("直接进入安全状态", "straight to the safe state")}
UNAPPROVED = {"approved": None, "superseded": "已作废 SUPERSEDED"}
DISTRIBUTIONS = {"rectangular": ("矩形", "rectangular"), "normal": ("正态", "normal")}
BUDGET_TERMS = {
    "accuracy": ("仪器准确度", "accuracy"),
    "resolution": ("分辨力", "resolution"),
    "repeatability": ("重复性", "repeatability"),
    "calibration": ("校准", "calibration"),
    "drift": ("漂移", "drift"),
    "zero": ("零点", "zero"),
    "window": ("窗口截断", "window"),
    "polling": ("查询间隔", "polling"),
    "time stamp": ("时间戳", "time stamp"),
    "pressure": ("压力", "pressure"),
    "reading": ("读数", "reading"),
    "first reading": ("首次读数", "first reading"),
    "second reading": ("第二次读数", "second reading"),
    "last reading": ("末次读数", "last reading"),
    "temperature difference": ("温度差", "temperature difference"),
    "first roll-over": ("首次翻秒", "first roll-over"),
    "last roll-over": ("末次翻秒", "last roll-over"),
    "reference clock": ("参考时钟", "reference clock"),
    "barometer": ("气压计", "barometer"),
    "gas temperature": ("气体温度", "gas temperature"),
}
SIGNS = {"at_most": "≤", "less_than": "<", "at_least": "≥", "equals": "="}
# UCUM as people write it; what is not here is written as it is.
# Money has no unit there: its own words.
MONEY = {"yuan": ("元", "yuan"), "yuan/m3": ("元/m³", "yuan/m³")}
UNITS = {"uA": "µA", "uC": "µC", "Cel": "°C", "m3": "m³", "m3/h": "m³/h", "1": "",
         "Ohm": "Ω", "kOhm": "kΩ", "MOhm": "MΩ", "us": "µs"}
CAUSE_WIDTH = 80


# Digits of a number that has no uncertainty.
SIGNIFICANT = 6


def plain(value):
    """A JSON value as people write it: exact decimals as they stand, numbers with the shortest digits."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, list):
        return ", ".join(plain(item) for item in value)
    return str(value)


@functools.lru_cache  # asked for the value, then for its U
def places_of_uncertainty(uncertainty):
    """Decimal places that leave the uncertainty two significant digits, none of them gained by rounding up."""
    first = math.floor(math.log10(uncertainty))
    places = max(0, 1 - first)
    step = decimal.Decimal(1).scaleb(-places)
    shown = decimal.Decimal(repr(uncertainty)).quantize(step, rounding=decimal.ROUND_UP)
    return places - 1 if places > 0 and shown >= decimal.Decimal(1).scaleb(first + 1) else places


def bounds_of(limit):
    """The numbers that a limit holds a value against."""
    if not limit:
        return []
    numbers = [limit[kind] for kind in SIGNS if kind in limit] + limit.get("between", [])
    return [decimal.Decimal(repr(n)) for n in numbers if isinstance(n, (int, float)) and not isinstance(n, bool)]


def rounded(value, uncertainty, limit=None):
    """GB/T 8170: printed to the place of the uncertainty's second digit, half to even, from the number as recorded.

    The limit was compared with the full value, so no printed value may stand on another side of it: 50.04 against
    50 keeps its digits.
    """
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return plain(value)
    full = decimal.Decimal(repr(value))
    if uncertainty and uncertainty > 0:
        first = places_of_uncertainty(uncertainty)
    else:
        first = max(0, SIGNIFICANT - 1 - full.adjusted())
        if -full.as_tuple().exponent <= first:
            return plain(value)
    for places in range(first, 16):
        shown = full.quantize(decimal.Decimal(1).scaleb(-places), rounding=decimal.ROUND_HALF_EVEN)
        if all(shown.compare(bound) == full.compare(bound) for bound in bounds_of(limit)):
            return format(shown, "f")
    return plain(value)


def uncertainty_text(uncertainty):
    """At most two significant digits, rounded up: an uncertainty is never made smaller by printing it."""
    if not uncertainty or uncertainty <= 0:
        return "—"
    step = decimal.Decimal(1).scaleb(-places_of_uncertainty(uncertainty))
    return format(decimal.Decimal(repr(uncertainty)).quantize(step, rounding=decimal.ROUND_UP), "f")


def significant(number, digits=3):
    """A figure of a budget."""
    return f"{number:.{digits}g}"


def term_name(term):
    """A term of a budget; that of another reading, such as `barometer resolution`, in its parts."""
    if term in BUDGET_TERMS:
        return BUDGET_TERMS[term]
    of, _, part = term.rpartition(" ")
    return BUDGET_TERMS[of][0] + BUDGET_TERMS[part][0] if of in BUDGET_TERMS and part in BUDGET_TERMS else term, term


def percent(probability):
    return "< 0.01 %" if 0 < probability < 1e-4 else f"{100 * probability:.2g} %"


def ranges(numbers):
    """Numbers of samples as people write them: 1–6, 8."""
    runs = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first}" if first == last else f"{first}–{last}" for first, last in runs)


class Words:
    """The functions that a template calls, for one language and one place."""

    def __init__(self, language, utc_offset):
        self.language = language
        sign = -1 if utc_offset.startswith("-") else 1
        hours, minutes = utc_offset[1:].split(":")
        self.offset = sign * datetime.timedelta(hours=int(hours), minutes=int(minutes))
        self.offset_text = "UTC" + utc_offset

    def functions(self):
        names = ("t", "text", "title", "verdict", "state", "source", "standing", "rule", "decision", "limit",
                 "category", "stop", "unapproved", "act_name", "value", "values", "rounded", "ranges", "unit", "risk",
                 "budget_term", "significant", "time", "zoned", "cause", "plain")
        return {name: getattr(self, name, None) or globals()[name] for name in names}

    def t(self, zh, en):
        """A text in the language of the report; with both, English beside Chinese."""
        if self.language == "zh":
            return zh
        if self.language == "en":
            return en
        return markupsafe.Markup('{}<span class="en">{}</span>').format(zh, en) if zh != en else zh

    def plain_pair(self, pair):
        """A text for a drawing, which has no marks within a line."""
        return " ".join(pair) if self.language == "both" else pair[self.language == "en"]

    def pair(self, pair, fallback):
        return self.t(*pair) if pair else fallback

    def text(self, value):
        """A text of the record: {"zh", "en"} or a plain string."""
        if isinstance(value, dict) and "zh" in value:
            return self.t(value["zh"] or value["en"], value["en"] or value["zh"])
        return plain(value)

    def title(self, value):
        return self.text(value)

    def verdict(self, word):
        return self.pair(VERDICTS.get(word), word)

    def state(self, word):
        return self.pair(STATES.get(word), word)

    def source(self, word):
        return self.pair(SOURCES.get(word), plain(word))

    def standing(self, word):
        """Of a standard: what its file says of its status."""
        return self.pair(STANDINGS.get(word), plain(word))

    def category(self, word):
        return self.pair(CATEGORIES.get(word), plain(word))

    def act_name(self, word):
        return self.pair(ACTS.get(word), plain(word))

    def stop(self, level):
        return self.t(*STOPS[level])

    def unapproved(self, word):
        """The mark of a report that is not valid as it stands, in both languages as a watermark is; none if it is."""
        return UNAPPROVED.get(word, "未批准 NOT APPROVED")

    def rule(self, rule):
        factor = rule.get("guard_factor", 1)
        pair = [text.format("" if factor == 1 else f"{plain(factor)} ") for text in RULES.get(rule.get("rule"), ())]
        return self.pair(pair, plain(rule.get("rule")))

    def decision(self, word):
        return self.pair(DECISIONS.get(word), "")

    def limit(self, limit, unit=""):
        if not limit:
            return "—"
        shown = self.unit(unit)
        for kind, sign in SIGNS.items():
            if kind in limit:
                magnitude = f"|{limit['magnitude_of']}| " if "magnitude_of" in limit else ""
                return f"{magnitude}{sign} {plain(limit[kind])} {shown}".rstrip()
        low, high = limit["between"]
        to = "to" if self.language == "en" else "~"
        return f"{plain(low)} {to} {plain(high)} {shown}".rstrip()

    def number(self, measurement):
        """The value as it is printed, without its unit."""
        if measurement["value"] is None:
            return self.t("无读数", "no reading")
        shown = rounded(measurement["value"], measurement.get("expanded_uncertainty"), measurement["limit"])
        if (measurement["limit"] or {}).get("magnitude_of"):
            shown = f"{measurement['limit']['magnitude_of']} = {shown}"
        bound = measurement.get("one_sided")
        return f"{bound} {shown}" if bound else shown

    def value(self, measurement):
        """y ± U, without the unit."""
        spread = uncertainty_text(measurement.get("expanded_uncertainty"))
        return self.number(measurement) if spread == "—" else f"{self.number(measurement)} ± {spread}"

    def values(self, row):
        """What was recorded of a quantity: of each sample, or once where all say the same."""
        unit = self.unit(row["measurement"]["unit"])
        said = {sample: f"{self.value(own)} {unit}".rstrip() for sample, own in row["of"].items()}
        if len(set(said.values())) == 1 and len(said) > 1:
            return f"{next(iter(said.values()))} (#{ranges(said)})"
        return " · ".join(f"#{sample} {text}" for sample, text in said.items())

    def risk(self, measurement):
        """The specific risk of an accepted or rejected value (JCGM 106), where a guard band was chosen for its sake."""
        risk = measurement.get("risk")
        if not risk:
            return ""
        if "false_accept" in risk:
            return self.t("误接收概率", "risk of false accept") + f" {percent(risk['false_accept'])}"
        return self.t("误拒收概率", "risk of false reject") + f" {percent(risk['false_reject'])}"

    def budget_term(self, term):
        """One term as `accuracy ± 1 uA, rectangular: u = 0.577 uA`."""
        rectangular = term["distribution"] == "rectangular"
        spread = term["half_width"] if rectangular else term["standard_deviation"]
        name = self.t(*term_name(term["term"]))
        shown = f"{'±' if rectangular else 's ='} {significant(spread)} {self.unit(term['unit'])}".rstrip()
        if term["sensitivity"] != 1:
            shown += f" × {significant(term['sensitivity'])}"
        return name, shown, self.t(*DISTRIBUTIONS[term["distribution"]]), significant(term["standard_uncertainty"])

    def unit(self, unit):
        if unit in MONEY:
            return MONEY[unit][self.language == "en"]
        return UNITS.get(unit, unit)

    def time(self, text, seconds=True):
        """A time of the record in local time."""
        if not text:
            return "—"
        moment = datetime.datetime.fromisoformat(text.rstrip("Z").split(".")[0]) + self.offset
        return moment.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")

    def zoned(self, text):
        """That with its offset, where a time stands by itself."""
        return f"{self.time(text)} ({self.offset_text})" if text else "—"

    def stamp(self, text):
        """A time of the record in local time with all its digits and its offset; empty for none."""
        if not text:
            return ""
        moment = datetime.datetime.fromisoformat(text.rstrip("Z").split(".")[0]) + self.offset
        return moment.isoformat() + text.rstrip("Z")[19:] + self.offset_text.removeprefix("UTC")

    def cause(self, cause):
        """What was asked, of whom, what came back and after how long."""
        if not cause:
            return ""
        parts = [plain(cause["instrument"])] if cause.get("instrument") else []
        if cause.get("command"):
            parts.append(f"{cause['command'][:CAUSE_WIDTH]} → {(cause.get('got') or '∅')[:CAUSE_WIDTH]}")
            if cause.get("after_s"):
                parts.append(f"{plain(cause['after_s'])} s")
        asked = " · ".join(parts)
        return markupsafe.Markup("{}{}{}").format(asked, ": " if asked else "", self.text(cause.get("text", "")))
