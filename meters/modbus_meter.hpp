#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/io/register_bus.hpp"
#include "meters/meter.hpp"
#include "meters/modbus_telegram.hpp"

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
  // Where an item stands.
  struct Place {
    explicit Place(const MeterItem& item);
    bool is_bit() const { return table == RegisterTable::coils || table == RegisterTable::discrete_inputs; }
    std::optional<std::string> value(const std::vector<std::uint16_t>& registers) const;
    std::vector<std::uint16_t> registers(const std::string& value) const;

    const MeterItem& item;
    RegisterTable table;
    std::uint16_t address;
    std::optional<modbus_telegram::RegisterType> type;  // none: the registers' bytes, high byte first, are a field
    modbus_telegram::WordOrder order;
    std::uint16_t count;
  };
  // Throws UserError for an item that the profile lacks.
  const Place& place(const std::string& name) const { return places_.at(profile_.item(name).name); }
  // Counts how the exchange ended; an exception of the protocol becomes MeterRefused.
  template <typename T>
  Task<T> counted(std::string name, Task<T> exchange);
  Task<std::vector<std::uint16_t>> read(const Place& place);
  Instant deadline() const;

  Clock& clock_;
  std::shared_ptr<RegisterBus> bus_;
  int unit_;
  const MeterProfile& profile_;
  std::map<std::string, Place> places_;
  std::string name_;
  MeterCounters counters_;
};

}  // namespace meterrig
