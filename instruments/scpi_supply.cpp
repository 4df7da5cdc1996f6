#include <cmath>
#include <regex>

#include <fmt/args.h>
#include <fmt/format.h>

#include "instruments/answer_form.hpp"
#include "instruments/scpi_drivers.hpp"

namespace meterrig {
namespace {

class ScpiSupply final : public PowerSupply {
 public:
  ScpiSupply(std::shared_ptr<ScpiSession> session, const Profile& profile, int channel)
      : session_(std::move(session)), profile_(profile), role_(profile.role("power_supply")), channel_(channel) {
    const auto& channels = role_.at("channels");
    if (channel < 1 || channel > static_cast<int>(channels.size()))
      throw UserError(
          fmt::format("{}: channel {} of {}, which has {}", session_->name(), channel, profile.id(), channels.size()));
    limits_ = channels.at(static_cast<std::size_t>(channel - 1));
    set_voltage_ = profile_.accuracy("set_voltage", channel);
    set_current_ = profile_.accuracy("set_current", channel);
    voltage_ = profile_.accuracy("measure_voltage", channel);
    current_ = profile_.accuracy("measure_current", channel);
    settle_ = seconds(role_.value("settle_s", 0.0));
  }

  Task<> set(double volts, double ampere_limit) override {
    check("current", "current_a", ampere_limit);
    check("voltage", "voltage_v", volts);
    // Limits and protections, then level; output on is a call of its own. Never the other way round.
    co_await tell("set_current", ampere_limit);
    const double limit_read = co_await number("read_current_setting");
    expect("current limit", ampere_limit, limit_read, set_current_.half_width(ampere_limit));
    co_await set_voltage(volts);
  }

  Task<> set_voltage(double volts) override {
    check("voltage", "voltage_v", volts);
    co_await tell("set_voltage", volts);
    const double read = co_await number("read_voltage_setting");
    expect("voltage", volts, read, set_voltage_.resolution(volts));
  }

  Task<> protect(double over_voltage, double over_current) override {
    const bool by_voltage = has("set_over_voltage"), by_current = has("set_over_current");
    if (!by_voltage && !by_current)
      throw UserError(
          fmt::format("{}: the profile {:?} has neither set_over_voltage nor set_over_current: this supply "
                      "can't be told to protect the meter; use one that can, or protect it otherwise",
                      session_->name(), profile_.id()));
    if (by_voltage) check("over-voltage level", "over_voltage_v", over_voltage);
    if (by_current) check("over-current level", "over_current_a", over_current);
    if (by_voltage) co_await arm(over_voltage_, over_voltage, set_voltage_.half_width(over_voltage));
    if (by_current) co_await arm(over_current_, over_current, set_current_.half_width(over_current));
  }

  Task<> output(bool on) override {
    co_await tell(on ? "output_on" : "output_off");
    const std::string state = co_await ask("read_output", "output");
    if (state != (on ? "on" : "off")) {
      std::string why;
      if (on) why = co_await tripped();
      throw ReadBackError(fmt::format("{}: output {} reads back {}{}", session_->name(), on ? "on" : "off", state, why),
                          {session_->name(), text("read_output", 0), state, {}});
    }
    co_await sleep_for(settle_);
  }

  Task<Reading> voltage() override { co_return voltage_.reading(co_await number("measure_voltage")); }
  Task<Reading> current() override { co_return current_.reading(co_await number("measure_current")); }
  Task<bool> in_current_limit() override {
    const std::string mode = co_await ask("mode", "mode");
    co_return mode != "constant_voltage";
  }
  double voltage_max() const override { return limits_.at("voltage_v").at("max"); }
  double current_max() const override { return limits_.at("current_a").at("max"); }

  Task<std::vector<OutputState>> make_safe() override {
    std::vector<OutputState> states;
    for (const auto& step : role_.at("safe_state")) {
      OutputState state{session_->name(), "power_supply", fill(step.at("command"), 0), "", false};
      try {
        co_await send(step.at("command").get_ref<const std::string&>(), 0);
        state.ok = true;
        if (step.contains("read_back")) {
          state.read_back = co_await query(step.at("read_back").get_ref<const std::string&>());
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

  // Patterns are the profile's own strings, which outlive every coroutine here.
  bool has(const std::string& command) const { return role_.at("commands").contains(command); }
  std::string fill(const std::string& pattern, double value) const {
    return fmt::format(fmt::runtime(pattern), fmt::arg("channel", channel_), fmt::arg("value", value));
  }
  std::string text(const std::string& command, double value) const {
    return fill(profile_.command("power_supply", command), value);
  }
  // A command that does not say its channel acts on the selected one.
  bool selects(const std::string& pattern) const {
    return has("select") && pattern.find("{channel}") == std::string::npos;
  }
  // Selection and command in one message: no other user of the instrument comes between.
  std::string with_selection(const std::string& pattern, double value) const {
    const std::string filled = fill(pattern, value);
    if (!selects(pattern) || !session_->options().compound) return filled;
    const bool rooted = filled.front() == ':' || filled.front() == '*';
    return text("select", 0) + (rooted ? ";" : ";:") + filled;
  }
  Task<> select(const std::string& pattern) {
    if (selects(pattern) && !session_->options().compound) co_await session_->command(text("select", 0));
  }
  Task<> send(const std::string& pattern, double value) {
    co_await select(pattern);
    co_await session_->command(with_selection(pattern, value));
  }
  Task<std::string> query(const std::string& pattern) {
    co_await select(pattern);
    co_return co_await session_->query(with_selection(pattern, 0));
  }
  Task<> tell(const std::string& command, double value = 0) {
    return send(profile_.command("power_supply", command), value);
  }
  Task<double> number(const std::string& command) { return number_of(profile_.command("power_supply", command)); }
  Task<double> number_of(const std::string& pattern) {
    co_await select(pattern);
    co_return co_await session_->number(with_selection(pattern, 0));
  }
  // The state that the answer means, in the form that the profile gives for it. Throws ProtocolError otherwise.
  Task<std::string> ask(const char* command, const char* form) {
    const std::string answer = co_await query(profile_.command("power_supply", command));
    const std::string state = AnswerForm(role_.at("answers").at(form), channel_).state(answer);
    if (state.empty())
      throw ProtocolError(fmt::format("{} answered {:?} with {:?}", session_->name(), text(command, 0), answer),
                          {session_->name(), text(command, 0), answer, {}});
    co_return state;
  }
  // A protection: level, switch, and what of it can be read back.
  struct Guard {
    const char* name;
    const char *set, *read_setting, *switch_on, *read_state, *tripped;
  };
  static constexpr Guard over_voltage_{"over-voltage",    "set_over_voltage",  "read_over_voltage_setting",
                                       "over_voltage_on", "read_over_voltage", "over_voltage_tripped"};
  static constexpr Guard over_current_{"over-current",    "set_over_current",  "read_over_current_setting",
                                       "over_current_on", "read_over_current", "over_current_tripped"};
  Task<> arm(const Guard& guard, double level, double within) {
    co_await tell(guard.set, level);
    if (has(guard.read_setting)) {
      const double read = co_await number(guard.read_setting);
      expect(guard.name, level, read, within);
    }
    if (has(guard.switch_on)) co_await tell(guard.switch_on);
    if (!has(guard.read_state)) co_return;
    const std::string state = co_await ask(guard.read_state, "protection");
    if (state != "on")
      throw ReadBackError(
          fmt::format("{}: the {} protection was switched on and reads back {}", session_->name(), guard.name, state),
          {session_->name(), text(guard.read_state, 0), state, {}});
  }
  // Why an output does not come on.
  Task<std::string> tripped() {
    for (const Guard* guard : {&over_voltage_, &over_current_}) {
      if (!has(guard->tripped)) continue;
      const std::string state = co_await ask(guard->tripped, "tripped");
      if (state == "yes")
        co_return fmt::format(": its {} protection has tripped; find out why, then clear it at the instrument",
                              guard->name);
    }
    co_return "";
  }
  void check(const char* what, const char* limits, double value) const {
    if (!limits_.contains(limits)) return;
    const double min = limits_.at(limits).at("min"), max = limits_.at(limits).at("max");
    if (!(value >= min && value <= max))
      throw UserError(fmt::format("{}: {} {:g} is outside {:g} .. {:g} of channel {}", session_->name(), what, value,
                                  min, max, channel_));
  }
  void expect(const char* what, double set, double read, double within) const {
    if (std::abs(read - set) > within * 1.0001)
      throw ReadBackError(fmt::format("{}: {} set to {:g} reads back {:g}", session_->name(), what, set, read),
                          {session_->name(), fmt::format("{} {:g}", what, set), fmt::format("{:g}", read), {}});
  }

  std::shared_ptr<ScpiSession> session_;
  const Profile& profile_;
  const nlohmann::json& role_;
  int channel_;
  nlohmann::json limits_;
  Accuracy set_voltage_, set_current_, voltage_, current_;
  Duration settle_{};
};
static_assert(DeclaresSafeState<ScpiSupply>);

}  // namespace

std::unique_ptr<PowerSupply> make_scpi_supply(Clock&, std::shared_ptr<ScpiSession> session, const Profile& profile,
                                              int channel) {
  return std::make_unique<ScpiSupply>(std::move(session), profile, channel);
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
  options.pacing = seconds(profile.document().value("pacing_s", 0.0));
  options.opening = profile.document().value("opening", std::vector<std::string>{});
  options.operation_complete = profile.document().value("operation_complete", false);
  return options;
}

}  // namespace meterrig
