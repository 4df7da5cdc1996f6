#include "meters/dlt645_items.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>

#include "meters/dlt645.hpp"

namespace meterrig::dlt645 {

namespace {

using Span = std::span<const std::uint8_t>;

struct TimeFormat {
  Format format;
  std::string_view order;  // the bytes of the line
  std::string_view text;   // as ISO 8601, cut to what there is
};
constexpr std::array time_formats{TimeFormat{Format::clock_time, "smh", "h:m:s"},
                                  TimeFormat{Format::date_weekday, "WDMY", "20Y-M-D"},
                                  TimeFormat{Format::minute, "mhDMY", "20Y-M-DTh:m"},
                                  TimeFormat{Format::second, "smhDMY", "20Y-M-DTh:m:s"},
                                  TimeFormat{Format::date_time, "smhWDMY", "20Y-M-DTh:m:s"},
                                  TimeFormat{Format::month_minute, "mhDM", "M-DTh:m"},
                                  TimeFormat{Format::day_hour, "hD", "DTh"}};

struct Limit {
  char letter;
  unsigned least, most;
};
constexpr std::array limits{Limit{'s', 0, 59}, Limit{'m', 0, 59}, Limit{'h', 0, 23}, Limit{'W', 0, 6},
                            Limit{'D', 1, 31}, Limit{'M', 1, 12}, Limit{'Y', 0, 99}};

// Z of the baud-rate words, one bit each.
struct Rate {
  std::uint8_t bits;
  std::string_view baud;
};
constexpr std::array rates{Rate{0x02, "600"},  Rate{0x04, "1200"}, Rate{0x08, "2400"},
                           Rate{0x10, "4800"}, Rate{0x20, "9600"}, Rate{0x40, "19200"}};

// The bits of the status words that have a name.
struct StatusBit {
  unsigned word;  // 4 stands for 4, 5 and 6, one for each phase
  unsigned bit;
  std::string_view name;
};
constexpr std::array status_bits{StatusBit{1, 1, "demand_by_sliding"},
                                 StatusBit{1, 2, "clock_battery_low"},
                                 StatusBit{1, 3, "reading_battery_low"},
                                 StatusBit{1, 4, "active_power_reversed"},
                                 StatusBit{1, 5, "reactive_power_reversed"},
                                 StatusBit{2, 0, "active_power_reversed_a"},
                                 StatusBit{2, 1, "active_power_reversed_b"},
                                 StatusBit{2, 2, "active_power_reversed_c"},
                                 StatusBit{2, 4, "reactive_power_reversed_a"},
                                 StatusBit{2, 5, "reactive_power_reversed_b"},
                                 StatusBit{2, 6, "reactive_power_reversed_c"},
                                 StatusBit{3, 0, "second_period_table"},
                                 StatusBit{3, 1, "auxiliary_supply"},
                                 StatusBit{3, 2, "battery_supply"},
                                 StatusBit{3, 3, "programming_permitted"},
                                 StatusBit{3, 4, "relay_open"},
                                 StatusBit{3, 5, "second_zone_table"},
                                 StatusBit{3, 6, "relay_commanded_open"},
                                 StatusBit{3, 7, "trip_warning"},
                                 StatusBit{4, 0, "voltage_loss"},
                                 StatusBit{4, 1, "undervoltage"},
                                 StatusBit{4, 2, "overvoltage"},
                                 StatusBit{4, 3, "current_loss"},
                                 StatusBit{4, 4, "overcurrent"},
                                 StatusBit{4, 5, "overload"},
                                 StatusBit{4, 6, "power_reversal"},
                                 StatusBit{4, 7, "phase_break"},
                                 StatusBit{4, 8, "current_break"},
                                 StatusBit{7, 0, "voltage_sequence_reversed"},
                                 StatusBit{7, 1, "current_sequence_reversed"},
                                 StatusBit{7, 2, "voltage_unbalance"},
                                 StatusBit{7, 3, "current_unbalance"},
                                 StatusBit{7, 4, "auxiliary_supply_lost"},
                                 StatusBit{7, 5, "power_down"},
                                 StatusBit{7, 6, "demand_exceeded"},
                                 StatusBit{7, 7, "power_factor_low"}};

// DI3 = 05: DI2 says why the meter froze, DI1 what. In a block a separator stands behind each part.
constexpr std::uint8_t freeze_separator = 0xAA;
constexpr std::array<std::string_view, 7> freeze_kinds{"timed",  "instant",     "zone_switch", "period_switch",
                                                       "hourly", "step_switch", "daily"};
constexpr Field freeze_time[]{{"", Format::minute, 5}};
struct FreezePart {
  unsigned number;
  std::uint32_t identifier;  // of the same data outside freezes; 0: the time
  unsigned most;             // tariffs or phases
};
constexpr std::array freeze_parts{
    FreezePart{0x00, 0, 1},           FreezePart{0x01, 0x00010000, 64}, FreezePart{0x02, 0x00020000, 64},
    FreezePart{0x03, 0x00030000, 64}, FreezePart{0x04, 0x00040000, 64}, FreezePart{0x05, 0x00050000, 64},
    FreezePart{0x06, 0x00060000, 64}, FreezePart{0x07, 0x00070000, 64}, FreezePart{0x08, 0x00080000, 64},
    FreezePart{0x09, 0x01010000, 64}, FreezePart{0x0A, 0x01020000, 64}, FreezePart{0x10, 0x0203FF00, 4},
    FreezePart{0x10, 0x0204FF00, 4}};

bool all(Span bytes, std::uint8_t value) {
  return std::all_of(bytes.begin(), bytes.end(), [value](std::uint8_t byte) { return byte == value; });
}

bool is_bcd(Span bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t byte) { return byte >> 4 <= 9 && (byte & 0x0F) <= 9; });
}

const TimeFormat* time_format(Format format) {
  const auto* found = std::find_if(time_formats.begin(), time_formats.end(),
                                   [format](const TimeFormat& each) { return each.format == format; });
  return found == time_formats.end() ? nullptr : found;
}

bool within_limits(const TimeFormat& format, Span bytes) {
  for (std::size_t i = 0; i < format.order.size(); ++i) {
    const unsigned value = (bytes[i] >> 4) * 10U + (bytes[i] & 0x0FU);
    for (const Limit& limit : limits)
      if (limit.letter == format.order[i] && (value < limit.least || value > limit.most)) return false;
  }
  return true;
}

std::string time_text(Reader& reader, const TimeFormat& format, Span bytes) {
  // An event that hasn't happened is sent as zeros; midnight alone is a time.
  const bool dated = format.order.find('D') != std::string_view::npos;
  if (dated && all(bytes, 0)) return reader.departure("no_time"), "";
  if (!is_bcd(bytes)) return reader.departure("invalid_bcd"), "";
  if (!within_limits(format, bytes)) return reader.departure("invalid_time"), "";
  std::string text;
  for (const char letter : format.text) {
    const std::size_t at = format.order.find(letter);
    if (at == std::string_view::npos)
      text += letter;
    else
      text += fmt::format("{:02X}", bytes[at]);
  }
  return text;
}

// The last character comes first; what is not printable is padding.
std::string ascii_text(Span bytes) {
  std::string text;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte)
    if (*byte >= 0x20 && *byte < 0x7F) text += static_cast<char>(*byte);
  const std::size_t end = text.find_last_not_of(' ');
  return text.substr(0, end == std::string::npos ? 0 : end + 1);
}

std::string baud_text(Reader& reader, std::uint8_t bits) {
  for (const Rate& rate : rates)
    if (rate.bits == bits) return std::string(rate.baud);
  reader.departure("unknown_baud_rate");
  return "";
}

void note_status(Telegram& telegram, unsigned word, Span bytes) {
  const unsigned bits = bytes[0] | bytes[1] << 8;
  const bool of_phase = word >= 4 && word <= 6;
  for (const StatusBit& each : status_bits) {
    if (each.word != (of_phase ? 4 : word) || (bits >> each.bit & 1) == 0) continue;
    std::string name(each.name);
    if (of_phase) name += std::string("_") + static_cast<char>('a' + word - 4);
    telegram.status.push_back(std::move(name));
  }
}

std::string bcd_value(Reader& reader, const Field& field, Span bytes) {
  if (field.format == Format::digits && is_bcd(bytes)) return to_hex_reversed(bytes);
  if (field.format == Format::decimal)
    if (auto text = bcd_text(bytes, field.decimals, field.is_signed)) return *text;
  reader.departure("invalid_bcd");
  return "";
}

std::string value_text(Reader& reader, const Field& field, Span bytes) {
  // What a meter doesn't measure it sends as FF.
  const bool may_be_missing = field.format != Format::hex && field.format != Format::status_word;
  if (may_be_missing && all(bytes, 0xFF)) return reader.departure("no_value"), "";
  if (const TimeFormat* format = time_format(field.format)) return time_text(reader, *format, bytes);
  switch (field.format) {
    case Format::decimal:
    case Format::digits:
      return bcd_value(reader, field, bytes);
    case Format::text:
      return ascii_text(bytes);
    case Format::baud_rate:
      return baud_text(reader, bytes[0]);
    default:
      return to_hex_reversed(bytes);
  }
}

std::string item_name(const Field& field, const std::string& name) {
  if (field.name.empty()) return name;
  return field.name.front() == '_' ? name + std::string(field.name) : std::string(field.name);
}

std::size_t size_of(std::span<const Field> fields) {
  std::size_t size = 0;
  for (const Field& field : fields) size += field.size;
  return size;
}

std::string step_name(const Match& match, unsigned step, unsigned settlement) {
  std::string name = match.name;
  switch (match.pattern.axis) {
    case Axis::none:
      break;
    case Axis::tariff:
    case Axis::tariff_1997:
      if (step > 0) name += fmt::format("_tariff_{}", step);
      if (settlement > 0)
        name += fmt::format("_{}_{}", match.pattern.axis == Axis::tariff ? "settlement" : "month", settlement);
      break;
    case Axis::phase:
    case Axis::total_and_phase:
    case Axis::phase_1997:
      if (step > 0) name += step <= 3 ? std::string("_") + static_cast<char>('a' + step - 1) : fmt::format("_{}", step);
      break;
    case Axis::number:
      name += fmt::format("_{}", step);
      break;
  }
  return name;
}

// A block begins with the total where there is one.
unsigned first_step(const Match& match) {
  const bool from_one = match.pattern.axis == Axis::phase || match.pattern.axis == Axis::number ||
                        (match.pattern.axis == Axis::phase_1997 && (match.pattern.id & 0xFF) < 0x30);
  return from_one ? 1 : 0;
}

void read_step(Reader& reader, const Match& match, unsigned step, unsigned settlement) {
  const std::size_t from = reader.at;
  read_fields(reader, match.pattern.layout, step_name(match, step, settlement));
  if (match.pattern.layout.front().format == Format::status_word && reader.at == from + 2)
    note_status(reader.telegram, step, reader.data.subspan(from, 2));
}

}  // namespace

Span Reader::take(std::size_t count, std::string_view is) {
  const Span bytes = data.subspan(at, count);
  if (count > 0) telegram.bytes.push_back({base + at, base + at + count, std::string(is)});
  at += count;
  return bytes;
}

void Reader::departure(std::string_view name) {
  auto& all_of_them = telegram.departures;
  if (std::find(all_of_them.begin(), all_of_them.end(), name) == all_of_them.end()) all_of_them.emplace_back(name);
}

void Reader::bad_record(std::string_view explanation) {
  telegram.valid = false;
  telegram.error = telegram_error::bad_record;
  telegram.explanation = fmt::format("byte {}: {}", base + at, explanation);
  take(left(), "data");
}

bool read_field(Reader& reader, const Field& field, const std::string& name) {
  if (reader.left() < field.size) return false;
  const Span bytes = reader.take(field.size, name);
  reader.telegram.items.push_back({name, value_text(reader, field, bytes), std::string(field.unit)});
  const bool has_weekday = field.format == Format::date_weekday || field.format == Format::date_time;
  if (has_weekday && !reader.telegram.items.back().value.empty()) {
    const std::size_t at = time_format(field.format)->order.find('W');
    reader.telegram.items.push_back({name + "_weekday", std::to_string(bytes[at]), ""});
  }
  return true;
}

bool read_fields(Reader& reader, std::span<const Field> fields, const std::string& name) {
  for (const Field& field : fields) {
    const std::string item = item_name(field, name);
    if (read_field(reader, field, item)) continue;
    reader.bad_record(fmt::format("{} data bytes are left, expected {} for {}", reader.left(), field.size, item));
    return false;
  }
  return true;
}

void read_rest(Reader& reader, std::string_view name) {
  if (reader.left() == 0) return;
  const Span bytes = reader.take(reader.left(), name);
  reader.telegram.items.push_back({std::string(name), to_hex(bytes), ""});
}

void read_content(Reader& reader, const std::optional<Match>& match, bool cut) {
  if (!match) {
    reader.departure("unknown_identifier");
    return read_rest(reader, "data");
  }
  const std::size_t size = size_of(match->pattern.layout);
  const bool tariffs = match->step == whole_block, settlements = match->settlement == whole_block;
  if (tariffs && settlements) {
    // How many tariffs make a settlement isn't said in the frame.
    reader.departure("ambiguous_block");
    return read_rest(reader, "data");
  }
  unsigned step = tariffs ? first_step(*match) : match->step, settlement = settlements ? 0 : match->settlement;
  do {
    if (cut && reader.left() < size) break;
    read_step(reader, *match, step, settlement);
    if (tariffs) ++step;
    if (settlements) ++settlement;
  } while ((tariffs || settlements) && reader.left() > 0);
  if (cut || match->pattern.open) return read_rest(reader, match->pattern.open ? "record_data" : "fragment");
  if (reader.left() > 0) {
    reader.departure("surplus_data");
    read_rest(reader, "data");
  }
}

Bytes encode_value(std::uint32_t identifier, std::string_view value) {
  const auto match = find_2007(identifier);
  if (!match || match->pattern.layout.size() != 1 || match->step == whole_block || match->settlement == whole_block)
    throw std::invalid_argument(fmt::format("identifier {:08X} doesn't hold one value", identifier));
  const Field& field = match->pattern.layout.front();
  const auto refuse = [&] {
    return std::invalid_argument(fmt::format("\"{}\" is no value of identifier {:08X}", value, identifier));
  };
  const bool minus = field.is_signed && value.starts_with('-');
  const std::string_view number = minus ? value.substr(1) : value;
  const std::size_t point = std::min(number.find('.'), number.size());
  std::string digits(number.substr(0, point));
  std::string decimals(point < number.size() ? number.substr(point + 1) : "");
  const bool a_number = field.format == Format::decimal || field.format == Format::digits;
  if (!a_number || digits.empty() || decimals.size() > field.decimals) throw refuse();
  digits += decimals.append(field.decimals - decimals.size(), '0');
  const std::size_t width = field.size * 2U;
  if (digits.size() > width || digits.find_first_not_of("0123456789") != std::string::npos) throw refuse();
  digits.insert(0, width - digits.size(), '0');
  Bytes out;
  for (std::size_t i = width; i > 0; i -= 2)
    out.push_back(static_cast<std::uint8_t>((digits[i - 2] - '0') << 4 | (digits[i - 1] - '0')));
  // The sign takes the top bit: one that is set already is part of the number.
  if (field.is_signed && (out.back() & 0x80) != 0) throw refuse();
  if (minus) out.back() |= 0x80;
  return out;
}

bool read_freeze(Reader& reader, std::uint32_t identifier, bool cut) {
  const std::uint32_t kind = identifier >> 16 & 0xFF;
  const unsigned part = identifier >> 8 & 0xFF;
  const bool block = part == whole_block;
  if (identifier >> 24 != 5 || kind >= freeze_kinds.size()) return false;
  bool known = false;
  for (const FreezePart& each : freeze_parts) {
    if ((!block && each.number != part) || (known && reader.left() == 0)) continue;
    known = true;
    Match match = each.identifier == 0 ? Match{{0, 0, {}, freeze_time}, "time"} : *find_2007(each.identifier);
    match.name = fmt::format("{}_freeze_{}", freeze_kinds[kind], match.name);
    const std::size_t size = cut ? size_of(match.pattern.layout) : 1;
    // Without any content the first step says what is missing.
    const bool must_be_there = !block && !cut && reader.left() == 0;
    for (unsigned step = 0; step < each.most && (must_be_there ? step == 0 : reader.left() >= size); ++step) {
      if (block && reader.data[reader.at] == freeze_separator) break;
      read_step(reader, match, step, 0);
    }
    if (block && reader.left() > 0 && reader.data[reader.at] == freeze_separator) reader.take(1, "separator");
  }
  if (!known) return false;
  if (!cut && reader.left() > 0) reader.departure("surplus_data");
  read_rest(reader, cut ? "fragment" : "data");
  return true;
}

}  // namespace meterrig::dlt645
