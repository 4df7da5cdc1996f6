#include "rig/run/sequencer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "rig/run/protections.hpp"
#include "rig/run/run_facts.hpp"
#include "rig/run/whose_fault.hpp"

namespace meterrig::rig {
namespace {

using nlohmann::json;

using record::Verdict;

constexpr double teardown_limit_s = 60;
constexpr double safe_state_limit_s = 120;
// A clause that takes this many times its estimate, and half an hour, hangs.
constexpr double patience_factor = 6;
constexpr double patience_s = 1800;
constexpr Duration meter_start_time = 2s;
constexpr double largest_step_s = 0.5;

}  // namespace

Sequencer::Sequencer(const RunSetup& setup, record::Journal& journal, Committer& committer, LeaseTable& leases,
                     Stops& stops, Observer& observer, Instruments& instruments, Ambient* ambient)
    : setup_(setup),
      journal_(journal),
      committer_(committer),
      leases_(leases),
      stops_(stops),
      observer_(observer),
      instruments_(instruments),
      ambient_(ambient),
      shortfalls_(shortfalls(setup)) {
  for (std::size_t i = 0; i < setup.duts.size(); ++i) agendas_.emplace_back(setup, i);
  if (setup.resumption)
    for (const plan::DutFile& dut : setup.duts) left_behind_[dut.sample] = setup.resumption->unrestored(dut.sample);
  gatherings_ = gatherings_of(setup, agendas_, setup.clock);
}

int Sequencer::attempts_before(const Station& station, const plan::PlannedClause& planned) const {
  return setup_.resumption ? setup_.resumption->attempts(station.dut().sample, planned.clause.id) : 0;
}

json Sequencer::head(const Station& station, const plan::PlannedClause& planned, int attempt) const {
  return {
      {"station", station.name()}, {"sample", station.dut().sample}, {"id", planned.clause.id}, {"attempt", attempt}};
}

Task<> Sequencer::make_ready(Station& station) {
  std::vector<std::string> roles = station.roles();
  for (std::string& role : station.output_roles()) roles.push_back(std::move(role));
  for (const std::string& role : roles) {
    try {
      co_await run_in(stops_.work, station.open(role, instruments_));
    } catch (const UserError&) {
      throw;
    } catch (const Error&) {
      // The clauses that need the role ask again, and say what is missing.
    } catch (const Cancelled&) {
      co_return;
    }
  }
}

// What needs no attempt: not applicable, nobody can do it here, or nothing more may be done.
std::optional<Sequencer::Outcome> Sequencer::without_running(const Station& station,
                                                             const plan::PlannedClause& planned) const {
  const plan::Clause& clause = planned.clause;
  if (!clause.applies.to(station.dut()))
    return Outcome{Verdict::not_applicable, Cause{"", "", "", 0, clause.applies.reason_against(station.dut())}};
  if (const plan::Agreement* const waiver = setup_.plan.job.waiving(clause.id))
    return Outcome{Verdict::not_applicable, Cause{"", "", "", 0,
                                                  fmt::format("waived by the agreement {:?} ({}, {})", waiver->name,
                                                              waiver->who, waiver->date)}};
  if (stops_.requested > 0) return Outcome{Verdict::not_tested, Cause{"", "", "", 0, "the run was stopped"}};
  const Procedure* const procedure = find_procedure(setup_.procedures, clause.procedure);
  if (!procedure) return Outcome{Verdict::not_tested, Cause{"", "", "", 0, "no procedure serves this clause yet"}};
  if (!station.blocked.empty()) return Outcome{Verdict::not_tested, Cause{"", "", "", 0, station.blocked}};
  for (const std::string& role : procedure->needs)
    if ((role == "host" || role == "operator") && !station.has(role))
      return Outcome{
          Verdict::inconclusive,
          Cause{"", "", "", 0, fmt::format("the rig has no {}, without which this clause stays open", role)}};
  if (auto over = calibration_over(station, *procedure)) return Outcome{Verdict::void_, std::move(over)};
  return std::nullopt;
}

std::vector<Shortfall> Sequencer::set_aside(const Station& station, const Procedure& procedure) const {
  std::vector<Shortfall> all;
  for (const Shortfall& one : shortfalls_)
    if (concerns(one, station.name(), procedure)) all.push_back(one);
  return all;
}

std::optional<Cause> Sequencer::calibration_over(const Station& station, const Procedure& procedure) const {
  const plan::RigStation& place = *setup_.rig.station(station.name());
  const std::string today = local_day(setup_);
  for (const std::string& role : roles_read(procedure)) {
    const plan::RoleBinding* const binding = setup_.rig.binding(place, role);
    if (!binding || binding->instrument.empty()) continue;
    const CalibratedInstrument& member = instruments_.instrument(binding->instrument);
    if (member.due.empty() || member.due >= today) continue;
    const bool known = std::any_of(shortfalls_.begin(), shortfalls_.end(),
                                   [&](const Shortfall& one) { return one.instrument == binding->instrument; });
    if (known) continue;
    return Cause{binding->instrument, "", "", 0,
                 fmt::format("the calibration of {} (certificate {}) ended on {}, during the run", binding->instrument,
                             member.certificate, member.due)};
  }
  return std::nullopt;
}

// A station's agenda, worked off for real.
class Sequencer::Work final : public StationWork {
 public:
  Work(Sequencer& through, Station& station, Agenda& agenda) : through_(through), station_(station), agenda_(agenda) {}

  bool settled(std::size_t place) const override { return through_.without_running(station_, at(place)).has_value(); }
  void waits(std::size_t place, const std::vector<LeaseObstacle>& obstacles) override {
    journal_waiting(through_.journal_, through_.setup_.clock, station_, at(place).clause.id, obstacles);
    for (const LeaseObstacle& obstacle : obstacles) through_.observer_.waiting(station_, obstacle);
  }
  void granted(std::size_t place, const LeaseRequest& request, Duration waited) override {
    journal_lease(through_.journal_, station_, at(place).clause.id, request, "granted", waited);
  }
  Task<> attempt(std::size_t place, Lease lease) override {
    const bool free = station_.blocked.empty();
    const bool done =
        co_await through_.clause(station_, at(place), agenda_.needs(place), ++attempts_[place], std::move(lease));
    if (done) agenda_.done(place);
    co_await through_.leave_gatherings(station_, agenda_);
    if (!free || station_.blocked.empty()) co_return;
    through_.journal_.append(
        "note", {{"station", station_.name()},
                 {"sample", station_.dut().sample},
                 {"text",
                  {{"zh", "该工位停止，其余条款未检：" + printable(station_.blocked)},
                   {"en", "this station stops, what is left is not tested: " + printable(station_.blocked)}}}});
  }

 private:
  const plan::PlannedClause& at(std::size_t place) const { return through_.setup_.plan.clauses[place]; }
  Sequencer& through_;
  Station& station_;
  Agenda& agenda_;
  std::map<std::size_t, int> attempts_;
};

Task<> Sequencer::station(Station& station) {
  Agenda& agenda = agendas_.at(static_cast<std::size_t>(station.number()) - 1);
  Work work(*this, station, agenda);
  co_await work_off(agenda, station.name(), leases_, stops_.work_of(station.name()), work);
}

// The last to leave a thing that was used together leaves it safe.
Task<> Sequencer::leave_gatherings(Station& station, const Agenda& agenda) {
  for (const auto& [role, gathering] : gatherings_) {
    if (gathering->empty() || agenda.gathers(role)) continue;
    gathering->leave(station.name());
    if (!gathering->empty()) continue;
    std::vector<std::string> roles(1, role);
    if (station.has(role)) co_await safe_state(station, "all stations are done with it", std::move(roles));
  }
}

Task<> Sequencer::ended(Station& station, const plan::PlannedClause& planned, int attempt, const Outcome& outcome) {
  json body = head(station, planned, attempt);
  body["verdict"] = record::word(outcome.verdict);
  body["cause"] = outcome.cause ? outcome.cause->json() : json(nullptr);
  if (setup_.world) body["bench"] = setup_.world(station.number());
  journal_.append("clause_ended", std::move(body));
  co_await committer_.commit();
  observer_.clause_ended(station, planned.clause, outcome.verdict, outcome.cause ? outcome.cause->text : "");
}

AttemptLoans::Others Sequencer::others_of(Station& station, const plan::PlannedClause& planned,
                                          const Procedure& procedure, const Needs& needs) {
  return {leases_, procedure.gathered ? gatherings_.at(procedure.gathered->role).get() : nullptr, journal_, observer_,
          [this, &station, id = planned.clause.id, later = needs.later] { return give_back(station, id, later); }};
}

// True when the clause has its verdict, false when it is to be tried again.
Task<bool> Sequencer::clause(Station& station, const plan::PlannedClause& planned, const Needs& needs, int tries,
                             Lease lease) {
  const int number = attempts_before(station, planned) + tries;
  if (auto outcome = without_running(station, planned)) {
    // Only what was looked at is in the journal; what a stop left over is told by its absence.
    if (outcome->verdict == Verdict::not_tested) co_return true;
    journal_.append("clause_started", head(station, planned, number));
    co_await ended(station, planned, number, *outcome);
    co_return true;
  }
  const Procedure& procedure = *find_procedure(setup_.procedures, planned.clause.procedure);
  AttemptLoans loans(station, planned, procedure, needs, others_of(station, planned, procedure, needs),
                     std::move(lease));
  Outcome outcome = co_await attempt(station, planned, number, loans);
  const bool last = tries == 1 + setup_.plan.retries;
  const bool stopped = stops_.reached(station.name());
  const bool again = outcome.verdict == Verdict::void_ && !last && !stopped && station.blocked.empty();
  // Three voids in a row leave the clause open: the rig can't do it (docs/semantics.md).
  if (outcome.verdict == Verdict::void_ && last && tries > 2 && !stopped) outcome.verdict = Verdict::inconclusive;
  co_await ended(station, planned, number, outcome);
  co_return !again;
}

Task<Sequencer::Outcome> Sequencer::attempt(Station& station, const plan::PlannedClause& planned, int number,
                                            AttemptLoans& loans) {
  const Procedure& procedure = *find_procedure(setup_.procedures, planned.clause.procedure);
  json started = head(station, planned, number);
  if (!setup_.operator_name.empty()) started["operator"] = setup_.operator_name;
  started["instruments"] = equipment_json(setup_, station.name(), procedure);
  // A retry within this part starts again, as it does in a run that was never cut off.
  const bool first = setup_.resumption && number == attempts_before(station, planned) + 1;
  const json earlier = first ? setup_.resumption->checkpoint(station.dut().sample, planned.clause.id) : json();
  if (!earlier.is_null()) started["goes_on_from"] = earlier;
  journal_.append("clause_started", std::move(started));
  co_await committer_.commit();
  observer_.clause_started(station, planned.clause, number, estimate_seconds(setup_, planned.clause, station.dut()));

  Trial trial(setup_.clock, station, planned, setup_.plan, journal_, committer_, number);
  trial.go_on(earlier, &left_behind_[station.dut().sample]);
  trial.keep_world(setup_.world);
  loans.serve(trial);
  for (const plan::Deviation& d : planned.deviations)
    trial.deviation(fmt::format("参数 {} 由 {} 改为 {}", d.parameter, d.standard_value, d.plan_value),
                    fmt::format("parameter {} changed from {} to {}", d.parameter, d.standard_value, d.plan_value));
  const std::vector<Shortfall> missing = set_aside(station, procedure);
  for (const Shortfall& one : missing)
    trial.deviation(fmt::format("{}；由 {} 放行，最多只作记录", one.zh, printable(setup_.override_by)),
                    fmt::format("{}; set aside by {}: recorded at best", one.en, printable(setup_.override_by)));
  const Duration offset = setup_.clock.utc().time_since_epoch() - setup_.clock.now().time_since_epoch();
  Outcome outcome = co_await judged(station, trial, procedure, loans);

  if (outcome.verdict != Verdict::pass) co_await blame_protection(station, outcome);
  if (trial.wrote_items()) co_await restore(station, trial);
  trial.journal_left();
  co_await safe_after(station, planned, outcome, loans);
  // Whatever the clause had found by then: it was not tested to its end.
  if (const Cause* const interlock = stops_.interlock(station.name())) outcome = {Verdict::void_, *interlock};
  const Duration step = setup_.clock.utc().time_since_epoch() - setup_.clock.now().time_since_epoch() - offset;
  // No clause that has a procedure judges UTC: they stand, the step is told (semantics: a stepped time scale).
  if (std::abs(to_seconds(step)) > largest_step_s)
    trial.note(fmt::format("期间 UTC 时标跳变 {:g} s", to_seconds(step)),
               fmt::format("the UTC scale was stepped by {:g} s meanwhile", to_seconds(step)));
  // A shortened method, and a demand that a named person set aside, can't support conformity.
  const bool short_of_a_should = planned.clause.recommended && outcome.verdict == Verdict::fail;
  if (short_of_a_should) outcome.verdict = Verdict::recorded;
  if (outcome.verdict == Verdict::pass && (!missing.empty() || setup_.plan.shortened(planned.clause.id)))
    outcome.verdict = Verdict::recorded;
  co_return outcome;
}

// The meter's data as they were, also after a stop; the supply may be off by then.
Task<> Sequencer::restore(Station& station, Trial& trial) {
  try {
    auto write_back = [](Station& s, Trial& t) -> Task<> {
      co_await s.supply().set(s.dut().nominal_voltage_v, s.supply().current_max());
      co_await s.supply().output(true);
      co_await s.uart().connect(true);
      co_await s.path().select(PathSwitch::Position::ammeter);
      co_await sleep_for(meter_start_time);
      co_await t.restore_items();
    };
    co_await run_in(
        stops_.teardown_of(station.name()),
        with_time_limit(seconds(teardown_limit_s), "writing back the meter's data", write_back(station, trial)));
  } catch (const Error& error) {
    trial.left_unrestored(error.what());
  } catch (const Cancelled& stopped) {
    trial.left_unrestored(stopped.reason());
  }
}

// A supply that has switched itself off is why nothing worked, whoever noticed first.
Task<> Sequencer::blame_protection(Station& station, Outcome& outcome) {
  std::optional<Cause> tripped;
  try {
    co_await run_in(stops_.teardown_of(station.name()),
                    with_time_limit(seconds(teardown_limit_s), "the look at the supply's protections",
                                    find_tripped_protection(station, tripped)));
  } catch (const Error&) {
    // A supply that can't be asked has told so where it was needed.
  } catch (const Cancelled&) {
  }
  if (!tripped) co_return;
  station.blocked = tripped->text;
  outcome = {Verdict::void_, std::move(tripped)};
}

// A station whose outputs were never all open was never switched on: there is nothing to make safe.
Task<> Sequencer::safe_after(Station& station, const plan::PlannedClause& planned, Outcome& outcome,
                             const AttemptLoans& loans) {
  const std::optional<Cause> not_safe = co_await safe_state(station, planned.clause.id, own_outputs(station, loans));
  if (!not_safe || !station.ready()) co_return;
  station.blocked = not_safe->text;
  // What went wrong first is the better cause.
  if (outcome.verdict != Verdict::void_ || !outcome.cause) outcome.cause = not_safe;
  outcome.verdict = Verdict::void_;
}

Task<Sequencer::Outcome> Sequencer::judged(Station& station, Trial& trial, const Procedure& procedure,
                                           AttemptLoans& loans) {
  // What went wrong is only noted here: a handler may not wait.
  std::exception_ptr failed;
  const Instant started = setup_.clock.now();
  const double limit_s = patience_factor * estimate_seconds(setup_, trial.clause(), station.dut()) + patience_s;
  Patience patience(setup_.clock, &stops_.work_of(station.name()), seconds(limit_s));
  loans.patience(patience);
  try {
    co_await run_in(patience.scope(), body(station, trial, procedure, loans));
    co_return co_await confirmed(station, procedure, {trial.verdict(), std::nullopt});
  } catch (...) {
    failed = std::current_exception();
  }
  std::optional<Outcome> outcome;
  bool silent_meter = false;
  Cause cause;
  try {
    std::rethrow_exception(failed);
  } catch (const TrialEnded& ended) {
    outcome = Outcome{ended.verdict, ended.cause};
  } catch (const Cancelled& stopped) {
    cause = Cause{"", "", "", 0, stopped.reason()};
    if (patience.over() && !stops_.reached(station.name()))
      cause = Cause{trial.clause().id, "", "", to_seconds(setup_.clock.now() - started),
                    fmt::format("{} took longer than {:g} s", trial.clause().id, limit_s)};
    outcome = Outcome{Verdict::void_, cause};
  } catch (const ForeignReply& error) {
    // Two meters on one line: nothing that this one says can be told apart. Neither pass nor fail.
    outcome = Outcome{Verdict::inconclusive, Cause::of(error)};
  } catch (const MeterRefused& error) {
    outcome = Outcome{Verdict::fail, Cause::of(error)};
  } catch (const Error& error) {
    cause = Cause::of(error);
    silent_meter = dynamic_cast<const TimeoutError*>(&error) != nullptr && error.exchange().of.rfind("meter ", 0) == 0;
    outcome = Outcome{Verdict::void_, cause};
  } catch (const std::exception& error) {
    outcome = Outcome{Verdict::void_, Cause{"", "", "", 0, fmt::format("internal error: {}", error.what())}};
  }
  if (stops_.reached(station.name())) co_return *outcome;
  if (!silent_meter) co_return co_await confirmed(station, procedure, *outcome);
  // The meter said nothing. Whose fault is it?
  try {
    bool rig_is_good = false;
    auto prove = [](Station& s, bool& good) -> Task<> { good = co_await uart_side_is_good(s); };
    co_await run_in(
        stops_.teardown_of(station.name()),
        with_time_limit(seconds(teardown_limit_s), "the check of the rig's own side", prove(station, rig_is_good)));
    if (rig_is_good) outcome->verdict = Verdict::fail;
    outcome->cause->text += rig_is_good
                                ? "; the link answered earlier in this run, the supply is good and the loopback "
                                  "passes: it is the meter"
                                : "; the rig could not prove its own side good";
  } catch (const Error&) {
    outcome->cause->text += "; the rig's own side did not stand the check";
  } catch (const Cancelled&) {
  }
  co_return *outcome;
}

// A fail of a meter that was starved by a sick supply is the rig's fault. Before it stands, the supply holds a load.
Task<Sequencer::Outcome> Sequencer::confirmed(Station& station, const Procedure& procedure, Outcome outcome) {
  const bool powers =
      std::find(procedure.needs.begin(), procedure.needs.end(), "power_supply") != procedure.needs.end();
  const bool doubtful = outcome.verdict == Verdict::fail || outcome.verdict == Verdict::inconclusive;
  if (!doubtful || !powers || !station.commissioned || stops_.reached(station.name())) co_return outcome;
  bool good = false;
  std::string why = "the supply does not hold the dummy load";
  try {
    auto prove = [](Station& s, bool& into) -> Task<> {
      into = co_await supply_side_is_good(s, s.dut().nominal_voltage_v);
    };
    co_await run_in(
        stops_.teardown_of(station.name()),
        with_time_limit(seconds(teardown_limit_s), "the check of the rig's own side", prove(station, good)));
  } catch (const Error& error) {
    why = error.what();
  } catch (const Cancelled& stopped) {
    why = stopped.reason();
  }
  if (good) co_return outcome;
  co_return Outcome{Verdict::void_, Cause{"power_supply", "dummy load", "", 0,
                                          "before a verdict against the meter the rig proves its own side: " + why}};
}

Task<> Sequencer::conditions(Trial& trial) {
  if (!ambient_) co_return;
  const Ambient::Conditions now = co_await ambient_->read();
  const auto say = [&](const char* name, const Reading& reading, const char* unit) {
    trial.event("environment", {{"name", name}, {"value", reading.value}, {"unit", unit}});
  };
  say("temperature", now.celsius, "Cel");
  say("humidity", now.humidity_percent, "%");
  say("pressure", now.barometer_kpa, "kPa");
  // Common pre-conditions, rig default where the standard is silent: 15-35 C, 45-75 % RH, 86-106 kPa.
  const auto inside = [](double value, double low, double high) { return value >= low && value <= high; };
  if (!inside(now.celsius.value, 15, 35) || !inside(now.humidity_percent.value, 45, 75) ||
      !inside(now.barometer_kpa.value, 86, 106))
    trial.rig_fault(fmt::format("ambient conditions out of bounds: {:.1f} C, {:.0f} %, {:.1f} kPa", now.celsius.value,
                                now.humidity_percent.value, now.barometer_kpa.value));
}

Task<> Sequencer::body(Station& station, Trial& trial, const Procedure& procedure, AttemptLoans& loans) {
  for (const std::string& role : station.output_roles()) co_await station.open(role, instruments_);
  const std::optional<Cause> not_safe = co_await secure(station, &loans);
  if (not_safe) trial.end(Verdict::void_, *not_safe);
  for (const std::string& role : procedure.needs) co_await station.open(role, instruments_);
  co_await conditions(trial);
  co_await station.route(loans.roles(false), true);
  co_await procedure.run(trial);
}

std::vector<std::string> Sequencer::own_outputs(const Station& station, const AttemptLoans& loans) const {
  const plan::RigStation& place = *setup_.rig.station(station.name());
  std::vector<std::string> roles = station.output_roles();
  std::erase_if(roles, [&](const std::string& role) {
    return is_shared(setup_.rig, place, role) && !loans.holds(setup_.rig.binding(place, role)->instrument);
  });
  return roles;
}

Task<> Sequencer::give_back(Station& station, std::string clause, LeaseRequest borrowed) {
  const plan::RigStation& place = *setup_.rig.station(station.name());
  std::vector<std::string> roles = station.output_roles();
  std::erase_if(roles, [&](const std::string& role) {
    return !is_shared(setup_.rig, place, role) || !borrowed.contains(setup_.rig.binding(place, role)->instrument);
  });
  if (roles.empty()) co_return;
  const std::optional<Cause> not_safe = co_await safe_state(station, clause, std::move(roles));
  if (not_safe) throw TrialEnded{Verdict::void_, *not_safe};
}

Task<std::optional<Cause>> Sequencer::secure(Station& station, const AttemptLoans* loans) {
  if (station.secured) co_return std::nullopt;
  std::vector<std::string> roles = loans ? own_outputs(station, *loans) : station.output_roles();
  std::optional<Cause> not_safe = co_await safe_state(station, "start of run", std::move(roles));
  if (!not_safe && station.ready()) {
    not_safe = co_await set_protections(station, journal_);
    station.secured = !not_safe;
  }
  co_return not_safe;
}

// What other stations use as well is theirs while the run goes on; whoever holds it makes it safe when its clause ends.
Task<std::optional<Cause>> Sequencer::safe_state(Station& station, std::string reason) {
  const plan::RigStation& place = *setup_.rig.station(station.name());
  std::vector<std::string> roles = station.output_roles();
  if (stops_.requested == 0)
    std::erase_if(roles, [&](const std::string& role) { return is_shared(setup_.rig, place, role); });
  return safe_state(station, std::move(reason), std::move(roles));
}

Task<std::optional<Cause>> Sequencer::safe_state(Station& station, std::string reason, std::vector<std::string> roles) {
  std::vector<OutputState> states;
  std::optional<Cause> not_safe;
  try {
    auto make = [](Station& s, std::vector<std::string> which, std::vector<OutputState>& into) -> Task<> {
      into = co_await s.make_safe(std::move(which));
    };
    co_await run_in(stops_.safety, with_time_limit(seconds(safe_state_limit_s), "the safe state",
                                                   make(station, std::move(roles), states)));
  } catch (const Error& error) {
    not_safe = Cause::of(error);
  }
  journal_.append("safe_state", {{"station", station.name()}, {"reason", reason}, {"outputs", outputs_json(states)}});
  for (const OutputState& state : states) {
    if (state.ok || not_safe) continue;
    not_safe = Cause{state.instrument, state.setting, state.read_back, 0,
                     fmt::format("the outputs of this station are not safe: {} of {}, \"{}\", reads back \"{}\"",
                                 state.role, state.instrument, state.setting, state.read_back)};
  }
  co_return not_safe;
}

}  // namespace meterrig::rig
