#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "meters/cjt188_meter.hpp"
#include "meters/dlt645_meter.hpp"
#include "meters/mbus_meter.hpp"
#include "meters/meter.hpp"
#include "meters/modbus_meter.hpp"
#include "meters/telegram.hpp"

namespace meterrig {
namespace {

std::unique_ptr<Meter> cjt188_meter(Clock& clock, MeterPort port, const MeterProfile& profile,
                                    const MeterAccess& access, std::string name) {
  cjt188::Address address = cjt188::wildcard_address;
  if (!access.address.empty()) {
    const cjt188::Address written = cjt188::address_from_hex(access.address);
    std::copy(written.rbegin(), written.rend(), address.begin());
  }
  auto meter = std::make_unique<Cjt188Meter>(clock, std::move(port.stream), profile, address, profile.byte_time(),
                                             std::move(name));
  if (access.key.empty()) return meter;
  const std::vector<std::uint8_t> bytes = bytes_from_hex(access.key);
  cjt188::Block key{};
  if (bytes.size() != key.size())
    throw UserError(fmt::format("found a key of {} bytes; expected {}", bytes.size(), key.size()));
  std::copy(bytes.begin(), bytes.end(), key.begin());
  meter->use_key(key);
  return meter;
}

std::unique_ptr<Meter> meter_of(Clock& clock, MeterPort port, const MeterProfile& profile, const MeterAccess& access,
                                std::string name) {
  const std::string protocol = profile.protocol();
  const bool wants_bus = protocol == "modbus";
  if (wants_bus != (port.bus != nullptr))
    throw UserError(fmt::format("{}: {} is a {} profile; expected {} port", name, profile.id(), protocol,
                                wants_bus ? "a modbus-tcp or modbus-rtu" : "a tcp or serial"));
  if (wants_bus) return std::make_unique<ModbusMeter>(clock, port.bus, port.unit, profile, std::move(name));
  if (protocol == "dlt645")
    return std::make_unique<Dlt645Meter>(clock, std::move(port.stream), profile, access, std::move(name));
  if (protocol == "mbus")
    return std::make_unique<MbusMeter>(clock, std::move(port.stream), profile, access, std::move(name));
  return cjt188_meter(clock, std::move(port), profile, access, std::move(name));
}

}  // namespace

std::unique_ptr<Meter> make_meter(Clock& clock, MeterPort port, const MeterProfile& profile, const MeterAccess& access,
                                  std::string name) {
  try {
    return meter_of(clock, std::move(port), profile, access, std::move(name));
  } catch (const std::invalid_argument& wrong) {
    // An address or key that is no hexadecimal text.
    throw UserError(wrong.what());
  }
}

}  // namespace meterrig
