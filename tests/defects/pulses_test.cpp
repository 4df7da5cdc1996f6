#include <gtest/gtest.h>

#include "tests/defects/whole_run.hpp"

// The pulse contact beside the conversion error: where a pulse was lost, without a say in the verdict.
namespace meterrig::defects {
namespace {

using nlohmann::json;

const std::string conversion = "CJT503-5.3.10a/6.12a";

json result_with(std::vector<std::string> defects, std::vector<std::string> faults) {
  return result_of(record_of({.only = {conversion}, .defects = std::move(defects), .faults = std::move(faults)}), 0,
                   conversion);
}

json value_of(const json& result, const std::string& name) {
  for (const json& m : result.at("measurements"))
    if (m.at("name") == name) return m.at("value");
  return nullptr;
}

std::string notes_of(const json& result) { return result.at("notes").dump(); }

TEST(PulseContact, IsRecordedBesideTheConversionError) {
  const json result = result_with({}, {});
  EXPECT_EQ(result.at("verdict"), "pass");
  EXPECT_EQ(value_of(result, "pulse_count"), 10);
  EXPECT_EQ(value_of(result, "pulse_volume"), "0.10 m3");
  EXPECT_NEAR(value_of(result, "pulse_interval_median").get<double>(), 9, 0.01);
  EXPECT_EQ(value_of(result, "missing_pulses"), 0);
  EXPECT_EQ(value_of(result, "extra_pulses"), 0);
  EXPECT_EQ(notes_of(result).find("spacing"), std::string::npos) << notes_of(result);
}

TEST(PulseContact, ShowsAPulseThatTheCounterLost) {
  const json result = result_with({}, {"pulse-lost:counter@1"});
  EXPECT_EQ(result.at("verdict"), "pass");
  EXPECT_EQ(value_of(result, "missing_pulses"), 1);
  EXPECT_EQ(value_of(result, "extra_pulses"), 0);
  EXPECT_NE(notes_of(result).find("1 missing, 36.0 s after the first"), std::string::npos) << notes_of(result);
}

TEST(PulseContact, ShowsAPulseThatTheMeterNeverGave) {
  const json result = result_with({}, {"pulse-extra:counter@1"});
  EXPECT_EQ(result.at("verdict"), "pass");
  EXPECT_EQ(value_of(result, "missing_pulses"), 0);
  EXPECT_EQ(value_of(result, "extra_pulses"), 1);
  EXPECT_NE(notes_of(result).find("1 extra, 38.0 s after the first"), std::string::npos) << notes_of(result);
}

// Every fourth pulse lost behind the contact: its spacing is whole, and the fault lies in what counts it.
TEST(PulseContact, ClearsItselfWhenTheRegisterLosesPulses) {
  const json result = result_with({"cjt503-5.3.10a-d1@1"}, {});
  EXPECT_EQ(result.at("verdict"), "fail");
  EXPECT_EQ(value_of(result, "missing_pulses"), 0);
}

TEST(PulseContact, IsNotNeeded) {
  for (const char* trouble : {"io-silent:counter@1", "io-garbage:counter@1", "io-error:counter@1"}) {
    const json result = result_with({}, {trouble});
    EXPECT_EQ(result.at("verdict"), "pass") << trouble;
    EXPECT_EQ(value_of(result, "pulse_count"), nullptr) << trouble;
  }
}

}  // namespace
}  // namespace meterrig::defects
