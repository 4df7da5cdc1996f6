#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "bench/instruments/station.hpp"
#include "core/errors.hpp"
#include "tests/unit/bench/instrument_support.hpp"

namespace meterrig::bench {
namespace {

double real(const std::vector<std::uint16_t>& words) {
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(words.at(0)) << 16 | words.at(1)));
}
std::vector<std::uint16_t> words(double value) {
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  return {static_cast<std::uint16_t>(bits >> 16), static_cast<std::uint16_t>(bits)};
}

struct Registers : testing::Test {
  VirtualClock clock;
  RadioChannel radio{clock};
  BenchProfiles profiles{profiles_folder()};
  Station station{clock, 1, three_samples().samples[0], MeterDefect{}, radio, profiles, nullptr, 1};

  static int code(RegisterPeer& device, RegisterTable table, std::uint16_t address, std::vector<std::uint16_t> values) {
    try {
      device.write(table, address, values);
    } catch (const RegisterPeer::Refusal& refusal) {
      return refusal.code;
    }
    return 0;
  }
  double input(RegisterPeer& device, std::uint16_t address) {
    return real(device.read(RegisterTable::input, address, 2));
  }
  void coil(RegisterPeer& device, std::uint16_t address, bool on) {
    device.write(RegisterTable::coils, address, std::vector<std::uint16_t>{on});
  }
};

TEST_F(Registers, GiveEveryNameOfTheirProfileAndNoOther) {
  const AmbientStation ambient(clock, profiles.ambient, "AS-0001", 1);
  for (const RegisterDevice* device :
       {static_cast<const RegisterDevice*>(&station.air), static_cast<const RegisterDevice*>(&station.gauge),
        static_cast<const RegisterDevice*>(&station.leak), static_cast<const RegisterDevice*>(&station.flow),
        static_cast<const RegisterDevice*>(&station.counter), static_cast<const RegisterDevice*>(&ambient)}) {
    EXPECT_EQ(device->unbound(), std::vector<std::string>{});
    EXPECT_EQ(device->absent(), std::vector<std::string>{});
  }
}

TEST_F(Registers, SayWhoTheyAre) {
  const auto identity = station.gauge.read(RegisterTable::input, 0, 16);
  std::string text;
  for (const std::uint16_t word : identity) {
    text += static_cast<char>(word >> 8);
    text += static_cast<char>(word & 0xFF);
  }
  EXPECT_EQ(text.substr(0, 6), std::string("PT-20\0", 6));
  EXPECT_EQ(text.substr(16, 8), std::string("PT-0001\0", 8));
  EXPECT_EQ(station.relays.read(RegisterTable::holding, 0x8000, 1).size(), 1u);
}

TEST_F(Registers, RefuseWhatTheirMapForbids) {
  EXPECT_THROW(station.gauge.read(RegisterTable::input, 100, 1), RegisterPeer::Refusal);
  EXPECT_THROW(station.gauge.read(RegisterTable::holding, 16, 2), RegisterPeer::Refusal);
  EXPECT_THROW(station.gauge.read(RegisterTable::input, 16, 8), RegisterPeer::Refusal) << "past the end of the map";
  EXPECT_EQ(code(station.air, RegisterTable::holding, 0, words(20.5)), 3);
  EXPECT_EQ(code(station.air, RegisterTable::holding, 0, words(NAN)), 3);
  EXPECT_EQ(code(station.air, RegisterTable::holding, 0, words(15)), 0);
  EXPECT_EQ(code(station.leak, RegisterTable::holding, 0, words(10)), 3) << "only 1 and 600";
  EXPECT_EQ(code(station.gauge, RegisterTable::input, 16, words(1)), 2);
  EXPECT_EQ(code(station.air, RegisterTable::coils, 0, {7}), 3);
  EXPECT_DOUBLE_EQ(real(station.air.read(RegisterTable::holding, 0, 2)), 15);
  EXPECT_EQ(station.air.read(RegisterTable::holding, 1, 1).at(0), words(15).at(1)) << "half a value";
}

TEST_F(Registers, MoveTheAir) {
  station.air.write(RegisterTable::holding, 0, words(15));
  station.air.write(RegisterTable::holding, 2, words(5));
  coil(station.air, 1, true);
  coil(station.air, 0, true);
  pass(clock, 30s);
  EXPECT_NEAR(input(station.gauge, 16), 15'000, 20);
  EXPECT_NEAR(input(station.air, 16), 15, 0.05);
  EXPECT_EQ(station.air.read(RegisterTable::input, 18, 1).at(0), 1) << "at set point";
  EXPECT_EQ(station.live_outputs(), (std::vector<std::string>{"air1 enable", "air1 inlet_valve"}));
  station.leak.write(RegisterTable::holding, 0, words(1));
  const double leak = input(station.leak, 16);
  EXPECT_NEAR(leak, 0.02, 0.02);
  EXPECT_EQ(station.leak.read(RegisterTable::input, 22, 1).at(0), 0);
  coil(station.air, 1, false);
  coil(station.air, 2, true);
  coil(station.air, 0, false);
  pass(clock, 10s);
  EXPECT_NEAR(input(station.gauge, 16), 0, 20);
}

TEST_F(Registers, SwitchContactsFiveMillisecondsLater) {
  coil(station.relays, 1, true);
  EXPECT_EQ(station.relays.read(RegisterTable::coils, 1, 1).at(0), 1);
  EXPECT_FALSE(station.relays.closed(1));
  pass(clock, 6ms);
  EXPECT_TRUE(station.relays.closed(1));
  station.relays.write(RegisterTable::coils, 1, std::vector<std::uint16_t>{0x5500});
  pass(clock, 6ms);
  EXPECT_FALSE(station.relays.closed(1));
  station.relays.write(RegisterTable::coils, 0x00FF, std::vector<std::uint16_t>{0xFF00});
  pass(clock, 6ms);
  EXPECT_EQ(station.relays.read(RegisterTable::coils, 0, 8), std::vector<std::uint16_t>(8, 1));
  EXPECT_EQ(code(station.relays, RegisterTable::coils, 0, {0x1234}), 3);
  EXPECT_EQ(code(station.relays, RegisterTable::coils, 7, {1, 1}), 2);
  EXPECT_EQ(code(station.relays, RegisterTable::holding, 0x4000, {9}), 0);
  EXPECT_EQ(station.relays.unit(), 9);
}

TEST_F(Registers, ShowTheCoilNotTheContact) {
  station.apply(parse_fault("relay-stuck:k2"), {});
  coil(station.relays, 1, true);
  pass(clock, 6ms);
  coil(station.relays, 1, false);
  pass(clock, 6ms);
  EXPECT_EQ(station.relays.read(RegisterTable::coils, 1, 1).at(0), 0);
  EXPECT_TRUE(station.relays.closed(1));
  station.apply(parse_fault("relay-dead:k1"), {});
  coil(station.relays, 0, true);
  pass(clock, 6ms);
  EXPECT_EQ(station.relays.read(RegisterTable::coils, 0, 1).at(0), 1);
  EXPECT_FALSE(station.relays.closed(0));
}

TEST_F(Registers, CountThePulsesOfTheMeter) {
  Line psu(clock, station.psu->link());
  psu.ask(":SOUR:VOLT 6;:SOUR:CURR 1;:OUTP CH1,ON");
  coil(station.relays, 1, true);
  pass(clock, 60s);
  EXPECT_EQ(station.counter.read(RegisterTable::input, 18, 2), (std::vector<std::uint16_t>{0xFFFF, 0xFFFF}));
  coil(station.relays, 2, true);
  pass(clock, 20ms);
  const auto open = cjt188::encode({cjt188::gas_meter, station.address(), 0x04, {0xA0, 0x17, 8, 0x55}});
  Line uart(clock, station.uart);
  uart.put({reinterpret_cast<const char*>(open.data()), open.size()});
  pass(clock, 1s);
  coil(station.relays, 3, true);
  pass(clock, 10s);
  ASSERT_GT(station.meter->valve_opening(), 0.9);
  station.flow.write(RegisterTable::holding, 0, words(6));
  coil(station.flow, 0, true);
  pass(clock, 60s);
  EXPECT_NEAR(input(station.flow, 16), 6, 0.05);
  const auto pulses = station.counter.read(RegisterTable::input, 16, 2);
  EXPECT_NEAR(pulses.at(1), 10, 1) << "0.1 m3 at 0.01 m3 each";
  const auto total = station.flow.read(RegisterTable::input, 18, 4);
  EXPECT_NEAR(total.at(2) * 65536.0 + total.at(3), 1e6, 5e3);
}

TEST_F(Registers, BreakByFault) {
  station.apply(parse_fault("R5"), {});
  EXPECT_DOUBLE_EQ(input(station.gauge, 20), 100);
  station.apply(parse_fault("R4"), {});
  station.air.write(RegisterTable::holding, 0, words(15));
  coil(station.air, 1, true);
  coil(station.air, 0, true);
  pass(clock, 60s);
  EXPECT_NEAR(input(station.air, 16), 14.2, 0.02);
  EXPECT_DOUBLE_EQ(input(station.gauge, 16), 14'200);
  EXPECT_EQ(station.air.read(RegisterTable::input, 18, 1).at(0), 2) << "supply low";
}

TEST_F(Registers, DriftByFault) {
  station.apply(parse_fault("R3"), {});
  const double before = input(station.leak, 18);
  coil(station.air, 1, true);
  pass(clock, 2min);
  EXPECT_NEAR(input(station.leak, 18) - before, 0.05, 0.0002);
  coil(station.air, 1, false);
  pass(clock, 2min);
  EXPECT_NEAR(input(station.leak, 18) - before, 0.05, 0.0002);
  coil(station.air, 1, true);
  pass(clock, 2min);
  EXPECT_NEAR(input(station.leak, 18) - before, 0, 0.0002);
}

TEST(AmbientFault, WarmsTheRoomForTenMinutes) {
  VirtualClock clock;
  const BenchProfiles profiles{profiles_folder()};
  AmbientStation ambient(clock, profiles.ambient, "AS-0001", 1);
  double truth = 0;
  ambient.on_change([&](double celsius, double) { truth = celsius; });
  ambient.misbehave();
  const auto temperature = [&] { return real(ambient.read(RegisterTable::input, 16, 2)); };
  EXPECT_NEAR(temperature(), 23, 0.1);
  pass(clock, 65min);
  EXPECT_NEAR(temperature(), 26.3, 0.1);
  EXPECT_NEAR(truth, 26.3, 1e-9);
  pass(clock, 10min);
  EXPECT_NEAR(temperature(), 23, 0.1);
}

TEST(Profiles, KeepTheWordOrderTheySay) {
  // The four orders in which makers send a 32-bit value.
  RegisterProfile profile;
  std::uint16_t address = 0;
  for (const char* order : {"abcd", "cdab", "badc", "dcba"}) {
    RegisterProfile::Item item;
    item.name = order;
    item.address = address;
    item.words = 2;
    item.type = RegisterProfile::Type::uint32;
    item.word_order = order;
    profile.items.push_back(item);
    address = static_cast<std::uint16_t>(address + 2);
  }
  struct Device final : RegisterDevice {
    explicit Device(std::shared_ptr<const RegisterProfile> its) : RegisterDevice(std::move(its), "") {
      for (const char* order : {"abcd", "cdab", "badc", "dcba"}) bind_count(order, [] { return 0x0A0B0C0Du; });
      bind_count("no such register", [] { return std::uint64_t{0}; });
    }
  };
  Device device(std::make_shared<const RegisterProfile>(profile));
  EXPECT_EQ(device.read(RegisterTable::input, 0, 8),
            (std::vector<std::uint16_t>{0x0A0B, 0x0C0D, 0x0C0D, 0x0A0B, 0x0B0A, 0x0D0C, 0x0D0C, 0x0B0A}));
  EXPECT_EQ(device.absent(), std::vector<std::string>{"no such register"});
  EXPECT_THROW(load_register_profile(profiles_folder(), "rigol_dp832"), UserError);
}

}  // namespace
}  // namespace meterrig::bench
