#include <algorithm>

#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/dlt645.hpp"
#include "meters/dlt645_items.hpp"
#include "meters/encoding.hpp"

namespace meterrig::dlt645 {

namespace {

// Makes the data field of a telegram's items.
class Writer : public Walk {
 public:
  Writer(const Telegram& telegram, std::uint8_t control_code)
      : Walk(control_code), telegram_(telegram), items_(telegram.items) {}

  // Throws EncodeError if the telegram says more than its frame can.
  Bytes finished() {
    items_.expect_none_left();
    if (!telegram_.data_identifier.empty() && !identified_) refuse("data identifier");
    if (telegram_.sequence && !numbered_) refuse("sequence");
    return std::move(data_);
  }

  bool authenticates() const override {
    return telegram_.data_identifier.size() == 8 && telegram_.data_identifier.starts_with("07");
  }
  bool more() const override { return items_.any_left(); }
  bool holds(std::size_t, const std::string& name) override { return items_.has(name); }

  std::optional<std::uint32_t> identifier(std::size_t size) override {
    std::uint32_t identifier = 0;
    for (const std::uint8_t byte : head_bytes("data_identifier", telegram_.data_identifier, size))
      identifier = identifier << 8 | byte;
    for (std::size_t i = 0; i < size; ++i) data_.push_back(static_cast<std::uint8_t>(identifier >> 8 * i));
    identified_ = true;
    return identifier;
  }

  bool field(const Field& field, const std::string& name) override {
    if (field.format == Format::reserved) {
      data_.push_back(0);
      return true;
    }
    const TelegramItem* item = items_.take_wanted(name);
    if (item == nullptr) return true;
    Bytes bytes = field_bytes(field, *item);
    if (const auto at = weekday_at(field.format))
      if (const TelegramItem* weekday = items_.take_if(name + "_weekday"))
        bytes[*at] = static_cast<std::uint8_t>(integer_in(*weekday, 0, 6));
    if (field.format == Format::freeze_time) expect_kind(items_.take_if("freeze_kind"), freeze_kind(bytes));
    append(bytes);
    return true;
  }

  void rest(std::string_view name, std::size_t) override {
    if (const TelegramItem* item = items_.take_if(name)) append(hex_bytes(*item));
  }

  void sequence() override {
    if (!telegram_.sequence) throw EncodeError(EncodeFault::missing_item, "the sequence, of the frame, is missing");
    data_.push_back(sequence_byte(telegram_));
    numbered_ = true;
  }

  void error_word(std::span<const std::string_view> bits) override {
    std::vector<std::string> known{"abnormal", "more_follows"};
    const std::size_t first = known.size();
    known.insert(known.end(), bits.begin(), bits.end());
    unsigned word = 0;
    // Of two bits with one name the first.
    for (const std::string& name : telegram_.status) {
      const auto at = static_cast<std::size_t>(std::find(known.begin(), known.end(), name) - known.begin());
      if (at == known.size())
        throw EncodeError(EncodeFault::unknown_item, fmt::format("status {} is not known here{}", json::in_quotes(name),
                                                                 json::did_you_mean(name, known)));
      if (at >= first) word |= 1u << (at - first);
    }
    data_.push_back(static_cast<std::uint8_t>(word));
  }

  bool separator(std::size_t behind) override {
    const bool needed = behind == 0 || items_.any_left_but("fragment");
    if (needed) data_.push_back(freeze_separator);
    return needed;
  }

  void unknown_command() override {
    throw EncodeError(EncodeFault::not_encodable,
                      fmt::format("control code {:02X} is in neither edition", control_code()));
  }

 private:
  void append(std::span<const std::uint8_t> bytes) { data_.insert(data_.end(), bytes.begin(), bytes.end()); }

  static void expect_kind(const TelegramItem* item, std::string_view kind) {
    if (item != nullptr && item->value != kind)
      throw EncodeError(EncodeFault::bad_value,
                        fmt::format("{} is {}, by the freeze time it is {}", json::in_quotes(item->name),
                                    json::in_quotes(item->value), json::in_quotes(kind)));
  }

  void refuse(std::string_view what) const {
    throw EncodeError(EncodeFault::not_encodable, fmt::format("control code {:02X} has no {}", control_code(), what));
  }

  const Telegram& telegram_;
  ItemSource items_;
  Bytes data_;
  bool identified_ = false, numbered_ = false;
};

}  // namespace

Bytes bytes_of(const Telegram& telegram) {
  Frame frame;
  const Bytes address = head_bytes("address", telegram.address, frame.address.size());
  std::copy(address.rbegin(), address.rend(), frame.address.begin());
  frame.control = head_byte("control", telegram.control);
  Writer writer(telegram, frame.control);
  walk_data_field(writer);
  frame.data = writer.finished();
  return encode(frame, static_cast<int>(preamble_of(telegram)));
}

}  // namespace meterrig::dlt645
