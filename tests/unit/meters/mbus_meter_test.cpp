#include "meters/mbus_meter.hpp"

#include <gtest/gtest.h>

#include "core/errors.hpp"
#include "tests/unit/meters/meter_line.hpp"

namespace meterrig {
namespace {

// Identification 12345678, ACW, version 14, heat; 123.456 kW.h, 2.5 m3/h, 65.1 Cel; EN 13757-3.
const char* const header =
    "78563412"
    "7704"
    "0E"
    "04"
    "01"
    "00"
    "0000";

std::string rsp_ud(const std::string& data, std::uint8_t address = 5) {
  return to_hex(mbus::encode({mbus::control::rsp_ud, address, mbus::information::variable_data, bytes_from_hex(data)}));
}

class OneMeter {
 public:
  explicit OneMeter(const std::string& address) : profile_(shipped_profile("mbus_heat")) {
    MeterAccess access;
    access.address = address;
    meter_ = make_meter(line.clock, line.port(), profile_, access, "sample");
  }
  std::vector<MeterReading> read(std::vector<std::string> names) { return run(line.clock, meter_->readings(names)); }
  Meter& meter() { return *meter_; }
  MeterLine line;

 private:
  MeterProfile profile_;
  std::unique_ptr<Meter> meter_;
};

const std::string energy =
                      "0C06"
                      "56341200",
                  flow =
                      "0B3B"
                      "002500",
                  supply =
                      "0A5A"
                      "5106";

TEST(MbusMeter, ReadsByPrimaryAddressWithATogglingFrameCount) {
  OneMeter one("5");
  one.line.answer("E5");
  one.line.answer(rsp_ud(header + energy + flow + supply));
  const auto got = one.read({"cumulative_heat", "flow", "supply_temperature", "status"});
  EXPECT_EQ(value_of(got, "cumulative_heat"), "123456 kW.h");
  EXPECT_EQ(value_of(got, "flow"), "2.500 m3/h");
  EXPECT_EQ(value_of(got, "supply_temperature"), "65.1 Cel");
  EXPECT_EQ(value_of(got, "status"), "good");
  one.line.answer(rsp_ud(header + energy));
  one.read({"cumulative_heat"});
  EXPECT_EQ(one.line.requests(), (std::vector<std::string>{"1040054516", "107B058016", "105B056016"}));
}

TEST(MbusMeter, TelegramsAreReadUntilNoMoreFollow) {
  OneMeter one("5");
  one.line.answer("E5");
  one.line.answer(rsp_ud(header + energy + "1F"));
  one.line.answer(rsp_ud(header + flow));
  const auto got = one.read({"flow", "cumulative_heat"});
  EXPECT_EQ(value_of(got, "flow"), "2.500 m3/h");
  EXPECT_EQ(value_of(got, "cumulative_heat"), "123456 kW.h");
}

TEST(MbusMeter, ASecondaryAddressIsSelectedFirst) {
  OneMeter one("12345678FFFFFFFF");
  one.line.answer("");  // nobody was selected
  one.line.answer("E5");
  one.line.answer(rsp_ud(header + energy));
  EXPECT_EQ(value_of(one.read({"cumulative_heat"}), "cumulative_heat"), "123456 kW.h");
  EXPECT_EQ(one.line.requests()[1].substr(8, 22),
            "53FD52"
            "78563412FFFFFFFF");
  EXPECT_EQ(one.line.requests()[2].substr(0, 6), "107BFD");
  one.line.answer(rsp_ud(header + energy));
  EXPECT_EQ(run(one.line.clock, one.meter().find_address()), "1234567877040E04");
}

// One bad record does not lose the frame; a wrong length does.
TEST(MbusMeter, ABadRecordLosesItsOwnValueOnly) {
  OneMeter one("5");
  one.line.answer("E5");
  one.line.answer(rsp_ud(std::string(header) +
                         "0C06"
                         "5634AF00" +
                         supply));
  const auto got = one.read({"cumulative_heat", "supply_temperature"});
  EXPECT_EQ(got[0].value, "");
  EXPECT_FALSE(got[0].departures.empty());
  EXPECT_EQ(value_of(got, "supply_temperature"), "65.1 Cel");
  EXPECT_THROW(one.read({"no_such_item"}), UserError);
}

TEST(MbusMeter, ErrorsOfTheMeterAndOfTheLine) {
  OneMeter one("5");
  one.line.answer("E5");
  one.line.answer(to_hex(mbus::encode({mbus::control::rsp_ud, 5, mbus::information::application_error, {8}})));
  try {
    one.read({"flow"});
    FAIL() << "an application error";
  } catch (const MeterRefused& refused) {
    EXPECT_NE(std::string(refused.what()).find("application_busy"), std::string::npos);
  }
  std::string changed = rsp_ud(header + flow);
  changed[30] = changed[30] == '0' ? '1' : '0';
  one.line.answer(changed);
  one.line.answer(rsp_ud(header + flow).substr(0, 40));
  one.line.answer(rsp_ud(header + flow));
  EXPECT_EQ(value_of(one.read({"flow"}), "flow"), "2.500 m3/h");
  EXPECT_EQ(one.meter().counters().bad_checksums, 1u);
  EXPECT_EQ(one.meter().counters().truncated, 1u);
  EXPECT_THROW(one.read({"flow"}), TimeoutError);
  EXPECT_EQ(one.meter().counters().silent, 3u);
}

TEST(MbusMeter, AnAddressIsZeroTo250OrSixteenDigits) {
  EXPECT_THROW(OneMeter("251"), UserError);
  EXPECT_THROW(OneMeter("x"), UserError);
}

}  // namespace
}  // namespace meterrig
