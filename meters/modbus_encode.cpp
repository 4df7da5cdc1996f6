#include <fmt/format.h>

#include "core/json/text.hpp"
#include "meters/encoding.hpp"
#include "meters/modbus_functions.hpp"
#include "meters/modbus_telegram.hpp"

namespace meterrig::modbus_telegram {
namespace {

constexpr std::int64_t most_word = 0xFFFF;

// Makes function code and data of a telegram's items.
class Writer {
 public:
  explicit Writer(const Telegram& telegram) : telegram_(telegram), items_(telegram.items) {}

  Bytes pdu() {
    const std::uint8_t code = head_byte("control", telegram_.control);
    const Function* function = function_of(code);
    if (function == nullptr)
      throw EncodeError(
          EncodeFault::not_encodable,
          fmt::format("function {:02X} is not known, expected 1 to 6, 15, 16 or an exception of them", code));
    pdu_.push_back(code);
    if ((code & exception_bit) != 0)
      exception(items_.take("exception"));
    else
      data(*function);
    items_.expect_none_left();
    if (!telegram_.data_identifier.empty() && !placed_)
      throw EncodeError(EncodeFault::not_encodable, "this frame has no start address");
    return std::move(pdu_);
  }

 private:
  void word(std::int64_t value) {
    pdu_.push_back(static_cast<std::uint8_t>(value >> 8));
    pdu_.push_back(static_cast<std::uint8_t>(value));
  }

  void exception(const TelegramItem& item) {
    std::vector<std::string> names;
    for (unsigned code = 0; code <= 0xFF; ++code) {
      names.push_back(exception_name(static_cast<std::uint8_t>(code)));
      if (names.back() == item.value) return pdu_.push_back(static_cast<std::uint8_t>(code));
    }
    throw EncodeError(EncodeFault::bad_value, fmt::format("exception {} is not known{}", json::in_quotes(item.value),
                                                          json::did_you_mean(item.value, names)));
  }

  // The start address stands in the head, among the items, or in both.
  void place() {
    placed_ = true;
    const std::string& head = telegram_.data_identifier;
    const TelegramItem* item = head.empty() ? &items_.take("start_address") : items_.take_if("start_address");
    std::int64_t start = item != nullptr ? integer_in(*item, 0, most_word) : 0;
    if (!head.empty()) {
      const Bytes bytes = head_bytes("data_identifier", head, 2);
      const std::int64_t said = bytes[0] << 8 | bytes[1];
      if (item != nullptr && said != start)
        throw EncodeError(EncodeFault::bad_value,
                          fmt::format("start_address {} is not the data identifier {}", item->value, head));
      start = said;
    }
    word(start);
  }

  void data(const Function& function) {
    const bool reads = function.shape == Shape::read_bits || function.shape == Shape::read_registers;
    if (function.shape == Shape::write_one) {
      place();
      const std::int64_t value = one(function, 1);
      return word(function.item == "coil" ? value * 0xFF00 : value);
    }
    const bool has_values = items_.has(value_name(function, 1));
    // Values go with the reply to a read and with the request to write.
    if (!reads || !has_values) {
      place();
      if (!has_values) return word(count_of(items_.take("count"), function));
    }
    const Bytes packed = values(function);
    if (!reads) word(count_);
    pdu_.push_back(static_cast<std::uint8_t>(packed.size()));
    pdu_.insert(pdu_.end(), packed.begin(), packed.end());
    const TelegramItem* count = reads ? nullptr : items_.take_if("count");
    if (count != nullptr && count_of(*count, function) != count_)
      throw EncodeError(EncodeFault::bad_value, fmt::format("count {}, but there are {} values", count->value, count_));
  }

  static std::int64_t count_of(const TelegramItem& item, const Function& function) {
    return integer_in(item, 1, function.most);
  }

  static std::string value_name(const Function& function, unsigned number) {
    return fmt::format("{}_{}", function.item, number);
  }

  std::int64_t one(const Function& function, unsigned number) {
    return integer_in(items_.take(value_name(function, number)), 0, function.item == "register" ? most_word : 1);
  }

  // As many as there are, in order.
  Bytes values(const Function& function) {
    Bytes packed;
    for (; items_.has(value_name(function, count_ + 1)); ++count_) {
      const std::int64_t value = one(function, count_ + 1);
      if (of_bits(function)) {
        if (count_ % 8 == 0) packed.push_back(0);
        packed.back() |= static_cast<std::uint8_t>(value << count_ % 8);
      } else {
        packed.push_back(static_cast<std::uint8_t>(value >> 8));
        packed.push_back(static_cast<std::uint8_t>(value));
      }
    }
    if (count_ > function.most)
      throw EncodeError(EncodeFault::out_of_range,
                        fmt::format("{} values of {}, at most {}", count_, function.item, function.most));
    return packed;
  }

  const Telegram& telegram_;
  ItemSource items_;
  Bytes pdu_;
  unsigned count_ = 0;
  bool placed_ = false;
};

}  // namespace

Bytes rtu::bytes_of(const Telegram& telegram) {
  if (telegram.sequence) throw EncodeError(EncodeFault::not_encodable, "a Modbus RTU frame has no sequence");
  return encode(head_byte("address", telegram.address), Writer(telegram).pdu());
}

Bytes tcp::bytes_of(const Telegram& telegram) {
  const TelegramItem transaction{"sequence", std::to_string(telegram.sequence.value_or(0)), ""};
  return encode(static_cast<std::uint16_t>(integer_in(transaction, 0, most_word)),
                head_byte("address", telegram.address), Writer(telegram).pdu());
}

}  // namespace meterrig::modbus_telegram
