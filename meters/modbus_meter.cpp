#include "meters/modbus_meter.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "meters/modbus_telegram.hpp"

namespace meterrig {
namespace {

using modbus_telegram::RegisterType;
using modbus_telegram::WordOrder;

// A meter that measures answers within some hundred milliseconds; a gateway adds its own.
constexpr Duration answer_time = 1s;

template <typename T>
T chosen(const std::map<std::string, T>& choices, const nlohmann::json& entry, const char* key, T usual) {
  const auto found = entry.find(key);
  return found == entry.end() ? usual : choices.at(found->get<std::string>());
}

std::vector<std::uint8_t> bytes_of(const std::vector<std::uint16_t>& registers) {
  std::vector<std::uint8_t> bytes;
  for (const std::uint16_t word : registers) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word));
  }
  return bytes;
}

}  // namespace

ModbusMeter::Place::Place(const MeterItem& its_item) : item(its_item) {
  static const std::map<std::string, RegisterTable> tables{{"holding", RegisterTable::holding},
                                                           {"input", RegisterTable::input},
                                                           {"coils", RegisterTable::coils},
                                                           {"discrete_inputs", RegisterTable::discrete_inputs}};
  static const std::map<std::string, std::optional<RegisterType>> types{
      {"u16", RegisterType::u16}, {"i16", RegisterType::i16},         {"u32", RegisterType::u32},
      {"i32", RegisterType::i32}, {"float32", RegisterType::float32}, {"bcd", RegisterType::bcd}};
  static const std::map<std::string, WordOrder> orders{
      {"abcd", WordOrder::abcd}, {"cdab", WordOrder::cdab}, {"badc", WordOrder::badc}, {"dcba", WordOrder::dcba}};
  const nlohmann::json& entry = item.entry;
  table = chosen(tables, entry, "table", RegisterTable::holding);
  address = static_cast<std::uint16_t>(std::stoul(entry.at("register").get<std::string>(), nullptr, 16));
  type = chosen(types, entry, "type", std::optional<RegisterType>());
  order = chosen(orders, entry, "word_order", WordOrder::abcd);
  const bool is_long = type && modbus_telegram::takes_registers(*type, 2) && type != RegisterType::bcd;
  count = entry.value("registers", is_long ? std::uint16_t{2} : std::uint16_t{1});
}

std::optional<std::string> ModbusMeter::Place::value(const std::vector<std::uint16_t>& registers) const {
  if (!type && !is_bit()) return field_text(item.format, bytes_of(registers));
  const auto text = is_bit() ? std::optional(std::to_string(registers.at(0)))
                             : modbus_telegram::register_value(registers, *type, order, item.format.decimals);
  const auto word = item.format.words.find(text.value_or(""));
  return word == item.format.words.end() ? text : word->second;
}

std::vector<std::uint16_t> ModbusMeter::Place::registers(const std::string& value) const {
  std::string plain = value;
  for (const auto& [raw, word] : item.format.words)
    if (word == value) plain = raw;
  if (is_bit()) {
    if (plain != "0" && plain != "1") throw UserError(fmt::format("found {:?}; expected 0 or 1", value));
    return {static_cast<std::uint16_t>(plain == "1")};
  }
  if (type) {
    try {
      return modbus_telegram::registers_of({item.name, plain, ""}, *type, order, item.format.decimals, count);
    } catch (const std::invalid_argument& wrong) {
      throw UserError(wrong.what());
    }
  }
  const std::vector<std::uint8_t> bytes = field_bytes(item.format, 2u * count, {item.name, value, ""});
  std::vector<std::uint16_t> words;
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    words.push_back(static_cast<std::uint16_t>(bytes[i] << 8 | bytes[i + 1]));
  return words;
}

ModbusMeter::ModbusMeter(Clock& clock, std::shared_ptr<RegisterBus> bus, int unit, const MeterProfile& profile,
                         std::string name)
    : clock_(clock), bus_(std::move(bus)), unit_(unit), profile_(profile), name_(std::move(name)) {
  for (const auto& [item_name, item] : profile.items()) places_.emplace(item_name, Place(item));
}

Instant ModbusMeter::deadline() const { return clock_.now() + answer_time + clock_.exchange_slack(); }

template <typename T>
Task<T> ModbusMeter::counted(std::string name, Task<T> exchange) {
  ++counters_.requests;
  try {
    if constexpr (std::is_void_v<T>) {
      co_await exchange;
      ++counters_.answers;
    } else {
      T result = co_await exchange;
      ++counters_.answers;
      co_return result;
    }
  } catch (const TimeoutError&) {
    ++counters_.silent;
    throw;
  } catch (const ModbusException& refusal) {
    ++counters_.refused;
    throw MeterRefused(fmt::format("{}: {:?}: {}", name_, name, refusal.what()), refusal.exchange());
  }
}

Task<std::vector<std::uint16_t>> ModbusMeter::read(const Place& place) {
  co_return co_await counted(place.item.name, bus_->read(unit_, place.table, place.address, place.count, deadline()));
}

Task<std::vector<MeterReading>> ModbusMeter::readings(std::vector<std::string> names) {
  std::vector<MeterReading> result;
  for (const std::string& name : names) {
    const Place& its = place(name);
    if (!its.item.readable()) throw UserError(fmt::format("{:?} of {} can be written only", name, profile_.id()));
    const std::vector<std::uint16_t> values = co_await read(its);
    const auto text = its.value(values);
    MeterReading reading{name, text.value_or(""), its.item.unit, {}, its.is_bit() ? "" : to_hex(bytes_of(values))};
    if (!text) reading.departures.emplace_back("no_value");
    result.push_back(std::move(reading));
  }
  co_return result;
}

Task<> ModbusMeter::write(std::string name, std::string value) {
  const Place& its = place(name);
  if (!its.item.writable()) throw UserError(fmt::format("{:?} of {} can be read only", name, profile_.id()));
  std::vector<std::uint16_t> values = its.registers(value);
  co_await counted(name, bus_->write(unit_, its.table, its.address, std::move(values), deadline()));
  if (name == "meter_address") unit_ = std::stoi(value);
}

Task<std::string> ModbusMeter::find_address() {
  // Modbus has no question to whoever is there: the first readable item is asked for.
  const auto readable =
      std::find_if(places_.begin(), places_.end(), [](const auto& entry) { return entry.second.item.readable(); });
  if (readable != places_.end()) co_await read(readable->second);
  co_return std::to_string(unit_);
}

}  // namespace meterrig
