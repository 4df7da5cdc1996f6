#include "instruments/modbus_device.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <span>

#include <fmt/args.h>
#include <fmt/format.h>

namespace meterrig {
namespace {

RegisterTable table_of(const std::string& word) {
  if (word == "coils") return RegisterTable::coils;
  if (word == "discrete_inputs") return RegisterTable::discrete_inputs;
  return word == "input" ? RegisterTable::input : RegisterTable::holding;
}

std::uint16_t words_of(const std::string& type) {
  if (type == "uint64") return 4;
  return type == "float32" || type == "uint32" || type == "int32" ? 2 : 1;
}

// The order of bytes as they stand in the registers: abcd, cdab, badc, dcba.
std::uint64_t join(std::span<const std::uint16_t> words, const std::string& order) {
  const bool low_word_first = order == "cdab" || order == "dcba";
  const bool swapped = order == "badc" || order == "dcba";
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint16_t word = words[low_word_first ? words.size() - 1 - i : i];
    if (swapped) word = __builtin_bswap16(word);
    value = value << 16 | word;
  }
  return value;
}

std::vector<std::uint16_t> split(std::uint64_t value, std::size_t count, const std::string& order) {
  const bool low_word_first = order == "cdab" || order == "dcba";
  const bool swapped = order == "badc" || order == "dcba";
  std::vector<std::uint16_t> words(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto word = static_cast<std::uint16_t>(value >> (16 * (count - 1 - i)));
    if (swapped) word = __builtin_bswap16(word);
    words[low_word_first ? count - 1 - i : i] = word;
  }
  return words;
}

}  // namespace

ModbusDevice::ModbusDevice(Clock& clock, std::shared_ptr<RegisterBus> bus, const Profile& profile, std::string name,
                           int unit)
    : clock_(clock),
      bus_(std::move(bus)),
      profile_(profile),
      name_(std::move(name)),
      unit_(unit),
      timeout_(seconds(profile.answer_timeout_s())) {
  for (const auto& [key, reg] : profile.document().at("registers").items()) {
    const std::string type = reg.at("type");
    registers_[key] = {table_of(reg.at("table")),
                       reg.at("address"),
                       static_cast<std::uint16_t>(words_of(type) * reg.value("count", 1)),
                       type,
                       reg.value("word_order", "abcd"),
                       reg.value("min", -std::numeric_limits<double>::infinity()),
                       reg.value("max", std::numeric_limits<double>::infinity())};
  }
}

Instant ModbusDevice::deadline() const { return clock_.now() + timeout_ + clock_.exchange_slack(); }

const ModbusDevice::Register& ModbusDevice::find(const std::string& reg) const {
  const auto found = registers_.find(reg);
  if (found == registers_.end())
    throw UserError(fmt::format("{}: the profile {:?} has no register {:?}", name_, profile_.id(), reg));
  return found->second;
}

Task<std::vector<std::uint16_t>> ModbusDevice::words(const Register& reg) {
  co_return co_await bus_->read(unit_, reg.table, reg.address, reg.count, deadline());
}

Task<double> ModbusDevice::read(std::string name) {
  const Register& reg = find(name);
  const Instant asked_at = clock_.now();
  const std::uint64_t raw = join(co_await words(reg), reg.word_order);
  double value = static_cast<double>(raw);
  if (reg.type == "float32") value = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
  if (reg.type == "int16") value = static_cast<double>(static_cast<std::int16_t>(raw));
  if (reg.type == "int32") value = static_cast<double>(static_cast<std::int32_t>(raw));
  if (!(value >= reg.min && value <= reg.max))
    throw NoReading(
        fmt::format("{}: {} = {:g} is no plausible reading ({:g} .. {:g})", name_, name, value, reg.min, reg.max),
        {name_, name, fmt::format("{:g}", value), clock_.now() - asked_at});
  co_return value;
}

Task<std::uint64_t> ModbusDevice::read_integer(std::string name) {
  const Register& reg = find(name);
  co_return join(co_await words(reg), reg.word_order);
}

Task<std::vector<std::uint64_t>> ModbusDevice::read_integers(std::string first, std::string last) {
  const Register &from = find(first), &to = find(last);
  const int count = to.address + to.count - from.address;
  const std::uint16_t each = words_of(from.type);
  if (from.table != to.table || from.type != to.type || from.word_order != to.word_order || count < each)
    throw UserError(fmt::format("{}: {} to {} can't be read as one list", name_, first, last));
  const auto words =
      co_await bus_->read(unit_, from.table, from.address, static_cast<std::uint16_t>(count), deadline());
  std::vector<std::uint64_t> values;
  for (std::size_t i = 0; i + each <= words.size(); i += each)
    values.push_back(join(std::span(words).subspan(i, each), from.word_order));
  co_return values;
}

Task<> ModbusDevice::write(std::string name, double value, double within) {
  const Register& reg = find(name);
  const bool real = reg.type == "float32";
  const auto text = [real](double number) {
    return real ? fmt::format("{:g}", number) : fmt::format("{:.10g}", number);
  };
  if (!(value >= reg.min && value <= reg.max))
    throw UserError(
        fmt::format("{}: {} = {} is outside {} .. {}", name_, name, text(value), text(reg.min), text(reg.max)));
  const std::uint64_t raw =
      real ? std::bit_cast<std::uint32_t>(static_cast<float>(value)) : static_cast<std::uint64_t>(std::llround(value));
  co_await bus_->write(unit_, reg.table, reg.address, split(raw, reg.count, reg.word_order), deadline());
  const double back = co_await read(name);
  const double rounding = real ? 1e-6 * std::abs(value) : 0;  // an integer is exact
  if (std::abs(back - value) > within + rounding)
    throw ReadBackError(fmt::format("{}: {} set to {} reads back {}", name_, name, text(value), text(back)),
                        {name_, fmt::format("{} = {}", name, text(value)), text(back), {}});
}

Task<bool> ModbusDevice::coil(std::uint16_t address) {
  const auto bits = co_await bus_->read(unit_, RegisterTable::coils, address, 1, deadline());
  co_return bits.at(0) != 0;
}

Task<bool> ModbusDevice::input(std::uint16_t address) {
  const auto bits = co_await bus_->read(unit_, RegisterTable::discrete_inputs, address, 1, deadline());
  co_return bits.at(0) != 0;
}

Task<> ModbusDevice::set_coil(std::uint16_t address, bool on) {
  std::vector<std::uint16_t> value(1, on ? 1 : 0);
  co_await bus_->write(unit_, RegisterTable::coils, address, std::move(value), deadline());
  const bool back = co_await coil(address);
  if (back != on)
    throw ReadBackError(fmt::format("{}: coil {} set {} reads back {}", name_, address, on, back),
                        {name_, fmt::format("coil {} = {}", address, on), fmt::format("{}", back), {}});
}

std::uint16_t ModbusDevice::coil_address(const std::string& coil) const {
  return profile_.document().at("coils").at(coil).at("address");
}

Task<bool> ModbusDevice::status(std::string status_register, std::string bit) {
  const auto& reg = profile_.document().at("registers").at(status_register);
  const auto bits = reg.value("bits", nlohmann::json::object());
  if (!bits.contains(bit)) co_return false;
  const std::uint64_t word = co_await read_integer(status_register);
  co_return (word >> bits.at(bit).get<int>() & 1) != 0;
}

Task<std::string> ModbusDevice::identify() {
  const auto& where = profile_.document().at("identity");
  const std::uint16_t count = where.at("count");
  const auto words = co_await bus_->read(unit_, table_of(where.at("table")), where.at("address").get<std::uint16_t>(),
                                         count, deadline());
  if (where.at("type") != "ascii") co_return fmt::format("{}", join(words, "abcd"));
  std::string text;
  const std::size_t model_words = where.value("model_registers", static_cast<int>(count));
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i == model_words) text += ',';
    for (const int shift : {8, 0})
      if (const char c = static_cast<char>(words[i] >> shift & 0xFF); c != 0) text += c;
  }
  co_return text;
}

Task<OutputState> ModbusDevice::safe_step(const nlohmann::json& step, const std::string& role,
                                          const std::map<std::string, int>& bindings) {
  OutputState state{name_, role, "", "", false};
  try {
    if (step.contains("coil")) {
      std::string coil = step.at("coil");
      std::uint16_t address = 0;
      if (coil.front() == '{') {
        const auto bound = bindings.find(coil.substr(1, coil.size() - 2));
        if (bound == bindings.end()) co_return OutputState{name_, role, coil + " not bound", "not bound", true};
        coil = bound->first;
        address = static_cast<std::uint16_t>(bound->second);
      } else {
        address = coil_address(coil);
      }
      const bool on = step.at("value");
      state.setting = fmt::format("{} = {}", coil, on);
      std::vector<std::uint16_t> value(1, on ? 1 : 0);
      co_await bus_->write(unit_, RegisterTable::coils, address, std::move(value), deadline());
      const bool back = co_await this->coil(address);
      state.read_back = back ? "true" : "false";
      state.ok = back == on;
    } else {
      const std::string reg = step.at("register");
      const double value = step.at("value");
      state.setting = fmt::format("{} = {:g}", reg, value);
      co_await write(reg, value, step.value("within", 1e-6));
      state.read_back = fmt::format("{:g}", value);
      state.ok = true;
    }
  } catch (const Error& error) {
    state.read_back = error.what();
  }
  co_return state;
}

Task<std::vector<OutputState>> ModbusDevice::make_safe(std::string role, std::map<std::string, int> bindings) {
  std::vector<OutputState> states;
  for (const auto& step : profile_.role(role).at("safe_state"))
    states.push_back(co_await safe_step(step, role, bindings));
  co_return states;
}

}  // namespace meterrig
