#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "meters/cjt188.hpp"
#include "meters/cjt188_layouts.hpp"
#include "meters/dlt645.hpp"
#include "meters/dlt645_items.hpp"
#include "tests/unit/meters/properties.hpp"

// Every data item of the two Chinese meter protocols, over its whole range: what a frame says makes the frame again.
namespace meterrig {
namespace {

using properties::any_bytes;
using properties::bcd_number;
using properties::comes_back;
using properties::moment;
using properties::one_of;
using properties::up_to;
using Bytes = std::vector<std::uint8_t>;

void append(Bytes& to, const Bytes& from) { to.insert(to.end(), from.begin(), from.end()); }

// --- CJ/T 188-2004, tables 5, 7 and 12 to 14; identifiers of the 2018 edition with a known layout
// ---------------------

struct Layout188 {
  std::uint8_t meter_type;
  const cjt188::Record* record;
};

// Each layout once for each kind of meter.
std::vector<Layout188> layouts188() {
  std::vector<Layout188> found;
  std::set<std::pair<std::uint8_t, const cjt188::Record*>> known;
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0x10, 0x20, 0x21, 0x30, 0x40})
    for (const bool is_reply : {false, true})
      for (unsigned identifier = 0; identifier <= 0xFFFF; ++identifier) {
        const auto records = cjt188::records_of({type, is_reply, static_cast<std::uint16_t>(identifier)});
        if (records.empty() || records.front()->layout != cjt188::Layout::standard) continue;
        if (known.insert({type, records.front()}).second) found.push_back({type, records.front()});
      }
  return found;
}

Bytes amount188(const cjt188::Field& field) {
  Bytes bytes = bcd_number(field.size - cjt188::unit_size);
  std::vector<std::uint8_t> codes;
  for (const cjt188::UnitCode& unit : cjt188::unit_codes())
    if (unit_fits(unit.code, field.quantity)) codes.push_back(unit.code);
  bytes.push_back(one_of(codes));
  return bytes;
}

Bytes field188(const cjt188::Field& field) {
  switch (field.form) {
    case cjt188::Form::bcd:
      return bcd_number(field.size);
    case cjt188::Form::with_unit:
      return amount188(field);
    case cjt188::Form::clock:
      return moment(cjt188::clock_pattern.order);
    case cjt188::Form::valve:
      return {one_of(cjt188::valve_commands).code};
    default:
      return any_bytes(field.size);
  }
}

Bytes frame188(std::uint8_t type, std::uint8_t control, std::uint16_t identifier, const Bytes& content) {
  cjt188::Frame frame{type, {}, control, {}};
  std::generate(frame.address.begin(), frame.address.end(), [] { return properties::bcd(up_to(99)); });
  frame.data = {static_cast<std::uint8_t>(identifier >> 8), static_cast<std::uint8_t>(identifier),
                static_cast<std::uint8_t>(up_to(0xFF))};
  append(frame.data, content);
  constexpr std::array preambles{0, 2, 3, 4};
  return encode(frame, one_of(preambles));
}

Telegram any188(const Layout188& layout) {
  const cjt188::Record& record = *layout.record;
  const auto identifier = static_cast<std::uint16_t>(record.first + up_to(record.last - record.first));
  Bytes content;
  for (const cjt188::Field& field : record.fields) append(content, field188(field));
  const auto control = static_cast<std::uint8_t>(cjt188::find_identifier(identifier)->function |
                                                 (record.is_reply ? cjt188::control::reply : 0));
  return comes_back("cjt188", frame188(layout.meter_type, control, identifier, content));
}

std::string name_of(const Layout188& layout) {
  return fmt::format("type {:02X}, {:04X}, {}", layout.meter_type, layout.record->first,
                     layout.record->is_reply ? "reply" : "request");
}

TEST(Cjt188Properties, EveryItemComesBack) {
  const auto layouts = layouts188();
  ASSERT_GT(layouts.size(), 100U);
  for (const Layout188& layout : layouts) EXPECT_TRUE(rc::check(name_of(layout), [&] { any188(layout); }));
}

TEST(Cjt188Properties, WhatDoesNotFitIsRefusedByName) {
  for (const Layout188& layout : layouts188()) {
    std::vector<std::size_t> numbers;
    for (std::size_t at = 0; at < layout.record->fields.size(); ++at) {
      const cjt188::Form form = layout.record->fields[at].form;
      if (form == cjt188::Form::bcd || form == cjt188::Form::with_unit) numbers.push_back(at);
    }
    if (numbers.empty()) continue;
    EXPECT_TRUE(rc::check(name_of(layout), [&] {
      const std::size_t at = one_of(numbers);
      const Telegram telegram = any188(layout);
      const std::string& unit = telegram.items[at].unit;
      RC_PRE(unit != "MW.h" && unit != "GJ");  // two codes with different decimals
      const cjt188::Field& field = layout.record->fields[at];
      const std::size_t size = field.form == cjt188::Form::with_unit ? field.size - cjt188::unit_size : field.size;
      properties::refusals(telegram, at, 2 * size, field.decimals);
    }));
  }
}

// Read requests, and writes without content: 6.2.5 and 8.1.
TEST(Cjt188Properties, RequestsWithoutContentComeBack) {
  std::vector<std::uint16_t> identifiers;
  for (unsigned each = 0; each <= 0xFFFF; ++each) {
    const auto identifier = static_cast<std::uint16_t>(each);
    if (cjt188::find_identifier(identifier) != nullptr && cjt188::records_of({0x10, false, identifier}).empty())
      identifiers.push_back(identifier);
  }
  EXPECT_TRUE(rc::check([&] {
    const std::uint16_t identifier = one_of(identifiers);
    comes_back("cjt188", frame188(0x10, cjt188::find_identifier(identifier)->function, identifier, {}));
  }));
}

// 8.1.3: SER ST0 ST1.
TEST(Cjt188Properties, AbnormalRepliesComeBack) {
  constexpr std::array<std::uint8_t, 6> controls{0xC1, 0xC3, 0xC4, 0xC9, 0xD5, 0xD6};
  EXPECT_TRUE(rc::check([&] { comes_back("cjt188", cjt188::encode({0x10, {}, one_of(controls), any_bytes(3)}, 2)); }));
}

// --- DL/T 645-2007, annex A ------------------------------------------------------------------------------------------

Bytes number645(const dlt645::Field& field) {
  Bytes bytes = bcd_number(field.size);
  if (!field.is_signed) return bytes;
  bytes.back() &= 0x7F;
  const bool zero = std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
  if (!zero && up_to(1) == 1) bytes.back() |= 0x80;
  return bytes;
}

// All codes that have a name.
Bytes word645(const dlt645::Field& field) {
  Bytes codes;
  for (unsigned code = 0; code < 0xFF; ++code) {
    const Bytes one{static_cast<std::uint8_t>(code)};
    if (field_text(field, one).departure.empty()) codes.push_back(one.front());
  }
  return {one_of(codes)};
}

Bytes text645(std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = up_to(size); i < size; ++i) bytes[i] = static_cast<std::uint8_t>(0x20 + up_to(0x7E - 0x20));
  return bytes;
}

Bytes field645(const dlt645::Field& field) {
  using dlt645::Format;
  static const std::map<Format, std::string_view> orders{{Format::clock_time, "smh"},    {Format::date_weekday, "WDMY"},
                                                         {Format::minute, "mhDMY"},      {Format::second, "smhDMY"},
                                                         {Format::date_time, "smhWDMY"}, {Format::month_minute, "mhDM"},
                                                         {Format::day_hour, "hD"}};
  if (const auto order = orders.find(field.format); order != orders.end()) return moment(order->second);
  switch (field.format) {
    case Format::decimal:
      return number645(field);
    case Format::digits:
    case Format::freeze_time:
      return bcd_number(field.size);
    case Format::text:
      return text645(field.size);
    case Format::baud_rate:
    case Format::relay_command:
    case Format::output_signal:
      return word645(field);
    case Format::reserved:
      return {0};
    default:
      return any_bytes(field.size);
  }
}

Bytes fields645(std::span<const dlt645::Field> fields) {
  Bytes bytes;
  for (const dlt645::Field& field : fields) append(bytes, field645(field));
  return bytes;
}

Bytes low_first(std::uint32_t identifier) {
  Bytes bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(identifier >> 8 * i));
  return bytes;
}

Telegram frame645(std::uint8_t control, const Bytes& data) {
  dlt645::Frame frame{{}, control, data};
  std::generate(frame.address.begin(), frame.address.end(), [] { return properties::bcd(up_to(99)); });
  return comes_back("dlt645", encode(frame, static_cast<int>(up_to(4))));
}

struct Layout645 {
  std::string name;
  std::vector<std::uint32_t> identifiers;
};

// Every identifier of the standard's tables, by what it holds: tables A.1 (energy), A.2 (demand), A.3 (variables), A.4
// (events), A.5 (parameters).
std::vector<Layout645> layouts645() {
  std::map<const dlt645::Field*, Layout645> found;
  const auto look = [&](std::uint32_t identifier) {
    const auto match = dlt645::find_2007(identifier);
    if (!match) return;
    Layout645& layout = found[match->pattern.layout.data()];
    if (layout.identifiers.empty()) layout.name = fmt::format("{:08X} {}", identifier, match->name);
    layout.identifiers.push_back(identifier);
  };
  for (std::uint32_t kind = 0; kind <= 4; ++kind)
    for (std::uint32_t second = 0; second <= 0x90; ++second)
      for (const std::uint32_t third : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xA, 0xB, 0xC, 0xD, 0xE, 0xF, 0x10, 0x3F, 0xFF})
        for (const std::uint32_t fourth : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0xA, 0xB, 0xC, 0xD, 0xE, 0xF, 0xFF})
          look(kind << 24 | second << 16 | third << 8 | fourth);
  std::vector<Layout645> layouts;
  for (auto& [fields, layout] : found) layouts.push_back(std::move(layout));
  return layouts;
}

// Of a block a few steps. Null: how the frame is divided isn't said.
std::optional<Bytes> content645(std::uint32_t identifier) {
  const auto match = dlt645::find_2007(identifier);
  const bool steps = match->step == dlt645::whole_block, settlements = match->settlement == dlt645::whole_block;
  if ((steps && settlements) || ((steps || settlements) && match->pattern.open)) return std::nullopt;
  Bytes content;
  for (std::uint64_t left = steps || settlements ? 1 + up_to(3) : 1; left > 0; --left)
    append(content, fields645(match->pattern.layout));
  if (match->pattern.open) append(content, any_bytes(up_to(9)));
  return content;
}

// PA P0 P1 P2 C0 C1 C2 C3.
Bytes authority645() { return any_bytes(8); }

TEST(Dlt645Properties, EveryItemComesBack) {
  const auto layouts = layouts645();
  ASSERT_GT(layouts.size(), 40U);
  for (const Layout645& layout : layouts) {
    EXPECT_TRUE(rc::check(layout.name, [&] {
      const std::uint32_t identifier = one_of(layout.identifiers);
      const auto content = content645(identifier);
      Bytes read = low_first(identifier), write = low_first(identifier);
      append(read, content.value_or(Bytes()));
      append(write, authority645());
      append(write, content.value_or(Bytes()));
      RC_PRE(content.has_value());
      frame645(0x91, read);
      frame645(0x14, write);
    }));
  }
}

TEST(Dlt645Properties, WhatDoesNotFitIsRefusedByName) {
  for (const Layout645& layout : layouts645()) {
    const auto fields = dlt645::find_2007(layout.identifiers.front())->pattern.layout;
    std::vector<std::pair<std::size_t, const dlt645::Field*>> numbers;  // and the place among the items
    std::size_t at = 0;
    for (const dlt645::Field& field : fields) {
      if (field.format == dlt645::Format::decimal || field.format == dlt645::Format::digits)
        numbers.emplace_back(at, &field);
      at += weekday_at(field.format) ? 2 : 1;
    }
    if (numbers.empty()) continue;
    EXPECT_TRUE(rc::check(layout.name, [&] {
      const std::uint32_t identifier = one_of(layout.identifiers);
      const auto match = dlt645::find_2007(identifier);
      RC_PRE(match->step != dlt645::whole_block && match->settlement != dlt645::whole_block);
      Bytes data = low_first(identifier);
      append(data, fields645(fields));
      const auto& [place, field] = one_of(numbers);
      properties::refusals(frame645(0x91, data), place, 2U * field->size, field->decimals);
    }));
  }
}

// DI3 = 05: single parts, and blocks of parts with AA behind each.
TEST(Dlt645Properties, FreezesComeBack) {
  constexpr std::array<std::uint32_t, 11> of{0x00010000, 0x00020000, 0x00030000, 0x00040000, 0x00050000, 0x00060000,
                                             0x00070000, 0x00080000, 0x01010000, 0x01020000, 0x02030000};
  static constexpr dlt645::Field frozen_at[]{{"", dlt645::Format::minute, 5}};
  const auto part = [&](std::size_t index) {
    if (index == 0) return fields645(frozen_at);
    const auto match = dlt645::find_2007(of[index - 1]);
    Bytes bytes;
    for (std::uint64_t left = 1 + up_to(3); left > 0; --left) append(bytes, fields645(match->pattern.layout));
    return bytes;
  };
  EXPECT_TRUE(rc::check("single parts", [&] {
    const std::size_t index = up_to(10);
    Bytes data{static_cast<std::uint8_t>(1 + up_to(11)), static_cast<std::uint8_t>(index),
               static_cast<std::uint8_t>(up_to(6)), 5};
    append(data, part(index));
    frame645(0x91, data);
  }));
  EXPECT_TRUE(rc::check("blocks", [&] {
    const std::uint8_t control = up_to(1) == 0 ? 0x91 : 0xB1;
    Bytes data{static_cast<std::uint8_t>(1 + up_to(11)), 0xFF, static_cast<std::uint8_t>(up_to(6)), 5};
    for (std::size_t index = 0, parts = 1 + up_to(7); index < parts; ++index) {
      append(data, part(index));
      data.push_back(dlt645::freeze_separator);
    }
    // A block that goes on in the next frame ends anywhere.
    if (control == 0xB1) data.resize(data.size() - up_to(data.size() - 4));
    frame645(control, data);
  }));
}

// Clause 7: what each command carries.
TEST(Dlt645Properties, CommandsComeBack) {
  static constexpr dlt645::Field moment_of_block[]{{"", dlt645::Format::decimal, 1}, {"", dlt645::Format::minute, 5}};
  static constexpr dlt645::Field clock[]{{"", dlt645::Format::second, 6}};
  static constexpr dlt645::Field relay[]{
      {"", dlt645::Format::relay_command, 1}, {"", dlt645::Format::reserved, 1}, {"", dlt645::Format::second, 6}};
  static constexpr dlt645::Field rate[]{{"", dlt645::Format::baud_rate, 1}};
  static constexpr dlt645::Field output[]{{"", dlt645::Format::output_signal, 1}};
  static constexpr dlt645::Field when[]{{"", dlt645::Format::freeze_time, 4}};
  static constexpr dlt645::Field number[]{{"", dlt645::Format::digits, 6}};
  const auto after = [](Bytes first, const Bytes& second) {
    append(first, second);
    return first;
  };
  EXPECT_TRUE(rc::check([&] {
    frame645(0x08, fields645(clock));
    frame645(0x11, any_bytes(4));
    frame645(0x11, after(any_bytes(4), fields645(moment_of_block)));
    frame645(0x12, any_bytes(5));
    frame645(0xB2, any_bytes(5 + up_to(50)));
    frame645(0x93, fields645(number));
    frame645(0x15, fields645(number));
    frame645(0x16, fields645(when));
    frame645(0x16, Bytes(4, 0x99));
    frame645(0x17, fields645(rate));
    frame645(0x97, fields645(rate));
    frame645(0x18, any_bytes(12));
    frame645(0x98, any_bytes(4));
    frame645(0x19, authority645());
    frame645(0x1A, authority645());
    frame645(0x1B, after(authority645(), any_bytes(4)));
    frame645(0x1C, after(authority645(), fields645(relay)));
    frame645(0x1D, fields645(output));
    frame645(0xD1, any_bytes(1));
    frame645(0x94, {});
  }));
}

}  // namespace
}  // namespace meterrig
