#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include <fmt/format.h>

#include "core/exact_decimal.hpp"
#include "meters/mbus.hpp"
#include "meters/mbus_records.hpp"
#include "meters/mbus_units.hpp"
#include "meters/mbus_values.hpp"
#include "meters/modbus_telegram.hpp"
#include "tests/unit/meters/properties.hpp"

// M-Bus records and Modbus registers over their whole ranges: what is encoded is read again, to the last digit.
namespace meterrig {
namespace {

using properties::any_bytes;
using properties::comes_back;
using properties::one_of;
using properties::up_to;
using Bytes = std::vector<std::uint8_t>;

// --- M-Bus, EN 13757-3 -----------------------------------------------------------------------------------------------

using mbus::Coding;
using mbus::Kind;

constexpr std::array codings{Coding::int8, Coding::int16, Coding::int24, Coding::int32, Coding::int48, Coding::int64,
                             Coding::bcd2, Coding::bcd4,  Coding::bcd6,  Coding::bcd8,  Coding::bcd12, Coding::float32};

bool of_digits(Coding coding) { return coding >= Coding::bcd2; }

// Data that are a number. Zero has no sign: "-0" is not said.
Bytes number_data(Coding coding) {
  const std::size_t size = mbus::data_size(coding);
  if (of_digits(coding)) {
    Bytes bytes = properties::bcd_number(size);
    if (up_to(3) == 0 && (bytes.front() & 0x0F) != 0) bytes.back() |= 0xF0;
    return bytes;
  }
  Bytes bytes = any_bytes(size);
  if (coding != Coding::float32) return bytes;
  const auto value =
      std::bit_cast<float>(bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<unsigned>(bytes[3]) << 24);
  return std::isfinite(value) && value != 0 ? bytes : Bytes{0, 0, 0xC0, 0x3F};
}

// Clause 6.3, tables 4 and 5, and annex A, types A to D and H.
TEST(MbusProperties, EveryCodingOfNumbersComesBack) {
  for (const Coding coding : codings) {
    EXPECT_TRUE(rc::check(fmt::format("coding {}", static_cast<int>(coding)), [&] {
      const Bytes data = number_data(coding);
      const int exponent = static_cast<int>(up_to(14)) - 9;
      const Kind kind = up_to(1) == 0 ? Kind::number : Kind::identifier;
      const mbus::Value value = mbus::value_of(coding, kind, exponent, data);
      RC_ASSERT(value.is_number);
      RC_LOG() << value.text << " x 10^" << exponent << "\n";
      RC_ASSERT(mbus::data_of(coding, kind, exponent, {"x", value.text, ""}) == data);
    }));
  }
}

// Annex A, types F, G, I and J: every minute from 1981 to 2080, of type F to 2299.
TEST(MbusProperties, EveryTimeComesBack) {
  const auto comes_back_as = [](Coding coding, Kind kind, const std::string& text) {
    RC_LOG() << text << "\n";
    const Bytes data = mbus::data_of(coding, kind, 0, {"clock", text, ""});
    RC_ASSERT(mbus::value_of(coding, kind, 0, data).text == text);
  };
  EXPECT_TRUE(rc::check([&] {
    const auto day = fmt::format("-{:02}-{:02}", 1 + up_to(11), 1 + up_to(27));
    const auto minute = fmt::format("{:02}:{:02}", up_to(23), up_to(59));
    const auto second = fmt::format(":{:02}", up_to(59));
    const auto year = std::to_string(1981 + up_to(99));
    comes_back_as(Coding::int16, Kind::date, year + day);
    comes_back_as(Coding::int48, Kind::date_time, year + day + "T" + minute + second);
    comes_back_as(Coding::int32, Kind::date_time, std::to_string(1981 + up_to(318)) + day + "T" + minute + ":00");
    comes_back_as(Coding::int24, Kind::date_time, minute + second);
  }));
}

// Table 5: LVAR below C0, ISO 8859-1.
TEST(MbusProperties, EveryTextComesBack) {
  EXPECT_TRUE(rc::check([] {
    Bytes data = any_bytes(up_to(191));
    data.insert(data.begin(), static_cast<std::uint8_t>(data.size()));
    const mbus::Value value = mbus::value_of(Coding::variable, Kind::identifier, 0, data);
    RC_ASSERT(mbus::data_of(Coding::variable, Kind::identifier, 0, {"x", value.text, ""}) == data);
  }));
}

// Clause 6.2: ten DIFEs carry 41 bits of storage number, 20 of tariff, 10 of subunit.
TEST(MbusProperties, EveryRecordHeadComesBack) {
  EXPECT_TRUE(rc::check([] {
    mbus::RecordHead head;
    head.coding = one_of(codings);
    head.function = static_cast<mbus::Function>(up_to(3));
    const std::uint64_t bits = up_to(40);
    head.storage = up_to((std::uint64_t{2} << bits) - 1);
    head.tariff = static_cast<std::uint32_t>(up_to((1U << bits / 2) - 1));
    head.subunit = static_cast<std::uint32_t>(up_to((1U << bits / 4) - 1));
    head.vif = {0x13};
    const auto read = mbus::records_in(encode_record(head, number_data(head.coding)), 0);
    std::string name = "cumulative_volume" + std::string(function_suffix(head.function));
    if (head.tariff > 0) name += fmt::format("_tariff_{}", head.tariff);
    if (head.subunit > 0) name += fmt::format("_subunit_{}", head.subunit);
    if (head.storage > 0) name += fmt::format("_storage_{}", head.storage);
    RC_ASSERT(read.items.size() == 1U);
    RC_ASSERT(read.items[0].name == name);
    RC_ASSERT(read.departures.empty());
    // From the item alone, in a coding of our own.
    for (const NumberCoding numbers : {NumberCoding::integer, NumberCoding::bcd}) {
      TelegramItem item{name, decimal_text(static_cast<std::int64_t>(up_to(99'999'999'999)), 3), "m3"};
      const Bytes record = mbus::record_of(item, numbers);
      const auto again = mbus::records_in(record, 0);
      RC_ASSERT(again.items.size() == 1U);
      RC_ASSERT(again.items[0].name == item.name);
      RC_ASSERT(again.items[0].value == item.value);
      RC_ASSERT(again.items[0].unit == item.unit);
    }
  }));
}

// Clauses 6.4.2 to 6.4.4: the primary VIFs, those behind FB and FD.
TEST(MbusProperties, EveryQuantityComesBack) {
  unsigned quantities = 0;
  for (const auto table : {mbus::VifTable::primary, mbus::VifTable::fb, mbus::VifTable::fd}) {
    for (unsigned code = 0; code < 0x80; ++code) {
      const auto quantity = mbus::quantity(table, static_cast<std::uint8_t>(code));
      if (!quantity || quantity->kind == Kind::date || quantity->kind == Kind::date_time) continue;
      ++quantities;
      EXPECT_TRUE(rc::check(fmt::format("{} x 10^{} {}", quantity->name, quantity->exponent, quantity->unit), [&] {
        const std::uint64_t most = quantity->exponent > 4 ? 999'999 : 99'999'999;  // 12 digits are the longest BCD
        const auto digits = std::to_string(up_to(up_to(1) == 0 ? 99 : most));
        const TelegramItem item{std::string(quantity->name), scaled_text(digits, quantity->exponent),
                                std::string(quantity->unit)};
        const NumberCoding numbers = up_to(1) == 0 ? NumberCoding::integer : NumberCoding::bcd;
        RC_LOG() << item.value << "\n";
        const auto read = mbus::records_in(mbus::record_of(item, numbers), 0);
        RC_ASSERT(read.error == "");
        RC_ASSERT(read.items.at(0).name == item.name);
        RC_ASSERT(read.items.at(0).value == item.value);
        RC_ASSERT(read.items.at(0).unit == item.unit);
      }));
    }
  }
  EXPECT_GT(quantities, 150U);
}

TEST(MbusProperties, WhatDoesNotFitIsRefusedByName) {
  const auto fault = [](const TelegramItem& item, NumberCoding numbers = NumberCoding::integer) -> std::string {
    try {
      mbus::record_of(item, numbers);
      return "";
    } catch (const EncodeError& refused) {
      return std::string(name_of(refused.fault()));
    }
  };
  EXPECT_EQ(fault({"cumulative_volume", "1.2345678", "m3"}), "too_many_decimals");
  EXPECT_EQ(fault({"cumulative_volume", "9223372036854.775808", "m3"}), "out_of_range");
  EXPECT_EQ(fault({"cumulative_volume", "9223372036854.775807", "m3"}), "");
  EXPECT_EQ(fault({"cumulative_volume", "1000000000000.000000", "m3"}, NumberCoding::bcd), "out_of_range");
  EXPECT_EQ(fault({"cumulative_volume", "1", "furlong"}), "unknown_unit");
  EXPECT_EQ(fault({"cumulative_volume", "1", ""}), "unknown_unit");
  EXPECT_EQ(fault({"cumulative_volumes", "1", "m3"}), "unknown_item");
  EXPECT_EQ(fault({"cumulative_volume", "one", "m3"}), "bad_value");
  EXPECT_EQ(fault({"clock", "2026-11-21T08:00", ""}), "bad_value");
  EXPECT_EQ(fault({"clock", "2026-02-29T08:00:00", ""}), "out_of_range");
  EXPECT_EQ(fault({"date", "1980-12-31", ""}), "out_of_range");
  EXPECT_EQ(fault({"customer", "\xE2\x82\xAC", ""}), "bad_value");
}

// EN 13757-2, 5.5, and EN 13757-3, clause 5 and 8: telegrams without records, and the header in front of them.
TEST(MbusProperties, HeadersComeBack) {
  EXPECT_TRUE(rc::check([] {
    const auto address = static_cast<std::uint8_t>(up_to(0xFF));
    constexpr std::array<std::uint8_t, 6> controls{0x40, 0x5A, 0x5B, 0x7B, 0x53, 0x73};
    comes_back("mbus", encode(mbus::Frame{one_of(controls), address, std::nullopt, {}}));
    comes_back("mbus", {0xE5});
    comes_back("mbus", encode(mbus::Frame{0x53, address, mbus::information::application_reset, any_bytes(up_to(2))}));
    const auto code = static_cast<std::uint8_t>(up_to(0xFF));
    comes_back("mbus", encode(mbus::Frame{0x08, address, mbus::information::application_error, {code}}));
    comes_back("mbus", mbus::encode(mbus::selection(to_hex(any_bytes(8)))));
    Bytes header = properties::bcd_number(4);
    const unsigned maker = static_cast<unsigned>((1 + up_to(25)) << 10 | (1 + up_to(25)) << 5 | (1 + up_to(25)));
    header.insert(header.end(), {static_cast<std::uint8_t>(maker), static_cast<std::uint8_t>(maker >> 8)});
    const Bytes rest = any_bytes(4);  // version, medium, access number, status
    header.insert(header.end(), rest.begin(), rest.end());
    header.insert(header.end(), {0, 0});
    comes_back("mbus", encode(mbus::Frame{0x08, address, mbus::information::variable_data, header}));
    const Bytes manufacturers = any_bytes(up_to(40));
    header.push_back(up_to(1) == 0 ? 0x0F : 0x1F);
    header.insert(header.end(), manufacturers.begin(), manufacturers.end());
    comes_back("mbus", encode(mbus::Frame{0x08, address, mbus::information::variable_data, header}));
  }));
}

// --- Modbus Application Protocol V1.1b3 ------------------------------------------------------------------------------

using modbus_telegram::RegisterType;
using modbus_telegram::WordOrder;

// 4.2 and 4.3; makers differ in the order of words and bytes.
TEST(ModbusProperties, EveryRegisterValueComesBack) {
  constexpr std::array types{RegisterType::u16, RegisterType::i16,     RegisterType::u32,
                             RegisterType::i32, RegisterType::float32, RegisterType::bcd};
  for (const RegisterType type : types) {
    for (const WordOrder order : {WordOrder::abcd, WordOrder::cdab, WordOrder::badc, WordOrder::dcba}) {
      EXPECT_TRUE(rc::check(fmt::format("type {}, order {}", static_cast<int>(type), static_cast<int>(order)), [&] {
        const int decimals = static_cast<int>(up_to(6)) - 2;
        std::size_t count = 1 + up_to(3);
        while (!takes_registers(type, count)) count = count % 4 + 1;
        std::vector<std::uint16_t> registers;
        for (std::size_t i = 0; i < count; ++i) {
          const Bytes bytes = type == RegisterType::bcd ? properties::bcd_number(2) : any_bytes(2);
          registers.push_back(static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]));
        }
        const auto value = register_value(registers, type, order, decimals);
        RC_PRE(value.has_value());  // not every bit pattern is a float
        RC_PRE(type != RegisterType::float32 || value->find_first_of("123456789") != std::string::npos);
        RC_LOG() << *value << "\n";
        RC_ASSERT(registers_of({"x", *value, ""}, type, order, decimals, count) == registers);
      }));
    }
  }
}

TEST(ModbusProperties, RegistersRefuseWhatDoesNotFit) {
  const auto fault = [](const std::string& value, RegisterType type, std::size_t count) -> std::string {
    try {
      registers_of({"x", value, ""}, type, WordOrder::abcd, 1, count);
      return "";
    } catch (const EncodeError& refused) {
      return std::string(name_of(refused.fault()));
    }
  };
  EXPECT_EQ(fault("6553.5", RegisterType::u16, 1), "");
  EXPECT_EQ(fault("6553.6", RegisterType::u16, 1), "out_of_range");
  EXPECT_EQ(fault("-0.1", RegisterType::u16, 1), "out_of_range");
  EXPECT_EQ(fault("3276.8", RegisterType::i16, 1), "out_of_range");
  EXPECT_EQ(fault("-3276.8", RegisterType::i16, 1), "");
  EXPECT_EQ(fault("429496729.6", RegisterType::u32, 2), "out_of_range");
  EXPECT_EQ(fault("214748364.8", RegisterType::i32, 2), "out_of_range");
  EXPECT_EQ(fault("1000.0", RegisterType::bcd, 1), "out_of_range");
  EXPECT_EQ(fault("0.11", RegisterType::u16, 1), "too_many_decimals");
  EXPECT_EQ(fault("1677721.7", RegisterType::float32, 2), "bad_value");
  EXPECT_EQ(fault("1", RegisterType::u32, 1), "not_encodable");
}

Bytes word(std::uint64_t value) { return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}; }

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Clause 6: a request or reply of each function, with as many values as it may have.
Bytes any_pdu() {
  constexpr std::array<std::uint8_t, 8> functions{1, 2, 3, 4, 5, 6, 15, 16};
  const std::uint8_t function = one_of(functions);
  const Bytes start = word(up_to(0xFFFF));
  if (up_to(9) == 0) return joined({{static_cast<std::uint8_t>(function | 0x80)}, any_bytes(1)});
  if (function == 5) return joined({{function}, start, up_to(1) == 0 ? Bytes{0, 0} : Bytes{0xFF, 0}});
  if (function == 6) return joined({{function}, start, any_bytes(2)});
  const bool bits = function < 3 || function == 15, writes = function > 6;
  const std::uint64_t count = 1 + up_to(bits ? 1967 : 122);
  if (writes != (up_to(1) == 0)) return joined({{function}, start, word(count)});
  Bytes data = any_bytes(bits ? (count + 7) / 8 : 2 * count);
  const auto length = static_cast<std::uint8_t>(data.size());
  if (!writes) return joined({{function, length}, data});
  if (bits && count % 8 != 0) data.back() &= static_cast<std::uint8_t>((1U << count % 8) - 1);
  return joined({{function}, start, word(count), {length}, data});
}

TEST(ModbusProperties, EveryFrameComesBack) {
  EXPECT_TRUE(rc::check([] {
    const auto unit = static_cast<std::uint8_t>(up_to(0xFF));
    const Bytes pdu = any_pdu();
    const Bytes rtu = modbus_telegram::rtu::encode(unit, pdu);
    // A few replies to reads look like requests as well: nobody can tell.
    const Bytes tcp = modbus_telegram::tcp::encode(static_cast<std::uint16_t>(up_to(0xFFFF)), unit, pdu);
    RC_PRE(telegrams_in(tcp, "modbus-tcp").front().departures.empty());
    comes_back("modbus-tcp", tcp);
    RC_PRE(telegrams_in(rtu, "modbus-rtu").size() == 1U);
    comes_back("modbus-rtu", rtu);
  }));
}

}  // namespace
}  // namespace meterrig
