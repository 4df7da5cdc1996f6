#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "meters/dlt645.hpp"

namespace meterrig::dlt645 {
namespace {

using nlohmann::json;

json published() {
  std::ifstream file(METERRIG_SOURCE_DIR "/tests/data/telegrams/dlt645.json");
  return json::parse(file).at("frames");
}

json published(const std::string& id) {
  for (const json& frame : published())
    if (frame.at("id") == id) return frame;
  throw std::out_of_range("no published frame " + id);
}

Bytes bytes_of(const json& frame) { return bytes_from_hex(frame.at("hex").get<std::string>()); }
std::vector<Telegram> decode(const json& frame) { return telegrams_in(bytes_of(frame)); }

std::size_t length_of(const Telegram& telegram, std::string_view is) {
  std::size_t length = 0;
  for (const ByteRange& range : telegram.bytes)
    if (range.is == is) length += range.to - range.from;
  return length;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "name=value unit" of each item.
std::vector<std::string> items_of(const Telegram& telegram) {
  std::vector<std::string> items;
  for (const TelegramItem& item : telegram.items)
    items.push_back(item.name + "=" + item.value + (item.unit.empty() ? "" : " " + item.unit));
  return items;
}

void expect_header(const Telegram& telegram, const json& expected) {
  EXPECT_EQ(telegram.protocol, "dlt645");
  EXPECT_EQ(telegram.address, expected.at("address"));
  EXPECT_EQ(telegram.control + "H", expected.at("control"));
  EXPECT_EQ(telegram.data_identifier, expected.value("di", ""));
  EXPECT_EQ(length_of(telegram, "preamble"), expected.at("preamble_fe"));
}

void expect_values(const Telegram& telegram, const json& expected) {
  static const std::map<std::string, std::string> units{{"kWh", "kW.h"}, {"kvarh", "kvar.h"}, {"V", "V"}};
  std::vector<double> values;
  if (expected.contains("value")) {
    values = {expected.at("value")};
    ASSERT_FALSE(telegram.items.empty());
    EXPECT_EQ(telegram.items[0].unit, units.at(expected.at("unit")));
  }
  if (expected.contains("frequency_Hz")) values = {expected.at("frequency_Hz")};
  if (expected.contains("phase_voltages_V")) values = expected.at("phase_voltages_V").get<std::vector<double>>();
  ASSERT_GE(telegram.items.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(std::stod(telegram.items[i].value), values[i]);
  if (expected.contains("meter_address") && telegram.control == "93") {
    ASSERT_EQ(telegram.items.size(), 1u);
    EXPECT_EQ(telegram.items[0].value, expected.at("meter_address"));
  }
}

TEST(Dlt645Published, Accepted) {
  int count = 0;
  for (const json& frame : published()) {
    if (frame.at("verdict") != "accept") continue;
    SCOPED_TRACE(frame.at("id"));
    ++count;
    const auto telegrams = decode(frame);
    ASSERT_EQ(telegrams.size(), 1u);
    const Telegram& telegram = telegrams.front();
    const json& expected = frame.at("expected");
    ASSERT_TRUE(telegram.valid) << telegram.explanation;
    expect_header(telegram, expected);
    expect_values(telegram, expected);
    EXPECT_EQ(telegram.direction, telegram.control >= "80" ? "response" : "request");
    const Bytes bytes = bytes_of(frame);
    EXPECT_EQ(telegram.bytes.back().to, bytes.size());
    Scanner scanner;
    scanner.feed(bytes);
    const auto scanned = scanner.next();
    ASSERT_TRUE(scanned);
    EXPECT_EQ(scanned->data, bytes_from_hex(expected.at("data_after_minus33").get<std::string>()));
    EXPECT_EQ(encode(*scanned, expected.at("preamble_fe").get<int>()), bytes);
  }
  EXPECT_EQ(count, 20);
}

TEST(Dlt645Published, Rejected) {
  static const std::map<std::string, std::vector<std::string>> classes{
      {"reject:checksum", {"bad_checksum"}}, {"reject:framing", {"no_start", "bad_end", "truncated"}}};
  int count = 0;
  for (const json& frame : published()) {
    const auto allowed = classes.find(frame.at("verdict"));
    if (allowed == classes.end()) continue;
    SCOPED_TRACE(frame.at("id"));
    ++count;
    const auto telegrams = decode(frame);
    ASSERT_EQ(telegrams.size(), 1u);
    EXPECT_FALSE(telegrams[0].valid);
    EXPECT_TRUE(has(allowed->second, telegrams[0].error)) << telegrams[0].error;
    EXPECT_TRUE(telegrams[0].explanation.starts_with("byte ")) << telegrams[0].explanation;
    EXPECT_TRUE(telegrams[0].items.empty()) << "a value from a damaged frame";
    if (frame.at("verdict") == "reject:checksum") expect_header(telegrams[0], frame.at("expected"));
  }
  EXPECT_EQ(count, 3);
}

TEST(Dlt645Published, Observed) {
  const json frame = published("dlt07-ivy-req");
  const auto telegrams = decode(frame);
  ASSERT_EQ(telegrams.size(), 1u);
  EXPECT_EQ(telegrams[0].error, "bad_checksum");
  EXPECT_EQ(telegrams[0].explanation, "byte 14: checksum B2, expected F7");
  expect_header(telegrams[0], frame.at("expected"));
}

TEST(Dlt645Published, ResynchronisesBehindAStrayStart) {
  const auto telegrams = decode(published("dlt07-wkjay-double68"));
  ASSERT_EQ(telegrams.size(), 1u);
  EXPECT_TRUE(telegrams[0].valid);
  EXPECT_EQ(telegrams[0].address, "000000000003");
  EXPECT_EQ(telegrams[0].data_identifier, "02010100");
  EXPECT_EQ(telegrams[0].bytes.front().from, 1u);
  EXPECT_EQ(items_of(telegrams[0]), (std::vector<std::string>{"voltage_a=0.0 V", "data=00"}));
  EXPECT_EQ(telegrams[0].departures, (std::vector<std::string>{"surplus_data"}));
}

TEST(Dlt645Published, NamesWhatDeparts) {
  EXPECT_EQ(decode(published("dlt97-k2-rsp"))[0].departures, (std::vector<std::string>{"edition_1997"}));
  EXPECT_EQ(decode(published("dlt-sts-freq"))[0].departures, (std::vector<std::string>{"vendor_data"}));
  EXPECT_EQ(decode(published("dlt-sts-freq"))[0].items[0].value, "49.97");
  EXPECT_TRUE(decode(published("dlt07-volt-block-rsp"))[0].departures.empty());
}

}  // namespace
}  // namespace meterrig::dlt645
