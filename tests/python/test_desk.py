"""Meters on the desk of a served bench, asked by other people's clients and by published frames.

Debian has a Modbus master in Python (pymodbus) and one in C (mbpoll). It has no master for CJ/T 188, DL/T 645 or M-Bus:
for these the requests are published frames, and the replies are taken apart by hand.
"""

import json
import shutil
import socket
import subprocess

import pymodbus.client
import pytest
import serial

from rigtools import CONFIG, ENVIRONMENT, NOTHING_LEFT, ROOT, Bench, meterrig

TELEGRAMS = ROOT / "tests" / "data" / "telegrams"
METERS = [
    # Addresses and readings of the published exchanges below.
    {"name": "water", "kind": "water", "address": "00002020120218", "volume": "2.00", "preamble": 4},
    {"name": "heat", "kind": "heat", "address": "00000011045926", "heat": "1.87", "volume": "0.07", "preamble": 2,
     "supply_temperature": "24.49", "return_temperature": "24.47"},
    {"name": "mbus", "kind": "heat-mbus", "address": "1234567856360104", "primary_address": 1, "heat": "3456.78"},
    {"name": "mains", "kind": "electricity", "address": "558890213594", "energy": "2.26", "preamble": 0,
     "voltage": ["224.8", "221.2", "219.3"]},
    {"name": "gateway", "kind": "electricity-modbus", "unit": 7, "energy": "765.43",
     "voltage": ["230.4", "229.8", "231.1"], "current": ["1.250", "2.500", "0.750"]},
]


def published(kind):
    """Frames by their ids."""
    frames = json.loads((TELEGRAMS / f"{kind}.json").read_text())
    return {f["id"]: bytes.fromhex(f["hex"]) for f in (frames["frames"] if isinstance(frames, dict) else frames)}


DLT645, MBUS = published("dlt645"), published("mbus")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    rig = json.loads((CONFIG / "rigs" / "desk.json").read_text())
    rig["bench"]["meters"] = METERS
    (folder / "published.json").write_text(json.dumps(rig))
    served = Bench(folder, scale=1, rig="published.json")
    yield served
    assert served.end() == NOTHING_LEFT


def ports(desk, name):
    """The pseudo-terminal's path, and host and port on the network."""
    meter = next(m for m in desk.rig["bench"]["meters"] if m["name"] == name)
    terminal, network = (port.split("//")[1] for port in meter["ports"])
    host, port = network.split("/")[0].split(":")
    return terminal.split("?")[0], (host, int(port))


def ask(desk, name, request, size):
    """The same question on both ports of a meter; `size` bytes of answer from each."""
    terminal, network = ports(desk, name)
    with serial.Serial(terminal, 2400, timeout=3) as line:  # a pseudo-terminal has no parity to set
        line.write(request)
        by_line = line.read(size)
    with socket.create_connection(network, timeout=3) as line:
        line.sendall(request)
        by_network = b""
        while len(by_network) < size:
            by_network += line.recv(size - len(by_network))
    return by_line, by_network


def sum_of(data):
    return sum(data) & 0xFF


class TestPublishedExchanges:
    @pytest.mark.parametrize("item", ["fwd", "ua"])
    def test_electricity_answers_as_published(self, desk, item):
        request, reply = DLT645[f"dlt07-csdn-{item}-req"], DLT645[f"dlt07-csdn-{item}-rsp"]
        assert ask(desk, "mains", request, len(reply)) == (reply, reply)

    def test_water(self, desk):
        request = bytes.fromhex("FE FE FE FE 68 10 18 02 12 20 20 00 00 01 03 90 1F 00 97 16")
        for reply in ask(desk, "water", request, 4 + 11 + 0x16 + 2):
            assert reply[:15] == bytes.fromhex("FE FE FE FE 68 10 18 02 12 20 20 00 00 81 16")
            assert reply[15:23] == bytes.fromhex("90 1F 00 00 02 00 00 2C")
            assert reply[-2:] == bytes([sum_of(reply[4:-2]), 0x16])

    def test_heat(self, desk):
        request = bytes.fromhex("68 20 26 59 04 11 00 00 00 01 03 90 1F 00 CF 16")
        for reply in ask(desk, "heat", request, 2 + 11 + 0x2E + 2):
            assert reply[:13] == bytes.fromhex("FE FE 68 20 26 59 04 11 00 00 00 81 2E")
            data = reply[13:-2]
            assert data[:3] == bytes.fromhex("90 1F 00") and data[8:13] == bytes.fromhex("87 01 00 00 05")
            assert data[23:34] == bytes.fromhex("07 00 00 00 2C 49 24 00 47 24 00")
            assert reply[-2:] == bytes([sum_of(reply[2:-2]), 0x16])

    def test_mbus(self, desk):
        nke, data, setid = bytes.fromhex("10 40 01 41 16"), bytes.fromhex("10 7B 01 7C 16"), MBUS["mbus-setid"]
        assert ask(desk, "mbus", nke, 1) == (b"\xe5", b"\xe5")
        assert ask(desk, "mbus", setid, 1) == (b"\xe5", b"\xe5")
        by_line, by_network = ask(desk, "mbus", data, 6 + 0x48)
        assert by_network == by_line  # the frame count bit is the same: the telegram, too
        assert by_line[:4] == bytes([0x68, by_line[1], by_line[1], 0x68]) and len(by_line) == by_line[1] + 6
        assert by_line[4:16] == bytes.fromhex("08 01 72 78 56 34 12 56 36 01 04") + by_line[15:16]
        energy = by_line.index(bytes.fromhex("0C 04"))
        assert by_line[energy + 2:energy + 6] == bytes.fromhex("78 56 34 00")
        assert by_line[-2:] == bytes([sum_of(by_line[4:-2]), 0x16])

    def test_a_wrong_checksum_is_met_with_silence(self, desk):
        request = bytearray(DLT645["dlt07-csdn-fwd-req"])
        request[-2] ^= 1
        with serial.Serial(ports(desk, "mains")[0], 2400, timeout=1) as line:
            line.write(request)
            assert line.read(1) == b""
            line.write(DLT645["dlt07-csdn-fwd-req"])
            line.timeout = 3
            assert line.read(20) == DLT645["dlt07-csdn-fwd-rsp"]


class TestPymodbus:
    @pytest.fixture(params=["tcp", "rtu"])
    def client(self, desk, request):
        terminal, (host, port) = ports(desk, "gateway")
        client = (pymodbus.client.ModbusTcpClient(host, port=port, timeout=3) if request.param == "tcp" else
                  pymodbus.client.ModbusSerialClient(terminal, baudrate=9600, timeout=3))
        assert client.connect()
        yield client
        client.close()

    def floats(self, client, first, count):
        from pymodbus.constants import Endian
        from pymodbus.payload import BinaryPayloadDecoder
        answer = client.read_holding_registers(first, 2 * count, slave=7)
        assert not answer.isError(), answer
        decoder = BinaryPayloadDecoder.fromRegisters(answer.registers, byteorder=Endian.Big, wordorder=Endian.Big)
        return [decoder.decode_32bit_float() for _ in range(count)]

    def test_reads_floats(self, client):
        assert self.floats(client, 0x2006, 3) == [2304, 2298, 2311]
        assert self.floats(client, 0x200C, 3) == [1250, 2500, 750]
        assert self.floats(client, 0x4000, 1)[0] == pytest.approx(765.43, abs=0.2)

    def test_reads_the_same_with_words_swapped_and_scaled(self, client):
        low, high = client.read_input_registers(0x3000, 2, slave=7).registers
        assert (high << 16 | low) / 100 == pytest.approx(765.43, abs=0.2)
        assert client.read_input_registers(0x3100, 3, slave=7).registers == [2304, 2298, 2311]

    def test_sets_the_clock(self, client):
        assert not client.write_registers(0x1000, [2027, 2, 28, 12, 0, 0], slave=7).isError()
        assert client.read_holding_registers(0x1000, 5, slave=7).registers == [2027, 2, 28, 12, 0]
        assert client.write_registers(0x1000, [2027, 2, 29, 12, 0, 0], slave=7).exception_code == 3

    def test_nothing_lies_beside_the_map(self, client):
        assert client.read_holding_registers(0x2005, 2, slave=7).exception_code == 2


@pytest.mark.parametrize("by", ["tcp", "rtu"])
def test_mbpoll_reads_it_by_tcp_and_by_rtu(desk, by):
    program = shutil.which("mbpoll")
    if program is None:
        pytest.fail("mbpoll is not installed: apt-get install mbpoll")
    terminal, (host, port) = ports(desk, "gateway")
    where = ["-m", "tcp", "-p", port, host] if by == "tcp" else ["-m", "rtu", "-b", 9600, "-P", "none", terminal]
    words = ["-a", 7, "-0", "-q", "-1", "-t", "4:float", "-B", "-r", 0x2006, "-c", 3]
    ended = subprocess.run([program, *map(str, words + where)], env=ENVIRONMENT, capture_output=True, text=True,
                           timeout=20, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    values = [float(line.split()[1]) for line in ended.stdout.splitlines() if line.startswith("[")]
    assert values == [2304, 2298, 2311]


def test_the_embedded_desk_tells_how_to_read_each_meter(tmp_path):
    served = Bench(tmp_path, scale=1, rig="desk")
    try:
        said = "".join(served.said)
        meters = served.rig["bench"]["meters"]
        kinds = {"water": "cjt188_water", "heat": "cjt188_heat", "heat-mbus": "mbus_heat",
                 "electricity": "dlt645_electricity", "electricity-modbus": "modbus_electricity"}
        assert [meter["kind"] for meter in meters] == list(kinds)
        for meter in meters:
            first, second = meter["ports"]
            assert f"{meter['name']:<12} {first}\n{'':<12} {second}\n" in said
            assert f"  meterrig meter read --port '{first}' --profile {kinds[meter['kind']]}\n" in said
        assert meterrig("check", served.rig_file, cwd=tmp_path).stdout.endswith("rig, ok\n")
        assert "ready: 5 members" in said
    finally:
        assert served.end() == NOTHING_LEFT


@pytest.mark.parametrize("change, said", [
    ({"kind": "steam"}, "/bench/meters/0"),
    ({"adress": "1"}, "adress"),
    ({"name": "heat"}, 'meter "heat" again'),
    ({"volume": 2}, "/bench/meters/0/volume"),
])
def test_a_wrong_meter_is_refused(cli, tmp_path, change, said):
    rig = json.loads((CONFIG / "rigs" / "desk.json").read_text())
    rig["bench"]["meters"] = [{**METERS[0], **change}, *METERS[1:]]
    (tmp_path / "mine.json").write_text(json.dumps(rig))
    ended = cli("check", "mine.json")
    assert ended.returncode == 2 and said in ended.stderr, ended.stderr


def test_no_plan_runs_on_a_desk(cli):
    ended = cli("run", "cjt503-auto", "--rig", "desk")
    assert ended.returncode == 2 and "0 stations" in ended.stderr, ended.stderr
