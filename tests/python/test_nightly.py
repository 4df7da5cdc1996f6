"""The nightly run from end to end: two builds of a virtual meter, and the page, JUnit and text about them."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from nights import ENV, EXAMPLE, QUIESCENT, Nights, findings, plan
from rigtools import ROOT


@pytest.fixture
def nights(tmp_path):
    return Nights(tmp_path)


@pytest.fixture(scope="module")
def two_builds(tmp_path_factory):
    """The example as it is shipped, then with a firmware that draws more and still passes."""
    folder = tmp_path_factory.mktemp("nights")
    made = Nights(folder)
    made.config.write_text(EXAMPLE.read_text().replace('"output": "nightly"', '"output": "out"'))
    made.first = made.run()
    made.config.write_text(made.config.read_text().replace('"defects": []', '"defects": ["cjt503-5.3.8-g1@1"]'))
    made.second = made.run()
    return made


def findings(document, weight):
    return [one for own in document["runs"] for one in own["findings"] if one["weight"] == weight]


def test_the_shift_of_a_value_that_still_passes_is_named(two_builds):
    assert two_builds.first.returncode == 0, two_builds.first.stderr
    assert "NOTHING CHANGED" in two_builds.first.stdout
    assert two_builds.second.returncode == 1 and "REGRESSION" in two_builds.second.stdout
    said = next(line for line in two_builds.second.stdout.splitlines() if "quiescent_current" in line)
    assert said == ("  regression  25R000101 CJT503-5.3.8/6.10 quiescent_current  32.4 uA -> 49.2 uA: "
                    "a change of 16.8, beyond the combined U = 0.2")
    document = two_builds.latest()
    assert [own["verdict"] for own in document["runs"]] == ["pass", "pass"], "every verdict is as it was"
    (shift,) = findings(document, "regression")
    assert (shift["serial"], shift["name"], shift["kind"]) == ("25R000101", "quiescent_current", "shift")
    gas = document["runs"][1]
    assert {"zh": "样品 25R000101 communication", "en": "sample 25R000101 communication", "before": "R",
            "after": "S"} in gas["setup"]
    slower = [one["clause"] for one in findings(document, "note") if one["kind"] == "time"]
    assert QUIESCENT in slower, "the window grew with the wake-up period"


def test_what_moved_without_a_limit_is_told_but_does_not_count(two_builds):
    moved = {one["name"] for one in findings(two_builds.latest(), "unlimited")}
    assert moved == set(), "nothing else has an uncertainty beyond which it moved"
    unjudged = {one["name"] for one in findings(two_builds.latest(), "note") if one["kind"] == "unjudged"}
    assert {"sleep_floor", "window", "wake_period"} <= unjudged


def test_the_weather_is_no_regression(nights):
    """The variant leaks more at another temperature and air pressure; those have no limit."""
    nights.run(plan(only=["5.3.5"]))
    assert nights.run(plan(only=["5.3.5"], defects=["cjt503-5.3.5-g1@1"])).returncode == 1
    counted = {(one["serial"], one["name"]) for one in findings(nights.latest(), "regression")}
    moved = {one["name"] for one in findings(nights.latest(), "unlimited")}
    assert counted == {("25R000101", "leakage")}
    assert {"gas_temperature", "barometer"} <= moved
    watched = [{"clause": "CJT503-5.3.5/6.7", "name": "barometer"}]
    nights.run(plan(only=["5.3.5"], defects=["cjt503-5.3.5-g1@1"]), watch=watched)
    assert {one["name"] for one in findings(nights.latest(), "regression")} == {"leakage", "barometer"}


class Page(HTMLParser):
    """Text, and everything that a page would fetch."""

    def __init__(self, page):
        super().__init__()
        self.text, self.fetched, self.open = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.fetched += [value for name, value in attributes if name in ("src", "href") and not value.startswith("#")]
        if tag in ("script", "link", "iframe", "img"):
            self.fetched.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_whole_in_itself_and_in_both_languages(two_builds):
    page = Page(two_builds.latest("page.html"))
    text = " ".join(page.text)
    assert page.fetched == []
    for word in ("夜间回归", "Nightly regression", "变化 16.8", "a change of 16.8", "静态工作电流", "49.2 µA", "模拟运行", "≤ 50 µA",
                 "的历史不足 8 点", "have fewer than 8 nights"):
        assert word in text, word
    assert "url(" not in two_builds.latest("page.html")


def test_the_guide_shows_the_example_that_is_run():
    guide = (ROOT / "docs" / "guide-nightly.md").read_text()
    shown, = re.findall(r"```\n(\{.*?\n\})\n```", guide, re.DOTALL)
    assert json.loads(shown) == json.loads(re.sub(r"^\s*//.*$", "", EXAMPLE.read_text(), flags=re.MULTILINE))


def test_junit_says_what_the_exit_code_says(two_builds):
    root = ET.fromstring(two_builds.latest("junit.xml"))
    counts = {name: int(root.get(name)) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": 6 + 12, "failures": 1, "errors": 0, "skipped": 0}
    assert counts["tests"] == len(root.findall(".//testcase")) and counts["failures"] == len(root.findall(".//failure"))
    (failed,) = (case for case in root.iter("testcase") if case.find("failure") is not None)
    assert failed.get("classname") == "gas" and "25R000101 CJT503-5.3.8/6.10" in failed.get("name")
    assert "16.8" in failed.find("failure").get("message") and float(failed.get("time")) > 100


def test_the_same_runs_give_the_same_page(two_builds, nights):
    """On another day, in another folder, under another order of hashes."""
    nights.config.write_text(EXAMPLE.read_text().replace('"output": "nightly"', '"output": "out"'))
    other = {**ENV, "PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"}
    nights.run(environment=other)
    nights.config.write_text(nights.config.read_text().replace('"defects": []', '"defects": ["cjt503-5.3.8-g1@1"]'))
    assert nights.run(environment=other).returncode == 1
    for name in ("page.html", "junit.xml", "night.json"):
        assert nights.latest(name) == two_builds.latest(name), name


def test_users_words_stay_words(nights):
    evil = "<script>alert(1)</script>\x07&\"'"
    done = nights.run(plan(), title={"zh": evil, "en": evil})
    assert done.returncode == 0, done.stderr
    page = Page(nights.latest("page.html"))
    assert page.fetched == [] and "<script>alert(1)</script>" in " ".join(page.text)
    ET.fromstring(nights.latest("junit.xml"))
