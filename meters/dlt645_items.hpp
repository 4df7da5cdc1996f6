#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "meters/telegram.hpp"

// Data identifiers and what lies behind them: shared by the files of dlt645, not for others.
namespace meterrig::dlt645 {

enum class Format : std::uint8_t {
  decimal,       // BCD, low byte first
  digits,        // BCD that is a number by name only: all its digits
  hex,           // low byte first
  text,          // ASCII, last character first
  clock_time,    // ss mm hh
  date_weekday,  // WW DD MM YY
  minute,        // mm hh DD MM YY
  second,        // ss mm hh DD MM YY
  date_time,     // ss mm hh WW DD MM YY
  month_minute,  // mm hh DD MM
  day_hour,      // hh DD
  baud_rate,     // one bit of Z
  status_word    // bits with names
};

struct Field {
  std::string_view name;  // empty: as the pattern; "_x": behind the pattern's name; else by itself
  Format format = Format::decimal;
  std::uint8_t size = 1;
  std::uint8_t decimals = 0;
  bool is_signed = false;
  std::string_view unit = {};
};

// Which part of the identifier numbers its items. FF there (F in 1997) is a block of all of them.
enum class Axis : std::uint8_t {
  none,
  tariff,           // DI1: 00 total, 01 to 3F; DI0: settlement day 00 now, 01 to 0C
  phase,            // DI1: 01 to 03
  total_and_phase,  // DI1: 00 to 03
  number,           // DI0: from 01
  tariff_1997,      // low nibble of DI0; months back in bits 3 and 2 of DI1
  phase_1997        // low nibble of DI0
};

struct Pattern {
  std::uint32_t id = 0;
  std::uint32_t mask = 0;
  std::string_view name;
  std::span<const Field> layout;
  Axis axis = Axis::none;
  bool open = false;  // the record goes on with what differs between makers
};

inline constexpr unsigned whole_block = 0xFF;

// A pattern and the place in it.
struct Match {
  Pattern pattern;
  std::string name;         // of the quantity, with the phase where the table has one for all three
  unsigned step = 0;        // of the axis, or whole_block
  unsigned settlement = 0;  // or whole_block
};

std::optional<Match> find_2007(std::uint32_t identifier);
std::optional<Match> find_1997(std::uint32_t identifier);

// Takes the data field apart from the front and notes in the telegram which bytes were what.
struct Reader {
  Telegram& telegram;
  std::span<const std::uint8_t> data;  // without 33H
  std::size_t base = 0;                // where data[0] is in the input
  std::size_t at = 0;

  std::size_t left() const { return data.size() - at; }
  std::span<const std::uint8_t> take(std::size_t count, std::string_view is);
  void departure(std::string_view name);
  // The frame is sound, its data is not: `explanation` follows the place.
  void bad_record(std::string_view explanation);
};

// One field. False, with nothing taken, if there are too few bytes.
bool read_field(Reader& reader, const Field& field, const std::string& name);
// All fields in turn, or a bad record.
bool read_fields(Reader& reader, std::span<const Field> fields, const std::string& name = {});
// Whatever is left, as hex in the order of the line.
void read_rest(Reader& reader, std::string_view name);
// The content of an identifier. With `cut` the frame holds only the first part of it.
void read_content(Reader& reader, const std::optional<Match>& match, bool cut);
// Freeze records (DI3 = 05) are lists of other items. False, with nothing taken, if the identifier is none.
bool read_freeze(Reader& reader, std::uint32_t identifier, bool cut);

// What the first bytes have of a frame.
struct Shape {
  bool start = false;     // 68 and, as far as it is there, the second 68
  bool header = false;    // up to L
  bool complete = false;  // as many bytes as L says
  bool checksum_right = false, end_right = false;
  std::size_t size = 0;  // of the whole frame, once the header is there
  bool sound() const { return complete && checksum_right && end_right; }
};
Shape shape_of(std::span<const std::uint8_t> bytes);
std::uint8_t checksum_of(std::span<const std::uint8_t> bytes);

inline constexpr std::uint8_t start_byte = 0x68, end_byte = 0x16, preamble_byte = 0xFE, line_offset = 0x33;
inline constexpr std::size_t second_start_at = 7, control_at = 8, length_at = 9, header_size = 10, tail_size = 2;

// Fills in what the data field means, for the control code that the telegram's frame has.
void read_data_field(Reader& reader, std::uint8_t control);

}  // namespace meterrig::dlt645
