#include "bench/desk/desk.hpp"

#include <string>
#include <utility>

#include "bench/desk/dlt_meter.hpp"
#include "bench/desk/heat_meter.hpp"
#include "bench/desk/mbus_meter.hpp"
#include "bench/desk/modbus_meter.hpp"
#include "bench/desk/water_meter.hpp"

namespace meterrig::bench {
namespace {

template <class Meter>
DeskMeter serial(Clock& clock, const json::Node& meter) {
  auto made = std::make_unique<Meter>(clock, meter);
  const LineTiming line = made->line();
  return {std::move(made), nullptr, line, 0};
}

}  // namespace

DeskMeter make_desk_meter(Clock& clock, const json::Node& meter) {
  const std::string kind = meter.at("kind").one_of({"water", "heat", "heat-mbus", "electricity", "electricity-modbus"});
  if (kind == "water") return serial<WaterMeter>(clock, meter);
  if (kind == "heat") return serial<HeatMeter>(clock, meter);
  if (kind == "heat-mbus") return serial<MbusMeter>(clock, meter);
  if (kind == "electricity") return serial<DltMeter>(clock, meter);
  return {nullptr, std::make_unique<ModbusMeter>(clock, meter), LineTiming::serial(9600, 8, false),
          static_cast<int>(meter.integer_or("unit", 1))};
}

}  // namespace meterrig::bench
