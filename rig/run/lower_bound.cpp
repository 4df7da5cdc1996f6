#include "rig/run/lower_bound.hpp"

#include <algorithm>
#include <set>

#include "rig/run/run_facts.hpp"

namespace meterrig::rig {
namespace {

bool holds(const Demand& demand, const std::string& resource, LeaseMode mode) {
  const auto found = demand.holds.find(resource);
  return found != demand.holds.end() && found->second == mode;
}

// Of stretches that exclude each other those with at least some tail are done one after the other, and then that tail.
double one_after_the_other(std::vector<const Demand*> clique) {
  std::stable_sort(clique.begin(), clique.end(),
                   [](const Demand* a, const Demand* b) { return a->tail_s > b->tail_s; });
  double sum = 0, longest = 0;
  for (const Demand* const demand : clique) {
    sum += demand->seconds;
    longest = std::max(longest, sum + demand->tail_s);
  }
  return longest;
}

// All that holds `resource` exclusively; and of those that share it, the ones that `other` keeps apart.
std::vector<const Demand*> clique(const std::vector<Demand>& demands, const std::string& resource,
                                  const std::string& other) {
  std::vector<const Demand*> all;
  for (const Demand& demand : demands)
    if (holds(demand, resource, LeaseMode::exclusive) ||
        (holds(demand, resource, LeaseMode::shared) && holds(demand, other, LeaseMode::exclusive)))
      all.push_back(&demand);
  return all;
}

void add_gatherings(const RunSetup& setup, std::vector<Demand>& demands) {
  std::map<std::string, std::map<double, double>> settings;  // by thing: how long each takes, once
  for (std::size_t station = 0; station < setup.duts.size(); ++station) {
    const Agenda agenda(setup, station);
    for (std::size_t place = 0; place < setup.plan.clauses.size(); ++place) {
      const Procedure* const procedure = agenda.procedure(place);
      if (!procedure || !procedure->gathered) continue;
      const plan::Clause& clause = setup.plan.clauses[place].clause;
      const plan::DutFile& dut = setup.duts[station];
      for (const double setting : procedure->gathered->settings(clause, dut)) {
        double& longest = settings[procedure->gathered->role][setting];
        longest = std::max(longest, procedure->gathered->bring_s(clause, dut));
      }
    }
  }
  for (const auto& [role, times] : settings)
    for (const auto& [setting, seconds] : times)
      demands.push_back({std::nullopt, {{role, LeaseMode::exclusive}}, seconds, 0});
}

}  // namespace

ClauseTime estimated_time(const RunSetup& setup, std::size_t station, std::size_t place) {
  const plan::Clause& clause = setup.plan.clauses.at(place).clause;
  const plan::DutFile& dut = setup.duts.at(station);
  const double whole_s = estimate_seconds(setup, clause, dut);
  const Procedure* const procedure = find_procedure(setup.procedures, clause.procedure);
  const double later_s = procedure && procedure->later_s && whole_s > 0 ? procedure->later_s(clause, dut) : 0;
  return {whole_s - later_s, later_s};
}

std::vector<Demand> demands_of(const RunSetup& setup, const ClauseTimes& times) {
  std::vector<Demand> demands;
  for (std::size_t station = 0; station < setup.duts.size(); ++station) {
    const Agenda agenda(setup, station);
    const std::size_t count = setup.plan.clauses.size();
    for (std::size_t place = 0; place < count; ++place) {
      const ClauseTime time = times(station, place);
      const Needs& needs = agenda.needs(place);
      double tail_s = 0;
      for (std::size_t after = place + 1; after < count; ++after) {
        if (!agenda.must_follow(after, place)) continue;
        const ClauseTime its = times(station, after);
        tail_s += its.before_s + its.later_s;
      }
      LeaseRequest all = needs.at_start;
      all.insert(needs.later.begin(), needs.later.end());
      demands.push_back({station, needs.at_start, time.before_s, tail_s + time.later_s});
      demands.push_back({station, all, time.later_s, tail_s});
    }
  }
  add_gatherings(setup, demands);
  return demands;
}

LowerBound lower_bound(const std::vector<Demand>& demands) {
  LowerBound bound;
  std::map<std::size_t, double> paths;
  std::set<std::string> resources;
  for (const Demand& demand : demands) {
    if (demand.station) paths[*demand.station] += demand.seconds;
    for (const auto& [resource, mode] : demand.holds) {
      resources.insert(resource);
      bound.demand_s[resource] += demand.seconds;
    }
  }
  for (const auto& [station, seconds] : paths) {
    if (seconds <= bound.seconds) continue;
    bound.seconds = seconds;
    bound.station = station;
  }
  for (const std::string& resource : resources) {
    for (const std::string& other : resources) {
      const double seconds = one_after_the_other(clique(demands, resource, other));
      if (seconds <= bound.seconds) continue;
      bound.seconds = seconds;
      bound.resource = resource;
    }
  }
  return bound;
}

}  // namespace meterrig::rig
