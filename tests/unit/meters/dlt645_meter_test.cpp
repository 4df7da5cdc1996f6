#include "meters/dlt645_meter.hpp"

#include <gtest/gtest.h>

#include "core/errors.hpp"
#include "tests/unit/meters/meter_line.hpp"

namespace meterrig {
namespace {

using dlt645::Frame;

const dlt645::Address wire_address{0x60, 0x64, 0x02, 0x09, 0x22, 0x04};

class OneMeter {
 public:
  explicit OneMeter(const nlohmann::json& changes = nlohmann::json::object())
      : profile_(shipped_profile("dlt645_electricity", changes)) {
    MeterAccess access;
    access.address = "042209026460";
    access.password = "02123456";
    access.operator_code = "00000001";
    meter_ = make_meter(line.clock, line.port(), profile_, access, "sample");
  }
  void answer(std::uint8_t control, const std::string& data) {
    line.answer(to_hex(dlt645::encode({wire_address, control, bytes_from_hex(data)})));
  }
  // The data field of a request, without 33H.
  Frame request(std::size_t at) {
    dlt645::Scanner scanner;
    scanner.feed(bytes_from_hex(line.requests().at(at)));
    return scanner.next().value();
  }
  std::vector<MeterReading> read(std::vector<std::string> names) { return run(line.clock, meter_->readings(names)); }
  void write(const std::string& name, const std::string& value) { run(line.clock, meter_->write(name, value)); }
  Meter& meter() { return *meter_; }
  MeterLine line;

 private:
  MeterProfile profile_;
  std::unique_ptr<Meter> meter_;
};

TEST(Dlt645Meter, ReadsByItsProfile) {
  OneMeter one;
  one.answer(0x91,
             "00000100"
             "78563412");
  one.answer(0x91,
             "00010102"
             "4822");
  one.answer(0x91,
             "00010202"
             "341285");
  const auto got = one.read({"forward_active_energy", "voltage_a", "current_a"});
  EXPECT_EQ(value_of(got, "forward_active_energy"), "123456.78 kW.h");
  EXPECT_EQ(value_of(got, "voltage_a"), "224.8 V");
  EXPECT_EQ(value_of(got, "current_a"), "-51.234 A");
  EXPECT_EQ(one.line.requests()[0],
            "FEFEFEFE6860640209220468"
            "1104"
            "33333433"
            "A716");
}

// 5.2.5 and 7.1: B1 says that more follows; 12H asks for it by number.
TEST(Dlt645Meter, SubsequentFramesAreJoined) {
  OneMeter one(nlohmann::json{{"items", {{"whole", {{"di", "0001FF00"}, {"length", 8}, {"format", "hex"}}}}}});
  one.answer(0xB1,
             "00FF0100"
             "01020304");
  one.answer(0xB2,
             "00FF0100"
             "0506"
             "01");
  one.answer(0x92,
             "00FF0100"
             "0708"
             "02");
  EXPECT_EQ(value_of(one.read({"whole"}), "whole"), "0807060504030201");
  EXPECT_EQ(one.request(2).data, bytes_from_hex("00FF010002"));
  one.answer(0xB1,
             "00FF0100"
             "01020304");
  one.answer(0x92,
             "00FF0100"
             "0506"
             "03");
  EXPECT_THROW(one.read({"whole"}), ProtocolError);
}

TEST(Dlt645Meter, WritesCarryPasswordAndOperator) {
  OneMeter one;
  one.answer(0x94, "");
  one.write("date", "2026-11-21");
  EXPECT_EQ(to_hex(one.request(0).data),
            "01010004"
            "02563412"
            "01000000"
            "06211126");
  one.answer(0xD4, "04");
  try {
    one.write("date", "2026-11-21");
    FAIL() << "a refusal";
  } catch (const MeterRefused& refused) {
    EXPECT_NE(std::string(refused.what()).find("not_authorised"), std::string::npos);
  }
  EXPECT_EQ(one.meter().counters().refused, 1u);
}

TEST(Dlt645Meter, Commands) {
  OneMeter one;
  one.answer(0x96, "");
  one.write("freeze", "now");
  EXPECT_EQ(one.request(0).control, 0x16);
  EXPECT_EQ(to_hex(one.request(0).data), "99999999");
  one.answer(0x97, "10");
  one.write("baud_rate", "4800");
  EXPECT_EQ(to_hex(one.request(1).data), "10");
  one.answer(0x9B, "");
  one.write("clear_events", "all");
  EXPECT_EQ(to_hex(one.request(2).data),
            "02563412"
            "01000000"
            "FFFFFFFF");
  one.answer(0x98, "");
  one.write("password", "65432104");
  EXPECT_EQ(to_hex(one.request(3).data),
            "03"
            "0C0004"
            "02563412"
            "04214365");
  // The relay's deadline is ten minutes on by the meter's own clock, here over midnight.
  one.answer(0x91,
             "0C010004"
             "00552304311226");
  one.answer(0x9C, "");
  one.write("relay", "trip");
  EXPECT_EQ(to_hex(one.request(5).data),
            "02563412"
            "01000000"
            "1A00"
            "000500010127")
      << "23:55 + 10 min";
  one.write("broadcast_time", "2026-11-21T08:30:00");
  EXPECT_EQ(one.request(6).address, dlt645::broadcast_address);
  EXPECT_EQ(one.meter().counters().silent, 0u) << "nobody answers a broadcast";
}

TEST(Dlt645Meter, AddressIsFoundByWildcardAndWritten) {
  OneMeter one;
  one.answer(0x93, "606402092204");
  EXPECT_EQ(run(one.line.clock, one.meter().find_address()), "042209026460");
  EXPECT_EQ(one.request(0).address, dlt645::wildcard_address);
  one.line.answer(to_hex(dlt645::encode({{0x01, 0, 0, 0, 0, 0}, 0x95, {}})));
  one.write("meter_address", "000000000001");
  EXPECT_EQ(to_hex(one.request(1).data), "010000000000");
}

TEST(Dlt645Meter, The1997EditionIsAskedInItsOwnWay) {
  OneMeter one(nlohmann::json{
      {"items", {{"energy_1997", {{"di", "9010"}, {"length", 4}, {"format", "bcd"}, {"decimals", 2}}}}}});
  one.answer(0x81,
             "1090"
             "78563412");
  EXPECT_EQ(value_of(one.read({"energy_1997"}), "energy_1997"), "123456.78");
  EXPECT_EQ(one.request(0).control, 0x01);
  EXPECT_EQ(to_hex(one.request(0).data), "1090");
}

TEST(Dlt645Meter, LateAndForeignAnswersAreNotTaken) {
  OneMeter one;
  one.line.answer(to_hex(dlt645::encode({wire_address, 0x91,
                                         bytes_from_hex("000001000000"
                                                        "0000")})) +
                  to_hex(dlt645::encode({wire_address, 0x91, bytes_from_hex("000101024822")})));
  EXPECT_EQ(value_of(one.read({"voltage_a"}), "voltage_a"), "224.8 V");
  EXPECT_EQ(one.meter().counters().foreign, 1u);
  one.line.answer(to_hex(dlt645::encode({{1, 2, 3, 4, 5, 6}, 0x91, bytes_from_hex("000101024822")})));
  EXPECT_THROW(one.read({"voltage_a"}), ForeignReply);
}

}  // namespace
}  // namespace meterrig
