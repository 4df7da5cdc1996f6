#include "rig/run/resumption.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "rig/record/canonical.hpp"
#include "rig/record/verdict.hpp"

namespace meterrig::rig {
using nlohmann::json;

Resumption::Resumption(record::JournalStore& store, std::string run, std::string by)
    : run_(std::move(run)), by_(std::move(by)) {
  const std::vector<record::StoredEvent> stored = store.read_events(run_);
  const record::ChainReport chain = record::verify_chain(run_, stored, store.head(run_));
  if (!chain.ok())
    throw record::StoreError(
        fmt::format("run {} can't go on, its journal is not what was written: {}", run_, chain.text));
  head_ = chain.head;
  std::string state = "interrupted";
  for (const json& event : record::parse_events(stored)) {
    const std::string type = event.at("type");
    if (type == "run_ended") state = event.at("state");
    if (type == "run_refused") state = "refused";
    if (type == "run_resumed") state = "interrupted";
    take(event);
  }
  if (state == "finished")
    throw UserError(fmt::format(
        "run {} is finished: there is nothing to go on with; `meterrig results show {}` shows it", run_, run_));
  if (state == "refused" || opening_.is_null())
    throw UserError(fmt::format("run {} never began: start it again with `meterrig run`", run_));
  after_ = state;
}

void Resumption::take(const json& event) {
  const std::string type = event.at("type");
  last_ = record::utc_from(event.at("t").get_ref<const std::string&>());
  if (type == "run_started") opening_ = event;
  if (type == "stop_requested") stopping_ = true;
  if (type == "run_resumed") stopping_ = false;
  if (type == "clause_started" || type == "clause_ended" || type == "checkpoint") take_clause(type, event);
  if (type.starts_with("meter_")) take_write(type, event);
}

void Resumption::take_clause(const std::string& type, const json& event) {
  if (!event.contains("sample") || !event.contains("id")) return;
  const std::int64_t sample = event.at("sample");
  if (event.contains("bench")) samples_[sample].bench = event["bench"];
  Clause& clause = clauses_[{sample, event.at("id")}];
  if (type == "checkpoint") {
    clause.checkpoint = event.at("state");
  } else if (type == "clause_started") {
    clause.attempts = std::max(clause.attempts, event.at("attempt").get<int>());
    clause.cut_off = true;
    clause.checkpoint = event.value("goes_on_from", json());
  } else {
    const auto verdict = record::verdict_from(event.at("verdict").get_ref<const std::string&>());
    const bool stands = verdict && *verdict != record::Verdict::void_ && *verdict != record::Verdict::not_tested;
    clause.settled = clause.settled || stands;
    clause.cut_off = !stands && stopping_;
  }
}

void Resumption::take_write(const std::string& type, const json& event) {
  auto& open = samples_[event.at("sample").get<std::int64_t>()].unrestored;
  const std::string item = event.at("item");
  if (item == "valve") return;  // a command
  const auto known = std::find_if(open.begin(), open.end(), [&](const Unrestored& one) { return one.item == item; });
  if (type == "meter_restored") {
    if (known != open.end()) open.erase(known);
    return;
  }
  // Without an old value nobody can write it back: that is what `sample_left` is for.
  if (known != open.end() || !event.contains("old") || !event["old"].is_string()) return;
  open.push_back({item, event["old"], event.value("coding", "") == "bytes", last_, event.value("id", ""),
                  event.value("attempt", std::int64_t{1})});
}

const Resumption::Clause* Resumption::find(std::int64_t sample, const std::string& id) const {
  const auto found = clauses_.find({sample, id});
  return found == clauses_.end() ? nullptr : &found->second;
}

bool Resumption::settled(std::int64_t sample, const std::string& id) const {
  const Clause* const clause = find(sample, id);
  return clause && clause->settled;
}

int Resumption::attempts(std::int64_t sample, const std::string& id) const {
  const Clause* const clause = find(sample, id);
  return clause ? clause->attempts : 0;
}

json Resumption::checkpoint(std::int64_t sample, const std::string& id) const {
  const Clause* const clause = find(sample, id);
  return clause && clause->cut_off ? clause->checkpoint : json();
}

json Resumption::bench(std::int64_t sample) const {
  const auto found = samples_.find(sample);
  return found == samples_.end() ? json() : found->second.bench;
}

std::vector<Unrestored> Resumption::unrestored(std::int64_t sample) const {
  const auto found = samples_.find(sample);
  return found == samples_.end() ? std::vector<Unrestored>{} : found->second.unrestored;
}

}  // namespace meterrig::rig
