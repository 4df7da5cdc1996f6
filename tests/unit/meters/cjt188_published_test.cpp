#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "meters/cjt188_telegram.hpp"

namespace meterrig::cjt188 {
namespace {

using Json = nlohmann::json;
using Names = std::vector<std::string>;

const Json& frames() {
  static const Json document = Json::parse(std::ifstream(METERRIG_SOURCE_DIR "/tests/data/telegrams/cjt188.json"));
  return document.at("frames");
}

// How a published frame departs from the standard; those not named here don't.
const std::map<std::string, Names> departures{
    {"cj188-w-readaddr-req", {"wildcard_meter_type"}},
    {"cj188-g-write-addr", {"identifier_low_byte_first"}},
    {"cj188-h-haina2-rsp", {"identifier_low_byte_first"}},
    {"cj188-h-ruina-rsp", {"preamble_length", "identifier_low_byte_first"}},
    {"cj188-h-zy-rsp", {"century_missing"}},
    {"cj188-w-read-req-1", {"identifier_low_byte_first"}},
    {"cj188-w-read-rsp-2", {"no_time"}},
    {"cj188-w-aix-rsp", {"no_time"}},
    {"cj188-w-go-addr-req", {"identifier_low_byte_first"}},
    {"cj188-w-go-addr-rsp", {"identifier_low_byte_first"}},
    {"cj188-w-go-read-rsp", {"no_value"}},
    {"cj188-w-9097-long", {"over_length", "vendor_record", "unit_before_value", "unknown_unit"}},
    {"cj188-h-tiangang-req", {"preamble_length", "identifier_low_byte_first"}},
    {"cj188-h-tiangang-rsp", {"preamble_length", "identifier_low_byte_first"}},
    {"cj188-h-lianqiang-rsp", {"unknown_unit", "invalid_bcd"}},
    {"cj188-h-czo-rsp", {"vendor_record", "high_byte_first", "unit_of_other_quantity"}},
    {"cj188-h-maituo-addr", {"partial_wildcard_address", "unknown_control"}},
    {"cj188-h-zhifang-req", {"identifier_low_byte_first"}},
    {"cj188-h-zhifang-rsp", {"preamble_length", "identifier_low_byte_first"}},
    {"cj188-h-debao-req", {"preamble_length", "identifier_low_byte_first"}},
};

// Those that observation finds to be no frame.
const std::map<std::string, std::string> observed_errors{{"cj188-h-czo-rsp", "bad_length"},
                                                         {"cj188-h-maituo-addr", "bad_checksum"},
                                                         {"cj188-syn-empty-data", "bad_checksum"}};

const std::map<std::string, std::set<std::string>> classes{{"checksum", {"bad_checksum"}},
                                                           {"length", {"bad_length"}},
                                                           {"framing", {"no_start", "bad_end", "truncated"}},
                                                           {"record", {"bad_record"}}};

const std::map<std::string, std::string> item_names{{"cumulative_flow", "cumulative_volume"},
                                                    {"settlement_day_flow", "settlement_day_volume"},
                                                    {"settlement_day_heat", "settlement_day_heat"},
                                                    {"current_heat", "cumulative_heat"},
                                                    {"cumulative_heat", "cumulative_heat"},
                                                    {"heat_power", "power"},
                                                    {"flow_rate", "flow"},
                                                    {"supply_temp_C", "supply_temperature"},
                                                    {"return_temp_C", "return_temperature"},
                                                    {"water_temp_C", "temperature"},
                                                    {"work_time_h", "working_time"},
                                                    {"time", "clock"},
                                                    {"new_address", "new_address"}};

const std::map<std::string, std::string> units{{"kWh", "kW.h"}};

const TelegramItem* find_item(const Telegram& telegram, const std::string& name) {
  const auto found = std::find_if(telegram.items.begin(), telegram.items.end(),
                                  [&](const TelegramItem& item) { return item.name == name; });
  return found == telegram.items.end() ? nullptr : &*found;
}

void expect_value(const TelegramItem& item, const Json& expected) {
  if (expected.is_object()) {
    const std::string unit = expected.at("unit");
    EXPECT_EQ(item.unit, units.contains(unit) ? units.at(unit) : unit);
    return expect_value(item, expected.at("value"));
  }
  if (expected.is_null() || expected == "not set (all zero)") {
    EXPECT_EQ(item.value, "");
  } else if (expected.is_number()) {
    ASSERT_NE(item.value, "");
    EXPECT_DOUBLE_EQ(std::stod(item.value), expected.get<double>());
  } else {
    EXPECT_EQ(item.value, expected.get<std::string>());
  }
}

void expect_status(const Telegram& telegram, const std::string& st) {
  static const std::map<std::string, Names> known{
      {"00 00", {"valve_open"}},
      {"00 80", {"valve_open", "vendor_status_15"}},
      {"00 04", {"valve_open", "vendor_status_10"}},
      {"00 FF",
       {"valve_open", "vendor_status_8", "vendor_status_9", "vendor_status_10", "vendor_status_11", "vendor_status_12",
        "vendor_status_13", "vendor_status_14", "vendor_status_15"}}};
  EXPECT_EQ(telegram.status, known.at(st));
}

void expect_content(const Telegram& telegram, const Json& expected) {
  EXPECT_EQ(telegram.data_identifier, expected.at("di"));
  EXPECT_EQ(telegram.sequence, std::stoi(expected.at("ser").get<std::string>(), nullptr, 16));
  for (const auto& [published, name] : item_names) {
    if (!expected.contains(published)) continue;
    SCOPED_TRACE(name);
    const TelegramItem* item = find_item(telegram, name);
    ASSERT_NE(item, nullptr);
    expect_value(*item, expected.at(published));
  }
  if (expected.contains("st")) expect_status(telegram, expected.at("st"));
}

void expect_header(const Telegram& telegram, const Json& expected) {
  const auto without_h = [](const Json& text) {
    std::string hex = text;
    hex.pop_back();
    return hex;
  };
  EXPECT_EQ(telegram.address, expected.at("address"));
  EXPECT_EQ(telegram.control, without_h(expected.at("control")));
  EXPECT_EQ(telegram.meter_type, without_h(expected.at("type")));
}

TEST(Cjt188Published, EveryFrameIsReadAsItsSourceSays) {
  ASSERT_EQ(frames().size(), 40u);
  for (const Json& frame : frames()) {
    const std::string id = frame.at("id"), verdict = frame.at("verdict");
    SCOPED_TRACE(id);
    const Json& expected = frame.at("expected");
    const auto bytes = bytes_from_hex(frame.at("hex").get<std::string>());
    const auto telegrams = telegrams_in(bytes);
    ASSERT_EQ(telegrams.size(), 1u);
    const Telegram& telegram = telegrams.front();
    if (!expected.at("address").is_null()) expect_header(telegram, expected);
    if (verdict.starts_with("reject:")) {
      EXPECT_FALSE(telegram.valid);
      EXPECT_TRUE(classes.at(verdict.substr(7)).contains(telegram.error)) << telegram.error;
      EXPECT_NE(telegram.explanation.find("expected"), std::string::npos) << telegram.explanation;
      continue;
    }
    const bool wrong = observed_errors.contains(id);
    EXPECT_EQ(telegram.error, wrong ? observed_errors.at(id) : "") << telegram.explanation;
    EXPECT_EQ(telegram.valid, !wrong);
    EXPECT_EQ(telegram.departures, departures.contains(id) ? departures.at(id) : Names{});
    if (telegram.error != "bad_checksum") expect_content(telegram, expected);
    EXPECT_EQ(telegram.bytes.front().from, 0u);
  }
}

TEST(Cjt188Published, TheOtherFieldsOfADamagedReplyAreKept) {
  for (const Json& frame : frames()) {
    if (frame.at("id") != "cj188-h-lianqiang-rsp") continue;
    const auto telegrams = telegrams_in(bytes_from_hex(frame.at("hex").get<std::string>()));
    EXPECT_EQ(find_item(telegrams.front(), "supply_temperature")->value, "");
    EXPECT_EQ(find_item(telegrams.front(), "flow")->value, "0.0000");
    EXPECT_EQ(find_item(telegrams.front(), "clock")->value, "2011-07-18T14:41:43");
    return;
  }
  FAIL() << "the frame is missing";
}

TEST(Cjt188Published, AllInOneStreamAreFoundInOrder) {
  std::vector<std::uint8_t> stream;
  std::vector<std::string> sent, found;
  for (const Json& frame : frames()) {
    if (frame.at("verdict") != "accept") continue;
    const auto bytes = bytes_from_hex(frame.at("hex").get<std::string>());
    stream.insert(stream.end(), bytes.begin(), bytes.end());
    stream.push_back(0x68);  // noise
    sent.push_back(telegrams_in(bytes).front().address);
  }
  for (const Telegram& telegram : telegrams_in(stream)) found.push_back(telegram.address);
  EXPECT_EQ(found, sent);
}

}  // namespace
}  // namespace meterrig::cjt188
