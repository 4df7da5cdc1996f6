#include <cmath>
#include <map>

#include <fmt/format.h>

#include "instruments/scpi_session.hpp"
#include "instruments/vendor_ascii.hpp"

namespace meterrig {
namespace {

constexpr int phases = 3;

// DIN counts angles against IEC, 0 to 359.99.
double turned(double degrees) {
  const double positive = std::fmod(std::fmod(-degrees, 360.0) + 360.0, 360.0);
  return positive > 359.995 ? 0 : positive;
}

double number_of(const std::string& text, const VendorAscii& device, const std::string& asked) {
  double value = 0;
  if (!parse_number(text, value))
    throw ProtocolError(fmt::format("{} answered {:?} with {:?}, which is no number", device.name(), asked, text),
                        {device.name(), asked, text, {}});
  return value;
}

std::string index_name(const char* name, int phase) { return fmt::format("{}{}", name, phase + 1); }

class VendorAcSource final : public AcSource {
 public:
  explicit VendorAcSource(std::shared_ptr<VendorAscii> device)
      : device_(std::move(device)), role_(device_->profile().role("ac_source")) {}

  Task<> apply(AcLoadPoint point) override {
    check(point);
    VendorAscii::Values frequency{{"hertz", fmt::format("{:05.2f}", point.hertz)}};
    VendorAscii::Values volts, amperes, switches;
    for (int i = 0; i < phases; ++i) {
      const AcPhase& phase = point.phases[static_cast<std::size_t>(i)];
      volts[index_name("value", i)] = fmt::format("{:07.3f}", phase.volts);
      volts[index_name("angle", i)] = fmt::format("{:06.2f}", turned(phase.volts_angle));
      amperes[index_name("value", i)] = fmt::format("{:07.3f}", phase.amperes);
      amperes[index_name("angle", i)] = fmt::format("{:06.2f}", turned(phase.amperes_angle));
      switches[index_name("u", i)] = phase.voltage_on ? "E" : "A";
      switches[index_name("i", i)] = phase.current_on ? "P" : "A";
    }
    co_await device_->ask("frequency", frequency);
    co_await device_->ask("voltages", volts);
    co_await device_->ask("currents", amperes);
    co_await device_->ask("switch", switches);
  }

  Task<> off() override {
    VendorAscii::Values switches;
    for (int i = 0; i < phases; ++i) switches[index_name("u", i)] = switches[index_name("i", i)] = "A";
    co_await device_->ask("switch", switches);
  }

  // The source acknowledges the switch; what is read back is what its own reference meter still sees.
  Task<std::vector<OutputState>> make_safe() override {
    std::vector<OutputState> states(1);
    OutputState& state = states.front();
    state = {device_->name(), "ac_source", "all phases off", "", false};
    try {
      co_await off();
      co_await sleep_for(seconds(role_.value("settle_s", 1.0)));
      const auto lines = co_await device_->ask("read");
      double volts = 0, amperes = 0;
      for (const auto& line : lines) {
        const double index = number_of(line.at(0), *device_, "read");
        const double value = std::abs(number_of(line.at(1), *device_, "read"));
        if (index < 3) volts = std::max(volts, value);
        if (index >= 3 && index < 6) amperes = std::max(amperes, value);
      }
      state.read_back = fmt::format("{:.3f} V, {:.4f} A", volts, amperes);
      state.ok = volts <= role_.value("off_below_v", 5.0) && amperes <= role_.value("off_below_a", 0.05);
    } catch (const Error& error) {
      state.read_back = error.what();
    }
    co_return states;
  }

 private:
  void check(const AcLoadPoint& point) const {
    const auto within = [&](const char* what, const char* unit, double value) {
      const auto& limits = role_.at("limits").at(what);
      const double least = limits.at("min"), most = limits.at("max");
      if (value != 0 && !(value >= least && value <= most))
        throw UserError(fmt::format("{}: a {} of {:g} {} is outside {:g} .. {:g} {} of {}", device_->name(), what,
                                    value, unit, least, most, unit, device_->profile().id()));
    };
    within("frequency", "Hz", point.hertz);
    for (const AcPhase& phase : point.phases) {
      within("voltage", "V", phase.volts);
      within("current", "A", phase.amperes);
    }
  }

  std::shared_ptr<VendorAscii> device_;
  const nlohmann::json& role_;
};
static_assert(DeclaresSafeState<VendorAcSource>);

class VendorReferenceMeter final : public ReferenceMeter {
 public:
  explicit VendorReferenceMeter(std::shared_ptr<VendorAscii> device)
      : device_(std::move(device)), accuracy_(device_->profile().accuracy("power")) {}

  Task<AcReading> read() override {
    const auto lines = co_await device_->ask("read");
    std::map<int, double> all;
    for (const auto& line : lines)
      all[static_cast<int>(number_of(line.at(0), *device_, "read"))] = number_of(line.at(1), *device_, "read");
    const auto at = [&](int index) {
      const auto found = all.find(index);
      if (found == all.end())
        throw ProtocolError(fmt::format("{} gave no value {} of its measured values", device_->name(), index),
                            {device_->name(), "read", fmt::format("{} values", all.size()), {}});
      return found->second;
    };
    AcReading reading;
    for (int i = 0; i < phases; ++i)
      reading.phases[static_cast<std::size_t>(i)] = {at(i),      at(3 + i),  turned(at(6 + i)), turned(at(9 + i)),
                                                     at(12 + i), at(15 + i), at(18 + i),        at(21 + i)};
    reading.watts = at(24);
    reading.vars = at(25);
    reading.volt_amperes = at(26);
    reading.hertz = at(28);
    co_return reading;
  }

  Task<> start_error(MeterErrorSetting setting) override {
    if (!(setting.meter_constant > 0) || setting.meter_pulses == 0)
      throw UserError(
          fmt::format("{}: an error needs a meter constant and a number of pulses above 0", device_->name()));
    const auto [constant, constant_exponent] = scaled(setting.meter_constant);
    const auto [pulses, pulses_exponent] = scaled(static_cast<double>(setting.meter_pulses));
    VendorAscii::Values values{{"constant", constant},
                               {"constant_exponent", fmt::format("{:02d}", constant_exponent)},
                               {"pulses", pulses},
                               {"pulses_exponent", fmt::format("{}", pulses_exponent)}};
    co_await device_->ask("error_setting", values);
    co_await device_->ask("error_start");
  }

  // Three lines: state, error in percent or dashes, progress in percent and energy.
  Task<ErrorState> error_state() override {
    const auto lines = co_await device_->ask("error_state");
    if (lines.size() != 3)
      throw ProtocolError(fmt::format("{} gave {} lines of its error's state, not 3", device_->name(), lines.size()),
                          {device_->name(), "error_state", "", {}});
    ErrorState state;
    const std::string& code = lines[0].at(0);
    if (code == "01") state.phase = ErrorState::Phase::waiting;
    if (code == "02") state.phase = ErrorState::Phase::running;
    if (code == "03") state.phase = ErrorState::Phase::finished;
    if (state.phase == ErrorState::Phase::finished) state.percent = number_of(lines[1].at(0), *device_, "error_state");
    const std::string& progress = lines[2].at(0);
    state.progress_percent = number_of(progress.substr(0, progress.find(';')), *device_, "error_state");
    co_return state;
  }

  Task<> stop_error() override { co_await device_->ask("error_stop"); }
  const Accuracy& power_accuracy() const override { return accuracy_; }

 private:
  // At most six digits and a power of ten.
  static std::pair<std::string, int> scaled(double value) {
    int exponent = 0;
    while (value >= 999'999.5) {
      value /= 10;
      ++exponent;
    }
    std::string digits = fmt::format("{:.5f}", value).substr(0, 6);
    if (digits.find('.') != std::string::npos)
      while (digits.back() == '0' || digits.back() == '.') {
        const bool point = digits.back() == '.';
        digits.pop_back();
        if (point) break;
      }
    return {digits, exponent};
  }

  std::shared_ptr<VendorAscii> device_;
  Accuracy accuracy_;
};

}  // namespace

std::unique_ptr<AcSource> make_vendor_ac_source(std::shared_ptr<VendorAscii> device) {
  return std::make_unique<VendorAcSource>(std::move(device));
}

std::unique_ptr<ReferenceMeter> make_vendor_reference_meter(std::shared_ptr<VendorAscii> device) {
  return std::make_unique<VendorReferenceMeter>(std::move(device));
}

}  // namespace meterrig
