"""The waveforms that a run keeps as evidence: stored, exported, drawn, and read without the program's help."""

import hashlib
import json
import sqlite3
from types import SimpleNamespace

import numpy as np
import pytest
import zstandard

from rigtools import journal, meterrig, of_type

QUIESCENT, MAXIMUM = "CJT503-5.3.8/6.10", "CJT503-5.3.9/6.11"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("waveforms")
    ended = meterrig("run", "cjt503-auto", "--only", "5.3.8,5.3.9", "--record", "record.json", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    ended.folder, ended.record = folder, json.loads((folder / "record.json").read_text())
    return ended


def result_of(run, sample, clause):
    dut = next(dut for dut in run.record["duts"] if dut["sample"] == sample)
    return next(result for result in dut["results"] if result["id"] == clause)


def value_of(result, name):
    return next(m["value"] for m in result["measurements"] if m["name"] == name)


def exported(run, which, name, *words):
    ended = meterrig("results", "export", "--waveform", which, "--output", name, *words, cwd=run.folder)
    assert (ended.returncode, ended.stderr) == (0, "")
    return run.folder / name


def decoded(store, event):
    """As docs/journal.md shows it."""
    manifest, = store.execute("SELECT bytes FROM blobs WHERE sha256 = ?",
                              [bytes.fromhex(event["sha256"][7:])]).fetchone()
    assert "sha256:" + hashlib.sha256(manifest).hexdigest() == event["sha256"]
    parts = []
    for chunk in json.loads(manifest)["chunks"]:
        packed, = store.execute("SELECT bytes FROM chunks WHERE sha256 = ?",
                                [bytes.fromhex(chunk["sha256"])]).fetchone()
        planes = np.frombuffer(zstandard.ZstdDecompressor().decompress(packed), np.uint8).reshape(8, -1)
        folded = np.ascontiguousarray(planes.T).view("<u8").ravel()
        differences = (folded >> np.uint64(1)) ^ (np.uint64(0) - (folded & np.uint64(1)))
        parts.append(np.cumsum(differences, dtype=np.uint64).view(np.int64))
        assert hashlib.sha256(parts[-1].tobytes()).hexdigest() == chunk["sha256"]
    samples = np.concatenate(parts)
    assert hashlib.sha256(samples.tobytes()).hexdigest() == json.loads(manifest)["sha256"]
    return samples


def test_each_sample_of_a_run_names_what_was_judged(run):
    for dut in run.record["duts"]:
        quiescent, maximum = (result_of(run, dut["sample"], clause) for clause in (QUIESCENT, MAXIMUM))
        names = [series["name"] for r in (quiescent, maximum) for series in r["attempt_records"][-1]["series"]]
        assert names == ["quiescent_current", "valve_current", "communication_current"]
        assert len(quiescent["evidence"]) == 1 and len(maximum["evidence"]) == 2


def test_the_evidence_bears_out_the_verdict(run):
    """Who has the samples finds the record's numbers, without a line of ours."""
    for sample in (1, 2, 3):
        amperes = np.load(exported(run, f"quiescent_current@{sample}", "i.npy")) * 1e-10
        rises = np.flatnonzero((amperes[1:] > 5e-3) & (amperes[:-1] <= 5e-3)) + 1
        result = result_of(run, sample, QUIESCENT)
        assert value_of(result, "wake_ups") == len(rises) - 1 >= 10
        mean = amperes[rises[0]:rises[-1]].mean()
        assert value_of(result, "quiescent_current") == pytest.approx(mean * 1e6, rel=1e-9)
        valve = np.load(exported(run, f"valve_current@{sample}", "v.npy")) * 1e-10
        assert value_of(result_of(run, sample, MAXIMUM), "valve_peak") == pytest.approx(valve.max() * 1e3, rel=1e-9)


def test_anybody_can_decode_it_from_the_store(run):
    data = run.folder / "meterrig-data"
    store = sqlite3.connect(data / "meterrig.sqlite")
    series = [e for e in of_type(journal(data, run.record["run"]), "reading_series") if "encoding" in e]
    assert len(series) == 9
    for event in series:
        samples = decoded(store, event)
        assert len(samples) == event["samples"]
        assert (np.load(exported(run, event["sha256"], "raw.npy")) == samples).all()
    store.close()


def test_all_formats_and_ranges_agree(run):
    counts = np.load(exported(run, "valve_current@2", "v.npy"))
    about = json.loads((run.folder / "v.npy.json").read_text())
    assert (about["samples"], about["first"], about["scale"], about["type"]) == (len(counts), 0, 1e-10, "int64")
    assert about["interval_s"] == 1e-4 and about["unit"] == "A" and about["id"] == MAXIMUM
    times, amperes = np.loadtxt(exported(run, "valve_current@2", "v.csv"), delimiter=",", skiprows=1).T
    assert np.allclose(times, np.arange(len(counts)) * 1e-4, atol=1e-12, rtol=0)
    assert (np.rint(amperes * 1e10) == counts).all()
    single = np.fromfile(exported(run, "valve_current@2", "v.f32", "--format", "float32"), "<f4")
    assert (single == (counts / 1e10).astype(np.float32)).all()
    part = np.load(exported(run, "valve_current@2", "p.npy", "--from", "0.05", "--to", "0.25"))
    assert (part == counts[500:2500]).all() and json.loads((run.folder / "p.npy.json").read_text())["first"] == 500
    shown = meterrig("results", "export", "--waveform", "valve_current@2", cwd=run.folder)
    assert shown.stdout == (run.folder / "v.csv").read_text()


def exported_error(run, *words):
    ended = meterrig("results", "export", *words, cwd=run.folder)
    assert ended.returncode == 2 and ended.stdout == ""
    return ended.stderr


def test_a_wrong_name_is_told_what_there_is(run):
    assert "quiescent_current@3" in exported_error(run, "--waveform", "quiet")
    assert "several" in exported_error(run, "--waveform", "quiescent_current")
    assert "--output" in exported_error(run, "--waveform", "valve_current@1", "--format", "npy")


def test_the_report_draws_them(run):
    report = (run.folder / "meterrig-data" / "reports" / (run.record["run"] + ".html")).read_text()
    assert report.count('<figure class="waveform">') == 9
    for word in ("静态工作电流波形", "waveform of the quiescent current", "接收窗口", "valve motor", "transmit burst"):
        assert word in report


def test_the_report_draws_how_a_held_pressure_decayed(cli, tmp_path):
    ended = cli("run", "cjt503-auto", "--only", "5.3.7", "--defect", "cjt503-5.3.7-d2@2", "--record", "record.json")
    assert ended.returncode == 1, ended.stderr
    record = json.loads((tmp_path / "record.json").read_text())
    (plots,) = (tmp_path / "meterrig-data" / "plots").glob("*.json")
    drawn = json.loads(plots.read_text())
    store = sqlite3.connect(tmp_path / "meterrig-data" / "meterrig.sqlite")
    for sample in (1, 2, 3):
        result = result_of(SimpleNamespace(record=record), sample, "CJT503-5.3.7/6.9")
        (series,) = result["attempt_records"][0]["series"]
        digest = bytes.fromhex(series["sha256"][7:])
        (kept,) = store.execute("SELECT bytes FROM blobs WHERE sha256 = ?", [digest]).fetchone()
        plot = drawn[series["sha256"]]
        assert [low for low, _ in plot["buckets"]] == list(np.frombuffer(kept, "<f8"))
        assert (plot["unit"], plot["duration_s"]) == ("Pa", series["samples"] * series["interval_s"])
    report = next((tmp_path / "meterrig-data" / "reports").glob("*.html")).read_text()
    assert "保压过程的压力" in report and report.count('<figure class="waveform">') == 3


def test_a_changed_chunk_is_found(cli, tmp_path):
    assert cli("run", "cjt503-auto", "--only", "5.3.8").returncode == 0
    assert cli("results", "verify").returncode == 0
    store = sqlite3.connect(tmp_path / "meterrig-data" / "meterrig.sqlite")
    key, packed = store.execute("SELECT sha256, bytes FROM chunks LIMIT 1").fetchone()
    planes = bytearray(zstandard.ZstdDecompressor().decompress(packed))
    planes[100] ^= 2
    store.execute("UPDATE chunks SET bytes = ? WHERE sha256 = ?", [zstandard.ZstdCompressor().compress(planes), key])
    store.commit()
    store.close()
    verified = cli("results", "verify")
    assert verified.returncode == 3 and "chunk" in verified.stderr
    assert cli("results", "export", "--waveform", "quiescent_current@1").returncode == 3
