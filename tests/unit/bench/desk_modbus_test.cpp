#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <functional>

#include "bench/desk/modbus_meter.hpp"
#include "meters/modbus_telegram.hpp"
#include "tests/unit/bench/desk_support.hpp"

namespace meterrig::bench {
namespace {

using modbus_telegram::RegisterType;
using modbus_telegram::WordOrder;
using Words = std::vector<std::uint16_t>;

struct ModbusOnTheDesk : testing::Test {
  VirtualClock clock{desk_epoch};
  DeskMeter desk = make_desk_meter(clock, json::parse(R"({"name": "m", "kind": "electricity-modbus", "unit": 9,
      "voltage": ["230.4", "229.8", "231.1"], "current": ["1.250", "2.500", "0.750"],
      "power_factor": ["0.980", "0.870", "0.990"], "energy": "765.43"})",
                                                      "meter.json"));
  MemoryBus bus{clock, "virtual:m", 1146us, 5ms};
  ModbusOnTheDesk() { bus.attach(desk.unit, *desk.registers); }

  Words read(std::uint16_t address, std::uint16_t count, RegisterTable table = RegisterTable::holding) {
    Words got;
    const auto ask = [&]() -> Task<> {
      const Instant deadline = clock.now() + 2s;
      got = co_await bus.read(9, table, address, count, deadline);
    };
    run(clock, ask());
    return got;
  }
  void write(std::uint16_t address, Words given) {
    const auto ask = [&]() -> Task<> {
      const Instant deadline = clock.now() + 2s;
      co_await bus.write(9, RegisterTable::holding, address, given, deadline);
    };
    run(clock, ask());
  }
  std::string value(std::uint16_t address, RegisterType type, WordOrder order = WordOrder::abcd, int decimals = 0) {
    const bool word = type == RegisterType::u16 || type == RegisterType::i16;
    return modbus_telegram::register_value(read(address, word ? 1 : 2), type, order, decimals).value_or("none");
  }
  int refusal(const std::function<void()>& ask) {
    try {
      ask();
    } catch (const ModbusException& exception) {
      return exception.code();
    }
    return 0;
  }
};

TEST_F(ModbusOnTheDesk, TellsFloatsHighWordFirst) {
  EXPECT_EQ(read(0x2006, 2), (Words{0x4510, 0x0000}));  // 2304
  EXPECT_EQ(value(0x200A, RegisterType::float32, WordOrder::abcd, 1), "231.1");
  EXPECT_EQ(value(0x200E, RegisterType::float32, WordOrder::abcd, 3), "2.5");
  // 230.4 * 1.25 * 0.98 + 229.8 * 2.5 * 0.87 + 231.1 * 0.75 * 0.99 = 282.24 + 499.815 + 171.59175
  EXPECT_EQ(value(0x2012, RegisterType::float32), "9536");
  EXPECT_EQ(value(0x2016, RegisterType::float32), "4998");
  EXPECT_EQ(value(0x202C, RegisterType::float32), "980");
  EXPECT_EQ(value(0x2044, RegisterType::float32), "5000");
  EXPECT_EQ(value(0x4000, RegisterType::float32), "765.43");
  EXPECT_EQ(read(0x2006, 6, RegisterTable::input), read(0x2006, 6));
}

TEST_F(ModbusOnTheDesk, TellsTheSameInOtherShapes) {
  EXPECT_EQ(read(0x3000, 2), (Words{0x2AFF, 0x0001}));  // 76543
  EXPECT_EQ(value(0x3000, RegisterType::u32, WordOrder::cdab, 2), "765.43");
  EXPECT_EQ(value(0x3100, RegisterType::u16, WordOrder::abcd, 1), "230.4");
  EXPECT_EQ(value(0x3103, RegisterType::u16, WordOrder::abcd, 2), "1.25");
  EXPECT_EQ(value(0x3106, RegisterType::u16, WordOrder::abcd, 2), "50.00");
  EXPECT_EQ(value(0x3107, RegisterType::i16), "954");
  EXPECT_EQ(value(0x3108, RegisterType::i16, WordOrder::abcd, 3), "0.921");  // 953.6 / 1035.8 VA
}

TEST_F(ModbusOnTheDesk, EnergyGrows) {
  bool over = false;
  Timer timer(clock, [&] { over = true; });
  timer.at(clock.now() + 10h);
  clock.run_until([&] { return over; });
  // 10 h of 953.64675 W
  EXPECT_EQ(value(0x3000, RegisterType::u32, WordOrder::cdab, 2), "774.96");
  EXPECT_EQ(value(0x4000, RegisterType::float32), "774.96");
  EXPECT_EQ(value(0x3002, RegisterType::u32, WordOrder::cdab, 2), "0.00");
}

TEST_F(ModbusOnTheDesk, NegativePowerIsANegativeNumber) {
  auto& meter = dynamic_cast<ModbusMeter&>(*desk.registers);
  for (std::size_t i = 0; i < 3; ++i) meter.model().set_phase(i, {200'0, 1'000, -500});
  EXPECT_EQ(value(0x3107, RegisterType::i16), "-300");
  EXPECT_EQ(value(0x2012, RegisterType::float32), "-3000");
  EXPECT_EQ(value(0x202A, RegisterType::float32), "-500");
}

TEST_F(ModbusOnTheDesk, ClockUnitAndRateAreWritable) {
  EXPECT_EQ(read(0x1000, 6), (Words{2026, 11, 21, 0, 0, 0}));
  write(0x1000, {2027, 2, 28, 23, 59, 58});
  EXPECT_EQ(read(0x1000, 5), (Words{2027, 2, 28, 23, 59}));
  EXPECT_EQ(refusal([&] { write(0x1000, {2027, 2, 29, 0, 0, 0}); }), 3);
  EXPECT_EQ(refusal([&] { write(0x1001, {3}); }), 2);
  EXPECT_EQ(read(0x002D, 2), (Words{3, 9}));
  write(0x002E, {17});
  write(0x002D, {1});
  EXPECT_EQ(read(0x002D, 2), (Words{1, 17}));
  EXPECT_EQ(refusal([&] { write(0x002E, {248}); }), 3);
  EXPECT_EQ(refusal([&] { write(0x002D, {5}); }), 3);
}

TEST_F(ModbusOnTheDesk, NothingLiesBesideTheMap) {
  EXPECT_EQ(refusal([&] { read(0x2005, 1); }), 2);
  EXPECT_EQ(refusal([&] { read(0x2006, 29); }), 2);
  EXPECT_EQ(refusal([&] { read(0, 1, RegisterTable::coils); }), 2);
  EXPECT_EQ(refusal([&] { write(0x4000, {0, 0}); }), 2);
}

}  // namespace
}  // namespace meterrig::bench
