#include "rig/cli/run_session.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "core/io/transport/wall_clock.hpp"
#include "rig/cli/connector.hpp"
#include "rig/cli/forecast_text.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/cli/print.hpp"
#include "rig/cli/progress.hpp"
#include "rig/cli/signals.hpp"
#include "rig/cli/store_hooks.hpp"
#include "rig/cli/version.hpp"
#include "rig/cli/watchdog.hpp"
#include "rig/record/memory_store.hpp"
#include "rig/record/record_fold.hpp"
#include "rig/record/sqlite_store.hpp"
#include "rig/run/run.hpp"
#include "rig/run/run_facts.hpp"
#include "testcases/list.hpp"

namespace meterrig::cli {

namespace {

// The clock of a run, and who asks it to stop.
class Pace {
 public:
  explicit Pace(const RunFiles& files) {
    if (files.virtual_clock) {
      clock_ = std::make_unique<VirtualClock>(files.plan.epoch);
      signals_ = std::make_unique<StopSignals>();
      return;
    }
    if (files.choices.own.stepped_utc)
      throw UserError("R7 steps the virtual clock, and this rig runs on the wall clock; use a rig that is all virtual");
    auto wall = std::make_unique<WallClock>(files.rig.time_scale);
    wall_ = wall.get();
    wall_->on_signal({std::begin(stop_signals), std::end(stop_signals)}, [this](int) { ++stops_; });
    clock_ = std::move(wall);
  }
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;
  Clock& clock() { return *clock_; }
  WallClock* wall() { return wall_; }
  // R7: as a time server does that corrects a computer's clock.
  void step_utc_once() {
    auto* const clock = dynamic_cast<VirtualClock*>(clock_.get());
    if (stepped_ || !clock || clock->now().time_since_epoch() < 2min) return;
    clock->step_utc(90s);
    stepped_ = true;
  }
  int stops() const { return wall_ != nullptr ? stops_ : StopSignals::count(); }

 private:
  int stops_ = 0;
  bool stepped_ = false;
  std::unique_ptr<Clock> clock_;
  WallClock* wall_ = nullptr;
  std::unique_ptr<StopSignals> signals_;
};

rig::RunSetup setup_of(RunFiles& files, const RunOptions& options, Clock& clock, rig::Connector& connector,
                       record::JournalStore& store) {
  return {.clock = clock,
          .loader = files.loader,
          .plan = files.plan,
          .rig = files.rig,
          .duts = files.duts,
          .procedures = testcases::all(),
          .connector = connector,
          .store = store,
          .seed = options.seed,
          .version = version(),
          .build = build(),
          .simulation = files.simulation,
          .override_by = options.override_by,
          .operator_name = files.answers.operator_name,
          .inputs = files.inputs};
}

// A run that may not start gets a record too, with the reason (semantics: a run that can't start).
void leave_refusal(const rig::RunSetup& setup, const std::string& id, const std::string& reason) {
  try {
    const std::string fresh = rig::fresh_run_id(setup, id);
    record::Journal journal(setup.store, setup.clock, fresh, record::OnExisting::refuse);
    nlohmann::json body = rig::run_started_body(setup, fresh, {});
    body["reason"] = reason;
    journal.append("run_refused", std::move(body));
    journal.commit();
  } catch (const Error&) {
    // The message that the user gets says more than that its record is missing.
  }
}

class Session {
 public:
  Session(RunFiles& files, const RunOptions& options)
      : files_(files),
        options_(options),
        language_(language_of(options.lang)),
        out_(options.record == "-" ? stderr : stdout),
        pace_(files),
        store_(options.data),
        killing_(store_) {
    if (files.choices.own.expired_calibration) {
      expire_calibration(files.rig, files.choices.own.expired_station, pace_.clock().utc());
    }
    bench_ = make_bench(pace_.clock(), files.loader.path(), files.rig, files.duts, files.choices, options.seed);
  }

  int execute() {
    // Outlives the connections: without a goodbye it waits for the other process, which needs the instruments.
    std::unique_ptr<Watchdog> watchdog;
    BenchConnector connector(pace_.clock(), bench_.get(), pace_.wall(),
                             [this](const std::string& member, LinkPeer& own) { return interpose(member, own); });
    record::JournalStore& store = files_.choices.own.killed ? static_cast<record::JournalStore&>(killing_) : store_;
    const rig::RunSetup setup = setup_of(files_, options_, pace_.clock(), connector, store);
    std::string id;
    {
      const auto progress =
          make_progress(out_, {pace_.clock(), files_.plan, files_.rig, files_.duts.size(), language_});
      rig::Run run(setup, *progress);
      try {
        run.check();
      } catch (const UserError& wrong) {
        leave_refusal(setup, run.id(), wrong.what());
        throw;
      }
      watchdog = start_watchdog(run);
      try {
        rig::drive(run, pace_.clock(), [this] {
          if (files_.choices.own.stepped_utc) pace_.step_utc_once();
          return pace_.stops();
        });
      } catch (const UserError&) {
        if (watchdog) watchdog->goodbye();
        throw;
      }
      if (watchdog) watchdog->goodbye();
      id = run.id();
    }
    return finish(id);
  }

 private:
  // Null when nothing real can be live. Any other end than an orderly one leaves it to the watchdog to switch off.
  std::unique_ptr<Watchdog> start_watchdog(rig::Run& run) {
    if (pace_.wall() == nullptr || files_.rig.all_virtual()) return nullptr;
    std::vector<std::string> words{files_.rig.file};
    for (const plan::DutFile& dut : files_.duts) words.insert(words.end(), {"--dut", dut.file});
    const fs::path log = options_.data / fmt::format("watchdog-{}.log", run.id());
    words.insert(words.end(), {"--run", run.id(), "--log", fs::absolute(log).string(), "--limit",
                               fmt::format("{:g}", files_.rig.watchdog_s)});
    Watchdog::Listener listener;
    listener.lost = [&run](const std::string& zh, const std::string& en) { run.warn(zh, en); };
    listener.hopeless = [&run](const std::string& zh, const std::string& en) {
      run.warn(zh, en);
      run.stop("the loss of the watchdog");
    };
    return std::make_unique<Watchdog>(*pace_.wall(), std::move(words), std::move(listener));
  }

  LinkPeer* interpose(const std::string& member, LinkPeer& own) {
    if (files_.answers.observations.empty() || member != "operator") return nullptr;
    answering_ = std::make_unique<AnsweringOperator>(pace_.clock(), own, files_.answers);
    return answering_.get();
  }

  int finish(const std::string& id) {
    if (files_.choices.own.altered_record) alter_stored_event(options_.data, id);
    const auto record = verified_record(store_, id, language_);
    if (!record) return broken_record;
    const fs::path record_file = keep_record(store_, options_.data, id, *record);
    const fs::path report_file = options_.data / "reports" / (id + ".html");
    const std::string text = record_text(*record);
    if (options_.record == "-") {
      std::fwrite(text.data(), 1, text.size(), stdout);
    } else if (!options_.record.empty()) {
      write_file(options_.record, text);
    }
    put(out_, fmt::format("\n{}\n", summary_text(*record, language_)));
    const bool reported = render_report(files_.loader.path(), record_file, report_file, Language::both);
    put(out_, fmt::format("{} {}\n", say(language_, "记录", "record"), record_file.string()));
    if (reported) put(out_, fmt::format("{} {}\n", say(language_, "报告", "report"), report_file.string()));
    return record::exit_code(*record);
  }

  RunFiles& files_;
  const RunOptions& options_;
  Language language_;
  std::FILE* out_;
  Pace pace_;
  record::SqliteStore store_;
  KillingStore killing_;
  std::unique_ptr<bench::Bench> bench_;
  std::unique_ptr<AnsweringOperator> answering_;
};

}  // namespace

int run_session(RunFiles files, const RunOptions& options) {
  // Before hours of testing, not after them.
  if (!options.record.empty() && options.record != "-") write_file(options.record, "");
  return Session(files, options).execute();
}

int show_estimate(RunFiles files, const RunOptions& options) {
  VirtualClock clock(files.plan.epoch);
  record::MemoryStore store;
  BenchConnector connector(clock, nullptr, nullptr);
  rig::Observer nobody;
  const rig::RunSetup setup = setup_of(files, options, clock, connector, store);
  rig::Run(setup, nobody).check();
  const rig::Forecast forecast = rig::forecast(setup);
  put(stdout, options.json ? forecast_json(setup, forecast).dump(2) + "\n"
                           : forecast_text(setup, forecast, language_of(options.lang)));
  return 0;
}

}  // namespace meterrig::cli
