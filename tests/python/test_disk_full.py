"""A disk that becomes full while a run goes on: outputs off, exit 4, and what was acknowledged is whole."""

import resource
import signal
import sqlite3

import pytest

from live_bench import meters_connected, powered_run, supply_outputs
from rigtools import journal, meterrig, of_type


def ignore_limit():
    """A write beyond the limit fails, as on a full disk, and the program goes on."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def full_at(size):
    def limit():
        ignore_limit()
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def run_of(data):
    store = sqlite3.connect(data / "meterrig.sqlite")
    try:
        (run,) = store.execute("SELECT run FROM runs").fetchone()
        return run
    finally:
        store.close()


def whole_without_an_end(data):
    """The events of the run, as far as they were acknowledged: the chain is whole, and nobody sealed it."""
    run = run_of(data)
    verified = meterrig("results", "verify", run, cwd=data.parent)
    assert verified.returncode == 0 and "not sealed" in verified.stdout, verified.stderr
    events = journal(data, run)
    assert not of_type(events, "run_ended")
    return events


@pytest.mark.parametrize("size", [300_000, 600_000, 900_000])
def test_in_the_midst_of_a_simulation(cli, tmp_path, size):
    run = meterrig("run", "cjt503-auto", "--only", "5.3.8,5.3.9,5.3.6", "--seed", size, cwd=tmp_path,
                   preexec_fn=full_at(size))
    assert run.returncode == 4 and "see that it has space" in run.stderr, run.stderr
    assert len(whole_without_an_end(tmp_path / "meterrig-data")) >= 10
    assert cli("results", "show").returncode == 0
    again = cli("run", "cjt503-auto", "--only", "5.3.8", "--seed", "7")
    assert again.returncode == 0 and ", valid" in cli("results", "verify").stdout


def test_outputs_are_off_when_the_program_leaves(bench, tmp_path):
    process = powered_run(bench, tmp_path, preexec_fn=ignore_limit)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 4 and "see that it has space" in errors, errors
    assert supply_outputs(bench) == ["OFF"] * 3 and not meters_connected(bench)
    assert whole_without_an_end(tmp_path / "meterrig-data")[0]["type"] == "run_started"
