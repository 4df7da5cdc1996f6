#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/encoding.hpp"
#include "meters/mbus_records.hpp"
#include "meters/mbus_units.hpp"
#include "meters/mbus_values.hpp"

namespace meterrig::mbus {
namespace {

constexpr std::uint8_t extension = 0x80, fb_vif = 0x7B, plain_text_vif = 0x7C, fd_vif = 0x7D, manufacturer_vif = 0x7F;
constexpr unsigned code_count = 0x80;
constexpr std::array tables{VifTable::primary, VifTable::fb, VifTable::fd};

// Takes "_storage_3" off the name; 0 when it isn't there.
std::uint64_t take_number(std::string& name, std::string_view suffix) {
  const std::size_t digits = name.find_last_not_of("0123456789") + 1;
  if (digits == name.size() || !std::string_view(name).substr(0, digits).ends_with(suffix)) return 0;
  std::uint64_t number = 0;
  const char* end = name.data() + name.size();
  if (std::from_chars(name.data() + digits, end, number).ec != std::errc()) return 0;
  name.erase(digits - suffix.size());
  return number;
}

Function take_function(std::string& name) {
  for (const Function function : {Function::maximum, Function::minimum, Function::error}) {
    if (!name.ends_with(function_suffix(function))) continue;
    name.erase(name.size() - function_suffix(function).size());
    return function;
  }
  return Function::instantaneous;
}

// One way to say a quantity: its VIF, and what the value is to be multiplied with.
struct Way {
  std::vector<std::uint8_t> vif;  // extension bits set on all but the last
  int exponent = 0;
  Kind kind = Kind::number;
  std::string unit;
};

void extend(Way& way, unsigned code) {
  way.vif.back() |= extension;
  way.vif.push_back(static_cast<std::uint8_t>(code));
}

bool is_number(const std::string& value) {
  return !value.empty() && value.find_first_not_of("-.0123456789") == std::string::npos;
}

// Takes "_07_1A" off the name: VIFEs that only their maker knows.
std::vector<std::uint8_t> take_codes(std::string& name) {
  static constexpr std::size_t size = 3;
  std::vector<std::uint8_t> codes;
  while (name.size() > size && name[name.size() - size] == '_' &&
         name.find_first_not_of("0123456789ABCDEF", name.size() - size + 1) == std::string::npos) {
    codes.insert(codes.begin(), hex_bytes({name, name.substr(name.size() - size + 1), ""}).front());
    name.erase(name.size() - size);
  }
  return codes;
}

// A name that is none of the list's is a VIF in plain text, which makers invent.
bool is_plain_text(const std::string& name) {
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos;
}

Way plain_text_way(const TelegramItem& item) {
  Way way{{plain_text_vif}, 0, is_number(item.value) ? Kind::number : Kind::identifier, ""};
  const auto text = data_of(Coding::variable, Kind::identifier, 0, {item.name, item.name, ""});
  way.vif.insert(way.vif.end(), text.begin(), text.end());
  return way;
}

// All ways to say the name.
std::vector<Way> ways_of(std::string_view name) {
  std::vector<Way> ways;
  for (const VifTable table : tables) {
    for (unsigned code = 0; code < code_count; ++code) {
      const auto quantity = mbus::quantity(table, static_cast<std::uint8_t>(code));
      if (!quantity || quantity->name != name) continue;
      Way way{{static_cast<std::uint8_t>(code)}, quantity->exponent, quantity->kind, std::string(quantity->unit)};
      const std::uint8_t first = table == VifTable::fb ? fb_vif : fd_vif;
      if (table != VifTable::primary) way.vif.insert(way.vif.begin(), first | extension);
      ways.push_back(std::move(way));
    }
  }
  return ways;
}

// The same with an orthogonal VIFE that the end of the name or of the unit asks for.
std::vector<Way> modified_ways_of(const TelegramItem& item) {
  std::vector<Way> ways = ways_of(item.name);
  const bool direct = std::any_of(ways.begin(), ways.end(), [&](const Way& way) { return way.unit == item.unit; });
  for (unsigned code = 0; code < code_count && !direct && !item.value.empty(); ++code) {
    const auto change = modifier(static_cast<std::uint8_t>(code));
    if (!change || change->exponent != 0) continue;
    if (!item.name.ends_with(change->name_suffix) || !item.unit.ends_with(change->unit_suffix)) continue;
    const auto unit = item.unit.substr(0, item.unit.size() - change->unit_suffix.size());
    for (Way& way : ways_of(std::string_view(item.name).substr(0, item.name.size() - change->name_suffix.size()))) {
      if (way.unit != unit) continue;
      way.unit = item.unit;
      extend(way, code);
      ways.push_back(std::move(way));
    }
  }
  return ways;
}

// The makers' VIFEs stand behind their VIF, or behind VIFE 7F of a quantity.
std::vector<Way> all_ways_of(TelegramItem item) {
  static constexpr std::string_view of_quantity = "_manufacturer", alone = "manufacturer_specific";
  const TelegramItem whole = item;
  const auto makers = take_codes(item.name);
  if (is_plain_text(item.name)) return {plain_text_way(whole)};
  const bool marked = item.name.ends_with(of_quantity);
  if (marked) item.name.erase(item.name.size() - of_quantity.size());
  if (!makers.empty() && !marked && item.name != alone) return {};
  std::vector<Way> ways = modified_ways_of(item);
  for (Way& way : ways) {
    if (marked) extend(way, manufacturer_vif);
    for (const std::uint8_t code : makers) extend(way, code & (extension - 1));
  }
  return ways;
}

EncodeError unknown_name(const TelegramItem& item, const std::string& plain) {
  std::vector<std::string> known{"manufacturer_data"};
  for (const VifTable table : tables)
    for (unsigned code = 0; code < code_count; ++code)
      if (const auto quantity = mbus::quantity(table, static_cast<std::uint8_t>(code)))
        known.emplace_back(quantity->name);
  return {EncodeFault::unknown_item,
          fmt::format("item {} is not known here{}", json::in_quotes(item.name), json::did_you_mean(plain, known))};
}

// A code whose leading zeros count is text.
bool is_text(const Way& way, const TelegramItem& item) {
  const bool leading_zero = item.value.size() > 1 && item.value.starts_with('0');
  return way.kind == Kind::identifier && (!is_number(item.value) || leading_zero);
}

bool fits(const Way& way, const TelegramItem& item) {
  try {
    integer_text(item, -way.exponent);
    return true;
  } catch (const EncodeError&) {
    return false;
  }
}

// Of the ways with the item's unit the one whose power of ten is nearest to the value's decimals.
const Way& choose(const std::vector<Way>& ways, const TelegramItem& item) {
  const Way* best = nullptr;
  const Way* unfit = nullptr;
  const int decimals = static_cast<int>(decimals_of(item.value));
  std::vector<std::string> units;
  for (const Way& way : ways) {
    units.push_back(way.unit);
    const bool number = is_number(item.value) && way.kind != Kind::date && way.kind != Kind::date_time;
    if (way.unit != item.unit && number) continue;
    unfit = &way;
    if (number && !is_text(way, item) && !fits(way, item)) continue;
    if (!best || std::abs(way.exponent + decimals) < std::abs(best->exponent + decimals)) best = &way;
  }
  if (best) return *best;
  if (unfit) integer_text(item, -unfit->exponent);  // says why
  throw other_unit(item, std::move(units));
}

Coding point_coding(const std::string& value) {
  if (value.size() == std::string_view("HH:MM:SS").size()) return Coding::int24;
  if (value.size() == std::string_view("YYYY-MM-DD").size()) return Coding::int16;
  return value.ends_with(":00") ? Coding::int32 : Coding::int48;
}

std::vector<std::uint8_t> number_record(RecordHead head, const Way& way, const TelegramItem& item,
                                        NumberCoding numbers) {
  const bool bcd = numbers == NumberCoding::bcd;
  head.coding = bcd ? Coding::bcd8 : Coding::int32;
  try {
    return encode_record(head, data_of(head.coding, way.kind, way.exponent, item));
  } catch (const EncodeError& small) {
    if (small.fault() != EncodeFault::out_of_range) throw;
    head.coding = bcd ? Coding::bcd12 : Coding::int64;
    return encode_record(head, data_of(head.coding, way.kind, way.exponent, item));
  }
}

}  // namespace

std::vector<std::uint8_t> record_of(const TelegramItem& item, NumberCoding numbers) {
  TelegramItem plain = item;
  RecordHead head;
  head.storage = take_number(plain.name, "_storage_");
  head.subunit = static_cast<std::uint32_t>(take_number(plain.name, "_subunit_"));
  head.tariff = static_cast<std::uint32_t>(take_number(plain.name, "_tariff_"));
  head.function = take_function(plain.name);
  const std::vector<Way> ways = all_ways_of(plain);
  if (ways.empty()) throw unknown_name(item, plain.name);
  const Way& way = item.value.empty() ? ways.front() : choose(ways, plain);
  head.vif = way.vif;
  if (item.value.empty()) return encode_record(head, {});
  const bool point = way.kind == Kind::date || way.kind == Kind::date_time;
  if (!point && !is_text(way, item)) return number_record(head, way, item, numbers);
  head.coding = point ? point_coding(item.value) : Coding::variable;
  return encode_record(head, data_of(head.coding, way.kind, way.exponent, item));
}

}  // namespace meterrig::mbus
