#include "meters/modbus_meter.hpp"

#include <algorithm>
#include <map>
#include <optional>
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

struct Place {
  RegisterTable table = RegisterTable::holding;
  std::uint16_t address = 0;
  std::uint16_t count = 1;
  std::optional<RegisterType> type;  // none: the registers' bytes, high byte first, are a field
  WordOrder order = WordOrder::abcd;
  int decimals = 0;
};

Place place_of(const MeterItem& item) {
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
  Place place;
  place.table = chosen(tables, entry, "table", RegisterTable::holding);
  place.address = static_cast<std::uint16_t>(std::stoul(entry.at("register").get<std::string>(), nullptr, 16));
  place.type = chosen(types, entry, "type", std::optional<RegisterType>());
  place.order = chosen(orders, entry, "word_order", WordOrder::abcd);
  place.decimals = item.format.decimals;
  const bool is_long =
      place.type == RegisterType::u32 || place.type == RegisterType::i32 || place.type == RegisterType::float32;
  place.count = entry.value("registers", is_long ? std::uint16_t{2} : std::uint16_t{1});
  return place;
}

bool is_bit(const Place& place) {
  return place.table == RegisterTable::coils || place.table == RegisterTable::discrete_inputs;
}

std::vector<std::uint8_t> bytes_of(const std::vector<std::uint16_t>& registers) {
  std::vector<std::uint8_t> bytes;
  for (const std::uint16_t word : registers) {
    bytes.push_back(static_cast<std::uint8_t>(word >> 8));
    bytes.push_back(static_cast<std::uint8_t>(word));
  }
  return bytes;
}

std::optional<std::string> value_of(const MeterItem& item, const std::vector<std::uint16_t>& registers) {
  const Place place = place_of(item);
  if (!place.type && !is_bit(place)) return field_text(item.format, bytes_of(registers));
  const auto text = is_bit(place)
                        ? std::optional(std::to_string(registers.at(0)))
                        : modbus_telegram::register_value(registers, *place.type, place.order, place.decimals);
  const auto word = item.format.words.find(text.value_or(""));
  return word == item.format.words.end() ? text : word->second;
}

std::vector<std::uint16_t> registers_of(const MeterItem& item, const std::string& value) {
  const Place place = place_of(item);
  std::string plain = value;
  for (const auto& [raw, word] : item.format.words)
    if (word == value) plain = raw;
  if (is_bit(place)) {
    if (plain != "0" && plain != "1") throw UserError(fmt::format("found {:?}; expected 0 or 1", value));
    return {static_cast<std::uint16_t>(plain == "1")};
  }
  if (place.type) {
    try {
      return modbus_telegram::registers_of({item.name, plain, ""}, *place.type, place.order, place.decimals,
                                           place.count);
    } catch (const std::invalid_argument& wrong) {
      throw UserError(wrong.what());
    }
  }
  const std::vector<std::uint8_t> bytes = field_bytes(item.format, 2u * place.count, {item.name, value, ""});
  std::vector<std::uint16_t> registers;
  for (std::size_t i = 0; i < bytes.size(); i += 2)
    registers.push_back(static_cast<std::uint16_t>(bytes[i] << 8 | bytes[i + 1]));
  return registers;
}

}  // namespace

ModbusMeter::ModbusMeter(Clock& clock, std::shared_ptr<RegisterBus> bus, int unit, const MeterProfile& profile,
                         std::string name)
    : clock_(clock), bus_(std::move(bus)), unit_(unit), profile_(profile), name_(std::move(name)) {}

Instant ModbusMeter::deadline() const { return clock_.now() + answer_time + clock_.exchange_slack(); }

Task<std::vector<std::uint16_t>> ModbusMeter::registers(const MeterItem& item) {
  const Place place = place_of(item);
  ++counters_.requests;
  try {
    auto values = co_await bus_->read(unit_, place.table, place.address, place.count, deadline());
    ++counters_.answers;
    co_return values;
  } catch (const TimeoutError&) {
    ++counters_.silent;
    throw;
  } catch (const ModbusException& refusal) {
    ++counters_.refused;
    throw MeterRefused(fmt::format("{}: {:?}: {}", name_, item.name, refusal.what()), refusal.exchange());
  }
}

Task<std::vector<MeterReading>> ModbusMeter::readings(std::vector<std::string> names) {
  std::vector<MeterReading> result;
  for (const std::string& name : names) {
    const MeterItem& item = profile_.item(name);
    if (!item.readable()) throw UserError(fmt::format("{:?} of {} can be written only", name, profile_.id()));
    const std::vector<std::uint16_t> values = co_await registers(item);
    const auto text = value_of(item, values);
    MeterReading reading{
        name, text.value_or(""), item.unit, {}, is_bit(place_of(item)) ? "" : to_hex(bytes_of(values))};
    if (!text) reading.departures.emplace_back("no_value");
    result.push_back(std::move(reading));
  }
  co_return result;
}

Task<> ModbusMeter::write(std::string name, std::string value) {
  const MeterItem& item = profile_.item(name);
  if (!item.writable()) throw UserError(fmt::format("{:?} of {} can be read only", name, profile_.id()));
  const Place place = place_of(item);
  std::vector<std::uint16_t> values = registers_of(item, value);
  ++counters_.requests;
  try {
    co_await bus_->write(unit_, place.table, place.address, std::move(values), deadline());
    ++counters_.answers;
  } catch (const TimeoutError&) {
    ++counters_.silent;
    throw;
  } catch (const ModbusException& refusal) {
    ++counters_.refused;
    throw MeterRefused(fmt::format("{}: {:?}: {}", name_, item.name, refusal.what()), refusal.exchange());
  }
  if (name == "meter_address") unit_ = std::stoi(value);
}

Task<std::string> ModbusMeter::find_address() {
  // Modbus has no question to whoever is there: the first readable item is asked for.
  const auto& items = profile_.items();
  const auto readable =
      std::find_if(items.begin(), items.end(), [](const auto& entry) { return entry.second.readable(); });
  if (readable != items.end()) co_await registers(readable->second);
  co_return std::to_string(unit_);
}

}  // namespace meterrig
