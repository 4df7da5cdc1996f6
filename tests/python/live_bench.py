"""What a served bench at real time says of its outputs, to somebody else than the program that drives it."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pyvisa

from rigtools import children, read_until, started


def supply_outputs(bench):
    """What the supplies say of themselves to somebody else."""
    manager = pyvisa.ResourceManager("@py")
    said = []
    for name in ("psu1", "psu2", "psu3"):
        device = manager.open_resource(f"TCPIP::127.0.0.1::{bench.port(name)}::SOCKET", read_termination="\n",
                                       write_termination="\n", timeout=3000)
        said.append(device.query(":OUTP? CH1"))
        device.close()
    manager.close()
    return said


def coils(bench, name, count):
    """The first coils of a device on Modbus TCP, asked by another program: it answers two masters, a supply one."""
    words = ["mbpoll", "-m", "tcp", "-p", str(bench.port(name)), "-a", "1", "-0", "-q", "-t", "0", "-r", "0"]
    said = subprocess.run([*words, "-c", str(count), "-1", "127.0.0.1"], capture_output=True, text=True, timeout=10,
                          check=True).stdout
    values = [line.split()[1] == "1" for line in said.splitlines() if line.startswith("[")]
    assert len(values) == count, said
    return values


def meters_connected(bench):
    """K1 or K2 of each station leads the supply to the meter."""
    return all(any(coils(bench, name, 2)) for name in ("relays1", "relays2", "relays3"))


def powered_run(bench, folder, **more):
    """A run whose three meters are powered. Its lines arrive while it runs: they are not held back by a buffer."""
    process = started("run", "cjt503-auto", "--only", "5.3.8", "--rig", bench.rig_file, cwd=folder, **more)
    starts = iter(range(3, 0, -1))
    read_until(process, lambda line: " start " in line and next(starts) == 1)
    deadline = time.monotonic() + 30
    while not meters_connected(bench):
        assert process.poll() is None and time.monotonic() < deadline, "no meter was ever connected"
    return process


def watchdogs(process):
    """The processes that stand by to switch off when `process` can't."""
    return [pid for pid in children(process.pid)
            if b"watchdog" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]


def the_watchdog(process):
    """The one that stands by. A process has no command line for an instant after it was started: looked for again."""
    deadline = time.monotonic() + 10
    while not (found := watchdogs(process)):
        assert time.monotonic() < deadline, "no watchdog stands by"
        time.sleep(0.01)
    (watchdog,) = found
    return watchdog


def kill_with_watchdog(process):
    """Nobody is left to switch anything off, as after the loss of the computer's power."""
    standing_by = the_watchdog(process)
    os.kill(standing_by, signal.SIGSTOP)
    process.kill()
    os.kill(standing_by, signal.SIGKILL)
