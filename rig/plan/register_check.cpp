#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/json/text.hpp"
#include "rig/plan/instrument_check.hpp"

namespace meterrig::plan {

namespace {

// A word of a role that names a register or coil of the profile.
struct Use {
  const char* role;
  const char* word;
  const char* unit;  // of the register; null: a coil
  bool needed = true;
  bool written = false;
  bool measured = false;  // its error must be known
};

constexpr Use uses[] = {
    {"air_source", "set_pressure", "kPa", true, true},
    {"air_source", "set_ramp", "kPa/s", true, true},
    {"air_source", "read_pressure", "kPa", true, false, true},
    {"air_source", "status", "1", false},
    {"air_source", "enable", nullptr},
    {"inlet_valve", "coil", nullptr},
    {"vent", "coil", nullptr},
    {"outlet_seal", "coil", nullptr},
    {"gauge", "pressure", "Pa", true, false, true},
    {"gauge", "resolution", "Pa"},
    {"gauge", "status", "1", false},
    {"gas_thermometer", "temperature", "Cel", true, false, true},
    {"gas_thermometer", "status", "1", false},
    {"leak_sensor", "flow", "L/h", true, false, true},
    {"leak_sensor", "range", "L/h", true, true},
    {"leak_sensor", "zero", "L/h", false},
    {"leak_sensor", "temperature", "Cel", false},
    {"leak_sensor", "status", "1"},
    {"flow_standard", "set_flow", "m3/h", true, true},
    {"flow_standard", "flow", "m3/h", false},
    {"flow_standard", "total", "0.1 mL"},
    {"flow_standard", "enable", nullptr},
    {"pulse_counter", "count", "1"},
    {"pulse_counter", "debounce", "ms", false, true},
    {"pulse_simulator", "set_pulses", "1", true, true},
    {"pulse_simulator", "set_frequency", "Hz", true, true},
    {"pulse_simulator", "sent", "1"},
    {"pulse_simulator", "status", "1"},
    {"pulse_simulator", "enable", nullptr},
    {"ambient", "temperature", "Cel", true, false, true},
    {"ambient", "humidity", "%", true, false, true},
    {"barometer", "pressure", "kPa", true, false, true},
    {"chamber", "set_temperature", "Cel", true, true},
    {"chamber", "temperature", "Cel", true, false, true},
};

std::vector<std::string> keys_of(const json::Node& profile, const char* table) {
  std::vector<std::string> keys;
  if (const auto object = profile.optional(table))
    for (const json::Member& member : object->members()) keys.push_back(member.key);
  return keys;
}

// The register or coil of that name.
json::Node named(const json::Node& profile, const char* table, const json::Node& name) {
  const std::vector<std::string> known = keys_of(profile, table);
  if (std::find(known.begin(), known.end(), name.string()) == known.end())
    name.fail(name.describe(), fmt::format("a name of \"{}\" in this profile", table),
              json::did_you_mean(name.string(), known));
  return profile.at(table).at(name.string());
}

void check_use(const json::Node& profile, const json::Node& role, const Use& use) {
  const auto word = role.optional(use.word);
  if (!word && use.needed) (void)role.at(use.word);
  if (!word) return;
  const json::Node item = named(profile, use.unit == nullptr ? "coils" : "registers", *word);
  if (use.unit == nullptr) return;
  const json::Node unit = item.at("unit");
  if (unit.string() != use.unit)
    unit.expected(fmt::format("\"{}\": it is the {} of the role {}", use.unit, use.word, use.role));
  if (use.written && item.at("access").string() == "r")
    item.at("access").expected(fmt::format("\"rw\": it is the {} of the role {}", use.word, use.role));
  const auto accuracy = profile.optional("accuracy");
  if (use.measured && (!accuracy || !accuracy->has(word->string())))
    word->fail(word->describe(), fmt::format("a table {} under \"accuracy\"", json::in_quotes(word->string())));
}

// Runs by a coil, or by a register with a value for each.
void check_chamber(const json::Node& profile, const json::Node& role) {
  const json::Node run = role.at("run");
  if (!role.has("run_value")) {
    (void)named(profile, "coils", run);
    return;
  }
  (void)named(profile, "registers", run);
  (void)role.at("run_value").number();
  (void)role.at("stop_value").number();
}

// Without the bit no train would ever run; a count that is rounded is none.
void check_pulse_simulator(const json::Node& profile, const json::Node& role) {
  const json::Node status = named(profile, "registers", role.at("status"));
  const json::Node bit = role.at("running_bit");
  if (!status.has("bits") || !status.at("bits").has(bit.string()))
    bit.expected(fmt::format("a name of \"bits\" of the register {}", json::in_quotes(role.at("status").string())));
  for (const char* count : {"set_pulses", "sent"}) {
    const json::Node type = named(profile, "registers", role.at(count)).at("type");
    if (type.string() == "float32") type.expected("an integer type: pulses are counted exactly");
  }
}

void check_safe_state(const json::Node& profile, const json::Node& role) {
  const auto steps = role.optional("safe_state");
  if (!steps) return;
  std::vector<std::string> bindings;
  if (const auto names = role.optional("bindings")) bindings = names->strings();
  for (const json::Node& step : steps->elements()) {
    if (const auto coil = step.optional("coil")) {
      const std::string& name = coil->string();
      const bool bound = name.starts_with('{') && name.ends_with('}');
      if (!bound) (void)named(profile, "coils", *coil);
      if (bound && std::find(bindings.begin(), bindings.end(), name.substr(1, name.size() - 2)) == bindings.end())
        coil->expected("a binding of this role: " + json::choice(bindings));
      (void)step.at("value").boolean();
      continue;
    }
    const json::Node item = named(profile, "registers", step.at("register"));
    const json::Node value = step.at("value");
    if (value.number() < item.at("min").number() || value.number() > item.at("max").number())
      value.expected(
          fmt::format("{} to {}, as the register", item.at("min").number_text(), item.at("max").number_text()));
  }
}

}  // namespace

void check_registers(const json::Node& profile) {
  for (const json::Member& role : profile.at("roles").members()) {
    for (const Use& use : uses)
      if (role.key == use.role) check_use(profile, role.value, use);
    if (role.key == "chamber") check_chamber(profile, role.value);
    if (role.key == "pulse_simulator") check_pulse_simulator(profile, role.value);
    check_safe_state(profile, role.value);
  }
}

}  // namespace meterrig::plan
