"""What the client ordered, in a file of its own: certificates go through the run into store, record and report."""

import hashlib
import json
import sqlite3

import pytest

PAPER = b"%PDF-1.4 nobody's paper\n"
SERIALS = ["26W000201", "26W000202"]
ENCLOSURE = "CJT484-5.2.13/6.2.12"
RUN = ["run", "cjt484-type", "--dut", "lxs15-1", "--dut", "lxs15-2", "--only", "5.2.13,5.2.8"]


@pytest.fixture
def order(tmp_path):
    """Writes a job with one certificate, changed as the test says, beside its paper."""
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "ip.pdf").write_bytes(PAPER)

    def write(**changes):
        certificate = {"number": "IP-7", "laboratory": "乙实验室", "date": "2026-11-02", "clauses": ["5.2.13"],
                       "serials": SERIALS, "verdict": "pass", "file": "papers/ip.pdf", **changes}
        job = {"client": "甲公司", "order": "W-1", "reason": "new product", "certificates": [certificate]}
        (tmp_path / "order.json").write_text(json.dumps(job, indent=1, ensure_ascii=False))
        return "order.json"

    return write


def results(folder):
    record = json.loads((folder / "record.json").read_text())
    return record, {(dut["sample"], r["id"]): r for dut in record["duts"] for r in dut["results"]}


def test_a_certificate_goes_through_the_run(cli, order, tmp_path):
    ended = cli(*RUN, "--job", order(), "--record", "record.json")
    assert ended.returncode == 0, ended.stderr + ended.stdout
    record, found = results(tmp_path)
    assert record["job"]["client"] == "甲公司" and record["job"]["reason"] == "new product"
    assert record["job"]["agreements"] == [], "the plan's own job is replaced as a whole"
    paper = found[1, ENCLOSURE]["certificates"][0]
    digest = hashlib.sha256(PAPER).hexdigest()
    assert paper == {"number": "IP-7", "laboratory": "乙实验室", "date": "2026-11-02", "verdict": "pass", "remark": "",
                     "file": "papers/ip.pdf", "sha256": "sha256:" + digest}
    store = sqlite3.connect(tmp_path / "meterrig-data" / "meterrig.sqlite")
    assert store.execute("SELECT bytes FROM blobs WHERE sha256 = ?", [bytes.fromhex(digest)]).fetchone() == (PAPER,)


@pytest.mark.parametrize("language, said", [
    ("zh", ["外部提供方的结果", "乙实验室", "IP-7", "结果依据外部提供方的证书"]),
    ("en", ["Result of an external provider", "IP-7", "rests on a certificate of an external provider"])])
def test_the_report_marks_what_rests_on_an_external_provider(cli, order, tmp_path, language, said):
    assert cli(*RUN, "--job", order()).returncode == 0
    assert cli("report", "latest", "--format", "html", "--lang", language, "--output", "out").returncode == 0
    (report,) = (tmp_path / "out").glob("*.html")
    text = report.read_text()
    assert [word for word in said if word not in text] == []
    marks = text.count('class="mark-external"')
    # One in the table and one at the result, which both samples share; one explains it. The seals rest on nobody's.
    assert marks == 2 + 1


def test_a_certificate_that_fails_is_exit_1(cli, order):
    assert cli(*RUN, "--job", order(verdict="fail")).returncode == 1


def test_without_one_the_clause_is_not_tested_and_says_what_to_add(cli, order, tmp_path):
    ended = cli(*RUN, "--job", order(serials=["26W000202"]), "--record", "record.json")
    assert ended.returncode == 3
    _, found = results(tmp_path)
    assert [found[sample, ENCLOSURE]["verdict"] for sample in (1, 2)] == ["not_tested", "pass"]
    assert "add one to `certificates`" in found[1, ENCLOSURE]["cause"]["text"]


@pytest.mark.parametrize("changes, line, said", [
    ({"date": "2026-11-22"}, 9, "expected a day not after the start of the run, 2026-11-21"),
    ({"clauses": ["5.2.31"]}, 11, "expected the id or the requirement of a clause of cjt484"),
    ({"number": ""}, 7, "expected a string that is not empty"),
    ({"file": "papers/lost.pdf"}, 18, "no such file")])
def test_a_job_that_is_wrong_begins_nothing(cli, order, tmp_path, changes, line, said):
    ended = cli(*RUN, "--job", order(**changes))
    assert ended.returncode == 2
    assert f"order.json:{line}: at /certificates/0/" in ended.stderr and said in ended.stderr, ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_job_is_checked_like_other_files(cli, order):
    ended = cli("check", order())
    assert ended.returncode == 0 and ended.stdout == "order.json: job, ok\n"
    assert cli("check", order(verdict="passed")).returncode == 2


PHOTO = b"\x89PNG\r\n\x1a\nof nothing"
PARTICULARS = {
    "inspection_category": "commissioned", "client_address": "某市某路 1 号", "maker": "乙厂",
    "laboratory": {"name": "丙检测站", "address": "某市", "location": "二号厅"},
    "received": {"date": "2026-11-18", "state": "完好",
                 "photos": [{"file": "papers/left.jpg", "caption": "左侧", "sample": 1}]},
    "sampling": {"sheet": "CY-8", "date": "2026-11-15", "base": 200, "seal": "F-77",
                 "photos": [{"file": "papers/left.jpg"}]},
    "forms": {"record": {"number": "MR-01", "version": "B/2"}}, "checker": "王五"}


@pytest.fixture
def particulars(tmp_path):
    """Writes a job with what report and original record print, changed as the test says."""
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "left.jpg").write_bytes(PHOTO)

    def write(**changes):
        job = {"client": "甲公司", "certificates": [], **PARTICULARS, **changes}
        (tmp_path / "order.json").write_text(json.dumps({k: v for k, v in job.items() if v is not None}, indent=1))
        return "order.json"

    return write


def test_what_the_report_prints_of_the_order_goes_into_record_and_store(cli, particulars, tmp_path):
    ended = cli(*RUN[:-1], "5.2.8", "--job", particulars(), "--record", "record.json")
    assert ended.returncode == 0, ended.stderr
    job = json.loads((tmp_path / "record.json").read_text())["job"]
    digest = hashlib.sha256(PHOTO).hexdigest()
    # By its content, whatever it is called.
    photo = {"name": "left.jpg", "media_type": "image/png", "sha256": "sha256:" + digest}
    expected = json.loads(json.dumps(PARTICULARS))
    expected["received"]["photos"] = [{**photo, "caption": "左侧", "sample": 1}]
    expected["sampling"]["photos"] = [{**photo, "caption": ""}]
    assert {key: job[key] for key in expected} == expected
    store = sqlite3.connect(tmp_path / "meterrig-data" / "meterrig.sqlite")
    assert store.execute("SELECT bytes FROM blobs WHERE sha256 = ?", [bytes.fromhex(digest)]).fetchone() == (PHOTO,)
    assert cli("results", "verify", "latest").returncode == 0


@pytest.mark.parametrize("changes, where, said", [
    ({"inspection_category": "some"}, "/inspection_category", "commissioned"),
    ({"received": {"date": "2026-02-30", "state": "完好"}}, "/received/date", "day"),
    ({"received": {"date": "2026-11-18"}}, "/received", "state"),
    ({"received": {"date": "2026-11-18", "state": "好", "photos": [{"file": "order.bin"}]}}, "/received/photos/0/file",
     "no such file"),
    ({"sampling": {"date": "2026-11-15"}}, "/sampling", "sheet"),
    ({"forms": {"record": {"number": "MR-01"}}}, "/forms/record", "version")])
def test_particulars_that_are_wrong_begin_nothing(cli, particulars, changes, where, said):
    ended = cli(*RUN, "--job", particulars(**changes))
    assert ended.returncode == 2 and where in ended.stderr and said in ended.stderr, ended.stderr


@pytest.mark.parametrize("content", [b"", b"MZ\x90\x00program", b"\xff\xfe\x00text"])
def test_a_photo_is_a_photo_or_a_paper(cli, particulars, tmp_path, content):
    job = particulars()
    (tmp_path / "papers" / "left.jpg").write_bytes(content)
    ended = cli(*RUN, "--job", job)
    assert ended.returncode == 2 and "/received/photos/0/file" in ended.stderr, ended.stderr


def test_nobody_checks_his_own_record(cli, particulars, tmp_path):
    (tmp_path / "answers.json").write_text(json.dumps({"operator": "王五"}))
    ended = cli(*RUN, "--job", particulars(), "--answers", "answers.json")
    assert ended.returncode == 2 and "name another person" in ended.stderr, ended.stderr
