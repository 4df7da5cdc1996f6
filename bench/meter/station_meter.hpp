#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "bench/bench.hpp"
#include "bench/meter/radio_channel.hpp"
#include "bench/physics/station_model.hpp"
#include "core/io/memory_link.hpp"

namespace meterrig::bench {

// The meter of a station, whatever it measures: hardware on the station's supply and air, the peer of its UART, and
// what a person sees of it.
class StationMeter : public MeterBody, public LinkPeer {
 public:
  // Once, before anything else; all three outlive the meter or are gone from it by detach().
  virtual void attach(SupplyPath& supply, AirLine& air, RadioChannel& radio) = 0;
  // Hangs nothing on the station any more.
  virtual void detach() = 0;
  // What a person sees, or "done" after an action, by the kind of a prompt (virtual_operator.hpp). None: this meter has
  // nothing of that kind.
  virtual std::optional<std::string> observe(const std::string& kind) = 0;
  // What stays with the meter while its supply is off: memory, clock, wheels, valve. Taken up by another one of the
  // same sample and seed, without supply, it is the same meter.
  virtual nlohmann::json kept() const = 0;
  virtual void take_up(const nlohmann::json& kept) = 0;
  // A pulse of a simulator in its sensor's place.
  virtual void sensor_pulse() {}
  // Of the air around it, degrees Celsius.
  virtual void set_ambient(double) {}
};

}  // namespace meterrig::bench
