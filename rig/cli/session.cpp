#include "rig/cli/session.hpp"

#include <fmt/format.h>

#include "rig/cli/version.hpp"
#include "rig/record/record_fold.hpp"
#include "rig/run/run_facts.hpp"

namespace meterrig::cli {

namespace {

namespace fs = std::filesystem;

std::unique_ptr<Clock> clock_for(const RunFiles& files, const rig::Resumption* resumption) {
  if (files.virtual_clock)
    return std::make_unique<VirtualClock>(resumption ? resumption->last() : files.plan.epoch);
  if (files.choices.own.stepped_utc)
    throw UserError("R7 steps the virtual clock, and this rig runs on the wall clock; use a rig that is all virtual");
  return std::make_unique<WallClock>(files.rig.time_scale);
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

}  // namespace

rig::RunSetup setup_of(RunFiles& files, const RunOptions& options, Clock& clock, rig::Connector& connector,
                       record::JournalStore& store) {
  return {.clock = clock,
          .loader = files.loader,
          .plan = files.plan,
          .rig = files.rig,
          .duts = files.duts,
          .procedures = files.procedures,
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

DryRun::DryRun(RunFiles& files, const RunOptions& options)
    : clock_(files.plan.epoch),
      connector_(clock_, nullptr, nullptr),
      setup_(setup_of(files, options, clock_, connector_, store_)) {
  rig::Observer nobody;
  rig::Run(setup_, nobody).check();
}

Session::Session(RunFiles& files, const RunOptions& options, const rig::Resumption* resumption)
    : files_(files),
      options_(options),
      resumption_(resumption),
      clock_(clock_for(files, resumption)),
      wall_(dynamic_cast<WallClock*>(clock_.get())),
      store_(options.data),
      killing_(store_) {
  if (files.choices.own.expired_calibration)
    expire_calibration(files.rig, files.choices.own.expired_station, clock_->utc());
  bench_ = make_bench(*clock_, files.loader.path(), files.rig, files.duts, files.choices, options.seed);
  if (resumption_) {
    // What befell the program was in its first life.
    files_.choices.own.killed = files_.choices.own.stepped_utc = false;
    take_up_bench();
  } else {
    store_.next_words(words_text(options));
  }
}

void Session::take_up_bench() {
  if (!bench_) return;
  for (std::size_t i = 0; i < files_.duts.size(); ++i) {
    const nlohmann::json kept = resumption_->bench(files_.duts[i].sample);
    if (!kept.is_null()) bench_->take_up(static_cast<int>(i) + 1, kept);
  }
}

Session::~Session() = default;

void Session::request_stop() {
  stops_.fetch_add(1);
  // Its loop may be asleep.
  if (wall_) wall_->post([] {});
}

void Session::listen_to_signals() {
  if (wall_)
    wall_->on_signal({std::begin(stop_signals), std::end(stop_signals)}, [this](int) { ++stops_; });
  else
    signals_ = std::make_unique<StopSignals>();
}

int Session::stops() const { return stops_.load() + (signals_ ? StopSignals::count() : 0); }

// R7: as a time server does that corrects a computer's clock.
void Session::step_utc_once() {
  auto* const clock = dynamic_cast<VirtualClock*>(clock_.get());
  if (stepped_ || !clock || clock->now().time_since_epoch() < 2min) return;
  clock->step_utc(90s);
  stepped_ = true;
}

std::string Session::execute(rig::Observer& observer, const std::function<void(const rig::Run&)>& begun) {
  // Outlives the connections: without a goodbye it waits for the other process, which needs the instruments.
  std::unique_ptr<Watchdog> watchdog;
  BenchConnector connector(*clock_, bench_.get(), wall_,
                           [this](const std::string& member, LinkPeer& own) { return interpose(member, own); });
  record::JournalStore& store = files_.choices.own.killed ? static_cast<record::JournalStore&>(killing_) : store_;
  rig::RunSetup setup = setup_of(files_, options_, *clock_, connector, store);
  setup.resumption = resumption_;
  if (bench_) setup.world = [this](int station) { return bench_->kept(station); };
  rig::Run run(setup, observer);
  if (begun) begun(run);
  try {
    run.check();
  } catch (const UserError& wrong) {
    if (!resumption_) leave_refusal(setup, run.id(), wrong.what());
    throw;
  }
  watchdog = start_watchdog(run);
  try {
    rig::drive(run, *clock_, [this] {
      if (files_.choices.own.stepped_utc) step_utc_once();
      return stops();
    });
  } catch (const UserError&) {
    if (watchdog) watchdog->goodbye();
    throw;
  }
  if (watchdog) watchdog->goodbye();
  return run.id();
}

// Null when nothing real can be live. Any other end than an orderly one leaves it to the watchdog to switch off.
std::unique_ptr<Watchdog> Session::start_watchdog(rig::Run& run) {
  if (!wall_ || files_.rig.all_virtual()) return nullptr;
  const fs::path log = options_.data / fmt::format("watchdog-{}.log", run.id());
  std::vector<std::string> words = watchdog_words(files_.rig, files_.duts, run.id(), fs::absolute(log));
  words.insert(words.end(), {"--limit", fmt::format("{:g}", files_.rig.watchdog_s)});
  Watchdog::Listener listener;
  listener.lost = [&run](const std::string& zh, const std::string& en) { run.warn(zh, en); };
  listener.hopeless = [&run](const std::string& zh, const std::string& en) {
    run.warn(zh, en);
    run.stop("the loss of the watchdog");
  };
  return std::make_unique<Watchdog>(*wall_, std::move(words), std::move(listener));
}

LinkPeer* Session::interpose(const std::string& member, LinkPeer& own) {
  if (files_.answers.observations.empty() || member != "operator") return nullptr;
  answering_ = std::make_unique<AnsweringOperator>(*clock_, own, files_.answers);
  return answering_.get();
}

}  // namespace meterrig::cli
