#include <gtest/gtest.h>

#include "meter_support.hpp"

namespace meterrig::bench {
namespace {

struct Host {
  explicit Host(RadioChannel& radio) : channel(radio) {
    channel.on_reply([this](std::span<const std::uint8_t> frame, double) {
      cjt188::Scanner scanner;
      scanner.feed(frame);
      if (auto got = scanner.next()) heard.push_back(*got);
      ++frames;
    });
  }
  // A wake burst of 1.2 T2 and the frame. Did an answer come?
  bool exchange(Clock& clock, const cjt188::Frame& frame, Duration burst = 6s) {
    const std::size_t before = heard.size();
    channel.transmit(burst, cjt188::encode(frame, 0));
    elapse(clock, burst + 500ms);
    return heard.size() > before;
  }
  RadioChannel& channel;
  std::vector<cjt188::Frame> heard;
  int frames = 0;
};

TEST(MeterRadio, WakesListensAndAnswers) {
  LoneStation station;
  Host host(station.channel);
  station->power_and_settle();
  const Instant from = station.clock.now();
  const auto held = station->supply->retain_from(from);
  ASSERT_TRUE(host.exchange(station.clock, station->request(0x01, {0x90, 0x1F, 3})));
  EXPECT_EQ(host.heard[0].address, station->address);
  EXPECT_EQ(host.heard[0].data[2], 3);
  const CurrentSignal& current = station->supply->current(Path::k2_ammeter);
  EXPECT_EQ(current.maximum(from, station.clock.now()), 120 * milliampere + 18'000);
  EXPECT_FALSE(station->meter.receiving());
}

TEST(MeterRadio, ABurstWakesTheNeighbourToo) {
  VirtualClock clock;
  RadioChannel channel(clock);
  Host host(channel);
  MeterStation one(clock, channel), two(clock, channel, "", 2, sample_of("00000025000102"));
  one.power();
  two.power();
  elapse(clock, 60s);
  const Instant from = clock.now();
  const auto held = two.supply->retain_from(from);
  EXPECT_TRUE(host.exchange(clock, one.request(0x01, {0x90, 0x1F, 3})));
  EXPECT_EQ(host.heard.size(), 1u);
  // Far more charge than its quiet 32.4 uA.
  EXPECT_GT(two.supply->current(Path::k2_ammeter).charge(from, clock.now()) / Duration(10s).count(),
            1 * milliampere / 2);
}

TEST(MeterRadio, GoesBackToListeningWithoutAFrame) {
  LoneStation station;
  station->power_and_settle();
  station.channel.transmit(6s, {});
  elapse(station.clock, 6010ms);
  EXPECT_TRUE(station->meter.receiving());
  elapse(station.clock, 4s);
  EXPECT_FALSE(station->meter.receiving());
}

TEST(MeterRadio, ShortBurstsMayMiss) {
  LoneStation station;
  Host host(station.channel);
  station->power_and_settle();
  int answers = 0;
  for (int i = 0; i < 10; ++i) {
    answers += host.exchange(station.clock, station->request(0x01, {0x90, 0x1F, 3}), 1s) ? 1 : 0;
    elapse(station.clock, 13s + i * 100ms);
  }
  EXPECT_LT(answers, 10);
  station.channel.set_attenuation(30);
  EXPECT_FALSE(host.exchange(station.clock, station->request(0x01, {0x90, 0x1F, 3})));
}

TEST(MeterRadio, MutantsOfRemoteTransmission) {
  const auto answers = [](const char* defect) {
    LoneStation station(defect);
    Host host(station.channel);
    station->power_and_settle();
    int good = 0;
    for (int i = 0; i < 10; ++i) {
      good += host.exchange(station.clock, station->request(0x01, {0x90, 0x1F, 3})) ? 1 : 0;
      elapse(station.clock, 9s);
    }
    return good;
  };
  EXPECT_EQ(answers(""), 10);
  EXPECT_EQ(answers("cjt503-5.3.17-d2"), 6);
  EXPECT_EQ(answers("cjt503-5.3.17-g1"), 9);
  EXPECT_EQ(answers("cjt503-5.3.17-x1"), 0);

  LoneStation stranger("cjt503-5.3.17-d3");
  Host host(stranger.channel);
  stranger->power_and_settle();
  ASSERT_TRUE(host.exchange(stranger.clock, stranger->request(0x01, {0x90, 0x1F, 3})));
  EXPECT_EQ(host.heard[0].address, cjt188::Address{});

  LoneStation stale("cjt503-5.3.17-x2");
  Host listener(stale.channel);
  stale->power_and_settle();
  stale->open_valve();
  stale->flow_pulses(5);
  ASSERT_TRUE(listener.exchange(stale.clock, stale->request(0x01, {0x90, 0x1F, 3})));
  const auto said = *cjt188::from_bcd(std::span(listener.heard[0].data).subspan(3, 4));
  EXPECT_EQ(said + 5, stale->volume_hundredths());
}

TEST(MeterRadio, MutantsOfControl) {
  const auto opening_after_close = [](const char* defect, bool neighbour, Duration wait) {
    LoneStation station(defect);
    Host host(station.channel);
    station->power_and_settle();
    station->open_valve();
    auto close = station->request(0x04, {0xA0, 0x17, 1, 0x99});
    if (neighbour) close.address[6] = 0x02;
    EXPECT_EQ(host.exchange(station.clock, close), !neighbour);
    elapse(station.clock, wait);
    return station->meter.valve_opening();
  };
  EXPECT_EQ(opening_after_close("", false, 5s), 0);
  EXPECT_EQ(opening_after_close("", true, 30s), 1);
  EXPECT_EQ(opening_after_close("cjt503-5.3.18-d1", false, 60s), 1);
  EXPECT_EQ(opening_after_close("cjt503-5.3.18-d3", true, 5s), 0);
  EXPECT_GT(opening_after_close("cjt503-5.3.18-g1", false, 19s), 0);
  EXPECT_EQ(opening_after_close("cjt503-5.3.18-g1", false, 22s), 0);
}

TEST(MeterRadio, PublicNetworkReportsWhenTriggered) {
  Sample sample = sample_of();
  sample.communication = 'G';
  LoneStation station("", 1, sample);
  Host host(station.channel);
  station->power_and_settle();
  EXPECT_FALSE(host.exchange(station.clock, station->request(0x01, {0x90, 0x1F, 3})));
  const Instant from = station.clock.now();
  const auto held = station->supply->retain_from(from);
  station->ask(station->request(0x04, {0xE0, 0x02, 1}));
  elapse(station.clock, 1s);
  ASSERT_EQ(host.heard.size(), 1u);
  EXPECT_GE(station->supply->current(Path::k2_ammeter).maximum(from, station.clock.now()), 1600 * milliampere);
  // It hears the host for a while after its report.
  EXPECT_TRUE(host.exchange(station.clock, station->request(0x01, {0x90, 0x1F, 3}), 0s));
}

TEST(MeterRadio, ReportsOnceADay) {
  LoneStation station;
  Host host(station.channel);
  station->power();
  elapse(station.clock, 72h);
  EXPECT_EQ(host.heard.size(), 3u);
}

TEST(MeterCurrents, MutantsOfMaximumCurrent) {
  const auto most = [](const char* defect, bool close) {
    LoneStation station(defect);
    Host host(station.channel);
    station->power_and_settle();
    station->open_valve();
    const Instant from = station.clock.now();
    const auto held = station->supply->retain_from(from);
    host.exchange(station.clock,
                  close ? station->request(0x04, {0xA0, 0x17, 1, 0x99}) : station->request(0x01, {0x90, 0x1F, 1}));
    elapse(station.clock, 5s);
    EXPECT_EQ(station->meter.starts(), 1);
    return station->supply->current(Path::k2_ammeter).maximum(from, station.clock.now()) / milliampere;
  };
  EXPECT_EQ(most("", false), 120);
  EXPECT_NEAR(static_cast<double>(most("", true)), 250, 12);
  EXPECT_GE(most("cjt503-5.3.9-d2", true), 430);
  EXPECT_EQ(most("cjt503-5.3.9-d4", false), 260);
  EXPECT_GE(most("cjt503-5.3.9-g2", true), 1400);
  EXPECT_LE(most("cjt503-5.3.9-g3", true), 400);
  EXPECT_GE(most("cjt503-5.3.9-x1", true), 3000);
}

TEST(MeterDefects, TableIsWhole) {
  for (const MeterDefect& defect : meter_defects()) {
    EXPECT_EQ(find_meter_defect(defect.name), &defect);
    EXPECT_TRUE(defect.borderline || !defect.expected.empty()) << defect.name;
    EXPECT_FALSE(defect.what.empty());
    LoneStation station(defect.name);
    station->power_and_settle();
    EXPECT_TRUE(station->meter.running()) << defect.name;
    EXPECT_TRUE(station->read(0x901F)) << defect.name;
  }
  EXPECT_EQ(meter_defects().size(), meter_defect_rows().size());
  EXPECT_EQ(find_meter_defect("cjt503-5.3.8-d99"), nullptr);
  EXPECT_EQ(conditions_json(find_meter_defect("cjt503-5.3.5-g1")->conditions),
            "{\"barometer_kpa\": 96, \"ambient_c\": 30}");
  EXPECT_EQ(conditions_json(find_meter_defect("cjt503-5.3.8-g1")->conditions),
            "{\"dut\": {\"communication\": \"S\", \"wake_period_s\": 15}}");
  EXPECT_EQ(conditions_json({}), "{}");
  const MeterDefect both = combine({find_meter_defect("cjt503-5.3.8-g2"), find_meter_defect("cjt503-5.3.15-d1")});
  EXPECT_EQ(both.changes.size(), 2u);
}

// The whole current of a busy day, as a number.
std::uint64_t fingerprint(std::uint64_t seed) {
  LoneStation station("", seed);
  Host host(station.channel);
  const auto held = station->supply->retain_from(Instant{});
  station->power_and_settle();
  station->open_valve();
  station->flow_pulses(5);
  host.exchange(station.clock, station->request(0x04, {0xA0, 0x17, 1, 0x99}));
  station->cut();
  elapse(station.clock, 5s);
  station->power_and_settle();
  const CurrentSignal& current = station->supply->current(Path::k2_ammeter);
  std::uint64_t hash = 1469598103934665603ULL;
  for (auto step = current.find(Instant{}); step != current.end(); ++step) {
    hash = (hash ^ static_cast<std::uint64_t>(step->from.time_since_epoch().count())) * 1099511628211ULL;
    hash = (hash ^ static_cast<std::uint64_t>(step->nanoamperes)) * 1099511628211ULL;
  }
  return hash;
}

TEST(MeterDeterminism, SameSeedSameHistory) {
  EXPECT_EQ(fingerprint(1), fingerprint(1));
  EXPECT_NE(fingerprint(1), fingerprint(2));
}

TEST(MeterPerformance, FiveThousandCyclesOfThreeMeters) {
  VirtualClock clock;
  RadioChannel channel(clock);
  std::vector<std::unique_ptr<MeterStation>> stations;
  for (std::uint64_t i = 0; i < 3; ++i)
    stations.push_back(
        std::make_unique<MeterStation>(clock, channel, "", i, sample_of("0000002500010" + std::to_string(i))));
  for (auto& station : stations) {
    station->power();
    station->supply->set_contact(Contact::uart, true);
  }
  elapse(clock, 60s);
  for (int cycle = 0; cycle < 5000; ++cycle) {
    for (auto& station : stations)
      station->meter.receive(station->wire, cjt188::encode(station->request(0x04, {0xA0, 0x17, 1, 0x55})));
    elapse(clock, 200ms);
    for (auto& station : stations) station->supply->set_contact(Contact::opener, true);
    elapse(clock, 4s + 300ms);
    for (auto& station : stations) station->supply->set_contact(Contact::opener, false);
    for (auto& station : stations)
      station->meter.receive(station->wire, cjt188::encode(station->request(0x04, {0xA0, 0x17, 1, 0x99})));
    elapse(clock, 4s + 140ms);
  }
  for (auto& station : stations) {
    EXPECT_EQ(station->meter.valve().cycles(), 5000);
    EXPECT_LT(station->supply->current(Path::k2_ammeter).size(), 100u);
  }
  // Twelve hours of three meters: listening takes two events in five seconds, a move of the valve a handful.
  EXPECT_LT(clock.turns(), 300'000u);
}

}  // namespace
}  // namespace meterrig::bench
