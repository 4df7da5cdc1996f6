#include "meters/protocols.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace meterrig {
namespace {

using nlohmann::json;

struct Published {
  std::string id, protocol, hex, verdict;
};

// All published frames of all protocols; modbus.json names the protocol of each.
std::vector<Published> published() {
  std::vector<Published> all;
  for (const char* name : {"cjt188", "dlt645", "mbus", "modbus"}) {
    std::ifstream file(std::string(METERRIG_SOURCE_DIR "/tests/data/telegrams/") + name + ".json");
    const json document = json::parse(file);
    for (const json& frame : document.is_array() ? document : document.at("frames")) {
      std::string protocol = name;
      if (protocol == "modbus") protocol = frame.at("protocol") == "Modbus-TCP" ? "modbus-tcp" : "modbus-rtu";
      all.push_back({frame.at("id"), protocol, frame.at("hex"), frame.at("verdict")});
    }
  }
  return all;
}

TEST(Protocols, AreToldApartByTheirBytes) {
  ASSERT_GE(published().size(), 80U);
  for (const Published& frame : published()) {
    if (frame.verdict != "accept") continue;
    const auto telegrams = telegrams_in(bytes_from_hex(frame.hex));
    ASSERT_FALSE(telegrams.empty()) << frame.id;
    EXPECT_EQ(telegrams.front().protocol, frame.protocol) << frame.id;
    EXPECT_TRUE(telegrams.front().valid) << frame.id << ": " << telegrams.front().explanation;
  }
}

TEST(Protocols, ABadFrameIsExplainedByTheProtocolWhoseMarksItHas) {
  auto bytes = bytes_from_hex("FEFEFEFE68AAAAAAAAAAAAAAAA0303810A004916");
  bytes[bytes.size() - 2] ^= 0x01;
  const auto telegrams = telegrams_in(bytes);
  ASSERT_EQ(telegrams.size(), 1U);
  EXPECT_EQ(telegrams[0].protocol, "cjt188");
  EXPECT_EQ(telegrams[0].error, "bad_checksum");
  EXPECT_NE(telegrams[0].explanation.find("49"), std::string::npos) << telegrams[0].explanation;
}

TEST(Protocols, AnyBytesGiveATelegramAndRangesInside) {
  std::uint32_t state = 12345;
  for (int i = 0; i < 3000; ++i) {
    std::vector<std::uint8_t> bytes(1 + state % 60);
    for (auto& byte : bytes) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<std::uint8_t>(state >> 24);
      if (state % 5 == 0) byte = 0x68;
    }
    const auto telegrams = telegrams_in(bytes);
    ASSERT_FALSE(telegrams.empty());
    for (const Telegram& telegram : telegrams)
      for (const ByteRange& range : telegram.bytes) ASSERT_LE(range.to, bytes.size());
  }
}

}  // namespace
}  // namespace meterrig
