#include "tests/sweep/invariants.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "rig/record/record_fold.hpp"

namespace meterrig::sweep {

namespace {

using nlohmann::json;
using Events = std::vector<json>;

const json* last_of(const Events& events, const char* type) {
  const auto found = std::find_if(events.rbegin(), events.rend(), [&](const json& e) { return e.at("type") == type; });
  return found == events.rend() ? nullptr : &*found;
}

// Instruments that the last safe_state event says did not read back.
std::set<std::string> not_safe(const Events& events) {
  std::set<std::string> names;
  if (const json* event = last_of(events, "safe_state"))
    for (const json& output : event->at("outputs"))
      if (!output.at("ok").get<bool>()) names.insert(output.at("instrument"));
  return names;
}

bool worked(const Events& events, const char* role) {
  const json* const last = last_of(events, "safe_state");
  if (!last) return false;
  const json& outputs = last->at("outputs");
  return std::any_of(outputs.begin(), outputs.end(), [&](const json& output) { return output.at("role") == role; });
}

std::string wrong_outputs(const Finding& f, const Events& events) {
  const std::set<std::string> named = not_safe(events);
  if (!named.empty() && !f.faulty) return fmt::format("{} did not read back safe", fmt::join(named, ", "));
  f.rig.pass(5s);
  for (const std::string& live : f.rig.bench->live_outputs())
    if (!named.contains(live.substr(0, live.find(' '))) &&
        std::find(f.welded.begin(), f.welded.end(), live) == f.welded.end())
      return fmt::format("{} is live, and the last safe_state does not say so", live);
  // Before its vent was ever worked a line may hold a little air that warms up.
  if (!worked(events, "vent")) return "";
  for (std::size_t i = 1; i <= f.rig.setup().duts.size(); ++i)
    if (const double kpa = f.rig.bench->inlet_kpa(static_cast<int>(i)); kpa > 0.1 && named.empty())
      return fmt::format("{:.2f} kPa are left at station {}", kpa, i);
  return "";
}

// What the last program wrote.
Events of_the_last(const Events& events) {
  const auto resumed =
      std::find_if(events.rbegin(), events.rend(), [](const json& e) { return e.at("type") == "run_resumed"; });
  return {resumed.base(), events.end()};
}

// Every attempt that began ended.
std::string wrong_attempts(const Events& events) {
  std::set<std::string> open;
  for (const json& e : events) {
    const std::string type = e.at("type");
    if (type != "clause_started" && type != "clause_ended") continue;
    const std::string key = fmt::format("{} {} {}", e.at("sample").dump(), e.at("id").dump(), e.at("attempt").dump());
    if (type == "clause_started" && !open.insert(key).second) return key + " started twice";
    if (type == "clause_ended" && open.erase(key) == 0) return key + " ended without a start";
  }
  return open.empty() ? "" : fmt::format("{} started and not ended", fmt::join(open, ", "));
}

std::string wrong_end(const Finding& f, const Events& events) {
  const json* const last = events.empty() ? nullptr : &events.back();
  if (last && last->at("type") == "run_refused") return "";
  const json* const end = last_of(events, "run_ended");
  if (!end || end != last) return fmt::format("the journal ends with {}", last ? last->at("type").dump() : "nothing");
  // A stop may come when everything is done already.
  const bool asked = last_of(events, "stop_requested") != nullptr;
  const std::string state = end->at("state");
  if (state == "aborted" && !f.stopped && !f.store_failed) return "the run is aborted, and nobody asked for it";
  if (state != "aborted" && asked) return fmt::format("the run was stopped and is {}", state);
  return state == record::word(f.session.run().state()) ? "" : "run and journal end in different states";
}

}  // namespace

std::string what_is_wrong(const Finding& f) {
  rig::Run& run = f.session.run();
  if (const auto held = run.leases().held(); !held.empty()) return fmt::format("{} held", fmt::join(held, ", "));
  const auto known = f.rig.store.run_ids();
  const bool began = std::find(known.begin(), known.end(), run.id()) != known.end();
  if (!began && f.store_failed) return wrong_outputs(f, {});
  if (!began) return "no journal: " + f.ended_by;
  record::MemoryStore& store = f.rig.store;
  const auto chain = record::verify_chain(run.id(), store.raw(run.id()), store.raw_head(run.id()));
  if (!chain.ok()) return "journal: " + chain.text;
  const Events& events = run.journal().events();
  if (std::string wrong = wrong_outputs(f, events); !wrong.empty()) return wrong;
  if (f.store_failed) return "";
  const bool refused = run.state() == record::RunState::refused;
  if (!f.ended_by.empty() && !refused) return "the run threw: " + f.ended_by;
  if (run.journal().acknowledged() != run.journal().last()) return "the last events are not durable";
  const bool resumed = last_of(events, "run_resumed") != nullptr;
  const Events own = resumed ? of_the_last(events) : events;
  if (std::string wrong = wrong_attempts(own); !wrong.empty()) return wrong;
  return wrong_end(f, own);
}

std::string wrong_after_resume(const Events& events, const Baseline& baseline) {
  const auto verdicts = verdicts_by_sample(events);
  for (const auto& [clause, verdict] : baseline.verdicts)
    if (const auto found = verdicts.find(clause); found == verdicts.end() || found->second != verdict)
      return fmt::format("{} is {} in the run that went on, and {} without; it ended with {}", clause,
                         found == verdicts.end() ? "missing" : found->second, verdict,
                         last_of(events, "clause_ended") ? last_of(events, "clause_ended")->dump() : "nothing");
  const json record = record::fold_record(events);
  for (const json& dut : record.at("duts"))
    for (const json& setting : dut.at("settings"))
      if (!setting.at("put_back").get<bool>() && !setting.at("old").is_null())
        return fmt::format("sample {} was left with another {}", dut.at("sample").dump(), setting.at("item").dump());
  return "";
}

std::string wrong_after_kill(support::VirtualRig& rig, const std::string& run) {
  const auto known = rig.store.run_ids();
  if (std::find(known.begin(), known.end(), run) == known.end()) return "";
  if (const auto chain = rig.store.verify(run); !chain.ok()) return "the killed run's journal: " + chain.text;
  const Events events = record::parse_events(rig.store.read_events(run));
  if (events.empty() || events.back().at("type") == "run_ended" || events.back().at("type") == "run_refused") return "";
  const json record = record::fold_record(events);
  if (record.at("state") != "interrupted") return "the killed run is " + record.at("state").dump();
  return "";
}

std::map<std::string, std::string> verdicts_by_sample(const Events& events) {
  std::map<std::string, std::string> verdicts;
  const json record = record::fold_record(events);
  for (const json& dut : record.at("duts"))
    for (const json& result : dut.at("results"))
      verdicts[dut.at("sample").dump() + " " + result.at("id").get<std::string>()] = result.at("verdict");
  return verdicts;
}

namespace {

// Words by which a text may name a member of the bench besides its own name: that of its role.
constexpr std::pair<const char*, const char*> role_words[] = {
    {"uart", "meter"},      {"psu", "power_supply"},         {"psu", "the supply"},   {"flow", "flow standard"},
    {"gauge", "the gauge"}, {"operator", "nobody answered"}, {"leak", "leak sensor"}, {"counter", "pulse counter"},
};

std::vector<std::string> names_of(const std::string& member) {
  std::vector<std::string> names{member};
  for (const auto& [beginning, word] : role_words)
    if (member.rfind(beginning, 0) == 0) names.emplace_back(word);
  return names;
}

bool names_one(const std::string& text, const std::vector<std::string>& members) {
  for (const std::string& member : members)
    for (const std::string& name : names_of(member))
      if (text.find(name) != std::string::npos) return true;
  return false;
}

}  // namespace

std::string wrong_verdict(const Finding& f, const Baseline& baseline, const std::vector<std::string>& members) {
  const Events& events = f.session.run().journal().events();
  if (!events.empty() && events.back().at("type") == "run_refused") {
    const std::string reason = events.back().at("reason");
    return names_one(reason, members) ? "" : "the refusal does not name the instrument: " + reason;
  }
  std::string told;
  for (const json& e : events) {
    const std::string type = e.at("type");
    if (type == "clause_ended" || type == "note" || type == "measurement") told += e.dump();
  }
  for (const auto& [key, verdict] : verdicts_by_sample(events)) {
    const std::string& usual = baseline.verdicts.at(key);
    if (verdict == usual) continue;
    if (verdict == "fail") return fmt::format("{} failed: {}", key, told);
    if (verdict != "void" && verdict != "inconclusive" && verdict != "not_tested")
      return fmt::format("{} is {} instead of {}", key, verdict, usual);
    if (verdict != "not_tested" && !names_one(told, members))
      return fmt::format("{} is {}, and nothing names the instrument: {}", key, verdict, told);
  }
  return "";
}

}  // namespace meterrig::sweep
