#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/io/register_bus.hpp"
#include "instruments/profile.hpp"

namespace meterrig {

// An instrument on a register bus, spoken to by the names of its profile's register map.
class ModbusDevice {
 public:
  ModbusDevice(Clock& clock, std::shared_ptr<RegisterBus> bus, const Profile& profile, std::string name, int unit);

  // Arguments by value: a coroutine that is returned, not awaited, outlives the temporaries of its call.
  // Throws NoReading for NaN and for what lies outside the plausible range that the profile gives.
  Task<double> read(std::string reg);
  Task<std::uint64_t> read_integer(std::string reg);
  // All values from the first register to the end of the last, in one exchange: what is read so belongs together. Both
  // are of the same table, type and word order; UserError otherwise.
  Task<std::vector<std::uint64_t>> read_integers(std::string first, std::string last);
  // Writes and reads back; ReadBackError when it differs by more than `within` (and a float's own rounding). UserError
  // outside the register's limits.
  Task<> write(std::string reg, double value, double within = 1e-6);
  Task<bool> coil(std::uint16_t address);
  // A discrete input.
  Task<bool> input(std::uint16_t address);
  // Writes and reads back.
  Task<> set_coil(std::uint16_t address, bool on);
  std::uint16_t coil_address(const std::string& coil) const;
  // One bit of the status register, false when the profile names no such bit.
  Task<bool> status(std::string status_register, std::string bit);
  // Model and serial number as the profile says where they stand.
  Task<std::string> identify();

  // Runs the safe_state list of a role; `bindings` fill {k1}, {coil} and the like.
  Task<std::vector<OutputState>> make_safe(std::string role, std::map<std::string, int> bindings = {});

  const std::string& name() const noexcept { return name_; }
  const Profile& profile() const noexcept { return profile_; }
  Clock& clock() const noexcept { return clock_; }

 private:
  struct Register {
    RegisterTable table = RegisterTable::holding;
    std::uint16_t address = 0;
    std::uint16_t count = 1;
    std::string type;
    std::string word_order;
    double min = 0;
    double max = 0;
  };
  const Register& find(const std::string& reg) const;
  Task<std::vector<std::uint16_t>> words(const Register& reg);
  Instant deadline() const;
  Task<OutputState> safe_step(const nlohmann::json& step, const std::string& role,
                              const std::map<std::string, int>& bindings);

  Clock& clock_;
  std::shared_ptr<RegisterBus> bus_;
  const Profile& profile_;
  std::string name_;
  int unit_;
  Duration timeout_;
  std::map<std::string, Register, std::less<>> registers_;
};

}  // namespace meterrig
