#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "meter_support.hpp"
#include "meters/telegram.hpp"

namespace meterrig::bench {
namespace {

std::unique_ptr<LoneStation> flowing(const char* defect, std::uint64_t seed = 1, Sample sample = sample_of()) {
  auto station = std::make_unique<LoneStation>(defect, seed, std::move(sample));
  (*station)->power_and_settle();
  (*station)->open_valve();
  return station;
}

TEST(MeterUart, AnswersInGoldenBytes) {
  LoneStation station;
  station->power_and_settle();
  station->supply->set_contact(Contact::uart, true);
  station->meter.receive(station->wire, cjt188::encode(station->request(0x01, {0x81, 0x03, 0x42})));
  elapse(station.clock, 24ms);
  EXPECT_TRUE(station->wire.heard.empty());
  EXPECT_EQ(station->supply->current(Path::k2_ammeter).at(station.clock.now()), 3'018'000);
  elapse(station.clock, 2ms);
  EXPECT_EQ(to_hex(station->wire.heard), "FEFE6830000000250001018104810342202A16");
  elapse(station.clock, 200ms);
  EXPECT_LT(station->supply->current(Path::k2_ammeter).at(station.clock.now()), 3'000'000);
}

TEST(MeterUart, CurrentDataHaveTheFormOfTheStandard) {
  LoneStation station;
  station->power_and_settle();
  const auto frame = station->read(0x901F);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->control, 0x81);
  ASSERT_EQ(frame->data.size(), 0x16u);
  EXPECT_EQ(frame->data[7], 0x2C);
  EXPECT_EQ(frame->data[12], 0x2C);
  EXPECT_EQ(to_hex(std::span(frame->data).subspan(14, 6)), "010021112620");
  EXPECT_NEAR(static_cast<double>(station->volume_hundredths()) / 100, station->meter.cumulative_volume(), 1e-9);
  const auto diagnosis = station->read(0xE001);
  EXPECT_EQ(cjt188::from_bcd(std::span(diagnosis->data).subspan(3, 2)), 1u);
  EXPECT_EQ(cjt188::from_bcd(std::span(diagnosis->data).subspan(5, 4)), 61u);
}

TEST(MeterUart, IsSilentForOthersAndForBadChecksums) {
  LoneStation station;
  station->power_and_settle();
  auto foreign = station->request(0x01, {0x90, 0x1F, 1});
  foreign.address[6] = 0x02;
  EXPECT_FALSE(station->ask(foreign));
  foreign.address = cjt188::wildcard_address;
  const auto reply = station->ask(foreign);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->address, station->address);
  auto bytes = cjt188::encode(station->request(0x01, {0x90, 0x1F, 1}));
  bytes[bytes.size() - 2] ^= 1;
  station->wire.heard.clear();
  station->meter.receive(station->wire, bytes);
  elapse(station.clock, 1s);
  EXPECT_TRUE(station->wire.heard.empty());
  const auto unknown = station->read(0x1234);
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->control, 0xC1);
  EXPECT_EQ(unknown->data, (std::vector<std::uint8_t>{7, 1, 0}));
  station->supply->set_contact(Contact::uart, false);
  station->wire.heard.clear();
  station->meter.receive(station->wire, cjt188::encode(station->request(0x01, {0x90, 0x1F, 1})));
  elapse(station.clock, 1s);
  EXPECT_TRUE(station->wire.heard.empty());
}

TEST(MeterUart, WritesAreRefusedOrKept) {
  LoneStation station;
  station->power_and_settle();
  EXPECT_EQ(station->ask(station->request(0x04, {0xA0, 0x11, 1, 0x31}))->control, 0xC4);
  EXPECT_EQ(station->ask(station->request(0x04, {0xA0, 0x11, 1, 0x1A}))->control, 0xC4);
  EXPECT_EQ(station->ask(station->request(0x04, {0xA0, 0x11, 1, 0x25}))->control, 0x84);
  EXPECT_EQ(station->ask(station->request(0x04, {0xA0, 0x15, 1, 0x30, 0x59, 0x23, 0x31, 0x12, 0x26, 0x20}))->control,
            0x84);
  EXPECT_EQ(station->ask(station->request(0x04, {0xA0, 0x15, 1, 0x30, 0x59, 0x23, 0x31, 0x02, 0x26, 0x20}))->control,
            0xC4);
  EXPECT_EQ(station->ask(station->request(0x03, {0x81, 0x0A, 1}))->control, 0x83);
  station->cut();
  elapse(station.clock, 10s);
  station->power_and_settle();
  EXPECT_EQ(station->read(0x8103)->data[3], 0x25);
}

TEST(MeterUart, RandomBytesNeverHurtIt) {
  LoneStation station;
  station->power_and_settle();
  station->supply->set_contact(Contact::uart, true);
  std::mt19937 random(11);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> bytes;
    if (random() % 2 == 0) {
      // Well formed, with any control code, identifier and content.
      std::vector<std::uint8_t> data(random() % 20);
      for (auto& byte : data) byte = static_cast<std::uint8_t>(random());
      if (data.size() > 1) data[0] = 0xA0;
      if (data.size() > 1) data[1] = static_cast<std::uint8_t>(0x10 + random() % 10);
      auto frame = station->request(static_cast<std::uint8_t>(random() % 2 == 0 ? 0x04 : random() % 0x20), data);
      frame.address = cjt188::wildcard_address;
      bytes = cjt188::encode(frame);
    } else {
      bytes.resize(1 + random() % 40);
      for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    }
    station->meter.receive(station->wire, bytes);
    if (i % 4 == 0) elapse(station.clock, 150ms);
  }
  auto who = station->request(0x01, {0x90, 0x1F, 1});
  who.address = cjt188::wildcard_address;
  elapse(station.clock, 5s);
  EXPECT_TRUE(station->ask(who));
}

TEST(MeterConversion, CountsWhatFlows) {
  auto station = flowing("");
  const auto r0 = (*station)->volume_hundredths();
  const double m0 = (*station)->meter.mechanical_reading();
  (*station)->flow_pulses(10);
  elapse(station->clock, 2s);
  const auto r1 = (*station)->volume_hundredths();
  const double m1 = (*station)->meter.mechanical_reading();
  EXPECT_EQ(r1 - r0, 10u);
  EXPECT_LE(std::abs(static_cast<double>(r1 - r0) - (m1 - m0) * 100), 1.0);
  EXPECT_EQ((*station)->air->meter_pulses(), 10u);
}

TEST(MeterConversion, MutantsLoseAndDouble) {
  const auto counted = [](const char* defect, unsigned pulses) {
    auto station = flowing(defect);
    const auto before = (*station)->volume_hundredths();
    (*station)->flow_pulses(pulses);
    elapse(station->clock, 2s);
    return (*station)->volume_hundredths() - before;
  };
  EXPECT_EQ(counted("cjt503-5.3.10a-d1", 10), 8u);
  EXPECT_EQ(counted("cjt503-5.3.10a-d2", 10), 13u);
  EXPECT_EQ(counted("cjt503-5.3.10a-g1", 10), 10u);
}

TEST(MeterConversion, EncoderReadsTheWheels) {
  Sample sample = sample_of();
  sample.direct_reading = true;
  const auto worst = [&](const char* defect) {
    auto station = flowing(defect, 1, sample);
    (*station)->air->set_flow(4, true);
    double most = 0;
    for (int i = 0; i < 200; ++i) {
      elapse(station->clock, 1s);
      const double drum = std::floor((*station)->meter.exact_mechanical_volume() * 100 + 1e-9);
      most = std::max(most, std::abs((*station)->meter.cumulative_volume() * 100 - drum));
    }
    EXPECT_EQ((*station)->air->meter_pulses(), 0u);
    return most;
  };
  EXPECT_NEAR(worst(""), 0, 1e-6);
  EXPECT_NEAR(worst("cjt503-5.3.10b-d1"), 10, 1e-6);
  EXPECT_NEAR(worst("cjt503-5.3.10b-g1"), 1, 1e-6);
}

// 6.13: `after_last` from the last pulse to the cut, `off` without supply. Register before (from the pulse count) and
// after.
std::int64_t lost_over_cut(const char* defect, Duration after_last, Duration off) {
  auto station = flowing(defect);
  const auto start = (*station)->volume_hundredths();
  (*station)->flow_pulses(7);
  elapse(station->clock, after_last);
  (*station)->cut();
  elapse(station->clock, off);
  EXPECT_LT((*station)->supply->terminals().at(station->clock.now()), 0.6);
  (*station)->power();
  elapse(station->clock, 3s);
  return static_cast<std::int64_t>(start + 7) - static_cast<std::int64_t>((*station)->volume_hundredths());
}

TEST(MeterRetention, HealthyLosesNothing) {
  for (const Duration after : {2ms, 1000ms, 2000ms})
    for (const Duration off : {1s, 10s, 60s}) EXPECT_EQ(lost_over_cut("", after, off), 0);
}

TEST(MeterRetention, MutantsLose) {
  EXPECT_GT(lost_over_cut("cjt503-5.3.11-d1", 2s, 10s), 0);
  EXPECT_LE(lost_over_cut("cjt503-5.3.11-d1", 2s, 10s), 9);
  EXPECT_EQ(lost_over_cut("cjt503-5.3.11-d3", 2s, 10s), 0);
  EXPECT_GT(lost_over_cut("cjt503-5.3.11-d3", 1s, 10s), 1000);
}

TEST(MeterRetention, ClockAndParametersOfMutants) {
  LoneStation clock_lost("cjt503-5.3.11-g3");
  clock_lost->power_and_settle();
  clock_lost->cut();
  elapse(clock_lost.clock, 60s);
  clock_lost->power();
  elapse(clock_lost.clock, 2s);
  EXPECT_EQ(to_hex(std::span(clock_lost->read(0x901F)->data).subspan(16, 4)), "01010020");

  LoneStation day("cjt503-5.3.11-x1");
  day->power_and_settle();
  EXPECT_EQ(day->read(0x8103)->data[3], 0x20);
  day->cut();
  elapse(day.clock, 1s);
  day->power_and_settle();
  EXPECT_EQ(day->read(0x8103)->data[3], 0x01);

  LoneStation hangs("cjt503-5.3.11-x2");
  hangs->power_and_settle();
  hangs->cut();
  elapse(hangs.clock, 60s);
  hangs->power_and_settle();
  EXPECT_FALSE(hangs->read(0x901F));
  hangs->cut();
  elapse(hangs.clock, 10s);
  hangs->power_and_settle();
  EXPECT_TRUE(hangs->read(0x901F));
}

TEST(MeterSettlement, FreezesOnItsDay) {
  auto station = flowing("");
  (*station)->flow_pulses(3);
  (*station)->ask((*station)->request(0x04, {0xA0, 0x15, 1, 0x55, 0x59, 0x23, 0x19, 0x12, 0x26, 0x20}));
  const auto before = (*station)->volume_hundredths();
  elapse(station->clock, 10s);
  const auto frozen = (*station)->read(0xD120);
  EXPECT_EQ(cjt188::from_bcd(std::span(frozen->data).subspan(3, 4)), before);
}

}  // namespace
}  // namespace meterrig::bench
