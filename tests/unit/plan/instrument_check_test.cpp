// What a wrong instrument profile is told: `@` is the changed line.
#include <gtest/gtest.h>

#include "rig/plan/instrument_check.hpp"
#include "tests/unit/plan/support.hpp"

namespace meterrig::plan {
namespace {

void expect(std::initializer_list<MessageCase> cases) {
  for (const MessageCase& one : cases)
    EXPECT_EQ(check_changed(std::string("instruments/") + one.file + ".json", one.from, one.to), one.message) << one.to;
}

TEST(InstrumentCheck, EveryShippedProfileIsGood) {
  for (const std::string& name : ConfigPath({config_folder()}).names("instruments"))
    EXPECT_EQ(refusal([&] { shipped().check(config_folder() / "instruments" / (name + ".json")); }), "(accepted)");
}

TEST(InstrumentCheck, KeysAndRoles) {
  expect({
      {"rigol_dp832", "\"set_voltage\": \":SOUR", "\"set_volatge\": \":SOUR",
       "@: at /roles/power_supply/commands/set_volatge: found unknown key \"set_volatge\"; expected a known key; did "
       "you "
       "mean \"set_voltage\"?"},
      {"rigol_dp832", "\"power_supply\": {", "\"power_suply\": {",
       "@: at /roles/power_suply: found unknown key \"power_suply\"; expected a known key; did you mean "
       "\"power_supply\"?"},
      {"rigol_dp832", "{\"min\": 0, \"max\": 30, \"step\": 0.001},\n          \"current_a\"",
       "{\"min\": 0, \"max\": 30, \"unit\": \"mV\"},\n          \"current_a\"",
       "@: at /roles/power_supply/channels/0/voltage_v/unit: found unknown key \"unit\"; expected a known key"},
      {"rigol_dp832", "        \"mode\": \":OUTP:MODE? CH{channel}\"\n", "        \"select\": \"X\"\n",
       "@: at /roles/power_supply/commands/select: found key \"select\" again; expected each key once (first on line "
       "41)"},
      {"rigol_dp832", "^RIGOL TECHNOLOGIES,DP832A?,", "^RIGOL,DP832A?,",
       "@: at /identity: found string \"^RIGOL,DP832A?,\"; expected a pattern that \"RIGOL TECHNOLOGIES,DP832,1,1\" "
       "matches"},
  });
}

TEST(InstrumentCheck, Templates) {
  expect({
      {"rigol_dp832", ":SOUR:VOLT {value:.3f}", ":SOUR:VOLT 5",
       "@: at /roles/power_supply/commands/set_voltage: found string \":SOUR:VOLT 5\"; expected {value} in it"},
      {"rigol_dp832", ":SOUR:VOLT {value:.3f}", ":SOUR:VOLT {volts:.3f}",
       "@: at /roles/power_supply/commands/set_voltage: found the placeholder {volts:.3f}; expected only {channel} and "
       "{value}"},
      {"rigol_dp832", ":SOUR:VOLT {value:.3f}", ":SOUR:VOLT {value:s}",
       "@: at /roles/power_supply/commands/set_voltage: found the placeholder {value:s}; expected {channel}, or "
       "{value} "
       "with a format such as {value:.3f}"},
      {"rigol_dp832", ":SOUR:VOLT {value:.3f}", ":SOUR:VOLT {value",
       "@: at /roles/power_supply/commands/set_voltage: found string \":SOUR:VOLT {value\"; expected a \"}\" behind "
       "each "
       "\"{\""},
      {"rigol_dp832", ":OUTP:OVP CH{channel},ON\"", ":OUTP:OVP? CH{channel},ON\"",
       "@: at /roles/power_supply/commands/over_voltage_on: found string \":OUTP:OVP? CH{channel},ON\"; expected a "
       "setting, which is no query"},
      {"keysight_e36312a", "MEAS:VOLT? (@{channel})", "MEAS:VOLT?",
       "@: at /roles/power_supply/commands/measure_voltage: found string \"MEAS:VOLT?\"; expected {channel} in it, or "
       "a "
       "command \"select\""},
  });
}

TEST(InstrumentCheck, RangesAndAccuracy) {
  expect({
      {"rigol_dp832", "{\"min\": 0, \"max\": 30, \"step\": 0.001},\n          \"current_a\"",
       "{\"min\": 31, \"max\": 30, \"step\": 0.001},\n          \"current_a\"",
       "@: at /roles/power_supply/channels/0/voltage_v/max: found number 30; expected at least min, 31"},
      {"rigol_dp832", "\"set_voltage\": [{\"up_to\": 30", "\"set_voltage\": [{\"up_to\": 20",
       "@: at /accuracy/set_voltage/0/up_to: found number 20; expected at least 30, as far as CH1 can be set"},
      {"rigol_dp832", "\"measure_current\": [", "\"measured_current\": [",
       "@-80: at /: found no accuracy of \"measure_current\"; expected a table that reaches to 3 for CH1"},
      {"keysight_34465a", "{\"up_to\": 1, \"of_reading\"", "{\"up_to\": 0.01, \"of_reading\"",
       "@: at /accuracy/read/1/up_to: found number 0.01; expected a range above the one before it, 0.1"},
      {"pressure_transmitter", "\"min\": -1000", "\"min\": 30000",
       "@1: at /registers/pressure_pa/max: found number 25000; expected at least min, 30000"},
  });
}

TEST(InstrumentCheck, Answers) {
  expect({
      {"rigol_dp832", "\"constant_current\": [\"CC\"]", "\"constant_curent\": [\"CC\"]",
       "@: at /roles/power_supply/answers/mode/words/constant_curent: found unknown state \"constant_curent\"; "
       "expected "
       "\"constant_voltage\", \"constant_current\" or \"unregulated\"; did you mean \"constant_current\"?"},
      {"siglent_spd3303x", "{\"on\": [4, 5]}", "{\"on\": [4]}",
       "@: at /roles/power_supply/answers/output/bits/on: found 1 bits; expected one for each of 2 channels"},
      {"siglent_spd3303x", "\"otherwise\": \"off\", ", "",
       "@: at /roles/power_supply/answers/output: found no answer for \"off\"; expected every state told apart: \"on\" "
       "or \"off\""},
      {"siglent_spd3303x", ", \"read_back\": \"SYST:STAT?\", \"expect_state\": \"off\"", "",
       "@-1: at /roles/power_supply/safe_state: found no step with output_off and a read_back; expected the output "
       "off, "
       "and read back"},
  });
}

TEST(InstrumentCheck, Registers) {
  expect({
      {"pressure_transmitter", "\"unit\": \"Pa\"", "\"unit\": \"kPa\"",
       "@: at /registers/pressure_pa/unit: found string \"kPa\"; expected \"Pa\": it is the pressure of the role "
       "gauge"},
      {"pressure_transmitter", "\"pressure\": \"pressure_pa\"", "\"pressure\": \"presure_pa\"",
       "@: at /roles/gauge/pressure: found string \"presure_pa\"; expected a name of \"registers\" in this profile; "
       "did "
       "you mean \"pressure_pa\"?"},
      {"pressure_transmitter", "\"pressure_pa\": [{\"up_to\"", "\"pressure\": [{\"up_to\"",
       "@-11: at /roles/gauge/pressure: found string \"pressure_pa\"; expected a table \"pressure_pa\" under "
       "\"accuracy\""},
      {"waveshare_relay8", "{\"coil\": \"{k2}\"", "{\"coil\": \"{k3}\"",
       "@: at /roles/path_switch/safe_state/0/coil: found string \"{k3}\"; expected a binding of this role: \"k1\", "
       "\"k2\", \"dummy_light\" or \"dummy_heavy\""},
      {"air_unit", "\"setpoint_kpa\", \"value\": 0", "\"setpoint_kpa\", \"value\": 21",
       "@: at /roles/air_source/safe_state/1/value: found number 21; expected 0 to 20, as the register"},
      {"pulse_simulator", "\"running_bit\": \"running\"", "\"running_bit\": \"runing\"",
       "@: at /roles/pulse_simulator/running_bit: found string \"runing\"; expected a name of \"bits\" of the register "
       "\"status\""},
      {"pulse_simulator", "\"unit\": \"Hz\"", "\"unit\": \"kHz\"",
       "@: at /registers/frequency_hz/unit: found string \"kHz\"; expected \"Hz\": it is the set_frequency of the role "
       "pulse_simulator"},
      {"pulse_simulator", "\"type\": \"uint32\"", "\"type\": \"float32\"",
       "@: at /registers/pulses/type: found string \"float32\"; expected an integer type: pulses are counted exactly"},
      {"testequity_f4t", "\"run\": \"event_1\"", "\"run\": \"event_2\"",
       "@: at /roles/chamber/run: found string \"event_2\"; expected a name of \"registers\" in this profile; did you "
       "mean \"event_1\"?"},
  });
}

// A sample of 6 V at a channel that ends at 5 V.
TEST(InstrumentCheck, TheNominalVoltageFitsTheChannel) {
  const Scratch scratch;
  const auto file = scratch.write("rig.json", changed("rigs/embedded.json", "\"channel\": 1}", "\"channel\": 3}"));
  Loader loader = shipped();
  const RigFile rig = loader.rig(file.string());
  const std::vector<DutFile> duts{loader.dut("wg25-r-1")};
  const std::string message = refusal([&] { check_supplies_fit(loader, rig, duts); });
  EXPECT_NE(message.find("rigol_dp832.json:34: at /roles/power_supply/channels/2/voltage_v/max: found number 5; "
                         "expected 6 V, the nominal voltage of "),
            std::string::npos)
      << message;
  EXPECT_NE(message.find("bind the power_supply of station 1 in " + file.string()), std::string::npos) << message;
}

}  // namespace
}  // namespace meterrig::plan
