#include "meters/cjt188_security.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <random>

#include <nlohmann/json.hpp>

#include "meters/cjt188_telegram.hpp"

namespace meterrig::cjt188 {
namespace {

using Json = nlohmann::json;

Block block_from_hex(const std::string& text) {
  const auto bytes = bytes_from_hex(text);
  Block block{};
  EXPECT_EQ(bytes.size(), block.size());
  std::copy_n(bytes.begin(), std::min(bytes.size(), block.size()), block.begin());
  return block;
}

const Security security{block_from_hex("0123456789ABCDEFFEDCBA9876543210"),
                        block_from_hex("000102030405060708090A0B0C0D0E0F")};
const Frame request{0x10, {0x24, 0x71, 0x07, 0x08}, control::read_data, {0x90, 0x1F, 0x07}};

std::vector<Security> all_ways() {
  std::vector<Security> ways;
  for (const Padding padding : {Padding::bit_one, Padding::pkcs7, Padding::length_first})
    for (const Covered covered : {Covered::data_field, Covered::content})
      for (const Vector vector : {Vector::setting, Vector::address, Vector::in_front})
        ways.push_back({security.key, security.initial_vector, padding, covered, vector});
  return ways;
}

// In CBC mode each block alone, under a zero vector, is ECB.
Bytes ecb(const Bytes& plain, const Block& key) {
  Bytes cipher;
  for (std::size_t at = 0; at < plain.size(); at += 16) {
    const Bytes block = sm4_cbc_encipher(std::span(plain).subspan(at, 16), key, {});
    cipher.insert(cipher.end(), block.begin(), block.end());
  }
  return cipher;
}

TEST(Cjt188Security, PublishedVectors) {
  const Json document = Json::parse(std::ifstream(METERRIG_SOURCE_DIR "/tests/data/telegrams/sm4.json"));
  int count = 0;
  for (const Json& vector : document.at("vectors")) {
    const std::string id = vector.at("id");
    SCOPED_TRACE(id);
    const Block key = block_from_hex(vector.at("key"));
    const Bytes plain = bytes_from_hex(vector.at("pt").get<std::string>());
    const Bytes cipher = bytes_from_hex(vector.at("ct").get<std::string>());
    if (vector.contains("iv")) {
      const Block initial_vector = block_from_hex(vector.at("iv"));
      EXPECT_EQ(sm4_cbc_encipher(plain, key, initial_vector), cipher);
      EXPECT_EQ(sm4_cbc_decipher(cipher, key, initial_vector), plain);
    } else if (id == "sm4-ecb-1M") {
      // A million times over is CBC over zeros, with the plain text as the vector.
      const Bytes last = sm4_cbc_encipher(Bytes(16'000'000), key, block_from_hex(vector.at("pt")));
      EXPECT_EQ(Bytes(last.end() - 16, last.end()), cipher);
    } else {
      EXPECT_EQ(ecb(plain, key), cipher);
    }
    ++count;
  }
  EXPECT_EQ(count, 7);
}

TEST(Cjt188Security, TheSealedFrameHasItsOwnLengthAndChecksum) {
  const Frame sealed = seal(request, security);
  const auto telegram = telegrams_in(encode(sealed)).front();
  EXPECT_TRUE(telegram.valid) << telegram.explanation;
  EXPECT_EQ(sealed.data.size(), 0x10u);
  EXPECT_EQ(sealed.data, sm4_cbc_encipher(bytes_from_hex("901F0780000000000000000000000000"), security.key,
                                          security.initial_vector));
  Frame reply = request;
  reply.data.resize(0x16);
  EXPECT_EQ(seal(reply, security).data.size(), 0x20u);
  reply.data.resize(0x2E);
  EXPECT_EQ(seal(reply, security).data.size(), 0x30u);
}

TEST(Cjt188Security, Paddings) {
  const auto deciphered = [](Padding padding, std::size_t size) {
    Frame frame = request;
    frame.data.resize(size, 0x55);
    return to_hex(sm4_cbc_decipher(seal(frame, {security.key, security.initial_vector, padding}).data, security.key,
                                   security.initial_vector));
  };
  EXPECT_EQ(deciphered(Padding::bit_one, 4), "901F0755800000000000000000000000");
  EXPECT_EQ(deciphered(Padding::pkcs7, 4), "901F07550C0C0C0C0C0C0C0C0C0C0C0C");
  EXPECT_EQ(deciphered(Padding::length_first, 4), "04901F07550000000000000000000000");
  EXPECT_EQ(deciphered(Padding::bit_one, 16).substr(32), "80000000000000000000000000000000");
  EXPECT_EQ(deciphered(Padding::pkcs7, 16).substr(32), "10101010101010101010101010101010");
  EXPECT_EQ(deciphered(Padding::length_first, 15).size(), 32u);
}

TEST(Cjt188Security, WhatIsSealedOpensAgain) {
  std::mt19937 random(4);
  for (const Security& way : all_ways()) {
    // 64H bytes less what the vector takes and one byte of padding at least.
    const std::size_t most = way.vector == Vector::in_front ? 79 : 95;
    for (std::size_t size = 3; size <= most; ++size) {
      Frame plain = request;
      plain.data.resize(size);
      for (std::size_t i = 3; i < size; ++i) plain.data[i] = static_cast<std::uint8_t>(random() % 4 ? random() : 0);
      const Opened opened = open(seal(plain, way), way, 0x06);
      EXPECT_EQ(opened.error, "") << opened.explanation;
      EXPECT_EQ(opened.plain, plain);
    }
  }
}

TEST(Cjt188Security, InitialVectors) {
  Security way = security;
  way.vector = Vector::address;
  Frame other = request;
  other.address[0] ^= 1;
  EXPECT_EQ(seal(request, way).data, sm4_cbc_encipher(bytes_from_hex("901F0780000000000000000000000000"), way.key,
                                                      block_from_hex("10247107080000001024710708000000")));
  EXPECT_NE(seal(request, way).data, seal(other, way).data) << "one a meter";
  way.vector = Vector::in_front;
  Frame next = request;
  ++next.data[2];
  const Bytes first = seal(request, way).data, second = seal(next, way).data;
  EXPECT_EQ(first.size(), 32u);
  EXPECT_FALSE(std::equal(first.begin(), first.begin() + 16, second.begin())) << "one a message";
  Frame cut = seal(request, way);
  cut.data.resize(16);
  EXPECT_EQ(open(cut, way).error, "bad_length") << "a vector and nothing behind it";
}

TEST(Cjt188Security, AnotherKeyIsRefused) {
  std::mt19937 random(5);
  for (const Security& way : all_ways()) {
    int accepted = 0;
    for (int round = 0; round < 500; ++round) {
      Security wrong = way;
      for (auto& byte : wrong.key) byte = static_cast<std::uint8_t>(random());
      accepted += open(seal(request, way), wrong).error.empty();
    }
    // Where the identifier is in plain the padding alone tells, and the weakest of the three passes 1 of 256.
    EXPECT_LE(accepted, way.covered == Covered::content ? 6 : 0);
  }
}

TEST(Cjt188Security, ACheckValueTellsEveryChange) {
  for (Security way : all_ways()) {
    way.check = Check::mac4;
    Frame plain = request;
    plain.data = {0xB0, 0x03, 0x07, 0x00, 0x01, 0x12};  // an identifier of the maker's own
    const Frame sealed = seal(plain, way);
    EXPECT_EQ(open(sealed, way, 0x06).plain, plain);
    EXPECT_EQ(open(sealed, way, 0x07).error, "replayed_sequence");
    for (std::size_t bit = 0; bit < 8 * sealed.data.size(); ++bit) {
      Frame changed = sealed;
      changed.data[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      EXPECT_NE(open(changed, way).error, "") << bit;
    }
    Frame other = sealed;
    other.control = control::write_data;
    EXPECT_EQ(open(other, way).error, "bad_check");
    other = sealed;
    other.type = 0x11;
    EXPECT_NE(open(other, way).error, "");
  }
}

// A bit of the vector in front is a bit of the first block: this is what the check value is for.
TEST(Cjt188Security, WithoutACheckValueSomeChangesPass) {
  Security way = security;
  way.vector = Vector::in_front;
  Frame sealed = seal(request, way);
  sealed.data[2] ^= 0x08;
  const Opened opened = open(sealed, way);
  EXPECT_EQ(opened.error, "");
  EXPECT_EQ(opened.plain.data[2], request.data[2] ^ 0x08);
}

TEST(Cjt188Security, RefusesWhatIsNotWhole) {
  Frame sealed = seal(request, security);
  sealed.data.pop_back();
  EXPECT_EQ(open(sealed, security).error, "bad_length");
  sealed.data.clear();
  EXPECT_EQ(open(sealed, security).error, "bad_length");
  const Security content{security.key, security.initial_vector, Padding::bit_one, Covered::content};
  sealed.data = request.data;
  EXPECT_EQ(open(sealed, content).error, "bad_length");
  EXPECT_EQ(open(request, security).explanation, "length 03: expected 0 plain bytes and whole blocks of 16");
}

TEST(Cjt188Security, RefusesWrongPadding) {
  const auto with = [](const char* text, Padding padding) {
    Frame frame = request;
    frame.data = sm4_cbc_encipher(bytes_from_hex(text), security.key, security.initial_vector);
    return open(frame, {security.key, security.initial_vector, padding}).error;
  };
  EXPECT_EQ(with("901F0780000000000000000000000000", Padding::bit_one), "");
  EXPECT_EQ(with("901F0780000000000000000000000001", Padding::bit_one), "bad_padding");
  EXPECT_EQ(with("00000000000000000000000000000000", Padding::bit_one), "bad_padding");
  EXPECT_EQ(with("901F0780000000000000000000000000 00000000000000000000000000000000", Padding::bit_one), "bad_padding");
  EXPECT_EQ(with("901F070D0D0D0D0D0D0D0D0D0D0D0D0D", Padding::pkcs7), "");
  EXPECT_EQ(with("901F070D0D0D0D0D0C0D0D0D0D0D0D0D", Padding::pkcs7), "bad_padding");
  EXPECT_EQ(with("901F0700000000000000000000000000", Padding::pkcs7), "bad_padding");
  EXPECT_EQ(with("901F0700000000000000000000000011", Padding::pkcs7), "bad_padding");
  EXPECT_EQ(with("03901F07000000000000000000000000", Padding::length_first), "");
  EXPECT_EQ(with("03901F07000000000000000000000001", Padding::length_first), "bad_padding");
  EXPECT_EQ(with("10901F07000000000000000000000000", Padding::length_first), "bad_padding");
  EXPECT_EQ(with("77770780000000000000000000000000", Padding::bit_one), "unknown_identifier");
  EXPECT_EQ(with("90800000000000000000000000000000", Padding::bit_one), "unknown_identifier");
}

TEST(Cjt188Security, RefusesAReplay) {
  const Frame sealed = seal(request, security);  // SER 07
  EXPECT_EQ(open(sealed, security).error, "");
  EXPECT_EQ(open(sealed, security, 0x06).error, "");
  EXPECT_EQ(open(sealed, security, 0xFF).error, "");
  EXPECT_EQ(open(sealed, security, 0x88).error, "");
  EXPECT_EQ(open(sealed, security, 0x87).error, "replayed_sequence");
  EXPECT_EQ(open(sealed, security, 0x08).error, "replayed_sequence");
  const Opened same = open(sealed, security, 0x07);
  EXPECT_EQ(same.error, "replayed_sequence");
  EXPECT_EQ(same.explanation, "SER 07 after 07: expected a later one");
}

TEST(Cjt188Security, LimitsOfLength) {
  Frame plain = request;
  plain.data.resize(95);
  EXPECT_EQ(seal(plain, security).data.size(), 0x60u);
  plain.data.resize(96);
  EXPECT_THROW(seal(plain, security), std::length_error);
  plain.data.resize(300);
  EXPECT_THROW(seal(plain, security), std::length_error);
  plain.data.resize(2);
  EXPECT_THROW(seal(plain, {security.key, {}, Padding::bit_one, Covered::content}), std::invalid_argument);
  EXPECT_THROW(sm4_cbc_encipher(Bytes(15), security.key, {}), std::invalid_argument);
}

TEST(Cjt188Security, NoBytesHurtIt) {
  std::mt19937 random(6);
  for (int round = 0; round < 3000; ++round) {
    Frame frame = request;
    frame.data.resize(random() % 100);
    for (auto& byte : frame.data) byte = static_cast<std::uint8_t>(random());
    for (const Security& way : all_ways()) {
      const Opened opened = open(frame, way, 0x10);
      EXPECT_EQ(opened.error.empty(), opened.explanation.empty());
    }
  }
}

}  // namespace
}  // namespace meterrig::cjt188
