#include "bench/desk/modbus_meter.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <vector>

namespace meterrig::bench {
namespace {

using Image = std::map<std::uint16_t, std::uint16_t>;

// Exceptions of the protocol (V1.1b3, 7).
constexpr int illegal_address = 2, illegal_value = 3;
constexpr std::uint16_t baud_code_at = 0x002D, unit_at = 0x002E, clock_at = 0x1000;
constexpr std::size_t clock_size = 6;

void put_float(Image& image, unsigned at, std::int64_t value, int parts = 1) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<double>(value) / parts));
  image[static_cast<std::uint16_t>(at)] = static_cast<std::uint16_t>(bits >> 16);
  image[static_cast<std::uint16_t>(at + 1)] = static_cast<std::uint16_t>(bits);
}

void put_low_word_first(Image& image, unsigned at, std::int64_t value) {
  image[static_cast<std::uint16_t>(at)] = static_cast<std::uint16_t>(value);
  image[static_cast<std::uint16_t>(at + 1)] = static_cast<std::uint16_t>(value >> 16);
}

void put_word(Image& image, unsigned at, std::int64_t value) {
  image[static_cast<std::uint16_t>(at)] = static_cast<std::uint16_t>(value);
}

}  // namespace

ModbusMeter::ModbusMeter(const Clock& clock, const json::Node& meter)
    : model_(clock, meter), unit_(static_cast<std::uint16_t>(meter.integer_or("unit", 1))) {}

void ModbusMeter::put_floats(Image& image) {
  const ElectricityModel::Registers& registers = model_.now();
  const ElectricityModel::Powers powers = model_.powers();
  for (unsigned i = 0; i < ElectricityModel::phases; ++i) {
    put_float(image, 0x2006 + 2 * i, model_.phase(i).voltage);
    put_float(image, 0x200C + 2 * i, model_.phase(i).current);
  }
  for (unsigned i = 0; i <= ElectricityModel::phases; ++i) {
    put_float(image, 0x2012 + 2 * i, powers.active[i]);
    put_float(image, 0x201A + 2 * i, powers.reactive[i]);
    put_float(image, 0x202A + 2 * i, model_.power_factor(i));
  }
  put_float(image, 0x2044, model_.frequency());
  put_float(image, 0x4000, registers.hundredths_kwh(ElectricityModel::forward, 0), 100);
  put_float(image, 0x400A, registers.hundredths_kwh(ElectricityModel::reverse, 0), 100);
}

void ModbusMeter::put_integers(Image& image) {
  const ElectricityModel::Registers& registers = model_.now();
  unsigned at = 0x3000;
  for (const auto energy : {ElectricityModel::forward, ElectricityModel::reverse, ElectricityModel::quadrant_1}) {
    put_low_word_first(image, at, registers.hundredths_kwh(energy, 0));
    at += 2;
  }
  for (unsigned i = 0; i < ElectricityModel::phases; ++i) {
    put_word(image, 0x3100 + i, model_.phase(i).voltage);
    put_word(image, 0x3103 + i, (model_.phase(i).current + 5) / 10);
  }
  put_word(image, 0x3106, model_.frequency());
  const std::int64_t tenths = model_.powers().active[0];
  put_word(image, 0x3107, (tenths + (tenths < 0 ? -5 : 5)) / 10);
  put_word(image, 0x3108, model_.power_factor(0));
}

ModbusMeter::Image ModbusMeter::image() {
  Image image{{baud_code_at, baud_code_}, {unit_at, unit_}};
  const Civil at = civil(model_.time());
  const std::array<unsigned, clock_size> clock{
      static_cast<unsigned>(at.year), at.month, at.day, at.hour, at.minute, at.second};
  for (unsigned i = 0; i < clock.size(); ++i) put_word(image, clock_at + i, clock[i]);
  put_floats(image);
  put_integers(image);
  return image;
}

std::vector<std::uint16_t> ModbusMeter::read(RegisterTable table, std::uint16_t address, std::uint16_t count) {
  if (table != RegisterTable::holding && table != RegisterTable::input) throw Refusal{illegal_address};
  const Image registers = image();
  std::vector<std::uint16_t> values;
  for (unsigned i = 0; i < count; ++i) {
    const auto found = registers.find(static_cast<std::uint16_t>(address + i));
    if (found == registers.end()) throw Refusal{illegal_address};
    values.push_back(found->second);
  }
  return values;
}

void ModbusMeter::write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) {
  constexpr std::uint16_t most_unit = 247, most_baud_code = 4;
  if (table != RegisterTable::holding) throw Refusal{illegal_address};
  if (address == clock_at && values.size() == clock_size) return write_clock(values);
  if ((address != unit_at && address != baud_code_at) || values.size() != 1) throw Refusal{illegal_address};
  const std::uint16_t value = values.front();
  if (address == unit_at ? value < 1 || value > most_unit : value > most_baud_code) throw Refusal{illegal_value};
  (address == unit_at ? unit_ : baud_code_) = value;
}

void ModbusMeter::write_clock(std::span<const std::uint16_t> values) {
  const auto time = time_of({values[0], values[1], values[2], values[3], values[4], values[5], 0});
  if (!time) throw Refusal{illegal_value};
  model_.set_time(*time);
}

}  // namespace meterrig::bench
