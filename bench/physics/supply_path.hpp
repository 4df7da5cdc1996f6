#pragma once

#include <cstdint>
#include <memory>

#include "bench/physics/station_model.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// What the supply path of a station is made of. Volts, amperes, ohms, farads.
struct SupplyPathParameters {
  double source_ohms = 0.05;
  double lead_ohms = 0.02;              // from the contacts to the meter's terminals and back
  double slew_volts_per_second = 2000;  // up and down
  double terminal_farads = 470e-6;      // the meter's input capacitor: carries the terminals through a current limit
  Duration open_decay{7'200'000};       // terminals with every contact open
  double dummy_light_ohms = 1e3;        // on the output of the K1 instrument
  double dummy_heavy_ohms = 10;         // on the output of the K2 instrument
  Duration default_history{10s};        // kept without any retain_from()
};

// The path and its meter live on one clock; `meter` must outlive the path. Seed: nothing in it varies the path yet.
std::unique_ptr<SupplyPath> make_supply_path(Clock& clock, MeterBody& meter, std::uint64_t seed);
std::unique_ptr<SupplyPath> make_supply_path(Clock& clock, MeterBody& meter, const SupplyPathParameters& parameters);

}  // namespace meterrig::bench
