"""Fixtures of the end-to-end tests."""

import json

import pytest

from rigtools import NOTHING_LEFT, Bench, end_started, meterrig


@pytest.fixture(autouse=True)
def leftovers():
    """A test that fails half-way leaves no program behind for the ones after it."""
    yield
    end_started()


@pytest.fixture
def cli(tmp_path):
    """The program, run in a folder of its own so that no test sees the runs of another."""
    return lambda *words, **more: meterrig(*words, cwd=tmp_path, **more)


@pytest.fixture(scope="session")
def good_run(tmp_path_factory):
    """One whole run of cjt503-auto on healthy meters, which many tests look at and none changes."""
    folder = tmp_path_factory.mktemp("good")
    ended = meterrig("run", "cjt503-auto", "--record", "record.json", cwd=folder)
    assert ended.returncode == 0, ended.stderr
    ended.folder = folder
    ended.record = json.loads((folder / "record.json").read_text())
    return ended


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A served bench at fifty times real time; when the module is done nothing of it may be left."""
    served = Bench(tmp_path_factory.mktemp("bench"))
    yield served
    assert served.end() == NOTHING_LEFT
