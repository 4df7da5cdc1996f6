#include "bench/desk/dlt_registers.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace meterrig::bench {
namespace {

using Model = ElectricityModel;
using Registers = Model::Registers;

constexpr unsigned whole_block = 0xFF;
constexpr std::uint8_t freeze_separator = 0xAA;
constexpr unsigned quantities = 0x0A;  // DI2 of energies ends here; beyond are those of the phases

constexpr unsigned byte_of(std::uint32_t identifier, unsigned number) { return identifier >> (8 * number) & 0xFF; }

// DI2 of energies. Combined active is forward and reverse (combination word 05H), combined reactive 1 quadrants 1 and
// 4, combined reactive 2 quadrants 2 and 3.
std::int64_t energy(const Registers& registers, unsigned quantity, std::size_t tariff) {
  const auto of = [&](Model::Energy which) { return registers.hundredths_kwh(which, tariff); };
  switch (quantity) {
    case 0x00:
      return of(Model::forward) + of(Model::reverse);
    case 0x03:
      return of(Model::quadrant_1) + of(Model::quadrant_4);
    case 0x04:
      return of(Model::quadrant_2) + of(Model::quadrant_3);
    case 0x01:
    case 0x02:
      return of(quantity == 0x01 ? Model::forward : Model::reverse);
    default:
      // 05 to 08 are the quadrants, 09 and 0A apparent: the order of the enumeration.
      return of(static_cast<Model::Energy>(Model::quadrant_1 + quantity - 0x05));
  }
}

void append_demand(FieldBytes& out, const Model::Demand& demand) {
  append_bcd(out, demand.value, 3);
  if (demand.at)
    append_time(out, *demand.at, "mhDMY");
  else
    append_bcd(out, 0, 5);
}

// Only active demands are measured.
bool has_demand(unsigned quantity) { return quantity == 0x01 || quantity == 0x02; }

void append_one(FieldBytes& out, const Registers& registers, bool is_demand, unsigned quantity, std::size_t tariff) {
  if (is_demand)
    append_demand(out, registers.demand[quantity - 1][tariff]);
  else
    append_bcd(out, energy(registers, quantity, tariff), 4);
}

void append_tariffs(FieldBytes& out, const Registers& registers, bool is_demand, unsigned quantity) {
  for (std::size_t tariff = 0; tariff <= Model::tariffs; ++tariff)
    append_one(out, registers, is_demand, quantity, tariff);
}

void append_powers(FieldBytes& out, const std::array<std::int64_t, 1 + Model::phases>& powers) {
  for (const std::int64_t power : powers) append_signed_bcd(out, power, 3);
}

// DI1 of a freeze record. Hourly ones keep the two totals only (A.6).
bool append_freeze_part(FieldBytes& out, const Registers& registers, Model::Freeze kind, unsigned part) {
  const bool hourly = kind == Model::Freeze::hourly;
  if (part == 0) return append_time(out, registers.at, "mhDMY"), true;
  if (hourly && part > 0x02) return false;
  if (hourly) return append_one(out, registers, false, part, 0), true;
  if (part <= 0x08) return append_tariffs(out, registers, false, part), true;
  if (part <= 0x0A) return append_tariffs(out, registers, true, part - 0x08), true;
  if (part != 0x10) return false;
  append_powers(out, registers.powers.active);
  append_powers(out, registers.powers.reactive);
  return true;
}

std::int64_t tenths_of_a_degree(std::int64_t power_factor) {
  return std::llround(std::acos(static_cast<double>(power_factor) / 1000) * 1800 / std::numbers::pi);
}

// DI2 of instantaneous values, by phase; 0 is the total, where there is one.
bool append_measured(FieldBytes& out, const Model& model, unsigned quantity, unsigned phase) {
  if (phase > Model::phases || (phase == 0 && (quantity < 0x03 || quantity > 0x06))) return false;
  switch (quantity) {
    case 0x01:
      return append_bcd(out, model.phase(phase - 1).voltage, 2), true;
    case 0x02: {
      const Model::Phase of = model.phase(phase - 1);
      return append_signed_bcd(out, of.power_factor < 0 ? -of.current : of.current, 3), true;
    }
    case 0x03:
      return append_signed_bcd(out, model.powers().active[phase], 3), true;
    case 0x04:
      return append_signed_bcd(out, model.powers().reactive[phase], 3), true;
    case 0x05:
      return append_signed_bcd(out, model.powers().apparent[phase], 3), true;
    case 0x06:
      return append_signed_bcd(out, model.power_factor(phase), 2), true;
    case 0x07:
      return append_bcd(out, tenths_of_a_degree(model.power_factor(phase)), 2), true;
    default:
      return false;
  }
}

}  // namespace

std::optional<FieldBytes> energy_or_demand(ElectricityModel& model, std::uint32_t identifier) {
  const bool is_demand = byte_of(identifier, 3) == 1;
  const unsigned quantity = byte_of(identifier, 2), tariff = byte_of(identifier, 1), back = byte_of(identifier, 0);
  const bool known = is_demand ? has_demand(quantity) : quantity <= quantities;
  const bool in_range = (tariff <= Model::tariffs || tariff == whole_block) &&
                        (back <= Model::settlements || back == whole_block) &&
                        (tariff != whole_block || back != whole_block);
  if (!known || !in_range) return std::nullopt;
  FieldBytes out;
  const auto registers = [&](std::size_t of) -> const Registers& { return of == 0 ? model.now() : model.settled(of); };
  if (tariff == whole_block) {
    append_tariffs(out, registers(back), is_demand, quantity);
  } else if (back == whole_block) {
    for (std::size_t i = 0; i <= Model::settlements; ++i) append_one(out, registers(i), is_demand, quantity, tariff);
  } else {
    append_one(out, registers(back), is_demand, quantity, tariff);
  }
  return out;
}

std::optional<FieldBytes> frozen_data(ElectricityModel& model, std::uint32_t identifier) {
  const auto kind = static_cast<Model::Freeze>(byte_of(identifier, 2));
  const unsigned part = byte_of(identifier, 1);
  const Registers* const registers = model.frozen(kind, byte_of(identifier, 0));
  if (registers == nullptr) return std::nullopt;
  FieldBytes out;
  if (part != whole_block) {
    if (!append_freeze_part(out, *registers, kind, part)) return std::nullopt;
    return out;
  }
  for (unsigned each = 0; each <= 0x10; ++each)
    if (append_freeze_part(out, *registers, kind, each)) out.push_back(freeze_separator);
  return out;
}

std::optional<FieldBytes> instantaneous(const ElectricityModel& model, std::uint32_t identifier) {
  FieldBytes out;
  switch (identifier) {
    case 0x02800002:
      append_bcd(out, model.frequency(), 2);
      return out;
    case 0x02800003:
      // The mean of a minute; loads that stay as they are have been so for one.
      append_signed_bcd(out, model.powers().active[0], 3);
      return out;
    case 0x02800007:
      append_signed_bcd(out, 25'0, 2);
      return out;
    case 0x02800008:
      append_bcd(out, 3'60, 2);
      return out;
    default:
      break;
  }
  const unsigned quantity = byte_of(identifier, 2), phase = byte_of(identifier, 1);
  if (byte_of(identifier, 0) != 0) return std::nullopt;
  if (phase != whole_block) {
    if (!append_measured(out, model, quantity, phase)) return std::nullopt;
    return out;
  }
  for (unsigned each = 0; each <= Model::phases; ++each) append_measured(out, model, quantity, each);
  if (out.empty()) return std::nullopt;
  return out;
}

void append_totals(FieldBytes& out, const ElectricityModel::Registers& registers) {
  for (const unsigned quantity : {0x01U, 0x02U, 0x05U, 0x06U, 0x07U, 0x08U})
    append_bcd(out, energy(registers, quantity, 0), 4);
}

}  // namespace meterrig::bench
