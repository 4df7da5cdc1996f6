#include "meters/modbus_meter.hpp"

#include <gtest/gtest.h>

#include "core/errors.hpp"
#include "core/io/memory_bus.hpp"
#include "tests/unit/meters/meter_line.hpp"

namespace meterrig {
namespace {

// Registers as they are, for unit 7.
class Registers final : public RegisterPeer {
 public:
  std::map<std::uint16_t, std::uint16_t> values;
  std::vector<std::uint16_t> read(RegisterTable, std::uint16_t address, std::uint16_t count) override {
    std::vector<std::uint16_t> result;
    for (std::uint16_t i = 0; i < count; ++i) {
      const auto found = values.find(static_cast<std::uint16_t>(address + i));
      if (found == values.end()) throw Refusal{2};
      result.push_back(found->second);
    }
    return result;
  }
  void write(RegisterTable, std::uint16_t address, std::span<const std::uint16_t> written) override {
    for (const std::uint16_t value : written) values[address++] = value;
  }
};

class ModbusMeterTest : public testing::Test {
 protected:
  ModbusMeterTest()
      : profile(shipped_profile(
            "modbus_electricity",
            {{"items",
              {{"word_swapped",
                {{"register", "0100"}, {"type", "i32"}, {"word_order", "cdab"}, {"decimals", 2}, {"access", "rw"}}},
               {"tenths", {{"register", "0102"}, {"type", "i16"}, {"decimals", 1}, {"access", "rw"}}},
               {"day",
                {{"register", "0103"},
                 {"registers", 3},
                 {"format", "time"},
                 {"layout", "YY MM DD hh mm ss"},
                 {"access", "rw"}}}}}})) {
    auto bus = std::make_shared<MemoryBus>(clock, "bus", Duration::zero(), 2ms);
    bus->attach(7, registers);
    MeterPort port;
    port.bus = std::move(bus);
    port.unit = 7;
    meter = make_meter(clock, std::move(port), profile, {}, "sample");
  }
  std::string read(const std::string& name) { return value_of(run(clock, meter->readings({name})), name); }
  void write(const std::string& name, const std::string& value) { run(clock, meter->write(name, value)); }

  VirtualClock clock{Utc{}};
  Registers registers;
  MeterProfile profile;
  std::unique_ptr<Meter> meter;
};

TEST_F(ModbusMeterTest, TypeOrderAndScaleComeFromTheProfile) {
  registers.values = {{0x2006, 0x450C}, {0x2007, 0xC000},  // 2252.0 tenths of a volt
                      {0x0100, 0x5678}, {0x0101, 0x1234}, {0x0102, 0xFFF6},
                      {0x0103, 0x2611}, {0x0104, 0x2108}, {0x0105, 0x3000}};
  EXPECT_EQ(read("voltage_a"), "225.2 V");
  EXPECT_EQ(read("word_swapped"), "3054198.96");
  EXPECT_EQ(read("tenths"), "-1.0");
  EXPECT_EQ(read("day"), "2026-11-21T08:30:00");
  EXPECT_EQ(meter->counters().answers, 4u);
}

TEST_F(ModbusMeterTest, ValuesAreWrittenAsTheyAreRead) {
  write("word_swapped", "3054198.96");
  EXPECT_EQ(registers.values[0x0100], 0x5678);
  EXPECT_EQ(registers.values[0x0101], 0x1234);
  write("tenths", "-1");
  EXPECT_EQ(registers.values[0x0102], 0xFFF6);
  write("day", "2026-11-21T08:30:00");
  EXPECT_EQ(registers.values[0x0104], 0x2108);
  EXPECT_THROW(write("tenths", "3276.8"), UserError);
  EXPECT_THROW(write("tenths", "0.05"), UserError);
  EXPECT_THROW(write("voltage_a", "230"), UserError);
}

TEST_F(ModbusMeterTest, AnExceptionIsTheMetersRefusal) {
  EXPECT_THROW(read("frequency"), MeterRefused);
  EXPECT_EQ(meter->counters().refused, 1u);
}

}  // namespace
}  // namespace meterrig
