#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/cjt188.hpp"
#include "meters/cjt188_items.hpp"
#include "meters/cjt188_layouts.hpp"
#include "meters/cjt188_telegram.hpp"
#include "meters/encoding.hpp"

namespace meterrig::cjt188 {
namespace {

// Of two codes with one unit (MWh and MWh x 100) the one that shows as many decimals as the value has.
const UnitCode& unit_code(const Field& field, const TelegramItem& item) {
  const UnitCode* best = nullptr;
  std::vector<std::string> fitting;
  for (const UnitCode& unit : unit_codes()) {
    if (!unit_fits(unit.code, field.quantity)) continue;
    fitting.emplace_back(unit.unit);
    if (unit.unit != item.unit) continue;
    const bool same_decimals = decimals_of(item.value) == static_cast<std::size_t>(field.decimals - unit.tens);
    if (best == nullptr || same_decimals) best = &unit;
  }
  if (best == nullptr) throw other_unit(item, std::move(fitting));
  return *best;
}

Bytes amount_bytes(const Field& field, const TelegramItem& item) {
  const UnitCode& unit = unit_code(field, item);
  Bytes bytes = bcd_bytes(item, field.decimals - unit.tens, field.size - unit_size);
  bytes.push_back(unit.code);
  return bytes;
}

std::uint8_t valve_byte(const TelegramItem& item) {
  for (const ValveCommand& command : valve_commands)
    if (command.name == item.value) return command.code;
  throw EncodeError(EncodeFault::bad_value,
                    fmt::format("{} is {}, expected {} or {}", json::in_quotes(item.name), json::in_quotes(item.value),
                                json::in_quotes(valve_commands[0].name), json::in_quotes(valve_commands[1].name)));
}

Bytes field_bytes(const Field& field, const TelegramItem& item) {
  if (field.form == Form::with_unit) return amount_bytes(field, item);
  expect_unit(item, field.unit);
  switch (field.form) {
    case Form::bcd:
      return bcd_bytes(item, field.decimals, field.size);
    case Form::clock:
      return time_bytes(clock_pattern, item);
    case Form::address:
      return hex_bytes_reversed(item, field.size);
    case Form::valve:
      return {valve_byte(item)};
    default:
      return hex_bytes(item, field.size);
  }
}

// Makes the data field.
class Writer {
 public:
  explicit Writer(const Telegram& telegram) : telegram_(telegram), items_(telegram.items) {}

  Bytes data(const Subject& subject) {
    data_ = {static_cast<std::uint8_t>(subject.identifier >> 8), static_cast<std::uint8_t>(subject.identifier)};
    data_.push_back(sequence_byte(telegram_));
    content(subject);
    return finished();
  }

  // 8.1.3: SER ST0 ST1.
  Bytes abnormal() {
    if (!telegram_.data_identifier.empty())
      throw EncodeError(EncodeFault::not_encodable, "an abnormal reply has no data identifier");
    data_.push_back(sequence_byte(telegram_));
    append(status_bytes(telegram_.status));
    return finished();
  }

 private:
  void append(const auto& bytes) { data_.insert(data_.end(), bytes.begin(), bytes.end()); }

  void content(const Subject& subject) {
    const auto layouts = records_of(subject);
    if (!layouts.empty() && layouts.front()->layout == Layout::standard) {
      for (const Field& field : layouts.front()->fields) {
        if (field.form == Form::status)
          append(status_bytes(telegram_.status));
        else if (const TelegramItem* item = items_.take_wanted(field.name))
          append(field_bytes(field, *item));
      }
    } else if (const TelegramItem* raw = items_.take_if("content")) {
      append(hex_bytes(*raw));
    }
    // Its answer is the frame's own address.
    if (subject.is_reply && subject.identifier == read_address_identifier) own_address(items_.take_if("meter_address"));
  }

  void own_address(const TelegramItem* item) const {
    if (item != nullptr && item->value != telegram_.address)
      throw EncodeError(EncodeFault::bad_value,
                        fmt::format("{} {} is not the frame's address {}", json::in_quotes(item->name),
                                    json::in_quotes(item->value), json::in_quotes(telegram_.address)));
  }

  Bytes finished() {
    items_.expect_none_left();
    return std::move(data_);
  }

  const Telegram& telegram_;
  ItemSource items_;
  Bytes data_;
};

}  // namespace

Bytes bytes_of(const Telegram& telegram) {
  Frame frame;
  frame.type = head_byte("meter_type", telegram.meter_type);
  const Bytes address = head_bytes("address", telegram.address, frame.address.size());
  std::copy(address.rbegin(), address.rend(), frame.address.begin());
  frame.control = head_byte("control", telegram.control);
  Writer writer(telegram);
  if ((frame.control & control::abnormal) == control::abnormal) {
    frame.data = writer.abnormal();
  } else {
    const Bytes identifier = head_bytes("data_identifier", telegram.data_identifier, 2);
    const bool is_reply = (frame.control & control::reply) != 0;
    frame.data = writer.data({frame.type, is_reply, static_cast<std::uint16_t>(identifier[0] << 8 | identifier[1])});
  }
  return encode(frame, static_cast<int>(preamble_of(telegram)));
}

}  // namespace meterrig::cjt188
