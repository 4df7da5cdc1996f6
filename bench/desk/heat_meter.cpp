#include "bench/desk/heat_meter.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "bench/meter/fields.hpp"

namespace meterrig::bench {
namespace {

constexpr std::uint8_t heat = 0x20;
constexpr std::uint8_t kilowatts = 0x17, cubic_metres = 0x2C, cubic_metres_per_hour = 0x35;
constexpr std::int64_t nano_kw_per_hundredth = 10'000'000, tenth_litres_per_hundredth_m3 = 100;

}  // namespace

const HeatMeter::HeatUnit& HeatMeter::unit_of(const json::Node& meter) {
  static constexpr std::array units{HeatUnit{"kW.h", 0x05, 1, 10'000'000}, HeatUnit{"MW.h", 0x08, 1, 10'000'000'000},
                                    HeatUnit{"MJ", 0x0E, 36, 100'000'000}, HeatUnit{"GJ", 0x11, 36, 100'000'000'000}};
  const std::string name = meter.string_or("heat_unit", "kW.h");
  const auto* found = std::find_if(units.begin(), units.end(), [&](const HeatUnit& unit) { return unit.unit == name; });
  return found == units.end() ? units.front() : *found;
}

HeatMeter::HeatMeter(Clock& clock, const json::Node& meter) : CjtMeter(clock, meter, heat), unit_(unit_of(meter)) {}

void HeatMeter::append_heat(Bytes& out, std::int64_t nano_kwh) const {
  append_bcd(out, nano_kwh * unit_.numerator / unit_.denominator, 4);
  out.push_back(unit_.code);
}

void HeatMeter::append_power(Bytes& out) {
  append_bcd(out, (model().power() + nano_kw_per_hundredth / 2) / nano_kw_per_hundredth, 4);
  out.push_back(kilowatts);
}

// 2004, table 13: 2EH bytes with identifier and SER.
void HeatMeter::append_now(Bytes& out) {
  append_heat(out, model().settled(0).heat);
  append_heat(out, model().now().heat);
  append_power(out);
  append_bcd(out, model().flow(), 4);
  out.push_back(cubic_metres_per_hour);
  append_bcd(out, model().now().volume / tenth_litres_per_hundredth_m3, 4);
  out.push_back(cubic_metres);
  append_bcd(out, model().supply_temperature(), 3);
  append_bcd(out, model().return_temperature(), 3);
  append_bcd(out, model().working_hours(), 3);
  append_time(out, model().time(), "smhDMYC");
  append_status(out);
}

bool HeatMeter::read_item(unsigned identifier, Bytes& out) {
  if (identifier >= 0xD120 && identifier <= 0xD12B) {
    append_heat(out, model().settled(identifier - 0xD120).heat);
    return true;
  }
  switch (identifier) {
    case 0x901F:
      append_now(out);
      return true;
    case 0x903F:
      append_power(out);
      return true;
    case 0x904F:
      append_bcd(out, model().return_temperature(), 3);
      return true;
    case 0x905F:
      append_bcd(out, model().supply_temperature(), 3);
      return true;
    case 0x906F:
      append_bcd(out, model().working_hours(), 3);
      return true;
    default:
      return false;
  }
}

}  // namespace meterrig::bench
