#include <cmath>

#include <fmt/format.h>

#include "instruments/modbus_roles.hpp"

namespace meterrig {
namespace {

// A register of a role, by the role's own word for it: role.pressure names the register "pressure_pa".
std::string reg(const ModbusDevice& device, const char* role, const char* word) {
  return device.profile().role(role).at(word);
}

class ModbusAirSource final : public AirSource {
 public:
  explicit ModbusAirSource(SharedDevice device) : device_(std::move(device)) {}
  Task<> set(double kpa, double ramp_kpa_per_s) override {
    co_await device_->write(reg(*device_, "air_source", "set_ramp"), ramp_kpa_per_s);
    co_await device_->write(reg(*device_, "air_source", "set_pressure"), kpa);
  }
  Task<> enable(bool on) override {
    co_await device_->set_coil(device_->coil_address(reg(*device_, "air_source", "enable")), on);
  }
  Task<Reading> pressure_kpa() override {
    const std::string name = reg(*device_, "air_source", "read_pressure");
    co_return device_->profile().accuracy(name).reading(co_await device_->read(name));
  }
  Task<std::vector<OutputState>> make_safe() override { return device_->make_safe("air_source"); }

 private:
  SharedDevice device_;
};
static_assert(DeclaresSafeState<ModbusAirSource>);

class ModbusAirValve final : public AirValve {
 public:
  ModbusAirValve(SharedDevice device, std::string role) : device_(std::move(device)), role_(std::move(role)) {}
  Task<> open(bool open) override {
    co_await device_->set_coil(device_->coil_address(reg(*device_, role_.c_str(), "coil")), open);
    co_await sleep_for(seconds(device_->profile().role(role_).value("settle_s", 0.0)));
  }
  Task<std::vector<OutputState>> make_safe() override { return device_->make_safe(role_); }

 private:
  SharedDevice device_;
  std::string role_;
};
static_assert(DeclaresSafeState<ModbusAirValve>);

class ModbusGauge final : public Gauge {
 public:
  explicit ModbusGauge(SharedDevice device)
      : device_(std::move(device)),
        register_(reg(*device_, "gauge", "pressure")),
        accuracy_(device_->profile().accuracy(register_)) {}
  Task<Reading> pressure_pa() override {
    co_await expect_fresh(*device_, "gauge");
    co_return accuracy_.reading(co_await device_->read(register_));
  }
  Task<double> resolution_pa() override { return device_->read(reg(*device_, "gauge", "resolution")); }

 private:
  SharedDevice device_;
  std::string register_;
  Accuracy accuracy_;
};

class ModbusThermometer final : public Thermometer {
 public:
  explicit ModbusThermometer(SharedDevice device)
      : device_(std::move(device)),
        register_(reg(*device_, "gas_thermometer", "temperature")),
        accuracy_(device_->profile().accuracy(register_)) {}
  Task<Reading> celsius() override {
    co_await expect_fresh(*device_, "gas_thermometer");
    co_return accuracy_.reading(co_await device_->read(register_));
  }
  double difference_half_width() const override {
    return device_->profile().accuracy("temperature_difference_c").half_width(0);
  }

 private:
  SharedDevice device_;
  std::string register_;
  Accuracy accuracy_;
};

class ModbusLeakSensor final : public LeakSensor {
 public:
  explicit ModbusLeakSensor(SharedDevice device)
      : device_(std::move(device)),
        register_(reg(*device_, "leak_sensor", "flow")),
        accuracy_(device_->profile().accuracy(register_)) {
    const auto& ranges = device_->profile().role("leak_sensor").at("ranges_l_per_h");
    fine_ = ranges.front();
    coarse_ = ranges.back();
    range_ = coarse_;
  }
  Task<> select(Range range) override {
    range_ = range == Range::fine ? fine_ : coarse_;
    co_await device_->write(reg(*device_, "leak_sensor", "range"), range_);
    co_await sleep_for(seconds(device_->profile().role("leak_sensor").value("settle_s", 0.0)));
  }
  Task<Reading> flow_l_per_h() override {
    const auto& words = device_->profile().role("leak_sensor");
    co_await expect_fresh(*device_, "leak_sensor");
    const double flow = co_await device_->read(register_);
    bool over = co_await device_->status(words.at("status"), words.at("overload_bit"));
    // It decides against a meter: one garbled word may not.
    if (over) over = co_await device_->status(words.at("status"), words.at("overload_bit"));
    if (over)
      throw OverRange(fmt::format("{}: more than {:g} L/h", device_->name(), range_),
                      {device_->name(), register_, fmt::format("overload at {:g} L/h", flow), {}});
    // The accuracy is that of the range selected, whatever the value.
    co_return accuracy_.reading(flow, accuracy_.line_for(range_));
  }
  double range_l_per_h() const override { return range_; }

 private:
  SharedDevice device_;
  std::string register_;
  Accuracy accuracy_;
  double fine_ = 0;
  double coarse_ = 0;
  double range_ = 0;
};

class ModbusFlowStandard final : public FlowStandard {
 public:
  explicit ModbusFlowStandard(SharedDevice device) : device_(std::move(device)) {}
  Task<> start(double cubic_metres_per_hour) override {
    co_await device_->write(reg(*device_, "flow_standard", "set_flow"), cubic_metres_per_hour);
    co_await device_->set_coil(device_->coil_address(reg(*device_, "flow_standard", "enable")), true);
  }
  Task<> stop() override {
    co_await device_->set_coil(device_->coil_address(reg(*device_, "flow_standard", "enable")), false);
  }
  Task<Reading> total_m3() override {
    // One count is 0.1 mL.
    const std::uint64_t count = co_await device_->read_integer(reg(*device_, "flow_standard", "total"));
    co_return device_->profile().accuracy("total_m3").reading(static_cast<double>(count) / 1e7);
  }
  Task<std::vector<OutputState>> make_safe() override { return device_->make_safe("flow_standard"); }

 private:
  SharedDevice device_;
};
static_assert(DeclaresSafeState<ModbusFlowStandard>);

class ModbusPulseCounter final : public PulseCounter {
 public:
  explicit ModbusPulseCounter(SharedDevice device) : device_(std::move(device)) {}
  Task<std::uint32_t> count() override {
    const std::uint64_t count = co_await device_->read_integer(reg(*device_, "pulse_counter", "count"));
    co_return static_cast<std::uint32_t>(count);
  }
  bool dates_edges() const override { return device_->profile().role("pulse_counter").contains("edge_times"); }
  Task<> listen() override { co_await times(); }
  Task<std::vector<PulseEdge>> edges() override {
    const std::uint32_t before = number_;
    const std::vector<std::uint32_t> newest_first = co_await times();
    const std::uint32_t fresh = number_ - before;
    const auto held = static_cast<std::uint32_t>(newest_first.size());
    if (fresh > held)
      throw NoReading(fmt::format("{}: {} pulses came since the last reading and it holds {}; {} to {} are lost",
                                  device_->name(), fresh, held, before + 1, number_ - held),
                      {device_->name(), word("edge_times"), fmt::format("number {}", number_), {}});
    std::vector<PulseEdge> edges;
    for (std::uint32_t back = fresh; back-- > 0;) {
      // The counter's clock may have started again since: the difference still holds.
      const std::uint32_t passed = newest_first[back] - time_;
      time_ = newest_first[back];
      at_ += passed * unit();
      edges.push_back({number_ - back, at_});
    }
    co_return edges;
  }
  Task<> set_debounce(std::chrono::milliseconds time) override {
    co_await device_->write(word("debounce"), static_cast<double>(time.count()));
  }

 private:
  // A register that not every counter has.
  std::string word(const char* name) const {
    const auto& words = device_->profile().role("pulse_counter");
    if (!words.contains(name))
      throw UserError(fmt::format("{}: the profile {:?} names no {} of the pulse counter", device_->name(),
                                  device_->profile().id(), name));
    return words.at(name);
  }
  Duration unit() const {
    return std::chrono::microseconds(device_->profile().role("pulse_counter").at("edge_unit_us").get<int>());
  }
  // Of the edges that the counter holds now, newest first; number_ becomes that of the newest.
  Task<std::vector<std::uint32_t>> times() {
    const std::vector<std::uint64_t> list = co_await device_->read_integers(word("edge_number"), word("edge_times"));
    std::vector<std::uint32_t> times;
    for (const std::uint64_t value : list) times.push_back(static_cast<std::uint32_t>(value));
    number_ = times.at(0);
    times.erase(times.begin());
    co_return times;
  }

  SharedDevice device_;
  std::uint32_t number_ = 0;  // of the newest edge seen
  std::uint32_t time_ = 0;    // of the last edge given, in the counter's units; at_ without the clock's new starts
  Duration at_{};
};

class ModbusAmbient final : public Ambient {
 public:
  ModbusAmbient(SharedDevice device, SharedDevice barometer)
      : device_(std::move(device)), barometer_(std::move(barometer)) {}
  Task<Conditions> read() override {
    co_await expect_fresh(*device_, "ambient");
    Conditions conditions;
    conditions.celsius = co_await reading(*device_, reg(*device_, "ambient", "temperature"));
    conditions.humidity_percent = co_await reading(*device_, reg(*device_, "ambient", "humidity"));
    conditions.barometer_kpa = co_await reading(*barometer_, reg(*barometer_, "barometer", "pressure"));
    co_return conditions;
  }

 private:
  static Task<Reading> reading(ModbusDevice& device, std::string name) {
    co_return device.profile().accuracy(name).reading(co_await device.read(name));
  }
  SharedDevice device_;
  SharedDevice barometer_;
};

}  // namespace

Task<> expect_fresh(ModbusDevice& device, const char* role) {
  const auto& words = device.profile().role(role);
  if (!words.contains("stale_bit")) co_return;
  const bool stale = co_await device.status(words.at("status"), words.at("stale_bit"));
  if (stale)
    throw NoReading(fmt::format("{} says that its reading is stale", device.name()),
                    {device.name(), words.at("status"), "stale", {}});
}

std::unique_ptr<AirSource> make_air_source(SharedDevice device) {
  return std::make_unique<ModbusAirSource>(std::move(device));
}
std::unique_ptr<AirValve> make_air_valve(SharedDevice device, const std::string& role) {
  return std::make_unique<ModbusAirValve>(std::move(device), role);
}
std::unique_ptr<Gauge> make_gauge(SharedDevice device) { return std::make_unique<ModbusGauge>(std::move(device)); }
std::unique_ptr<Thermometer> make_thermometer(SharedDevice device) {
  return std::make_unique<ModbusThermometer>(std::move(device));
}
std::unique_ptr<LeakSensor> make_leak_sensor(SharedDevice device) {
  return std::make_unique<ModbusLeakSensor>(std::move(device));
}
std::unique_ptr<FlowStandard> make_flow_standard(SharedDevice device) {
  return std::make_unique<ModbusFlowStandard>(std::move(device));
}
std::unique_ptr<PulseCounter> make_pulse_counter(SharedDevice device) {
  return std::make_unique<ModbusPulseCounter>(std::move(device));
}
std::unique_ptr<Ambient> make_ambient(SharedDevice device, SharedDevice barometer) {
  return std::make_unique<ModbusAmbient>(std::move(device), std::move(barometer));
}

}  // namespace meterrig
