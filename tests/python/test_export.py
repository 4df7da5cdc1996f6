"""A run as CSV, workbook, HDF5 and JSON: read back by other programs, and held against the record."""

import csv
import hashlib
import importlib
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from decimal import Decimal

import numpy as np
import openpyxl
import pytest
import zstandard

from rigtools import ENVIRONMENT, PACKAGE, ROOT, meterrig, started_script

h5py = pytest.importorskip("h5py")
sys.path.insert(0, str(PACKAGE))
flat = pytest.importorskip("meterrig._flat")

ENV = {**ENVIRONMENT, "PYTHONPATH": str(PACKAGE)}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Measured, counted and exact values, recordings and plain series; sample 2 fails."""
    folder = tmp_path_factory.mktemp("export")
    ended = meterrig("run", "cjt503-auto", "--only", "5.3.8,5.3.9,5.3.7,5.3.10a", "--defect", "cjt503-5.3.8-x2@2",
                     "--record", "record.json", cwd=folder)
    assert ended.returncode == 1, ended.stderr
    ended.folder, ended.record = folder, json.loads((folder / "record.json").read_text())
    return ended


def export(run, *words, module="meterrig.export", **more):
    return subprocess.run([sys.executable, "-B", "-m", module, *map(str, words)], cwd=run.folder, env=ENV,
                          capture_output=True, text=True, timeout=60, check=False, **more)


def exported(run, name, *words):
    ended = export(run, "latest", "--format", name.split(".")[-1], "-o", name, *words)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    return run.folder / name


def measurements(record):
    for dut in record["duts"]:
        for result in dut["results"]:
            for attempt in result["attempt_records"]:
                for own in attempt["measurements"]:
                    yield dut, result, attempt, own


# --- CSV --------------------------------------------------------------------------------------------------------------


def test_csv_has_every_measurement_with_all_its_digits(run):
    raw = exported(run, "run.csv").read_bytes()
    assert raw.startswith(b"run,plan,sample,") and raw.count(b"\r\n") == raw.count(b"\n")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8"), newline="")))
    known = list(measurements(run.record))
    assert len(rows) == len(known) > 80
    for row, (dut, result, attempt, own) in zip(rows, known):
        assert (row["run"], row["serial"], row["clause"], row["name"], row["unit"], row["verdict"]) == (
            run.record["run"], dut["serial"], result["id"], own["name"], own["unit"], own["verdict"])
        assert (row["started"], row["ended"], row["simulated"]) == (attempt["started"], attempt["ended"], "true")
        if own["kind"] == "exact":
            assert row["value"] == own["value"]
        else:
            assert float(row["value"]) == own["value"], "the very same double"
        assert (float(row["expanded_uncertainty"]) if row["expanded_uncertainty"] else None) == own[
            "expanded_uncertainty"]
    current = next(row for row in rows if row["name"] == "quiescent_current")
    assert (current["limit"], current["limit_source"], current["coverage_factor"]) == ("at_most 50", "standard", "2")
    over = next(row for row in rows if row["name"] == "quiescent_current" and row["sample"] == "2")
    assert over["verdict"] == over["attempt_verdict"] == "fail"


def test_csv_for_spreadsheets_and_for_pipes(run):
    plain = (exported(run, "run.csv")).read_bytes()
    assert exported(run, "bom.csv", "--bom").read_bytes() == b"\xef\xbb\xbf" + plain
    shown = export(run, run.record["run"][:8], "--format", "csv")
    assert shown.returncode == 0 and shown.stdout.replace("\n", "\r\n") == plain.decode()
    heading = exported(run, "zh.csv", "--lang", "zh").read_text(encoding="utf-8").splitlines()[0]
    assert heading.startswith("运行,计划,样品,") and len(heading.split(",")) == len(flat.COLUMNS)


@pytest.mark.parametrize("text, becomes", [
    ("=1+2", "'=1+2"), ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"), ("-2+3", "'-2+3"), ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("-0.50", "-0.50"), ("+7", "+7"), ("closed", "closed"), ("1=2", "1=2"),
    ("-", "'-"), ("-1e5", "'-1e5"), ("", ""),
])
def test_no_text_becomes_a_formula(text, becomes):
    assert flat.cell_text(text) == becomes


@pytest.mark.parametrize("value, becomes", [
    (None, ""), (0.1, "0.1"), (-2.5e-7, "-2.5e-07"), (1 / 3, "0.3333333333333333"), (12, "12"), (True, "true"),
    (Decimal("0.10"), "0.10"), (Decimal("-3"), "-3"),
])
def test_numbers_stay_numbers(value, becomes):
    assert flat.cell_text(value) == becomes


def hostile(record):
    """What a person or a meter could have written."""
    record = json.loads(json.dumps(record))
    dut = record["duts"][0]
    dut.update(serial='=HYPERLINK("x"),"y"\n', model="甲\x07")
    words = dut["results"][0]["attempt_records"][0]["measurements"]
    words[0].update(kind="exact", value="@SUM(A1)", expanded_uncertainty=None)
    words[1].update(value=None, reason="-no reading", one_sided=None)
    return record


@pytest.mark.parametrize("value, becomes, in_a_sheet", [
    ("28.10", "28.10", 28.1), ("-0.5", "-0.5", -0.5), ("0.12345678901234567890", "0.12345678901234567890", None),
    ("2026-11-21", "2026-11-21", "2026-11-21"), ("=1", "'=1", "=1"),
])
def test_exact_values_lose_no_digit(value, becomes, in_a_sheet):
    own = {"name": "v", "kind": "exact", "value": value, "unit": "m3", "limit": None, "verdict": "recorded"}
    cell = flat._measurement(own)["value"]
    assert flat.cell_text(cell) == becomes
    sheet = importlib.import_module("meterrig.export")._sheet_cell(cell)
    assert sheet == (value if in_a_sheet is None else in_a_sheet)


def test_hostile_texts_in_a_table():
    record = {"run": "r", "plan": {"id": "+p"}, "duts": [
        {"sample": 1, "serial": '=A1,"b"\n', "model": None, "results": [
            {"id": "C", "attempt_records": [], "measurements": [], "verdict": "not_tested", "simulated": False,
             "started": None, "ended": None}]}]}
    out = io.StringIO(newline="")
    flat.write_csv(record, out, "en")
    (row,) = csv.DictReader(io.StringIO(out.getvalue(), newline=""))
    assert (row["plan"], row["serial"], row["model"]) == ("'+p", "'=A1,\"b\"\n", "")
    assert (row["name"], row["attempt"], row["attempt_verdict"], row["simulated"]) == ("", "", "not_tested", "false")


# --- workbook ---------------------------------------------------------------------------------------------------------


def test_the_workbook_has_the_same_table(run):
    book = openpyxl.load_workbook(exported(run, "run.xlsx", "--lang", "en"))
    assert book.sheetnames == ["Measurements", "Environment", "Equipment"]
    head, *rows = list(book["Measurements"].iter_rows(min_row=2, values_only=True))
    assert list(head) == [en for _, en in flat.COLUMNS.values()]
    known = list(measurements(run.record))
    assert len(rows) == len(known)
    for row, (dut, _, _, own) in zip(rows, known):
        found = dict(zip(flat.COLUMNS, row))
        assert (found["serial"], found["name"], found["verdict"]) == (dut["serial"], own["name"], own["verdict"])
        number = isinstance(found["value"], (int, float))
        assert found["value"] == own["value"] and number == (own["kind"] != "exact")
    assert book["Environment"].max_row == 2 + len(run.record["environment"])
    assert book["Equipment"].max_row == 2 + len(run.record["instruments"])
    assert exported(run, "again.xlsx", "--lang", "en").read_bytes() == (run.folder / "run.xlsx").read_bytes()


def test_hostile_texts_in_a_workbook(run, tmp_path):
    script = f"""
        import json, sys
        from meterrig import export
        record = json.load(open({str(tmp_path / 'h.json')!r}))
        open({str(tmp_path / 'h.xlsx')!r}, "wb").write(export._workbook(record, "both"))
    """
    (tmp_path / "h.json").write_text(json.dumps(hostile(run.record)))
    out, err = started_script(script, cwd=tmp_path).communicate(timeout=60)
    sheet = openpyxl.load_workbook(tmp_path / "h.xlsx").worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}, out + err
    first = dict(zip(flat.COLUMNS, next(sheet.iter_rows(min_row=3, values_only=True))))
    assert first["serial"] == '=HYPERLINK("x"),"y"\n' and first["value"] == "@SUM(A1)" and "甲" in first["model"]


# --- HDF5 -------------------------------------------------------------------------------------------------------------


def series(record):
    for dut in record["duts"]:
        for result in dut["results"]:
            for attempt in result["attempt_records"]:
                for own in attempt["series"]:
                    yield dut, result, attempt, own


def test_hdf5_has_the_record_and_the_table(run):
    with h5py.File(exported(run, "run.hdf5")) as file:
        assert json.loads(file["record"].asstr()[()]) == run.record
        about = file.attrs
        assert (about["run"], about["verdict"], about["journal_head"], bool(about["simulated"])) == (
            run.record["run"], "fail", run.record["journal"]["head"], True)
        table = file["measurements"][()]
    known = list(measurements(run.record))
    assert len(table) == len(known)
    for row, (dut, result, _, own) in zip(table, known):
        assert (row["serial"].decode(), row["clause"].decode(), row["name"].decode(), row["unit"].decode()) == (
            dut["serial"], result["id"], own["name"], own["unit"])
        assert row["value"].decode() == str(own["value"]) or float(row["value"]) == own["value"]
        if own["kind"] != "exact":
            assert row["number"] == own["value"]
        u = own["expanded_uncertainty"]
        assert np.isnan(row["expanded_uncertainty"]) if u is None else row["expanded_uncertainty"] == u


def test_hdf5_has_every_waveform_as_the_program_exports_it(run):
    known = list(series(run.record))
    kinds = {"encoding" in own for *_, own in known}
    assert kinds == {True, False}, "recordings, and plain series of doubles"
    store = sqlite3.connect(run.folder / "meterrig-data" / "meterrig.sqlite")
    with h5py.File(exported(run, "run.hdf5")) as file:
        found = []
        file["waveforms"].visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
        assert len(found) == len(known)
        for dut, result, attempt, own in known:
            place = f"waveforms/sample-{dut['sample']}/{result['id'].replace('/', '_')}/attempt-1/{own['name']}"
            dataset = file[place]
            about = dataset.attrs
            assert (about["serial"], about["clause"], about["start"], about["unit"], about["sha256"]) == (
                dut["serial"], result["id"], own["start"], own["unit"], own["sha256"])
            assert about["interval_s"] == own["interval_s"] and dataset.shape == (own["samples"],)
            assert dataset.compression == "gzip" and dataset.chunks[0] <= 65536
            if "encoding" not in own:
                blob, = store.execute("SELECT bytes FROM blobs WHERE sha256 = ?",
                                      [bytes.fromhex(own["sha256"][7:])]).fetchone()
                assert (dataset[()] == np.frombuffer(blob, "<f8")).all() and about["scale"] == 1
                continue
            which = meterrig("results", "export", "--waveform", own["sha256"], "--output", "w.npy", cwd=run.folder)
            assert which.returncode == 0, which.stderr
            assert dataset.dtype == np.int64 and (dataset[()] == np.load(run.folder / "w.npy")).all()
            assert (about["scale"], about["overload"]) == (1e-10, 2**63 - 1)
    store.close()


BIG = 160 * 65_536
FORGE = """
    import json, resource, sys
    from pathlib import Path
    from meterrig import _hdf5
    record = json.loads(Path("big.json").read_text())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _hdf5.write_hdf5(record, Path("meterrig-data"), Path("big.hdf5"))
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before)
"""


def test_a_long_recording_is_never_held_whole(run, tmp_path):
    """80 MB of samples: each chunk is the same one, so that the store stays small."""
    shutil.copytree(run.folder / "meterrig-data", tmp_path / "meterrig-data")
    samples = np.arange(65_536, dtype=np.int64) % 1000
    folded = np.where(np.diff(samples, prepend=0) >= 0, 2 * np.diff(samples, prepend=0),
                      -2 * np.diff(samples, prepend=0) - 1).astype("<u8")
    packed = zstandard.ZstdCompressor().compress(folded.view(np.uint8).reshape(-1, 8).T.tobytes())
    key, whole = hashlib.sha256(samples.tobytes()), hashlib.sha256()
    for _ in range(BIG // len(samples)):
        whole.update(samples.tobytes())
    manifest = json.dumps({"chunks": [{"samples": len(samples), "sha256": key.hexdigest()}] * (BIG // len(samples)),
                           "encoding": "meterrig-recording-1", "samples": BIG, "sha256": whole.hexdigest()}).encode()
    store = sqlite3.connect(tmp_path / "meterrig-data" / "meterrig.sqlite")
    store.execute("INSERT INTO blobs VALUES(?, ?)", [hashlib.sha256(manifest).digest(), manifest])
    store.execute("INSERT INTO chunks VALUES(?, ?, ?)", [key.digest(), len(samples), packed])
    store.commit()
    store.close()
    record = json.loads(json.dumps(run.record))
    own = next(own for *_, own in series(record) if "encoding" in own)
    own.update(sha256="sha256:" + hashlib.sha256(manifest).hexdigest(), samples=BIG)
    (tmp_path / "big.json").write_text(json.dumps(record))
    out, err = started_script(FORGE, cwd=tmp_path).communicate(timeout=60)
    assert err == "" and int(out) < 40_000, f"{out} KiB more, {err}"
    with h5py.File(tmp_path / "big.hdf5") as file:
        dataset = file["waveforms/sample-1/CJT503-5.3.8_6.10/attempt-1/quiescent_current"]
        assert dataset.shape == (BIG,) and (dataset[-65_536:] == samples).all()


def test_the_guide_reads_the_file_so(run, monkeypatch):
    exported(run, "run.hdf5")
    code, = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "guide-nightly.md").read_text(), re.DOTALL)
    monkeypatch.chdir(run.folder)
    names = {}
    exec(code, names)  # noqa: S102
    assert len(names["amperes"]) > 60_000 and 20e-6 < names["amperes"].mean() < 50e-6


# --- what can go wrong ------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(run, tmp_path):
    """A copy whose store may be spoilt."""
    shutil.copytree(run.folder / "meterrig-data", tmp_path / "meterrig-data")
    run_of = type(run)(run.args, 0)
    run_of.folder = tmp_path
    return run_of


def test_a_changed_chunk_leaves_no_file(broken):
    store = sqlite3.connect(broken.folder / "meterrig-data" / "meterrig.sqlite")
    key, packed = store.execute("SELECT sha256, bytes FROM chunks LIMIT 1").fetchone()
    planes = bytearray(zstandard.ZstdDecompressor().decompress(packed))
    planes[100] ^= 2
    store.execute("UPDATE chunks SET bytes = ? WHERE sha256 = ?", [zstandard.ZstdCompressor().compress(planes), key])
    store.commit()
    store.close()
    ended = export(broken, "latest", "--format", "hdf5", "-o", "x.hdf5")
    assert ended.returncode == 3 and "chunk" in ended.stderr and "Traceback" not in ended.stderr
    assert [file.name for file in broken.folder.iterdir()] == ["meterrig-data"]


def test_a_reader_finds_each_thing_that_changed(run, tmp_path):
    """Without the program's own check before it."""
    stored = pytest.importorskip("meterrig._stored")
    shutil.copytree(run.folder / "meterrig-data", tmp_path / "data")
    kept = next(one for one in stored.series_of(run.record) if one.is_recording)
    with stored.Store(tmp_path / "data") as store:
        whole = np.concatenate(list(store.pieces(kept)))
        assert len(whole) == kept.body["samples"]
    manifest = bytes.fromhex(kept.body["sha256"][7:])
    database = sqlite3.connect(tmp_path / "data" / "meterrig.sqlite")
    text, = database.execute("SELECT bytes FROM blobs WHERE sha256 = ?", [manifest]).fetchone()
    chunk = bytes.fromhex(json.loads(text)["chunks"][0]["sha256"])
    for sql, values, said in (
        ("UPDATE chunks SET bytes = ? WHERE sha256 = ?", [b"no frame", chunk], "chunk 1 changed"),
        ("DELETE FROM chunks WHERE sha256 = ?", [chunk], "does not have chunk 1"),
        ("UPDATE blobs SET bytes = ? WHERE sha256 = ?", [text + b" ", manifest], "its manifest changed"),
        ("DELETE FROM blobs WHERE sha256 = ?", [manifest], "does not have the readings"),
    ):
        database.execute(sql, values)
        database.commit()
        with stored.Store(tmp_path / "data") as store, pytest.raises(sys.modules["meterrig"].Error, match=said):
            list(store.pieces(kept))
    database.close()


@pytest.mark.parametrize("words, said", [
    (["nosuch", "--format", "csv"], "nosuch"),
    (["latest", "--format", "csv", "--data", "nowhere"], "there are no runs in nowhere"),
    (["latest", "--format", "xlsx"], "xlsx is no text: say where with -o FILE"),
    (["latest", "--format", "pdf", "-o", "x"], "invalid choice"),
    (["latest", "--format", "json", "-o", "there/x.json/y.json"], "can't be written"),
])
def test_wrong_words_are_told(run, words, said):
    (run.folder / "there").mkdir(exist_ok=True)
    (run.folder / "there" / "x.json").touch()
    ended = export(run, *words)
    assert ended.returncode == 2 and said in ended.stderr and "Traceback" not in ended.stderr, ended.stderr


@pytest.mark.parametrize("missing, form, said", [
    ("h5py", "hdf5", "apt-get install python3-h5py"), ("openpyxl", "xlsx", "apt-get install python3-openpyxl"),
    ("zstandard", "hdf5", "apt-get install python3-zstandard"),
])
def test_a_missing_library_is_told(run, tmp_path, missing, form, said):
    script = f"""
        import sys
        sys.modules[{missing!r}] = None
        from meterrig import export
        data = {str(run.folder / 'meterrig-data')!r}
        sys.exit(export.main(["latest", "--data", data, "--format", {form!r}, "-o", "x"]))
    """
    process = started_script(script, cwd=tmp_path)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2 and said in err and out == "", err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "json", "hdf5", "xlsx"])
def test_a_full_disk_leaves_no_file(run, tmp_path, form):
    """A limit on the size of files is what a full disk is."""
    script = f"""
        import resource, runpy, signal, sys
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        from meterrig import _stored
        def then_full(*words, read=_stored.record_of):
            record = read(*words)
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
            return record
        _stored.record_of = then_full
        data = {str(run.folder / 'meterrig-data')!r}
        sys.argv = ["export", "latest", "--data", data, "--format", {form!r}, "-o", "x"]
        runpy.run_module("meterrig.export", run_name="__main__")
    """
    (tmp_path / "x").write_text("the older one")
    process = started_script(script, cwd=tmp_path)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2 and "can't be written" in err, err
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("x", "the older one")]


def test_sigterm_leaves_no_file(run, tmp_path):
    script = f"""
        import os, signal
        from meterrig import _hdf5, _stored, export
        def stopped_within(*_):
            os.kill(os.getppid(), signal.SIGTERM)  # the one who writes is its child
            signal.pause()
        _hdf5._waveform = stopped_within
        export.main(["latest", "--data", {str(run.folder / 'meterrig-data')!r}, "--format", "hdf5", "-o", "x"])
    """
    process = started_script(script, cwd=tmp_path)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM and list(tmp_path.iterdir()) == []


def test_json_is_the_record(run):
    assert json.loads(exported(run, "run.json").read_text(encoding="utf-8")) == run.record
    assert os.stat(run.folder / "run.json").st_size > 10_000
