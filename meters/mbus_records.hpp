#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meters/encoding.hpp"
#include "meters/telegram.hpp"

// Variable data records of EN 13757-3, clause 6: DIF DIFE.. VIF VIFE.. data.
namespace meterrig::mbus {

// The low nibble of a DIF.
enum class Coding : std::uint8_t {
  none = 0,
  int8 = 1,
  int16 = 2,
  int24 = 3,
  int32 = 4,
  float32 = 5,
  int48 = 6,
  int64 = 7,
  readout = 8,
  bcd2 = 9,
  bcd4 = 0xA,
  bcd6 = 0xB,
  bcd8 = 0xC,
  variable = 0xD,
  bcd12 = 0xE,
};

enum class Function : std::uint8_t { instantaneous, maximum, minimum, error };

struct RecordHead {
  Coding coding = Coding::none;
  Function function = Function::instantaneous;
  std::uint64_t storage = 0;
  std::uint32_t tariff = 0;
  std::uint32_t subunit = 0;
  std::vector<std::uint8_t> vif;  // with VIFEs, extension bits set
};
// Throws std::invalid_argument when storage, tariff or subunit need more than 10 DIFEs.
std::vector<std::uint8_t> encode_record(const RecordHead& head, std::span<const std::uint8_t> data);

// Bytes of data by the coding; `variable` carries its length with it.
std::size_t data_size(Coding coding);
// Behind the names of items: "", "_maximum", ...
std::string_view function_suffix(Function function);

// The record whose item this is, in the primary or an extended VIF with the value's decimals. Throws EncodeError.
std::vector<std::uint8_t> record_of(const TelegramItem& item, NumberCoding numbers);

// What the records say. A record that can't be read is an item without a value; `error` is then the first such
// record's, and all records behind it that can be told apart are there as well.
struct Records {
  std::vector<TelegramItem> items;
  std::vector<std::string> departures;
  std::vector<ByteRange> bytes;
  bool more_follow = false;  // DIF 1F: in the next telegram
  std::string error;
  std::string explanation;
};
// `offset`: place of the first byte in the whole input.
Records records_in(std::span<const std::uint8_t> data, std::size_t offset);

}  // namespace meterrig::mbus
