#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "meters/dlt645.hpp"
#include "meters/dlt645_items.hpp"

// The data field of every command and its reply (clause 7), of both editions.
namespace meterrig::dlt645 {

namespace {

using Span = std::span<const std::uint8_t>;

constexpr Field authority[]{
    {"password_level", Format::hex, 1}, {"password", Format::hex, 3}, {"operator_code", Format::hex, 4}};
constexpr Field meter_address[]{{"meter_address", Format::digits, 6}};
constexpr Field clock_field[]{{"clock", Format::second, 6}};
constexpr Field deadline[]{{"deadline", Format::second, 6}};
constexpr Field rate[]{{"baud_rate", Format::baud_rate, 1}};
constexpr Field new_password[]{{"new_password_level", Format::hex, 1}, {"new_password", Format::hex, 3}};
constexpr Field passwords[]{{"password_level", Format::hex, 1},
                            {"password", Format::hex, 3},
                            {"new_password_level", Format::hex, 1},
                            {"new_password", Format::hex, 3}};
constexpr Field cleared[]{{"cleared_identifier", Format::hex, 4}};
constexpr Field block_count[]{{"block_count", Format::decimal, 1}};
constexpr Field block_start[]{{"block_start", Format::minute, 5}};
constexpr Field operator_code[]{{"operator_code", Format::hex, 4}};

struct Word {
  std::uint8_t code;
  std::string_view name;
};
constexpr std::array relay_commands{
    Word{0x1A, "trip"},           Word{0x1B, "permit_close"}, Word{0x1C, "close"},     Word{0x1D, "trip_and_restore"},
    Word{0x1E, "trip_and_close"}, Word{0x2A, "alarm"},        Word{0x2B, "alarm_off"}, Word{0x3A, "keep_power"},
    Word{0x3B, "keep_power_off"}};
constexpr std::array output_signals{Word{0, "clock_pulse"}, Word{1, "demand_period"}, Word{2, "tariff_switch"}};
constexpr std::array<std::string_view, 8> error_bits{"other_error",      "no_such_data",   "not_authorised",
                                                     "baud_rate_fixed",  "too_many_zones", "too_many_day_periods",
                                                     "too_many_tariffs", "reserved_error"};
constexpr std::array<std::string_view, 8> error_bits_1997{"illegal_data",     "no_such_data",   "not_authorised",
                                                          "reserved_error",   "too_many_zones", "too_many_day_periods",
                                                          "too_many_tariffs", "reserved_error"};

void read_identifier(Reader& reader, std::size_t size, std::uint32_t& identifier) {
  const Span bytes = reader.take(size, "data_identifier");
  reader.telegram.data_identifier = to_hex_reversed(bytes);
  identifier = 0;
  for (std::size_t i = size; i-- > 0;) identifier = identifier << 8 | bytes[i];
}

// Null, and the telegram bad, if the frame is too short for one.
std::optional<std::uint32_t> identifier_of(Reader& reader, std::size_t size = 4) {
  if (reader.left() < size) {
    reader.bad_record(fmt::format("{} data bytes, expected {} of the data identifier", reader.left(), size));
    return std::nullopt;
  }
  std::uint32_t identifier = 0;
  read_identifier(reader, size, identifier);
  return identifier;
}

void read_named(Reader& reader, std::string_view name, std::span<const Word> words) {
  if (reader.left() == 0) return reader.bad_record(fmt::format("no data bytes are left, expected {}", name));
  const std::uint8_t code = reader.take(1, name)[0];
  const auto found = std::find_if(words.begin(), words.end(), [code](const Word& word) { return word.code == code; });
  if (found == words.end()) reader.departure(fmt::format("unknown_{}", name));
  reader.telegram.items.push_back({std::string(name), std::string(found == words.end() ? "" : found->name), ""});
}

bool more_follows(const Reader& reader) {
  const auto& status = reader.telegram.status;
  return std::find(status.begin(), status.end(), "more_follows") != status.end();
}

void none(Reader&) {}

void read_request(Reader& reader) {
  if (!identifier_of(reader) || reader.left() == 0) return;
  if (read_fields(reader, block_count) && reader.left() > 0) read_fields(reader, block_start);
}

void read_reply(Reader& reader) {
  const auto identifier = identifier_of(reader);
  if (!identifier || read_freeze(reader, *identifier, more_follows(reader))) return;
  read_content(reader, find_2007(*identifier), more_follows(reader));
}

void next_frame(Reader& reader) {
  if (!identifier_of(reader)) return;
  if (reader.left() == 0) return reader.bad_record("no data bytes are left, expected the frame number");
  // The piece may begin in the middle of a field.
  if (reader.left() > 1) {
    const Span piece = reader.take(reader.left() - 1, "fragment");
    reader.telegram.items.push_back({"fragment", to_hex(piece), ""});
  }
  reader.telegram.sequence = reader.take(1, "sequence")[0];
}

void address_field(Reader& reader) { read_fields(reader, meter_address); }
void rate_field(Reader& reader) { read_fields(reader, rate); }
void time_field(Reader& reader) { read_fields(reader, clock_field); }
void authority_fields(Reader& reader) { read_fields(reader, authority); }

void write_request_fields(Reader& reader) {
  const auto identifier = identifier_of(reader);
  if (identifier && read_fields(reader, authority)) read_content(reader, find_2007(*identifier), false);
}

void freeze_request(Reader& reader) {
  static constexpr std::size_t size = 4;  // mm hh DD MM, 99 for "every"
  if (reader.left() < size) return reader.bad_record(fmt::format("{} data bytes, expected 4", reader.left()));
  const Span when = reader.take(size, "freeze_time");
  static constexpr std::array<std::string_view, 5> kinds{"once", "monthly", "daily", "hourly", "now"};
  std::size_t wildcards = 0;
  while (wildcards < size && when[size - 1 - wildcards] == 0x99) ++wildcards;
  reader.telegram.items.push_back(
      {"freeze_time", fmt::format("{:02X}-{:02X}T{:02X}:{:02X}", when[3], when[2], when[1], when[0]), ""});
  reader.telegram.items.push_back({"freeze_kind", std::string(kinds[wildcards]), ""});
}

void password_request(Reader& reader) {
  if (identifier_of(reader)) read_fields(reader, passwords);
}
void password_reply(Reader& reader) { read_fields(reader, new_password); }

void clear_events_request(Reader& reader) {
  if (read_fields(reader, authority)) read_fields(reader, cleared);
}

void relay_request_fields(Reader& reader) {
  if (!read_fields(reader, authority)) return;
  read_named(reader, "relay_command", relay_commands);
  if (reader.left() > 0) reader.take(1, "reserved");
  if (reader.telegram.valid) read_fields(reader, deadline);
}

void output_field(Reader& reader) { read_named(reader, "output_signal", output_signals); }

void authentication(Reader& reader) {
  if (!identifier_of(reader)) return;
  if (reader.telegram.direction == "request" && !read_fields(reader, operator_code)) return;
  read_rest(reader, "security_data");
}

void read_request_1997(Reader& reader) { identifier_of(reader, 2); }

void read_reply_1997(Reader& reader) {
  if (const auto identifier = identifier_of(reader, 2))
    read_content(reader, find_1997(*identifier), more_follows(reader));
}

void identified_data_1997(Reader& reader) {
  if (identifier_of(reader, 2)) read_rest(reader, "data");
}
void data_1997(Reader& reader) { read_rest(reader, "data"); }

// A prepayment meter that answers in DL/T 645 frames with records of its own: 02 E0, an index in ASCII, 50, two bytes,
// a value (binary, low byte first), and the meter's state from 11 C3 on. Seen in recorded traffic; no document is
// known.
struct VendorRecord {
  std::string_view index, name;
  int decimals;
  std::string_view unit;
};
constexpr std::array vendor_records{VendorRecord{"111", "voltage_a", 1, "V"},
                                    VendorRecord{"119", "power_factor", 3, ""},
                                    VendorRecord{"122", "frequency", 2, "Hz"}};
constexpr std::size_t vendor_head = 8, vendor_value = 2;

bool is_vendor_reply(Span data) { return data.size() >= 2 && (data[0] == 1 || data[0] == 2) && data[1] == 0xE0; }

void vendor_reply(Reader& reader) {
  reader.departure("vendor_data");
  const Span data = reader.data;
  const VendorRecord* record = nullptr;
  if (data.size() >= vendor_head + vendor_value && data[0] == 2)
    for (const VendorRecord& each : vendor_records)
      if (std::equal(each.index.begin(), each.index.end(), data.begin() + 2)) record = &each;
  if (record) {
    reader.take(vendor_head, "vendor_record");
    const Span value = reader.take(vendor_value, record->name);
    reader.telegram.items.push_back({std::string(record->name),
                                     decimal_text(value[0] | value[1] << 8, record->decimals),
                                     std::string(record->unit)});
  }
  read_rest(reader, "vendor_data");
}

struct Command {
  std::uint8_t function;
  bool edition_1997;
  std::string_view name;
  void (*request)(Reader&);
  void (*reply)(Reader&);
};
constexpr std::array commands{Command{control::authenticate, false, "authenticate", authentication, authentication},
                              Command{control::broadcast_time, false, "broadcast_time", time_field, none},
                              Command{control::read_data, false, "read_data", read_request, read_reply},
                              Command{control::read_next, false, "read_next", next_frame, next_frame},
                              Command{control::read_address, false, "read_address", none, address_field},
                              Command{control::write_data, false, "write_data", write_request_fields, none},
                              Command{control::write_address, false, "write_address", address_field, none},
                              Command{control::freeze, false, "freeze", freeze_request, none},
                              Command{control::baud_rate, false, "baud_rate", rate_field, rate_field},
                              Command{control::password, false, "password", password_request, password_reply},
                              Command{control::clear_demand, false, "clear_demand", authority_fields, none},
                              Command{control::clear_meter, false, "clear_meter", authority_fields, none},
                              Command{control::clear_events, false, "clear_events", clear_events_request, none},
                              Command{control::relay, false, "relay", relay_request_fields, none},
                              Command{control::output, false, "output", output_field, output_field},
                              Command{0x01, true, "read_data", read_request_1997, read_reply_1997},
                              Command{0x02, true, "read_next", read_request_1997, identified_data_1997},
                              Command{0x03, true, "read_again", none, read_reply_1997},
                              Command{0x04, true, "write_data", identified_data_1997, none},
                              Command{0x0A, true, "write_address", address_field, none},
                              Command{0x0C, true, "baud_rate", data_1997, data_1997},
                              Command{0x0F, true, "password", data_1997, data_1997},
                              Command{0x10, true, "clear_demand", none, none}};

// 03 is in both editions: authentication has identifiers 07......
const Command* command_of(std::uint8_t control, Span data) {
  const std::uint8_t function = control & control::function;
  const bool authenticates = data.size() >= 4 && data[3] == 0x07;
  for (const Command& command : commands) {
    if (command.function != function) continue;
    const bool abnormal = (control & control::abnormal) != 0;
    if (function != control::authenticate || abnormal || command.edition_1997 != authenticates) return &command;
  }
  return nullptr;
}

void abnormal_reply(Reader& reader, bool edition_1997) {
  reader.telegram.status.emplace_back("abnormal");
  if (reader.left() == 0) return reader.bad_record("no data byte, expected the error word");
  const std::uint8_t bits = reader.take(1, "error_word")[0];
  const auto& names = edition_1997 ? error_bits_1997 : error_bits;
  for (unsigned bit = 0; bit < names.size(); ++bit)
    if ((bits >> bit & 1) != 0) reader.telegram.status.emplace_back(names[bit]);
}

}  // namespace

std::string_view function_name(std::uint8_t control) {
  const Command* command = command_of(control, {});
  return command ? command->name : std::string_view();
}

void read_data_field(Reader& reader, std::uint8_t control) {
  const bool is_reply = (control & control::reply) != 0, is_abnormal = (control & control::abnormal) != 0;
  if (is_abnormal && !is_reply) reader.departure("abnormal_request");
  if ((control & control::more) != 0) reader.telegram.status.emplace_back("more_follows");
  const Command* command = command_of(control, reader.data);
  if (!command) {
    if (is_reply && is_vendor_reply(reader.data)) return vendor_reply(reader);
    reader.telegram.valid = false;
    reader.telegram.error = telegram_error::unknown_control;
    reader.telegram.explanation =
        fmt::format("byte {}: control code {:02X} is in neither edition", reader.base - 2, control);
    reader.take(reader.left(), "data");
    return;
  }
  if (command->edition_1997) reader.departure("edition_1997");
  if (is_abnormal)
    abnormal_reply(reader, command->edition_1997);
  else
    (is_reply ? command->reply : command->request)(reader);
  if (reader.left() == 0) return;
  reader.departure("surplus_data");
  read_rest(reader, "data");
}

}  // namespace meterrig::dlt645
