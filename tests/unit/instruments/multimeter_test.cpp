#include <gtest/gtest.h>

#include "bench/instruments/dmm_models.hpp"
#include "instruments/dmm_role.hpp"
#include "instruments/scpi_drivers.hpp"
#include "tests/support/calls.hpp"
#include "tests/unit/bench/instrument_support.hpp"

// The drivers on the virtual instruments, which know nothing of their profiles.
namespace meterrig {
namespace {

using bench::DmmTrouble;
using bench::ScriptedPath;

struct Rack : support::Calls<Rack> {
  explicit Rack(const std::string& id) : profile(support::profile_document(id)) {
    path.voltage.set_constant(clock.now(), 5.4321);
    path.k1.set(clock.now(), 0);
    device = bench::make_multimeter(id, clock, path, "77", 5);
    device->wire_current(bench::Path::k1_microammeter);
    auto stream = std::make_unique<MemoryLink>(clock, "link", *device, LineTiming::lan());
    session = std::make_shared<ScpiSession>(clock, std::move(stream), scpi_options("dmm1", profile));
  }
  std::unique_ptr<Voltmeter> voltmeter() { return make_scpi_voltmeter(clock, session, profile); }
  std::unique_ptr<CurrentMeter> meter(const std::string& role) {
    return make_scpi_current_meter(clock, session, profile, 1, role);
  }  // 12 mA for 6 ms every 100 ms, 18 uA between.
  void wake_ups(int count) {
    for (int i = 0; i < count; ++i) {
      path.k1.set(clock.now() + i * Duration{100ms} + 20ms, 12'000'000);
      path.k1.set(clock.now() + i * Duration{100ms} + 26ms, 18'000);
    }
  }

  VirtualClock clock;
  ScriptedPath path;
  Profile profile;
  std::unique_ptr<bench::Dmm> device;
  std::shared_ptr<ScpiSession> session;
};

struct Multimeters : testing::TestWithParam<const char*> {};

TEST_P(Multimeters, ReadAVoltageWithinTheirLimitsOfError) {
  Rack rack(GetParam());
  auto voltmeter = rack.voltmeter();
  rack.now(check_state(rack.session, rack.profile));
  const Reading reading = rack.now(voltmeter->voltage());
  EXPECT_NEAR(reading.value, 5.4321, reading.half_width);
  EXPECT_LT(reading.half_width, 1e-3);
  rack.path.voltage.set_constant(rack.clock.now(), 4.5);
  EXPECT_NEAR(rack.now(voltmeter->voltage()).value, 4.5, 1e-3) << "a reading from after the change";
}

TEST_P(Multimeters, ReadCurrentsWithinTheirLimitsOfError) {
  Rack rack(GetParam());
  auto meter = rack.meter("microammeter");
  for (const double amperes : {18e-6, 300e-6, 6e-3}) {
    rack.path.k1.set(rack.clock.now(), std::llround(amperes * 1e9));
    const Reading reading = rack.now(meter->current());
    EXPECT_NEAR(reading.value, amperes, reading.half_width) << amperes;
    EXPECT_LT(reading.half_width, 0.01 * amperes);
  }
}

TEST_P(Multimeters, AnOverloadIsNoNumber) {
  Rack rack(GetParam());
  rack.device->suffer(DmmTrouble::overload);
  EXPECT_NE(rack.refused<OverRange>(rack.voltmeter()->voltage()).find("over its range"), std::string::npos);
  EXPECT_NE(rack.refused<OverRange>(rack.meter("microammeter")->current()).find("over its range"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Models, Multimeters,
                         testing::Values("keysight_34465a", "keithley_dmm6500", "rigol_dm3068", "siglent_sdm3065x"),
                         [](const auto& its) { return std::string(its.param); });

struct Digitisers : testing::TestWithParam<const char*> {};

TEST_P(Digitisers, SeeADipWhileTheyWatch) {
  Rack rack(GetParam());
  auto voltmeter = rack.voltmeter();
  rack.now(voltmeter->start_watch(1ms, 5s));
  const Instant started = rack.clock.now();
  rack.path.voltage.set_constant(started + 200ms, 3.0);
  rack.path.voltage.set_constant(started + 205ms, 5.4321);
  rack.now(sleep_for(1s));
  const Voltmeter::Watched seen = rack.now(voltmeter->stop_watch());
  EXPECT_NEAR(seen.minimum, 3.0, 1e-3);
  EXPECT_NEAR(seen.maximum, 5.4321, 1e-3);
  EXPECT_NEAR(rack.now(voltmeter->voltage()).value, 5.4321, 1e-3) << "and reads on";
}

TEST_P(Digitisers, KeepTheChargeOfWakeUpsInASeries) {
  Rack rack(GetParam());
  auto meter = rack.meter("ammeter");
  rack.wake_ups(3);
  rack.now(meter->start(1ms, 200));
  const Waveform waveform = rack.now(meter->fetch(true));
  ASSERT_EQ(waveform.size(), 200u);
  EXPECT_EQ(waveform.overloads(), 0u);
  EXPECT_EQ(bursts(waveform, 1e-3, 2ms).size(), 2u);
  const double half_width = waveform.half_width_of_mean(meter->accuracy(), 0, waveform.size());
  EXPECT_NEAR(waveform.mean(), 18e-6 + 0.06 * (12e-3 - 18e-6), half_width);
  EXPECT_GT(half_width, 5e-4) << "it is that of the 3 A range, not of the smallest that would hold the value";
}

TEST_P(Digitisers, ClipInTheRangeOfAMicroammeter) {
  Rack rack(GetParam());
  auto meter = rack.meter("microammeter");
  rack.wake_ups(3);
  rack.now(meter->start(1ms, 200));
  const Waveform waveform = rack.now(meter->fetch(true));
  EXPECT_GE(waveform.overloads(), 11u);
  EXPECT_LE(waveform.overloads(), 14u);
  EXPECT_THROW(waveform.mean(), std::logic_error);
}

TEST_P(Digitisers, TakeAsLongAsTheSeriesDoes) {
  Rack rack(GetParam());
  auto meter = rack.meter("ammeter");
  rack.now(meter->start(10ms, 50));
  const Instant started = rack.clock.now();
  EXPECT_EQ(rack.now(meter->fetch(false)).size(), 50u);
  EXPECT_NEAR(to_seconds(rack.clock.now() - started), 0.5, 0.05);
}

INSTANTIATE_TEST_SUITE_P(Models, Digitisers, testing::Values("keysight_34465a", "keithley_dmm6500"),
                         [](const auto& its) { return std::string(its.param); });

TEST(Capability, IsRefusedWithWhatWouldDo) {
  Rack rack("keysight_34465a");
  auto meter = rack.meter("microammeter");
  EXPECT_NE(rack.refused<UserError>(meter->start(1ms, 3'000'000)).find("stores 2000000 readings"), std::string::npos);
  EXPECT_NE(rack.refused<UserError>(meter->start(10us, 100)).find("every 2e-05 s at best"), std::string::npos);
  EXPECT_THROW(rack.voltmeter()->expect_watch(50us), UserError);
  EXPECT_EQ(rack.session->exchanges(), 0u) << "nothing was sent";
}

TEST(Sdm3065x, MayTakeItsTimeOverTheFirstReading) {
  Rack rack("siglent_sdm3065x");
  auto voltmeter = rack.voltmeter();
  const Instant asked = rack.clock.now();
  rack.now(voltmeter->voltage());
  EXPECT_GT(rack.clock.now() - asked, Duration{3s});
  const Instant again = rack.clock.now();
  rack.now(voltmeter->voltage());
  EXPECT_LT(rack.clock.now() - again, Duration{1s});
}

TEST(Picoammeter, ReadsThePathOnceZeroCheckIsOff) {
  Rack rack("keithley_6485");
  rack.path.k1.set(rack.clock.now(), 18'000);
  auto meter = rack.meter("microammeter");
  const Reading reading = rack.now(meter->current());
  EXPECT_NEAR(reading.value, 18e-6, reading.half_width);
  rack.path.k1.set(rack.clock.now(), 25'000'000);
  EXPECT_NE(rack.refused<OverRange>(meter->current()).find("over its range"), std::string::npos);
}

TEST(Picoammeter, WithZeroCheckHeldOnIsNoReading) {
  Rack rack("keithley_6485");
  rack.path.k1.set(rack.clock.now(), 18'000);
  rack.device->suffer(DmmTrouble::zero_check);
  EXPECT_NE(rack.refused<ReadBackError>(rack.meter("microammeter")->current()).find("press ZCHK"), std::string::npos);
}

TEST(WrongLanguage, IsRefusedWithAdvice) {
  for (const auto& [id, advice] : {std::pair{"keithley_dmm6500", "*LANG SCPI"}, {"rigol_dm3068", "CMDSET RIGOL"}}) {
    Rack rack(id);
    rack.device->suffer(DmmTrouble::wrong_language);
    EXPECT_EQ(rack.now(rack.session->identify()).serial, "77") << "it still says who it is";
    const std::string said = rack.refused<InstrumentError>(check_state(rack.session, rack.profile));
    EXPECT_NE(said.find(advice), std::string::npos) << said;
  }
}

TEST(Burden, OfASmallRangeIsInThePath) {
  struct LoadedPath : ScriptedPath {
    void set_burden(bench::Path, double value) override { ohms = value; }
    double ohms = 0;
  } path;
  VirtualClock clock;
  path.k1.set(clock.now(), 18'000);
  auto device = bench::make_multimeter("keysight_34465a", clock, path, "77", 5);
  device->wire_current(bench::Path::k1_microammeter);
  bench::Line line{clock, *device};
  line.ask("CONF:CURR:DC 100e-6");
  EXPECT_EQ(path.ohms, 1000);
  line.ask("CONF:CURR:DC 3");
  EXPECT_EQ(path.ohms, 0.1);
}

}  // namespace
}  // namespace meterrig
