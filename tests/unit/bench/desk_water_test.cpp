#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/bench/cjt_support.hpp"

namespace meterrig::bench {
namespace {

namespace control = cjt188::control;
using Bytes = cjt188::Bytes;

std::string meter_with(const std::string& more) {
  return R"({"name": "w", "kind": "water", "address": "00110020260001", "volume": "123.45", "flow": "0.6000",
             "supply_temperature": "15.20", "pressure_kpa": "310")" +
         more + "}";
}

struct WaterMeterOnTheDesk : testing::Test {
  CjtLine meter{meter_with("")};
};

TEST_F(WaterMeterOnTheDesk, CountsExactlyWhatFlowsThroughIt) {
  meter.elapse_to(10h);
  Values now = meter.read(0x901F);
  EXPECT_EQ(now["cumulative_volume"], "129.45 m3");
  EXPECT_EQ(now["clock"], "2026-11-21T10:00:00");
  // 0.6 m3/h: 0.01 m3 in a minute. The reading is asked for a moment before and after.
  meter.elapse_to(10h + 59s);
  EXPECT_EQ(meter.read(0x901F)["cumulative_volume"], "129.45 m3");
  meter.elapse_to(10h + 60s);
  EXPECT_EQ(meter.read(0x901F)["cumulative_volume"], "129.46 m3");
}

TEST_F(WaterMeterOnTheDesk, SettlesAtMidnightOfTheFirst) {
  EXPECT_EQ(meter.read(0xD120)["settlement_day_volume"], "113.95 m3");  // 12/13 of what it began with
  meter.elapse_to(24h * 10 + 1h);
  // The 1st of December begins 240 hours after the start: 144 m3.
  EXPECT_EQ(meter.read(0xD120)["settlement_day_volume"], "267.45 m3");
  EXPECT_EQ(meter.read(0xD121)["settlement_day_volume"], "113.95 m3");
  Values now = meter.read(0x901F);
  EXPECT_EQ(now["settlement_day_volume"], "267.45 m3");
  EXPECT_EQ(now["cumulative_volume"], "268.05 m3");
  meter.elapse_to(24h * (10 + 31) + 1h);
  EXPECT_EQ(meter.read(0xD120)["settlement_day_volume"], "713.85 m3");
  EXPECT_EQ(meter.read(0xD121)["settlement_day_volume"], "267.45 m3");
}

TEST_F(WaterMeterOnTheDesk, AClockThatIsSetForwardSettlesOnTheWay) {
  // To 30 seconds past midnight of 2027-02-01: over the first of December, January and February.
  EXPECT_EQ(meter.write(0xA015, {0x30, 0x00, 0x00, 0x01, 0x02, 0x27, 0x20}), 0x84U);
  Values now = meter.read(0x901F);
  EXPECT_EQ(now["clock"].substr(0, 16), "2027-02-01T00:00");
  for (const unsigned month : {0xD120U, 0xD121U, 0xD122U})
    EXPECT_EQ(meter.read(month)["settlement_day_volume"], "123.45 m3");
  EXPECT_EQ(meter.read(0xD123)["settlement_day_volume"], "113.95 m3");
  EXPECT_EQ(meter.read(0x907F)["clock"].substr(0, 16), "2027-02-01T00:00");
  EXPECT_EQ(meter.write(0xA015, {0x30, 0x00, 0x00, 0x30, 0x02, 0x27, 0x20}), 0xC4U);  // February the 30th
  EXPECT_EQ(meter.write(0xA015, {0x30, 0x00, 0x00, 0x1A, 0x02, 0x27, 0x20}), 0xC4U);
  EXPECT_EQ(meter.write(0xA015, {0x30, 0x00}), 0xC4U);
  EXPECT_EQ(meter.write(0xA015, {0x30, 0x00, 0x00, 0x01, 0x02, 0x27, 0x99}), 0xC4U);  // the year 9927
}

TEST_F(WaterMeterOnTheDesk, DaysArePlacedInEveryMonth) {
  EXPECT_EQ(meter.write(0xA011, {0x25}), 0x84U);
  EXPECT_EQ(meter.write(0xA012, {0x28}), 0x84U);
  EXPECT_EQ(meter.write(0xA011, {0x29}), 0xC4U);
  EXPECT_EQ(meter.write(0xA012, {0x00}), 0xC4U);
  EXPECT_EQ(meter.read(0x8103)["settlement_day"], "25");
  EXPECT_EQ(meter.read(0x8104)["reading_day"], "28");
  meter.elapse_to(24h * 4 + 1h);
  EXPECT_EQ(meter.read(0xD120)["settlement_day_volume"], "181.05 m3");  // at midnight of the 25th
}

TEST_F(WaterMeterOnTheDesk, PricesAndPurchases) {
  Values prices = meter.read(0x8102);
  EXPECT_EQ(prices["price_1"], "2.07");
  EXPECT_EQ(prices["step_volume_2"], "200");
  const Bytes dearer{0x00, 0x03, 0x00, 0x50, 0x00, 0x00, 0x00, 0x04, 0x00, 0x80, 0x00, 0x00, 0x00, 0x05, 0x00, 0x01};
  EXPECT_EQ(meter.write(0xA010, dearer), 0x84U);
  prices = meter.read(0x8102);
  EXPECT_EQ(prices["price_1"], "3.00");
  EXPECT_EQ(prices["step_volume_1"], "50");
  EXPECT_EQ(prices["price_3"], "5.00");
  Bytes no_day = dearer;
  no_day.back() = 0x31;
  EXPECT_EQ(meter.write(0xA010, no_day), 0xC4U);

  EXPECT_EQ(meter.write(0xA013, {0x02, 0x00, 0x50, 0x00, 0x00}), 0x84U);
  Values bought = meter.read(0x8105);
  EXPECT_EQ(bought["purchase_sequence"], "2");
  EXPECT_EQ(bought["purchased_money"], "50.00");
  EXPECT_EQ(bought["total_purchased_money"], "550.00");
  EXPECT_EQ(bought["remaining_money"], "550.00");
  // The same purchase once more buys nothing.
  EXPECT_EQ(meter.write(0xA013, {0x02, 0x00, 0x50, 0x00, 0x00}), 0xC4U);
  EXPECT_EQ(meter.read(0x8105)["total_purchased_money"], "550.00");
}

TEST_F(WaterMeterOnTheDesk, AClosedValveStopsTheWater) {
  meter.elapse_to(1h);
  EXPECT_EQ(meter.write(0xA017, {0x99}), 0x84U);
  EXPECT_EQ(meter.told(control::read_data, 0x901F).status, std::vector<std::string>{"valve_closed"});
  meter.elapse_to(5h);
  EXPECT_EQ(meter.read(0x901F)["cumulative_volume"], "124.05 m3");
  EXPECT_EQ(meter.write(0xA017, {0x55}), 0x84U);
  EXPECT_EQ(meter.told(control::read_data, 0x901F).status, std::vector<std::string>{"valve_open"});
  meter.elapse_to(6h + 1s);
  EXPECT_EQ(meter.read(0x901F)["cumulative_volume"], "124.65 m3");
  EXPECT_EQ(meter.write(0xA017, {0x56}), 0xC4U);
}

TEST_F(WaterMeterOnTheDesk, BaseValueAndAddressOnlyBeforeTheFactoryEnable) {
  EXPECT_EQ(meter.write(0xA016, {0x00, 0x10, 0x00, 0x00, 0x2C}, control::write_motor_sync), 0x96U);
  EXPECT_EQ(meter.read(0x901F)["cumulative_volume"], "10.00 m3");
  EXPECT_EQ(meter.write(0xA016, {0x00, 0x10, 0x00, 0x00, 0x29}, control::write_motor_sync), 0xD6U);  // litres
  EXPECT_EQ(meter.write(0xA018, {0x02, 0, 0, 0, 0, 0x11, 0}, control::write_address), 0x95U);
  EXPECT_EQ(meter.write(0xA015, {0, 0, 0, 1, 1, 0x27, 0x20}), 0U);  // the old address
  meter.address = {0x02, 0, 0, 0, 0, 0x11, 0};
  EXPECT_EQ(meter.write(0xA019, {}), 0x84U);
  EXPECT_EQ(meter.write(0xA019, {}), 0xC4U);
  EXPECT_EQ(meter.write(0xA016, {0x00, 0x20, 0x00, 0x00, 0x2C}, control::write_motor_sync), 0xD6U);
  EXPECT_EQ(meter.write(0xA018, {0x03, 0, 0, 0, 0, 0x11, 0}, control::write_address), 0xD5U);
  EXPECT_EQ(meter.read(0x901F)["cumulative_volume"], "10.00 m3");
}

TEST_F(WaterMeterOnTheDesk, FreezesTheInstantOfAsking) {
  meter.elapse_to(1h);
  Values frozen = meter.read(0xD400);
  EXPECT_EQ(frozen["clock"], "2026-11-21T01:00:00");
  EXPECT_EQ(frozen["cumulative_volume"], "124.05 m3");
  EXPECT_EQ(frozen["flow"], "0.6000 m3/h");
  EXPECT_EQ(frozen["temperature"], "15.20 Cel");
  EXPECT_EQ(frozen["pressure_bytes"], "100300");
  meter.elapse_to(2h);
  EXPECT_EQ(meter.read(0xD400)["cumulative_volume"], "124.65 m3");
  EXPECT_EQ(meter.read(0xD401)["cumulative_volume"], "124.05 m3");
}

TEST_F(WaterMeterOnTheDesk, VerificationModeShowsInTheStatus) {
  EXPECT_EQ(meter.write(0xA101, {}), 0x84U);
  EXPECT_EQ(meter.told(control::read_data, 0x901F).status.back(), "vendor_status_8");
  EXPECT_EQ(meter.write(0xA102, {0x00}), 0xC4U);
  EXPECT_EQ(meter.write(0xA102, {}), 0x84U);
  EXPECT_EQ(meter.told(control::read_data, 0x901F).status.back(), "valve_open");
}

TEST_F(WaterMeterOnTheDesk, AnswersToItsOwnAddressAndToTheWildcard) {
  cjt188::Frame ask = meter.request(control::read_address, 0x810A);
  ask.address = cjt188::wildcard_address;
  ask.type = 0xAA;
  const auto found = meter.exchange(ask);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->address, meter.address);
  EXPECT_EQ(found->type, 0x10);
  EXPECT_EQ(found->control, 0x83);
  ask.address = {0x09};
  EXPECT_FALSE(meter.exchange(ask));
  ask = meter.request(control::read_data, 0x901F);
  ask.type = 0x20;
  EXPECT_FALSE(meter.exchange(ask));
  EXPECT_EQ(meter.told(0x09, 0x8106).control, "89");
}

TEST_F(WaterMeterOnTheDesk, RefusesWithStatusAndSequenceOnly) {
  const auto refused = meter.exchange(meter.request(control::read_data, 0x9999));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->control, 0xC1);
  EXPECT_EQ(refused->data, (Bytes{meter.sequence, 0x00, 0x00}));
}

TEST_F(WaterMeterOnTheDesk, SaysNothingToADamagedFrameAndAnswersTheNext) {
  Bytes damaged = cjt188::encode(meter.request(control::read_data, 0x901F));
  damaged[damaged.size() - 2] ^= 1;
  EXPECT_TRUE(meter.ask(damaged).empty());
  EXPECT_FALSE(meter.read(0x901F).empty());
}

TEST_F(WaterMeterOnTheDesk, APauseEndsAFrame) {
  const Bytes whole = cjt188::encode(meter.request(control::read_data, 0x901F));
  const auto middle = whole.begin() + 8;
  EXPECT_TRUE(meter.ask(Bytes(whole.begin(), middle)).empty());
  EXPECT_TRUE(meter.ask(Bytes(middle, whole.end())).empty());
}

TEST(WaterMeterOptions, AreThoseOfMakers) {
  CjtLine meter(meter_with(R"(, "identifier_order": "low_first", "reply_type": "11", "sequence": "zero",
                              "preamble": 4, "volume_unit": "L")"));
  EXPECT_EQ(meter.write(0x901F, {}, control::read_data), 0xC1U);  // its own order only
  const Telegram told = meter.told(control::read_data, 0x1F90);
  EXPECT_EQ(values(told).at("cumulative_volume"), "123450.00 L");
  EXPECT_EQ(told.meter_type, "11");
  EXPECT_EQ(told.sequence, 0);
  EXPECT_EQ(Bytes(meter.heard.begin(), meter.heard.begin() + 5), (Bytes{0xFE, 0xFE, 0xFE, 0xFE, 0x68}));
  EXPECT_NE(std::find(told.departures.begin(), told.departures.end(), "identifier_low_byte_first"),
            told.departures.end());
}

}  // namespace
}  // namespace meterrig::bench
