#include "rig/record/record_fold.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <vector>

#include "rig/record/canonical.hpp"
#include "rig/record/chain.hpp"
#include "rig/record/conclusion.hpp"
#include "rig/record/run_facts.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

json time_or_null(const std::string& text) { return text.empty() ? json() : json(short_utc(text)); }

json operators_of(const Attempt& attempt) {
  return attempt.operators.empty() ? json() : json(fmt::format("{}", fmt::join(attempt.operators, ", ")));
}

bool contains(const json& list, const json& value) { return std::find(list.begin(), list.end(), value) != list.end(); }

// Does the plan ask for this clause on this sample?
bool concerns(const json& clause, const json& dut) {
  if (clause.contains("samples") && !contains(clause["samples"], dut.value("sample", json()))) return false;
  return !clause.contains("stations") || !dut.contains("station") || contains(clause["stations"], dut["station"]);
}

const json& list_in(const json& object, const char* key) {
  static const json none = json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : none;
}

bool instrument_simulated(const json& instrument) {
  return instrument.is_object() && instrument.value("simulated", false);
}

// Those of all attempts.
json measurements_of(const json& result) {
  json all = json::array();
  for (const json& attempt : result.at("attempt_records")) {
    for (const json& measurement : attempt.at("measurements")) all.push_back(measurement);
  }
  return all;
}

class Folder {
 public:
  Folder(const RunFacts& facts, std::span<const json> events)
      : facts_(facts), opening_(facts.opening), events_(events) {
    run_simulated_ = opening_.value("simulated", false);
    const json& instruments = list_in(opening_, "instruments");
    instrument_simulated_ = std::any_of(instruments.begin(), instruments.end(), instrument_simulated);
  }

  json record() {
    json duts = json::array();
    for (const json& dut : list_in(opening_, "duts")) duts.push_back(dut_record(dut));
    const bool simulated = run_simulated_ || instrument_simulated_ || any_result_simulated_;
    json result{{"run", opening_.value("run", "")}, {"state", word(facts_.state)}, {"simulated", simulated}};
    for (const char* key : {"plan", "job", "rig", "decision_rule", "software"}) {
      const json value = opening_.value(key, json());
      result[key] = value.is_object() ? value : json::object();
    }
    result["simulation"] = list_in(opening_, "simulation");
    result["override"] = opening_.value("override", json());
    result["shortfalls"] = list_in(opening_, "shortfalls");
    result["standards"] = list_in(opening_, "standards");
    result["seed"] = opening_.value("seed", json());
    result["utc_offset"] = opening_.value("utc_offset", "+00:00");
    result["reason"] = facts_.state == RunState::refused ? opening_.value("reason", json()) : json();
    result["instruments"] = instruments();
    result["environment"] = facts_.environment;
    result["started"] = time_or_null(opening_.value("t", ""));
    result["ended"] = facts_.state == RunState::running ? json() : time_or_null(facts_.ended);
    result["verdict"] = word(worst(verdicts_));
    result["conclusion"] = conclude(opening_, duts, facts_.state, simulated);
    result["limit_sources"] = limit_sources(duts);
    result["duts"] = std::move(duts);
    result["notes"] = facts_.notes;
    result["deviations"] = facts_.deviations;
    result["safe_states"] = facts_.safe_states;
    result["interlocks"] = facts_.interlocks;
    result["stops"] = facts_.stops;
    result["resumptions"] = facts_.resumptions;
    result["journal"] = journal();
    return result;
  }

 private:
  json instruments() const {
    json result = list_in(opening_, "instruments");
    for (json& instrument : result) instrument["simulated"] = instrument_simulated(instrument);
    return result;
  }

  json dut_record(const json& dut) {
    const std::int64_t sample = dut.value("sample", std::int64_t{0});
    json declared = json::object();
    for (const auto& [key, value] : dut.items()) {
      if (key != "sample" && key != "serial" && key != "model" && key != "station") declared[key] = value;
    }
    json results = json::array();
    std::set<std::string> planned;
    for (const json& clause : list_in(opening_, "clauses")) {
      const std::string id = clause.value("id", "");
      if (concerns(clause, dut)) results.push_back(result_of(sample, clause));
      planned.insert(id);
    }
    for (const auto& [key, attempts] : facts_.attempts) {
      if (key.first == sample && !planned.contains(key.second))
        results.push_back(result_of(sample, {{"id", key.second}}));
    }
    std::vector<Verdict> of_dut;
    for (const json& result : results) of_dut.push_back(*verdict_from(result.at("verdict").get<std::string>()));
    verdicts_.insert(verdicts_.end(), of_dut.begin(), of_dut.end());
    const auto left = facts_.left.find(sample);
    return {{"sample", sample},
            {"serial", dut.value("serial", json())},
            {"model", dut.value("model", json())},
            {"station", dut.value("station", json())},
            {"declared", std::move(declared)},
            {"verdict", word(worst(of_dut))},
            {"settings", settings_of(sample)},
            {"left_with", left == facts_.left.end() ? json::array() : left->second},
            {"results", std::move(results)}};
  }

  json settings_of(std::int64_t sample) const {
    json all = json::array();
    const auto found = facts_.settings.find(sample);
    if (found == facts_.settings.end()) return all;
    for (const SettingFacts& one : found->second)
      all.push_back({{"item", one.item},
                     {"old", one.old},
                     {"value", one.value},
                     {"writes", one.writes},
                     {"clauses", one.clauses},
                     {"put_back", one.open.empty()}});
    return all;
  }

  json result_of(std::int64_t sample, const json& clause) {
    const std::string id = clause.value("id", "");
    const auto found = facts_.attempts.find({sample, id});
    const bool tried = found != facts_.attempts.end();
    const Attempt none;
    const Attempt& counts = tried ? deciding(found->second) : none;
    const bool simulated = is_simulated(counts);
    any_result_simulated_ = any_result_simulated_ || simulated;
    json attempts = json::array();
    if (tried) {
      for (const Attempt& attempt : found->second) attempts.push_back(attempt_record(attempt));
    }
    json result = outcome(counts);
    result["id"] = id;
    for (const char* key : {"standard", "requirement", "test", "procedure"}) result[key] = clause.value(key, json());
    result["title"] = clause.value("title", json{{"zh", ""}, {"en", ""}});
    result["attempts"] = attempts.size();
    result["attempt_records"] = std::move(attempts);
    return result;
  }

  bool is_simulated(const Attempt& attempt) const {
    return run_simulated_ || attempt.simulated.value_or(instrument_simulated_);
  }

  // What result and attempt have in common.
  json outcome(const Attempt& attempt) const {
    json evidence = json::array();
    for (const json& series : attempt.series) {
      const std::string hash = series.value("sha256", "");
      evidence.push_back(hash.starts_with("sha256:") ? hash : "sha256:" + hash);
    }
    return {{"verdict", word(attempt.verdict)},
            {"cause", attempt.cause},
            {"reason", attempt.reason},
            {"started", time_or_null(attempt.started)},
            {"ended", time_or_null(attempt.ended)},
            {"measurements", attempt.measurements},
            {"notes", attempt.notes},
            {"deviations", attempt.deviations},
            {"points", attempt.points},
            {"certificates", attempt.certificates},
            {"instruments", attempt.instruments},
            {"simulated", is_simulated(attempt)},
            {"operator", operators_of(attempt)},
            {"evidence", std::move(evidence)}};
  }

  json attempt_record(const Attempt& attempt) const {
    json result = outcome(attempt);
    result["attempt"] = attempt.number;
    result["series"] = attempt.series;
    result["goes_on"] = attempt.goes_on;
    result["answers"] = attempt.answers;
    return result;
  }

  // Every limit and parameter that is not the standard's own, once.
  json limit_sources(const json& duts) const {
    json result = json::array();
    std::set<std::string> seen;
    const auto add = [&](json entry) {
      if (seen.insert(canonical(entry)).second) result.push_back(std::move(entry));
    };
    const auto foreign = [](const json& from) { return from.is_object() && from.value("source", "") != "standard"; };
    for (const json& clause : list_in(opening_, "clauses")) {
      for (const json& parameter : list_in(clause, "parameters")) {
        if (!foreign(parameter)) continue;
        json entry = parameter;
        entry["id"] = clause.value("id", "");
        entry["kind"] = "parameter";
        add(std::move(entry));
      }
    }
    for (const json& dut : duts) {
      for (const json& clause : dut.at("results")) {
        for (const json& measurement : measurements_of(clause)) {
          const json& limit = measurement.at("limit");
          if (!foreign(limit)) continue;
          add({{"id", clause.at("id")},
               {"kind", "limit"},
               {"name", measurement.value("name", "")},
               {"unit", measurement.value("unit", "")},
               {"limit", limit},
               {"source", limit.value("source", json())}});
        }
      }
    }
    return result;
  }

  json journal() const {
    Digest hash = chain_start(opening_.value("run", ""));
    for (const json& event : events_) hash = chain_next(hash, canonical(event));
    return {{"events", events_.size()}, {"head", "sha256:" + hex(hash)}};
  }

  const RunFacts& facts_;
  const json& opening_;
  std::span<const json> events_;
  bool run_simulated_ = false;
  bool instrument_simulated_ = false;
  bool any_result_simulated_ = false;
  std::vector<Verdict> verdicts_;
};

}  // namespace

json fold_record(std::span<const json> events, Liveness liveness) {
  const RunFacts facts = gather(events, liveness == Liveness::live);
  json record = Folder(facts, events).record();
  normalise(record);
  return record;
}

int exit_code(const json& record) {
  const std::string state = record.at("state");
  const auto verdict = verdict_from(record.at("verdict").get<std::string>()).value_or(Verdict::void_);
  return exit_code(state == word(RunState::finished) ? RunState::finished : RunState::aborted, std::span(&verdict, 1));
}

}  // namespace meterrig::record
