#include "meters/cjt188_items.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/cjt188.hpp"
#include "meters/cjt188_layouts.hpp"
#include "meters/encoding.hpp"

namespace meterrig::cjt188 {
namespace {

// 2004, table of ST: D1 D0 valve, D2 battery, D3 D4 reserved, all others the maker's.
constexpr std::array<std::string_view, 4> valve_states{"valve_open", "valve_closed", "valve_reserved", "valve_faulty"};
constexpr unsigned first_status_bit = 2, status_bits = 16;

std::string status_bit_name(unsigned bit) {
  return bit == 2 ? "battery_low" : fmt::format("{}_status_{}", bit < 5 ? "reserved" : "vendor", bit);
}

bool all_are(std::span<const std::uint8_t> bytes, std::uint8_t value) {
  return std::all_of(bytes.begin(), bytes.end(), [value](std::uint8_t byte) { return byte == value; });
}

// ss mm hh DD MM YY CC.
bool is_clock(std::span<const std::uint8_t> bytes) { return from_bcd(bytes) && is_time(clock_pattern, bytes); }

// Reads the fields of one layout.
class Reader {
 public:
  Reader(const Content& content, Telegram& telegram) : content_(content), telegram_(telegram) {}

  void read(const Record& record) {
    high_first_ = record.layout == Layout::vendor_high_first || clock_is_high_first(record.fields);
    unit_first_ = record.layout == Layout::vendor_unit_first || units_come_first(record.fields);
    if (record.layout != Layout::standard) depart("vendor_record");
    if (high_first_) depart("high_byte_first");
    if (unit_first_) depart("unit_before_value");
    for (const Field& field : record.fields) {
      one(field);
      at_ += field.size;
    }
    if (at_ < content_.bytes.size()) range("vendor", at_, content_.bytes.size());
  }

 private:
  // Once each: the items without a value, or without a unit, show which of them are meant.
  void depart(std::string_view departure) {
    auto& departures = telegram_.departures;
    if (std::find(departures.begin(), departures.end(), departure) == departures.end())
      departures.emplace_back(departure);
  }
  void range(std::string_view name, std::size_t from, std::size_t to) {
    telegram_.bytes.push_back({content_.from + from, content_.from + to, std::string(name)});
  }
  void item(const Field& field, std::string value, std::string_view unit = {}) {
    telegram_.items.push_back({std::string(field.name), std::move(value), std::string(unit)});
  }
  // The bytes of a value, low byte first.
  Bytes value_bytes(std::size_t from, std::size_t size) const {
    const auto bytes = content_.bytes.subspan(from, size);
    Bytes value(bytes.begin(), bytes.end());
    if (high_first_) std::reverse(value.begin(), value.end());
    return value;
  }

  // Some meters send all multi-byte values high byte first. The clock shows it: read as the standard says it is no
  // date of our time, read the other way it is one.
  bool clock_is_high_first(std::span<const Field> fields) const {
    std::size_t at = 0;
    for (const Field& field : fields) {
      if (field.form == Form::clock) {
        const Bytes low = value_bytes(at, field.size), high(low.rbegin(), low.rend());
        const bool is_ours = is_clock(low) && (low[6] == 0 || low[6] == 0x19 || low[6] == 0x20);
        return !is_ours && is_clock(high) && high[6] == 0x20;
      }
      at += field.size;
    }
    return false;
  }

  // One unit in front may be chance; that each of several amounts has a fitting one in front and not behind is not.
  bool units_come_first(std::span<const Field> fields) const {
    std::size_t at = 0;
    int amounts = 0, before = 0, behind = 0;
    for (const Field& field : fields) {
      if (field.form == Form::with_unit) {
        ++amounts;
        before += unit_fits(content_.bytes[at], field.quantity);
        behind += unit_fits(content_.bytes[at + field.size - 1], field.quantity);
      }
      at += field.size;
    }
    return amounts >= 2 && before == amounts && behind < amounts;
  }

  void one(const Field& field) {
    const std::size_t to = at_ + field.size;
    if (field.form == Form::with_unit) return with_unit(field);
    range(field.name, at_, to);
    const auto raw = content_.bytes.subspan(at_, field.size);
    switch (field.form) {
      case Form::bcd:
        return item(field, bcd(raw, field.decimals), field.unit);
      case Form::clock:
        return item(field, clock(field));
      case Form::address:
        return item(field, to_hex_reversed(raw));
      case Form::valve:
        return item(field, valve_command(raw[0]));
      case Form::status:
        telegram_.status = status_names(raw[0], raw[1]);
        return;
      default:
        if (field.name != "vendor") item(field, to_hex(raw));
    }
  }

  std::string bcd(std::span<const std::uint8_t> raw, int decimals) {
    Bytes value(raw.begin(), raw.end());
    if (high_first_) std::reverse(value.begin(), value.end());
    if (all_are(value, 0xFF)) {
      depart("no_value");
      return {};
    }
    const auto text = bcd_text(value, decimals);
    if (!text) depart("invalid_bcd");
    return text.value_or("");
  }

  void with_unit(const Field& field) {
    const std::size_t value_at = unit_first_ ? at_ + unit_size : at_;
    const std::size_t value_size = field.size - unit_size;
    const std::size_t unit_at = unit_first_ ? at_ : at_ + value_size;
    const UnitCode* unit = find_unit(content_.bytes[unit_at]);
    // A power of ten of the unit moves the point: the value stays exact.
    const int decimals = field.decimals - (unit != nullptr ? unit->tens : 0);
    item(field, bcd(content_.bytes.subspan(value_at, value_size), decimals),
         unit != nullptr ? unit->unit : std::string_view());
    if (unit == nullptr)
      depart("unknown_unit");
    else if (!unit_fits(unit->code, field.quantity))
      depart("unit_of_other_quantity");
    if (unit_first_) range("unit", unit_at, unit_at + unit_size);
    range(field.name, value_at, value_at + value_size);
    if (!unit_first_) range("unit", unit_at, unit_at + unit_size);
  }

  std::string clock(const Field& field) {
    const Bytes bytes = value_bytes(at_, field.size);
    if (all_are(bytes, 0x00)) {
      depart("no_time");
    } else if (all_are(bytes, 0xFF)) {
      depart("no_value");
    } else if (!from_bcd(bytes)) {
      depart("invalid_bcd");
    } else if (!is_clock(bytes)) {
      depart("invalid_time");
    } else {
      if (bytes[6] == 0) depart("century_missing");
      return time_text(clock_pattern, bytes);
    }
    return {};
  }

  std::string valve_command(std::uint8_t byte) {
    for (const ValveCommand& command : valve_commands)
      if (command.code == byte) return std::string(command.name);
    depart("unknown_valve_command");
    return {};
  }

  const Content& content_;
  Telegram& telegram_;
  std::size_t at_ = 0;
  bool high_first_ = false;
  bool unit_first_ = false;
};
// What can't be told apart is shown as it is.
void show_raw(const Content& content, Telegram& telegram) {
  if (content.bytes.empty()) return;
  telegram.items.push_back({"content", to_hex(content.bytes), ""});
  telegram.bytes.push_back({content.from, content.from + content.bytes.size(), "content"});
}

}  // namespace

std::vector<std::string> status_names(std::uint8_t st0, std::uint8_t st1) {
  const unsigned bits = static_cast<unsigned>(st1) << 8 | st0;
  std::vector<std::string> names{std::string(valve_states[bits & 3])};
  for (unsigned bit = first_status_bit; bit < status_bits; ++bit)
    if (bits >> bit & 1) names.push_back(status_bit_name(bit));
  return names;
}

std::array<std::uint8_t, 2> status_bytes(std::span<const std::string> names) {
  std::vector<std::string> known(valve_states.begin(), valve_states.end());
  for (unsigned bit = first_status_bit; bit < status_bits; ++bit) known.push_back(status_bit_name(bit));
  unsigned bits = 0, states = 0;
  for (const std::string& name : names) {
    const auto place = static_cast<unsigned>(std::find(known.begin(), known.end(), name) - known.begin());
    if (place == known.size())
      throw EncodeError(EncodeFault::unknown_item, fmt::format("status {} is not known here{}", json::in_quotes(name),
                                                               json::did_you_mean(name, known)));
    const bool is_state = place < valve_states.size();
    states += is_state;
    bits |= is_state ? place : 1u << (place - valve_states.size() + first_status_bit);
  }
  if (states != 1)
    throw EncodeError(EncodeFault::missing_item,
                      fmt::format("status has {} states of the valve, expected one of {}", states,
                                  json::choice(std::span(known).first(valve_states.size()))));
  return {static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8)};
}

void read_content(const Content& content, Telegram& telegram) {
  const Identifier* identifier = find_identifier(content.identifier);
  std::optional<std::size_t> expected;
  for (const Record* record : records_of({content.meter_type, content.is_reply, content.identifier})) {
    const std::size_t size = size_of(record->fields);
    // Of the maker's 9097H only the front is known.
    const bool fits =
        record->layout == Layout::vendor_unit_first ? content.bytes.size() >= size : content.bytes.size() == size;
    if (fits) return Reader(content, telegram).read(*record);
    if (!expected && identifier != nullptr) expected = size;
  }
  if (identifier == nullptr) telegram.departures.emplace_back("unknown_identifier");
  show_raw(content, telegram);
  const bool readings =
      content.is_reply && content.identifier >> 12 != 0xA && content.identifier != read_address_identifier;
  if (identifier == nullptr || identifier->open || (readings && !expected)) return;
  if (content.bytes.size() == expected.value_or(0)) return;
  telegram.valid = false;
  telegram.error = telegram_error::bad_record;
  telegram.explanation = fmt::format("byte {}: {:04X} is followed by {} bytes of content, expected {}", content.from,
                                     content.identifier, content.bytes.size(), expected.value_or(0));
}

}  // namespace meterrig::cjt188
