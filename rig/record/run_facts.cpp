#include "rig/record/run_facts.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "rig/record/canonical.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 7> envelope{"seq", "t", "type", "station", "sample", "id", "attempt"};
constexpr std::array<std::string_view, 22> measurement_keys{"name",
                                                            "kind",
                                                            "value",
                                                            "reason",
                                                            "one_sided",
                                                            "unit",
                                                            "expanded_uncertainty",
                                                            "limit",
                                                            "coverage_factor",
                                                            "decision",
                                                            "verdict",
                                                            "extended",
                                                            "budget",
                                                            "combined_uncertainty",
                                                            "indication",
                                                            "correction",
                                                            "risk",
                                                            "dominant_term",
                                                            "remark",
                                                            "rests_on",
                                                            "verdict_if_agreed",
                                                            "other_readings"};

template <std::size_t N>
bool among(const std::array<std::string_view, N>& keys, std::string_view key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

Verdict verdict_of(const json& event) {
  // Only a foreign journal can hold another word; what nobody understands decides nothing.
  return verdict_from(event.value("verdict", "")).value_or(Verdict::void_);
}

// The event without what says where it belongs.
json body_of(const json& event) {
  json body = json::object();
  for (const auto& [key, value] : event.items()) {
    if (!among(envelope, key)) body[key] = value;
  }
  return body;
}

// As the record's schema has it: all keys of a measurement there, all others under `more`.
json measurement_of(const json& event) {
  json result{{"reason", nullptr}, {"expanded_uncertainty", nullptr}, {"coverage_factor", nullptr}, {"limit", nullptr}};
  json more = json::object();
  const json body = body_of(event);
  for (const auto& [key, value] : body.items()) (among(measurement_keys, key) ? result : more)[key] = value;
  if (!result.contains("verdict")) result["verdict"] = word(Verdict::recorded);
  if (!result.contains("decision")) result["decision"] = result["verdict"];
  if (!more.empty()) result["more"] = std::move(more);
  return result;
}

json text_entry(const json& event) {
  return {{"t", short_utc(event.value("t", ""))}, {"text", event.value("text", json())}};
}

json interruption() {
  return {{"instrument", nullptr},
          {"command", nullptr},
          {"got", nullptr},
          {"after_s", nullptr},
          {"text", "the run was interrupted before the clause ended"}};
}

class Gatherer {
 public:
  void take(const json& event) {
    const std::string type = event.value("type", "");
    facts_.ended = event.value("t", "");
    if (type == "run_started" || type == "run_refused") return open(event, type == "run_refused");
    if (type == "run_ended") return end(event);
    if (type == "run_resumed") return resume(event);
    if (type == "environment") return facts_.environment.push_back(timed(event));
    if (type == "safe_state") return facts_.safe_states.push_back(timed(event));
    if (type == "interlock") return facts_.interlocks.push_back(timed(event));
    if (type == "stop_requested") return facts_.stops.push_back(timed(event));
    if (type == "sample_left") return leave(event);
    if (type == "meter_write" || type == "meter_restored") set(event, type == "meter_restored");
    // Waiting for a shared thing, which may be all that was seen of a clause, opens no attempt.
    if (type == "lease") return;
    if (event.contains("sample") && event.contains("id")) return clause_event(type, event);
    if (type == "note") facts_.notes.push_back(text_entry(event));
    if (type == "deviation") facts_.deviations.push_back(text_entry(event));
  }

  RunFacts finish(bool live) {
    const bool open_end = facts_.state == RunState::interrupted;
    if (open_end && live) facts_.state = RunState::running;
    if (facts_.state != RunState::running) void_what_is_open();
    return std::move(facts_);
  }

 private:
  static json timed(const json& event) {
    json body = body_of(event);
    body["t"] = short_utc(event.value("t", ""));
    if (event.contains("station")) body["station"] = event["station"];
    return body;
  }

  void open(const json& event, bool refused) {
    // A run that was refused after it had said what it is keeps that.
    for (const auto& [key, value] : event.items()) {
      if (key != "t" || !facts_.opening.contains("t")) facts_.opening[key] = value;
    }
    if (refused) facts_.state = RunState::refused;
  }

  void end(const json& event) {
    facts_.state = event.value("state", "") == "finished" ? RunState::finished : RunState::aborted;
  }

  void resume(const json& event) {
    void_what_is_open();
    json entry{{"t", short_utc(event.value("t", ""))},
               {"by", event.value("by", json())},
               {"after", event.value("after", json(word(facts_.state)))},
               {"events", event.value("seq", std::int64_t{1}) - 1},
               {"software", event.value("software", json())}};
    facts_.resumptions.push_back(std::move(entry));
    facts_.state = RunState::interrupted;
  }

  void leave(const json& event) {
    json& texts = facts_.left[event.value("sample", std::int64_t{0})];
    if (texts.is_null()) texts = json::array();
    texts.push_back(event.value("text", json()));
  }

  // A command to the valve is no setting: what `sample_left` counts.
  void set(const json& event, bool restored) {
    const std::string item = event.value("item", "");
    if (item == "valve") return;
    auto& items = facts_.settings[event.value("sample", std::int64_t{0})];
    auto found = std::find_if(items.begin(), items.end(), [&](const SettingFacts& s) { return s.item == item; });
    if (found == items.end()) {
      found = items.emplace(items.end());
      found->item = item;
      found->old = event.value("old", json());
    }
    // What a run that goes on writes back was written by an attempt that was cut off.
    const json& writer = event.contains("writer") ? event["writer"] : event;
    const std::string id = writer.value("id", "");
    const std::pair attempt{id, writer.value("attempt", std::int64_t{1})};
    found->value = event.value(restored ? "value" : "new", json());
    if (restored) {
      found->open.erase(attempt);
      return;
    }
    ++found->writes;
    found->open.insert(attempt);
    if (std::find(found->clauses.begin(), found->clauses.end(), id) == found->clauses.end())
      found->clauses.push_back(id);
  }

  void void_what_is_open() {
    for (auto& [key, attempts] : facts_.attempts) {
      for (Attempt& attempt : attempts) {
        if (!attempt.ended.empty() || attempt.verdict == Verdict::void_) continue;
        attempt.verdict = Verdict::void_;
        attempt.cause = interruption();
      }
    }
  }

  Attempt& attempt_of(const json& event) {
    auto& attempts = facts_.attempts[{event.value("sample", std::int64_t{0}), event.value("id", "")}];
    const std::int64_t number = event.value("attempt", attempts.empty() ? std::int64_t{1} : attempts.back().number);
    const auto found =
        std::find_if(attempts.rbegin(), attempts.rend(), [&](const Attempt& a) { return a.number == number; });
    // What started twice under one number is two attempts: no evidence is laid over other evidence.
    const bool again =
        found != attempts.rend() && !found->started.empty() && event.value("type", "") == "clause_started";
    if (found != attempts.rend() && !again) return *found;
    attempts.emplace_back().number = number;
    return attempts.back();
  }

  static void add_operator(Attempt& attempt, const json& event) {
    const auto who = event.find("operator");
    if (who == event.end() || !who->is_string() || who->get_ref<const std::string&>().empty()) return;
    const auto& name = who->get_ref<const std::string&>();
    const auto known = std::find(attempt.operators.begin(), attempt.operators.end(), name);
    if (known == attempt.operators.end()) attempt.operators.push_back(name);
  }

  static void note_simulated(Attempt& attempt, const json& event) {
    const auto says = event.find("simulated");
    if (says != event.end() && says->is_boolean())
      attempt.simulated = attempt.simulated.value_or(false) || says->get<bool>();
  }

  void clause_event(std::string_view type, const json& event) {
    Attempt& attempt = attempt_of(event);
    add_operator(attempt, event);
    if (type == "clause_started") {
      attempt.started = event.value("t", "");
      attempt.reason = event.value("reason", json());
      attempt.instruments = event.value("instruments", json::object());
      attempt.goes_on = event.contains("goes_on_from");
      note_simulated(attempt, event);
    } else if (type == "clause_ended") {
      attempt.ended = event.value("t", "");
      attempt.cause = event.value("cause", json());
      if (event.contains("reason")) attempt.reason = event["reason"];
      note_simulated(attempt, event);
      attempt.verdict = covered(verdict_of(event), attempt);
    } else if (type == "measurement" || type == "recorded") {
      attempt.measurements.push_back(measurement_of(event));
    } else if (type == "note") {
      attempt.notes.push_back(text_entry(event));
    } else if (type == "deviation") {
      attempt.deviations.push_back(text_entry(event));
    } else if (type == "reading_series") {
      attempt.series.push_back(body_of(event));
    } else if (type == "point") {
      attempt.points.push_back(body_of(event));
    } else if (type == "certificate") {
      attempt.certificates.push_back(body_of(event));
    } else if (type == "prompt") {
      prompts_[asked_in(event)] = event.value("text", json());
    } else if (type == "answer") {
      json entry = timed(event);
      entry["prompt"] = prompts_[asked_in(event)];
      attempt.answers.push_back(std::move(entry));
    }
  }

  // Each attempt on each sample numbers its prompts by itself.
  static std::string asked_in(const json& event) {
    json where = json::array();
    for (const char* key : {"sample", "id", "attempt", "prompt_id"}) where.push_back(event.value(key, json()));
    return where.dump();
  }

  // A pass, recorded or not applicable covers nothing worse that was measured.
  static Verdict covered(Verdict ended, const Attempt& attempt) {
    if (ended < Verdict::pass) return ended;
    for (const json& measurement : attempt.measurements) ended = worst(ended, measured(measurement, ended));
    return ended;
  }

  static Verdict measured(const json& measurement, Verdict otherwise) {
    if (measurement.value("extended", false)) return otherwise;
    const Verdict verdict = verdict_of(measurement);
    return verdict < Verdict::pass ? verdict : otherwise;
  }

  RunFacts facts_;
  std::map<std::string, json> prompts_;
};

}  // namespace

RunFacts gather(std::span<const json> events, bool live) {
  Gatherer gatherer;
  for (const json& event : events) gatherer.take(event);
  return gatherer.finish(live);
}

const Attempt& deciding(const std::vector<Attempt>& attempts) {
  const auto found = std::find_if(attempts.rbegin(), attempts.rend(), [](const Attempt& attempt) {
    return !attempt.ended.empty() && attempt.verdict != Verdict::void_;
  });
  return found == attempts.rend() ? attempts.back() : *found;
}

}  // namespace meterrig::record
