"""The results in the manner of IEEE 1636.1 (ATML TestResults), for test executives and databases that read it.

A sample is one TestResults of the collection, a clause one TestGroup, an attempt one Test, a value one TestResult.
"""

import uuid
import xml.etree.ElementTree as ElementTree

import wording

COLLECTION = "urn:IEEE-1636.1:2013:TestResultsCollection"
RESULTS = "urn:IEEE-1636.1:2013:TestResults"
COMMON = "urn:IEEE-1671:2010:Common"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
PREFIXES = {"trc": COLLECTION, "tr": RESULTS, "c": COMMON, "xsi": INSTANCE}
# (value, qualifier): what is neither passed nor failed says in its qualifier what it is.
OUTCOMES = {"pass": ("Passed", None), "fail": ("Failed", None), "void": ("Aborted", "void"),
            "not_tested": ("NotStarted", "not_tested"), "not_applicable": ("NotStarted", "not_applicable"),
            "inconclusive": ("UserDefined", "inconclusive"), "recorded": ("UserDefined", "recorded")}
COMPARATORS = {"at_most": "LE", "less_than": "LT", "at_least": "GE", "equals": "EQ"}


def add(parent, prefix, element, text=None, /, **attributes):
    """A child element; attributes that are none are left out."""
    said = {key: str(value) for key, value in attributes.items() if value is not None}
    child = ElementTree.SubElement(parent, f"{{{PREFIXES[prefix]}}}{element}", said)
    child.text = text
    return child


def datum(parent, value, unit):
    """A value with its type; the unit is UCUM's."""
    kind = "string" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "double"
    child = add(parent, "c", "Datum", nonStandardUnit=unit if unit != "1" else None)
    child.set(f"{{{INSTANCE}}}type", f"c:{kind}")
    if kind == "string":
        add(child, "c", "Value", value)
    else:
        child.set("value", wording.plain(value))
    return child


def outcome(parent, verdict):
    value, qualifier = OUTCOMES[verdict]
    add(parent, "tr", "Outcome", value=value, qualifier=qualifier)


def pair(parent, low, high, unit, name=None):
    both = add(parent, "c", "LimitPair", operator="AND", name=name)
    for comparator, bound in (("GE", low), ("LE", high)):
        datum(add(both, "c", "Limit", comparator=comparator), bound, unit)


def limits(parent, limit, unit):
    own = add(add(parent, "tr", "TestLimits"), "tr", "Limits")
    if "between" in limit:
        pair(own, *limit["between"], unit)
        return
    kind = next(kind for kind in COMPARATORS if kind in limit)
    element = "Expected" if kind == "equals" else "SingleLimit"
    name = f"|{limit['magnitude_of']}|" if "magnitude_of" in limit else None
    datum(add(own, "c", element, comparator=COMPARATORS[kind], name=name), limit[kind], unit)


def measurement(parent, own, identity):
    result = add(parent, "tr", "TestResult", ID=identity, name=own["name"])
    if own["limit"]:
        outcome(result, own["verdict"])
    if own["value"] is not None:
        value = datum(add(result, "tr", "TestData"), own["value"], own["unit"])
        spread = own.get("expanded_uncertainty")
        if spread:
            pair(add(value, "c", "ErrorLimits"), -spread, spread, own["unit"],
                 f"U, k = {wording.plain(own['coverage_factor'])}")
    if own["limit"]:
        limits(result, own["limit"], own["unit"])


def clause(parent, result, identity):
    group = add(parent, "tr", "TestGroup", ID=identity, name=result["id"], callerName=result["title"]["en"],
                startDateTime=result["started"], endDateTime=result["ended"])
    outcome(group, result["verdict"])
    for attempt in result["attempt_records"]:
        own = f"{identity}-a{attempt['attempt']}"
        test = add(group, "tr", "Test", ID=own, name=f"{result['id']} attempt {attempt['attempt']}",
                   startDateTime=attempt["started"], endDateTime=attempt["ended"])
        outcome(test, attempt["verdict"])
        for number, one in enumerate(attempt["measurements"], 1):
            measurement(test, one, f"{own}-m{number}")


def sample(parent, record, dut):
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"meterrig:{record['run']}:{record['journal']['head']}:{dut['sample']}")
    results = add(parent, "trc", "TestResults", uuid=identity)
    operators = sorted({attempt["operator"] for result in dut["results"] for attempt in result["attempt_records"]
                        if attempt["operator"]})
    if operators:
        personnel = add(results, "tr", "Personnel")
        for number, name in enumerate(operators, 1):
            add(personnel, "tr", "SystemOperator", ID=f"operator{number}", name=name)
    label = f"{'SIMULATED ' if record['simulated'] else ''}{record['plan'].get('id', '')} {record['run']}"
    own = add(results, "tr", "ResultSet", ID=f"s{dut['sample']}", name=label,
              startDateTime=record["started"], endDateTime=record["ended"])
    outcome(own, dut["verdict"])
    for number, result in enumerate(dut["results"], 1):
        clause(own, result, f"s{dut['sample']}-c{number}")
    station = add(results, "tr", "TestStation")
    add(station, "c", "SerialNumber", f"{record['rig'].get('id', '')} {wording.plain(dut['station'])}")
    unit = add(results, "tr", "UUT", UutType="Module")
    add(unit, "c", "SerialNumber", wording.plain(dut["serial"]))
    definition = add(unit, "c", "Definition", name=wording.plain(dut["model"]))
    numbers = add(add(definition, "c", "Identification"), "c", "IdentificationNumbers")
    add(numbers, "c", "IdentificationNumber", number=wording.plain(dut["model"]), type="Model")


def render(given):
    """The bytes of the XML."""
    for prefix, space in PREFIXES.items():
        ElementTree.register_namespace(prefix, space)
    root = ElementTree.Element(f"{{{COLLECTION}}}TestResultsCollection")
    for dut in given.record["duts"]:
        sample(root, given.record, dut)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
