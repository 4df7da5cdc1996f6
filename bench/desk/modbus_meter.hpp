#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "bench/desk/electricity_model.hpp"
#include "core/io/memory_bus.hpp"
#include "core/json/node.hpp"

namespace meterrig::bench {

// A three-phase energy meter with Modbus registers, input and holding alike. The floats lie where Chint's DTSU666 has
// them, and count what its manual says; the energies lie where the DDSU666 has them. Two more groups are for readers
// that must know other shapes.
//
//   002DH  baud rate code, 002EH unit (1 to 247, from the next start on)            u16, writable
//   1000H  year, month, day, hour, minute, second; written together                 u16, writable
//   2006H  voltages 0.1 V, 200CH currents 0.001 A (a, b, c)                         float, high word first
//   2012H  active power 0.1 W, 201AH reactive 0.1 var, 202AH power factor 0.001     float, high word first
//          (each: all, a, b, c)
//   2044H  frequency 0.01 Hz; 4000H forward, 400AH reverse active energy 1 kW.h     float, high word first
//   3000H  forward, 3002H reverse active, 3004H quadrant 1 reactive, 0.01 kW.h      u32, low word first
//   3100H  voltages 0.1 V (a, b, c), 3103H currents 0.01 A, 3106H frequency 0.01 Hz u16
//   3107H  active power 1 W, 3108H power factor 0.001                               i16
class ModbusMeter final : public RegisterPeer {
 public:
  ModbusMeter(const Clock& clock, const json::Node& meter);

  std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) override;
  void write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) override;
  ElectricityModel& model() { return model_; }

 private:
  using Image = std::map<std::uint16_t, std::uint16_t>;
  Image image();
  void put_floats(Image& image);
  void put_integers(Image& image);
  void write_clock(std::span<const std::uint16_t> values);

  ElectricityModel model_;
  std::uint16_t unit_;
  std::uint16_t baud_code_ = 3;  // 9600 Bd
};

}  // namespace meterrig::bench
