#include "rig/run/run_facts.hpp"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "rig/plan/instrument_check.hpp"
#include "rig/record/canonical.hpp"
#include "rig/record/person.hpp"
#include "rig/record/record_fold.hpp"
#include "rig/record/sha256.hpp"
#include "rig/run/demands.hpp"
#include "rig/run/interlocks.hpp"

namespace meterrig::rig {
namespace {

using nlohmann::json;

json dut_json(const plan::DutFile& dut, const std::string& station) {
  return {{"sample", dut.sample},         {"serial", dut.serial},
          {"model", dut.model},           {"maker", dut.maker},
          {"address", dut.address},       {"communication", dut.communication},
          {"station", station},           {"nominal_voltage_v", dut.nominal_voltage_v},
          {"conversion", dut.conversion}, {"replaceable_battery", dut.replaceable_battery}};
}

json rule_json(const plan::DecisionRule& rule) {
  json body{{"rule", plan::word(rule.rule)}};
  if (rule.rule == plan::DecisionRule::Rule::guard_band)
    body.update({{"conditional_pass", rule.conditional_pass},
                 {"conditional_fail", rule.conditional_fail},
                 {"guard_factor", rule.guard_factor}});
  return body;
}

json parameters_json(const plan::Clause& clause, const plan::DutFile& dut) {
  json all = json::array();
  for (const auto& [name, parameter] : clause.parameters) {
    const plan::Parameter used = parameter.for_dut(dut);
    json value = used.text;
    if (used.kind == plan::Parameter::Kind::number) value = used.value;
    if (used.kind == plan::Parameter::Kind::list) value = used.values;
    if (used.kind == plan::Parameter::Kind::texts) value = used.texts;
    all.push_back({{"name", name}, {"value", value}, {"source", plan::word(used.source)}});
  }
  return all;
}

json clauses_json(const RunSetup& setup) {
  json all = json::array();
  for (const plan::PlannedClause& planned : setup.plan.clauses) {
    const plan::Clause& c = planned.clause;
    all.push_back({{"id", c.id},
                   {"standard", c.standard},
                   {"requirement", c.requirement},
                   {"test", c.test},
                   {"procedure", c.procedure},
                   {"title", {{"zh", c.title.zh}, {"en", c.title.en}}},
                   {"parameters", parameters_json(c, setup.duts.front())}});
    if (c.recommended) all.back()["recommended"] = true;
    if (const plan::Agreement* const waiver = setup.plan.job.waiving(c.id)) all.back()["waived"] = waiver->name;
  }
  return all;
}

// The plan's, and those of its clauses that are a laboratory's own.
json standards_json(const RunSetup& setup) {
  std::vector<std::string> ids{setup.plan.standard};
  for (const plan::PlannedClause& planned : setup.plan.clauses)
    if (std::find(ids.begin(), ids.end(), planned.clause.standard) == ids.end()) ids.push_back(planned.clause.standard);
  json all = json::array();
  for (const std::string& id : ids) {
    const plan::Standard& standard = setup.loader.catalogue().standard(id);
    all.push_back({{"id", id}, {"name", standard.edition}, {"status", standard.draft ? "draft" : "published"}});
  }
  return all;
}

// A partial inspection is held against the type inspection: nothing less shows that a sample conforms.
json membership_json(const RunSetup& setup) {
  json all = json::array();
  for (const plan::Clause& c : setup.loader.catalogue().standard(setup.plan.standard).clauses) {
    const plan::Membership its = setup.plan.inspection == "factory" ? c.factory : c.type;
    if (its == plan::Membership::required || its == plan::Membership::required_without_row)
      all.push_back({{"id", c.id}, {"title", {{"zh", c.title.zh}, {"en", c.title.en}}}});
  }
  return all;
}

json photos_json(const std::vector<plan::Attachment>& photos) {
  json all = json::array();
  for (const plan::Attachment& one : photos) {
    all.push_back({{"name", printable(one.name)},
                   {"media_type", one.media_type},
                   {"sha256", "sha256:" + record::hex(record::sha256({*one.content}))},
                   {"caption", printable(one.caption)}});
    if (one.sample) all.back()["sample"] = *one.sample;
  }
  return all;
}

json job_json(const plan::Job& job) {
  json agreements = json::array(), certificates = json::array();
  for (const plan::Agreement& a : job.agreements) {
    agreements.push_back({{"name", a.name}, {"who", a.who}, {"date", a.date}, {"accepts", a.accepts}});
    if (!a.waives.empty()) agreements.back()["waives"] = a.waives;
  }
  for (const plan::Certificate& c : job.certificates)
    certificates.push_back({{"number", c.number},
                            {"laboratory", c.laboratory},
                            {"date", c.date},
                            {"clauses", c.clauses},
                            {"model", c.model},
                            {"serials", c.serials},
                            {"verdict", c.verdict},
                            {"file", c.file}});
  json all = job.particulars;
  if (!job.receipt_photos.empty()) all["received"]["photos"] = photos_json(job.receipt_photos);
  if (!job.sampling_photos.empty()) all["sampling"]["photos"] = photos_json(job.sampling_photos);
  all.update({{"client", job.client},
              {"order", job.order},
              {"reason", job.reason},
              {"agreements", std::move(agreements)},
              {"certificates", std::move(certificates)}});
  return all;
}

json inputs_json(const RunSetup& setup) {
  json duts = json::array();
  for (const plan::DutFile& dut : setup.duts) duts.push_back(dut_json(dut, ""));
  return {{"plan", setup.plan.id},
          {"clauses", clauses_json(setup)},
          {"decision_rule", rule_json(setup.plan.decision_rule)},
          {"rig", setup.rig.id},
          {"duts", duts},
          {"seed", setup.seed},
          {"version", setup.version},
          {"build", setup.build},
          {"simulation", setup.simulation},
          {"override", setup.override_by},
          {"operator", setup.operator_name},
          {"inputs", setup.inputs},
          {"retries", setup.plan.retries},
          {"start", record::utc_text(setup.clock.utc())}};
}

void check_roles(const RunSetup& setup, const Procedure& procedure, const plan::Clause& clause) {
  for (std::size_t i = 0; i < setup.duts.size(); ++i)
    for (const std::string& role : procedure.needs)
      if (role != "host" && role != "operator" && !setup.rig.binding(setup.rig.stations[i], role))
        throw UserError(fmt::format("{}: station {} has nothing for the role {:?}, which {} ({}) needs", setup.rig.file,
                                    setup.rig.stations[i].name, role, clause.id, procedure.name));
}

// Nobody checks what he wrote himself.
void check_checker(const RunSetup& setup) {
  const nlohmann::json checker = setup.plan.job.particulars.value("checker", json());
  if (!checker.is_string() || setup.operator_name.empty()) return;
  if (record::person_key(checker.get<std::string>()) != record::person_key(setup.operator_name)) return;
  throw UserError(
      fmt::format("the job names {} as the checker of the original record, who is the operator of this run; "
                  "name another person",
                  checker.dump()));
}

// A paper of tomorrow is no evidence today.
void check_certificates(const RunSetup& setup) {
  const std::string today = local_day(setup);
  for (const plan::Certificate& its : setup.plan.job.certificates)
    if (its.date > today)
      its.node->at("date").fail(fmt::format("the date {} of certificate {}", its.date, its.number),
                                fmt::format("a day not after the start of the run, {}", today));
}

// A supply that switches itself off at what it is set to would void every clause.
void check_protections(const RunSetup& setup) {
  for (std::size_t i = 0; i < setup.duts.size(); ++i) {
    const plan::RigStation& station = setup.rig.stations[i];
    const double nominal_v = setup.duts[i].nominal_voltage_v;
    if (station.protections.over_voltage_v.value_or(2 * nominal_v) > nominal_v) continue;
    throw UserError(fmt::format(
        "{}: over_voltage_v of station {} is {:g} V; expected more than the {:g} V that sample "
        "{} is tested with",
        setup.rig.file, station.name, *station.protections.over_voltage_v, nominal_v, setup.duts[i].sample));
  }
}

}  // namespace

std::string run_id(const RunSetup& setup) {
  if (setup.clock.is_virtual()) {
    const auto digest = record::sha256({record::canonical(inputs_json(setup))});
    return "sim-" + record::hex(digest).substr(0, 16);
  }
  std::random_device device;
  std::string stamp = record::utc_text(setup.clock.utc()).substr(0, 19);
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}Z-{:08x}", stamp, device());
}

namespace {

// Its journal has more than a run from the start would write.
bool was_resumed(record::JournalStore& store, const std::string& run) {
  const std::vector<json> events = record::parse_events(store.read_events(run));
  return std::any_of(events.begin(), events.end(), [](const json& e) { return e.at("type") == "run_resumed"; });
}

}  // namespace

std::string fresh_run_id(const RunSetup& setup, const std::string& id) {
  if (!setup.clock.is_virtual()) return id;
  const std::vector<record::RunInfo> runs = setup.store.list_runs();
  std::string candidate = id;
  for (int number = 2;; ++number) {
    const auto known = std::find_if(runs.begin(), runs.end(), [&](const auto& run) { return run.run == candidate; });
    if (known == runs.end()) return candidate;
    const bool repeatable = known->state == "finished" || known->state == "interrupted";
    if (repeatable && !was_resumed(setup.store, candidate)) return candidate;
    candidate = fmt::format("{}-{}", id, number);
  }
}

void check_setup(const RunSetup& setup) {
  if (setup.duts.empty()) throw UserError("the run has no sample; name one with --dut FILE");
  if (setup.duts.size() > setup.rig.stations.size())
    throw UserError(
        fmt::format("{}: {} samples for {} stations", setup.rig.file, setup.duts.size(), setup.rig.stations.size()));
  for (std::size_t i = 0; i < setup.duts.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (setup.duts[i].serial == setup.duts[j].serial || setup.duts[i].sample == setup.duts[j].sample)
        throw UserError(fmt::format("{}: sample {} / serial {} is named twice", setup.duts[i].file,
                                    setup.duts[i].sample, setup.duts[i].serial));
  if (setup.resumption) {
    const std::string other = other_job(setup.resumption->opening(), setup);
    if (!other.empty()) throw UserError(fmt::format("run {} can't go on: {}", setup.resumption->run(), other));
  }
  for (const plan::PlannedClause& planned : setup.plan.clauses) {
    if (const Procedure* procedure = find_procedure(setup.procedures, planned.clause.procedure))
      check_roles(setup, *procedure, planned.clause);
    for (const plan::DutFile& dut : setup.duts) check_values(setup.procedures, planned.clause, &dut);
  }
  plan::check_supplies_fit(setup.loader, setup.rig, setup.duts);
  check_certificates(setup);
  check_checker(setup);
  check_demands(setup);
  check_interlocks(setup);
  check_protections(setup);
}

const Procedure* find_procedure(const Procedures& procedures, std::string_view name) {
  const auto found =
      std::find_if(procedures.begin(), procedures.end(), [&](const Procedure* p) { return p->name == name; });
  return found == procedures.end() ? nullptr : *found;
}

void check_values(const Procedures& procedures, const plan::Clause& clause, const plan::DutFile* dut) {
  const Procedure* const procedure = find_procedure(procedures, clause.procedure);
  if (procedure && procedure->check && (!dut || clause.applies.to(*dut))) procedure->check(clause, dut);
}

double estimate_seconds(const RunSetup& setup, const plan::Clause& clause, const plan::DutFile& dut) {
  const Procedure* const procedure = find_procedure(setup.procedures, clause.procedure);
  if (!procedure || !clause.applies.to(dut)) return 0;
  const Gathered* const gathered = procedure->gathered;
  const double bringing_s =
      gathered ? gathered->bring_s(clause, dut) * static_cast<double>(gathered->settings(clause, dut).size()) : 0;
  return procedure->estimate_s(clause, dut) + bringing_s;
}

json left_body(Station& station) {
  const auto& valve = station.meter().valve_commands();
  const bool told = valve.openings + valve.closings > 0;
  const std::string zh = told ? fmt::format("；阀门开 {} 次、关 {} 次，最后命令为{}", valve.openings, valve.closings,
                                            valve.last_was_open ? "开阀" : "关阀")
                              : "";
  const std::string en = told ? fmt::format("; its valve was told to open {} times and to close {} times, last to {}",
                                            valve.openings, valve.closings, valve.last_was_open ? "open" : "close")
                              : "";
  return {{"station", station.name()},
          {"sample", station.dut().sample},
          {"text",
           {{"zh", "供电已断开，入口无压力" + zh},
            {"en", "sample left with its supply off and no pressure at its inlet" + en}}}};
}

json run_started_body(const RunSetup& setup, const std::string& run, std::vector<json> instruments) {
  json duts = json::array();
  for (std::size_t i = 0; i < setup.duts.size(); ++i)
    // A run that is refused may have more samples than the rig has stations.
    duts.push_back(dut_json(setup.duts[i], i < setup.rig.stations.size() ? setup.rig.stations[i].name : ""));
  json body{{"run", run},
            {"plan", {{"id", setup.plan.id}, {"title", {{"zh", setup.plan.title.zh}, {"en", setup.plan.title.en}}}}},
            {"job", job_json(setup.plan.job)},
            {"rig",
             {{"id", setup.rig.id},
              {"title", {{"zh", setup.rig.title.zh}, {"en", setup.rig.title.en}}},
              {"place", setup.rig.place}}},
            {"instruments", std::move(instruments)},
            {"duts", duts},
            {"decision_rule", rule_json(setup.plan.decision_rule)},
            {"simulated", !setup.simulation.empty()},
            {"simulation", setup.simulation},
            {"software", {{"version", setup.version}, {"build", setup.build}}},
            {"seed", setup.seed},
            {"clauses", clauses_json(setup)},
            {"standards", standards_json(setup)},
            {"membership", membership_json(setup)},
            {"utc_offset", setup.rig.utc_offset}};
  if (!setup.override_by.empty()) {
    body["override"] = setup.override_by;
    body["shortfalls"] = shortfalls_json(shortfalls(setup));
  }
  return body;
}

std::string other_job(const json& opening, const RunSetup& setup) {
  json now = run_started_body(setup, "", {});
  record::normalise(now);
  for (const auto& [key, value] : now.items()) {
    if (key == "run" || key == "instruments" || key == "software") continue;
    if (opening.value(key, json()) == value) continue;
    return fmt::format(
        "its `{}` is another one than at its start; put the files back as they were, or test the rest with a new run",
        key);
  }
  return "";
}

std::string other_instrument(const json& opening, const std::vector<json>& now) {
  for (const json& before : opening.at("instruments")) {
    const auto found =
        std::find_if(now.begin(), now.end(), [&](const json& its) { return its.at("name") == before.at("name"); });
    const std::string name = before.at("name");
    if (found == now.end()) return fmt::format("{} is no member of the rig any more", name);
    if (before.value("calibration", json()) != found->value("calibration", json()))
      return fmt::format("{} has another calibration than at the start of the run; test the rest with a new run", name);
    for (const char* key : {"profile", "serial", "identity"}) {
      // One that was not reached, then or now, has said nothing.
      if (!before.contains(key) || !found->contains(key) || before[key] == (*found)[key]) continue;
      return fmt::format("{} is another instrument: its {} was {} and is {}; test the rest with a new run", name, key,
                         before[key].dump(), (*found)[key].dump());
    }
  }
  return "";
}

json equipment_json(const RunSetup& setup, const std::string& station, const Procedure& procedure) {
  json all = json::object();
  for (const std::string& role : procedure.needs) {
    const plan::RoleBinding* const binding = setup.rig.binding(*setup.rig.station(station), role);
    if (binding && !binding->instrument.empty()) all[role] = binding->instrument;
  }
  return all;
}

json outputs_json(const std::vector<OutputState>& states) {
  json all = json::array();
  for (const OutputState& s : states)
    all.push_back({{"instrument", s.instrument},
                   {"role", s.role},
                   {"setting", s.setting},
                   {"read_back", printable(s.read_back)},
                   {"ok", s.ok}});
  return all;
}

record::Verdict fold_verdict(std::span<const json> events, record::RunState) {
  const json record = record::fold_record(events, record::Liveness::live);
  return record::verdict_from(record.at("verdict").get<std::string>()).value_or(record::Verdict::inconclusive);
}

}  // namespace meterrig::rig
