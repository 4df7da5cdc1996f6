#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/bench/dlt_support.hpp"

// What a DL/T 645-2007 meter of the desk can be asked.
namespace meterrig::bench {
namespace {

// 220.1 * 5 * 0.95 + 221.2 * 4.5 * 0.9 + 219.3 * 6.25 = 1045.475 + 895.86 + 1370.625 = 3311.96 W.
struct ElectricityOnTheDesk : testing::Test {
  DltLine meter{loaded_meter + "}"};
};

TEST_F(ElectricityOnTheDesk, MeasuresEachPhase) {
  const Values volts{{"voltage_a", "220.1 V"}, {"voltage_b", "221.2 V"}, {"voltage_c", "219.3 V"}};
  EXPECT_EQ(meter.read(0x0201FF00), volts);
  EXPECT_EQ(meter.read(0x02010200), (Values{{"voltage_b", "221.2 V"}}));
  const Values amperes{{"current_a", "5.000 A"}, {"current_b", "4.500 A"}, {"current_c", "6.250 A"}};
  EXPECT_EQ(meter.read(0x0202FF00), amperes);
  const Values watts{{"active_power", "3.3120 kW"},
                     {"active_power_a", "1.0455 kW"},
                     {"active_power_b", "0.8959 kW"},
                     {"active_power_c", "1.3706 kW"}};
  EXPECT_EQ(meter.read(0x0203FF00), watts);
  Values var = meter.read(0x0204FF00);
  EXPECT_EQ(var["reactive_power_a"], "0.3434 kvar");  // 1100.5 VA * 0.312
  EXPECT_EQ(var["reactive_power_c"], "0.0000 kvar");
  EXPECT_EQ(meter.read(0x02050300)["apparent_power_c"], "1.3706 kV.A");
  EXPECT_EQ(meter.read(0x02060100)["power_factor_a"], "0.950");
  EXPECT_EQ(meter.read(0x02060000)["power_factor"], "0.955");  // 3311.96 / 3466.525 VA
  EXPECT_EQ(meter.read(0x02070200)["phase_angle_b"], "25.8 deg");
  EXPECT_EQ(meter.read(0x02800002)["frequency"], "50.00 Hz");
  EXPECT_EQ(meter.bare(0x11, {0x00, 0x04, 0x01, 0x02}), 0xD102U);  // a fourth phase
}

TEST_F(ElectricityOnTheDesk, CountsEnergyByTariff) {
  // Eight hours of valley, four of peak, one of flat.
  meter.elapse_to(13h);
  const Values expected{{"forward_active_energy", "1277.61 kW.h"},  // 1234.56 + 43.05548
                        {"forward_active_energy_tariff_1", "308.64 kW.h"},
                        {"forward_active_energy_tariff_2", "321.88 kW.h"},
                        {"forward_active_energy_tariff_3", "311.95 kW.h"},
                        {"forward_active_energy_tariff_4", "335.13 kW.h"}};
  EXPECT_EQ(meter.read(0x0001FF00), expected);
  EXPECT_EQ(meter.read(0x00010200), (Values{{"forward_active_energy_tariff_2", "321.88 kW.h"}}));
  EXPECT_EQ(meter.read(0x00000000)["combined_active_energy"], "1277.61 kW.h");
  // 1100.5 VA * 0.312 + 995.4 VA * 0.436 = 343.356 + 433.9944 var
  EXPECT_EQ(meter.read(0x00050000)["quadrant_1_reactive_energy"], "10.10 kvar.h");
  EXPECT_EQ(meter.read(0x00030000)["combined_reactive_1_energy"], "10.10 kvar.h");
  EXPECT_EQ(meter.read(0x00070000)["quadrant_3_reactive_energy"], "0.00 kvar.h");
  EXPECT_EQ(meter.bare(0x11, {0x00, 0x05, 0x01, 0x00}), 0xD102U);  // a fifth tariff
}

TEST_F(ElectricityOnTheDesk, EnergyThatGoesBackHasARegisterOfItsOwn) {
  for (std::size_t i = 0; i < 3; ++i) meter.inside().model().set_phase(i, {200'0, 5'000, -800});
  meter.elapse_to(2h);
  EXPECT_EQ(meter.read(0x00010000)["forward_active_energy"], "1234.56 kW.h");
  EXPECT_EQ(meter.read(0x00020000)["reverse_active_energy"], "4.80 kW.h");
  EXPECT_EQ(meter.read(0x00070000)["quadrant_3_reactive_energy"], "3.60 kvar.h");
  EXPECT_EQ(meter.read(0x02030000)["active_power"], "-2.4000 kW");
  EXPECT_EQ(meter.read(0x02020100)["current_a"], "-5.000 A");
  EXPECT_EQ(meter.read(0x02060100)["power_factor_a"], "-0.800");
}

TEST_F(ElectricityOnTheDesk, SettlesAndKeepsTwelve) {
  meter.elapse_to(24h * 10 + 1h);
  // 240 h: 1234.56 + 794.8704
  EXPECT_EQ(meter.read(0x00010001)["forward_active_energy_settlement_1"], "2029.43 kW.h");
  EXPECT_EQ(meter.read(0x00010002)["forward_active_energy_settlement_2"], "0.00 kW.h");
  EXPECT_EQ(meter.read(0x000100FF).size(), 13U);
  // The month's demand went with it; the new one is that of four quarters.
  Values demand = meter.read(0x01010001);
  EXPECT_EQ(demand["forward_active_demand_settlement_1"], "3.3120 kW");
  EXPECT_EQ(demand["forward_active_demand_settlement_1_time"], "2026-11-21T00:30");
  EXPECT_EQ(meter.read(0x01010000)["forward_active_demand_time"], "2026-12-01T00:15");
}

TEST_F(ElectricityOnTheDesk, TheSettlementDayCanBeMoved) {
  EXPECT_EQ(meter.write(0x04000B01, {0x06, 0x22}), 0x94U);  // the 22nd, 6 o'clock
  EXPECT_EQ(meter.write(0x04000B01, {0x24, 0x22}), 0xD401U);
  EXPECT_EQ(meter.write(0x04000B01, {0x06, 0x29}), 0xD401U);
  meter.elapse_to(31h);
  EXPECT_EQ(meter.read(0x00010001)["forward_active_energy_settlement_1"], "1333.91 kW.h");  // 30 h * 3.31196
}

TEST_F(ElectricityOnTheDesk, TheDemandIsThatOfWholeQuarters) {
  meter.elapse_to(20min);
  EXPECT_EQ(meter.read(0x01010000)["forward_active_demand"], "0.0000 kW");  // the first quarter had begun before
  meter.elapse_to(40min);
  for (std::size_t i = 0; i < 3; ++i) meter.inside().model().set_phase(i, {220'0, 10'000, 1'000});
  meter.elapse_to(46min);
  // Ten minutes of 3311.96 W and five of 6600 W.
  EXPECT_EQ(meter.read(0x01010000)["forward_active_demand"], "4.4080 kW");
  EXPECT_EQ(meter.read(0x01010000)["forward_active_demand_time"], "2026-11-21T00:45");
  EXPECT_EQ(meter.read(0x01010400)["forward_active_demand_tariff_4"], "4.4080 kW");
}

TEST_F(ElectricityOnTheDesk, FreezesEachDayAndHourAndOnCommand) {
  meter.elapse_to(90min);
  EXPECT_EQ(meter.bare(0x16, {0x99, 0x99, 0x99, 0x99}), 0x96U);
  meter.elapse_to(24h + 90min);
  EXPECT_EQ(meter.read(0x05060101)["daily_freeze_forward_active_energy"], "1314.04 kW.h");  // 24 h
  EXPECT_EQ(meter.read(0x05060001)["daily_freeze_time"], "2026-11-22T00:00");
  EXPECT_EQ(meter.read(0x05040101)["hourly_freeze_forward_active_energy"], "1317.35 kW.h");
  EXPECT_EQ(meter.read(0x05010101)["instant_freeze_forward_active_energy"], "1239.52 kW.h");
  EXPECT_EQ(meter.read(0x05011001)["instant_freeze_active_power_b"], "0.8959 kW");
  EXPECT_EQ(meter.bare(0x11, {0x02, 0x01, 0x06, 0x05}), 0xD102U);  // there was one midnight only
}

TEST_F(ElectricityOnTheDesk, FreezesAtATimeThatWasOrdered) {
  EXPECT_EQ(meter.bare(0x16, {0x10, 0x03, 0x99, 0x99}), 0x96U);  // 03:10 each day
  meter.elapse_to(51h + 11min);
  EXPECT_EQ(meter.read(0x05000001)["timed_freeze_time"], "2026-11-23T03:10");
  EXPECT_EQ(meter.read(0x05000003)["timed_freeze_time"], "2026-11-21T03:10");
  EXPECT_EQ(meter.bare(0x16, {0x99, 0x03, 0x99, 0x99}), 0xD601U);
  EXPECT_EQ(meter.bare(0x16, {0x60, 0x03, 0x99, 0x99}), 0xD601U);
}

TEST_F(ElectricityOnTheDesk, ALongBlockComesInSubsequentFrames) {
  meter.elapse_to(24h + 1min);
  const auto whole = meter.exchange(dlt645::read_request(meter.address, 0x0506FF01));
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->control, 0xB1);
  EXPECT_EQ(whole->data.size(), 200U);
  dlt645::Bytes content(whole->data.begin() + 4, whole->data.end());
  EXPECT_EQ(meter.code(dlt645::read_next_request(meter.address, 0x0506FF01, 2)), 0xD202U);  // out of turn
  const auto rest = meter.exchange(dlt645::read_next_request(meter.address, 0x0506FF01, 1));
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->control, 0x92);
  EXPECT_EQ(rest->data.back(), 1);
  content.insert(content.end(), rest->data.begin() + 4, rest->data.end() - 1);
  // Time 5, eight energies of 5 * 4, two demands of 5 * 8, powers 2 * 4 * 3, a separator behind each of the twelve.
  EXPECT_EQ(content.size(), 5U + 160 + 80 + 24 + 12);
  EXPECT_EQ(content.back(), 0xAA);
  dlt645::Frame all{meter.address, 0x91, {0x01, 0xFF, 0x06, 0x05}};
  all.data.insert(all.data.end(), content.begin(), content.begin() + 248);  // a frame holds 255 bytes
  Values read = values(dlt645::telegrams_in(dlt645::encode(all)).front());
  EXPECT_EQ(read["daily_freeze_forward_active_energy"], "1314.04 kW.h");
  EXPECT_EQ(read["daily_freeze_forward_active_demand_tariff_4"], "3.3120 kW");
  EXPECT_EQ(meter.code(dlt645::read_next_request(meter.address, 0x0506FF01, 2)), 0xD202U);  // nothing is left
}

TEST(ElectricityOptions, AShorterFrameNeedsMore) {
  DltLine meter(loaded_meter + R"(, "data_limit": 16, "preamble": 0, "response_delay_ms": 500})");
  std::size_t got = 0;
  auto reply = meter.exchange(dlt645::read_request(meter.address, 0x0001FF00));
  for (std::uint8_t number = 1; reply && (reply->control & 0x20) != 0; ++number) {
    got += reply->data.size() - 4 - (number > 1 ? 1 : 0);
    reply = meter.exchange(dlt645::read_next_request(meter.address, 0x0001FF00, number));
  }
  ASSERT_TRUE(reply);
  EXPECT_EQ(got + reply->data.size() - 5, 20U);
  EXPECT_EQ(meter.heard.front(), 0x68);
}

TEST(ElectricityOptions, TheAnswerComesAfterItsDelay) {
  const auto lasts = [](const std::string& delay) {
    DltLine meter(loaded_meter + R"(, "preamble": 0, "response_delay_ms": )" + delay + "}");
    const Instant start = meter.clock.now();
    meter.read(0x02800002);
    return meter.clock.now() - start;
  };
  EXPECT_EQ(lasts("500") - lasts("20"), Duration{480ms});
}

TEST_F(ElectricityOnTheDesk, TellsClockAddressAndStatus) {
  meter.elapse_to(24h + 9h + 5min + 3s);
  EXPECT_EQ(meter.read(0x04000101), (Values{{"date", "2026-11-22"}, {"date_weekday", "0"}}));
  EXPECT_EQ(meter.read(0x04000102)["time"].substr(0, 5), "09:05");
  EXPECT_EQ(meter.read(0x0400010C)["clock"].substr(0, 16), "2026-11-22T09:05");
  EXPECT_EQ(meter.read(0x04000401), (Values{{"meter_address", "000000000001"}}));
  EXPECT_EQ(meter.read(0x04000404), (Values{{"rated_voltage", "220V"}}));
  EXPECT_EQ(meter.told(0x04000503).status, std::vector<std::string>{"programming_permitted"});
  EXPECT_EQ(meter.read(0x040005FF).size(), 7U);
  EXPECT_EQ(meter.bare(0x11, {0x08, 0x05, 0x00, 0x04}), 0xD102U);
  EXPECT_EQ(meter.bare(0x11, {0x01, 0x00}), 0xD101U);
}

TEST_F(ElectricityOnTheDesk, IsFoundByWildcards) {
  const auto found = meter.exchange(dlt645::read_address_request());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->data, dlt645::Bytes(meter.address.begin(), meter.address.end()));
  EXPECT_EQ(found->address, meter.address);
  EXPECT_TRUE(meter.exchange(dlt645::read_request({0x01, 0x00, 0xAA, 0xAA, 0xAA, 0xAA}, 0x00010000)));
  EXPECT_FALSE(meter.exchange(dlt645::read_request({0x02, 0x00, 0xAA, 0xAA, 0xAA, 0xAA}, 0x00010000)));
  EXPECT_FALSE(meter.exchange(dlt645::read_request(dlt645::broadcast_address, 0x00010000)));
}

}  // namespace
}  // namespace meterrig::bench
