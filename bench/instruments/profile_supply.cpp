#ifndef __clang__
// GCC 12 sees uninitialised memory inside std::regex when sanitizers are on.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "bench/instruments/profile_supply.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bench/instruments/scpi_text.hpp"
#include "bench/instruments/spread.hpp"
#include "instruments/answer_form.hpp"
#include "instruments/scpi_session.hpp"

namespace meterrig::bench {
namespace {

constexpr Duration think = 5ms;
constexpr std::size_t error_queue = 20;
// A reading is off by up to this part of what the profile allows.
constexpr double share_of_accuracy = 0.2;

double reading_error(const Profile& profile, const char* function, int channel) {
  const Accuracy accuracy = profile.accuracy(function, channel);
  return accuracy.empty() ? 0 : share_of_accuracy * accuracy.half_width(0);
}

// Without the leading colon, which means the root here and everywhere.
std::vector<std::string> units_of(std::string_view message) {
  std::vector<std::string> units;
  for (std::size_t at = 0; at < message.size();) {
    std::string_view unit = scpi_trim(scpi_next(message, at, ';'));
    if (unit.starts_with(':')) unit.remove_prefix(1);
    if (!unit.empty()) units.emplace_back(unit);
  }
  return units;
}

// A unit of a template as an expression; what its placeholders are is appended to `captures`.
std::regex expression(const std::string& unit, std::vector<std::string>& captures) {
  std::string text;
  for (std::size_t i = 0; i < unit.size(); ++i) {
    const char c = unit[i];
    if (c == '{') {
      const std::size_t end = unit.find('}', i);
      captures.push_back(unit.compare(i, 8, "{channel") == 0 ? "channel" : "value");
      text += captures.back() == "channel" ? "([0-9]+)" : "([^ ,;()]+)";
      i = end;
    } else if (c == ' ') {
      text += " +";
    } else {
      if (!std::isalnum(static_cast<unsigned char>(c))) text += '\\';
      text += c;
      if (c == ',') text += " *";
    }
  }
  return std::regex(text, std::regex::icase);
}

bool is_state(const std::string& command) {
  return command == "read_output" || command == "mode" || command == "read_over_voltage" ||
         command == "read_over_current" || command.ends_with("_tripped");
}

bool is_question(const std::string& command) {
  return is_state(command) || command.starts_with("read_") || command.starts_with("measure_");
}

const char* form_of(const std::string& command) {
  if (command == "read_output") return "output";
  if (command == "mode") return "mode";
  return command.ends_with("_tripped") ? "tripped" : "protection";
}

}  // namespace

ProfileSupply::ProfileSupply(Clock& clock, SupplyPath& path, Profile profile, const std::string& serial, int wired,
                             std::uint64_t seed)
    : clock_(clock),
      profile_(std::move(profile)),
      role_(profile_.role("power_supply")),
      identity_(fmt::format("{},{},{},1.0", profile_.document().at("manufacturer").get<std::string>(),
                            profile_.document().at("model").get<std::string>(), serial.empty() ? "VIRTUAL" : serial)),
      error_query_(profile_.document().value("error_query", "")),
      model_(clock, path, static_cast<int>(role_.at("channels").size()), wired,
             reading_error(profile_, "measure_voltage", wired), reading_error(profile_, "measure_current", wired),
             serial, seed) {
  if (error_query_.starts_with(':')) error_query_.erase(0, 1);
  for (const auto& [command, pattern] : role_.at("commands").items()) learn(command, pattern);
  // The longest first: OUTP:SEL ON;:OUTP:GEN ON is one command, not two.
  std::stable_sort(spellings_.begin(), spellings_.end(),
                   [](const Spelling& a, const Spelling& b) { return a.units.size() > b.units.size(); });
  for (const char* key : {"opening", "closing"}) {
    const auto messages = profile_.document().value(key, std::vector<std::string>{});
    for (const std::string& message : messages)
      for (std::string& unit : units_of(message)) accepted_.push_back(std::move(unit));
  }
  for (std::size_t i = 0; i < model_.channels().size(); ++i) limit(i);
}

void ProfileSupply::limit(std::size_t index) {
  const auto& its = role_.at("channels").at(index);
  SupplyChannel& channel = model_.channels()[index];
  const auto range = [&](const char* key) {
    if (!its.contains(key)) return ScpiRange{0, HUGE_VAL, HUGE_VAL};
    return ScpiRange{its.at(key).at("min"), its.at(key).at("max"), its.at(key).at("max")};
  };
  channel.volt_range = range("voltage_v");
  channel.ampere_range = range("current_a");
  channel.over_voltage.range = range("over_voltage_v");
  channel.over_current.range = range("over_current_a");
  channel.amperes = channel.ampere_range.maximum;
  channel.over_voltage.level = channel.over_voltage.range.maximum;
  channel.over_current.level = channel.over_current.range.maximum;
}

void ProfileSupply::learn(const std::string& command, const std::string& pattern) {
  for (Spelling& known : spellings_)
    if (known.pattern == pattern) return known.commands.push_back(command);
  Spelling spelling{pattern, {}, {}, {command}};
  for (const std::string& unit : units_of(pattern)) spelling.units.push_back(expression(unit, spelling.captures));
  spellings_.push_back(std::move(spelling));
}

void ProfileSupply::reset() {
  for (std::size_t i = 0; i < model_.channels().size(); ++i) {
    SupplyChannel& channel = model_.channels()[i];
    channel.volts = 0;
    channel.on = false;
    channel.over_voltage = channel.over_current = {};
    limit(i);
    model_.apply(channel);
  }
  selected_ = 1;
}

void ProfileSupply::raise_error(int code) {
  if (errors_.size() < error_queue)
    errors_.push_back(fmt::format("{},\"{}\"", code, scpi_error_text(code)));
  else
    errors_.back() = fmt::format("-350,\"{}\"", scpi_error_text(-350));
}

void ProfileSupply::take(const std::string& line) {
  const std::vector<std::string> units = units_of(line);
  std::vector<std::string> answers;
  for (std::size_t at = 0; at < units.size();) at += execute(units, at, answers);
  if (!answers.empty()) say(fmt::format("{}", fmt::join(answers, ";")), clock_.now() + think);
}

std::size_t ProfileSupply::execute(const std::vector<std::string>& units, std::size_t at,
                                   std::vector<std::string>& answers) {
  if (common(units[at], answers)) return 1;
  std::size_t used = 1;
  try {
    Arguments arguments;
    const Spelling* const spelling = match(units, at, arguments);
    if (spelling == nullptr) throw ScpiError{-113};
    used = spelling->units.size();
    const std::string answer = perform(*spelling, arguments);
    if (!answer.empty()) answers.push_back(answer);
  } catch (const ScpiError& error) {
    raise_error(error.code);
  }
  return used;
}

// What every instrument has (IEEE 488.2), and what this one says it has beside its role.
bool ProfileSupply::common(const std::string& unit, std::vector<std::string>& answers) {
  const auto is = [&](const std::string& word) { return scpi_word_matches(unit, word); };
  if (is("*IDN?")) return answers.push_back(identity_), true;
  if (is("*OPC?")) return answers.emplace_back("1"), true;
  if (is("*RST")) return reset(), true;
  if (is("*CLS")) return errors_.clear(), true;
  if (is("*OPC") || is("*WAI")) return true;
  if (!error_query_.empty() && unit == error_query_) {
    answers.push_back(errors_.empty() ? "0,\"No error\"" : errors_.front());
    if (!errors_.empty()) errors_.pop_front();
    return true;
  }
  return std::find(accepted_.begin(), accepted_.end(), unit) != accepted_.end();
}

const ProfileSupply::Spelling* ProfileSupply::match(const std::vector<std::string>& units, std::size_t at,
                                                    Arguments& arguments) const {
  for (const Spelling& spelling : spellings_) {
    if (at + spelling.units.size() > units.size()) continue;
    std::vector<std::string> groups;
    bool all = true;
    for (std::size_t i = 0; i < spelling.units.size() && all; ++i) {
      std::smatch found;
      all = std::regex_match(units[at + i], found, spelling.units[i]);
      for (std::size_t group = 1; all && group < found.size(); ++group) groups.push_back(found[group]);
    }
    if (!all) continue;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      double number = 0;
      if (!parse_number(groups[i], number)) throw ScpiError{-104};
      if (spelling.captures[i] == "value") arguments.value = number;
      if (spelling.captures[i] != "channel") continue;
      if (!(number >= 1 && number <= channel_count())) throw ScpiError{-222};
      arguments.channel = static_cast<int>(number);
    }
    return &spelling;
  }
  return nullptr;
}

std::string ProfileSupply::perform(const Spelling& spelling, const Arguments& arguments) {
  const int number = arguments.channel == 0 ? selected_ : arguments.channel;
  SupplyChannel& channel = model_.channels()[static_cast<std::size_t>(number - 1)];
  const std::string& command = spelling.commands.front();
  if (is_state(command)) return state(spelling, number);
  if (is_question(command)) {
    const bool volts = command.find("voltage") != std::string::npos;
    const double one = digit(volts ? "set_voltage" : "set_current", number);
    return fmt::format("{:.{}f}", measured(command, channel, number),
                       std::max(0, static_cast<int>(std::ceil(-std::log10(one) - 1e-9))));
  }
  change(command, channel, number, arguments.value);
  return "";
}

void ProfileSupply::change(const std::string& command, SupplyChannel& channel, int number, double value) {
  const auto within = [&](const ScpiRange& range, const char* function) {
    if (!(value >= range.minimum && value <= range.maximum)) throw ScpiError{-222};
    return quantised(value, digit(function, number));
  };
  if (command == "select") selected_ = number;
  if (command == "set_voltage") channel.volts = within(channel.volt_range, "set_voltage");
  if (command == "set_current") channel.amperes = within(channel.ampere_range, "set_current");
  // Without a switch of its own a protection is always on.
  const auto guard = [&](const std::string& which, SupplyProtection& protection, const char* function) {
    if (command == "set_" + which) protection.level = within(protection.range, function);
    const bool switched = role_.at("commands").contains(which + "_on");
    if (command == (switched ? which + "_on" : "set_" + which)) protection.on = true;
  };
  guard("over_voltage", channel.over_voltage, "set_voltage");
  guard("over_current", channel.over_current, "set_current");
  const bool on = command == "output_on";
  if (on || command == "output_off") {
    if (!model_.switch_output(channel, on)) throw ScpiError{-221};
    return;
  }
  model_.apply(channel);
}

double ProfileSupply::measured(const std::string& command, const SupplyChannel& channel, int number) const {
  if (command == "measure_voltage") return model_.measured_volts(channel, digit("measure_voltage", number));
  if (command == "measure_current") return model_.measured_amperes(channel, digit("measure_current", number));
  if (command == "read_voltage_setting") return channel.volts;
  if (command == "read_current_setting") return channel.amperes;
  return command == "read_over_voltage_setting" ? channel.over_voltage.level : channel.over_current.level;
}

// One register may say several things at once, of several channels.
std::string ProfileSupply::state(const Spelling& spelling, int number) const {
  unsigned long value = 0;
  for (const std::string& command : spelling.commands) {
    const nlohmann::json& form = role_.at("answers").at(form_of(command));
    if (!AnswerForm(form, number).by_bits()) return AnswerForm(form, number).word(state_of(command, number));
    for (int one = 1; one <= channel_count(); ++one) {
      const AnswerForm its(form, one);
      const std::string now = state_of(command, one);
      if (one == number || its.each_channel(now)) value |= its.bit(now);
    }
  }
  const bool hexadecimal = AnswerForm(role_.at("answers").at(form_of(spelling.commands.front())), 1).hexadecimal();
  return hexadecimal ? fmt::format("0x{:X}", value) : fmt::format("{}", value);
}

std::string ProfileSupply::state_of(const std::string& command, int number) const {
  const SupplyChannel& channel = model_.channels()[static_cast<std::size_t>(number - 1)];
  if (command == "read_output") return channel.on ? "on" : "off";
  if (command == "mode") return model_.limiting(channel) ? "constant_current" : "constant_voltage";
  const bool voltage = command.find("over_voltage") != std::string::npos;
  const SupplyProtection& protection = voltage ? channel.over_voltage : channel.over_current;
  if (command.ends_with("_tripped")) return protection.tripped ? "yes" : "no";
  return protection.on ? "on" : "off";
}

double ProfileSupply::digit(const std::string& function, int number) const {
  const Accuracy accuracy = profile_.accuracy(function, number);
  const double resolution = accuracy.empty() ? 0 : accuracy.resolution(0);
  return resolution > 0 ? resolution : 0.001;
}

}  // namespace meterrig::bench
