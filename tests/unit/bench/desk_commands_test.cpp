#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/unit/bench/dlt_support.hpp"

// What a DL/T 645-2007 meter of the desk obeys, refuses and remembers.
namespace meterrig::bench {
namespace {

using Bytes = dlt645::Bytes;

constexpr std::uint32_t clock_identifier = 0x0400010C, zone_of_days = 0x04000101, time_of_day = 0x04000102;
// Friday, 2027-01-01T12:00:00 as ss mm hh WW DD MM YY.
const Bytes new_year{0x00, 0x00, 0x12, 0x05, 0x01, 0x01, 0x27};

struct CommandsToElectricity : testing::Test {
  DltLine meter{loaded_meter + R"(, "password_04": "654321"})"};
  std::string count(std::uint32_t event) { return meter.told(event).items.front().value; }
};

TEST_F(CommandsToElectricity, WritesNeedLevelAndPassword) {
  const Bytes number{0x09, 0x08, 0x07, 0x06, 0x05, 0x04};
  EXPECT_EQ(meter.write(0x04000402, number, 123), 0xD404U);
  EXPECT_EQ(meter.write(0x04000402, number, 0, 4), 0xD404U);
  EXPECT_EQ(meter.write(0x04000402, number, 0, 3), 0xD404U);
  EXPECT_EQ(count(0x03300000), "0");
  EXPECT_EQ(meter.write(0x04000402, number), 0x94U);
  EXPECT_EQ(meter.write(0x04000402, number, 654321, 4), 0x94U);
  EXPECT_EQ(meter.read(0x04000402)["meter_number"], "040506070809");
  EXPECT_EQ(count(0x03300000), "2");
  Values record = meter.read(0x03300001);
  EXPECT_EQ(record["operator_code"], "11223344");
  EXPECT_EQ(record["programming_item_1"], "04000402");
  EXPECT_EQ(record["programming_time"].substr(0, 16), "2026-11-21T00:00");
}

TEST_F(CommandsToElectricity, WritesOnlyWhatCanBeWritten) {
  EXPECT_EQ(meter.write(0x00010000, {1, 2, 3, 4}), 0xD402U);  // an energy
  EXPECT_EQ(meter.write(0x04000409, {0, 0, 0}), 0xD402U);     // the constant
  EXPECT_EQ(meter.write(0x04000402, {1, 2, 3}), 0xD401U);
  EXPECT_EQ(meter.write(0x04000402, {0x0A, 0, 0, 0, 0, 0}), 0xD401U);
  EXPECT_EQ(meter.bare(0x14, {0x02, 0x04, 0x00, 0x04}), 0xD401U);
  EXPECT_EQ(count(0x03300000), "0");
}

TEST_F(CommandsToElectricity, TheClockIsSetWholeOrInParts) {
  EXPECT_EQ(meter.write(clock_identifier, new_year), 0x94U);
  EXPECT_EQ(meter.read(clock_identifier)["clock"].substr(0, 16), "2027-01-01T12:00");
  EXPECT_EQ(meter.write(zone_of_days, {0x06, 0x02, 0x01, 0x27}), 0x94U);
  EXPECT_EQ(meter.write(time_of_day, {0x00, 0x30, 0x07}), 0x94U);
  EXPECT_EQ(meter.read(clock_identifier)["clock"].substr(0, 16), "2027-01-02T07:30");
  EXPECT_EQ(meter.write(time_of_day, {0x00, 0x30, 0x24}), 0xD401U);
  EXPECT_EQ(count(0x03300400), "3");
  Values record = meter.read(0x03300403);
  EXPECT_EQ(record["clock_set_before"].substr(0, 13), "2026-11-21T00");
  EXPECT_EQ(record["clock_set_after"], "2027-01-01T12:00:00");
  // December and January began on the way.
  EXPECT_EQ(meter.read(0x00010001)["forward_active_energy_settlement_1"], "1234.56 kW.h");
  EXPECT_EQ(meter.read(0x00010002)["forward_active_energy_settlement_2"], "1234.56 kW.h");
}

TEST_F(CommandsToElectricity, ABroadcastMovesTheClockALittleOnceADay) {
  const auto broadcast = [&](const dlt645::Moment& to) { return meter.code(dlt645::broadcast_time(to)); };
  EXPECT_EQ(broadcast({26, 11, 21, 0, 20, 0}), 0U);
  EXPECT_EQ(meter.read(time_of_day)["time"].substr(0, 5), "00:00");  // too far
  broadcast({26, 11, 21, 0, 4, 0});
  EXPECT_EQ(meter.read(time_of_day)["time"].substr(0, 5), "00:04");
  broadcast({26, 11, 21, 0, 8, 0});
  EXPECT_EQ(meter.read(time_of_day)["time"].substr(0, 5), "00:04");  // again
  meter.elapse_to(24h);
  broadcast({26, 11, 22, 0, 1, 0});
  EXPECT_EQ(meter.read(time_of_day)["time"].substr(0, 5), "00:01");
  EXPECT_EQ(meter.bare(0x08, {0, 0, 0, 1, 1, 0x27}), 0U);  // not to one meter
}

TEST_F(CommandsToElectricity, TakesAnotherAddress) {
  EXPECT_EQ(meter.bare(0x15, {0x22, 0x11, 0, 0, 0, 0}, dlt645::wildcard_address), 0x95U);
  EXPECT_EQ(meter.code(dlt645::read_request(meter.address, 0x00010000)), 0U);
  meter.address = {0x22, 0x11, 0, 0, 0, 0};
  EXPECT_EQ(meter.read(0x04000401)["meter_address"], "000000001122");
  EXPECT_EQ(meter.bare(0x15, {0x99, 0x99, 0x99, 0x99, 0x99, 0x99}), 0xD501U);
  EXPECT_EQ(meter.bare(0x15, {0x1A, 0, 0, 0, 0, 0}), 0xD501U);
}

TEST_F(CommandsToElectricity, SaysWhatRateItTook) {
  EXPECT_EQ(meter.bare(0x17, {0x20}), 0x97U);
  EXPECT_EQ(meter.read(0x04000703)["baud_rate_3"], "9600");
  EXPECT_EQ(meter.bare(0x17, {0x01}), 0xD708U);
  EXPECT_EQ(meter.bare(0x17, {0x28}), 0xD708U);  // two at once
  DltLine fixed(loaded_meter + R"(, "baud_rate_fixed": true})");
  EXPECT_EQ(fixed.bare(0x17, {0x20}), 0xD708U);
}

TEST_F(CommandsToElectricity, APasswordIsChangedByWhoHasIt) {
  const Bytes identifier{0x03, 0x0C, 0x00, 0x04};
  const auto change = [&](Bytes old, const Bytes& fresh) {
    old.insert(old.begin(), identifier.begin(), identifier.end());
    old.insert(old.end(), fresh.begin(), fresh.end());
    return meter.bare(0x18, old);
  };
  EXPECT_EQ(change({0x02, 0x01, 0x00, 0x00}, {0x02, 0x56, 0x34, 0x12}), 0xD804U);
  EXPECT_EQ(change({0x04, 0x21, 0x43, 0x65}, {0x02, 0x56, 0x34, 0x12}), 0xD804U);  // a lower right
  EXPECT_EQ(change({0x02, 0x00, 0x00, 0x00}, {0x02, 0x56, 0x34, 0x12}), 0x98U);
  EXPECT_EQ(meter.write(0x04000402, {0, 0, 0, 0, 0, 0}), 0xD404U);
  EXPECT_EQ(meter.write(0x04000402, {0, 0, 0, 0, 0, 0}, 123456), 0x94U);
}

TEST_F(CommandsToElectricity, ClearsTheDemandAndKeepsIt) {
  meter.elapse_to(1h);
  EXPECT_EQ(meter.command(0x19, {}, 1), 0xD904U);
  EXPECT_EQ(meter.read(0x01010000)["forward_active_demand"], "3.3120 kW");
  EXPECT_EQ(meter.command(0x19), 0x99U);
  EXPECT_EQ(meter.read(0x01010000)["forward_active_demand"], "0.0000 kW");
  EXPECT_EQ(count(0x03300200), "1");
  const auto record = meter.exchange(dlt645::read_request(meter.address, 0x03300201));
  EXPECT_EQ(Bytes(record->data.begin() + 14, record->data.begin() + 17), (Bytes{0x20, 0x31, 0x03}));
}

TEST_F(CommandsToElectricity, ClearsTheMeterAndSaysWhatItHad) {
  meter.elapse_to(24h + 1h);
  meter.write(0x04000402, {0, 0, 0, 0, 0, 0});
  EXPECT_EQ(meter.command(0x1A, {}, 1), 0xDA04U);
  EXPECT_EQ(meter.command(0x1A), 0x9AU);
  EXPECT_EQ(meter.read(0x00010000)["forward_active_energy"], "0.00 kW.h");
  EXPECT_EQ(meter.bare(0x11, {0x01, 0x01, 0x06, 0x05}), 0xD102U);  // the daily freeze is gone
  EXPECT_EQ(count(0x03300000), "0");
  EXPECT_EQ(count(0x03300100), "1");
  const auto record = meter.exchange(dlt645::read_request(meter.address, 0x03300101));
  EXPECT_EQ(Bytes(record->data.begin() + 14, record->data.begin() + 18), (Bytes{0x35, 0x17, 0x13, 0x00}));  // 1317.35
}

TEST_F(CommandsToElectricity, ClearsEventsButNotTheRecordOfIt) {
  meter.write(0x04000402, {0, 0, 0, 0, 0, 0});
  meter.write(clock_identifier, new_year);
  EXPECT_EQ(meter.command(0x1B, {0xFF, 0x00, 0x31, 0x03}), 0xDB02U);
  EXPECT_EQ(meter.command(0x1B, {0xFF, 0x00, 0x30, 0x03}), 0x9BU);
  EXPECT_EQ(count(0x03300000), "0");
  EXPECT_EQ(count(0x03300400), "1");
  EXPECT_EQ(meter.command(0x1B, {0xFF, 0xFF, 0xFF, 0xFF}), 0x9BU);
  EXPECT_EQ(count(0x03300400), "0");
  EXPECT_EQ(count(0x03300300), "2");
  EXPECT_EQ(meter.read(0x03300302)["cleared_identifier"], "033000FF");
}

TEST_F(CommandsToElectricity, TheRelayObeysUntilTheDeadline) {
  const auto order = [&](dlt645::Relay what, int hour, std::uint32_t password = 0) {
    const dlt645::Moment deadline{26, 11, 21, static_cast<std::uint8_t>(hour), 0, 0};
    return meter.code(dlt645::relay_request(meter.address, what, {2, password, 1}, deadline));
  };
  using dlt645::Relay;
  meter.elapse_to(2h);
  EXPECT_EQ(order(Relay::trip, 3, 5), 0xDC04U);
  EXPECT_EQ(order(Relay::trip, 1), 0xDC01U);
  EXPECT_EQ(meter.read(0x02020100)["current_a"], "5.000 A");
  EXPECT_EQ(order(Relay::trip, 3), 0x9CU);
  EXPECT_EQ(meter.read(0x02020100)["current_a"], "0.000 A");
  EXPECT_EQ(meter.read(0x02010100)["voltage_a"], "220.1 V");
  const std::vector<std::string> open{"programming_permitted", "relay_open", "relay_commanded_open"};
  EXPECT_EQ(meter.told(0x04000503).status, open);
  meter.elapse_to(5h);
  EXPECT_EQ(meter.read(0x00010000)["forward_active_energy"], "1241.18 kW.h");  // 2 h of load, no more
  EXPECT_EQ(order(Relay::permit_close, 6), 0x9CU);
  EXPECT_EQ(meter.told(0x04000503).status, (std::vector<std::string>{"programming_permitted", "relay_open"}));
  meter.inside().press_key();
  EXPECT_EQ(meter.told(0x04000503).status, std::vector<std::string>{"programming_permitted"});
  EXPECT_EQ(order(Relay::keep_power, 6), 0x9CU);
  EXPECT_EQ(order(Relay::trip, 6), 0xDC01U);
  EXPECT_EQ(order(Relay::keep_power_off, 6), 0x9CU);
  EXPECT_EQ(order(Relay::trip, 6), 0x9CU);
  meter.inside().press_key();  // nobody has permitted it
  EXPECT_EQ(meter.read(0x02020100)["current_a"], "0.000 A");
  EXPECT_EQ(order(Relay::close, 6), 0x9CU);
  EXPECT_EQ(meter.read(0x02020100)["current_a"], "5.000 A");
  EXPECT_EQ(order(Relay::trip_and_close, 6), 0xDC01U);
}

TEST_F(CommandsToElectricity, RemembersThatItsCoverWasOpened) {
  EXPECT_EQ(meter.told(0x03300D01).departures, std::vector<std::string>{"no_time"});  // it never was
  meter.elapse_to(1h);
  meter.inside().open_cover(true);
  meter.elapse_to(2h);
  meter.inside().open_cover(false);
  EXPECT_EQ(count(0x03300D00), "1");
  Values record = meter.read(0x03300D01);
  EXPECT_EQ(record["meter_cover_open_start"], "2026-11-21T01:00:00");
  EXPECT_EQ(record["meter_cover_open_end"], "2026-11-21T02:00:00");
  EXPECT_EQ(record["forward_active_energy_before"], "1237.87 kW.h");
  EXPECT_EQ(record["forward_active_energy_after"], "1241.18 kW.h");
}

TEST_F(CommandsToElectricity, WithoutPowerItIsSilentAndKeepsWhatItHas) {
  meter.elapse_to(1h);
  meter.inside().set_power(false);
  EXPECT_EQ(meter.code(dlt645::read_request(meter.address, 0x00010000)), 0U);
  meter.elapse_to(3h);
  meter.inside().set_power(true);
  EXPECT_EQ(meter.read(0x00010000)["forward_active_energy"], "1237.87 kW.h");
  EXPECT_EQ(meter.read(time_of_day)["time"].substr(0, 5), "03:00");
  Values record = meter.read(0x03110001);
  EXPECT_EQ(record["power_down_start"], "2026-11-21T01:00:00");
  EXPECT_EQ(record["power_down_end"], "2026-11-21T03:00:00");
}

TEST_F(CommandsToElectricity, TellsWhatItCanNotDo) {
  EXPECT_EQ(meter.bare(0x03, {0, 0, 0, 7, 1, 2, 3, 4}), 0xC301U);  // authentication
  EXPECT_EQ(meter.bare(0x1D, {0x01}), 0x9DU);
  EXPECT_EQ(meter.bare(0x1D, {0x03}), 0xDD01U);
  EXPECT_EQ(meter.bare(0x91, {0, 0, 1, 0}), 0U);  // a reply, not a request
}

}  // namespace
}  // namespace meterrig::bench
