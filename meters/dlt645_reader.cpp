#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "meters/dlt645.hpp"
#include "meters/dlt645_items.hpp"

namespace meterrig::dlt645 {

namespace {

using Span = std::span<const std::uint8_t>;

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

}  // namespace

Span Reader::take(std::size_t count, std::string_view is) {
  const Span bytes = data_.subspan(at_, count);
  if (count > 0) telegram_.bytes.push_back({base_ + at_, base_ + at_ + count, std::string(is)});
  at_ += count;
  return bytes;
}

void Reader::item(std::string_view name, std::string value, std::string_view unit) {
  telegram_.items.push_back({std::string(name), std::move(value), std::string(unit)});
}

void Reader::departure(std::string_view name) {
  auto& departures = telegram_.departures;
  if (std::find(departures.begin(), departures.end(), name) == departures.end()) departures.emplace_back(name);
}

void Reader::bad_record(std::string_view explanation) {
  telegram_.valid = false;
  telegram_.error = telegram_error::bad_record;
  telegram_.explanation = fmt::format("byte {}: {}", base_ + at_, explanation);
  take(left(), "data");
}

std::optional<std::uint32_t> Reader::identifier(std::size_t size) {
  if (left() < size) {
    bad_record(fmt::format("{} data bytes, expected {} of the data identifier", left(), size));
    return std::nullopt;
  }
  const Span bytes = take(size, "data_identifier");
  telegram_.data_identifier = to_hex_reversed(bytes);
  std::uint32_t identifier = 0;
  for (std::size_t i = size; i-- > 0;) identifier = identifier << 8 | bytes[i];
  return identifier;
}

bool Reader::field(const Field& field, const std::string& name) {
  if (left() < field.size) {
    bad_record(fmt::format("{} data bytes are left, expected {} for {}", left(), field.size, name));
    return false;
  }
  const Span bytes = take(field.size, name);
  if (field.format == Format::reserved) {
    if (bytes[0] != 0) departure("reserved_not_zero");
    return true;
  }
  const FieldText read = field_text(field, bytes);
  if (!read.departure.empty()) departure(read.departure);
  item(name, read.text, field.unit);
  const auto weekday = weekday_at(field.format);
  if (weekday && !read.text.empty()) item(name + "_weekday", std::to_string(bytes[*weekday]));
  if (field.format == Format::freeze_time) item("freeze_kind", std::string(freeze_kind(bytes)));
  return true;
}

void Reader::rest(std::string_view name, std::size_t keep) {
  if (left() <= keep) return;
  const Span bytes = take(left() - keep, name);
  item(name, to_hex(bytes));
}

void Reader::sequence() {
  if (left() == 0) return bad_record("no data bytes are left, expected the frame number");
  telegram_.sequence = take(1, "sequence")[0];
}

void Reader::error_word(std::span<const std::string_view> bits) {
  if (left() == 0) return bad_record("no data byte, expected the error word");
  const std::uint8_t word = take(1, "error_word")[0];
  for (unsigned bit = 0; bit < bits.size(); ++bit)
    if ((word >> bit & 1) != 0) status(bits[bit]);
}

void Reader::status_word(unsigned number) {
  const Span bytes = data_.subspan(at_ - 2, 2);
  for (std::string& name : status_word_names(number, bytes[0] | static_cast<unsigned>(bytes[1]) << 8))
    telegram_.status.push_back(std::move(name));
}

bool Reader::at_separator() const { return left() > 0 && data_[at_] == freeze_separator; }

bool Reader::separator(std::size_t behind) {
  if (!at_separator() || left() < 1 + behind) return false;
  take(1, "separator");
  return true;
}

void Reader::unknown_command() {
  if (is_reply() && is_vendor_reply(data_)) return vendor_reply();
  telegram_.valid = false;
  telegram_.error = telegram_error::unknown_control;
  telegram_.explanation = fmt::format("byte {}: control code {:02X} is in neither edition", base_ - 2, control_code());
  take(left(), "data");
}

void Reader::vendor_reply() {
  departure("vendor_data");
  const VendorRecord* record = nullptr;
  if (data_.size() >= vendor_head + vendor_value && data_[0] == 2)
    for (const VendorRecord& each : vendor_records)
      if (std::equal(each.index.begin(), each.index.end(), data_.begin() + 2)) record = &each;
  if (record) {
    take(vendor_head, "vendor_record");
    const Span value = take(vendor_value, record->name);
    item(record->name, decimal_text(value[0] | value[1] << 8, record->decimals), record->unit);
  }
  rest("vendor_data");
}

}  // namespace meterrig::dlt645
