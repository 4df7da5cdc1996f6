#include "meters/cjt188_items.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "meters/cjt188.hpp"

namespace meterrig::cjt188 {
namespace {

enum class Form { bcd, with_unit, clock, hex, address, valve, status };

struct Field {
  std::string_view name;
  Form form = Form::hex;
  std::uint8_t size = 0;
  int decimals = 0;
  Quantity quantity = Quantity::any;  // with_unit: what its unit byte has to tell
  std::string_view unit;              // bcd: what the standard fixes
};

constexpr std::uint8_t unit_size = 1;

// Flow rates are XXXX.XXXX, all other amounts XXXXXX.XX; a unit byte follows.
constexpr Field amount(std::string_view name, Quantity quantity) {
  return {name, Form::with_unit, 4 + unit_size, quantity == Quantity::flow ? 4 : 2, quantity, {}};
}
constexpr Field number(std::string_view name, std::uint8_t size, int decimals = 0, std::string_view unit = {}) {
  return {name, Form::bcd, size, decimals, Quantity::any, unit};
}
constexpr Field other(std::string_view name, Form form, std::uint8_t size) {
  return {name, form, size, 0, Quantity::any, {}};
}
constexpr Field temperature(std::string_view name) { return number(name, 3, 2, "Cel"); }
constexpr Field hex_bytes(std::string_view name, std::uint8_t size) { return other(name, Form::hex, size); }

constexpr Field clock_field = other("clock", Form::clock, 7);
constexpr Field status_field = other("status", Form::status, 2);
constexpr Field working_time = number("working_time", 3, 0, "h");
constexpr Field cumulative_volume = amount("cumulative_volume", Quantity::volume);
constexpr Field settlement_day_volume = amount("settlement_day_volume", Quantity::volume);
constexpr Field flow = amount("flow", Quantity::flow);
constexpr Field power = amount("power", Quantity::power);
constexpr Field supply_temperature = temperature("supply_temperature");
constexpr Field return_temperature = temperature("return_temperature");

constexpr std::array volume_now{cumulative_volume, settlement_day_volume, clock_field, status_field};
constexpr std::array heat_now{amount("settlement_day_heat", Quantity::energy),
                              amount("cumulative_heat", Quantity::energy),
                              power,
                              flow,
                              cumulative_volume,
                              supply_temperature,
                              return_temperature,
                              working_time,
                              clock_field,
                              status_field};
// 21H counts cold in the fields where 20H counts heat.
constexpr std::array cold_now{amount("settlement_day_cold", Quantity::energy),
                              amount("cumulative_cold", Quantity::energy),
                              power,
                              flow,
                              cumulative_volume,
                              supply_temperature,
                              return_temperature,
                              working_time,
                              clock_field,
                              status_field};
// 40H to 49H: electricity and whatever else.
constexpr std::array other_now{amount("cumulative_value", Quantity::any), amount("settlement_day_value", Quantity::any),
                               clock_field, status_field};
constexpr std::array volume_then{settlement_day_volume};
constexpr std::array heat_then{amount("settlement_day_heat", Quantity::energy)};
constexpr std::array cold_then{amount("settlement_day_cold", Quantity::energy)};
constexpr std::array other_then{amount("settlement_day_value", Quantity::any)};
constexpr std::array prices{number("price_1", 3, 2), number("step_volume_1", 3), number("price_2", 3, 2),
                            number("step_volume_2", 3), number("price_3", 3, 2)};
constexpr std::array new_prices{prices[0], prices[1], prices[2], prices[3], prices[4], number("price_start_day", 1)};
constexpr std::array settlement_day{number("settlement_day", 1)};
constexpr std::array reading_day{number("reading_day", 1)};
constexpr std::array purchases{number("purchase_sequence", 1), number("purchased_money", 4, 2),
                               number("total_purchased_money", 4, 2), number("remaining_money", 4, 2), status_field};
constexpr std::array purchase{number("purchase_sequence", 1), number("purchased_money", 4, 2)};
constexpr std::array key_version{number("key_version", 1)};
constexpr std::array new_key{number("key_version", 1), hex_bytes("key", 8)};
constexpr std::array clock_only{clock_field};
constexpr std::array status_only{status_field};
constexpr std::array valve{other("valve_command", Form::valve, 1)};
constexpr std::array new_address{other("new_address", Form::address, 7)};
constexpr std::array base_value{amount("base_value", Quantity::volume)};
// 2018.
constexpr std::array power_only{power};
constexpr std::array supply_only{supply_temperature};
constexpr std::array return_only{return_temperature};
constexpr std::array working_time_only{working_time};
constexpr std::array energy_settlement{amount("settlement_day_heat", Quantity::energy),
                                       amount("settlement_day_cold", Quantity::energy), settlement_day_volume};
// The decimals of the pressure are not published.
constexpr std::array frozen{clock_field, cumulative_volume, flow, temperature("temperature"),
                            hex_bytes("pressure_bytes", 3)};
// Makers' own layouts, as seen in published frames.
constexpr std::array short_heat{supply_temperature, return_temperature, flow,
                                cumulative_volume,  heat_now[1],        working_time};
constexpr std::array vendor_volume{cumulative_volume, hex_bytes("vendor", 20), temperature("temperature"),
                                   hex_bytes("vendor", 4), clock_field};

enum class Layout { standard, vendor, vendor_high_first, vendor_unit_first };

struct Record {
  std::uint16_t first = 0, last = 0;
  bool is_reply = true;
  std::uint8_t first_type = 0, last_type = 0;
  std::span<const Field> fields;
  Layout layout = Layout::standard;
};

constexpr std::array records{
    Record{0x901F, 0x901F, true, 0x10, 0x19, volume_now},
    Record{0x901F, 0x901F, true, 0x30, 0x39, volume_now},
    Record{0x901F, 0x901F, true, 0x40, 0x49, other_now},
    Record{0x901F, 0x901F, true, 0x21, 0x21, cold_now},
    Record{0x901F, 0x901F, true, 0x20, 0x29, heat_now},
    Record{0x901F, 0x901F, true, 0x20, 0x29, short_heat, Layout::vendor_high_first},
    Record{0x9097, 0x9097, true, 0x10, 0x19, vendor_volume, Layout::vendor_unit_first},
    Record{0xD120, 0xD12B, true, 0x10, 0x19, volume_then},
    Record{0xD120, 0xD12B, true, 0x30, 0x39, volume_then},
    Record{0xD120, 0xD12B, true, 0x40, 0x49, other_then},
    Record{0xD120, 0xD12B, true, 0x21, 0x21, cold_then},
    Record{0xD120, 0xD12B, true, 0x20, 0x29, heat_then},
    Record{0x8102, 0x8102, true, 0x00, 0xFF, prices},
    Record{0x8103, 0x8103, true, 0x00, 0xFF, settlement_day},
    Record{0x8104, 0x8104, true, 0x00, 0xFF, reading_day},
    Record{0x8105, 0x8105, true, 0x00, 0xFF, purchases},
    Record{0x8106, 0x8106, true, 0x00, 0xFF, key_version},
    Record{0xA010, 0xA010, false, 0x00, 0xFF, new_prices},
    Record{0xA010, 0xA010, true, 0x00, 0xFF, status_only},
    Record{0xA011, 0xA011, false, 0x00, 0xFF, settlement_day},
    Record{0xA012, 0xA012, false, 0x00, 0xFF, reading_day},
    Record{0xA013, 0xA013, false, 0x00, 0xFF, purchase},
    Record{0xA013, 0xA013, true, 0x00, 0xFF, purchase},
    Record{0xA014, 0xA014, false, 0x00, 0xFF, new_key},
    Record{0xA014, 0xA014, true, 0x00, 0xFF, key_version},
    Record{0xA015, 0xA015, false, 0x00, 0xFF, clock_only},
    Record{0xA016, 0xA016, false, 0x00, 0xFF, base_value},
    Record{0xA016, 0xA016, true, 0x00, 0xFF, status_only},
    Record{0xA017, 0xA017, false, 0x00, 0xFF, valve},
    Record{0xA017, 0xA017, true, 0x00, 0xFF, status_only},
    Record{0xA018, 0xA018, false, 0x00, 0xFF, new_address},
    Record{0x903F, 0x903F, true, 0x00, 0xFF, power_only},
    Record{0x904F, 0x904F, true, 0x00, 0xFF, return_only},
    Record{0x905F, 0x905F, true, 0x00, 0xFF, supply_only},
    Record{0x906F, 0x906F, true, 0x00, 0xFF, working_time_only},
    Record{0x907F, 0x907F, true, 0x00, 0xFF, clock_only},
    Record{0xD200, 0xD2FF, true, 0x20, 0x29, energy_settlement},
    Record{0xD300, 0xD4FF, true, 0x00, 0xFF, frozen},
};

constexpr std::array identifiers{
    Identifier{0x901F, 0x901F, control::read_data},
    Identifier{0xD120, 0xD12B, control::read_data},
    Identifier{0x8102, 0x8105, control::read_data},
    Identifier{0x8106, 0x8106, control::read_key_version},
    Identifier{0x810A, 0x810A, control::read_address},
    Identifier{0xA010, 0xA015, control::write_data},
    Identifier{0xA016, 0xA016, control::write_motor_sync},
    Identifier{0xA017, 0xA017, control::write_data},
    Identifier{0xA018, 0xA018, control::write_address},
    Identifier{0xA019, 0xA019, control::write_data},
    Identifier{0x903F, 0x903F, control::read_data, 2018},
    Identifier{0x904F, 0x904F, control::read_data, 2018},
    Identifier{0x905F, 0x905F, control::read_data, 2018},
    Identifier{0x906F, 0x906F, control::read_data, 2018},
    Identifier{0x907F, 0x907F, control::read_data, 2018},
    Identifier{0x911F, 0x911F, control::read_data, 2018, true},
    Identifier{0xD200, 0xD4FF, control::read_data, 2018},
    Identifier{0xA101, 0xA102, control::write_data, 2018},
    Identifier{0xA103, 0xA107, control::write_data, 2018, true},
};

constexpr std::array units{
    UnitCode{0x01, Quantity::energy, "J"},       UnitCode{0x02, Quantity::energy, "W.h"},
    UnitCode{0x05, Quantity::energy, "kW.h"},    UnitCode{0x08, Quantity::energy, "MW.h"},
    UnitCode{0x0A, Quantity::energy, "MW.h", 2}, UnitCode{0x0B, Quantity::energy, "kJ"},
    UnitCode{0x0E, Quantity::energy, "MJ"},      UnitCode{0x11, Quantity::energy, "GJ"},
    UnitCode{0x13, Quantity::energy, "GJ", 2},   UnitCode{0x14, Quantity::power, "W"},
    UnitCode{0x17, Quantity::power, "kW"},       UnitCode{0x1A, Quantity::power, "MW"},
    UnitCode{0x29, Quantity::volume, "L"},       UnitCode{0x2C, Quantity::volume, "m3"},
    UnitCode{0x32, Quantity::flow, "L/h"},       UnitCode{0x35, Quantity::flow, "m3/h"},
};

std::size_t size_of(std::span<const Field> fields) {
  std::size_t size = 0;
  for (const Field& field : fields) size += field.size;
  return size;
}

bool unit_fits(std::uint8_t code, Quantity quantity) {
  const UnitCode* unit = find_unit(code);
  return unit != nullptr && (quantity == Quantity::any || unit->quantity == quantity);
}

bool all_are(std::span<const std::uint8_t> bytes, std::uint8_t value) {
  return std::all_of(bytes.begin(), bytes.end(), [value](std::uint8_t byte) { return byte == value; });
}

// A clock low byte first: ss mm hh DD MM YY CC.
struct Clock7 {
  std::array<unsigned, 7> at{};
  bool is_bcd = true;
  bool is_date() const {
    return is_bcd && at[0] < 60 && at[1] < 60 && at[2] < 24 && at[3] >= 1 && at[3] <= 31 && at[4] >= 1 && at[4] <= 12;
  }
};

Clock7 clock_of(std::span<const std::uint8_t> bytes) {
  Clock7 clock;
  for (std::size_t i = 0; i < clock.at.size(); ++i) {
    const auto part = from_bcd(bytes.subspan(i, 1));
    clock.is_bcd = clock.is_bcd && part.has_value();
    clock.at[i] = static_cast<unsigned>(part.value_or(0));
  }
  return clock;
}

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
        const Bytes bytes = value_bytes(at, field.size);
        const Clock7 low = clock_of(bytes), high = clock_of(Bytes(bytes.rbegin(), bytes.rend()));
        const bool is_ours = low.is_date() && (low.at[6] == 0 || low.at[6] == 19 || low.at[6] == 20);
        return !is_ours && high.is_date() && high.at[6] == 20;
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
    const Clock7 clock = clock_of(bytes);
    if (all_are(bytes, 0x00)) {
      depart("no_time");
    } else if (all_are(bytes, 0xFF)) {
      depart("no_value");
    } else if (!clock.is_bcd) {
      depart("invalid_bcd");
    } else if (!clock.is_date()) {
      depart("invalid_time");
    } else {
      if (clock.at[6] == 0) depart("century_missing");
      return fmt::format("{:02}{:02}-{:02}-{:02}T{:02}:{:02}:{:02}", clock.at[6], clock.at[5], clock.at[4], clock.at[3],
                         clock.at[2], clock.at[1], clock.at[0]);
    }
    return {};
  }

  std::string valve_command(std::uint8_t byte) {
    if (byte == 0x55) return "valve_open";
    if (byte == 0x99) return "valve_close";
    depart("unknown_valve_command");
    return {};
  }

  const Content& content_;
  Telegram& telegram_;
  std::size_t at_ = 0;
  bool high_first_ = false;
  bool unit_first_ = false;
};

bool is_for(const Record& record, const Content& content) {
  return content.identifier >= record.first && content.identifier <= record.last &&
         content.is_reply == record.is_reply && content.meter_type >= record.first_type &&
         content.meter_type <= record.last_type;
}

// What can't be told apart is shown as it is.
void show_raw(const Content& content, Telegram& telegram) {
  if (content.bytes.empty()) return;
  telegram.items.push_back({"content", to_hex(content.bytes), ""});
  telegram.bytes.push_back({content.from, content.from + content.bytes.size(), "content"});
}

}  // namespace

std::span<const UnitCode> unit_codes() { return units; }

const UnitCode* find_unit(std::uint8_t code) {
  const auto* found = std::find_if(units.begin(), units.end(), [code](const UnitCode& u) { return u.code == code; });
  return found == units.end() ? nullptr : found;
}

const Identifier* find_identifier(std::uint16_t identifier) {
  const auto* found = std::find_if(identifiers.begin(), identifiers.end(), [identifier](const Identifier& known) {
    return identifier >= known.first && identifier <= known.last;
  });
  return found == identifiers.end() ? nullptr : found;
}

std::vector<std::string> status_names(std::uint8_t st0, std::uint8_t st1) {
  // 2004, table of ST: D1 D0 valve, D2 battery, D3 D4 reserved, all others the maker's.
  static constexpr std::array<std::string_view, 4> valve_states{"valve_open", "valve_closed", "valve_reserved",
                                                                "valve_faulty"};
  std::vector<std::string> names{std::string(valve_states[st0 & 3])};
  if (st0 & 4) names.emplace_back("battery_low");
  const unsigned bits = static_cast<unsigned>(st1) << 8 | st0;
  for (unsigned bit = 3; bit < 16; ++bit)
    if (bits >> bit & 1) names.push_back(fmt::format("{}_status_{}", bit < 5 ? "reserved" : "vendor", bit));
  return names;
}

void read_content(const Content& content, Telegram& telegram) {
  const Identifier* identifier = find_identifier(content.identifier);
  std::optional<std::size_t> expected;
  for (const Record& record : records) {
    if (!is_for(record, content)) continue;
    const std::size_t size = size_of(record.fields);
    // Of the maker's 9097H only the front is known.
    const bool fits =
        record.layout == Layout::vendor_unit_first ? content.bytes.size() >= size : content.bytes.size() == size;
    if (fits) return Reader(content, telegram).read(record);
    if (!expected && identifier != nullptr) expected = size;
  }
  if (identifier == nullptr) telegram.departures.emplace_back("unknown_identifier");
  show_raw(content, telegram);
  const bool readings = content.is_reply && content.identifier >> 12 != 0xA && content.identifier != 0x810A;
  if (identifier == nullptr || identifier->open || (readings && !expected)) return;
  if (content.bytes.size() == expected.value_or(0)) return;
  telegram.valid = false;
  telegram.error = telegram_error::bad_record;
  telegram.explanation = fmt::format("byte {}: {:04X} is followed by {} bytes of content, expected {}", content.from,
                                     content.identifier, content.bytes.size(), expected.value_or(0));
}

}  // namespace meterrig::cjt188
