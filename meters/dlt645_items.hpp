#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meters/dlt645.hpp"
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
  relay_command,
  output_signal,
  freeze_time,  // mm hh DD MM, 99 for "every"
  reserved,     // 00, no item
  status_word   // bits with names
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

// A data field on its way from bytes to items or from items to bytes: commands (clause 7) and contents (annex A) are
// described once, for both ways.
class Walk {
 public:
  explicit Walk(std::uint8_t control_code) : control_code_(control_code) {}
  virtual ~Walk() = default;
  std::uint8_t control_code() const { return control_code_; }
  bool is_reply() const { return (control_code_ & control::reply) != 0; }
  bool is_abnormal() const { return (control_code_ & control::abnormal) != 0; }
  // The frame holds only the first part of its content.
  bool is_cut() const { return (control_code_ & control::more) != 0; }
  // 03 is in both editions: authentication has identifiers 07......
  virtual bool authenticates() const = 0;
  // Whether bytes, or items, are left.
  virtual bool more() const = 0;
  // Whether there are `size` bytes for this value, or the item.
  virtual bool holds(std::size_t size, const std::string& name) = 0;
  // Null if there are too few bytes, which makes the record a bad one.
  virtual std::optional<std::uint32_t> identifier(std::size_t size) = 0;
  // False if there are too few bytes.
  virtual bool field(const Field& field, const std::string& name) = 0;
  // Whatever is left but the last `keep` bytes, as hex in the order of the line.
  virtual void rest(std::string_view name, std::size_t keep = 0) = 0;
  virtual void sequence() = 0;
  virtual void error_word(std::span<const std::string_view> bits) = 0;
  // AA behind a part of a freeze block, if `behind` bytes or any item follow it. False: there is none.
  virtual bool separator(std::size_t behind) = 0;
  virtual bool at_separator() const { return false; }
  virtual void unknown_command() = 0;
  // What only a reader can say.
  virtual void departure(std::string_view /*name*/) {}
  virtual void status(std::string_view /*name*/) {}
  // The field that was taken last is the status word of this number.
  virtual void status_word(unsigned /*number*/) {}

 private:
  std::uint8_t control_code_;
};

// Takes the data field apart from the front and notes in the telegram which bytes were what.
class Reader : public Walk {
 public:
  // `data`: without 33H; `base`: where data[0] is in the input.
  Reader(Telegram& telegram, std::span<const std::uint8_t> data, std::size_t base, std::uint8_t control_code)
      : Walk(control_code), telegram_(telegram), data_(data), base_(base) {}

  bool authenticates() const override { return data_.size() >= 4 && data_[3] == 0x07; }
  bool more() const override { return left() > 0; }
  bool holds(std::size_t size, const std::string&) override { return left() >= size; }
  std::optional<std::uint32_t> identifier(std::size_t size) override;
  bool field(const Field& field, const std::string& name) override;
  void rest(std::string_view name, std::size_t keep = 0) override;
  void sequence() override;
  void error_word(std::span<const std::string_view> bits) override;
  bool separator(std::size_t behind) override;
  bool at_separator() const override;
  void unknown_command() override;
  void departure(std::string_view name) override;
  void status(std::string_view name) override { telegram_.status.emplace_back(name); }
  void status_word(unsigned number) override;

 private:
  std::size_t left() const { return data_.size() - at_; }
  std::span<const std::uint8_t> take(std::size_t count, std::string_view is);
  void item(std::string_view name, std::string value, std::string_view unit = {});
  // The frame is sound, its data is not: `explanation` follows the place.
  void bad_record(std::string_view explanation);
  void vendor_reply();

  Telegram& telegram_;
  std::span<const std::uint8_t> data_;
  std::size_t base_;
  std::size_t at_ = 0;
};

// What the data field means, by its control code.
void walk_data_field(Walk& walk);
// All fields in turn; false if there are too few bytes.
bool walk_fields(Walk& walk, std::span<const Field> fields, const std::string& name = {});
// The content of an identifier.
void walk_content(Walk& walk, const std::optional<Match>& match, bool cut);
// Freeze records (DI3 = 05) are lists of other items. False, with nothing taken, if the identifier is none.
bool walk_freeze(Walk& walk, std::uint32_t identifier, bool cut);

// One field's value: text, or why there is none.
struct FieldText {
  std::string text;
  std::string_view departure = {};
};
FieldText field_text(const Field& field, std::span<const std::uint8_t> bytes);
// The way back. Throws EncodeError.
std::vector<std::uint8_t> field_bytes(const Field& field, const TelegramItem& item);
// The place of the weekday among the field's bytes, if it has one: an item of its own, `_weekday`.
std::optional<std::size_t> weekday_at(Format format);
// "once", "monthly", ...: which parts of the time are "every".
std::string_view freeze_kind(std::span<const std::uint8_t> bytes);
// The named bits that are set in a status word.
std::vector<std::string> status_word_names(unsigned number, unsigned bits);

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

inline constexpr std::uint8_t start_byte = 0x68, end_byte = 0x16, preamble_byte = 0xFE, line_offset = 0x33;
inline constexpr std::uint8_t freeze_separator = 0xAA;
inline constexpr std::size_t second_start_at = 7, control_at = 8, length_at = 9, header_size = 10, tail_size = 2;

}  // namespace meterrig::dlt645
