#include <gtest/gtest.h>

#include "tests/unit/plan/support.hpp"

namespace meterrig::plan {
namespace {

void expect(std::initializer_list<MessageCase> cases) {
  for (const MessageCase& one : cases) EXPECT_EQ(check_changed(one.file, one.from, one.to), one.message) << one.to;
}

TEST(Messages, Plan) {
  expect({
      {"plans/cjt503-auto.json", "\"samples\": 3", "\"sample\": 3",
       "@: at /sample: found unknown key \"sample\"; expected a known key; did you mean \"samples\"?"},
      {"plans/cjt503-auto.json", "\"cjt503\"", "\"cjt530\"",
       "@: at /standard: found string \"cjt530\"; expected \"cjt484\", \"cjt503\", \"cwdpa\", \"husec\" or "
       "\"seal\"; did you mean \"cjt503\"?"},
      {"plans/cjt503-auto.json", "CJT503-5.3.8/6.10", "CJT503-5.3.8/6.11",
       "@: at /clauses/0: found string \"CJT503-5.3.8/6.11\"; expected a clause of cjt503; did you mean "
       "\"CJT503-5.3.8/6.10\"?"},
      {"plans/cjt503-auto.json", "CJT503-5.3.9/6.11", "5.3.8",
       "@: at /clauses/1: found clause \"CJT503-5.3.8/6.10\" again; expected each clause once"},
      {"plans/cjt503-auto.json", "2026-11-21T00:00:00Z", "2026-02-30T00:00:00Z",
       "@: at /epoch: found string \"2026-02-30T00:00:00Z\"; expected an instant such as 2026-11-21T08:00:00Z"},
      {"plans/cjt503-auto.json", "simple_acceptance", "simple",
       "@: at /decision_rule/rule: found string \"simple\"; expected \"simple_acceptance\", \"guard_band\" or "
       "\"jjf_1094\"; did you mean \"simple_acceptance\"?"},
      {"plans/cjt503-auto.json", "\"CJT503-5.3.8/6.10\"",
       "{\"clause\": \"5.3.8\", \"parameters\": {\"window_mins_s\": 30}}",
       "@: at /clauses/0/parameters/window_mins_s: found unknown key \"window_mins_s\"; expected a known key; "
       "did you mean \"window_min_s\"?"},
      {"plans/cjt503-auto.json", "\"CJT503-5.3.8/6.10\"",
       "{\"clause\": \"5.3.8\", \"parameters\": {\"window_min_s\": \"30\"}}",
       "@: at /clauses/0/parameters/window_min_s: found string \"30\"; expected a number"},
      {"plans/cjt503-auto.json", "\"retries\": 0", "\"retries\": 9",
       "@: at /retries: found number 9; expected a number from 0 to 2"},
  });
}

TEST(Messages, Dut) {
  expect({
      {"duts/wg25-r-1.json", "\"nominal_voltage_v\": 6.0", "\"nominal_voltage\": 6.0",
       "@: at /nominal_voltage: found unknown key \"nominal_voltage\"; expected a known key; did you mean "
       "\"nominal_voltage_v\"?"},
      {"duts/wg25-r-1.json", "\"R\"", "\"r\"",
       "@: at /communication: found string \"r\"; expected \"R\", \"S\", \"G\" or \"O\"; did you mean \"R\"?"},
      {"duts/wg25-r-1.json", "\"0.01\"", "0.01",
       "@: at /pulse_volume_m3: found number 0.01; expected a decimal number as a string, such as \"0.01\""},
      {"duts/wg25-r-1.json", "\"undervoltage_v\": 4.8", "\"undervoltage_v\": 6.8",
       "@: at /undervoltage_v: found number 6.8; expected less than nominal_voltage_v, 6"},
      {"duts/wg25-r-1.json", "\"00000025000101\"", "\"0000002500010\"",
       "@: at /address: found string \"0000002500010\"; expected an address as pairs of hexadecimal digits, "
       "such as \"00000025000101\""},
      {"duts/wg25-r-1.json", "  \"replaceable_battery\": true,\n", "",
       "@-16: at /: found no key \"replaceable_battery\"; expected the key \"replaceable_battery\" in this object"},
      {"duts/wg25-r-direct-1.json", "  \"division_m3\": \"0.01\",\n", "",
       "@-21: at /: found no key \"division_m3\"; expected the key \"division_m3\" in this object"},
      {"duts/wg25-r-1.json", "\"wake_period_s\": 5", "\"wake_period_s\": 0",
       "@: at /wake_period_s: found number 0; expected a number above 0"},
      {"duts/wg25-r-1.json", "cjt188_gas", "cjt188_gaz",
       "@: at /profile: found string \"cjt188_gaz\"; expected a profile of config/meters/; did you mean "
       "\"cjt188_gas\"?"},
      {"duts/wg25-r-1.json", "\"model\"", "\"serial\": \"1\", \"model\"",
       "@2: at /serial: found key \"serial\" again; expected each key once (first on line 2)"},
  });
}

TEST(Messages, APersistentItemThatTheMeterProfileDoesNotKnow) {
  const std::string message = check_changed("duts/wg25-r-1.json", "\"settlement_day\"", "\"settlment_day\"");
  EXPECT_TRUE(message.starts_with("@: at /persistent_items/2: found string \"settlment_day\"; expected \""));
  EXPECT_TRUE(message.ends_with("; did you mean \"settlement_day\"?")) << message;
}

TEST(Messages, Rig) {
  expect({
      {"rigs/embedded.json", "\"voltmeter\": {", "\"volt_meter\": {",
       "@: at /stations/0/roles/volt_meter: found unknown key \"volt_meter\"; expected a known key; did you "
       "mean \"voltmeter\"?"},
      {"rigs/embedded.json", "\"voltmeter\": {\"instrument\": \"dmm1\"}", "\"voltmeter\": {\"instrument\": \"dmn1\"}",
       "@: at /stations/0/roles/voltmeter/instrument: found string \"dmn1\"; expected the name of an "
       "instrument of this rig; did you mean \"dmm1\"?"},
      {"rigs/embedded.json", "\"voltmeter\": {\"instrument\": \"dmm1\"}", "\"voltmeter\": {\"instrument\": \"psu1\"}",
       "@: at /stations/0/roles/voltmeter/instrument: found profile \"rigol_dp832\", which fills "
       "\"power_supply\"; expected an instrument that fills the role \"voltmeter\""},
      {"rigs/embedded.json", "\"rigol_dp832\"", "\"rigol_dp382\"",
       "@: at /instruments/psu1/profile: found string \"rigol_dp382\"; expected a profile of "
       "config/instruments/; did you mean \"rigol_dp832\"?"},
      {"rigs/embedded.json", "\"virtual:dmm1\"", "\"virtual:psu1\"",
       "@: at /instruments/dmm1/address: found the address of psu1 again; expected an address of its own"},
      {"rigs/embedded.json", "    \"outlet_seal\",\n", "",
       "@-5: at /safe_state_order: found no \"outlet_seal\"; expected every role of this rig that drives "
       "something"},
      {"rigs/embedded.json", "\"opener\": {\"instrument\": \"relays1\", \"coil\": 3}",
       "\"opener\": {\"instrument\": \"relays1\", \"coil\": 1}",
       "@: at /stations/0/roles/opener/coil: found coil 1 of relays1 again; expected each coil once; see "
       "/stations/0/roles/path_switch/k2"},
      {"rigs/embedded.json", "\"opener\": {\"instrument\": \"relays1\", \"coil\": 3}",
       "\"opener\": {\"instrument\": \"relays1\"}",
       "@: at /stations/0/roles/opener: found no key \"coil\"; expected the key \"coil\" in this object"},
      {"rigs/embedded.json", "\"channel\": 1}", "\"channel\": 4}",
       "@: at /stations/0/roles/power_supply/channel: found number 4; expected an integer from 1 to 3"},
      {"rigs/embedded.json", "\"due\": \"2036-01-04\"", "\"due\": \"2025-01-04\"",
       "@: at /instruments/psu1/calibration/due: found string \"2025-01-04\"; expected a day not before the "
       "calibration"},
      {"rigs/embedded.json", "\"VIRTUAL-DMM1-001\"",
       "\"VIRTUAL-DMM1-001\", \"tables\": {\"read\": {\"points\": [[0, 0, 1], [0, 0, 1]]}}",
       "@: at /instruments/dmm1/calibration/tables/read/points/1/0: found number 0; expected an indication above that "
       "of "
       "the point before"},
      {"rigs/embedded.json", "\"VIRTUAL-DMM1-001\"",
       "\"VIRTUAL-DMM1-001\", \"tables\": {\"read\": {\"points\": [[0, 0, 1], [1, 0, -1]]}}",
       "@: at /instruments/dmm1/calibration/tables/read/points/1/2: found number -1; expected a number of at least 0"},
      {"rigs/embedded.json", "\"VIRTUAL-DMM1-001\"", "\"VIRTUAL-DMM1-001\", \"dcc\": \"a.xml\"",
       "@: at /instruments/dmm1/calibration/date: found date beside a DCC; expected the DCC alone, which says it"},
      {"rigs/embedded.json", "\"VIRTUAL-DMM1-001\"", "\"VIRTUAL-DMM1-001\", \"drift\": {\"read\": 1}",
       "@: at /instruments/dmm1/calibration/drift: found drift without a DCC; expected it beside \"dcc\""},
      {"rigs/embedded.json", "\"virtual:dmm1\"", "\"virtul:dmm1\"",
       "@: at /instruments/dmm1/address: found string \"virtul:dmm1\"; expected tcp://, serial:///, usbtmc:///, "
       "vxi11://, modbus-tcp://, modbus-rtu:/// or virtual:"},
      {"rigs/embedded.json", "\"virtual:dmm1\"", "\"tcp://192.168.1.5\"",
       "@: at /instruments/dmm1/address: found string \"tcp://192.168.1.5\"; expected an address (the port is missing, "
       "expected host:port)"},
      {"rigs/embedded.json", "\"time_scale\": 1", "\"time_scale\": 100",
       "@: at /time_scale: found number 100; expected a number above 0 and at most 50"},
  });
}

TEST(Messages, MetersOnTheDesk) {
  expect({
      {"rigs/embedded.json", "{\"stations\": 3}", "{\"stations\": 0}",
       "@: at /bench: found an object; expected a bench of at least 3 stations"},
      {"rigs/desk.json", "\"name\": \"heat1\"", "\"name\": \"water1\"",
       "@: at /bench/meters/1/name: found meter \"water1\" again; expected each once"},
      {"rigs/desk.json", "\"flow\": \"0.6000\"", "\"flwo\": \"0.6000\"",
       "@: at /bench/meters/0/flwo: found unknown key \"flwo\"; expected a known key; did you mean \"flow\"?"},
      {"rigs/desk.json", "\"flow\": \"0.6000\"", "\"flow\": \"0.60001\"",
       "@: at /bench/meters/0/flow: found string \"0.60001\"; expected a decimal number as a string, with at most 4 "
       "digits before and 4 behind the point"},
      {"rigs/desk.json", "\"000000000001\"", "\"00000000000A\"",
       "@: at /bench/meters/3/address: found string \"00000000000A\"; expected an address of 12 digits"},
  });
}

TEST(Messages, Instrument) {
  expect({
      {"instruments/air_unit.json", "\"safe_state\": [{\"coil\": \"vent\", \"value\": true, \"read_back\": true}]",
       "\"about\": \"\"",
       "@: at /roles/vent: found no key \"safe_state\"; expected the key \"safe_state\" in this object"},
      {"instruments/air_unit.json", "\"modbus\"", "\"mobdus\"",
       "@: at /kind: found string \"mobdus\"; expected \"scpi\", \"modbus\" or \"coded\"; did you mean "
       "\"modbus\"?"},
      {"instruments/air_unit.json", "\"type\": \"float32\"", "\"type\": \"float23\"",
       "@: at /registers/setpoint_kpa/type: found string \"float23\"; expected \"uint16\", \"int16\", "
       "\"uint32\", \"int32\", \"uint64\", \"float32\" or \"float64\"; did you mean \"float32\"?"},
  });
}

TEST(Messages, Standard) {
  expect({
      {"standards/cjt503.json", "\"at_most\": 50,", "\"at_least\": 50, \"at_most\": 50,",
       "@-1: at /clauses/16/limits/quiescent_current: found 2 kinds of limit; expected one of at_most, "
       "less_than, at_least, between and equals"},
      {"standards/cjt503.json", "\"after\": [\"CJT503-5.3.5/6.7\"]", "\"after\": [\"CJT503-5.3.5/6.8\"]",
       "@: at /clauses/14/after/0: found string \"CJT503-5.3.5/6.8\"; expected the id of a clause of this "
       "standard; did you mean \"CJT503-5.3.5/6.7\"?"},
      {"standards/cjt503.json", "\"after\": [\"CJT503-5.3.5/6.7\"]", "\"after\": [\"CJT503-5.3.6/6.8\"]",
       "@: at /clauses/14/after/0: found string \"CJT503-5.3.6/6.8\"; expected another clause"},
      {"standards/cjt503.json", "\"CJT503-5.3.8/6.10\"", "\"CJT503-5.3.8/6.9\"",
       "@: at /clauses/16/id: found string \"CJT503-5.3.8/6.9\"; expected \"CJT503-5.3.8/6.10\", after "
       "requirement and test"},
      {"standards/cjt503.json", "\"from\": \"valve_close_time_s\"", "\"from\": \"valve_closing_time_s\"",
       "@: at /clauses/21/limits/closing_time/from: found string \"valve_closing_time_s\"; expected "
       "\"nominal_voltage_v\", \"undervoltage_v\", \"minimum_voltage_v\", \"maximum_voltage_v\", \"wake_period_s\", "
       "\"detection_latency_s\", \"valve_close_time_s\", \"nominal_flow_m3_per_h\" or 3 others; did you mean "
       "\"valve_close_time_s\"?"},
  });
}

TEST(Messages, NamesOfFiles) {
  EXPECT_EQ(
      refusal([] { shipped().plan("cjt503-aut"); }),
      "found no file \"cjt503-aut\"; expected a path, or a name under config/plans/; did you mean \"cjt503-auto\"?");
  EXPECT_EQ(refusal([] { shipped().rig("../plans/cjt503-auto"); }),
            "found no file \"../plans/cjt503-auto\"; expected a path, or a name under config/rigs/");
  EXPECT_NE(refusal([] { shipped().dut(std::string("a\0b", 3)); }), "(accepted)");
}

TEST(Messages, AFileOfNoKnownKind) {
  const Scratch scratch;
  const auto file = scratch.write("x.json", "{\"hello\": 1}");
  EXPECT_EQ(refusal([&] { shipped().check(file); }),
            file.string() +
                ":1: at /: found keys of no known kind; expected a standard, plan, job, rig, dut, instrument or "
                "meter file");
}

}  // namespace
}  // namespace meterrig::plan
