#include "meters/mbus.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "meters/mbus_records.hpp"
#include "tests/unit/meters/telegram_data.hpp"

namespace meterrig::mbus {
namespace {

using Strings = std::vector<std::string>;

struct Stated {
  std::string address, control, identifier;
  std::map<std::string, std::string> values;
};

// What the sources state, in this project's names and units.
const std::map<std::string, Stated> stated{
    {"mbus-ACW_Itron-CYBLE-M-Bus-14",
     {"01",
      "08",
      "72",
      {{"identification", "09011523"},
       {"manufacturer", "ACW"},
       {"version", "20"},
       {"fabrication_number", "9011523"},
       {"cust. ID", "09LA076755"},
       {"clock", "2014-03-13T14:26:00"},
       {"bat. time", "2516"},
       {"cumulative_volume", "0.031 m3"},
       {"cumulative_volume_manufacturer", "0.000 m3"},
       {"cumulative_volume_storage_1", "0.031 m3"},
       {"manufacturer_data", "00011F"}}}},
    {"mbus-kamstrup_multical_601",
     {"11",
      "08",
      "72",
      {{"identification", "06855817"},
       {"manufacturer", "KAM"},
       {"version", "8"},
       {"cumulative_energy", "37351 kW.h"},
       {"cumulative_volume", "561.08 m3"},
       {"on_time", "985 h"},
       {"supply_temperature", "101.69 Cel"},
       {"return_temperature", "46.16 Cel"},
       {"temperature_difference", "55.53 K"},
       {"power", "34.7 kW"},
       {"power_maximum", "44.8 kW"},
       {"flow", "0.543 m3/h"},
       {"flow_maximum", "0.628 m3/h"},
       {"cumulative_energy_tariff_1", "0 kW.h"},
       {"date_storage_1", "2010-12-31"}}}},
    {"mbus-itron_cf_51",
     {"06",
      "08",
      "72",
      {{"identification", "11155185"},
       {"manufacturer", "ACW"},
       {"version", "10"},
       {"cumulative_energy", "0 kW.h"},
       {"cumulative_volume", "0.00 m3"},
       {"power_error_state", "99999.9 kW"},
       {"flow", "0.000 m3/h"},
       {"supply_temperature_error_state", "999.9 Cel"},
       {"return_temperature_error_state", "999.9 Cel"},
       {"temperature_difference_error_state", "9999.99 K"},
       {"clock", "2012-01-24T13:24:00"},
       {"working_time", "104 d"},
       {"firmware_version", "11"},
       {"software_version", "26"}}}},
    {"mbus-err-buffer_too_long", {"01", "08", "70", {{"application_error", "buffer_too_long"}}}},
    {"mbus-wm-multical403",
     {"4A",
      "08",
      "72",
      {{"identification", "77447744"},
       {"cumulative_energy", "34510 kW.h"},
       {"cumulative_volume", "2232.49 m3"},
       {"supply_temperature", "64.60 Cel"},
       {"return_temperature", "45.16 Cel"},
       {"flow", "0.527 m3/h"}}}},
    {"mbus-ack", {"", "E5", "", {}}},
    {"mbus-setid", {"FE", "53", "51", {{"enhanced_identification", "12345678"}}}},
};

TEST(MbusPublished, AcceptedFramesSayWhatTheirSourcesState) {
  std::size_t accepted = 0;
  for (const auto& frame : published_frames("mbus")) {
    if (frame["verdict"] != "accept") continue;
    ++accepted;
    const std::string id = frame["id"];
    SCOPED_TRACE(id);
    ASSERT_TRUE(stated.contains(id));
    const Bytes bytes = bytes_from_hex(frame["hex"].get<std::string>());
    const auto found = telegrams_in(bytes);
    ASSERT_EQ(found.size(), 1u);
    const Telegram& telegram = found[0];
    EXPECT_TRUE(telegram.valid) << telegram.explanation;
    EXPECT_EQ(telegram.error, "");
    EXPECT_EQ(telegram.departures, Strings{});
    EXPECT_EQ(telegram.protocol, "mbus");
    EXPECT_EQ(telegram.address, stated.at(id).address);
    EXPECT_EQ(telegram.control, stated.at(id).control);
    EXPECT_EQ(telegram.data_identifier, stated.at(id).identifier);
    EXPECT_TRUE(covers(telegram, 0, bytes.size()));
    for (const auto& [name, value] : stated.at(id).values) EXPECT_EQ(value_in(telegram, name), value) << name;
  }
  EXPECT_EQ(accepted, stated.size());
}

TEST(MbusPublished, MetersNameTheirMediumStatusAndAccessNumber) {
  for (const auto& frame : published_frames("mbus")) {
    if (frame["id"] != "mbus-itron_cf_51") continue;
    const Telegram telegram = telegrams_in(bytes_from_hex(frame["hex"].get<std::string>()))[0];
    EXPECT_EQ(telegram.meter_type, "heat_cooling");
    EXPECT_EQ(telegram.sequence, 27);
    EXPECT_EQ(telegram.status, Strings{"temporary_error"});
    EXPECT_EQ(telegram.direction, "response");
    return;
  }
  FAIL() << "no such frame";
}

TEST(MbusPublished, RefusedFramesAreOfTheStatedClass) {
  const std::map<std::string, Strings> classes{{"reject:record", {"bad_record"}},
                                               {"reject:checksum", {"bad_checksum"}},
                                               {"reject:length", {"bad_length"}},
                                               {"reject:framing", {"no_start", "bad_end", "truncated"}}};
  int refused = 0;
  for (const auto& frame : published_frames("mbus")) {
    const std::string verdict = frame["verdict"];
    if (!verdict.starts_with("reject")) continue;
    ++refused;
    SCOPED_TRACE(frame["id"].get<std::string>());
    const auto found = telegrams_in(bytes_from_hex(frame["hex"].get<std::string>()));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_FALSE(found[0].valid);
    EXPECT_NE(found[0].explanation, "");
    const Strings& names = classes.at(verdict);
    EXPECT_NE(std::find(names.begin(), names.end(), found[0].error), names.end()) << found[0].error;
  }
  EXPECT_EQ(refused, 2);
}

TEST(MbusPublished, OneBadRecordDoesNotLoseTheOthers) {
  for (const auto& frame : published_frames("mbus")) {
    if (frame["id"] != "mbus-bad-too_many_dife") continue;
    const Bytes bytes = bytes_from_hex(frame["hex"].get<std::string>());
    const Telegram telegram = telegrams_in(bytes)[0];
    EXPECT_EQ(telegram.explanation, "byte 29: record of 11 extensions, at most 10");
    EXPECT_EQ(telegram.departures, Strings{"bad_record"});
    EXPECT_EQ(value_in(telegram, "cumulative_volume"), "12.565 m3");
    EXPECT_EQ(value_in(telegram, "flow_maximum_storage_5"), "0.113 m3/h");
    EXPECT_EQ(telegram.items.size(), 6u);
    EXPECT_EQ(telegram.items.back().value, "");
    EXPECT_TRUE(covers(telegram, 0, bytes.size()));
    return;
  }
  FAIL() << "no such frame";
}

TEST(MbusPublished, AGarbledReplyIsReportedAsItStands) {
  for (const auto& frame : published_frames("mbus")) {
    if (frame["verdict"] != "observe") continue;
    const Telegram telegram = telegrams_in(bytes_from_hex(frame["hex"].get<std::string>()))[0];
    EXPECT_FALSE(telegram.valid);
    EXPECT_EQ(telegram.error, "bad_checksum");
    EXPECT_EQ(telegram.explanation, "byte 123: checksum 18, expected C8");
    EXPECT_EQ(telegram.departures, (Strings{"invalid_manufacturer", "not_bcd", "error_value", "invalid_date"}));
    EXPECT_EQ(value_in(telegram, "identification"), "12345678");
    EXPECT_EQ(value_in(telegram, "cumulative_volume"), "27.9461 m3");
    EXPECT_EQ(value_in(telegram, "working_time"), "1852 h");
    EXPECT_EQ(value_in(telegram, "cumulative_energy"), "");
    EXPECT_EQ(value_in(telegram, "flow_error_state"), "");
    return;
  }
  FAIL() << "no such frame";
}

// --- the link layer
// ---------------------------------------------------------------------------------------------------

Bytes reply(const Bytes& records, std::uint8_t address = 1) {
  Frame frame{control::rsp_ud, address, information::no_header, records};
  return encode(frame);
}

TEST(Mbus, GoldenBytes) {
  EXPECT_EQ(to_hex(encode({control::snd_nke, 0x01, {}, {}})), "1040014116");
  EXPECT_EQ(to_hex(encode({control::req_ud2 | control::fcb, 0xFE, {}, {}})), "107BFE7916");
  EXPECT_EQ(to_hex(encode({0x53, 0xFE, 0x51, {0x0C, 0x79, 0x78, 0x56, 0x34, 0x12}})), "6809096853FE510C79785634123B16");
  EXPECT_EQ(to_hex(encode(selection("12345678FFFFFFFF"))), "680B0B6853FD5278563412FFFFFFFFB216");
}

TEST(Mbus, RequestsAreToldFromResponses) {
  const Telegram request = telegrams_in(bytes_from_hex("10 7B FE 79 16"))[0];
  EXPECT_TRUE(request.valid);
  EXPECT_EQ(request.direction, "request");
  EXPECT_EQ(request.control, "7B");
  EXPECT_EQ(request.address, "FE");
  EXPECT_TRUE(covers(request, 0, 5));
  const Telegram demanding = telegrams_in(encode({0x38, 3, {}, {}}))[0];
  EXPECT_EQ(demanding.direction, "response");
  EXPECT_EQ(demanding.status, (Strings{"access_demand", "data_flow_control"}));
  EXPECT_EQ(telegrams_in(encode({0xC0, 3, {}, {}}))[0].departures, Strings{"reserved_control_bit"});
}

TEST(Mbus, SelectionCarriesTheSecondaryAddress) {
  for (const std::string address : {"12345678FFFFFFFF", "FFFFFFFF2D2C0804", "0000000000000000"}) {
    const auto found = telegrams_in(encode(selection(address)));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(found[0].valid);
    EXPECT_EQ(found[0].address, address);
    EXPECT_EQ(found[0].direction, "request");
  }
  EXPECT_THROW(selection("1234"), std::invalid_argument);
  EXPECT_THROW(selection("12345678FFFFFFFG"), std::invalid_argument);
}

TEST(Mbus, EncodeRefusesWhatNoFrameHolds) {
  EXPECT_NO_THROW(encode({0x08, 1, 0x78, Bytes(252)}));
  EXPECT_THROW(encode({0x08, 1, 0x78, Bytes(253)}), std::length_error);
  EXPECT_THROW(encode({0x08, 1, {}, Bytes(1)}), std::invalid_argument);
}

TEST(Mbus, ErrorsNameThePlace) {
  const std::map<std::string, std::pair<std::string, std::string>> cases{
      {"", {"no_start", "byte 0: the bytes end, expected a start byte 68 or 10, or E5"}},
      {"00 01", {"no_start", "byte 0: 00, expected a start byte 68 or 10, or E5; none follows"}},
      {"10 40 01 42 16", {"bad_checksum", "byte 3: checksum 42, expected 41"}},
      {"10 40 01 41 17", {"bad_end", "byte 4: end 17, expected 16"}},
      {"10 40 01", {"truncated", "byte 3: the bytes end, expected 2 more"}},
      {"68", {"truncated", "byte 1: the bytes end, expected 8 more"}},
      {"FF 68 03 04 68 08 01 78 81 16", {"bad_length", "byte 3: second length 4, expected 3 as the first"}},
      {"68 03 03 68 08 01 78", {"truncated", "byte 7: the bytes end, expected 2 more"}},
      {"68 03 03 68 08 01 78 80 16", {"bad_checksum", "byte 7: checksum 80, expected 81"}},
      {"68 03 03 68 08 01 72 7B 16", {"bad_length", "byte 7: 0 bytes of data, expected 12 at least"}},
      {"68 05 05 68 08 01 7A 00 00 83 16", {"bad_length", "byte 7: 2 bytes of data, expected 4 at least"}},
      {"68 05 05 68 53 FD 52 00 00 A2 16", {"bad_length", "byte 7: 2 bytes of data, expected 8 at least"}},
  };
  for (const auto& [hex, expected] : cases) {
    SCOPED_TRACE(hex);
    const auto found = telegrams_in(bytes_from_hex(hex));
    ASSERT_EQ(found.size(), 1u);
    EXPECT_FALSE(found[0].valid);
    EXPECT_EQ(found[0].protocol, "mbus");
    EXPECT_EQ(found[0].error, expected.first);
    EXPECT_EQ(found[0].explanation, expected.second);
  }
}

TEST(Mbus, EveryFrameIsFoundBehindNoise) {
  const Bytes request = encode({control::req_ud2, 5, {}, {}});
  const Bytes answer = reply({0x04, 0x13, 0x1F, 0, 0, 0}, 5);
  Bytes stream{0x68, 0x05, 0x05, 0x68, 0x10, 0xE5, 0x00};
  const std::size_t noise = stream.size();
  stream.insert(stream.end(), request.begin(), request.end());
  stream.push_back(acknowledge_byte);
  stream.insert(stream.end(), answer.begin(), answer.end());
  stream.push_back(0x68);
  const auto found = telegrams_in(stream);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(covers(found[0], noise, noise + 5));
  EXPECT_EQ(found[1].control, "E5");
  EXPECT_TRUE(covers(found[1], noise + 5, noise + 6));
  EXPECT_TRUE(covers(found[2], noise + 6, noise + 6 + answer.size()));
  EXPECT_EQ(value_in(found[2], "cumulative_volume"), "0.031 m3");
}

TEST(Mbus, AnAcknowledgeThatTouchesNoiseIsNoise) {
  EXPECT_EQ(telegrams_in(bytes_from_hex("E5 10 40 01 41 16 E5 E5")).size(), 4u);
  const auto found = telegrams_in(bytes_from_hex("00 E5 10 40 01 41 16 E5 00"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(covers(found[0], 2, 7));
  EXPECT_FALSE(telegrams_in(bytes_from_hex("00 E5"))[0].valid);
}

TEST(Mbus, OfTwoFramesAlikeTheFirstIsReported) {
  const Telegram telegram = telegrams_in(bytes_from_hex("10 40 01 42 16 10 40 01 43 16"))[0];
  EXPECT_EQ(telegram.explanation, "byte 3: checksum 42, expected 41");
}

TEST(Mbus, EncipheredRecordsAreNotGuessed) {
  const Telegram telegram =
      telegrams_in(encode({control::rsp_ud, 1, information::short_header, {7, 0x04, 0x00, 0x05, 0x2F, 0x2F}}))[0];
  EXPECT_TRUE(telegram.valid);
  EXPECT_EQ(telegram.sequence, 7);
  EXPECT_EQ(telegram.status, Strings{"battery_low"});
  EXPECT_EQ(telegram.departures, Strings{"enciphered"});
  EXPECT_TRUE(telegram.items.empty());
  EXPECT_TRUE(covers(telegram, 0, 15));
}

TEST(Mbus, EveryOneBitFaultIsRefused) {
  const Bytes good = reply({0x0C, 0x13, 0x45, 0x23, 0x01, 0x00, 0x04, 0x6D, 0x1A, 0x0E, 0xCD, 0x13});
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1u << bit % 8);
    const auto found = telegrams_in(bad);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_FALSE(found[0].valid) << "bit " << bit;
    EXPECT_NE(found[0].explanation, "");
  }
}

// Valid frames with random records, their every prefix, and noise: no input is beyond telling.
TEST(Mbus, NoBytesAreTooMuch) {
  std::mt19937 random(13757);
  for (int round = 0; round < 3000; ++round) {
    Bytes data(random() % 60);
    for (std::uint8_t& byte : data) byte = static_cast<std::uint8_t>(random());
    const std::array<std::uint8_t, 5> informations{0x72, 0x7A, 0x78, 0x51, 0x52};
    Bytes bytes = encode({0x08, 1, informations[random() % informations.size()], data});
    const auto whole = telegrams_in(bytes);
    ASSERT_EQ(whole.size(), 1u);
    EXPECT_TRUE(covers(whole[0], 0, bytes.size()));
    EXPECT_EQ(whole[0].valid, whole[0].error.empty());
    bytes.resize(random() % bytes.size());
    EXPECT_FALSE(telegrams_in(bytes).empty());
    data.insert(data.begin(), {0x68, 0x10, 0x68, static_cast<std::uint8_t>(random() % 8)});
    for (const Telegram& telegram : telegrams_in(data))
      EXPECT_EQ(telegram.valid, telegram.explanation.empty() && telegram.error.empty());
  }
}

}  // namespace
}  // namespace meterrig::mbus
