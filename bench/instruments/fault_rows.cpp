#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "bench/instruments/faults.hpp"
#include "core/errors.hpp"
#include "core/json/text.hpp"

namespace meterrig::bench {
namespace {

using Expected = std::vector<std::pair<std::string, std::string>>;

struct RigFault {
  int number;
  Expected expected;
  const char* what;
};

// What of CJ/T 503-2016 a meter of the embedded bench is tested for, in the order of the plan `cjt503-auto`.
constexpr std::array<const char*, 13> tested = {
    "CJT503-5.3.8/6.10",  "CJT503-5.3.9/6.11",  "CJT503-5.3.17/6.19", "CJT503-5.3.18/6.20",   "CJT503-5.3.14/6.16",
    "CJT503-5.3.15/6.17", "CJT503-5.3.7/6.9",   "CJT503-5.3.5/6.7",   "CJT503-5.3.10a/6.12a", "CJT503-5.3.11/6.13",
    "CJT503-5.3.13/6.15", "CJT503-5.3.12/6.14", "CJT503-5.3.6/6.8"};

Expected every(const char* verdict) {
  Expected all;
  for (const char* clause : tested) all.emplace_back(clause, verdict);
  return all;
}

// By requirement, "5.3.8": each has one clause.
Expected only(std::initializer_list<std::string_view> requirements, const char* verdict) {
  Expected some;
  for (const char* clause : tested)
    for (const std::string_view requirement : requirements)
      if (std::string_view(clause).substr(7, requirement.size() + 1) == std::string(requirement) + "/")
        some.emplace_back(clause, verdict);
  return some;
}

// Outputs that don't read back safe, or a wrong sample, end the station's work after its first `passed` clauses.
Expected blocked_after(std::size_t passed) {
  Expected all;
  for (std::size_t i = passed; i < tested.size(); ++i) all.emplace_back(tested[i], i == passed ? "void" : "not_tested");
  return all;
}

// The last three belong to the rig itself, not to an instrument: the bench knows their names and does nothing.
const std::vector<RigFault>& rig_faults() {
  static const std::vector<RigFault> faults = {
      {1, only({"5.3.8"}, "void"), "K1 and K2 break before they make: a gap of 5 ms at change-over"},
      {2, only({"5.3.8"}, "void"), "the microammeter's channel stays in a range of 100 uA"},
      {3, only({"5.3.5", "5.3.6"}, "void"),
       "the leak sensor's zero moves by 0.05 L/h within a minute of pressure coming on"},
      {4, only({"5.3.5", "5.3.6", "5.3.7", "5.3.12"}, "void"), "the air source only reaches 14.2 kPa"},
      {5, {}, "the gauge resolves 100 Pa: the run is refused, exit 2"},
      {6, only({"5.3.9", "5.3.17", "5.3.18", "5.3.15", "5.3.10a", "5.3.11", "5.3.6"}, "void"),
       "the supply gives no more than 0.2 A"},
      {10, only({"5.3.8"}, "void"), "the contact of the UART isolation is welded"},
      {12, blocked_after(1), "after a loss of supply another meter sits in the station"},
      {14, every("inconclusive"), "the meter answers under another meter's address"},
      {15, only({"5.3.10a", "5.3.14", "5.3.15"}, "inconclusive"), "the operator never answers"},
      {9, {}, "the calibration of an instrument ran out yesterday: the run is refused, exit 2"},
      {11, {}, "a record of the journal is changed after the run: no report, exit 3"},
      {13, {}, "the rig's process is killed in mid-run"},
  };
  return faults;
}

struct DmmTroubleName {
  const char* name;
  DmmTrouble trouble;
};
constexpr std::array<DmmTroubleName, 4> dmm_troubles = {{{"stuck-reading", DmmTrouble::stuck},
                                                         {"overload-reading", DmmTrouble::overload},
                                                         {"zero-check", DmmTrouble::zero_check},
                                                         {"wrong-language", DmmTrouble::wrong_language}}};

struct ChamberTroubleName {
  const char* name;
  ChamberTrouble trouble;
  const char* what;
};
constexpr std::array<ChamberTroubleName, 4> chamber_troubles = {
    {{"no-cold:chamber", ChamberTrouble::no_cold, "the chamber's compressor is weak: -18 degC at the lowest"},
     {"stuck-sensor:chamber", ChamberTrouble::stuck_sensor, "the chamber's sensor shows for ever what it showed first"},
     {"door-open:chamber", ChamberTrouble::door_open,
      "the chamber's door stands open for ten minutes, five hours after it was started"},
     {"stops:chamber", ChamberTrouble::stops, "the chamber stops by itself five hours after it was started"}}};

constexpr std::array<std::string_view, 8> contacts = {"k1",       "k2", "uart",        "opener",
                                                      "loopback", "",   "dummy_light", "dummy_heavy"};

struct InstrumentUse {
  const char* instrument;
  // What can't be tested while it does not answer, answers garbage or late, closes its link.
  Expected without;
};
// Whatever can energise the station is asked before anything is switched on: without one of those, nothing is tested.
const std::vector<InstrumentUse>& uses() {
  static const std::vector<InstrumentUse> table = {
      {"psu", every("void")},
      {"dmm", every("void")},
      {"analyser", every("void")},
      {"relays", every("void")},
      {"air", every("void")},
      {"gauge", only({"5.3.18", "5.3.14", "5.3.15", "5.3.7", "5.3.5", "5.3.13", "5.3.12", "5.3.6"}, "void")},
      {"leak", only({"5.3.18", "5.3.14", "5.3.15", "5.3.5", "5.3.13", "5.3.12", "5.3.6"}, "void")},
      {"flow", every("void")},
      {"counter", only({"5.3.17", "5.3.11"}, "void")},
      {"uart", every("void")},
      {"ambient", every("void")},
      {"host", only({"5.3.9", "5.3.17", "5.3.18", "5.3.14"}, "void")},
      {"operator", only({"5.3.14", "5.3.15", "5.3.10a"}, "void")},
      // The embedded bench has them, its rig file does not use them.
      {"matrix", {}},
      {"manifold", {}},
  };
  return table;
}

Expected expected_of(const InstrumentUse& use, IoTrouble trouble) {
  const std::string_view name = use.instrument;
  // Set, but never read back: nobody knows whether the output is off.
  if (name == "psu" && trouble == IoTrouble::error) return blocked_after(0);
  if (name == "relays" && trouble == IoTrouble::garbage) return blocked_after(0);
  // An answer is over at its end, not where a segment is.
  if (trouble == IoTrouble::split) return {};
  // A person may be slow, and one who says nothing is no fault of the rig.
  if (name == "operator" && trouble == IoTrouble::late) return {};
  if (name == "operator" && trouble == IoTrouble::silent) return only({"5.3.14", "5.3.15", "5.3.10a"}, "inconclusive");
  return use.without;
}

// The board reports its coils, not its contacts: what sticks shows in what the instruments measure.
Expected expected_of_relay(std::string_view contact, bool stuck) {
  if (contact == "k1") return stuck ? only({"5.3.9", "5.3.11", "5.3.12"}, "void") : only({"5.3.8"}, "void");
  if (contact == "k2") return stuck ? only({"5.3.8", "5.3.11", "5.3.12"}, "void") : every("void");
  if (contact == "uart") return stuck ? only({"5.3.8"}, "void") : every("void");
  if (contact == "opener") {
    Expected rest =
        only({"5.3.17", "5.3.18", "5.3.15", "5.3.7", "5.3.10a", "5.3.11", "5.3.13", "5.3.12", "5.3.6"}, "void");
    // A key that is held down from its first press on: that one works.
    if (!stuck) rest.insert(rest.begin(), only({"5.3.9"}, "void").front());
    return rest;
  }
  return {};  // loopback and dummy loads serve only in a dispute about a meter
}

struct HazardRow {
  const char* name;
  Hazard hazard;
  Expected expected;  // on the rig `interlocks`
  const char* what;
};

const std::vector<HazardRow>& hazards() {
  static const std::vector<HazardRow> rows = {
      {"over-voltage:psu", Hazard::over_voltage, blocked_after(0),
       "the supply's regulator breaks and its own protection with it: 1.4 times what is set comes out"},
      {"run-away:psu", Hazard::run_away, blocked_after(0),
       "the supply's regulator breaks: 1.4 times what is set would come out, and its own protection trips"},
      {"over-current:meter", Hazard::over_current, blocked_after(0),
       "2 A flow through a damaged lead beside the meter"},
      {"over-pressure:air", Hazard::over_pressure, blocked_after(3), "the air source's regulator sticks open: 22 kPa"},
      {"open:door", Hazard::door, blocked_after(0), "the door of the station is opened"},
      {"open:emergency_stop", Hazard::emergency_stop, blocked_after(0), "the emergency stop is pressed"},
      {"silent:inputs", Hazard::silent_inputs, blocked_after(0), "the input board of the safety contacts falls silent"},
  };
  return rows;
}

// No plan for gas meters uses them.
constexpr std::array<std::string_view, 2> water_instruments = {"pulses", "chamber"};

bool known_instrument(std::string_view name, const TroubleName& trouble) {
  while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
  if (std::find(water_instruments.begin(), water_instruments.end(), name) != water_instruments.end())
    return can_have(name, trouble);
  for (const InstrumentUse& use : uses())
    if (name == use.instrument) return can_have(name, trouble);
  return false;
}

[[noreturn]] void unknown(const std::string& name) {
  std::vector<std::string> names;
  for (const DefectRow& row : fault_rows()) names.push_back(row.name);
  throw UserError(fmt::format("unknown fault {}{}", json::in_quotes(name), json::did_you_mean(name, names)));
}

}  // namespace

int relay_of(std::string_view contact) {
  for (std::size_t i = 0; i < contacts.size(); ++i)
    if (!contact.empty() && contacts[i] == contact) return static_cast<int>(i);
  return -1;
}

Fault parse_fault(const std::string& name) {
  Fault fault;
  if (name.size() > 1 && (name.front() == 'R' || name.front() == 'r')) {
    const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), fault.number);
    const bool whole = error == std::errc{} && end == name.data() + name.size();
    if (whole && fault.number >= 1 && fault.number <= 15) return fault;
  }
  if (name == "pulse-sim-lost") {
    fault.kind = Fault::Kind::pulse_sim_lost;
    fault.instrument = "pulses";
    return fault;
  }
  for (const ChamberTroubleName& trouble : chamber_troubles) {
    if (name != trouble.name) continue;
    fault.kind = Fault::Kind::chamber;
    fault.chamber_trouble = trouble.trouble;
    fault.instrument = "chamber";
    return fault;
  }
  const auto colon = name.find(':');
  if (colon == std::string::npos) unknown(name);
  const std::string kind = name.substr(0, colon), of = name.substr(colon + 1);
  for (const DmmTroubleName& trouble : dmm_troubles)
    if (kind == trouble.name && !of.empty()) {
      fault.kind = Fault::Kind::dmm;
      fault.dmm_trouble = trouble.trouble;
      fault.instrument = of;
      return fault;
    }
  if (kind == "relay-stuck" || kind == "relay-dead") {
    fault.kind = kind == "relay-stuck" ? Fault::Kind::relay_stuck : Fault::Kind::relay_dead;
    fault.contact = of;
    if (relay_of(of) < 0) unknown(name);
    return fault;
  }
  if (kind == "reads-high" && (of == "psu" || of == "dmm")) {
    fault.kind = Fault::Kind::reads_high;
    fault.instrument = of;
    return fault;
  }
  if ((kind == "pulse-lost" || kind == "pulse-extra") && of == "counter") {
    fault.kind = kind == "pulse-lost" ? Fault::Kind::pulse_lost : Fault::Kind::pulse_extra;
    fault.instrument = of;
    return fault;
  }
  for (const HazardRow& row : hazards()) {
    if (name != row.name) continue;
    fault.kind = Fault::Kind::hazard;
    fault.hazard = row.hazard;
    return fault;
  }
  for (const TroubleName& trouble : io_troubles) {
    if (kind != trouble.name || !known_instrument(of, trouble)) continue;
    fault.kind = Fault::Kind::io;
    fault.trouble = trouble.trouble;
    fault.instrument = of;
    return fault;
  }
  unknown(name);
}

std::vector<DefectRow> fault_rows() {
  std::vector<DefectRow> rows;
  for (const RigFault& fault : rig_faults())
    rows.push_back({fmt::format("R{}", fault.number), {"cjt503"}, "gas", "fault", fault.expected, "{}", fault.what});
  const auto add = [&](std::string name, Expected expected, std::string what) {
    rows.push_back({std::move(name), {"cjt503"}, "gas", "fault", std::move(expected), "{}", std::move(what)});
  };
  for (const InstrumentUse& use : uses())
    for (const TroubleName& trouble : io_troubles)
      if (can_have(use.instrument, trouble))
        add(fmt::format("{}:{}", trouble.name, use.instrument), expected_of(use, trouble.trouble),
            fmt::format("{} {}", use.instrument, trouble.what));
  for (const char* instrument : {"psu", "dmm"})
    add(fmt::format("reads-high:{}", instrument), every("void"),
        fmt::format("{} shows 2 % more volts than there are", instrument));
  add("overload-reading:dmm", every("void"), "dmm shows an overload, whatever there is");
  // One pulse more or less, which every clause that counts them allows for: it shows in the spacing alone.
  add("pulse-lost:counter", {}, "the counter does not see the fifth pulse of a run");
  add("pulse-extra:counter", {}, "the counter sees a pulse that the meter never gave, 2 s after the fifth of a run");
  for (const std::string_view contact : contacts) {
    if (contact.empty()) continue;
    add(fmt::format("relay-stuck:{}", contact), expected_of_relay(contact, true),
        fmt::format("the contact {} closes once and never opens again", contact));
    add(fmt::format("relay-dead:{}", contact), expected_of_relay(contact, false),
        fmt::format("the contact {} never closes", contact));
  }
  for (const ChamberTroubleName& trouble : chamber_troubles)
    rows.push_back({trouble.name,
                    {"cjt484"},
                    "water",
                    "fault",
                    {{"CJT484-5.4.2c/6.4.2b", "void"}},
                    R"({"rig": "water"})",
                    trouble.what});
  for (const HazardRow& row : hazards())
    rows.push_back({row.name,
                    {"cjt503"},
                    "gas",
                    "fault",
                    row.expected,
                    R"({"rig": "interlocks"})",
                    std::string(row.what) + ", a minute after the start"});
  for (DefectRow& row : water_fault_rows()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace meterrig::bench
