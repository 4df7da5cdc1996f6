"""Other people's programs work with the served instruments: they know nothing of this repository."""

import shutil
import subprocess

import pytest
import pyvisa

from rigtools import ENVIRONMENT


def said(*words, ok=True):
    program = shutil.which(words[0])
    if program is None:
        pytest.fail(f"{words[0]} is not installed: scripts/test installs it")
    ended = subprocess.run([program, *map(str, words[1:])], env=ENVIRONMENT, capture_output=True, text=True,
                           timeout=20, check=False)
    assert (ended.returncode == 0) == ok, ended.stdout + ended.stderr
    return ended.stdout + ("" if ok else ended.stderr)


@pytest.fixture
def supply(bench):
    """The first supply, left switched off whatever the test did to it."""
    manager = pyvisa.ResourceManager("@py")
    device = manager.open_resource(f"TCPIP::127.0.0.1::{bench.port('psu1')}::SOCKET", read_termination="\n",
                                   write_termination="\n", timeout=3000)
    yield device
    device.write(":OUTP CH1,OFF")
    assert device.query(":OUTP? CH1") == "OFF"
    device.close()
    manager.close()


def no_more_errors(device):
    return device.query(":SYST:ERR?").startswith("0,")


class TestPyvisa:
    def test_sets_and_measures(self, supply):
        assert supply.query("*IDN?").split(",")[:3] == ["RIGOL TECHNOLOGIES", "DP832", "DP8A000001"]
        for command in (":INST:NSEL 1", ":SOUR:CURR 0.5", ":SOUR:VOLT 3.6", ":OUTP CH1,ON"):
            supply.write(command)
        assert supply.query(":OUTP? CH1") == "ON"
        assert float(supply.query(":SOUR:VOLT?")) == 3.6
        # Set and measured differ by the virtual supply's own error, which its profile bounds.
        assert float(supply.query(":MEAS:VOLT? CH1")) == pytest.approx(3.6, abs=0.0005 * 3.6 + 0.02)
        assert no_more_errors(supply)

    def test_an_output_that_is_off_gives_nothing(self, supply):
        supply.write(":INST:NSEL 1;:SOUR:VOLT 5")
        supply.write(":OUTP CH1,OFF")
        assert float(supply.query(":MEAS:VOLT? CH1")) == pytest.approx(0, abs=0.05)

    @pytest.mark.parametrize("command, code", [(":NOPE:VOLT 3", -113), (":SOUR:VOLT abc", -104), (":SOUR:VOLT", -109),
                                               (":SOUR:VOLT 99", -222)])
    def test_a_wrong_command_queues_its_error_and_changes_nothing(self, supply, command, code):
        supply.write(":INST:NSEL 1")
        supply.write(":SOUR:VOLT 2.5")
        supply.write(command)
        assert int(supply.query(":SYST:ERR?").split(",")[0]) == code
        assert no_more_errors(supply)
        assert float(supply.query(":SOUR:VOLT?")) == 2.5

    @pytest.mark.parametrize("name, identity", [("dmm2", "Keysight Technologies,34465A,MY54500002,"),
                                                ("analyser3", "Keysight Technologies,N6705C,MY53000003,")])
    def test_each_socket_is_the_instrument_that_the_rig_file_names(self, bench, name, identity):
        manager = pyvisa.ResourceManager("@py")
        device = manager.open_resource(f"TCPIP::127.0.0.1::{bench.port(name)}::SOCKET", read_termination="\n",
                                       write_termination="\n", timeout=3000)
        assert device.query("*IDN?").startswith(identity)
        device.close()
        manager.close()


class TestSigrok:
    def ask(self, bench, *words):
        return said("sigrok-cli", "-d", f"scpi-pps:conn=tcp-raw/127.0.0.1/{bench.port('psu2')}", *words)

    def test_finds_the_supply(self, bench):
        found = self.ask(bench, "--scan")
        assert "Rigol DP832" in found and "DP8A000002" in found
        assert "9 channels: V1 I1 P1 V2 I2 P2 V3 I3 P3" in found

    def test_sets_and_measures(self, bench):
        # One value each: it sends several in an order of its own.
        for setting in ("voltage_target=4.2", "current_limit=0.5", "enabled=on"):
            self.ask(bench, "-g", "1", "--config", setting, "--set")
        try:
            assert float(self.ask(bench, "-g", "1", "--get", "voltage_target")) == pytest.approx(4.2)
            assert self.ask(bench, "-g", "1", "--get", "enabled").strip() == "true"
            table = self.ask(bench, "-C", "V1,I1", "--samples", "1", "-O", "csv").strip().splitlines()
            volts, amperes = map(float, table[-1].split(","))
            assert volts == pytest.approx(4.2, abs=0.0005 * 4.2 + 0.02)
            assert amperes == pytest.approx(0, abs=0.005)  # nothing is connected
        finally:
            self.ask(bench, "-g", "1", "--config", "enabled=off", "--set")
        assert self.ask(bench, "-g", "1", "--get", "enabled").strip() == "false"


class TestMbpoll:
    def poll(self, bench, name, *words, ok=True):
        return said("mbpoll", "-m", "tcp", "-p", bench.port(name), "-a", "1", "-0", "-q", *words, ok=ok)

    def values(self, text):
        return [float(line.split()[1]) for line in text.splitlines() if line.startswith("[")]

    def read(self, bench, name, kind, first, count):
        return self.values(self.poll(bench, name, "-t", kind, "-r", first, "-c", count, "-B", "-1", "127.0.0.1"))

    def test_reads_input_registers(self, bench):
        celsius, humidity, kilopascal = self.read(bench, "ambient", "3:float", 16, 3)
        assert 15 <= celsius <= 35 and 45 <= humidity <= 75 and 86 <= kilopascal <= 106

    def test_reads_who_the_instrument_is(self, bench):
        letters = b"".join(int(value).to_bytes(2, "big") for value in self.read(bench, "air2", "3", 0, 16))
        assert letters[:16].rstrip(b"\0") == b"AU-20" and letters[16:].rstrip(b"\0") == b"AU-0002"

    def test_writes_a_holding_register_and_reads_it_back(self, bench):
        assert self.read(bench, "air2", "4:float", 0, 1) != [7.5]
        self.poll(bench, "air2", "-t", "4:float", "-r", 0, "-B", "127.0.0.1", "--", "7.5")
        assert self.read(bench, "air2", "4:float", 0, 1) == [7.5]
        self.poll(bench, "air2", "-t", "4:float", "-r", 0, "-B", "127.0.0.1", "--", "0")

    def test_writes_one_coil_and_no_other(self, bench):
        assert self.read(bench, "relays2", "0", 0, 8) == [0] * 8
        self.poll(bench, "relays2", "-t", "0", "-r", 3, "127.0.0.1", "1")
        assert self.read(bench, "relays2", "0", 0, 8) == [0, 0, 0, 1, 0, 0, 0, 0]
        assert self.read(bench, "relays1", "0", 0, 8) == [0] * 8
        self.poll(bench, "relays2", "-t", "0", "-r", 3, "127.0.0.1", "0")
        assert self.read(bench, "relays2", "0", 0, 8) == [0] * 8

    def test_an_address_beyond_the_map_is_an_exception(self, bench):
        answer = self.poll(bench, "relays2", "-t", "4", "-r", 100, "-c", 1, "-1", "127.0.0.1", ok=False)
        assert "Illegal data address" in answer
