#include "rig/run/trial.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "meters/telegram.hpp"
#include "rig/record/canonical.hpp"
#include "rig/record/recording.hpp"
#include "rig/run/measurement_json.hpp"

namespace meterrig::rig {
namespace {

using nlohmann::json;
using record::Verdict;

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

bool Trial::agreed(const std::string& name) const { return plan_.job.accepting(clause().id, name) != nullptr; }

// Puts every other reading with its own result into the body; tells whether one of them turns the verdict.
bool Trial::other_readings_differ(const Basis& basis, const plan::Limit& limit, const Decision& decision,
                                  double expanded_uncertainty, json& body) const {
  bool differ = false;
  json all = json::array();
  for (const OtherReading& reading : basis.others) {
    const Decision other = decide(limit, reading.value, expanded_uncertainty, plan_.decision_rule);
    differ = differ || other.verdict != decision.verdict;
    all.push_back({{"reading", {{"zh", reading.zh}, {"en", reading.en}}},
                   {"value", reading.value},
                   {"decision", other.outcome},
                   {"verdict", record::word(other.verdict)}});
  }
  if (!all.empty()) body["other_readings"] = std::move(all);
  return differ;
}

// Limit and parameters that are neither the standard's nor the maker's, and that the job has not agreed to.
std::vector<std::string> Trial::defaults_behind(const std::string& name, const plan::Limit& limit,
                                                const Basis& basis) const {
  const auto open = [](plan::Source source) {
    return source == plan::Source::rig_default || source == plan::Source::external;
  };
  std::vector<std::string> names;
  if (open(limit.source)) names.push_back(name);
  for (const std::string& parameter : basis.parameters)
    if (open(clause().parameter(parameter, dut()).source) && !agreed(parameter)) names.push_back(parameter);
  return names;
}

Verdict Trial::judge(const std::string& name, json body, const plan::Limit& limit, Decision decision,
                     const Basis& basis, double expanded_uncertainty) {
  const bool named = agreed(name);
  const Verdict own = decision.verdict;
  if (other_readings_differ(basis, limit, decision, expanded_uncertainty, body)) {
    note(fmt::format("{} 的结论取决于对标准的理解，各种理解的结果见记录", name),
         fmt::format("{} depends on how the standard is read; the record has the result of each reading", name));
    if (!named) decision.verdict = Verdict::inconclusive;
  }
  // A failure that only a default of the rig or an unconfirmed external limit makes is open until the job names the
  // agreement (docs/semantics.md).
  const std::vector<std::string> defaults = defaults_behind(name, limit, basis);
  if (own == Verdict::fail && !defaults.empty()) {
    body["rests_on"] = defaults;
    if (!named) {
      decision.verdict = Verdict::inconclusive;
      note(fmt::format("{} 不满足 {}，但依据的 {} 不是标准给出的：在合同评审确认之前判为待定", name, limit.text(),
                       fmt::join(defaults, "、")),
           fmt::format("{} does not meet {}, but {} is not the standard's own: inconclusive until the job agrees", name,
                       limit.text(), fmt::join(defaults, ", ")));
    }
  }
  if (decision.verdict != own) body["verdict_if_agreed"] = record::word(own);
  if (only_recommended(own)) decision.verdict = Verdict::recorded;
  body["limit"] = limit_json(limit);
  if (limit.extended && !named) body["extended"] = true;
  if (decision.within_uncertainty) body["remark"] = within_uncertainty_text();
  body["decision"] = decision.outcome;
  body["verdict"] = record::word(decision.verdict);
  journal_.append("measurement", std::move(body));
  // What goes beyond the printed method has a result of its own; it decides the clause only where the job says so.
  if (!limit.extended || (named && decision.verdict == Verdict::fail)) verdicts_.push_back(decision.verdict);
  return decision.verdict;
}

// 宜 (should): a shortfall is told, and makes nothing nonconforming.
bool Trial::only_recommended(Verdict verdict) {
  if (!clause().recommended || verdict != Verdict::fail) return false;
  note("推荐性条款（宜）未满足，仅作记录", "a recommendation (should) that is not met: only recorded");
  recommendation_missed_ = true;
  return true;
}

Verdict Trial::measure(const std::string& name, double value, const Budget& budget, const Basis& basis) {
  const auto limit = clause().limit(name, dut());
  return limit ? measure(*limit, value, budget, basis) : observe(name, value, budget);
}

Verdict Trial::observe(const std::string& name, double value, const Budget& budget) {
  record(name, value, budget);
  verdicts_.push_back(Verdict::recorded);
  return Verdict::recorded;
}

Verdict Trial::measure(const plan::Limit& limit, double value, const Budget& budget, const Basis& basis) {
  if (limit.unit != budget.unit())
    throw std::logic_error(
        fmt::format("{} is measured in {} but its limit is in {}", limit.name, budget.unit(), limit.unit));
  json body = head();
  body.update({{"name", limit.name}, {"kind", "measured"}, {"value", value}, {"unit", budget.unit()}});
  add_uncertainty(budget, value, body);
  if (const auto conforming = conformance_probability(limit, value, budget.combined()))
    body["risk"] = risk_json(*conforming, limit.holds(value));
  const double expanded = budget.expanded();
  return judge(limit.name, std::move(body), limit, decide(limit, value, expanded, plan_.decision_rule), basis,
               expanded);
}

Verdict Trial::count(const std::string& name, std::int64_t value, const Basis& basis) {
  const auto limit = clause().limit(name, dut());
  json body = head();
  body.update({{"name", name}, {"kind", "counted"}, {"value", value}, {"unit", limit ? limit->unit : "1"}});
  if (!limit) {
    journal_.append("recorded", std::move(body));
    verdicts_.push_back(Verdict::recorded);
    return Verdict::recorded;
  }
  const Decision decision = decide(*limit, static_cast<double>(value), 0, plan_.decision_rule);
  return judge(name, std::move(body), *limit, decision, basis, 0);
}

Verdict Trial::exact(const std::string& name, const std::string& value, const Basis& basis) {
  const auto limit = clause().limit(name, dut());
  if (!limit) {
    record_text(name, value);
    verdicts_.push_back(Verdict::recorded);
    return Verdict::recorded;
  }
  json body = head();
  body.update({{"name", name}, {"kind", "exact"}, {"value", value}, {"unit", limit->unit}});
  const Decision decision =
      limit->holds_exactly(value) ? Decision{"pass", Verdict::pass} : Decision{"fail", Verdict::fail};
  return judge(name, std::move(body), *limit, decision, basis, 0);
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
  return judge(name, std::move(body), *limit, decide_one_sided(*limit, bound, more), {}, 0);
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

void Trial::record(const std::string& name, double value, const std::string& unit) {
  record(name, value, Budget(unit));
}

void Trial::record(const std::string& name, double value, const Budget& budget) {
  json body = head();
  body.update({{"name", name}, {"kind", "measured"}, {"value", value}, {"unit", budget.unit()}});
  add_uncertainty(budget, value, body);
  journal_.append("recorded", std::move(body));
}

void Trial::record_text(const std::string& name, const std::string& value, const std::string& unit) {
  json body = head();
  body.update({{"name", name}, {"kind", "exact"}, {"value", printable(value)}, {"unit", unit}});
  journal_.append("recorded", std::move(body));
}

void Trial::point(const FigurePoint& point) {
  json body{{"figure", point.figure}, {"series", point.series}, {"x", point.x},
            {"x_unit", point.x_unit}, {"y", point.y},           {"y_unit", point.y_unit}};
  if (!point.zh.empty()) body["label"] = {{"zh", point.zh}, {"en", point.en}};
  event("point", std::move(body));
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
  if (world_) body["bench"] = world_(station_.number());
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
  if (!is_kept(item)) written_.push_back({item, [was = old.at(item)] { return was; }});
  co_await station_.meter().write(item, value);
}

void Trial::go_on(json earlier, std::vector<Unrestored>* left_behind) {
  earlier_ = std::move(earlier);
  left_behind_ = left_behind;
}

bool Trial::is_kept(const std::string& item) const {
  return std::any_of(written_.begin(), written_.end(), [&](const Written& w) { return w.item == item; });
}

Task<> Trial::keep(std::string item) {
  if (is_kept(item)) co_return;
  cjt188::Bytes content = co_await station_.meter().bytes_of(item);
  event("meter_kept", {{"item", item}, {"old", to_hex(content)}, {"coding", "bytes"}});
  written_.push_back({item, {}, std::move(content)});
}

Task<Cjt188Meter::Answer> Trial::offer(std::string item, cjt188::Bytes content) {
  const auto kept = std::find_if(written_.begin(), written_.end(), [&](const Written& w) { return w.item == item; });
  json body{{"item", item}, {"new", to_hex(content)}, {"coding", "bytes"}};
  if (kept != written_.end() && kept->content) body["old"] = to_hex(*kept->content);
  event("meter_write", std::move(body));
  co_await commit();
  co_return co_await station_.meter().offer(item, std::move(content));
}

Task<> Trial::write_for_good(std::string item, std::string value) {
  event("meter_write", {{"item", item}, {"new", value}});
  co_await commit();
  co_await station_.meter().write(item, value);
}

void Trial::leaves(const std::string& name, const std::string& zh, const std::string& en) {
  if (zh.empty())
    left_.erase(name);
  else
    left_[name] = {{"zh", printable(zh)}, {"en", printable(en)}};
}

void Trial::journal_left() {
  for (const auto& [name, text] : left_) event("sample_left", {{"text", text}});
  left_.clear();
}

Task<> Trial::move_clock(CivilTime to) {
  const std::string item = "clock";
  std::vector<std::string> names(1, item);
  const auto old = co_await station_.meter().read(std::move(names));
  const auto shown = civil_from_text(old.at(item));
  if (!shown)
    throw ProtocolError(fmt::format("the meter's clock reads {}, which is no time", old.at(item)),
                        {"meter", "clock", old.at(item), {}});
  event("meter_write", {{"item", item}, {"old", old.at(item)}, {"new", civil_text(to)}});
  co_await commit();
  if (!is_kept(item)) {
    const auto ahead = shown->time_since_epoch() - clock_.utc().time_since_epoch();
    written_.push_back({item, [this, ahead] { return clock_text(ahead); }});
  }
  co_await station_.meter().write(item, civil_text(to));
}

Task<> Trial::restore_items() {
  while (!written_.empty()) {
    std::string refused;
    try {
      co_await put_back(written_.back());
    } catch (const MeterRefused& error) {
      refused = error.what();
    }
    if (!refused.empty()) journal_unrestored(written_.back(), refused);
    written_.pop_back();
  }
}

// Content is read back: whether a meter says anything to an offer is its own affair.
// Whatever else the clause is about: the meter has to be as the run found it first.
Task<> Trial::put_back_left_behind() {
  while (left_behind_ && !left_behind_->empty()) {
    const Unrestored one = left_behind_->back();
    Written written{one.item, [old = one.old] { return old; }};
    written.writer = json{{"id", one.id}, {"attempt", one.attempt}};
    if (one.is_content) {
      written.content = bytes_from_hex(one.old);
    } else if (const auto shown = one.item == "clock" ? civil_from_text(one.old) : std::nullopt) {
      const auto ahead = shown->time_since_epoch() - one.written.time_since_epoch();
      written.value = [this, ahead] { return clock_text(ahead); };
    }
    std::string refused;
    try {
      co_await put_back(written);
    } catch (const MeterRefused& error) {
      refused = error.what();
    }
    if (!refused.empty()) journal_unrestored(written, refused);
    left_behind_->pop_back();
  }
}

// What the meter's clock has to show now to be so far ahead of the rig's.
std::string Trial::clock_text(Duration ahead) const {
  return civil_text(CivilTime(std::chrono::round<std::chrono::seconds>(clock_.utc().time_since_epoch() + ahead)));
}

Task<> Trial::put_back(Written written) {
  Cjt188Meter& meter = station_.meter();
  if (!written.content) {
    const std::string value = written.value();
    co_await meter.write(written.item, value);
    journal_restored(written, value);
    co_return;
  }
  co_await meter.offer(written.item, *written.content);
  const cjt188::Bytes is = co_await meter.bytes_of(written.item);
  if (is != *written.content)
    throw MeterRefused(fmt::format("{} reads {} after it was put back", written.item, to_hex(is)),
                       {"meter", written.item, to_hex(is), {}});
  journal_restored(written, to_hex(is));
}

void Trial::journal_restored(const Written& written, const std::string& value) {
  json body{{"item", written.item}, {"value", value}};
  if (!written.writer.is_null()) body["writer"] = written.writer;
  event("meter_restored", std::move(body));
}

void Trial::journal_unrestored(const Written& written, const std::string& why) {
  const std::string value = written.content ? to_hex(*written.content) : written.value();
  event("sample_left",
        {{"item", written.item},
         {"text",
          {{"zh", fmt::format("样品的 {} 未能恢复为 {}：{}", written.item, value, printable(why))},
           {"en", fmt::format("sample left with another {} than {}: {}", written.item, value, printable(why))}}}});
}

void Trial::left_unrestored(const std::string& why) {
  for (const Written& written : written_) journal_unrestored(written, why);
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

std::optional<Verdict> Trial::certificates() {
  std::vector<Verdict> found;
  for (const plan::Certificate& its : plan_.job.certificates) {
    if (!its.concerns(clause().id) || !its.is_about(dut())) continue;
    event("certificate", {{"number", printable(its.number)},
                          {"laboratory", printable(its.laboratory)},
                          {"date", its.date},
                          {"verdict", its.verdict},
                          {"file", printable(its.file)},
                          {"remark", printable(its.remark)},
                          {"sha256", journal_.add_blob(*its.content)}});
    const Verdict verdict = *record::verdict_from(its.verdict);
    found.push_back(only_recommended(verdict) ? Verdict::recorded : verdict);
  }
  if (found.empty()) return std::nullopt;
  verdicts_.insert(verdicts_.end(), found.begin(), found.end());
  return record::worst(std::span<const Verdict>(found));
}

void Trial::without_certificate() const {
  std::vector<std::string> others;
  for (const plan::Certificate& its : plan_.job.certificates)
    if (its.concerns(clause().id)) others.push_back(printable(its.number));
  const std::string of_others =
      others.empty() ? "" : fmt::format("; {} is about other samples", fmt::join(others, ", "));
  end(Verdict::not_tested,
      {"", "", "", 0,
       fmt::format("no certificate on {} for serial number {} (model {}){}; add one to `certificates` of the plan's "
                   "job, or of a job file for --job",
                   clause().id, dut().serial, dut().model, of_others)});
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
Verdict Trial::verdict() const {
  const Verdict all = record::worst(std::span<const Verdict>(verdicts_));
  return all == Verdict::pass && recommendation_missed_ ? Verdict::recorded : all;
}

}  // namespace meterrig::rig
