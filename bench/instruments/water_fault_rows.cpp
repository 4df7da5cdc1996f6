#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>

#include "bench/instruments/faults.hpp"

// Faults of a rig for step-tariff water meters (rig `water`, plan `cjt484-auto`), and what becomes of the clauses.
namespace meterrig::bench {
namespace {

using Expected = std::vector<std::pair<std::string, std::string>>;

enum Needs : unsigned {
  water = 1,
  person = 2,
  gap = 4,  // takes the supply away
  // Its water begins when the water before it has stopped for less than 30 s: one run of pulses to the counter.
  late = 8,
  much = 16  // a thousandth pulse of the simulator falls into it
};

struct Tested {
  const char* clause;
  unsigned needs;
};

// In the order of the plan.
constexpr std::array tested = std::to_array<Tested>({
    {"CJT484-5.4.1/6.4.1", water | person | much},
    {"CJT484-5.4.4/6.4.4", 0},
    {"CJT484-5.4.7/6.4.7", person},
    {"CJT484-5.4.2a/6.4.2c", gap},
    {"CJT484-5.4.3/6.4.3", water | much},
    {"CJT484-5.4.5/6.4.5", water | late},
    {"CJT484-5.4.6a/6.4.6a", water | gap | late},
    {"CJT484-5.4.6b/6.4.6b", water | gap | much},
    {"CJT484-5.4.8.3b/6.4.8.2b", 0},
    {"CJT484-5.4.8.3c/6.4.8.2c", 0},
    {"CJT484-5.4.8.3a/6.4.8.2a", water | person},
    {"CJT484-A.price/6.4.8.1", water | much},
    {"CJT484-A.error/6.4.8.1", water | much},
    {"CJT484-5.4.8.2/6.4.8.1", water | gap},
    {"CJT484-5.4.9.1", gap},
    {"CJT484-5.4.9.2b", 0},
    {"CJT484-5.3.4/6.3.4", water | person},
    {"CJT484-5.4.2c/6.4.2b", 0},
    {"CJT484-5.4.2b/6.4.2a", 0},
});

Expected of_those(unsigned needs, const char* verdict, unsigned not_those = 0) {
  Expected some;
  for (const Tested& one : tested)
    if ((one.needs & needs) == needs && (one.needs & not_those) == 0) some.emplace_back(one.clause, verdict);
  return some;
}
Expected every(const char* verdict) { return of_those(0, verdict); }

// Outputs that don't read back safe, or a wrong sample, end the station's work.
Expected blocked_after(std::size_t passed) {
  Expected all;
  for (std::size_t i = passed; i < tested.size(); ++i)
    all.emplace_back(tested[i].clause, i == passed ? "void" : "not_tested");
  return all;
}

struct Row {
  std::string name;
  Expected expected;
  std::string what;
};

std::vector<Row> of_instruments() {
  std::vector<Row> rows;
  for (const char* name : {"psu", "dmm", "analyser", "relays", "pulses", "counter", "uart", "ambient", "operator"}) {
    const std::string_view instrument = name;
    for (const TroubleName& trouble : io_troubles) {
      if (!can_have(instrument, trouble)) continue;
      Expected expected = every("void");
      if (instrument == "counter") expected = of_those(water, "void");
      if (instrument == "operator") expected = of_those(person, "void");
      // A person may be slow, and one who says nothing is no fault of the rig.
      if (instrument == "operator" && trouble.trouble == IoTrouble::late) expected = {};
      if (instrument == "operator" && trouble.trouble == IoTrouble::silent) expected = of_those(person, "inconclusive");
      // An answer is over at its end, not where a segment is.
      if (trouble.trouble == IoTrouble::split) expected = {};
      // Set, but never read back: nobody knows whether the output is off.
      if (instrument == "psu" && trouble.trouble == IoTrouble::error) expected = blocked_after(0);
      if (instrument == "relays" && trouble.trouble == IoTrouble::garbage) expected = blocked_after(0);
      rows.push_back(
          {fmt::format("{}:{}", trouble.name, name), std::move(expected), fmt::format("{} {}", name, trouble.what)});
    }
  }
  return rows;
}

std::vector<Row> of_the_rig() {
  return {
      {"R6", {}, "the supply gives no more than 0.2 A: a water meter never asks for it"},
      {"R7", {{"CJT484-5.4.2b/6.4.2a", "void"}}, "the rig's clock is stepped during the clock test"},
      {"R8", {{"CJT484-5.4.2b/6.4.2a", "void"}}, "the room is at 26.3 degC for ten minutes, after an hour and again"},
      {"R12", blocked_after(1), "after a loss of supply another meter sits in the station"},
      {"R14", every("inconclusive"), "the meter answers under another meter's address"},
      {"R15", of_those(person, "inconclusive"), "the operator never answers"},
      {"pulse-sim-lost", of_those(much, "void"), "one in a thousand pulses of the simulator does not come out"},
      {"pulse-lost:counter", of_those(water, "void", late), "the counter does not see the fifth pulse of a run"},
      {"pulse-extra:counter", of_those(water, "void", late),
       "the counter sees a pulse that never came, 2 s after the fifth of a run"},
      {"relay-stuck:k2", of_those(gap, "void"), "the contact k2 closes once and never opens again"},
      {"relay-dead:k2", every("void"), "the contact k2 never closes"},
      {"relay-dead:uart", every("void"), "the contact uart never closes"},
      {"reads-high:psu", every("void"), "psu shows 2 % more volts than there are"},
      {"reads-high:dmm", every("void"), "dmm shows 2 % more volts than there are"},
  };
}

}  // namespace

std::vector<DefectRow> water_fault_rows() {
  std::vector<DefectRow> rows;
  for (std::vector<Row> (*const part)() : {of_the_rig, of_instruments})
    for (Row& row : part())
      rows.push_back({std::move(row.name),
                      {"cjt484"},
                      "water",
                      "fault",
                      std::move(row.expected),
                      R"({"rig": "water"})",
                      std::move(row.what)});
  return rows;
}

}  // namespace meterrig::bench
