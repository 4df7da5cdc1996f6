#include "core/io/transport/modbus_frame.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace meterrig::modbus {
namespace {

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(ModbusFrame, KnownFrames) {
  // Modbus over Serial Line V1.02, appendix B: CRC of 02 07 is 0x1241, sent 41 12.
  EXPECT_EQ(rtu_frame(2, Bytes{0x07}), (Bytes{0x02, 0x07, 0x41, 0x12}));
  EXPECT_EQ(rtu_frame(1, read_request(RegisterTable::holding, 0, 10)),
            (Bytes{0x01, 0x03, 0x00, 0x00, 0x00, 0x0A, 0xC5, 0xCD}));
  EXPECT_EQ(tcp_frame(0x1501, 0xFF, read_request(RegisterTable::input, 0x0130, 2)),
            (Bytes{0x15, 0x01, 0, 0, 0, 6, 0xFF, 0x04, 0x01, 0x30, 0, 2}));
  // Application Protocol V1.1b3, 6.11 and 6.12.
  const std::uint16_t coils[] = {1, 0, 1, 1, 0, 0, 1, 1, 1, 0};
  EXPECT_EQ(write_request(RegisterTable::coils, 0x13, coils), (Bytes{0x0F, 0, 0x13, 0, 0x0A, 2, 0xCD, 0x01}));
  const std::uint16_t registers[] = {0x000A, 0x0102};
  EXPECT_EQ(write_request(RegisterTable::holding, 1, registers), (Bytes{0x10, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2}));
}

TEST(ModbusFrame, CoilsTakeValuesOfTheirMakers) {
  for (const auto& [value, sent] : {std::pair{0, 0x0000}, {1, 0xFF00}, {0x5500, 0x5500}}) {
    const std::uint16_t one[] = {static_cast<std::uint16_t>(value)};
    const Bytes pdu = write_request(RegisterTable::coils, 3, one);
    EXPECT_EQ(pdu, (Bytes{5, 0, 3, static_cast<std::uint8_t>(sent >> 8), static_cast<std::uint8_t>(sent)}));
    EXPECT_EQ(parse_request(pdu).values.at(0), value);
  }
}

TEST(ModbusFrame, TcpFramesComeInPieces) {
  const Bytes both = joined({tcp_frame(1, 1, read_request(RegisterTable::coils, 0, 8)),
                             tcp_frame(2, 9, read_request(RegisterTable::holding, 5, 1))});
  Bytes buffer;
  std::vector<Frame> frames;
  for (const std::uint8_t byte : both) {
    buffer.push_back(byte);
    while (auto frame = take_tcp(buffer)) frames.push_back(*frame);
  }
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[1].transaction, 2);
  EXPECT_EQ(frames[1].unit, 9);
  EXPECT_EQ(frames[1].pdu, read_request(RegisterTable::holding, 5, 1));
  Bytes wrong{0, 1, 0, 7, 0, 6, 1, 3};
  EXPECT_THROW(take_tcp(wrong), ProtocolError);
}

TEST(ModbusFrame, RtuFindsFramesAfterGarbage) {
  const std::uint16_t values[] = {1, 2, 3};
  const Bytes read = rtu_frame(1, read_request(RegisterTable::holding, 0, 2));
  const Bytes write = rtu_frame(7, write_request(RegisterTable::holding, 0, values));
  Bytes broken = read;
  broken[3] ^= 0x40;
  for (const Bytes& garbage : {Bytes{}, Bytes{0xFF}, Bytes{0x00, 0x00, 0x00}, broken,
                               Bytes{0x01, 0x10, 0, 0, 0, 120, 240}, Bytes(40, 0x55), Bytes{0x01, 0x03}}) {
    Bytes buffer;
    std::vector<Frame> frames;
    for (const std::uint8_t byte : joined({garbage, read, garbage, write, read})) {
      buffer.push_back(byte);
      while (auto frame = take_rtu_request(buffer)) frames.push_back(*frame);
    }
    ASSERT_EQ(frames.size(), 3u) << garbage.size();
    EXPECT_EQ(frames[0].pdu, read_request(RegisterTable::holding, 0, 2));
    EXPECT_EQ(frames[1].unit, 7);
  }
}

TEST(ModbusFrame, RequestsEarnTheirExceptions) {
  const std::pair<Bytes, int> cases[] = {
      {{0x07}, illegal_function},
      {{0x2B, 0x0E, 0x01, 0x00}, illegal_function},
      {{0x03, 0, 0, 0, 0}, illegal_value},
      {{0x03, 0, 0, 0, 126}, illegal_value},
      {{0x01, 0, 0, 0x07, 0xD1}, illegal_value},
      {{0x03, 0, 0}, illegal_value},
      {{0x03, 0xFF, 0xFF, 0, 2}, illegal_address},
      {{0x10, 0, 0, 0, 2, 3, 0, 1, 2}, illegal_value},
      {{0x10, 0, 0, 0, 1, 2, 0, 1}, 0},
      {{0x05, 0, 0, 0x55, 0x00}, 0},
      {{0x06, 0, 0, 0x55, 0x00}, 0},
      {{0x0F, 0, 0, 0, 3, 1, 5}, 0},
  };
  for (const auto& [pdu, code] : cases) EXPECT_EQ(parse_request(pdu).refuse, code) << int(pdu[0]);
  EXPECT_EQ(parse_request(Bytes{0x0F, 0, 0, 0, 3, 1, 5}).values, (std::vector<std::uint16_t>{1, 0, 1}));
}

TEST(ModbusFrame, AnswersAreHeldAgainstTheirRequests) {
  const Bytes request = read_request(RegisterTable::holding, 0, 2);
  EXPECT_EQ(parse_answer(request, Bytes{3, 4, 0, 1, 0x12, 0x34}).values, (std::vector<std::uint16_t>{1, 0x1234}));
  EXPECT_EQ(parse_answer(request, Bytes{0x83, 2}).exception, 2);
  for (const Bytes& wrong : {Bytes{}, Bytes{3}, Bytes{4, 4, 0, 1, 0, 2}, Bytes{3, 2, 0, 1}, Bytes{3, 4, 0, 1},
                             Bytes{0x84, 2}, Bytes{3, 4, 0, 1, 0, 2, 0}})
    EXPECT_THROW(parse_answer(request, wrong), std::invalid_argument);
  const Bytes write{6, 0, 1, 0, 9};
  EXPECT_THROW(parse_answer(write, Bytes{6, 0, 1, 0, 8}), std::invalid_argument);
  EXPECT_TRUE(parse_answer(write, write).values.empty());
  const Bytes bits = read_request(RegisterTable::coils, 0, 10);
  EXPECT_EQ(parse_answer(bits, Bytes{1, 2, 0x05, 0x02}).values,
            (std::vector<std::uint16_t>{1, 0, 1, 0, 0, 0, 0, 0, 0, 1}));
}

}  // namespace
}  // namespace meterrig::modbus
