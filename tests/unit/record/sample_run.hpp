#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "core/clock.hpp"
#include "rig/record/journal.hpp"
#include "rig/record/memory_store.hpp"

namespace meterrig::record::test {

using nlohmann::json;

inline Utc epoch() { return std::chrono::sys_days(std::chrono::year(2026) / 11 / 21) + std::chrono::hours(8); }

inline json clause(std::string_view id, std::string_view zh, std::string_view en) {
  const std::string text(id);
  const std::size_t dash = text.find('-');
  const std::size_t slash = text.find('/');
  return {{"id", text},
          {"standard", "cjt503"},
          {"requirement", text.substr(dash + 1, slash - dash - 1)},
          {"test", text.substr(slash + 1)},
          {"procedure", "some_procedure"},
          {"title", {{"zh", zh}, {"en", en}}}};
}

inline const std::string quiescent = "CJT503-5.3.8/6.10";
inline const std::string leak = "CJT503-5.3.6/6.8";

// Two samples, two clauses, nothing simulated.
inline json opening(std::string_view run = "r1") {
  return {{"run", run},
          {"plan", {{"id", "cjt503-auto"}}},
          {"job", {{"client", "甲公司"}}},
          {"rig", {{"id", "bench-1"}}},
          {"instruments", json::array({{{"name", "uam-1"}, {"role", "microammeter"}, {"serial", "U7"}}})},
          {"duts",
           json::array({{{"sample", 1}, {"serial", "A1"}, {"model", "G4"}, {"station", "s1"}, {"wake_period_s", 2.0}},
                        {{"sample", 2}, {"serial", "A2"}, {"model", "G4"}, {"station", "s2"}}})},
          {"decision_rule", {{"rule", "simple_acceptance"}}},
          {"simulated", false},
          {"software", {{"version", "0.1.0"}, {"build", "test"}}},
          {"seed", 1},
          {"standards", json::array({{{"id", "cjt503"}, {"name", "CJ/T 503-2016"}}})},
          {"membership", json::array({{{"id", quiescent}}, {{"id", leak}}})},
          {"clauses", json::array({clause(quiescent, "静态工作电流", "quiescent current"),
                                   clause(leak, "阀门泄漏", "valve leakage")})}};
}

inline json at(int sample, std::string_view id, int attempt = 1) {
  return {{"station", sample == 1 ? "s1" : "s2"}, {"sample", sample}, {"id", id}, {"attempt", attempt}};
}

inline json with(json body, const json& more) {
  body.update(more);
  return body;
}

inline json current(double value, std::string_view verdict, double limit = 50) {
  return {{"name", "quiescent_current"},
          {"kind", "measured"},
          {"value", value},
          {"unit", "uA"},
          {"expanded_uncertainty", 0.9},
          {"coverage_factor", 2},
          {"limit", {{"at_most", limit}, {"source", "standard"}}},
          {"decision", verdict},
          {"verdict", verdict}};
}

// A journal in memory whose clock a test moves by hand.
struct Bench {
  VirtualClock clock{epoch()};
  MemoryStore store;
  Journal journal{store, clock, "r1"};

  void advance(Duration by) {
    bool fired = false;
    Timer timer(clock, [&] { fired = true; });
    timer.at(clock.now() + by);
    clock.run_until([&] { return fired; });
  }
  void start(json body = opening()) { journal.append("run_started", std::move(body)); }
  void begin(int sample, std::string_view id, int attempt = 1) {
    journal.append("clause_started", with(at(sample, id, attempt), {{"operator", "Li"}}));
    advance(1500ms);
  }
  void end(int sample, std::string_view id, std::string_view verdict, int attempt = 1, const json& cause = nullptr) {
    journal.append("clause_ended", with(at(sample, id, attempt), {{"verdict", verdict}, {"cause", cause}}));
    journal.commit();
  }
  void whole(int sample, std::string_view id, std::string_view verdict, int attempt = 1) {
    begin(sample, id, attempt);
    end(sample, id, verdict, attempt);
  }
  void finish(std::string_view state = "finished", std::string_view verdict = "pass") {
    journal.append("run_ended", {{"state", state}, {"verdict", verdict}});
    journal.commit();
  }
  // An event of every type that a closed run can have, with evidence.
  void every_type() {
    const json here = at(1, quiescent);
    start();
    journal.append("run_resumed", {{"by", "Li"}});
    journal.append("environment", {{"name", "temperature"}, {"value", 21.5}, {"unit", "Cel"}});
    begin(1, quiescent);
    const json series{{"name", "i"}, {"unit", "uA"}, {"start", "2026-11-21T08:00:00Z"}, {"interval_s", 0.1}};
    journal.append("reading_series",
                   with(with(here, series), {{"samples", 3}, {"sha256", journal.add_blob("raw readings")}}));
    journal.append("certificate", with(here, {{"number", "IP-1"},
                                              {"laboratory", "乙所"},
                                              {"date", "2026-11-02"},
                                              {"verdict", "pass"},
                                              {"file", "ip-1.pdf"},
                                              {"sha256", journal.add_blob("%PDF-1.4 paper")}}));
    journal.append("measurement", with(here, current(31.42, "pass")));
    journal.append("recorded", with(here, {{"name", "floor"}, {"value", 9.5}, {"unit", "uA"}, {"kind", "measured"}}));
    journal.append("note", {{"text", {{"zh", "静"}, {"en", "quiet"}}}});
    journal.append("deviation", {{"text", "shorter"}});
    journal.append(
        "point",
        with(here,
             {{"figure", "f"}, {"series", "measured"}, {"x", "1"}, {"x_unit", "s"}, {"y", "2"}, {"y_unit", "uA"}}));
    journal.append("prompt", {{"prompt_id", "p1"}, {"text", "closed?"}});
    journal.append("answer", {{"prompt_id", "p1"}, {"value", "yes"}});
    journal.append("checkpoint", {{"state", {{"cycle", 7}}}});
    journal.append("meter_write", {{"sample", 1}, {"item", "price"}, {"new", "2.07"}});
    journal.append("meter_restored", {{"sample", 1}, {"item", "price"}});
    journal.append("sample_left", {{"sample", 1}, {"text", "one purchase"}});
    journal.append("lease", {{"role", "air_source"}, {"state", "granted"}});
    journal.append("safe_state", {{"reason", "end"}, {"outputs", json::array()}});
    journal.append("protection", {{"instrument", "psu1"}, {"over_voltage_v", 7}, {"over_current_a", 0.5}});
    journal.append("interlock", {{"name", "door"},
                                 {"title", "door"},
                                 {"scope", "rig"},
                                 {"role", "door"},
                                 {"instrument", "io1"},
                                 {"reason", "limit"},
                                 {"limit", "closed"}});
    end(1, quiescent, "pass");
    journal.append("stop_requested", {{"level", 1}});
    finish("aborted", "not_tested");
  }
  // Everything passes.
  void healthy() {
    start();
    for (const int sample : {1, 2}) {
      begin(sample, quiescent);
      journal.append("measurement", with(at(sample, quiescent), current(31.42, "pass")));
      end(sample, quiescent, "pass");
      whole(sample, leak, "pass");
    }
    finish();
  }
};

}  // namespace meterrig::record::test
