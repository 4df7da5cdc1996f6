"""What the program prints and writes when all is well, and its exit codes."""

import json
import os
import pty
import re
import xml.etree.ElementTree as xml

import jsonschema
import pytest

from rigtools import CONFIG, PROGRAM, journal, meterrig, read_until, started, verdicts, verdicts_printed

COMMANDS = ["", "run", "check", "list", "list clauses", "list procedures", "list instruments", "list meters",
            "list defects", "list plans", "bench", "bench serve", "results", "results list", "results show",
            "results verify", "results export", "results seal", "results key", "results acts", "report", "tested",
            "review", "return", "approve", "amend", "correct", "attach", "frame", "frame decode"]
STANDARDS = ["cjt484", "cjt503", "cwdpa", "husec", "seal"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help(cli, command):
    ended = cli(*command.split(), "--help")
    assert ended.returncode == 0 and ended.stderr == ""
    assert "Usage: meterrig" in ended.stdout and "-h,--help" in ended.stdout
    assert all(len(line) <= 120 for line in ended.stdout.splitlines())


def test_no_words_is_a_question_for_help(cli):
    ended = cli()
    assert ended.returncode == 2 and "Usage: meterrig" in ended.stdout


def test_each_exit_code(cli):
    one = ["run", "cjt503-auto", "--only", "5.3.8"]
    assert cli(*one).returncode == 0
    assert cli(*one, "--defect", "cjt503-5.3.8-d3@2").returncode == 1
    assert cli(*one, "--rig", "nothing").returncode == 2
    assert cli(*one, "--fault", "io-silent:analyser@2").returncode == 3
    # 4 is what a stop leads to: test_stop.py


def catalogue():
    return {s: json.loads((CONFIG / "standards" / f"{s}.json").read_text())["clauses"] for s in STANDARDS}


def test_list_clauses_shows_each_clause_and_what_nothing_serves(cli):
    clauses = [clause for standard in catalogue().values() for clause in standard]
    assert len(clauses) == len({clause["id"] for clause in clauses}) == 427
    built_in = {row["name"] for row in json.loads(cli("list", "procedures", "--json").stdout)}
    served = {clause["id"] for clause in clauses if clause.get("procedure") in built_in}
    assert len(served) >= 14
    lines = {line.split()[0]: line for line in cli("list", "clauses").stdout.splitlines()}
    assert set(lines) == {clause["id"] for clause in clauses}
    assert {id for id, line in lines.items() if "(no procedure" not in line} == served
    rows = json.loads(cli("list", "clauses", "--json").stdout)
    assert {row["id"] for row in rows if row["procedure"] is not None} == served and len(rows) == 427


@pytest.mark.parametrize("standard", STANDARDS)
def test_list_clauses_of_one_standard(cli, standard):
    shown = [line.split()[0] for line in cli("list", "clauses", "--standard", standard).stdout.splitlines()]
    assert shown == [clause["id"] for clause in catalogue()[standard]]


def test_a_reader_that_has_read_enough_is_no_fault(tmp_path):
    process = started("list", "defects", cwd=tmp_path)
    process.stdout.close()
    assert "fault of the program" not in process.stderr.read()


def test_progress_is_plain_text_when_nobody_sits_before_it(good_run):
    assert good_run.stderr == ""
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", good_run.stdout)
    lines = good_run.stdout.splitlines()
    assert re.fullmatch(r"run \S+  estimated rig time \d+:\d\d:\d\d", lines[0])
    station = {dut["sample"]: dut["station"] for dut in good_run.record["duts"]}
    assert verdicts_printed(good_run.stdout) == {(station[sample], clause): verdict for (sample, clause), verdict
                                                 in verdicts(good_run.record).items()}


def test_progress_comes_line_by_line(tmp_path):
    # The first lines are far less than a pipe's buffer: a program that held them back would be through by then.
    process = started("run", "cjt503-auto", cwd=tmp_path)
    assert len("".join(read_until(process, lambda line: " start " in line))) < 1000
    assert process.poll() is None
    process.kill()
    assert "5.3.6" not in process.communicate()[0]


def test_progress_moves_on_a_terminal(tmp_path):
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(tmp_path)
        os.execv(PROGRAM, [PROGRAM, "run", "cjt503-auto", "--only", "5.3.8", "--lang", "en"])
    shown = b""
    try:
        while chunk := os.read(terminal, 65536):
            shown += chunk
    except OSError:
        pass  # so ends a terminal whose last user is gone
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert b"\x1b[4F" in shown, "four lines, drawn over and over"


@pytest.mark.parametrize("lang, word", [("zh", "符合"), ("en", "pass")])
def test_the_display_speaks_both_languages(cli, lang, word):
    ended = cli("run", "cjt503-auto", "--only", "5.3.8", "--lang", lang)
    assert ended.returncode == 0 and word in ended.stdout


def test_the_record_is_valid_under_its_schema(good_run):
    schema = json.loads((CONFIG / "schemas" / "record.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(good_run.record, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**good_run.record, "verdict": "excellent"}, schema)


def test_a_record_of_what_went_wrong_is_valid_too(cli, tmp_path):
    schema = json.loads((CONFIG / "schemas" / "record.json").read_text())
    for words in (["--defect", "cjt503-5.3.8-d3@2"], ["--fault", "io-silent:psu@2"], ["--fault", "R9@2"]):
        cli("run", "cjt503-auto", "--only", "5.3.8", *words)
        jsonschema.validate(json.loads(cli("results", "show", "--json").stdout), schema)


def test_the_journal_is_the_records(good_run):
    events = journal(good_run.folder / "meterrig-data", good_run.record["run"])
    assert good_run.record["journal"]["events"] == len(events)
    shown = meterrig("results", "show", "latest", "--json", cwd=good_run.folder)
    assert json.loads(shown.stdout) == good_run.record and shown.returncode == 0


def test_a_run_of_the_same_inputs_is_the_same_byte_for_byte(tmp_path):
    records = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        ended = meterrig("run", "cjt503-auto", "--seed", "7", "--record", "-", cwd=tmp_path / folder)
        assert ended.returncode == 0 and "estimated rig time" in ended.stderr
        records.append(ended.stdout)
    assert records[0] == records[1] and json.loads(records[0])["seed"] == 7
    other = meterrig("run", "cjt503-auto", "--seed", "8", "--record", "-", cwd=tmp_path)
    assert other.stdout != records[0] and json.loads(other.stdout)["run"] != json.loads(records[0])["run"]


def test_the_estimate_is_the_schedule(cli, tmp_path):
    words = ["run", "cjt503-auto", "--rig", "shared-instruments", "--estimate"]
    plan = json.loads(cli(*words, "--json").stdout)
    longest = max(plan["stations"], key=lambda station: station["steps"][-1]["end_s"])
    assert plan["duration_s"] == longest["steps"][-1]["end_s"]
    assert plan["lower_bound_s"] <= plan["duration_s"] <= 1.05 * plan["lower_bound_s"]
    assert plan["bottleneck"] == {"resource": "leak"} and plan["demand_s"]["leak"] > plan["demand_s"]["analyser"]
    for station in plan["stations"]:
        ends = [0] + [step["end_s"] for step in station["steps"]]
        assert all(begin["begin_s"] >= end for begin, end in zip(station["steps"], ends))
    waits = [wait for station in plan["stations"] for step in station["steps"] for wait in step["waits"]]
    assert waits and all(wait["held_since_s"] <= wait["from_s"] < wait["until_s"] for wait in waits)
    assert all(wait["held_by"] in ("1", "2", "3") for wait in waits)
    shown = cli(*words, "--lang", "en").stdout
    assert "the bottleneck is: leak" in shown and "held by" in shown
    assert "瓶颈" in cli(*words, "--lang", "zh").stdout
    assert not (tmp_path / "meterrig-data").exists()
    assert cli("run", "cjt503-auto", "--json").returncode == 2


def test_junit_counts_what_the_record_says(cli, tmp_path):
    # One of each: a fail at sample 2, a void at sample 3, what is not applicable at all of them.
    cli("run", "cjt503-auto", "--defect", "cjt503-5.3.8-d3@2", "--fault", "io-silent:leak@3")
    record = json.loads(cli("results", "show", "--json").stdout)
    made = cli("report", "latest", "--format", "junit", "--output", "out")
    assert made.returncode == 0
    suites = xml.parse(tmp_path / made.stdout.strip()).getroot()
    counted = {name: 0 for name in ("tests", "failures", "errors", "skipped")}
    for verdict in verdicts(record).values():
        counted["tests"] += 1
        counted["failures"] += verdict in ("fail", "inconclusive")
        counted["errors"] += verdict == "void"
        counted["skipped"] += verdict in ("not_tested", "not_applicable")
    assert counted["failures"] == 1 and counted["errors"] > 0 and counted["skipped"] >= 3
    assert {name: int(suites.get(name)) for name in counted} == counted
    assert {name: sum(int(s.get(name)) for s in suites.iter("testsuite")) for name in counted} == counted
    children = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    assert {name: len(list(suites.iter(tag))) for name, tag in children.items()} == counted


@pytest.mark.parametrize("lang, words", [("both", ["检验报告", "Test report"]), ("zh", ["检验报告"]),
                                         ("en", ["Test report"])])
def test_the_report_of_a_simulated_run_bears_a_watermark(good_run, tmp_path, lang, words):
    made = meterrig("report", "latest", "--lang", lang, "--output", tmp_path, cwd=good_run.folder)
    assert made.returncode == 0 and made.stderr == ""
    page = (tmp_path / (good_run.record["run"] + ".html")).read_text()
    assert re.search(r'<div class="watermark"[^>]*><span>SIMULATED 模拟</span>', page)
    assert all(word in page for word in words)
    assert good_run.record["journal"]["head"].removeprefix("sha256:") in page
    assert all(result["id"] in page for result in good_run.record["duts"][0]["results"])
