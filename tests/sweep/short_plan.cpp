#include "tests/sweep/sweep_support.hpp"

namespace meterrig::sweep {

namespace {

struct Change {
  const char* parameter;
  const char* value;
};

// Waits cost no turns and stay long enough for the physics; what is sampled, polled or repeated is cut down.
constexpr Change changes[] = {
    {"average_s", "2"},
    {"sample_rate_hz", "2"},
    {"stable_change_within_s", "1"},
    {"settle_s", "5"},
    {"motor_idle_s", "1"},
    {"cycles", "1"},
    {"checkpoint_cycles", "1"},
    {"status_check_cycles", "1"},
    {"sample_interval_s", "60"},
    {"window_min_s", "10"},
    {"window_wake_periods", "2"},
    {"exchanges", "1"},
    {"pre_trigger_s", "0.5"},
    {"after_stop_s", "1"},
    {"equivalents", "2"},
    {"positions", "2"},
    {"off_times_s", "[10]"},
    {"pulses", "1"},
    {"repetitions", "1"},
    {"step_v", "0.3"},
    {"ramp_v_per_s", "0.1"},
    {"guard_s", "1"},
    {"attempts", "3"},
};

constexpr Change water_changes[] = {
    {"volume_l", "7"},
    {"volumes_l", "[3, 4, 5, 6]"},
    {"volume_after_l", "2"},
    {"above_l", "7"},
    {"before_settlement_l", "3"},
    {"after_settlement_l", "4"},
    {"after_switch_l", "5"},
    {"step_l", "1"},
    {"segments", "2"},
    {"positions", "2"},
    {"duration_s", "7200"},
    {"look_every_s", "1800"},
    {"ambient_every_s", "600"},
};

}  // namespace

void shorten_water(plan::PlannedClause& planned) {
  for (const Change& change : water_changes) support::change_parameter(planned, change.parameter, change.value);
}

void shorten(plan::PlannedClause& planned) {
  const auto set = [&](const char* name, const char* value) { support::change_parameter(planned, name, value); };
  for (const Change& change : changes) set(change.parameter, change.value);
  const std::string& procedure = planned.clause.procedure;
  if (procedure == "quiescent_current") set("sample_interval_s", "0.01");
  if (procedure == "maximum_current") {
    set("sample_rate_hz", "200");
    set("window_micro_power_s", "0.005");
  }
  // Counts that the standard asks for go down with what is repeated.
  const auto at_least = [&](const char* name, double value) {
    for (plan::Limit& limit : planned.clause.limits[name]) limit.low = value;
  };
  if (procedure == "valve_durability") {
    at_least("opening_actions", 1);
    at_least("closing_actions", 1);
  }
  if (procedure == "remote_transmission") at_least("successful_readings", 2);
}

const std::vector<ShortClause>& short_clauses() {
  static const std::vector<ShortClause> all = [] {
    std::vector<ShortClause> clauses;
    cli::RunOptions words;
    words.plan = "cjt503-auto";
    for (const plan::PlannedClause& planned : support::files_of(words).plan.clauses) {
      const bool direct = planned.clause.procedure == "conversion_error_direct_reading";
      clauses.push_back({planned.clause.procedure, planned.clause.id, {direct ? "wg25-r-direct-1" : "wg25-r-1"}});
    }
    return clauses;
  }();
  return all;
}

cli::RunFiles short_files(const std::vector<std::string>& only, const std::vector<std::string>& duts) {
  cli::RunOptions words;
  words.plan = "cjt503-auto";
  words.duts = duts;
  cli::RunFiles files = support::files_of(words);
  if (!only.empty())
    std::erase_if(files.plan.clauses, [&](const plan::PlannedClause& planned) {
      return std::find(only.begin(), only.end(), planned.clause.id) == only.end();
    });
  for (plan::PlannedClause& planned : files.plan.clauses) shorten(planned);
  return files;
}

}  // namespace meterrig::sweep
