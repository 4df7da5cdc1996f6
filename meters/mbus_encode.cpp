#include <algorithm>

#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/encoding.hpp"
#include "meters/mbus.hpp"
#include "meters/mbus_records.hpp"
#include "meters/mbus_units.hpp"

namespace meterrig::mbus {
namespace {

constexpr std::size_t secondary_digits = 16;
constexpr std::uint8_t manufacturer_data = 0x0F, manufacturer_data_more = 0x1F;

// The code, of all bytes, that has this name.
template <class NameOf>
std::uint8_t code_of(std::string_view what, const std::string& name, NameOf name_of) {
  std::vector<std::string> names;
  for (unsigned code = 0; code <= 0xFF; ++code) {
    names.push_back(name_of(static_cast<std::uint8_t>(code)));
    if (names.back() == name) return static_cast<std::uint8_t>(code);
  }
  throw EncodeError(EncodeFault::bad_value,
                    fmt::format("{} {} is not known{}", what, json::in_quotes(name), json::did_you_mean(name, names)));
}

// Makes the data behind the CI field.
class Writer {
 public:
  Writer(const Telegram& telegram, NumberCoding numbers)
      : telegram_(telegram), numbers_(numbers), items_(telegram.items) {}

  Bytes data(std::uint8_t code) {
    switch (code) {
      case information::selection:
        data_ = selection(telegram_.address).data;
        records();
        break;
      case information::application_error:
        data_ = {code_of("application_error", items_.take("application_error").value, application_error_name)};
        break;
      case information::variable_data:
        identity();
        [[fallthrough]];
      case information::short_header:
        append(Bytes{sequence_byte(telegram_), status_byte(telegram_.status), 0, 0});
        [[fallthrough]];
      case information::data_send:
      case information::no_header:
        records();
        break;
      default:
        if (const TelegramItem* raw = items_.take_if("data")) append(hex_bytes(*raw));
    }
    items_.expect_none_left();
    return std::move(data_);
  }

 private:
  void append(const Bytes& bytes) { data_.insert(data_.end(), bytes.begin(), bytes.end()); }

  void identity() {
    append(hex_bytes_reversed(items_.take("identification"), 4));
    const TelegramItem& maker = items_.take("manufacturer");
    const bool letters = maker.value.size() == 3 && std::all_of(maker.value.begin(), maker.value.end(),
                                                                [](char c) { return c >= 'A' && c <= 'Z'; });
    if (!letters)
      throw EncodeError(EncodeFault::bad_value,
                        fmt::format("manufacturer {} is not three capital letters", json::in_quotes(maker.value)));
    unsigned packed = 0;
    for (const char letter : maker.value) packed = packed << 5 | static_cast<unsigned>(letter - '@');
    const auto version = static_cast<std::uint8_t>(integer_in(items_.take("version"), 0, 0xFF));
    append(Bytes{static_cast<std::uint8_t>(packed), static_cast<std::uint8_t>(packed >> 8), version,
                 code_of("meter type", telegram_.meter_type, medium_name)});
  }

  void records() {
    const bool more =
        std::find(telegram_.status.begin(), telegram_.status.end(), "more_records_follow") != telegram_.status.end();
    bool ended = false;
    while (const TelegramItem* item = items_.take_next()) {
      if (ended) throw EncodeError(EncodeFault::not_encodable, "behind manufacturer_data nothing can follow");
      ended = item->name == "manufacturer_data";
      if (ended) data_.push_back(more ? manufacturer_data_more : manufacturer_data);
      append(ended ? manufacturers(*item) : record_of(*item, numbers_));
    }
  }

  // DIF 1F may stand alone.
  static Bytes manufacturers(const TelegramItem& item) { return item.value.empty() ? Bytes() : hex_bytes(item); }

  const Telegram& telegram_;
  NumberCoding numbers_;
  ItemSource items_;
  Bytes data_;
};

}  // namespace

Bytes bytes_of(const Telegram& telegram, NumberCoding numbers) {
  Frame frame;
  frame.control = head_byte("control", telegram.control);
  if (frame.control == acknowledge_byte) return {acknowledge_byte};
  const bool of_secondary = telegram.address.size() == secondary_digits;
  frame.address = of_secondary ? secondary_address : head_byte("address", telegram.address);
  Writer writer(telegram, numbers);
  if (telegram.data_identifier.empty()) {
    ItemSource(telegram.items).expect_none_left();
  } else {
    frame.information = head_byte("data_identifier", telegram.data_identifier);
    frame.data = writer.data(*frame.information);
  }
  return encode(frame);
}

}  // namespace meterrig::mbus
