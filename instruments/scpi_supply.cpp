#include <algorithm>
#include <cmath>
#include <regex>

#include <fmt/args.h>
#include <fmt/format.h>

#include "instruments/scpi_drivers.hpp"

namespace meterrig {
namespace {

class ScpiSupply final : public PowerSupply {
 public:
  ScpiSupply(Clock& clock, std::shared_ptr<ScpiSession> session, const Profile& profile, int channel)
      : clock_(clock),
        session_(std::move(session)),
        profile_(profile),
        channel_(channel),
        set_voltage_(profile.accuracy("set_voltage")),
        set_current_(profile.accuracy("set_current")),
        voltage_(profile.accuracy("measure_voltage")),
        current_(profile.accuracy("measure_current")) {
    const auto& channels = profile_.role("power_supply").at("channels");
    if (channel < 1 || channel > static_cast<int>(channels.size()))
      throw UserError(
          fmt::format("{}: channel {} of {}, which has {}", session_->name(), channel, profile.id(), channels.size()));
    const auto& limits = channels.at(static_cast<std::size_t>(channel - 1));
    voltage_max_ = limits.at("voltage_v").at("max");
    current_max_ = limits.at("current_a").at("max");
    settle_ = seconds(profile_.role("power_supply").value("settle_s", 0.0));
  }

  Task<> set(double volts, double ampere_limit) override {
    check("current", ampere_limit, current_max_);
    check("voltage", volts, voltage_max_);
    // Limits and protections, then level; output on is a call of its own. Never the other way round.
    co_await select();
    co_await session_->command(text("set_current", ampere_limit));
    const double limit_read = co_await session_->number(text("read_current_setting", 0));
    expect("current limit", ampere_limit, limit_read, set_current_.half_width(ampere_limit));
    co_await set_voltage(volts);
  }

  Task<> set_voltage(double volts) override {
    check("voltage", volts, voltage_max_);
    co_await select();
    co_await session_->command(text("set_voltage", volts));
    const double read = co_await session_->number(text("read_voltage_setting", 0));
    expect("voltage", volts, read, set_voltage_.resolution(volts));
  }

  Task<> output(bool on) override {
    co_await session_->command(text(on ? "output_on" : "output_off", 0));
    const std::string state = co_await session_->query(text("read_output", 0));
    if (!answers(on ? "on" : "off", state))
      throw ReadBackError(fmt::format("{}: output {} reads back {:?}", session_->name(), on ? "on" : "off", state),
                          {session_->name(), text("read_output", 0), state, {}});
    co_await sleep_for(settle_);
  }

  Task<Reading> voltage() override {
    co_return voltage_.reading(co_await session_->number(text("measure_voltage", 0)));
  }
  Task<Reading> current() override {
    co_return current_.reading(co_await session_->number(text("measure_current", 0)));
  }
  Task<bool> in_current_limit() override {
    const std::string mode = co_await session_->query(text("mode", 0));
    const auto& known = profile_.role("power_supply").at("answers");
    const bool limited = mode != known.at("constant_voltage").get_ref<const std::string&>();
    if (limited && mode != known.at("constant_current").get_ref<const std::string&>() &&
        mode != known.value("unregulated", "UR"))
      throw ProtocolError(fmt::format("{} answered {:?} with {:?}", session_->name(), text("mode", 0), mode),
                          {session_->name(), text("mode", 0), mode, {}});
    co_return limited;
  }
  double voltage_max() const override { return voltage_max_; }
  double current_max() const override { return current_max_; }

  Task<std::vector<OutputState>> make_safe() override {
    std::vector<OutputState> states;
    for (const auto& step : profile_.role("power_supply").at("safe_state")) {
      OutputState state{session_->name(), "power_supply", fill(step.at("command"), 0), "", false};
      try {
        co_await session_->command(state.setting);
        state.ok = true;
        if (step.contains("read_back")) {
          state.read_back = co_await session_->query(fill(step.at("read_back"), 0));
          state.ok = agrees(step, state.read_back);
        }
      } catch (const Error& error) {
        state.ok = false;
        state.read_back = error.what();
      }
      if (step.contains("read_back") || !state.ok) states.push_back(std::move(state));
    }
    co_return states;
  }

 private:
  static bool agrees(const nlohmann::json& step, const std::string& read) {
    if (step.contains("expect")) return std::regex_search(read, std::regex(step.at("expect").get<std::string>()));
    double value = 0;
    return parse_number(read, value) &&
           std::abs(value - step.at("expect_number").get<double>()) <= step.value("within", 0.0);
  }

  std::string fill(const std::string& pattern, double value) const {
    return fmt::format(fmt::runtime(pattern), fmt::arg("channel", channel_), fmt::arg("value", value));
  }
  std::string text(const char* command, double value) const {
    return fill(profile_.command("power_supply", command), value);
  }
  Task<> select() {
    if (profile_.role("power_supply").at("commands").contains("select")) co_await session_->command(text("select", 0));
  }
  bool answers(const char* which, const std::string& text) const {
    const auto& words = profile_.role("power_supply").at("answers").at(which);
    return std::any_of(words.begin(), words.end(), [&](const auto& word) { return word == text; });
  }
  void check(const char* what, double value, double max) const {
    if (!(value >= 0 && value <= max))
      throw UserError(
          fmt::format("{}: {} {:g} is outside 0 .. {:g} of channel {}", session_->name(), what, value, max, channel_));
  }
  void expect(const char* what, double set, double read, double within) const {
    if (std::abs(read - set) > within * 1.0001)
      throw ReadBackError(fmt::format("{}: {} set to {:g} reads back {:g}", session_->name(), what, set, read),
                          {session_->name(), fmt::format("{} {:g}", what, set), fmt::format("{:g}", read), {}});
  }

  Clock& clock_;
  std::shared_ptr<ScpiSession> session_;
  const Profile& profile_;
  int channel_;
  Accuracy set_voltage_, set_current_, voltage_, current_;
  double voltage_max_ = 0;
  double current_max_ = 0;
  Duration settle_{};
};
static_assert(DeclaresSafeState<ScpiSupply>);

}  // namespace

std::unique_ptr<PowerSupply> make_scpi_supply(Clock& clock, std::shared_ptr<ScpiSession> session,
                                              const Profile& profile, int channel) {
  return std::make_unique<ScpiSupply>(clock, std::move(session), profile, channel);
}

ScpiOptions scpi_options(const std::string& name, const Profile& profile) {
  ScpiOptions options;
  options.name = name;
  options.terminator = profile.document().value("terminator", "\n");
  options.error_query = profile.document().value("error_query", "");
  if (!options.error_query.empty() && options.error_query.front() != ':' && options.error_query.front() != '*')
    options.error_query.insert(0, ":");
  options.compound = profile.document().value("compound", true);
  options.timeout = seconds(profile.answer_timeout_s());
  return options;
}

}  // namespace meterrig
