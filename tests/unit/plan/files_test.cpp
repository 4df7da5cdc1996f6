#include <gtest/gtest.h>

#include <set>

#include "rig/plan/roles.hpp"
#include "tests/unit/plan/support.hpp"

namespace meterrig::plan {
namespace {

struct Count {
  const char* id;
  std::size_t automatic, assisted, manual;
};

TEST(Files, EveryShippedFileValidates) {
  Loader loader = shipped();
  std::size_t seen = 0;
  for (const char* kind : {"standards", "plans", "rigs", "duts", "instruments", "meters"}) {
    for (const std::string& name : loader.path().names(kind)) {
      const auto file = loader.path().resolve(kind, name);
      std::string expected(kind);
      expected.pop_back();
      EXPECT_EQ(loader.check(file), expected) << file;
      ++seen;
    }
  }
  EXPECT_GE(seen, 5u + 3u + 2u + 6u + 11u);
}

TEST(Files, CatalogueHoldsAllClauses) {
  Loader loader = shipped();
  const Count counts[] = {{"seal", 16, 3, 107},
                          {"husec", 22, 28, 36},
                          {"cwdpa", 9, 30, 38},
                          {"cjt484", 18, 31, 19},
                          {"cjt503", 23, 17, 30}};
  std::set<std::string> ids;
  for (const Count& count : counts) {
    std::size_t found[3] = {0, 0, 0};
    for (const Clause& clause : loader.catalogue().standard(count.id).clauses) {
      ++found[static_cast<std::size_t>(clause.kind)];
      EXPECT_TRUE(ids.insert(clause.id).second) << clause.id;
      EXPECT_FALSE(clause.title.zh.empty() || clause.title.en.empty() || clause.hold.empty()) << clause.id;
    }
    EXPECT_EQ(found[0], count.automatic) << count.id;
    EXPECT_EQ(found[1], count.assisted) << count.id;
    EXPECT_EQ(found[2], count.manual) << count.id;
    EXPECT_EQ(loader.catalogue().standard(count.id).draft, std::string(count.id) != "cjt503");
  }
  EXPECT_EQ(ids.size(), 427u);
}

TEST(Files, PlansHoldTheirWholeMembership) {
  Loader loader = shipped();
  const Plan type = loader.plan("cjt503-type");
  const Plan factory = loader.plan("cjt503-factory");
  const Plan automatic = loader.plan("cjt503-auto");
  std::size_t of_type = 0;
  std::size_t of_factory = 0;
  for (const Clause& clause : loader.catalogue().standard("cjt503").clauses) {
    const bool in_type = clause.type == Membership::required || clause.type == Membership::if_declared;
    EXPECT_EQ(type.contains(clause.id), in_type) << clause.id;
    EXPECT_EQ(factory.contains(clause.id), clause.factory == Membership::required) << clause.id;
    const bool by_people = clause.procedure == "inspection" || clause.procedure == "certificate";
    EXPECT_EQ(automatic.contains(clause.id), !clause.procedure.empty() && !by_people) << clause.id;
    of_type += in_type ? 1 : 0;
    of_factory += clause.factory == Membership::required ? 1 : 0;
  }
  EXPECT_EQ(of_type, 69u);
  EXPECT_EQ(of_factory, 20u);
  EXPECT_EQ(automatic.clauses.size(), 14u);
  EXPECT_EQ(automatic.clauses.front().clause.id, "CJT503-5.3.8/6.10");
  EXPECT_EQ(automatic.clauses.back().clause.id, "CJT503-5.3.6/6.8");
  EXPECT_EQ(automatic.default_duts.size(), 3u);
  EXPECT_EQ(to_seconds(automatic.epoch.time_since_epoch()), 1795219200.0);
}

TEST(Files, ADependencyNeverComesAfterWhatNeedsIt) {
  Loader loader = shipped();
  for (const std::string& name : loader.path().names("plans")) {
    std::set<std::string> before;
    const Plan plan = loader.plan(name);
    for (const PlannedClause& planned : plan.clauses) {
      for (const std::string& id : planned.clause.after) {
        EXPECT_TRUE(!plan.contains(id) || before.contains(id)) << name << ": " << planned.clause.id << " after " << id;
      }
      before.insert(planned.clause.id);
    }
  }
}

TEST(Files, EveryOutputOfAProfileDeclaresItsSafeState) {
  Loader loader = shipped();
  for (const std::string& name : loader.path().names("instruments")) {
    const json::Node profile = loader.instrument(name);
    for (const json::Member& role : profile.at("roles").members()) {
      ASSERT_NE(find_role(role.key), nullptr) << role.key;
      EXPECT_EQ(role.value.has("safe_state"), find_role(role.key)->output) << name << " " << role.key;
    }
  }
}

TEST(Files, RigsHaveEveryRoleThatAGasMeterNeeds) {
  Loader loader = shipped();
  for (const char* name : {"embedded", "shared-analyser"}) {
    const RigFile rig = loader.rig(name);
    ASSERT_EQ(rig.stations.size(), 3u);
    EXPECT_TRUE(rig.all_virtual());
    for (const RigStation& station : rig.stations) {
      for (const char* role : {"power_supply",  "voltmeter", "microammeter",    "ammeter",     "path_switch",
                               "uart_link",     "opener",    "air_source",      "inlet_valve", "vent",
                               "outlet_seal",   "gauge",     "gas_thermometer", "leak_sensor", "flow_standard",
                               "pulse_counter", "ambient",   "barometer",       "host",        "radio_channel",
                               "operator"}) {
        EXPECT_NE(rig.binding(station, role), nullptr) << name << " " << role;
      }
    }
  }
  const RigFile embedded = loader.rig("embedded");
  EXPECT_EQ(embedded.binding(embedded.stations[1], "path_switch")->coils.at("k2"), 1);
  EXPECT_EQ(embedded.binding(embedded.stations[1], "uart_link")->isolation->instrument, "relays2");
  EXPECT_EQ(embedded.instruments.at("psu3").calibration->certificate, "VIRTUAL-PSU3-003");
  const RigFile shared = loader.rig("shared-analyser");
  EXPECT_EQ(shared.binding(shared.stations[2], "ammeter")->through->coil, 5);
}

TEST(Files, TheGoldenGasMeterIsDeclared) {
  Loader loader = shipped();
  std::set<std::string> serials;
  for (const char* name : {"wg25-r-1", "wg25-r-2", "wg25-r-3", "wg25-r-direct-1"}) {
    const DutFile dut = loader.dut(name);
    EXPECT_TRUE(serials.insert(dut.serial).second);
    EXPECT_EQ(dut.address.size(), 14u);
    EXPECT_EQ(dut.declared("undervoltage_v"), 4.8);
    EXPECT_EQ(dut.declared("minimum_voltage_v"), 4.5);
    EXPECT_EQ(dut.declared("valve_close_time_s"), 3.5);
  }
  EXPECT_EQ(loader.dut("wg25-r-1").pulse_volume_m3, "0.01");
}

// The tables of roles in the schemas must be the program's own.
TEST(Files, SchemasKnowTheSameRoles) {
  const json::Node rig = json::parse_file(config_folder() / "schemas/rig.json");
  const auto names = rig.at("definitions").at("roles").at("properties").members();
  std::set<std::string> known;
  for (const json::Member& member : names) known.insert(member.key);
  EXPECT_EQ(known, std::set<std::string>(role_names().begin(), role_names().end()));
  std::set<std::string> outputs;
  for (const RoleInfo& role : roles()) {
    if (role.output) outputs.insert(role.name);
  }
  const auto ordered = rig.at("properties").at("safe_state_order").at("items").at("enum").strings();
  EXPECT_EQ(std::set<std::string>(ordered.begin(), ordered.end()), outputs);
}

}  // namespace
}  // namespace meterrig::plan
