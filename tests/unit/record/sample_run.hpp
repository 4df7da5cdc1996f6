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
