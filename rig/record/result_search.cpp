#include "rig/record/result_search.hpp"

#include <algorithm>
#include <set>

#include "rig/record/record_fold.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

std::string text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool fits(const std::string& asked, const std::string& is) { return asked.empty() || asked == is; }

// `CJT503-5.3.8/6.10` by its id, its id without the test clause, 5.3.8 or 6.10.
bool fits_clause(const std::string& asked, const json& result) {
  const std::string id = text(result, "id");
  return asked.empty() || asked == id || asked == id.substr(0, id.find('/')) || asked == text(result, "requirement") ||
         asked == text(result, "test");
}

bool in_days(const ResultFilter& filter, const std::string& started) {
  const std::string day = started.substr(0, 10);
  return (filter.since.empty() || day >= filter.since) && (filter.until.empty() || day <= filter.until);
}

// Names of the instrument in the run's rig; a serial number stands for them.
std::set<std::string> names_of(const json& record, const std::string& instrument) {
  std::set<std::string> names;
  for (const json& one : record.at("instruments"))
    if (text(one, "serial") == instrument || text(one, "name") == instrument) names.insert(text(one, "name"));
  return names;
}

std::vector<std::string> roles_of(const json& result, const std::set<std::string>& names) {
  std::set<std::string> roles;
  for (const json& attempt : result.at("attempt_records"))
    for (const auto& [role, name] : attempt.at("instruments").items())
      if (names.contains(name.get<std::string>())) roles.insert(role);
  return {roles.begin(), roles.end()};
}

void search(const json& record, const RunInfo& run, const ResultFilter& filter, std::vector<FoundResult>& into) {
  const std::set<std::string> names = names_of(record, filter.instrument);
  for (const json& dut : record.at("duts")) {
    if (!fits(filter.dut, text(dut, "serial")) || !fits(filter.model, text(dut, "model"))) continue;
    for (const json& result : dut.at("results")) {
      if (!fits_clause(filter.clause, result) || !fits(filter.verdict, text(result, "verdict"))) continue;
      std::vector<std::string> roles = roles_of(result, names);
      if (!filter.instrument.empty() && roles.empty()) continue;
      const std::string started = text(result, "started");
      into.push_back({run.run, run.plan, started.empty() ? run.started : started, dut.at("sample").get<std::int64_t>(),
                      text(dut, "serial"), text(dut, "model"), text(result, "id"), text(result, "verdict"),
                      std::move(roles)});
    }
  }
}

}  // namespace

bool ResultFilter::any() const {
  return !(plan.empty() && dut.empty() && model.empty() && clause.empty() && verdict.empty() && instrument.empty() &&
           since.empty() && until.empty());
}

std::vector<FoundResult> find_results(JournalStore& store, const ResultFilter& filter) {
  std::vector<FoundResult> found;
  for (const RunInfo& run : store.list_runs()) {
    if (!fits(filter.plan, run.plan) || !in_days(filter, run.started)) continue;
    const std::vector<json> events = parse_events(store.read_events(run.run));
    search(fold_record(events), run, filter, found);
  }
  return found;
}

}  // namespace meterrig::record
