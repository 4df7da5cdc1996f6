#include "meters/cjt188_meter.hpp"

#include <gtest/gtest.h>

#include "core/errors.hpp"
#include "tests/unit/meters/meter_line.hpp"

namespace meterrig {
namespace {

using cjt188::Frame;
using Json = nlohmann::json;

const char* const address = "11110012345678";
const cjt188::Address wire_address{0x78, 0x56, 0x34, 0x12, 0x00, 0x11, 0x11};
const cjt188::Block key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
const char* const key_text = "0102030405060708090A0B0C0D0E0F10";

Frame reply(std::uint8_t type, std::uint8_t control, const std::string& data) {
  return {type, wire_address, control, bytes_from_hex(data)};
}

// CJ/T 188-2004 table 5, water: 123.45 m3, 10.00 m3 at the settlement day, 2026-11-21 08:30:00, valve open.
std::string water(std::uint8_t ser, const std::string& first = "452301002C") {
  return "901F" + to_hex(std::span(&ser, 1)) + first + "001000002C" + "00300821112620" + "0000";
}

class OneMeter {
 public:
  explicit OneMeter(const std::string& profile, const Json& changes = Json::object(), const std::string& use_key = "")
      : profile_(shipped_profile(profile, changes)) {
    MeterAccess access;
    access.address = address;
    access.key = use_key;
    meter_ = make_meter(line.clock, line.port(), profile_, access, "sample");
  }
  void answer(const Frame& frame) { line.answer(to_hex(cjt188::encode(frame))); }
  std::vector<MeterReading> read(std::vector<std::string> names) { return run(line.clock, meter_->readings(names)); }
  void write(const std::string& name, const std::string& value) { run(line.clock, meter_->write(name, value)); }
  std::string error(std::vector<std::string> names) {
    try {
      read(std::move(names));
    } catch (const Error& failed) {
      return failed.what();
    }
    return "(none)";
  }
  Meter& meter() { return *meter_; }
  MeterLine line;

 private:
  MeterProfile profile_;
  std::unique_ptr<Meter> meter_;
};

TEST(Cjt188Meter, ItemsOfOneAnswerAreReadByOneExchange) {
  OneMeter one("cjt188_water");
  one.answer(reply(0x10, 0x81, water(1)));
  const auto got = one.read({"cumulative_volume", "settlement_day_volume", "clock", "status"});
  EXPECT_EQ(value_of(got, "cumulative_volume"), "123.45 m3");
  EXPECT_EQ(value_of(got, "settlement_day_volume"), "10.00 m3");
  EXPECT_EQ(value_of(got, "clock"), "2026-11-21T08:30:00");
  EXPECT_EQ(value_of(got, "status"), "valve_open");
  ASSERT_EQ(one.line.requests().size(), 1u);
  EXPECT_EQ(one.line.requests()[0],
            "FEFE681078563412001111"
            "0103"
            "901F01"
            "6216");
}

// What makers do differently is in the profile: each of these was seen in published frames.
TEST(Cjt188Meter, MakersDifferByProfileAlone) {
  OneMeter swapped("cjt188_water", {{"identifier_order", "low_first"}});
  swapped.answer(reply(0x10, 0x81, "1F90" + water(1).substr(4)));
  EXPECT_EQ(value_of(swapped.read({"cumulative_volume"}), "cumulative_volume"), "123.45 m3");
  EXPECT_NE(swapped.line.requests()[0].find("01031F9001"), std::string::npos);

  OneMeter high("cjt188_water", {{"value_order", "high_first"}});
  high.answer(reply(0x10, 0x81, water(1, "000123452C")));
  EXPECT_EQ(value_of(high.read({"cumulative_volume"}), "cumulative_volume"), "123.45 m3");

  OneMeter unit("cjt188_water", {{"units", {{"29", {{"unit", "m3"}, {"tens", -2}}}}}});
  unit.answer(reply(0x10, 0x81, water(1, "4523010029")));
  EXPECT_EQ(value_of(unit.read({"cumulative_volume"}), "cumulative_volume"), "1.2345 m3");

  // The standard's own 0AH is MWh x 100.
  OneMeter hundreds("cjt188_heat", {{"items", {{"cumulative_heat", {{"decimals", 0}}}}}});
  hundreds.answer(reply(0x20, 0x81,
                        "901F01"
                        "0000000005"
                        "780000000A" +
                            std::string(66, '0')));
  EXPECT_EQ(value_of(hundreds.read({"cumulative_heat"}), "cumulative_heat"), "7800 MW.h");

  OneMeter status("cjt188_water",
                  {{"status_bits", {{"valve", {{"byte", 0}, {"shift", 6}, {"mask", 3}, {"open", 0}, {"closed", 2}}}}}});
  status.answer(reply(0x10, 0x81, water(1).substr(0, 40) + "8000"));
  EXPECT_EQ(value_of(status.read({"status"}), "status"), "valve_closed");

  OneMeter wake("cjt188_water", {{"preamble", 13}});
  wake.answer(reply(0x10, 0x81, water(1)));
  wake.read({"clock"});
  EXPECT_EQ(wake.line.requests()[0].substr(0, 30), "FEFEFEFEFEFEFEFEFEFEFEFEFE6810");
}

TEST(Cjt188Meter, ADepartureThatCanBeReadIsReported) {
  OneMeter one("cjt188_water");
  one.answer(reply(0x19, 0x81, "1F90" + water(1, "45FF010099").substr(4)));
  const auto got = one.read({"cumulative_volume"});
  EXPECT_EQ(got[0].value, "");
  EXPECT_EQ(got[0].departures, (std::vector<std::string>{"meter_type_changed", "identifier_order_changed",
                                                         "unknown_unit", "invalid_bcd"}));
  // A type that the profile names is none.
  OneMeter known("cjt188_water", {{"answers_as", {"19"}}});
  known.answer(reply(0x19, 0x81, water(1)));
  EXPECT_TRUE(known.read({"cumulative_volume"})[0].departures.empty());
}

TEST(Cjt188Meter, AnItemSaysHowItIsReadAndWritten) {
  const auto wrong = [](const Json& item) {
    try {
      shipped_profile("cjt188_water", {{"items", {{"mine", item}}}});
    } catch (const UserError& error) {
      return std::string(error.what());
    }
    return std::string("(taken)");
  };
  const std::string mine = "the item \"mine\" of the meter profile ";
  EXPECT_EQ(wrong({{"format", "bcd"}, {"length", 1}, {"write", {{"di", "A011"}}}}),
            mine + "can be read and has no \"di\"");
  EXPECT_EQ(wrong({{"format", "bcd"}, {"length", 1}, {"di", "8103"}, {"access", "rw"}}),
            mine + "can be written and has no \"write\"");
  EXPECT_EQ(wrong({{"format", "time"}, {"length", 7}, {"di", "901F"}, {"layout", "ss mm hh DD MM YY"}}),
            mine + "has 7 bytes and a layout of 6 parts");
  EXPECT_EQ(wrong({{"format", "bcd"}, {"length", 1}, {"di", "8103"}}), "(taken)");
}

TEST(Cjt188Meter, ValuesAreWrittenAsTheyAreRead) {
  OneMeter one("cjt188_water");
  one.answer(reply(0x10, 0x84, "A01501"));
  one.write("clock", "2026-11-21T08:30:00");
  EXPECT_NE(one.line.requests()[0].find("040AA01501"
                                        "00300821112620"),
            std::string::npos);
  one.answer(reply(0x10, 0x84,
                   "A01702"
                   "0000"));
  one.write("valve", "valve_open");
  EXPECT_NE(one.line.requests()[1].find("0404A0170255"), std::string::npos);
  one.answer(reply(0x10, 0x96,
                   "A01603"
                   "0000"));
  one.write("base_value", "12.3");
  EXPECT_NE(one.line.requests()[2].find("1608A01603"
                                        "301200002C"),
            std::string::npos);
  EXPECT_THROW(one.write("cumulative_volume", "1"), UserError);
  EXPECT_THROW(one.write("settlement_day", "100"), UserError);
  EXPECT_EQ(one.line.requests().size(), 3u);
}

TEST(Cjt188Meter, ANewAddressIsUsedFromThenOn) {
  OneMeter one("cjt188_water");
  Frame renamed = reply(0x10, 0x95, "A01801");
  renamed.address = {0x01, 0, 0, 0, 0, 0, 0};
  one.answer(renamed);
  one.write("meter_address", "00000000000001");
  EXPECT_NE(one.line.requests()[0].find("150AA01801"
                                        "01000000000000"),
            std::string::npos);
  Frame answer = reply(0x10, 0x81, water(2));
  answer.address = renamed.address;
  one.answer(answer);
  EXPECT_EQ(value_of(one.read({"cumulative_volume"}), "cumulative_volume"), "123.45 m3");
}

TEST(Cjt188Meter, SealedItemsNeedTheKeyAndAreOpenedWithIt) {
  cjt188::Security security;
  security.key = key;
  OneMeter plain("cjt188_water", {{"security", {{"encrypted", "yes"}}}});
  EXPECT_EQ(plain.error({"clock"}), "\"clock\" of cjt188_water travels enciphered; give the key");

  OneMeter one("cjt188_water", {{"security", {{"encrypted", "yes"}}}}, key_text);
  // The first question finds where the meter's sequence stands.
  one.answer(cjt188::seal(reply(0x10, 0x81, water(1)), security));
  one.answer(cjt188::seal(reply(0x10, 0x81, water(2)), security));
  EXPECT_EQ(value_of(one.read({"cumulative_volume"}), "cumulative_volume"), "123.45 m3");
  // 901FH and SER do not travel in plain.
  EXPECT_EQ(one.line.requests()[0].find("901F01"), std::string::npos);
  EXPECT_EQ(one.line.requests()[0].substr(24, 2), "10");

  // The same reply again: an old SER.
  one.answer(cjt188::seal(reply(0x10, 0x81, water(2)), security));
  EXPECT_EQ(one.error({"cumulative_volume"}).substr(0, 25), "sample: replayed_sequence");
  cjt188::Security other = security;
  other.key[0] ^= 1;
  one.answer(cjt188::seal(reply(0x10, 0x81, water(4)), other));
  EXPECT_EQ(one.error({"cumulative_volume"}).substr(0, 19), "sample: bad_padding");
  one.answer(reply(0x10, 0x81, water(5)));
  EXPECT_EQ(one.error({"cumulative_volume"}).substr(0, 18), "sample: bad_length");
  EXPECT_EQ(one.meter().counters().unopened, 3u);
  one.answer(cjt188::seal(reply(0x10, 0x81, water(6)), security));
  EXPECT_EQ(value_of(one.read({"cumulative_volume"}), "cumulative_volume"), "123.45 m3");
}

// A meter that has had SER 100 from another master is silent to 1 to 100.
TEST(Cjt188Meter, TheSequenceIsFoundInSteps) {
  cjt188::Security security;
  security.key = key;
  OneMeter one("cjt188_water", nlohmann::json::object(), key_text);
  one.line.answer("");
  one.line.answer("");
  const std::string purchase =
      "8105"
      "81"
      "01"
      "00000000"
      "00000000"
      "00000000"
      "0000";
  one.answer(cjt188::seal(reply(0x10, 0x81, purchase), security));
  one.answer(cjt188::seal(reply(0x10, 0x84,
                                "A01782"
                                "0000"),
                          security));
  one.write("valve", "valve_close");
  EXPECT_EQ(one.line.requests().size(), 4u);
}

TEST(Cjt188Meter, ADerivedKeyIsTheMetersOwn) {
  const Json own = {{"security", {{"encrypted", "yes"}, {"key_derivation", "sm4_address"}, {"covered", "content"}}}};
  OneMeter one("cjt188_water", own, key_text);
  cjt188::Security security;
  security.key = cjt188::derive_key(key, cjt188::Derivation::sm4_address, 0x10, wire_address);
  security.covered = cjt188::Covered::content;
  EXPECT_NE(security.key, key);
  one.answer(cjt188::seal(reply(0x10, 0x81, water(1)), security));
  one.answer(cjt188::seal(reply(0x10, 0x81, water(2)), security));
  EXPECT_EQ(value_of(one.read({"cumulative_volume"}), "cumulative_volume"), "123.45 m3");
  EXPECT_NE(one.line.requests()[0].find("901F01"), std::string::npos) << "the identifier travels in plain";
}

TEST(Cjt188Meter, WrongAnswersAreNamedAndCountedAndTheNextGoodOneIsRead) {
  OneMeter one("cjt188_water");
  const std::string good = to_hex(cjt188::encode(reply(0x10, 0x81, water(1))));
  std::string changed = good;
  changed[40] = changed[40] == '0' ? '1' : '0';
  one.line.answer(changed);                          // the request is repeated
  one.line.answer(good.substr(0, good.size() - 8));  // truncated
  one.answer(reply(0x10, 0x81, water(1)));
  EXPECT_EQ(value_of(one.read({"cumulative_volume"}), "cumulative_volume"), "123.45 m3");
  const MeterCounters counters = one.meter().counters();
  EXPECT_EQ(counters.requests, 3u);
  EXPECT_EQ(counters.answers, 1u);
  EXPECT_EQ(counters.silent, 2u);
  EXPECT_EQ(counters.bad_checksum, 1u);
  EXPECT_EQ(counters.truncated, 1u);

  // Noise with a start byte in front, a late answer to the question before, then the right one.
  one.line.answer("FF0068" + to_hex(cjt188::encode(reply(0x10, 0x81, water(1)))) +
                  to_hex(cjt188::encode(reply(0x10, 0x81, water(2, "000000002C")))));
  EXPECT_EQ(value_of(one.read({"cumulative_volume"}), "cumulative_volume"), "0.00 m3");
  EXPECT_EQ(one.meter().counters().foreign, 1u);

  one.answer({0x10, wire_address, 0xC1, {3, 0x04, 0x00}});
  EXPECT_THROW(one.read({"cumulative_volume"}), MeterRefused);
  EXPECT_EQ(one.meter().counters().refused, 1u);
  Frame foreign = reply(0x10, 0x81, water(4));
  foreign.address[0] ^= 1;
  one.answer(foreign);
  EXPECT_THROW(one.read({"cumulative_volume"}), ForeignReply);
  EXPECT_THROW(one.read({"cumulative_volume"}), TimeoutError);
  one.answer(reply(0x10, 0x81, water(6)));
  EXPECT_EQ(value_of(one.read({"cumulative_volume"}), "cumulative_volume"), "123.45 m3");
}

// CJ/T 188-2004 6.4: the bus is idle for 30 ms before the master sends again.
TEST(Cjt188Meter, TheBusRestsBetweenExchanges) {
  OneMeter one("cjt188_water");
  one.answer(reply(0x10, 0x81, water(1)));
  one.read({"clock"});
  const Instant answered = one.line.clock.now();
  one.answer(reply(0x10, 0x81, water(2)));
  one.read({"clock"});
  const Duration byte_time{1'000'000'000LL * 11 / 2400};
  const auto bytes =
      static_cast<std::int64_t>(one.line.requests()[1].size() / 2 + cjt188::encode(reply(0x10, 0x81, water(2))).size());
  EXPECT_EQ(one.line.clock.now() - answered, 30ms + byte_time * bytes + 25ms);
}

TEST(Cjt188Meter, SilenceIsAskedThreeTimesAndSaysSo) {
  OneMeter one("cjt188_water");
  EXPECT_EQ(one.error({"clock"}).substr(0, 44), "sample: meter 78563412001111 did not answer ");
  EXPECT_EQ(one.line.requests().size(), 3u);
}

}  // namespace
}  // namespace meterrig
