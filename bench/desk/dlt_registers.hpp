#pragma once

#include <cstdint>
#include <optional>

#include "bench/desk/electricity_model.hpp"
#include "bench/meter/fields.hpp"

// What DL/T 645-2007 annex A makes of a meter's registers. Null: no such data.
namespace meterrig::bench {

// DI3 00 and 01 (A.1, A.2): energies and demands now, of settlements, by tariff; blocks along one of the two.
std::optional<FieldBytes> energy_or_demand(ElectricityModel& model, std::uint32_t identifier);
// DI3 05 (A.6): a part of a freeze record, or the whole of it.
std::optional<FieldBytes> frozen_data(ElectricityModel& model, std::uint32_t identifier);
// DI3 02 (A.3): voltages, currents, powers, power factors, angles, frequency and the like.
std::optional<FieldBytes> instantaneous(const ElectricityModel& model, std::uint32_t identifier);

// The six totals that event records keep: forward, reverse, quadrants 1 to 4.
void append_totals(FieldBytes& out, const ElectricityModel::Registers& registers);

}  // namespace meterrig::bench
