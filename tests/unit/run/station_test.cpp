#include "rig/run/station.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "core/io/memory_bus.hpp"

namespace meterrig::rig {
namespace {

namespace fs = std::filesystem;

// Keeps the words that are written.
struct Words final : RegisterPeer {
  std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) override {
    std::vector<std::uint16_t> all;
    for (int i = 0; i < count; ++i) all.push_back(words[{table, address + i}]);
    return all;
  }
  void write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) override {
    for (std::size_t i = 0; i < values.size(); ++i) words[{table, address + static_cast<int>(i)}] = values[i];
  }
  std::map<std::pair<RegisterTable, int>, std::uint16_t> words;
};

// Each member of the rig by its own name, on a bus of its own.
struct Members final : Connector {
  explicit Members(Clock& its_clock) : clock(its_clock) {}
  Task<std::unique_ptr<ByteStream>> stream(const plan::Address&, const std::string& name) override {
    throw std::logic_error(name + " is no stream");
  }
  Task<std::shared_ptr<RegisterBus>> bus(const plan::Address&, const std::string& name, int& unit) override {
    auto made = std::make_shared<MemoryBus>(clock, name, Duration::zero(), 2ms);
    made->attach(unit, devices[name]);
    co_return made;
  }
  Clock& clock;
  std::map<std::string, Words> devices;
};

constexpr const char* rig_text = R"({
  "id": "water", "title": {"zh": "水", "en": "water"}, "place": {"name": "laboratory", "utc_offset": "+08:00"},
  "instruments": {
    "simulator1": {"profile": "pulse_simulator", "address": "virtual:simulator1"},
    "chamber": {"profile": "testequity_f4t", "address": "virtual:chamber",
                "calibration": {"date": "2026-01-05", "due": "2036-01-04", "certificate": "VIRTUAL-CHAMBER"}}},
  "bench": {"stations": 2},
  "stations": [
    {"name": "1", "roles": {"pulse_simulator": {"instrument": "simulator1"}, "chamber": {"instrument": "chamber"}}},
    {"name": "2", "roles": {}}],
  "safe_state_order": ["pulse_simulator", "chamber"]})";

struct WaterStation : testing::Test {
  VirtualClock clock;
  fs::path folder = fs::temp_directory_path() / "meterrig-station-XXXXXX";
  plan::Loader loader{plan::ConfigPath({fs::path(METERRIG_SOURCE_DIR) / "config"})};
  Members members{clock};
  plan::RigFile rig = read_rig();
  plan::DutFile dut = loader.dut("wg25-r-1");
  MeterProfile meter{json::to_json(loader.meter(dut.profile))};
  Instruments instruments{clock, loader, rig, members};

  plan::RigFile read_rig() {
    std::string name = folder;
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder = name;
    std::ofstream(folder / "rig.json") << rig_text;
    return loader.rig(folder / "rig.json");
  }
  ~WaterStation() override { fs::remove_all(folder); }

  Words& simulator() { return members.devices["simulator1"]; }
  Words& chamber() { return members.devices["chamber"]; }
  Station station(int number) { return {rig.stations[number - 1].name, number, dut, rig, meter, {}}; }
};

TEST_F(WaterStation, OpensItsSimulatorAndChamberAndMakesThemSafe) {
  simulator().words = {{{RegisterTable::input, 0}, 0x5053}, {{RegisterTable::input, 1}, 0x2D31}};  // PS-1
  chamber().words = {{{RegisterTable::holding, 0}, 124}};
  Station one = station(1);
  for (const char* role : {"pulse_simulator", "chamber"}) {
    EXPECT_FALSE(one.ready());
    run(clock, one.open(role, instruments));
  }
  EXPECT_TRUE(one.ready());
  run(clock, one.pulse_simulator().start(3, 2));
  run(clock, one.chamber().start());
  std::uint16_t& enable = simulator().words[{RegisterTable::coils, 0}];
  std::uint16_t& event = chamber().words[{RegisterTable::holding, 16594}];
  EXPECT_EQ(enable, 1);
  EXPECT_EQ(event, 63);
  const auto states = run(clock, one.make_safe(one.output_roles()));
  ASSERT_EQ(states.size(), 2u);
  EXPECT_EQ(states[0].instrument, "simulator1");
  EXPECT_TRUE(states[0].ok && states[1].ok);
  EXPECT_EQ(enable, 0);
  EXPECT_EQ(event, 62);
}

TEST_F(WaterStation, AsksWhoTheyAre) {
  simulator().words = {{{RegisterTable::input, 0}, 0x5043}, {{RegisterTable::input, 1}, 0x2D31}};  // a counter, PC-1
  Station one = station(1);
  EXPECT_THROW(run(clock, one.open("pulse_simulator", instruments)), InstrumentError);
  EXPECT_FALSE(one.is_open("pulse_simulator"));
}

TEST_F(WaterStation, NamesWhatIsMissing) {
  Station two = station(2);
  try {
    two.pulse_simulator();
    ADD_FAILURE() << "it has none";
  } catch (const UserError& error) {
    EXPECT_NE(std::string(error.what()).find("station 2 has nothing for the role \"pulse_simulator\""),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace meterrig::rig
