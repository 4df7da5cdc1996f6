"""A Modbus slave of pymodbus's own: `tcp` says its port, `rtu TERMINAL` serves unit 7 there; ends with its input."""

import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer


def registers(values):
    block = [0] * 100
    for address, value in values.items():
        block[address] = value
    return ModbusSequentialDataBlock(0, block)


def slave():
    name = b"PEER-1"
    words = {40 + i: name[2 * i] << 8 | name[2 * i + 1] for i in range(3)}
    return ModbusSlaveContext(
        di=registers({}), co=registers({3: 1}), ir=registers({0: 0x41AC}),
        hr=registers({10: 0xCD15, 11: 0x075B, 20: 0xFFFB, **words}), zero_mode=True)


async def main():
    context = ModbusServerContext(slaves={7: slave()}, single=False)
    if sys.argv[1] == "tcp":
        server = ModbusTcpServer(context, address=("127.0.0.1", 0))
        asyncio.ensure_future(server.serve_forever())
        await server.serving
        port = server.server.sockets[0].getsockname()[1]
    else:
        server = ModbusSerialServer(context, framer=ModbusRtuFramer, port=sys.argv[2], baudrate=115200,
                                    ignore_missing_slaves=True)
        await server.start()
        asyncio.ensure_future(server.serve_forever())
        port = 0
    print("ready", port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
