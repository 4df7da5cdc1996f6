#include "meters/cjt188.hpp"
#include "meters/telegram.hpp"

#include <gtest/gtest.h>

#include <random>

namespace meterrig::cjt188 {
namespace {

const Frame request{gas_meter, {0x00, 0x00, 0x00, 0x25, 0x00, 0x01, 0x01}, control::read_data, {0x90, 0x1F, 0x07}};

TEST(Cjt188, GoldenBytes) {
  EXPECT_EQ(to_hex(encode(request)),
            "FEFE68300000002500010101"
            "03901F077916");
  EXPECT_EQ(to_hex(encode(request, 0)),
            "68300000002500010101"
            "03901F077916");
}

TEST(Cjt188, ScansAcrossChunksPreamblesAndNoise) {
  Scanner scanner;
  Bytes stream{0x68, 0x11, 0xFE, 0xFE, 0xFE, 0xFE};
  const Bytes frame = encode(request, 4);
  stream.insert(stream.end(), frame.begin(), frame.end());
  stream.insert(stream.end(), frame.begin(), frame.end());
  int found = 0;
  for (const std::uint8_t byte : stream) {
    scanner.feed(std::span(&byte, 1));
    while (const auto got = scanner.next()) {
      EXPECT_EQ(*got, request);
      ++found;
    }
  }
  EXPECT_EQ(found, 2);
}

TEST(Cjt188, CountsWhatItDrops) {
  Scanner scanner;
  Bytes bad = encode(request);
  bad[bad.size() - 2] ^= 1;
  scanner.feed(bad);
  EXPECT_FALSE(scanner.next());
  EXPECT_EQ(scanner.bad_checksums(), 1u);
  bad = encode(request);
  bad.back() = 0x17;
  scanner.feed(bad);
  EXPECT_FALSE(scanner.next());
  EXPECT_EQ(scanner.bad_formats(), 1u);
  scanner.clear();
  EXPECT_EQ(scanner.bad_formats(), 0u);
  EXPECT_EQ(scanner.bad_checksums(), 0u);
  scanner.feed(encode(request));
  EXPECT_TRUE(scanner.next());
}

TEST(Cjt188, RandomBytesNeverHurtIt) {
  std::mt19937 random(7);
  Scanner scanner;
  for (int i = 0; i < 200'000; ++i) {
    const std::uint8_t byte = random() % 4 == 0 ? 0x68 : static_cast<std::uint8_t>(random());
    scanner.feed(std::span(&byte, 1));
    while (scanner.next()) {
    }
  }
}

TEST(Cjt188, BcdIsExactOrNothing) {
  EXPECT_EQ(from_bcd(Bytes{0x34, 0x12}), 1234u);
  EXPECT_EQ(from_bcd(Bytes{0x3A}), std::nullopt);
  EXPECT_EQ(to_bcd(1234567, 4), (Bytes{0x67, 0x45, 0x23, 0x01}));
  EXPECT_EQ(to_bcd(12345, 2), (Bytes{0x45, 0x23}));
}

TEST(Cjt188, AddressesAreWrittenLowestByteFirst) {
  EXPECT_EQ(address_from_hex("00000025000101"), request.address);
  EXPECT_THROW(address_from_hex("123"), std::invalid_argument);
  EXPECT_THROW(address_from_hex("0000002500010G"), std::invalid_argument);
  EXPECT_THROW(encode({gas_meter, {}, 1, Bytes(256)}), std::length_error);
}

}  // namespace
}  // namespace meterrig::cjt188
