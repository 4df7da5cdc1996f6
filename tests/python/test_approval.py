"""Three persons sign the report of a run; what they approved stays as it is, and every act of theirs can be checked."""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import jsonschema
import pytest

from approvals import RUN, real_run
from rigtools import CONFIG, ENVIRONMENT, PROGRAM, meterrig

SCHEMA = json.loads((CONFIG / "schemas" / "dossier.json").read_text())
PNG = b"\x89PNG\r\n\x1a\n" + b"left side"
# In the place of the report program, whose own tests look at what it makes: it says what it was asked.
RENDERER = '''
import argparse, json, os, sys
parser = argparse.ArgumentParser()
parser.add_argument("record")
for name in ("--lang", "--plots", "--dossier", "--document", "--templates", "--output"):
    parser.add_argument(name)
asked = parser.parse_args()
dossier = json.load(open(asked.dossier))
if asked.output.endswith(".pdf") and "NO_PDF" in os.environ:
    sys.exit("render.py: no PDF here")
for attached in dossier["attachments"]:
    open(attached["file"], "rb").close()
with open(asked.output, "w") as file:
    json.dump({"asked": {**vars(asked), "output": None}, "dossier": dossier, "t": os.getpid()}, file)
'''


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program beside a report program of the tests."""
    folder = tmp_path_factory.mktemp("program")
    try:
        os.link(PROGRAM, folder / "meterrig")
    except OSError:  # another file system
        shutil.copy(PROGRAM, folder / "meterrig")
    (folder / "config").symlink_to(CONFIG)
    (folder / "reports").mkdir()
    (folder / "reports" / "render.py").write_text(RENDERER)
    return folder / "meterrig"


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    meterrig("run", "cjt503-auto", "--only", "5.3.8", cwd=folder)
    return folder / "meterrig-data"


class Desk:
    def __init__(self, program, folder):
        self.program, self.folder, self.data = program, folder, folder / "meterrig-data"

    def do(self, *words, **env):
        return subprocess.run([self.program, *map(str, words)], cwd=self.folder, env={**ENVIRONMENT, **env},
                              capture_output=True, text=True, check=False, timeout=60)

    def did(self, *words, **env):
        ended = self.do(*words, **env)
        assert ended.returncode == 0, (words, ended.stderr)
        return ended.stdout

    def refused(self, *words, code=2):
        ended = self.do(*words)
        assert (ended.returncode, ended.stderr.count("\n")) == (code, 1), (words, ended.stdout, ended.stderr)
        return ended.stderr

    def approve(self, run=RUN, number="R-2026-001"):
        self.did("tested", run, "--by", "Li Wei")
        self.did("review", run, "--by", "Wang Fang", "--reason", "all values seen")
        return self.did("approve", run, "--by", "Zhang Min", "--number", number)

    def dossier(self, run=RUN):
        dossier = json.loads((self.data / "dossiers" / f"{run}.json").read_text())
        jsonschema.validate(dossier, SCHEMA)
        return dossier

    def report(self, *words, run=RUN):
        """What the renderer was asked, by what the report says."""
        self.did("report", run, *words)
        return (self.data / "reports" / f"{run}.html").read_bytes()

    def store(self, sql, *values):
        store = sqlite3.connect(self.data / "meterrig.sqlite")
        with store:
            rows = store.execute(sql, values).fetchall()
        store.close()
        return rows


@pytest.fixture
def desk(program, simulated, tmp_path):
    shutil.copytree(simulated, tmp_path / "meterrig-data")
    real_run(tmp_path / "meterrig-data")
    return Desk(program, tmp_path)


def test_from_test_to_an_approved_report(desk):
    assert "who tested signs first" in desk.refused("review", RUN, "--by", "Wang Fang")
    assert desk.report() != desk.report(), "as long as it is open it is made anew"
    said = desk.approve()
    assert "the report is approved" in said and "R-2026-001" in said
    approved = desk.report()
    assert approved == desk.report()
    dossier = json.loads(approved)["dossier"]
    jsonschema.validate(dossier, SCHEMA)
    assert (dossier["state"], dossier["number"], dossier["amendment"]) == ("approved", "R-2026-001", None)
    assert [(act["type"], act["by"]) for act in dossier["acts"]] == [
        ("tested", "Li Wei"), ("reviewed", "Wang Fang"), ("approved", "Zhang Min")]
    assert dossier["acts"][2]["t"] == desk.dossier()["acts"][2]["t"], "it prints the time of the act that is kept"
    blob, = desk.store("SELECT bytes FROM blobs WHERE sha256 = ?", hashlib.sha256(approved).digest())
    assert blob[0] == approved
    desk.did("report", RUN, "--format", "pdf")
    assert "approved as html (both), pdf (both)" in desk.refused("report", RUN, "--lang", "zh", code=3)
    assert "leave --templates out" in desk.refused("report", RUN, "--templates", str(CONFIG))
    desk.did("report", RUN, "--document", "record")  # made from the record, at any time
    verified = desk.did("results", "verify", RUN)
    assert "3 acts, intact" in verified and "the report R-2026-001 is approved" in verified
    log = desk.did("results", "acts", RUN).splitlines()
    assert len(log) == 3 and "Wang Fang: all values seen" in log[1]
    assert [act["seq"] for act in json.loads(desk.did("results", "acts", RUN, "--json"))] == [1, 2, 3]
    assert not (desk.data / "approving").exists()


def test_three_different_persons(desk):
    desk.did("tested", RUN, "--by", "Li Wei")
    for same in ("Li Wei", " li wei", "LI  WEI", "ＬＩ ＷＥＩ"):
        assert "three different persons" in desk.refused("review", RUN, "--by", same)
    desk.did("review", RUN, "--by", "王芳")
    for same in ("li wei", "王 芳"):
        assert "three different persons" in desk.refused("approve", RUN, "--by", same, "--number", "R-1")
    assert "--by: expected" in desk.refused("approve", RUN, "--by", "  ", "--number", "R-1")
    assert "--number: expected" in desk.refused("approve", RUN, "--by", "Zhang Min")
    assert [row[0] for row in desk.store("SELECT count(*) FROM acts")] == [2]


def test_what_nobody_can_sign(desk, simulated):
    virtual = next(run for run, in desk.store("SELECT run FROM runs") if run != RUN)
    for words in (("tested",), ("review",), ("approve", "--number", "R-1")):
        assert "is simulated: it is no test result" in desk.refused(words[0], virtual, "--by", "Li Wei", *words[1:])
    aborted = real_run(desk.data, "aborted", lambda text: text.replace('"state":"finished"', '"state":"aborted"'))
    assert "only a finished run" in desk.refused("tested", aborted, "--by", "Li Wei")
    unsealed = real_run(desk.data, "unsealed")
    desk.store("DELETE FROM seals WHERE run = (SELECT key FROM runs WHERE run = ?)", unsealed)
    assert "not sealed. A run is sealed when it ends" in desk.refused("tested", unsealed, "--by", "Li Wei")
    desk.did("tested", RUN, "--by", "Li Wei")
    desk.store("UPDATE events SET bytes = replace(bytes, '\"uA\"', '\"nA\"')")
    assert "is not what was written, so nobody can sign" in desk.refused("review", RUN, "--by", "Wang Fang", code=3)


def test_a_number_is_given_once(desk):
    desk.approve(number="R-1")
    second = real_run(desk.data, "second")
    desk.did("tested", second, "--by", "Li Wei")
    desk.did("review", second, "--by", "Wang Fang")
    for taken in ("R-1", "r-1"):
        assert f"has the number {taken}" in desk.refused("approve", second, "--by", "Zhang Min", "--number", taken)
    desk.did("approve", second, "--by", "Zhang Min", "--number", "R-2")


def test_an_amendment_supersedes_what_was_approved(desk):
    assert "meterrig correct" in desk.refused("amend", RUN, "--by", "Li Wei", "--reason", "x", "--change", "y")
    desk.approve()
    original = desk.report()
    for words in (("correct", RUN, "--what", "a", "--old", "b", "--new", "c", "--reason", "d"), ("tested", RUN),
                  ("return", RUN, "--reason", "d"), ("approve", RUN, "--number", "R-2")):
        assert "meterrig amend" in desk.refused(*words, "--by", "Wu")
    desk.did("amend", RUN, "--by", "Li Wei", "--reason", "the client has moved", "--change", "address of the client",
             "--change", "title")
    desk.did("correct", RUN, "--by", "Li Wei", "--what", "client's address", "--old", "A", "--new", "B", "--reason",
             "the client has moved")
    draft = json.loads(desk.report())["dossier"]
    assert (draft["state"], draft["number"], draft["amendment"]["number"]) == ("open", "R-2026-001", "R-2026-001-A1")
    assert desk.report("--number", "R-2026-001") == original
    desk.did("tested", RUN, "--by", "Li Wei")
    desk.did("review", RUN, "--by", "Wang Fang")
    desk.did("approve", RUN, "--by", "Zhang Min")
    amended = json.loads(desk.report())["dossier"]
    jsonschema.validate(amended, SCHEMA)
    assert amended["state"] == "approved" and amended["amendment"] == {
        "number": "R-2026-001-A1", "of": "R-2026-001", "index": 1, "reason": "the client has moved",
        "changes": ["address of the client", "title"]}
    assert [(one["old"], one["new"]) for one in amended["corrections"]] == [("A", "B")]
    again = desk.do("report", RUN, "--number", "R-2026-001")
    assert again.returncode == 0 and "superseded by R-2026-001-A1" in again.stderr
    assert (desk.data / "reports" / f"{RUN}.html").read_bytes() == original
    assert "no report R-9" in desk.refused("report", RUN, "--number", "R-9")
    assert "the report R-2026-001-A1 is approved" in desk.did("results", "verify", RUN)


def test_returned_and_signed_anew(desk):
    desk.did("tested", RUN, "--by", "Li Wei")
    assert "--reason" in desk.do("return", RUN, "--by", "Wang Fang").stderr
    assert "the report is open" in desk.did("return", RUN, "--by", "Wang Fang", "--reason", "humidity?")
    desk.did("tested", RUN, "--by", "Li Wei")
    desk.did("review", RUN, "--by", "Wang Fang")
    assert "the report is tested" in desk.did("return", RUN, "--by", "Zhang Min", "--reason", "title")


def test_attachments_and_corrections_are_in_the_dossier(desk, tmp_path):
    (tmp_path / "left.png").write_bytes(PNG)
    (tmp_path / "notes").write_text("灯亮\n")
    desk.did("attach", RUN, "left.png", "--caption", "left side <b>", "--by", "Li Wei", "--sample", 1, "--clause",
             "5.3.8")
    desk.did("attach", RUN, "notes", "--caption", "remarks", "--by", "Li Wei")
    desk.did("correct", RUN, "--by", "Li Wei", "--sample", 2, "--clause", "6.10", "--what", "operator", "--old",
             "Lee", "--new", "Li", "--reason", "a slip of the pen")
    desk.report()
    dossier = desk.dossier()
    left, notes = dossier["attachments"]
    assert (left["media_type"], left["sample"], left["id"]) == ("image/png", 1, "CJT503-5.3.8/6.10")
    assert Path(left["file"]).read_bytes() == PNG and left["file"].endswith(left["sha256"][7:] + ".png")
    assert (notes["media_type"], notes["sample"], notes["caption"]) == ("text/plain", None, "remarks")
    assert dossier["corrections"][0]["id"] == "CJT503-5.3.8/6.10" and dossier["state"] == "open"
    assert "no sample 9" in desk.refused("attach", RUN, "notes", "--caption", "c", "--by", "L", "--sample", 9)
    assert "no clause" in desk.refused("attach", RUN, "notes", "--caption", "c", "--by", "L", "--clause", "9.9")
    desk.store("UPDATE blobs SET bytes = x'00' WHERE sha256 = ?", bytes.fromhex(left["sha256"][7:]))
    assert "file of act 1 is changed" in desk.refused("results", "verify", RUN, code=3)
    assert "there is no report" in desk.refused("report", RUN, code=3)


@pytest.mark.parametrize("name, content", [("page.html", b"\x00<html>"), ("a.gif", b"GIF89a\x01"),
                                           ("b.txt", b"\xff\xfe"), ("empty.txt", b""), ("c.png", b"MZ\x90\x00")])
def test_other_files_are_not_attached(desk, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert "no PNG, JPEG, PDF or UTF-8 text" in desk.refused("attach", RUN, name, "--caption", "c", "--by", "Li Wei")


def test_a_file_that_is_too_large_or_not_there(desk, tmp_path):
    with open(tmp_path / "large.png", "wb") as file:
        file.write(PNG)
        file.truncate((20 << 20) + 1)
    assert "may have 20 MiB" in desk.refused("attach", RUN, "large.png", "--caption", "c", "--by", "Li Wei")
    assert "can't read none.png" in desk.refused("attach", RUN, "none.png", "--caption", "c", "--by", "Li Wei")


def test_photos_of_the_job_are_attachments_too(desk):
    photo = {"name": "box.png", "media_type": "image/png", "sha256": "sha256:" + hashlib.sha256(PNG).hexdigest(),
             "caption": "on receipt", "sample": 1}
    received = json.dumps({"received": {"date": "2026-11-20", "photos": [photo]}})[1:-1]
    run = real_run(desk.data, "received", lambda text: text.replace('"job":{', f'"job":{{{received},', 1)
                   .replace(',}', '}') if '"type":"run_started"' in text else text)
    assert "is missing: the paper" in desk.refused("results", "verify", run, code=3)
    desk.store("INSERT INTO blobs(sha256, bytes) VALUES(?, ?)", hashlib.sha256(PNG).digest(), PNG)
    desk.did("report", run)
    attached, = desk.dossier(run)["attachments"]
    assert attached.pop("file").endswith(".png") and attached == {**photo, "id": None, "by": None, "t": None}


def test_a_simulated_run_may_have_attachments(desk, tmp_path):
    virtual = next(run for run, in desk.store("SELECT run FROM runs") if run != RUN)
    (tmp_path / "left.png").write_bytes(PNG)
    assert "tested" not in desk.did("attach", virtual, "left.png", "--caption", "c", "--by", "Li Wei")
    desk.did("report", virtual)
    dossier = desk.dossier(virtual)
    assert (dossier["state"], dossier["number"], len(dossier["attachments"])) == ("open", None, 1)


def test_approved_as_a_page_when_there_is_no_pdf(desk):
    desk.did("tested", RUN, "--by", "Li Wei")
    desk.did("review", RUN, "--by", "Wang Fang")
    ended = desk.do("approve", RUN, "--by", "Zhang Min", "--number", "R-1", NO_PDF="1")
    assert ended.returncode == 0 and "approved as HTML alone" in ended.stderr
    assert "approved as html (both)" in desk.refused("report", RUN, "--format", "pdf", code=3)


def test_acts_that_were_meddled_with(desk):
    desk.approve()
    desk.store("UPDATE acts SET bytes = replace(bytes, 'Wang Fang', 'Wang Feng')")
    assert "act 2 is changed" in desk.refused("results", "verify", RUN, code=3)
    assert "there is no report" in desk.refused("report", RUN, code=3)
    desk.store("DELETE FROM acts WHERE seq = 3")
    desk.store("UPDATE acts SET bytes = replace(bytes, 'Wang Feng', 'Wang Fang')")
    assert "act 3 is missing" in desk.refused("results", "verify", RUN, code=3)


def test_what_the_report_program_is_asked(desk):
    said = json.loads(desk.report("--templates", str(CONFIG), "--lang", "zh"))["asked"]
    assert (said["lang"], said["templates"], said["document"]) == ("zh", str(CONFIG), None)
    for words, ending, document in ((("--document", "equipment"), "-equipment.pdf", "equipment"),
                                    (("--document", "record", "--format", "xlsx"), "-record.xlsx", "record"),
                                    (("--format", "xlsx"), ".xlsx", "record"),
                                    (("--format", "atml"), ".atml.xml", None)):
        file, = desk.did("report", RUN, *words).split()
        assert file.endswith(f"{RUN}{ending}")
        assert json.loads((desk.folder / file).read_text())["asked"]["document"] == document
    assert "is made as pdf or xlsx" in desk.refused("report", RUN, "--document", "record", "--format", "html")


def test_the_report_program_itself(desk):
    """What it makes of a dossier is looked at by its own tests; here that the two understand each other."""
    desk.program = PROGRAM
    desk.approve()
    desk.did("amend", RUN, "--by", "Li Wei", "--reason", "a slip", "--change", "title of clause 4")
    desk.did("review", RUN, "--by", "Wang Fang")
    desk.did("approve", RUN, "--by", "Zhang Min")
    page = desk.report("--lang", "both").decode()
    assert all(word in page for word in ("R-2026-001-A1", "Li Wei", "Wang Fang", "Zhang Min", "title of clause 4"))
    assert 'class="watermark"' not in page
    assert "R-2026-001-A1" not in desk.report("--number", "R-2026-001").decode()
