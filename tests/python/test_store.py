"""Stores that are not as they should be: each is told with what to do next, and nothing acknowledged is lost."""

import os
import shutil
import sqlite3
import subprocess

import pytest

from rigtools import ENVIRONMENT, PROGRAM, journal, meterrig, started

RUN = ("run", "cjt503-auto", "--only", "5.3.8")
# The schema as it was at each version: such files lie in laboratories.
OLD = {1: ("CREATE TABLE migrations(version INTEGER PRIMARY KEY, what TEXT NOT NULL);"
           "CREATE TABLE runs(key INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, opened INTEGER NOT NULL UNIQUE,"
           " head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL);"
           "CREATE TABLE events(run INTEGER NOT NULL REFERENCES runs(key), seq INTEGER NOT NULL, bytes TEXT NOT NULL,"
           " hash BLOB NOT NULL, PRIMARY KEY(run, seq)) WITHOUT ROWID;"
           "CREATE TABLE blobs(sha256 BLOB PRIMARY KEY, bytes BLOB NOT NULL);")}
OLD[2] = OLD[1] + "CREATE TABLE chunks(sha256 BLOB PRIMARY KEY, samples INTEGER NOT NULL, bytes BLOB NOT NULL);"
TABLES = {1: ("runs", "events", "blobs"), 2: ("runs", "events", "blobs", "chunks")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One run in a store of its own, which tests copy."""
    folder = tmp_path_factory.mktemp("whole")
    assert meterrig(*RUN, cwd=folder).returncode == 0
    return folder / "meterrig-data"


@pytest.fixture
def data(whole, tmp_path):
    return shutil.copytree(whole, tmp_path / "meterrig-data")


def changed(data, sql):
    store = sqlite3.connect(data / "meterrig.sqlite")
    with store:
        store.executescript(sql)
    store.close()


def run_of(data):
    store = sqlite3.connect(data / "meterrig.sqlite")
    try:
        return [row[0] for row in store.execute("SELECT run FROM runs ORDER BY opened")]
    finally:
        store.close()


def said(ended, code):
    """Its one message."""
    assert ended.returncode == code, ended.stdout + ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


@pytest.mark.parametrize("words", [RUN, ("results", "list"), ("results", "verify"), ("report", "latest")])
def test_a_store_of_a_newer_program(cli, data, words):
    changed(data, "INSERT INTO migrations VALUES(99, 'of the future')")
    text = said(cli(*words), 4)
    assert "written by a newer program: its schema version is 99" in text and "use that program" in text
    assert len(run_of(data)) == 1


@pytest.mark.parametrize("version", OLD)
def test_an_older_store_keeps_its_runs(cli, data, version):
    old = data.parent / "old"
    old.mkdir()
    store = sqlite3.connect(old / "meterrig.sqlite")
    with store:
        store.executescript("PRAGMA journal_mode=WAL;" + OLD[version])
        for number in range(1, version + 1):
            store.execute("INSERT INTO migrations VALUES(?, 'as it was')", (number,))
        store.execute("ATTACH ? AS new", (str(data / "meterrig.sqlite"),))
        for table in TABLES[version]:
            columns = ", ".join(row[1] for row in store.execute(f"PRAGMA main.table_info({table})"))
            store.execute(f"INSERT INTO main.{table}({columns}) SELECT {columns} FROM new.{table}")
        if version == 1:  # it had no recordings yet
            store.execute("DELETE FROM main.events WHERE seq > 1")
            store.execute("UPDATE main.runs SET head_seq = 1, head_hash = (SELECT hash FROM main.events)")
    store.close()
    run, = run_of(data)
    before = journal(old, run)
    shown = cli("results", "verify", "--data", "old")
    assert shown.returncode == 0 and "intact" in shown.stdout and "not sealed" in shown.stdout
    assert journal(old, run) == before
    assert cli(*RUN, "--seed", "7", "--data", "old").returncode == 0
    assert cli("results", "verify", run, "--data", "old").returncode == 0
    sealed = cli("results", "seal", run, "--data", "old")
    assert (sealed.returncode, "valid" in sealed.stderr) == ((0, True) if version == 2 else (2, False)), sealed.stderr


def test_a_damaged_page(cli, data):
    store = sqlite3.connect(data / "meterrig.sqlite")
    size, = store.execute("PRAGMA page_size").fetchone()
    root, = store.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
    store.close()
    with open(data / "meterrig.sqlite", "r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xa5" * size)
    text = said(cli("results", "verify"), 3)
    assert "meterrig.sqlite" in text and "keep a copy" in text and ".recover" in text
    text = said(cli("results", "show"), 4)
    assert "malformed" in text and ".recover" in text
    for file in data.glob("meterrig.sqlite*"):
        file.unlink()
    (data / "meterrig.sqlite").write_bytes(b"no database" * 1000)
    assert "not a database" in said(cli(*RUN), 4)


def without_privileges(*words, cwd):
    """As a user who is not root, to whom modes of files mean nothing."""
    bound = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    return subprocess.run([*bound, PROGRAM, *words], cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True,
                          check=False, timeout=60)


def test_a_folder_that_nobody_can_write(data, tmp_path):
    data.chmod(0o555)
    try:
        for words in (("results", "list"), ("results", "verify"), ("results", "show")):
            read = without_privileges(*words, cwd=tmp_path)
            assert (read.returncode, read.stderr) == (0, ""), words
        text = said(without_privileges(*RUN, "--seed", "7", cwd=tmp_path), 4)
        assert "this user must be able to write its folder" in text and "--data DIR" in text
        assert "in the store" not in text and len(run_of(data)) == 1
        text = said(without_privileges(*RUN, "--data", str(data / "deeper"), cwd=tmp_path), 4)
        assert "can't make the folder" in text and "Permission denied" in text
    finally:
        data.chmod(0o755)


def test_a_run_that_could_not_be_sealed_is_kept_and_sealed_later(cli, data):
    (data / "seal-key.pem").chmod(0o644)
    ended = cli(*RUN, "--seed", "7")
    assert ended.returncode == 0 and "is recorded, but not sealed" in ended.stderr, ended.stderr
    assert "chmod 600" in ended.stderr and "meterrig results seal sim-" in ended.stderr
    assert "not sealed" in cli("results", "verify").stdout
    text = said(cli("results", "seal"), 2)
    assert "chmod 600" in text
    (data / "seal-key.pem").chmod(0o600)
    assert cli("results", "seal").returncode == 0
    assert ", valid" in cli("results", "verify").stdout


def test_too_little_space_to_begin(cli, tmp_path):
    ended = meterrig(*RUN, cwd=tmp_path, env_more={"METERRIG_FREE_MIB": "999999999"})
    text = said(ended, 2)
    assert " MiB are free, and a run needs 999999999 MiB" in text and "--data DIR" in text
    assert not (tmp_path / "meterrig-data").exists()
    assert "expected a number of MiB" in said(meterrig(*RUN, cwd=tmp_path, env_more={"METERRIG_FREE_MIB": "1G"}), 2)


def test_two_programs_in_one_store(tmp_path):
    """Each waits for the other's transactions, and all runs are whole; the same run is written by one of them."""
    programs = [started("run", "cjt503-auto", "--only", "5.3.8,5.3.9", "--seed", seed, cwd=tmp_path)
                for seed in (1, 2, 3, 3)]
    same = []
    for program in programs:
        _, errors = program.communicate(timeout=60)
        same.append(program.returncode)
        assert program.returncode == 0 or "is being written by another program (process " in errors, errors
    assert same[:2] == [0, 0] and 0 in same[2:]
    runs = run_of(tmp_path / "meterrig-data")
    assert len(runs) == 3
    for run in runs:
        verified = meterrig("results", "verify", run, cwd=tmp_path)
        assert verified.returncode == 0 and ", valid" in verified.stdout, verified.stderr


def test_a_store_that_another_program_holds(cli, data):
    other = sqlite3.connect(data / "meterrig.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        assert cli("results", "verify").returncode == 0  # who reads does not wait
        text = said(cli(*RUN, "--seed", "7"), 4)
    finally:
        other.close()
    assert "another program has been writing for 10 s" in text
    assert len(run_of(data)) == 1
