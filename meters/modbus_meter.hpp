#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/io/register_bus.hpp"
#include "meters/meter.hpp"

namespace meterrig {

// A meter on Modbus RTU or TCP: items are registers with type, word order and decimals, or coils.
class ModbusMeter final : public Meter {
 public:
  ModbusMeter(Clock& clock, std::shared_ptr<RegisterBus> bus, int unit, const MeterProfile& profile, std::string name);

  Task<std::vector<MeterReading>> readings(std::vector<std::string> names) override;
  Task<> write(std::string name, std::string value) override;
  // The unit that answers under the address of the port.
  Task<std::string> find_address() override;
  const MeterProfile& profile() const noexcept override { return profile_; }
  MeterCounters counters() const override { return counters_; }

 private:
  Task<std::vector<std::uint16_t>> registers(const MeterItem& item);
  Instant deadline() const;

  Clock& clock_;
  std::shared_ptr<RegisterBus> bus_;
  int unit_;
  const MeterProfile& profile_;
  std::string name_;
  MeterCounters counters_;
};

}  // namespace meterrig
