#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

#include "tests/unit/bench/cjt_support.hpp"

// CJ/T 188-2018 clause 7 at the meter's side.
namespace meterrig::bench {
namespace {

namespace control = cjt188::control;
using Bytes = cjt188::Bytes;

constexpr cjt188::Block first_key{0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF,
                                  0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10};
const Bytes purchase{0x02, 0x00, 0x50, 0x00, 0x00};

std::string meter_with(const std::string& security) {
  return R"({"name": "w", "kind": "water", "address": "00110020260001", "volume": "1.00",
             "key": "0123456789ABCDEFFEDCBA9876543210", )" +
         security + "}";
}

struct SealedMeter : testing::Test {
  CjtLine meter{meter_with(R"("security": "required")")};
  cjt188::Security security{.key = first_key};
  std::string bought() { return meter.read(0x8105)["total_purchased_money"]; }
};

TEST_F(SealedMeter, TakesAnEncipheredPurchaseAndAnswersInCipher) {
  const auto reply = meter.sealed(meter.request(control::write_data, 0xA013, purchase), security);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->control, 0x84);
  EXPECT_EQ(reply->data, (Bytes{0xA0, 0x13, meter.sequence, 0x02, 0x00, 0x50, 0x00, 0x00}));
  EXPECT_EQ(bought(), "550.00");
}

TEST_F(SealedMeter, RefusesInPlainWhatMustBeEnciphered) {
  for (const unsigned identifier : {0xA010U, 0xA013U, 0xA014U, 0xA107U, 0xA017U})
    EXPECT_EQ(meter.write(identifier, purchase), 0xC4U) << identifier;
  EXPECT_EQ(meter.write(0xA016, {0, 0, 0, 0, 0x2C}, control::write_motor_sync), 0xD6U);
  EXPECT_EQ(meter.write(0xA017, {0x99}), 0xC4U);
  EXPECT_EQ(bought(), "500.00");
  EXPECT_EQ(meter.told(control::read_data, 0x901F).status.front(), "valve_open");
}

TEST_F(SealedMeter, ReadsEitherWayAndKeyVersionInPlainOnly) {
  EXPECT_EQ(meter.read(0x901F)["cumulative_volume"], "1.00 m3");
  const auto reply = meter.sealed(meter.request(control::read_data, 0x901F), security);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->data.size(), 0x16U);
  EXPECT_EQ(meter.told(control::read_key_version, 0x8106).items.front().value, "1");
  EXPECT_FALSE(meter.sealed(meter.request(control::read_key_version, 0x8106), security));
  EXPECT_EQ(meter.heard.empty(), false);  // the abnormal reply, plain
}

TEST_F(SealedMeter, SaysNothingToAnotherKeyOrADamagedCipher) {
  cjt188::Security other = security;
  other.key[3] ^= 1;
  const cjt188::Frame plain = meter.request(control::write_data, 0xA013, purchase);
  EXPECT_FALSE(meter.exchange(cjt188::seal(plain, other)));
  cjt188::Frame damaged = cjt188::seal(plain, security);
  damaged.data.back() ^= 1;
  EXPECT_FALSE(meter.exchange(damaged));
  cjt188::Security padded = security;
  padded.padding = cjt188::Padding::pkcs7;
  EXPECT_FALSE(meter.exchange(cjt188::seal(plain, padded)));
  EXPECT_EQ(bought(), "500.00");
  EXPECT_TRUE(meter.sealed(plain, security));
}

TEST_F(SealedMeter, ACutCipherIsNoPlainMessageEither) {
  cjt188::Frame cut = cjt188::seal(meter.request(control::write_data, 0xA013, purchase), security);
  cut.data.pop_back();
  const auto reply = meter.exchange(cut);
  EXPECT_TRUE(!reply || (reply->control & control::abnormal) == control::abnormal);
  EXPECT_EQ(bought(), "500.00");
}

TEST_F(SealedMeter, SaysNothingToARepetition) {
  const cjt188::Frame sent = cjt188::seal(meter.request(control::write_data, 0xA013, purchase), security);
  EXPECT_TRUE(meter.exchange(sent));
  EXPECT_FALSE(meter.exchange(sent));
  cjt188::Frame older = meter.request(control::write_data, 0xA013, {0x03, 0x00, 0x50, 0x00, 0x00});
  older.data[2] = static_cast<std::uint8_t>(older.data[2] - 3);
  EXPECT_FALSE(meter.exchange(cjt188::seal(older, security)));
  EXPECT_EQ(bought(), "550.00");
}

TEST_F(SealedMeter, ANewKeyHoldsFromTheNextMessageOn) {
  cjt188::Security next = security;
  for (std::uint8_t& byte : next.key) byte = static_cast<std::uint8_t>(byte ^ 0x5A);
  Bytes content(1 + next.key.size(), 0x02);  // version and key
  std::copy(next.key.begin(), next.key.end(), content.begin() + 1);
  for (const unsigned identifier : {0xA107U, 0xA014U}) {
    const auto reply = meter.sealed(meter.request(control::write_data, identifier, content), security);
    ASSERT_TRUE(reply) << std::hex << identifier;  // and enciphered with the old key
    EXPECT_EQ(reply->data.back(), content.front());
    EXPECT_EQ(meter.told(control::read_key_version, 0x8106).items.front().value, std::to_string(content.front()));
    EXPECT_FALSE(meter.exchange(cjt188::seal(meter.request(control::write_data, 0xA013, purchase), security)));
    EXPECT_TRUE(meter.sealed(meter.request(control::read_data, 0x901F), next));
    std::swap(security.key, next.key);
    content.front() = 0x03;
    std::copy(next.key.begin(), next.key.end(), content.begin() + 1);
  }
}

TEST_F(SealedMeter, TheEightBytesOfTheOldCipherAreNoKey) {
  EXPECT_FALSE(meter.sealed(meter.request(control::write_data, 0xA014, {2, 1, 2, 3, 4, 5, 6, 7, 8}), security));
  EXPECT_EQ(meter.told(control::read_key_version, 0x8106).items.front().value, "1");
}

TEST(SealedMeterOptions, OfferedTakesEither) {
  CjtLine meter(meter_with(R"("security": "offered", "padding": "pkcs7", "covered": "content")"));
  const cjt188::Security security{first_key, {}, cjt188::Padding::pkcs7, cjt188::Covered::content};
  EXPECT_EQ(meter.write(0xA013, purchase), 0x84U);
  EXPECT_TRUE(meter.sealed(meter.request(control::write_data, 0xA013, {0x03, 0, 0, 0, 0}), security));
  // A plain price table is as long as a sealed content.
  EXPECT_EQ(meter.write(0xA010, {0, 3, 0, 1, 0, 0, 0, 4, 0, 2, 0, 0, 0, 5, 0, 1}), 0x84U);
  EXPECT_EQ(meter.read(0x8102)["price_1"], "3.00");
}

TEST(SealedMeterOptions, NoneKnowsNoCipher) {
  CjtLine meter(meter_with(R"("security": "none")"));
  const cjt188::Security security{.key = first_key};
  const auto reply = meter.exchange(cjt188::seal(meter.request(control::write_data, 0xA013, purchase), security));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->control, 0xC4);
  EXPECT_EQ(meter.read(0x8105)["total_purchased_money"], "500.00");
}

}  // namespace
}  // namespace meterrig::bench
