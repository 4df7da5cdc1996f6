#pragma once

#include <memory>

#include "core/clock.hpp"
#include "core/io/memory_bus.hpp"
#include "core/io/memory_link.hpp"
#include "core/json/node.hpp"

namespace meterrig::bench {

// A meter that stands on a desk, powered, behind a port of its own.
struct DeskMeter {
  std::unique_ptr<LinkPeer> link;           // serial meters
  std::unique_ptr<RegisterPeer> registers;  // Modbus meters
  LineTiming line;                          // of the serial line
  int unit = 0;                             // of Modbus
};

// `meter` is one element of `bench.meters` of a rig file (config/schemas/rig.json). Throws UserError for a number that
// the meter can't have.
DeskMeter make_desk_meter(Clock& clock, const json::Node& meter);

}  // namespace meterrig::bench
