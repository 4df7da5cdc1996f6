#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "bench/desk/exact_sum.hpp"
#include "meters/mbus.hpp"
#include "tests/unit/bench/cjt_support.hpp"

namespace meterrig::bench {
namespace {

using Bytes = mbus::Bytes;

// 1.2 m3/h that cool by 14.15 K: 1.2 * 14.15 * 1.163 = 19.74774 kW.
const std::string running = R"("heat": "2345.67", "volume": "98.76", "flow": "1.2000", "supply_temperature": "55.40",
                               "return_temperature": "41.25", "working_time_h": "4321")";

TEST(ExactSum, LosesNoFractionHoweverOftenItIsAsked) {
  ExactSum once, often;
  once.add(7, 3h);
  for (int i = 0; i < 10'800; ++i) often.add(7, 1s);
  EXPECT_EQ(once.units(), 21);
  EXPECT_EQ(often.units(), 21);
  // A terawatt in units of 1e-7 W for a hundred years.
  ExactSum great;
  great.add(1'000'000'000'000, 876'000h);
  EXPECT_EQ(great.units(), 876'000'000'000'000'000);
}

struct HeatMeterOnTheDesk : testing::Test {
  HeatMeterOnTheDesk() {
    meter.type = 0x20;
    meter.address = {0x02, 0x00, 0x26, 0x20, 0x00, 0x22, 0x00};
  }
  CjtLine meter{R"({"name": "h", "kind": "heat", "address": "00220020260002", )" + running + "}"};
};

TEST_F(HeatMeterOnTheDesk, IntegratesPowerAndFlow) {
  meter.elapse_to(100h);
  const Telegram told = meter.told(0x01, 0x901F);
  EXPECT_EQ(told.bytes.size() > 0 ? told.error : "", "");
  Values now = values(told);
  EXPECT_EQ(now["cumulative_heat"], "4320.44 kW.h");  // 2345.67 + 1974.774
  EXPECT_EQ(now["cumulative_volume"], "218.76 m3");
  EXPECT_EQ(now["power"], "19.75 kW");
  EXPECT_EQ(now["flow"], "1.2000 m3/h");
  EXPECT_EQ(now["supply_temperature"], "55.40 Cel");
  EXPECT_EQ(now["return_temperature"], "41.25 Cel");
  EXPECT_EQ(now["working_time"], "4421 h");
  EXPECT_EQ(now["clock"], "2026-11-25T04:00:00");
}

TEST_F(HeatMeterOnTheDesk, SettlesHeat) {
  meter.elapse_to(24h * 10 + 1h);
  // 240 hours of 19.74774 kW.
  EXPECT_EQ(meter.read(0xD120)["settlement_day_heat"], "7085.12 kW.h");
  EXPECT_EQ(meter.read(0x901F)["settlement_day_heat"], "7085.12 kW.h");
  EXPECT_EQ(meter.read(0xD121)["settlement_day_heat"], "2165.23 kW.h");
}

TEST_F(HeatMeterOnTheDesk, SingleItemsOfTheLaterEdition) {
  EXPECT_EQ(meter.read(0x903F)["power"], "19.75 kW");
  EXPECT_EQ(meter.read(0x904F)["return_temperature"], "41.25 Cel");
  EXPECT_EQ(meter.read(0x905F)["supply_temperature"], "55.40 Cel");
  EXPECT_EQ(meter.read(0x906F)["working_time"], "4321 h");
  EXPECT_EQ(meter.read(0x907F)["clock"].substr(0, 13), "2026-11-21T00");
}

TEST_F(HeatMeterOnTheDesk, HasNoValveNoMoneyAndNoBaseValue) {
  for (const unsigned identifier : {0x8102U, 0x8105U, 0xD400U})
    EXPECT_EQ(meter.write(identifier, {}, 0x01), 0xC1U) << identifier;
  EXPECT_EQ(meter.write(0xA017, {0x99}), 0xC4U);
  EXPECT_EQ(meter.write(0xA016, {0, 0, 0, 0, 0x05}, 0x16), 0xD6U);
}

TEST(HeatUnits, AreThoseOfTheTable) {
  for (const auto& [unit, heat] : {std::pair{"MW.h", "2.34 MW.h"}, {"MJ", "8444.41 MJ"}, {"GJ", "8.44 GJ"}}) {
    CjtLine meter(R"({"name": "h", "kind": "heat", "address": "00220020260002", "heat": "2345.67", "heat_unit": ")" +
                  std::string(unit) + "\"}");
    meter.type = 0x20;
    meter.address = {0x02, 0x00, 0x26, 0x20, 0x00, 0x22, 0x00};
    EXPECT_EQ(meter.read(0x901F)["cumulative_heat"], heat);
  }
}

struct MbusMeterOnTheDesk : testing::Test {
  DeskLine meter{R"({"name": "h", "kind": "heat-mbus", "address": "1234567856360104", "primary_address": 1, )" +
                 running + "}"};
  const Bytes acknowledge{0xE5};

  Bytes send(std::uint8_t control, std::uint8_t address) { return meter.ask(mbus::encode({control, address, {}, {}})); }
  Bytes send(std::uint8_t address, std::uint8_t information, const Bytes& data) {
    return meter.ask(mbus::encode({mbus::control::snd_ud, address, information, data}));
  }
  Bytes select(const std::string& secondary) { return meter.ask(mbus::encode(mbus::selection(secondary))); }
  Telegram decoded(const Bytes& bytes) { return mbus::telegrams_in(bytes).front(); }
};

TEST_F(MbusMeterOnTheDesk, TellsItsReadings) {
  meter.elapse_to(100h);
  EXPECT_EQ(send(0x40, 1), acknowledge);
  const Telegram told = decoded(send(0x7B, 1));
  ASSERT_EQ(told.error, "") << told.explanation;
  EXPECT_EQ(told.control, "08");
  EXPECT_EQ(told.meter_type, "heat_outlet");
  const Values expected{{"identification", "12345678"},
                        {"manufacturer", "MRV"},
                        {"version", "1"},
                        {"fabrication_number", "12345678"},
                        {"cumulative_energy", "4320.44 kW.h"},
                        {"cumulative_volume", "218.76 m3"},
                        {"power", "19.75 kW"},
                        {"flow", "1.2000 m3/h"},
                        {"supply_temperature", "55.40 Cel"},
                        {"return_temperature", "41.25 Cel"},
                        {"temperature_difference", "14.15 K"},
                        {"working_time", "4421 h"},
                        {"clock", "2026-11-25T04:00:00"},
                        {"manufacturer_data", ""}};  // 1F with nothing behind it
  EXPECT_EQ(values(told), expected);
  EXPECT_EQ(told.status, std::vector<std::string>{"more_records_follow"});
}

TEST_F(MbusMeterOnTheDesk, TheFrameCountBitChoosesTheTelegram) {
  meter.elapse_to(24h * 10 + 1h);
  send(0x40, 1);
  const Bytes first = send(0x7B, 1);
  EXPECT_EQ(send(0x7B, 1), first);  // the same bit: once more
  const Telegram second = decoded(send(0x5B, 1));
  ASSERT_EQ(second.error, "") << second.explanation;
  Values history = values(second);
  EXPECT_EQ(history["cumulative_energy_storage_1"], "7085.12 kW.h");
  EXPECT_EQ(history["cumulative_volume_storage_1"], "386.76 m3");
  EXPECT_EQ(history["date_storage_1"], "2026-12-01");
  EXPECT_EQ(history["date_storage_12"], "2026-01-01");
  EXPECT_EQ(history["cumulative_energy_storage_2"], "2165.23 kW.h");
  EXPECT_TRUE(second.status.empty());
  EXPECT_EQ(second.sequence, 1);
  EXPECT_EQ(decoded(send(0x7B, 1)).status.size(), 1U);  // round again
  send(0x5B, 1);
  send(0x40, 1);
  EXPECT_EQ(decoded(send(0x5B, 1)).status.size(), 1U);  // SND_NKE begins anew
}

TEST_F(MbusMeterOnTheDesk, IsSelectedByItsSecondaryAddress) {
  EXPECT_TRUE(send(0x7B, 0xFD).empty());  // nobody is selected
  EXPECT_EQ(select("1234567856360104"), acknowledge);
  EXPECT_EQ(decoded(send(0x7B, 0xFD)).address, "01");
  EXPECT_TRUE(select("1234567956360104").empty());  // another one; this one is not selected any more
  EXPECT_TRUE(send(0x7B, 0xFD).empty());
  for (const char* mask : {"FFFFFFFFFFFFFFFF", "1234FFFFFFFFFFFF", "FFFFFFF85636FF04", "12345678FFFF01FF"})
    EXPECT_EQ(select(mask), acknowledge) << mask;
  for (const char* mask : {"2FFFFFFFFFFFFFFF", "12345678FFFF02FF", "123456785636F104"})
    EXPECT_TRUE(select(mask).empty()) << mask;
  select("FFFFFFFFFFFFFFFF");
  EXPECT_EQ(send(0x40, 0xFD), acknowledge);
  EXPECT_TRUE(send(0x7B, 0xFD).empty());
}

TEST_F(MbusMeterOnTheDesk, TakesAnotherPrimaryAddress) {
  EXPECT_EQ(send(0xFE, 0x51, {0x01, 0x7A, 0x07}), acknowledge);
  EXPECT_TRUE(send(0x7B, 1).empty());
  EXPECT_EQ(decoded(send(0x7B, 7)).address, "07");
  EXPECT_TRUE(send(7, 0x51, {0x01, 0x7A, 0xFB}).empty());  // 251 is none
  EXPECT_FALSE(send(0x5B, 7).empty());
}

TEST_F(MbusMeterOnTheDesk, TakesAnotherIdentification) {
  EXPECT_EQ(select("1234567856360104"), acknowledge);
  EXPECT_EQ(send(0xFE, 0x51, {0x0C, 0x79, 0x21, 0x43, 0x65, 0x87}), acknowledge);
  EXPECT_TRUE(select("1234567856360104").empty());
  EXPECT_EQ(select("8765432156360104"), acknowledge);
}

TEST_F(MbusMeterOnTheDesk, TakesAClock) {
  // 2027-02-03T04:05
  EXPECT_EQ(send(1, 0x51, {0x04, 0x6D, 0x05, 0x04, 0x63, 0x32}), acknowledge);
  EXPECT_EQ(values(decoded(send(0x7B, 1)))["clock"], "2027-02-03T04:05:00");
  EXPECT_TRUE(send(1, 0x51, {0x04, 0x6D, 0x05, 0x04, 0x7F, 0x32}).empty());  // February the 31st
}

TEST_F(MbusMeterOnTheDesk, ObeysABroadcastInSilence) {
  EXPECT_TRUE(send(0xFF, 0x51, {0x01, 0x7A, 0x09}).empty());
  EXPECT_FALSE(send(0x7B, 9).empty());
}

TEST_F(MbusMeterOnTheDesk, FindsItsRequestInNoise) {
  Bytes noisy{0x68, 0x10, 0x00, 0xE5, 0x16};
  const Bytes request = mbus::encode({0x5B, 1, {}, {}});
  noisy.insert(noisy.end(), request.begin(), request.end());
  EXPECT_FALSE(meter.ask(noisy).empty());
  Bytes damaged = request;
  damaged[3] ^= 1;
  EXPECT_TRUE(meter.ask(damaged).empty());
  EXPECT_FALSE(meter.ask(request).empty());
}

}  // namespace
}  // namespace meterrig::bench
