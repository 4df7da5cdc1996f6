#include <fmt/format.h>

#include <limits>

#include "instruments/modbus_roles.hpp"

namespace meterrig {
namespace {

class ModbusPulseSimulator final : public PulseSimulator {
 public:
  explicit ModbusPulseSimulator(SharedDevice device)
      : device_(std::move(device)),
        pulses_(word("set_pulses")),
        frequency_(word("set_frequency")),
        sent_(word("sent")),
        enable_(device_->coil_address(word("enable"))) {}

  Task<> start(std::uint32_t pulses, double hz) override {
    const bool busy = co_await running();
    if (busy) {
      const std::uint32_t out = co_await sent();
      throw InstrumentError(
          fmt::format("{}: a train is running, {} pulses came; stop it before another begins", device_->name(), out),
          {device_->name(), fmt::format("{} pulses at {:g} Hz", pulses, hz), "running", {}});
    }
    // It stays on after a train, and a train begins where it comes on.
    co_await device_->set_coil(enable_, false);
    co_await device_->write(pulses_, pulses);
    begun_ = pulses;
    co_await device_->write(frequency_, hz);
    co_await device_->set_coil(enable_, true);
  }
  Task<> stop() override { return device_->set_coil(enable_, false); }
  Task<std::uint32_t> sent() override {
    const std::uint64_t count = co_await device_->read_integer(sent_);
    if (count > begun_)
      throw NoReading(fmt::format("{} says that {} pulses of {} came", device_->name(), count, begun_),
                      {device_->name(), sent_, fmt::format("{}", count), {}});
    co_return static_cast<std::uint32_t>(count);
  }
  Task<bool> running() override { return device_->status(word("status"), word("running_bit")); }
  double hz_max() const override { return device_->profile().document().at("registers").at(frequency_).at("max"); }
  Task<std::vector<OutputState>> make_safe() override { return device_->make_safe("pulse_simulator"); }

 private:
  std::string word(const char* name) const { return device_->profile().role("pulse_simulator").at(name); }

  SharedDevice device_;
  std::string pulses_, frequency_, sent_;
  std::uint16_t enable_;
  // Of the train set last; whoever begins none of his own may find any number of another's.
  std::uint32_t begun_ = std::numeric_limits<std::uint32_t>::max();
};
static_assert(DeclaresSafeState<ModbusPulseSimulator>);

}  // namespace

std::unique_ptr<PulseSimulator> make_pulse_simulator(SharedDevice device) {
  return std::make_unique<ModbusPulseSimulator>(std::move(device));
}

}  // namespace meterrig
