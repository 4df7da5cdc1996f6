#include <array>

#include "meters/dlt645.hpp"
#include "meters/dlt645_items.hpp"

// The data field of every command and its reply (clause 7), of both editions.
namespace meterrig::dlt645 {

namespace {

constexpr Field authority[]{
    {"password_level", Format::hex, 1}, {"password", Format::hex, 3}, {"operator_code", Format::hex, 4}};
constexpr Field meter_address[]{{"meter_address", Format::digits, 6}};
constexpr Field clock_field[]{{"clock", Format::second, 6}};
constexpr Field rate[]{{"baud_rate", Format::baud_rate, 1}};
constexpr Field new_password[]{{"new_password_level", Format::hex, 1}, {"new_password", Format::hex, 3}};
constexpr Field passwords[]{{"password_level", Format::hex, 1},
                            {"password", Format::hex, 3},
                            {"new_password_level", Format::hex, 1},
                            {"new_password", Format::hex, 3}};
constexpr Field cleared[]{{"cleared_identifier", Format::hex, 4}};
constexpr Field block_count[]{{"block_count", Format::decimal, 1}};
constexpr Field block_start[]{{"block_start", Format::minute, 5}};
constexpr Field relayed[]{{"password_level", Format::hex, 1}, {"password", Format::hex, 3},
                          {"operator_code", Format::hex, 4},  {"relay_command", Format::relay_command, 1},
                          {"reserved", Format::reserved, 1},  {"deadline", Format::second, 6}};
constexpr Field output[]{{"output_signal", Format::output_signal, 1}};
constexpr Field when[]{{"freeze_time", Format::freeze_time, 4}};
constexpr Field operator_code[]{{"operator_code", Format::hex, 4}};

constexpr std::array<std::string_view, 8> error_bits{"other_error",      "no_such_data",   "not_authorised",
                                                     "baud_rate_fixed",  "too_many_zones", "too_many_day_periods",
                                                     "too_many_tariffs", "reserved_error"};
constexpr std::array<std::string_view, 8> error_bits_1997{"illegal_data",     "no_such_data",   "not_authorised",
                                                          "reserved_error",   "too_many_zones", "too_many_day_periods",
                                                          "too_many_tariffs", "reserved_error"};

void none(Walk&) {}

void read_request(Walk& walk) {
  if (!walk.identifier(4) || !walk.holds(1, "block_count")) return;
  if (walk_fields(walk, block_count) && walk.holds(1, "block_start")) walk_fields(walk, block_start);
}

void read_reply(Walk& walk) {
  const auto identifier = walk.identifier(4);
  if (identifier && !walk_freeze(walk, *identifier, walk.is_cut()))
    walk_content(walk, find_2007(*identifier), walk.is_cut());
}

void next_frame(Walk& walk) {
  if (!walk.identifier(4)) return;
  // The piece may begin in the middle of a field.
  walk.rest("fragment", 1);
  walk.sequence();
}

void address_field(Walk& walk) { walk_fields(walk, meter_address); }
void rate_field(Walk& walk) { walk_fields(walk, rate); }
void time_field(Walk& walk) { walk_fields(walk, clock_field); }
void authority_fields(Walk& walk) { walk_fields(walk, authority); }

void write_request_fields(Walk& walk) {
  const auto identifier = walk.identifier(4);
  if (identifier && walk_fields(walk, authority)) walk_content(walk, find_2007(*identifier), false);
}

void freeze_request(Walk& walk) { walk_fields(walk, when); }

void password_request(Walk& walk) {
  if (walk.identifier(4)) walk_fields(walk, passwords);
}
void password_reply(Walk& walk) { walk_fields(walk, new_password); }

void clear_events_request(Walk& walk) {
  if (walk_fields(walk, authority)) walk_fields(walk, cleared);
}

void relay_request_fields(Walk& walk) { walk_fields(walk, relayed); }
void output_field(Walk& walk) { walk_fields(walk, output); }

void authentication(Walk& walk) {
  if (!walk.identifier(4)) return;
  if (!walk.is_reply() && !walk_fields(walk, operator_code)) return;
  walk.rest("security_data");
}

void read_request_1997(Walk& walk) { walk.identifier(2); }

void read_reply_1997(Walk& walk) {
  if (const auto identifier = walk.identifier(2)) walk_content(walk, find_1997(*identifier), walk.is_cut());
}

void identified_data_1997(Walk& walk) {
  if (walk.identifier(2)) walk.rest("data");
}
void data_1997(Walk& walk) { walk.rest("data"); }

struct Command {
  std::uint8_t function;
  bool edition_1997;
  std::string_view name;
  void (*request)(Walk&);
  void (*reply)(Walk&);
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

const Command* command_of(std::uint8_t code, bool authenticates) {
  const std::uint8_t function = code & control::function;
  const bool abnormal = (code & control::abnormal) != 0;
  for (const Command& command : commands) {
    if (command.function != function) continue;
    if (function != control::authenticate || abnormal || command.edition_1997 != authenticates) return &command;
  }
  return nullptr;
}

}  // namespace

std::string_view function_name(std::uint8_t control) {
  const Command* command = command_of(control, false);
  return command ? command->name : std::string_view();
}

std::string error_text(std::uint8_t word) {
  std::string text;
  for (std::size_t bit = 0; bit < error_bits.size(); ++bit)
    if (word >> bit & 1) text += (text.empty() ? "" : ", ") + std::string(error_bits[bit]);
  return text;
}

void walk_data_field(Walk& walk) {
  if (walk.is_abnormal() && !walk.is_reply()) walk.departure("abnormal_request");
  if (walk.is_cut()) walk.status("more_follows");
  const Command* command = command_of(walk.control_code(), walk.authenticates());
  if (!command) return walk.unknown_command();
  if (command->edition_1997) walk.departure("edition_1997");
  if (walk.is_abnormal()) {
    walk.status("abnormal");
    walk.error_word(command->edition_1997 ? error_bits_1997 : error_bits);
  } else {
    (walk.is_reply() ? command->reply : command->request)(walk);
  }
  if (!walk.more()) return;
  walk.departure("surplus_data");
  walk.rest("data");
}

}  // namespace meterrig::dlt645
