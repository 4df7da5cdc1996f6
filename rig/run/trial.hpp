#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/civil_time.hpp"
#include "instruments/uncertainty.hpp"
#include "instruments/waveform.hpp"
#include "rig/plan/plan.hpp"
#include "rig/record/journal.hpp"
#include "rig/record/verdict.hpp"
#include "rig/run/committer.hpp"
#include "rig/run/decision.hpp"
#include "rig/run/resumption.hpp"
#include "rig/run/station.hpp"

namespace meterrig::rig {

// Bytes as text that a record may hold: what is not UTF-8, and control characters, as \xNN.
std::string printable(std::string_view bytes);

// Why a clause has the verdict that it has, where a measurement does not say it.
struct Cause {
  std::string instrument;
  std::string command;
  std::string got;
  double after_s = 0;
  std::string text;
  static Cause of(const Error& error);
  nlohmann::json json() const;
};

// Thrown by a procedure to end its trial with a verdict of its own.
struct TrialEnded {
  record::Verdict verdict;
  Cause cause;
};

// Another admissible reading of the standard, and the value under it.
struct OtherReading {
  std::string zh;
  std::string en;
  double value = 0;
};

// What a verdict rests on, besides the value and its limit. Where another reading turns the verdict, or a failure comes
// from parameters that the standard leaves open, the result is inconclusive until the job's agreements name the
// measurement (or the parameter); both results are in the record.
struct Basis {
  std::vector<OtherReading> others = {};
  std::vector<std::string> parameters = {};  // of the clause; those that decide a failure
};

// A point of a figure, exact or measured, each number as text. The points of a series belong together.
struct FigurePoint {
  std::string figure;  // "price_over_usage": what the report knows how to draw
  std::string series;  // "measured", "expected"
  std::string x, x_unit;
  std::string y, y_unit;
  std::string zh = {}, en = {};  // what it is called; may be empty
};

// What an attempt has to do with the other stations.
class Loans {
 public:
  virtual ~Loans() = default;
  virtual Task<> borrow() = 0;
  virtual Task<> give_back() = 0;
  virtual Task<std::optional<double>> meet() = 0;
  virtual Task<> wait_out(Duration time) = 0;
};

// One attempt of one clause on one sample: the parameters that it runs with, and the only way to say what was found.
// Every reading goes to the journal before it is judged; no procedure names a limit.
class Trial {
 public:
  Trial(Clock& clock, Station& station, const plan::PlannedClause& planned, const plan::Plan& plan,
        record::Journal& journal, Committer& committer, int attempt);

  Station& station() noexcept { return station_; }
  const plan::DutFile& dut() const noexcept { return station_.dut(); }
  const plan::Clause& clause() const noexcept { return planned_.clause; }
  int attempt() const noexcept { return attempt_; }

  // Parameters, from the plan, the DUT file or the standard's file. Units are in the names.
  double number(const std::string& name) const;
  Duration time(const std::string& name) const { return seconds(number(name)); }
  const std::vector<double>& list(const std::string& name) const { return clause().list(name); }

  // Holds a value against the clause's limit of that name, in that limit's unit, which is the budget's; without a limit
  // for this DUT it is recorded.
  record::Verdict measure(const std::string& name, double value, const Budget& budget, const Basis& basis = {});
  // The same against a limit that comes with the call: a laboratory's own procedure has no standard that knows it.
  record::Verdict measure(const plan::Limit& limit, double value, const Budget& budget, const Basis& basis = {});
  // A value that the clause is about, without a limit: it is recorded, and so is the clause.
  record::Verdict observe(const std::string& name, double value, const Budget& budget);
  // Exact quantities: counts, flags, compared data.
  record::Verdict count(const std::string& name, std::int64_t value, const Basis& basis = {});
  // An exact decimal, as text, against the exact limit of that name and in its unit; without a limit for this DUT it is
  // recorded.
  record::Verdict exact(const std::string& name, const std::string& value, const Basis& basis = {});
  // A reading beyond its instrument's range, or of a meter that drags the rig's good supply or pressure away.
  record::Verdict one_sided(const std::string& name, bool more, double bound, const std::string& unit);
  // A reading that should be there and is not.
  void missing(const std::string& name, const std::string& reason);
  // A value without a limit: counted or set, or measured with a budget.
  void record(const std::string& name, double value, const std::string& unit);
  void record(const std::string& name, double value, const Budget& budget);
  void record_text(const std::string& name, const std::string& value, const std::string& unit = "1");
  // A point of a figure, for the report.
  void point(const FigurePoint& point);
  void note(const std::string& zh, const std::string& en);
  void deviation(const std::string& zh, const std::string& en);
  // How far it has come: with the next commit() a run that is cut off later goes on from here. `state` is what
  // earlier() gives then.
  void checkpoint(nlohmann::json state);
  // The last acknowledged checkpoint of an attempt that was cut off and that this one goes on with; null: none.
  const nlohmann::json& earlier() const noexcept { return earlier_; }
  // An event of this trial with a body of the procedure's own (prompt, answer, meter_write, ...).
  void event(std::string_view type, nlohmann::json body);
  // Writes a data item of the meter and journals it with the old value first; it is written back when the clause ends
  // (semantics: the sample afterwards).
  Task<> write_item(std::string item, std::string value);
  // Registers the item's content, as it is now, to be written back when the clause ends; once for each item. Before
  // what may leave it otherwise: offers of one's own, frames sent as they are.
  Task<> keep(std::string item);
  // Offers content (low byte first) for a kept item, legal or not, and journals it.
  Task<Cjt188Meter::Answer> offer(std::string item, cjt188::Bytes content);
  // Writes what no writing back undoes (a purchase); say with leaves() what that leaves.
  Task<> write_for_good(std::string item, std::string value);
  // What the sample is left with that nobody can take back, under a name: the last word on it counts, and is journaled
  // as `sample_left` when the clause ends, however it ends. Empty texts take it back.
  void leaves(const std::string& name, const std::string& zh, const std::string& en);
  void journal_left();
  // Moves the meter's clock (its item `clock`). When the clause ends it is set as far off the rig's clock as it was
  // found. Throws MeterRefused for a meter that does not let it be moved so far.
  Task<> move_clock(CivilTime to);
  // What an earlier part of this run left written in this meter is written back; once the meter has said who it is.
  Task<> put_back_left_behind();
  // Writes back, last first. What the meter refuses is journaled as `sample_left`. Throws what the link throws.
  Task<> restore_items();
  // Journals what could not be written back as `sample_left`.
  void left_unrestored(const std::string& why);
  bool wrote_items() const noexcept { return !written_.empty(); }
  // Keeps a waveform or trace as evidence of the run.
  void evidence(const std::string& name, const std::string& unit, Utc start, double interval_s,
                const std::vector<double>& values);
  // A digitised current, without loss: a recording (rig/record/recording.hpp). `start`: of its first sample.
  void evidence(const std::string& name, Utc start, const Waveform& waveform);

  // What the job's certificates say of this clause and this sample, each journaled with its paper as evidence; the
  // worst of them, which has its part in this trial's verdict. None: the job has no such certificate.
  std::optional<record::Verdict> certificates();
  // Ends it not tested, and says what to add where.
  [[noreturn]] void without_certificate() const;

  // The durable barrier: before a person is asked, after the answer, at what can't be repeated.
  Task<> commit();
  Clock& clock() const noexcept { return clock_; }

  // Waits for what the procedure says that it needs `later`, as far as stations share it; once.
  Task<> borrow() { return loans_->borrow(); }
  // Makes safe and gives back what was borrowed, before the end of the attempt does.
  Task<> give_back() { return loans_->give_back(); }
  // Of a gathered procedure: waits for the other stations and until the thing is at the next setting, which it gives;
  // nothing when all settings were had. Nothing borrowed may be held.
  Task<std::optional<double>> meet() { return loans_->meet(); }
  // A wait that somebody agreed to, and that no estimate foresees: the clause may take so much longer.
  Task<> wait_out(Duration time) { return loans_->wait_out(time); }
  void lend(Loans& loans) noexcept { loans_ = &loans; }

  // Of a run that goes on, and of a bench whose state its checkpoints keep; see RunSetup. `left_behind` outlives it.
  void go_on(nlohmann::json earlier, std::vector<Unrestored>* left_behind);
  void keep_world(std::function<nlohmann::json(int station)> world) { world_ = std::move(world); }

  [[noreturn]] void end(record::Verdict verdict, Cause cause) const { throw TrialEnded{verdict, std::move(cause)}; }
  [[noreturn]] void rig_fault(const std::string& text) const;
  [[noreturn]] void inconclusive(const std::string& text) const;

  // The worst of what was measured so far; not_tested when nothing was.
  record::Verdict verdict() const;

 private:
  nlohmann::json head() const;
  bool only_recommended(record::Verdict verdict);
  void add_series(const std::string& name, const std::string& unit, Utc start, double interval_s, std::size_t samples,
                  const std::string& digest, nlohmann::json more);
  record::Verdict judge(const std::string& name, nlohmann::json body, const plan::Limit& limit, Decision decision,
                        const Basis& basis, double expanded_uncertainty);
  bool agreed(const std::string& name) const;
  bool other_readings_differ(const Basis& basis, const plan::Limit& limit, const Decision& decision,
                             double expanded_uncertainty, nlohmann::json& body) const;
  std::vector<std::string> defaults_behind(const std::string& name, const plan::Limit& limit, const Basis& basis) const;

  Clock& clock_;
  Station& station_;
  const plan::PlannedClause& planned_;
  const plan::Plan& plan_;
  record::Journal& journal_;
  Committer& committer_;
  int attempt_;
  Loans* loans_ = nullptr;  // outlives the procedure
  std::vector<record::Verdict> verdicts_;
  bool recommendation_missed_ = false;
  // An item and what it is to be written with at the end: a value, or content of its bytes.
  struct Written {
    std::string item;
    std::function<std::string()> value;
    std::optional<cjt188::Bytes> content = std::nullopt;
    nlohmann::json writer = nullptr;  // clause and attempt, where it is not this one
  };
  bool is_kept(const std::string& item) const;
  std::string clock_text(Duration ahead) const;
  Task<> put_back(Written written);
  void journal_restored(const Written& written, const std::string& value);
  void journal_unrestored(const Written& written, const std::string& why);
  std::vector<Written> written_;
  std::map<std::string, nlohmann::json> left_;  // texts, by name
  nlohmann::json earlier_;
  std::vector<Unrestored>* left_behind_ = nullptr;
  std::function<nlohmann::json(int station)> world_;
};

}  // namespace meterrig::rig
