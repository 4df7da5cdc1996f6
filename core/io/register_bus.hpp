#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/task.hpp"

namespace meterrig {

// The data tables of a Modbus device.
enum class RegisterTable { coils, discrete_inputs, holding, input };

// A Modbus exception reply: the device refused, and said why.
class ModbusException : public InstrumentError {
 public:
  ModbusException(int code, Exchange exchange);
  int code() const noexcept { return code_; }
  const char* kind() const noexcept override { return "modbus_exception"; }

 private:
  int code_;
};

// Modbus as drivers see it: RTU or TCP through libmodbus, or in memory. Addresses are PDU addresses
// (from 0), 1 <= count <= 125 registers or 2000 bits. Throws TimeoutError, ClosedError, ProtocolError, ModbusException.
class RegisterBus {
 public:
  virtual ~RegisterBus() = default;
  virtual Task<std::vector<std::uint16_t>> read(int unit, RegisterTable table, std::uint16_t address,
                                                std::uint16_t count, Instant deadline) = 0;
  // Function 16 for registers (also for one), 5 for one coil, 15 for several.
  virtual Task<> write(int unit, RegisterTable table, std::uint16_t address, std::vector<std::uint16_t> values,
                       Instant deadline) = 0;
  virtual Task<> reopen(Instant deadline) = 0;
  virtual void close() noexcept = 0;
  virtual const std::string& name() const noexcept = 0;
};

}  // namespace meterrig
