#include "instruments/modbus_roles.hpp"

namespace meterrig {
namespace {

class ModbusChamber final : public Chamber {
 public:
  explicit ModbusChamber(SharedDevice device)
      : device_(std::move(device)),
        role_(device_->profile().role("chamber")),
        temperature_(role_.at("temperature")),
        accuracy_(device_->profile().accuracy(temperature_)) {}

  Task<> set(double celsius) override {
    const std::string name = role_.at("set_temperature");
    co_await device_->write(name, celsius);
  }
  Task<> start() override { return run(true); }
  Task<> stop() override { return run(false); }
  Task<Reading> celsius() override {
    co_await expect_fresh(*device_, "chamber");
    co_return accuracy_.reading(co_await device_->read(temperature_));
  }
  Task<std::vector<OutputState>> make_safe() override { return device_->make_safe("chamber"); }

 private:
  // A coil, or a register with a value for each.
  Task<> run(bool on) {
    const std::string name = role_.at("run");
    if (role_.contains("run_value")) {
      const double value = role_.at(on ? "run_value" : "stop_value");
      co_await device_->write(name, value);
    } else {
      co_await device_->set_coil(device_->coil_address(name), on);
    }
    co_await sleep_for(seconds(role_.value("settle_s", 0.0)));
  }

  SharedDevice device_;
  const nlohmann::json& role_;
  std::string temperature_;
  Accuracy accuracy_;
};
static_assert(DeclaresSafeState<ModbusChamber>);

}  // namespace

std::unique_ptr<Chamber> make_chamber(SharedDevice device) {
  return std::make_unique<ModbusChamber>(std::move(device));
}

}  // namespace meterrig
