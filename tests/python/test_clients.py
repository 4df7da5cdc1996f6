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


def opened(bench, name):
    """A pyvisa-py device on the socket of one served instrument, closed with its manager."""
    manager = pyvisa.ResourceManager("@py")
    device = manager.open_resource(f"TCPIP::127.0.0.1::{bench.port(name)}::SOCKET", read_termination="\n",
                                   write_termination="\n", timeout=3000)
    return manager, device


def close_contact(bench, name, coil, closed):
    said("mbpoll", "-m", "tcp", "-p", bench.port(name), "-a", "1", "-0", "-q", "-t", "0", "-r", coil, "127.0.0.1",
         int(closed))


@pytest.fixture
def analyser(bench):
    """The analyser of a station whose meter has its supply through the ammeter path, channel 2 (K2 is coil 1)."""
    manager, device = opened(bench, "analyser2")
    supplies, supply = opened(bench, "psu2")
    for command in (":INST:NSEL 1", ":SOUR:CURR 0.5", ":SOUR:VOLT 3.6", ":OUTP CH1,ON"):
        supply.write(command)
    close_contact(bench, "relays2", 1, True)
    yield device
    close_contact(bench, "relays2", 1, False)
    supply.write(":OUTP CH1,OFF")
    assert supply.query(":OUTP? CH1") == "OFF"
    for command in ("ABOR:ACQ (@2)", "FORM:DATA ASC", "FORM:BORD NORM"):
        device.write(command)
    for opened_here in (device, manager, supply, supplies):
        opened_here.close()


@pytest.fixture
def multimeter(bench):
    manager, device = opened(bench, "dmm2")
    yield device
    device.write("*RST")
    device.close()
    manager.close()


@pytest.fixture
def supply(bench):
    """The first supply, left switched off whatever the test did to it."""
    manager, device = opened(bench, "psu1")
    yield device
    device.write(":OUTP CH1,OFF")
    assert device.query(":OUTP? CH1") == "OFF"
    device.close()
    manager.close()


def no_more_errors(device):
    return device.query(":SYST:ERR?").lstrip("+").startswith("0,")


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
        manager, device = opened(bench, name)
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


class TestPyvisaWithAnAnalyser:
    def acquire(self, analyser, interval, points):
        for command in (f"SENS:SWE:TINT {interval},(@2)", f"SENS:SWE:POIN {points},(@2)", "TRIG:ACQ:SOUR IMM,(@2)",
                        "INIT:ACQ (@2)"):
            analyser.write(command)
        assert float(analyser.query("SENS:SWE:TINT? (@2)")) == pytest.approx(interval, rel=1e-6)
        assert int(analyser.query("SENS:SWE:POIN? (@2)")) == points

    def fetch(self, analyser, big_endian):
        analyser.write("FORM:DATA REAL")
        analyser.write("FORM:BORD " + ("NORM" if big_endian else "SWAP"))
        return analyser.query_binary_values("FETC:ARR:CURR? (@2)", datatype="f", is_big_endian=big_endian)

    # 100,000 samples are 400 kB, many reads of the client's.
    @pytest.mark.parametrize("interval, points", [(1e-3, 1), (1e-3, 500), (2.048e-5, 100_000)])
    def test_a_block_holds_what_the_text_says(self, analyser, interval, points):
        self.acquire(analyser, interval, points)
        analyser.write("FORM:DATA ASC")
        text = [float(field) for field in analyser.query("FETC:ARR:CURR? (@2)").split(",")]
        big, little = self.fetch(analyser, True), self.fetch(analyser, False)
        assert len(text) == points and big == little
        assert big == pytest.approx(text, rel=1e-7, abs=1e-12)
        assert all(0 < amperes < 0.5 for amperes in big)  # what the meter draws, within the supply's limit
        assert no_more_errors(analyser)

    def test_a_fetch_without_an_acquisition_queues_its_error(self, analyser):
        analyser.write("*RST")
        analyser.write("FETC:ARR:CURR? (@2)")
        assert int(analyser.query("SYST:ERR?").split(",")[0]) == -230
        assert no_more_errors(analyser)


class TestPyvisaWithAMultimeter:
    def test_settings_read_back_and_a_reading_comes(self, multimeter):
        for command in ("CONF:VOLT:DC 10", "VOLT:DC:NPLC 10"):
            multimeter.write(command)
        assert float(multimeter.query("VOLT:DC:NPLC?")) == 10
        assert multimeter.query("CONF?").startswith('"VOLT +1.0')
        assert abs(float(multimeter.query("READ?"))) < 0.05  # nothing is switched on
        assert no_more_errors(multimeter)

    def test_the_queue_holds_errors_in_their_order_with_text_that_has_commas(self, multimeter):
        multimeter.write("VOLT:DC:NPLC 1,2,(@1)")
        multimeter.write("NOPE")
        first, second = multimeter.query("SYST:ERR?"), multimeter.query("SYST:ERR?")
        assert int(first.split(",")[0]) == -108 and first.count('"') == 2
        assert int(second.split(",")[0]) == -113
        assert no_more_errors(multimeter)


class TestSigrokWithAMultimeter:
    def ask(self, bench, *words):
        return said("sigrok-cli", "-d", f"scpi-dmm:conn=tcp-raw/127.0.0.1/{bench.port('dmm1')}", *words)

    def test_finds_it(self, bench):
        assert "34465A" in self.ask(bench, "--scan")

    def test_reads_volts(self, bench):
        lines = self.ask(bench, "--samples", "3").strip().splitlines()
        assert len(lines) == 3 and all("V DC" in line for line in lines)

    def test_reads_amperes_after_a_change_of_function(self, bench):
        lines = self.ask(bench, "--config", "measured_quantity=current/dc", "--samples", "2").strip().splitlines()
        assert len(lines) == 2 and all("A DC" in line for line in lines)


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
