#include "meters/modbus_telegram.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <map>
#include <random>

#include "core/io/modbus_crc.hpp"
#include "tests/unit/meters/telegram_data.hpp"

namespace meterrig::modbus_telegram {
namespace {

using Strings = std::vector<std::string>;
using Words = std::vector<std::uint16_t>;

Telegram only(const std::vector<Telegram>& found) {
  EXPECT_EQ(found.size(), 1u);
  return found.at(0);
}
Telegram rtu_of(const std::string& pdu) { return only(rtu::telegrams_in(rtu::encode(1, bytes_from_hex(pdu)))); }

struct Stated {
  std::string address, control, direction;
  std::map<std::string, std::string> values;
};
const std::map<std::string, Stated> stated{
    {"mb-eastron-req", {"01", "04", "request", {{"start_address", "0"}, {"count", "2"}}}},
    {"mb-eastron-rsp", {"01", "04", "response", {{"register_1", "17254"}, {"register_2", "13108"}}}},
    {"mb-kbr-req", {"01", "04", "request", {{"start_address", "1"}, {"count", "6"}}}},
    {"mb-pika-rsp4", {"01", "04", "response", {{"register_1", "0"}, {"register_2", "2278"}}}},
    {"mbtcp-1", {"05", "03", "request", {{"start_address", "114"}, {"count", "2"}}}},
    {"mbtcp-2", {"11", "03", "request", {{"start_address", "107"}, {"count", "3"}}}},
};

TEST(ModbusPublished, FramesSayWhatTheirSourcesState) {
  std::size_t accepted = 0;
  for (const auto& frame : published_frames("modbus")) {
    const std::string id = frame["id"];
    SCOPED_TRACE(id);
    const Bytes bytes = bytes_from_hex(frame["hex"].get<std::string>());
    const bool tcp = frame["protocol"] == "Modbus-TCP";
    const Telegram telegram = only(tcp ? tcp::telegrams_in(bytes) : rtu::telegrams_in(bytes));
    EXPECT_EQ(telegram.protocol, tcp ? "modbus-tcp" : "modbus-rtu");
    EXPECT_TRUE(covers(telegram, 0, bytes.size()));
    if (frame["verdict"] == "reject:checksum") {
      EXPECT_FALSE(telegram.valid);
      EXPECT_EQ(telegram.error, "bad_checksum");
      EXPECT_EQ(telegram.explanation, "byte 3: checksum C0F0, expected C0F1");
      continue;
    }
    ++accepted;
    EXPECT_EQ(frame["verdict"], "accept");
    EXPECT_TRUE(telegram.valid) << telegram.explanation;
    EXPECT_EQ(telegram.departures, Strings{});
    ASSERT_TRUE(stated.contains(id));
    EXPECT_EQ(telegram.address, stated.at(id).address);
    EXPECT_EQ(telegram.control, stated.at(id).control);
    EXPECT_EQ(telegram.direction, stated.at(id).direction);
    for (const auto& [name, value] : stated.at(id).values) EXPECT_EQ(value_in(telegram, name), value) << name;
    EXPECT_EQ(telegram.sequence, tcp ? std::optional(frame["expected"]["transaction"].get<int>()) : std::nullopt);
  }
  EXPECT_EQ(accepted, stated.size());
}

TEST(Modbus, EveryFunctionBothWays) {
  struct Row {
    std::string pdu, direction, identifier, items;
  };
  const std::vector<Row> table{
      {"01 00 13 00 13", "request", "0013", "start_address=19 count=19"},
      {"01 01 05", "response", "", "coil_1=1 coil_2=0 coil_3=1 coil_4=0 coil_5=0 coil_6=0 coil_7=0 coil_8=0"},
      {"02 01 80", "response", "",
       "discrete_input_1=0 discrete_input_2=0 discrete_input_3=0 discrete_input_4=0 discrete_input_5=0 "
       "discrete_input_6=0 discrete_input_7=0 discrete_input_8=1"},
      {"03 00 6B 00 03", "request", "006B", "start_address=107 count=3"},
      {"03 04 00 01 FF FF", "response", "", "register_1=1 register_2=65535"},
      {"05 00 AC FF 00", "", "00AC", "start_address=172 coil_1=1"},
      {"05 00 AC 00 00", "", "00AC", "start_address=172 coil_1=0"},
      {"06 00 01 00 03", "", "0001", "start_address=1 register_1=3"},
      {"0F 00 13 00 0A 02 CD 01", "request", "0013",
       "start_address=19 count=10 coil_1=1 coil_2=0 coil_3=1 coil_4=1 coil_5=0 coil_6=0 coil_7=1 coil_8=1 coil_9=1 "
       "coil_10=0"},
      {"0F 00 13 00 0A", "response", "0013", "start_address=19 count=10"},
      {"10 00 01 00 02 04 00 0A 01 02", "request", "0001", "start_address=1 count=2 register_1=10 register_2=258"},
      {"10 00 01 00 02", "response", "0001", "start_address=1 count=2"},
      {"83 02", "response", "", "exception=illegal_data_address"},
      {"90 7F", "response", "", "exception=exception_7F"},
  };
  for (const Row& row : table) {
    SCOPED_TRACE(row.pdu);
    const Bytes pdu = bytes_from_hex(row.pdu);
    for (const Bytes& bytes : {rtu::encode(0x21, pdu), tcp::encode(0x1234, 0x21, pdu)}) {
      const bool tcp = bytes[0] == 0x12;
      const Telegram telegram = only(tcp ? tcp::telegrams_in(bytes) : rtu::telegrams_in(bytes));
      EXPECT_TRUE(telegram.valid) << telegram.explanation;
      EXPECT_EQ(telegram.address, "21");
      EXPECT_EQ(telegram.direction, row.direction);
      EXPECT_EQ(telegram.data_identifier, row.identifier);
      EXPECT_EQ(telegram.departures, Strings{});
      EXPECT_EQ(telegram.sequence, tcp ? std::optional(0x1234) : std::nullopt);
      std::string items;
      for (const TelegramItem& item : telegram.items)
        items += (items.empty() ? "" : " ") + item.name + "=" + item.value;
      EXPECT_EQ(items, row.items);
      EXPECT_TRUE(covers(telegram, 0, bytes.size()));
    }
  }
}

TEST(Modbus, WhatIsOddIsNamed) {
  EXPECT_EQ(rtu_of("03 00 00 00 7E").departures, Strings{"count_out_of_range"});
  EXPECT_EQ(rtu_of("03 00 00 00 7D").departures, Strings{});
  EXPECT_EQ(rtu_of("03 00 00 00 00").departures, Strings{"count_out_of_range"});
  EXPECT_EQ(rtu_of("05 00 00 12 34").departures, Strings{"invalid_coil_value"});
  EXPECT_TRUE(covers(rtu_of("0F 00 05 00 00 00"), 0, 9)) << "a write of no coils";
  EXPECT_EQ(rtu_of("0F 00 00 00 03 01 0F").departures, Strings{"padding_not_zero"});
  EXPECT_EQ(rtu_of("0F 00 00 00 03 01 07").departures, Strings{});
  // 3 bytes of coils, or 16 coils from 0305 on.
  const Telegram both = rtu_of("01 03 05 00 10");
  EXPECT_TRUE(both.valid);
  EXPECT_EQ(both.departures, Strings{"direction_unknown"});
  EXPECT_EQ(both.direction, "");
  EXPECT_TRUE(both.items.empty());
  EXPECT_TRUE(covers(both, 0, 8));
  // Three bytes are no whole registers.
  EXPECT_EQ(rtu_of("03 03 00 10 00").direction, "request");
  // No one may ask for 6B05 coils.
  EXPECT_EQ(rtu_of("01 03 CD 6B 05").direction, "response");
}

TEST(Modbus, ErrorsNameThePlace) {
  const std::map<std::string, std::pair<std::string, std::string>> rtu_cases{
      {"", {"truncated", "byte 0: the bytes end, expected an address and a function"}},
      {"01 03 00", {"truncated", "byte 3: the bytes end, expected 5 more"}},
      {"01 2B 00 00 00", {"unknown_control", "byte 1: function 2B, expected 1 to 6, 15, 16 or an exception of them"}},
      {"01 04 00 00 00 02 71 CC", {"bad_checksum", "byte 6: checksum 71CC, expected 71CB"}},
      {"01 04 04 43 66 33 34 1B 39", {"bad_checksum", "byte 7: checksum 1B39, expected 1B38"}},
  };
  for (const auto& [hex, expected] : rtu_cases) {
    const Telegram telegram = only(rtu::telegrams_in(bytes_from_hex(hex)));
    EXPECT_FALSE(telegram.valid);
    EXPECT_EQ(telegram.error, expected.first) << hex;
    EXPECT_EQ(telegram.explanation, expected.second);
  }
  const std::map<std::string, std::pair<std::string, std::string>> tcp_cases{
      {"00 01", {"truncated", "byte 2: the bytes end, expected a header and a function"}},
      {"00 01 00 02 00 06 01 03 00 00 00 01", {"no_start", "byte 2: protocol 0002, expected 0000"}},
      {"00 01 00 00 00 01 01 03", {"bad_length", "byte 4: length 1, expected 2 to 254"}},
      {"00 01 00 00 00 06 01 03 00 00 00", {"truncated", "byte 11: the bytes end, expected 1 more"}},
      {"00 01 00 00 00 02 01 2B",
       {"unknown_control", "byte 7: function 2B, expected 1 to 6, 15, 16 or an exception of them"}},
      {"00 01 00 00 00 05 01 03 00 00 00 01",
       {"bad_length", "byte 4: length 5, which fits neither request nor response of function 03"}},
  };
  for (const auto& [hex, expected] : tcp_cases) {
    const Telegram telegram = only(tcp::telegrams_in(bytes_from_hex(hex)));
    EXPECT_FALSE(telegram.valid);
    EXPECT_EQ(telegram.error, expected.first) << hex;
    EXPECT_EQ(telegram.explanation, expected.second);
  }
}

TEST(Modbus, EveryFrameIsFoundBehindNoise) {
  const Bytes request = bytes_from_hex("04 00 00 00 02"), answer = bytes_from_hex("04 04 43 66 33 34");
  for (const bool tcp : {false, true}) {
    const Bytes first = tcp ? tcp::encode(7, 1, request) : rtu::encode(1, request);
    const Bytes second = tcp ? tcp::encode(7, 1, answer) : rtu::encode(1, answer);
    Bytes stream{0xFF, 0x01, 0x04};
    stream.insert(stream.end(), first.begin(), first.end());
    stream.insert(stream.end(), second.begin(), second.end());
    stream.push_back(0x01);
    const auto found = tcp ? tcp::telegrams_in(stream) : rtu::telegrams_in(stream);
    ASSERT_EQ(found.size(), 2u);
    EXPECT_TRUE(covers(found[0], 3, 3 + first.size()));
    EXPECT_TRUE(covers(found[1], 3 + first.size(), stream.size() - 1));
    EXPECT_EQ(found[1].direction, "response");
  }
}

TEST(Modbus, EveryOneBitFaultIsRefused) {
  const Bytes good = rtu::encode(1, bytes_from_hex("03 04 43 66 33 34"));
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    const Telegram telegram = only(rtu::telegrams_in(bad));
    EXPECT_FALSE(telegram.valid) << "bit " << bit;
    EXPECT_NE(telegram.explanation, "");
  }
}

TEST(Modbus, NoBytesAreTooMuch) {
  std::mt19937 random(502);
  for (int round = 0; round < 5000; ++round) {
    Bytes pdu(1 + random() % 40);
    for (std::uint8_t& byte : pdu) byte = static_cast<std::uint8_t>(random() % (random() % 2 == 0 ? 8u : 256u));
    for (const Bytes& bytes : {rtu::encode(1, pdu), tcp::encode(1, 1, pdu), pdu}) {
      for (const auto& found : {rtu::telegrams_in(bytes), tcp::telegrams_in(bytes)}) {
        ASSERT_FALSE(found.empty());
        for (const Telegram& telegram : found) {
          EXPECT_EQ(telegram.valid, telegram.error.empty() && telegram.explanation.empty());
          EXPECT_TRUE(telegram.bytes.empty() ||
                      covers(telegram, telegram.bytes.front().from, telegram.bytes.back().to));
          EXPECT_TRUE(telegram.bytes.empty() || telegram.bytes.back().to <= bytes.size());
        }
      }
    }
  }
}

// --- values of registers
// ----------------------------------------------------------------------------------------------

TEST(ModbusRegisters, EveryTypeInEveryOrder) {
  struct Row {
    Words registers;
    RegisterType type;
    WordOrder order;
    int decimals;
    std::string value;
  };
  using T = RegisterType;
  using O = WordOrder;
  const std::vector<Row> table{
      {{0x4366, 0x3334}, T::float32, O::abcd, 0, "230.20001"},
      {{0x4366, 0x3333}, T::float32, O::abcd, 0, "230.2"},
      {{0x3333, 0x4366}, T::float32, O::cdab, 0, "230.2"},
      {{0x6643, 0x3333}, T::float32, O::badc, 0, "230.2"},
      {{0x3333, 0x6643}, T::float32, O::dcba, 0, "230.2"},
      {{0x4366, 0x3333}, T::float32, O::abcd, 3, "0.2302"},
      {{0x1234, 0x5678}, T::u32, O::abcd, 0, "305419896"},
      {{0x5678, 0x1234}, T::u32, O::cdab, 0, "305419896"},
      {{0x3412, 0x7856}, T::u32, O::badc, 0, "305419896"},
      {{0x7856, 0x3412}, T::u32, O::dcba, 1, "30541989.6"},
      {{0xFFFF, 0xFFFF}, T::u32, O::abcd, 0, "4294967295"},
      {{0xFFFF, 0xFFFF}, T::i32, O::abcd, 2, "-0.01"},
      {{0x8000, 0x0000}, T::i32, O::abcd, 0, "-2147483648"},
      {{0x08FC}, T::u16, O::abcd, 1, "230.0"},
      {{0xFC08}, T::u16, O::badc, 1, "230.0"},
      {{0xFFFE}, T::i16, O::cdab, 1, "-0.2"},
      {{0xFFFE}, T::u16, O::abcd, -1, "655340"},
      {{0x0012, 0x3456}, T::bcd, O::abcd, 2, "1234.56"},
      {{0x5634, 0x1200}, T::bcd, O::dcba, 2, "1234.56"},
      {{0x7890, 0x3456, 0x0012}, T::bcd, O::cdab, 0, "1234567890"},
  };
  for (const Row& row : table)
    EXPECT_EQ(register_value(row.registers, row.type, row.order, row.decimals), row.value) << row.value;
}

TEST(ModbusRegisters, WhatIsNoNumberHasNoValue) {
  EXPECT_EQ(register_value(Words{0x7FC0, 0}, RegisterType::float32, WordOrder::abcd, 0), std::nullopt);
  EXPECT_EQ(register_value(Words{0x12A4}, RegisterType::bcd, WordOrder::abcd, 0), std::nullopt);
  EXPECT_EQ(register_value(Words{}, RegisterType::bcd, WordOrder::abcd, 0), std::nullopt);
  EXPECT_EQ(register_value(Words(5), RegisterType::bcd, WordOrder::abcd, 0), std::nullopt);
  EXPECT_EQ(register_value(Words{1}, RegisterType::u32, WordOrder::abcd, 0), std::nullopt);
  EXPECT_EQ(register_value(Words{1, 2}, RegisterType::u16, WordOrder::abcd, 0), std::nullopt);
}

TEST(ModbusRegisters, WhatIsEncodedIsRead) {
  std::mt19937 random(1979);
  // Places of A, B, C, D on the line, for each order.
  constexpr std::array<std::array<std::size_t, 4>, 4> places{{{0, 1, 2, 3}, {2, 3, 0, 1}, {1, 0, 3, 2}, {3, 2, 1, 0}}};
  for (int round = 0; round < 4000; ++round) {
    const auto bits = static_cast<std::uint32_t>(random());
    const auto order = static_cast<WordOrder>(round % 4);
    std::array<std::uint8_t, 4> line{};
    for (unsigned i = 0; i < 4; ++i)
      line[places[static_cast<std::size_t>(order)][i]] = static_cast<std::uint8_t>(bits >> (24 - 8 * i));
    Bytes pdu{4, 4};
    pdu.insert(pdu.end(), line.begin(), line.end());
    const Telegram telegram = only(rtu::telegrams_in(rtu::encode(9, pdu)));
    Words words;
    for (const TelegramItem& item : telegram.items) words.push_back(static_cast<std::uint16_t>(std::stoul(item.value)));
    EXPECT_EQ(register_value(words, RegisterType::u32, order, 3), decimal_text(bits, 3));
    EXPECT_EQ(register_value(words, RegisterType::i32, order, 3), decimal_text(static_cast<std::int32_t>(bits), 3));
    const auto real = register_value(words, RegisterType::float32, order, 0);
    if (real) {
      EXPECT_EQ(static_cast<float>(std::stod(*real)), std::bit_cast<float>(bits)) << *real;
    }
  }
}

TEST(ModbusRegisters, CrcOfTheStandard) {
  EXPECT_EQ(modbus::crc16(bytes_from_hex("02 07")), 0x1241);  // Modbus over Serial Line V1.02, 6.2
  EXPECT_EQ(modbus::crc16(bytes_from_hex("31 32 33 34 35 36 37 38 39")), 0x4B37);
}

}  // namespace
}  // namespace meterrig::modbus_telegram
