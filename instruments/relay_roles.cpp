#include <fmt/format.h>

#include "instruments/modbus_roles.hpp"

namespace meterrig {
namespace {

std::uint16_t bound(const ModbusDevice& device, const Bindings& bindings, const char* name) {
  const auto found = bindings.find(name);
  if (found == bindings.end())
    throw UserError(fmt::format("{}: the rig file does not say which coil is {:?}", device.name(), name));
  return static_cast<std::uint16_t>(found->second);
}

class RelayPathSwitch final : public PathSwitch {
 public:
  RelayPathSwitch(SharedDevice device, Bindings bindings)
      : device_(std::move(device)),
        bindings_(std::move(bindings)),
        k1_(bound(*device_, bindings_, "k1")),
        k2_(bound(*device_, bindings_, "k2")),
        settle_(seconds(device_->profile().role("path_switch").value("settle_s", 0.0))) {}

  Task<> select(Position to) override {
    if (to != Position::microammeter) co_await device_->set_coil(k1_, false);
    if (to != Position::ammeter) co_await device_->set_coil(k2_, false);
    if (to == Position::microammeter) co_await device_->set_coil(k1_, true);
    if (to == Position::ammeter) co_await device_->set_coil(k2_, true);
    position_ = to;
    co_await sleep_for(settle_);
  }

  Task<> change_over(Position to, Duration overlap) override {
    const bool to_k1 = to == Position::microammeter;
    co_await device_->set_coil(to_k1 ? k1_ : k2_, true);
    co_await sleep_for(overlap + settle_);
    co_await device_->set_coil(to_k1 ? k2_ : k1_, false);
    position_ = to;
    co_await sleep_for(settle_);
  }

  Position position() const override { return position_; }

  Task<> dummy(Position path, bool connected) override {
    const char* const load = path == Position::microammeter ? "dummy_light" : "dummy_heavy";
    co_await device_->set_coil(bound(*device_, bindings_, load), connected);
    co_await sleep_for(settle_);
  }

  Task<std::vector<OutputState>> make_safe() override {
    position_ = Position::off;
    return device_->make_safe("path_switch", bindings_);
  }

 private:
  SharedDevice device_;
  Bindings bindings_;
  std::uint16_t k1_;
  std::uint16_t k2_;
  Duration settle_;
  Position position_ = Position::off;
};
static_assert(DeclaresSafeState<RelayPathSwitch>);

class RelayUartIsolation final : public UartIsolation {
 public:
  RelayUartIsolation(SharedDevice device, Bindings bindings)
      : device_(std::move(device)), bindings_(std::move(bindings)), coil_(bound(*device_, bindings_, "coil")) {}
  Task<> connect(bool connected) override {
    co_await device_->set_coil(coil_, connected);
    co_await sleep_for(seconds(device_->profile().role("uart_link").value("settle_s", 0.0)));
  }
  Task<> loopback(bool joined) override {
    co_await device_->set_coil(coil_, false);
    co_await device_->set_coil(bound(*device_, bindings_, "loopback"), joined);
    if (!joined) co_await device_->set_coil(coil_, true);
  }
  Task<std::vector<OutputState>> make_safe() override { return device_->make_safe("uart_link", bindings_); }

 private:
  SharedDevice device_;
  Bindings bindings_;
  std::uint16_t coil_;
};
static_assert(DeclaresSafeState<RelayUartIsolation>);

class RelayOpener final : public Opener {
 public:
  RelayOpener(SharedDevice device, Bindings bindings)
      : device_(std::move(device)), bindings_(std::move(bindings)), coil_(bound(*device_, bindings_, "coil")) {}
  Task<> work() override {
    co_await device_->set_coil(coil_, true);
    co_await sleep_for(seconds(device_->profile().role("opener").value("settle_s", 0.1)));
    co_await device_->set_coil(coil_, false);
  }
  Task<std::vector<OutputState>> make_safe() override { return device_->make_safe("opener", bindings_); }

 private:
  SharedDevice device_;
  Bindings bindings_;
  std::uint16_t coil_;
};
static_assert(DeclaresSafeState<RelayOpener>);

class RelayMatrix final : public Matrix {
 public:
  RelayMatrix(SharedDevice device, std::vector<int> coils) : device_(std::move(device)), coils_(std::move(coils)) {}
  Task<> connect(bool connected) override {
    for (const int coil : coils_) co_await device_->set_coil(static_cast<std::uint16_t>(coil), connected);
    co_await sleep_for(seconds(device_->profile().role("matrix").value("settle_s", 0.0)));
  }
  Task<std::vector<OutputState>> make_safe() override {
    std::vector<OutputState> all;
    for (const int coil : coils_) {
      Bindings bindings;
      bindings["coil"] = coil;
      for (OutputState& state : co_await device_->make_safe("matrix", std::move(bindings)))
        all.push_back(std::move(state));
    }
    co_return all;
  }

 private:
  SharedDevice device_;
  std::vector<int> coils_;
};
static_assert(DeclaresSafeState<RelayMatrix>);

}  // namespace

std::unique_ptr<PathSwitch> make_relay_path_switch(SharedDevice device, Bindings bindings) {
  return std::make_unique<RelayPathSwitch>(std::move(device), std::move(bindings));
}
std::unique_ptr<UartIsolation> make_relay_uart_isolation(SharedDevice device, Bindings bindings) {
  return std::make_unique<RelayUartIsolation>(std::move(device), std::move(bindings));
}
std::unique_ptr<Opener> make_relay_opener(SharedDevice device, Bindings bindings) {
  return std::make_unique<RelayOpener>(std::move(device), std::move(bindings));
}
std::unique_ptr<Matrix> make_relay_matrix(SharedDevice device, std::vector<int> coils) {
  return std::make_unique<RelayMatrix>(std::move(device), std::move(coils));
}

}  // namespace meterrig
