#include "rig/run/trial.hpp"

#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "rig/record/canonical.hpp"
#include "rig/record/recording.hpp"

namespace meterrig::rig {
namespace {

using nlohmann::json;
using record::Verdict;

json limit_json(const plan::Limit& limit) {
  json body{{"source", plan::word(limit.source)}};
  if (limit.kind == plan::LimitKind::between)
    body["between"] = {limit.low, limit.high};
  else
    body[plan::word(limit.kind)] = limit.kind == plan::LimitKind::at_least ? limit.low : limit.high;
  return body;
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string text;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  for (std::size_t i = 0; i < bytes.size();) {
    const unsigned char first = byte(i);
    const std::size_t length = first < 0x80                    ? 1
                               : first >= 0xC2 && first < 0xE0 ? 2
                               : first >= 0xE0 && first < 0xF0 ? 3
                                                               : 0;
    bool whole = length > 0 && i + length <= bytes.size() && !(first < 0x20 && first != '\n') && first != 0x7F;
    for (std::size_t k = 1; whole && k < length; ++k) whole = (byte(i + k) & 0xC0) == 0x80;
    // Overlong forms and surrogates are no UTF-8 either.
    if (whole && length == 3) whole = !(first == 0xE0 && byte(i + 1) < 0xA0) && !(first == 0xED && byte(i + 1) >= 0xA0);
    if (whole) {
      text.append(bytes.substr(i, length));
      i += length;
    } else {
      text += fmt::format("\\x{:02X}", first);
      ++i;
    }
  }
  return text;
}

Cause Cause::of(const Error& error) {
  const Exchange& e = error.exchange();
  return {e.of, e.asked, e.got, to_seconds(e.after), error.what()};
}

json Cause::json() const {
  return {{"instrument", printable(instrument)},
          {"command", printable(command)},
          {"got", printable(got)},
          {"after_s", after_s},
          {"text", printable(text)}};
}

Trial::Trial(Clock& clock, Station& station, const plan::PlannedClause& planned, const plan::Plan& plan,
             record::Journal& journal, Committer& committer, int attempt)
    : clock_(clock),
      station_(station),
      planned_(planned),
      plan_(plan),
      journal_(journal),
      committer_(committer),
      attempt_(attempt) {}

Task<> Trial::commit() { co_await committer_.commit(); }

json Trial::head() const {
  return {{"station", station_.name()}, {"sample", dut().sample}, {"id", clause().id}, {"attempt", attempt_}};
}

double Trial::number(const std::string& name) const { return clause().number(name, dut()); }

Verdict Trial::judge(const std::string& name, json body, const plan::Limit& limit, Decision decision,
                     std::optional<Decision> other) {
  const bool agreed = plan_.job.accepting(clause().id, name) != nullptr;
  if (other && other->verdict != decision.verdict) {
    note(fmt::format("{} 的结论取决于对标准的理解：{} / {}", name, record::word_zh(decision.verdict),
                     record::word_zh(other->verdict)),
         fmt::format("{} depends on how the standard is read: {} / {}", name, record::word(decision.verdict),
                     record::word(other->verdict)));
    if (!agreed) decision.verdict = Verdict::inconclusive;
  }
  // A failure that only a default of the rig or an unconfirmed external limit makes is open until the job names the
  // agreement (docs/semantics.md).
  const bool own = limit.source == plan::Source::standard || limit.source == plan::Source::maker;
  if (decision.verdict == Verdict::fail && !own && !agreed) {
    decision.verdict = Verdict::inconclusive;
    note(fmt::format("{} 不满足 {}，但该限值不是标准给出的：在合同评审确认之前判为待定", name, limit.text()),
         fmt::format("{} does not meet {}, but that limit is not the standard's own: inconclusive until the job agrees",
                     name, limit.text()));
  }
  body["limit"] = limit_json(limit);
  if (limit.extended && !agreed) body["extended"] = true;
  body["decision"] = decision.outcome;
  body["verdict"] = record::word(decision.verdict);
  journal_.append("measurement", std::move(body));
  // What goes beyond the printed method has a result of its own; it decides the clause only where the job says so.
  if (!limit.extended || (agreed && decision.verdict == Verdict::fail)) verdicts_.push_back(decision.verdict);
  return decision.verdict;
}

Verdict Trial::measure(const std::string& name, double value, double expanded_uncertainty, const std::string& unit,
                       std::optional<double> other_reading) {
  const auto limit = clause().limit(name, dut());
  if (!limit) {
    record(name, value, unit, expanded_uncertainty);
    verdicts_.push_back(Verdict::recorded);
    return Verdict::recorded;
  }
  if (limit->unit != unit)
    throw std::logic_error(fmt::format("{} is measured in {} but its limit is in {}", name, unit, limit->unit));
  json body = head();
  body.update({{"name", name},
               {"kind", "measured"},
               {"value", value},
               {"unit", unit},
               {"expanded_uncertainty", expanded_uncertainty},
               {"k", 2}});
  std::optional<Decision> other;
  if (other_reading) other = decide(*limit, *other_reading, expanded_uncertainty, plan_.decision_rule);
  return judge(name, std::move(body), *limit, decide(*limit, value, expanded_uncertainty, plan_.decision_rule), other);
}

Verdict Trial::count(const std::string& name, std::int64_t value) {
  const auto limit = clause().limit(name, dut());
  json body = head();
  body.update({{"name", name}, {"kind", "counted"}, {"value", value}, {"unit", limit ? limit->unit : "1"}});
  if (!limit) {
    journal_.append("recorded", std::move(body));
    verdicts_.push_back(Verdict::recorded);
    return Verdict::recorded;
  }
  return judge(name, std::move(body), *limit, decide(*limit, static_cast<double>(value), 0, plan_.decision_rule));
}

Verdict Trial::one_sided(const std::string& name, bool more, double bound, const std::string& unit) {
  const auto limit = clause().limit(name, dut());
  json body = head();
  body.update(
      {{"name", name}, {"kind", "measured"}, {"value", bound}, {"one_sided", more ? ">" : "<"}, {"unit", unit}});
  if (!limit) {
    body["decision"] = "recorded";
    body["verdict"] = record::word(Verdict::recorded);
    journal_.append("measurement", std::move(body));
    return Verdict::recorded;
  }
  return judge(name, std::move(body), *limit, decide_one_sided(*limit, bound, more));
}

void Trial::missing(const std::string& name, const std::string& reason) {
  const auto limit = clause().limit(name, dut());
  json body = head();
  body.update({{"name", name},
               {"kind", "measured"},
               {"value", nullptr},
               {"reason", reason},
               {"unit", limit ? limit->unit : "1"},
               {"decision", "no_reading"},
               {"verdict", record::word(Verdict::inconclusive)}});
  if (limit) body["limit"] = limit_json(*limit);
  journal_.append("measurement", std::move(body));
  verdicts_.push_back(Verdict::inconclusive);
}

void Trial::record(const std::string& name, double value, const std::string& unit, double expanded_uncertainty) {
  json body = head();
  body.update({{"name", name}, {"kind", "measured"}, {"value", value}, {"unit", unit}});
  if (expanded_uncertainty > 0) body["expanded_uncertainty"] = expanded_uncertainty;
  journal_.append("recorded", std::move(body));
}

void Trial::record_text(const std::string& name, const std::string& value) {
  json body = head();
  body.update({{"name", name}, {"kind", "exact"}, {"value", printable(value)}, {"unit", "1"}});
  journal_.append("recorded", std::move(body));
}

void Trial::note(const std::string& zh, const std::string& en) {
  json body = head();
  body["text"] = {{"zh", printable(zh)}, {"en", printable(en)}};
  journal_.append("note", std::move(body));
}

void Trial::deviation(const std::string& zh, const std::string& en) {
  json body = head();
  body["text"] = {{"zh", printable(zh)}, {"en", printable(en)}};
  journal_.append("deviation", std::move(body));
}

void Trial::checkpoint(json state) {
  json body = head();
  body["state"] = std::move(state);
  journal_.append("checkpoint", std::move(body));
}

void Trial::event(std::string_view type, json body) {
  body.update(head());
  journal_.append(type, std::move(body));
}

Task<> Trial::write_item(std::string item, std::string value) {
  std::vector<std::string> names(1, item);
  const auto old = co_await station_.meter().read(std::move(names));
  event("meter_write", {{"item", item}, {"old", old.at(item)}, {"new", value}});
  co_await commit();
  written_.emplace_back(item, old.at(item));
  co_await station_.meter().write(item, value);
}

Task<> Trial::restore_items() {
  while (!written_.empty()) {
    const auto [item, value] = written_.back();
    co_await station_.meter().write(item, value);
    event("meter_restored", {{"item", item}, {"value", value}});
    written_.pop_back();
  }
}

void Trial::left_unrestored(const std::string& why) {
  for (const auto& [item, value] : written_)
    event("sample_left",
          {{"text",
            {{"zh", fmt::format("样品的 {} 未能恢复为 {}：{}", item, value, printable(why))},
             {"en", fmt::format("sample left with another {} than {}: {}", item, value, printable(why))}}}});
  written_.clear();
}

void Trial::evidence(const std::string& name, const std::string& unit, Utc start, double interval_s,
                     const std::vector<double>& values) {
  std::string bytes(values.size() * sizeof(double), '\0');
  std::memcpy(bytes.data(), values.data(), bytes.size());
  add_series(name, unit, start, interval_s, values.size(), journal_.add_blob(std::move(bytes)), json::object());
}

void Trial::evidence(const std::string& name, Utc start, const Waveform& waveform) {
  record::RecordingWriter recording(journal_);
  recording.feed(waveform.counts);
  add_series(name, "A", start, to_seconds(waveform.interval), waveform.size(), recording.finish(),
             {{"encoding", record::Manifest::encoding}});
}

void Trial::add_series(const std::string& name, const std::string& unit, Utc start, double interval_s,
                       std::size_t samples, const std::string& digest, json more) {
  json body = head();
  body.update({{"name", name},
               {"unit", unit},
               {"start", record::utc_text(start)},
               {"interval_s", interval_s},
               {"samples", samples},
               {"sha256", digest}});
  body.update(more);
  journal_.append("reading_series", std::move(body));
}

void Trial::rig_fault(const std::string& text) const { end(Verdict::void_, {"", "", "", 0, text}); }
void Trial::inconclusive(const std::string& text) const { end(Verdict::inconclusive, {"", "", "", 0, text}); }

Verdict Trial::verdict() const { return record::worst(std::span<const Verdict>(verdicts_)); }

}  // namespace meterrig::rig
