#include "rig/run/agenda.hpp"

#include <algorithm>
#include <set>

#include "rig/plan/roles.hpp"
#include "rig/run/run_facts.hpp"

namespace meterrig::rig {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The relay boards of K, opener and isolation are worked coil by coil, and no coil has two uses.
bool by_coils(const plan::RoleBinding& binding) { return !binding.coils.empty(); }

void split(const RunSetup& setup, const plan::RigStation& place, const Procedure& procedure, Needs& needs) {
  const bool gathered = procedure.gathered != nullptr;
  for (const std::string& role : procedure.needs) {
    if (gathered && role == procedure.gathered->role) continue;
    LeaseRequest& request = gathered || has(procedure.later, role) ? needs.later : needs.at_start;
    if (is_shared(setup.rig, place, role)) request[setup.rig.binding(place, role)->instrument] = LeaseMode::exclusive;
  }
  LeaseRequest& talk = gathered ? needs.later : needs.at_start;
  if (procedure.radio == Radio::quiet) talk["radio_channel"] = LeaseMode::shared;
  if (procedure.radio == Radio::talking) talk["radio_channel"] = LeaseMode::exclusive;
  // One instrument may fill several roles.
  for (const auto& [resource, mode] : needs.at_start) needs.later.erase(resource);
}

// What some procedure of the plan takes when it is under way already.
std::set<std::string> taken_midway(const RunSetup& setup) {
  std::set<std::string> all;
  for (const plan::PlannedClause& planned : setup.plan.clauses) {
    const Procedure* const procedure = find_procedure(setup.procedures, planned.clause.procedure);
    if (!procedure || (procedure->later.empty() && !procedure->gathered)) continue;
    for (const plan::RigStation& place : setup.rig.stations) {
      Needs needs;
      split(setup, place, *procedure, needs);
      for (const auto& [resource, mode] : needs.later) all.insert(resource);
    }
  }
  return all;
}

bool any_instrument_shared(const plan::RigFile& rig) {
  return std::any_of(rig.stations.begin(), rig.stations.end(), [&](const plan::RigStation& place) {
    return std::any_of(place.roles.begin(), place.roles.end(),
                       [&](const auto& role) { return is_shared(rig, place, role.first); });
  });
}

}  // namespace

bool is_shared(const plan::RigFile& rig, const plan::RigStation& place, const std::string& role) {
  const plan::RoleBinding* const binding = rig.binding(place, role);
  if (!binding || binding->instrument.empty() || by_coils(*binding)) return false;
  const auto own = place.roles.find(role);
  // What the rig file gives to all is only looked at, unless it drives something.
  if (own == place.roles.end()) return plan::find_role(role) && plan::find_role(role)->output;
  return std::any_of(rig.stations.begin(), rig.stations.end(), [&](const plan::RigStation& other) {
    return other.name != place.name && std::any_of(other.roles.begin(), other.roles.end(), [&](const auto& theirs) {
             return theirs.second.instrument == own->second.instrument && !by_coils(theirs.second);
           });
  });
}

Needs needs_of(const RunSetup& setup, const plan::RigStation& place, const Procedure& procedure) {
  Needs needs;
  split(setup, place, procedure, needs);
  if (needs.later.empty() || needs.at_start.empty()) return needs;
  const std::set<std::string> midway = taken_midway(setup);
  if (std::none_of(needs.at_start.begin(), needs.at_start.end(),
                   [&](const auto& wanted) { return midway.contains(wanted.first); }))
    return needs;
  needs.at_start.merge(needs.later);
  needs.later.clear();
  return needs;
}

Agenda::Agenda(const RunSetup& setup, std::size_t station) : setup_(setup) {
  const plan::DutFile& dut = setup.duts.at(station);
  for (const plan::PlannedClause& planned : setup.plan.clauses) {
    const bool applies = planned.clause.applies.to(dut);
    const Procedure* const procedure = applies ? find_procedure(setup.procedures, planned.clause.procedure) : nullptr;
    procedures_.push_back(procedure);
    needs_.push_back(procedure ? needs_of(setup, setup.rig.stations.at(station), *procedure) : Needs{});
    estimates_.push_back(estimate_seconds(setup, planned.clause, dut));
  }
  for (const plan::PlannedClause& planned : setup.plan.clauses)
    done_.push_back(setup.resumption && setup.resumption->settled(dut.sample, planned.clause.id));
  in_step_ = !any_instrument_shared(setup.rig);
}

bool Agenda::empty() const {
  return std::all_of(done_.begin(), done_.end(), [](bool done) { return done; });
}

bool Agenda::must_follow(std::size_t later, std::size_t earlier) const {
  if (earlier >= later) return false;
  const auto lasting = [&](std::size_t place) { return procedures_[place] && procedures_[place]->lasting; };
  return lasting(later) || lasting(earlier) ||
         has(setup_.plan.clauses[later].clause.after, setup_.plan.clauses[earlier].clause.id);
}

std::vector<std::size_t> Agenda::ready() const {
  std::vector<std::size_t> alone, together;
  for (std::size_t place = 0; place < done_.size(); ++place) {
    bool free = !done_[place];
    for (std::size_t earlier = 0; free && earlier < place; ++earlier)
      free = done_[earlier] || !must_follow(place, earlier);
    if (free) (procedures_[place] && procedures_[place]->gathered ? together : alone).push_back(place);
  }
  std::vector<std::size_t>& ready = alone.empty() ? together : alone;
  // Stations that go through the plan in step do the same kind of thing at a time: one's words on the air come when the
  // others listen or talk, not when their valves stand open.
  if (in_step_ && ready.size() > 1) ready.resize(1);
  return ready;
}

double Agenda::remaining_s() const {
  double sum = 0;
  for (std::size_t place = 0; place < done_.size(); ++place)
    if (!done_[place]) sum += estimates_[place];
  return sum;
}

bool Agenda::gathers(const std::string& role) const {
  for (std::size_t place = 0; place < done_.size(); ++place)
    if (!done_[place] && procedures_[place] && procedures_[place]->gathered &&
        procedures_[place]->gathered->role == role)
      return true;
  return false;
}

std::map<std::string, std::unique_ptr<Gathering>> gatherings_of(const RunSetup& setup,
                                                                const std::vector<Agenda>& agendas, Clock& clock) {
  std::map<std::string, std::unique_ptr<Gathering>> all;
  for (const Procedure* const procedure : setup.procedures) {
    if (!procedure->gathered) continue;
    auto& gathering = all[procedure->gathered->role];
    if (gathering) continue;
    gathering = std::make_unique<Gathering>(clock);
    for (std::size_t i = 0; i < agendas.size(); ++i)
      if (agendas[i].gathers(procedure->gathered->role)) gathering->expect(setup.rig.stations[i].name);
  }
  return all;
}

Task<> work_off(Agenda& agenda, const std::string& station, LeaseTable& leases, CancelScope& scope, StationWork& work) {
  const Context context = co_await current_context{};
  while (!agenda.empty()) {
    const std::vector<std::size_t> ready = agenda.ready();
    LeaseWish wish;
    wish.holder = station;
    wish.remaining_s = agenda.remaining_s();
    for (const std::size_t place : ready)
      wish.any_of.push_back(work.settled(place) ? LeaseRequest{} : agenda.needs(place).at_start);
    const LeaseTable::Waiting waiting = [&](const std::vector<LeaseObstacle>& obstacles) {
      work.waits(ready.front(), obstacles);
    };
    const Instant since = context.clock->now();
    LeaseGrant grant;
    try {
      grant = co_await run_in(scope, leases.acquire(wish, waiting));
    } catch (const Cancelled&) {
      // Every clause that is left is settled now, in the plan's order.
    }
    const std::size_t place = ready[grant.option];
    const Duration waited = context.clock->now() - since;
    if (waited > Duration::zero()) work.granted(place, wish.any_of[grant.option], waited);
    co_await work.attempt(place, std::move(grant.lease));
  }
}

}  // namespace meterrig::rig
