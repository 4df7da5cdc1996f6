#include "rig/record/conclusion.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

namespace meterrig::record {

namespace {

using nlohmann::json;

struct Tally {
  std::map<std::string, std::vector<Verdict>> by_clause;
  std::map<Verdict, json> named;  // {sample, id} by verdict
  std::size_t count(Verdict v) const {
    const auto found = named.find(v);
    return found == named.end() ? 0 : found->second.size();
  }
  json list(Verdict v) const {
    const auto found = named.find(v);
    return found == named.end() ? json::array() : found->second;
  }
};

Tally tally(const json& duts) {
  Tally result;
  for (const json& dut : duts) {
    for (const json& entry : dut.at("results")) {
      const Verdict verdict = verdict_from(entry.at("verdict").get<std::string>()).value_or(Verdict::void_);
      const std::string id = entry.at("id");
      result.by_clause[id].push_back(verdict);
      json& named = result.named[verdict];
      if (named.is_null()) named = json::array();
      named.push_back({{"sample", dut.at("sample")}, {"id", id}});
    }
  }
  return result;
}

// Those clauses of the plan that have `key`.
std::vector<std::string> clauses_with(const json& opening, const char* key) {
  std::vector<std::string> ids;
  const auto clauses = opening.find("clauses");
  if (clauses == opening.end() || !clauses->is_array()) return ids;
  for (const json& clause : *clauses)
    if (clause.is_object() && clause.contains(key)) ids.push_back(clause.value("id", ""));
  return ids;
}

bool decided(Verdict v) { return v == Verdict::pass || v == Verdict::fail || v == Verdict::not_applicable; }

// Membership first, then what else the plan asks for, each once.
std::vector<std::string> clauses_in_scope(const json& opening) {
  std::vector<std::string> ids;
  for (const char* list : {"membership", "clauses"}) {
    const auto found = opening.find(list);
    if (found == opening.end() || !found->is_array()) continue;
    for (const json& clause : *found) {
      const std::string id = clause.is_string() ? clause.get<std::string>() : clause.value("id", "");
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
    }
  }
  return ids;
}

std::string names_of_standards(const json& opening) {
  std::vector<std::string> names;
  const auto listed = opening.find("standards");
  if (listed != opening.end() && listed->is_array()) {
    for (const json& standard : *listed) names.push_back(standard.value("name", standard.value("id", "")));
  } else if (const auto clauses = opening.find("clauses"); clauses != opening.end() && clauses->is_array()) {
    for (const json& clause : *clauses) {
      const std::string name = clause.value("standard", "");
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

json sentence(const std::string& zh, const std::string& en) { return {{"zh", zh}, {"en", en}}; }

void add(json& text, const std::string& zh, const std::string& en) {
  const std::string before_en = text.at("en");
  text["zh"] = text.at("zh").get<std::string>() + zh;
  text["en"] = before_en + (before_en.empty() ? "" : " ") + en;
}

// What may be said of the items that were judged, and of no others.
void add_judgement(json& text, const Tally& all, const std::string& standards) {
  const bool unclear = all.count(Verdict::void_) + all.count(Verdict::inconclusive) > 0;
  if (all.count(Verdict::fail) > 0) {
    add(text, fmt::format("所检项目中有不符合项（{} 项次），不符合 {} 的要求。", all.count(Verdict::fail), standards),
        fmt::format("Among the items tested there are nonconformities to {} ({} results).", standards,
                    all.count(Verdict::fail)));
  } else if (all.count(Verdict::pass) == 0) {
    add(text, "没有作出符合性判定的项目。", "No item was judged for conformity.");
  } else if (unclear) {
    add(text, fmt::format("已判定的项目符合 {} 的要求，但有项目待定或无效。", standards),
        fmt::format("The items that could be judged conform to {}, but others are inconclusive or void.", standards));
  } else {
    add(text, fmt::format("所检项目符合 {} 的要求。", standards),
        fmt::format("The items tested conform to {}.", standards));
  }
}

void add_what_is_open(json& text, const Tally& all, std::size_t open) {
  struct Kind {
    Verdict verdict;
    const char* zh;
    const char* en;
  };
  constexpr std::array<Kind, 4> kinds{{{Verdict::inconclusive, "待定", "inconclusive"},
                                       {Verdict::void_, "无效", "void"},
                                       {Verdict::not_tested, "未检", "not tested"},
                                       {Verdict::recorded, "仅记录", "only recorded"}}};
  std::vector<std::string> zh;
  std::vector<std::string> en;
  for (const Kind& kind : kinds) {
    if (all.count(kind.verdict) == 0) continue;
    zh.push_back(fmt::format("{} {} 项次", kind.zh, all.count(kind.verdict)));
    en.push_back(fmt::format("{} {}", all.count(kind.verdict), kind.en));
  }
  if (!zh.empty()) {
    add(text, fmt::format("其中{}。", fmt::join(zh, "、")), fmt::format("Results: {}.", fmt::join(en, ", ")));
  }
  if (open > 0) {
    add(text, fmt::format("尚有 {} 项未作结论，不对整机符合性作出判定。", open),
        fmt::format("{} {} open; no statement is made on the conformity of the samples as a whole.", open,
                    open == 1 ? "item remains" : "items remain"));
  }
}

void add_what_is_waived(json& text, const std::vector<std::string>& waived) {
  if (waived.empty()) return;
  add(text, fmt::format("按协议免检：{}。", fmt::join(waived, "、")),
      fmt::format("Waived by agreement: {}.", fmt::join(waived, ", ")));
}

}  // namespace

json conclude(const json& opening, const json& duts, RunState state, bool simulated) {
  const Tally all = tally(duts);
  json open = json::array();
  const std::vector<std::string> recommended = clauses_with(opening, "recommended");
  for (const std::string& id : clauses_in_scope(opening)) {
    const auto results = all.by_clause.find(id);
    // A recommendation (should) that is not met is recorded, and decides nothing.
    const bool should = std::find(recommended.begin(), recommended.end(), id) != recommended.end();
    const bool closed = results != all.by_clause.end() &&
                        std::all_of(results->second.begin(), results->second.end(),
                                    [should](Verdict v) { return decided(v) || (should && v == Verdict::recorded); });
    if (!closed) open.push_back(id);
  }
  const auto membership = opening.find("membership");
  const bool known = membership != opening.end() && membership->is_array() && !membership->empty();

  json text = sentence("", "");
  if (state == RunState::refused) add(text, "检验未能开始。", "The run did not start.");
  if (state == RunState::aborted) add(text, "检验中止。", "The run was aborted.");
  if (state == RunState::interrupted) add(text, "检验中断。", "The run was interrupted.");
  if (state == RunState::running) add(text, "检验进行中。", "The run is under way.");
  add_judgement(text, all, names_of_standards(opening));
  add_what_is_waived(text, clauses_with(opening, "waived"));
  add_what_is_open(text, all, open.size());
  if (simulated) add(text, "模拟结果，不作为检验结论。", "Simulated: this is no test result.");

  json conforms;
  if (open.empty() && known && state == RunState::finished && !simulated) conforms = all.count(Verdict::fail) == 0;
  return {{"conforms", conforms},
          {"open", open},
          {"failed", all.list(Verdict::fail)},
          {"undecided",
           {{"void", all.list(Verdict::void_)},
            {"inconclusive", all.list(Verdict::inconclusive)},
            {"not_tested", all.list(Verdict::not_tested)},
            {"recorded", all.list(Verdict::recorded)}}},
          {"text", text}};
}

}  // namespace meterrig::record
