#include "rig/run/run.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "rig/run/forecast.hpp"
#include "rig/run/interlocks.hpp"
#include "rig/run/run_facts.hpp"
#include "rig/run/sequencer.hpp"
#include "rig/run/shared_equipment.hpp"

namespace meterrig::rig {

struct Run::Impl {
  Impl(RunSetup given, Observer& watcher) : setup(std::move(given)), observer(watcher) {}

  RunSetup setup;
  Observer& observer;
  std::string run_id;
  std::unique_ptr<record::Journal> journal;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<Instruments> instruments;
  std::unique_ptr<MeterProfile> meter_profile;
  std::vector<std::unique_ptr<Station>> stations;
  Stops stops;
  LeaseTable leases;
  record::RunState run_state = record::RunState::running;

  Task<> open_stations();
  Task<> refuse(const std::string& reason);
  Task<> check_instruments();
  void open_journal();
  Task<> identify_again();
  void begin();
  Task<> finish(Interlocks& interlocks);
  Task<> check_contacts(Interlocks& interlocks);
  std::shared_ptr<Ambient> ambient;
};

Run::Run(RunSetup setup, Observer& observer) : impl_(std::make_unique<Impl>(std::move(setup), observer)) {
  impl_->run_id = run_id(impl_->setup);
}
Run::~Run() = default;

const std::string& Run::id() const noexcept { return impl_->run_id; }
record::RunState Run::state() const noexcept { return impl_->run_state; }
const record::Journal& Run::journal() const { return *impl_->journal; }
const LeaseTable& Run::leases() const noexcept { return impl_->leases; }
int Run::stops() const noexcept { return impl_->stops.requested; }
void Run::check() const { check_setup(impl_->setup); }

void Run::stop(const std::string& by) {
  Stops& stops = impl_->stops;
  if (++stops.requested > 2 || !impl_->journal || impl_->run_state != record::RunState::running) return;
  impl_->journal->append("stop_requested", {{"level", stops.requested}, {"by", by}});
  (stops.requested == 1 ? stops.work : stops.teardown).cancel("stopped by " + by);
}

void Run::warn(const std::string& zh, const std::string& en) {
  if (impl_->journal && impl_->run_state == record::RunState::running)
    impl_->journal->append("note", {{"text", {{"zh", zh}, {"en", en}}}});
  impl_->observer.alarm(zh, en);
}

// Shared equipment first; a station whose own instrument is silent does not keep the others from working.
Task<> Run::Impl::open_stations() {
  const Station::Shared shared = co_await open_shared_equipment(*instruments);
  ambient = shared.ambient;
  for (std::size_t i = 0; i < setup.duts.size(); ++i)
    stations.push_back(std::make_unique<Station>(setup.rig.stations[i].name, static_cast<int>(i) + 1, setup.duts[i],
                                                 setup.rig, *meter_profile, shared));
}

Task<> Run::Impl::refuse(const std::string& reason) {
  // What stands in the journal of a run that does not go on stays as it is.
  if (setup.resumption) {
    run_state = record::RunState::interrupted;
    throw UserError(reason);
  }
  nlohmann::json body = run_started_body(setup, run_id, instruments->list());
  body["reason"] = reason;
  journal->append("run_refused", std::move(body));
  co_await committer->commit();
  run_state = record::RunState::refused;
  throw UserError(reason);
}

void Run::Impl::open_journal() {
  if (setup.resumption) {
    run_id = setup.resumption->run();
    journal = std::make_unique<record::Journal>(
        record::Journal::reopen(setup.store, setup.clock, run_id, setup.resumption->head()));
    return;
  }
  run_id = fresh_run_id(setup, run_id);
  journal = std::make_unique<record::Journal>(
      setup.store, setup.clock, run_id,
      setup.clock.is_virtual() ? record::OnExisting::match : record::OnExisting::refuse);
}

// One record, one set of instruments: a rig that was rebuilt meanwhile has to begin anew.
Task<> Run::Impl::identify_again() {
  const std::string other = other_instrument(setup.resumption->opening(), instruments->list());
  if (!other.empty()) co_await refuse(fmt::format("run {} can't go on: {}", run_id, other));
}

// What only the instruments themselves can say and the plan depends on: the gauge's resolution (CJ/T 503-2016 6.9).
Task<> Run::Impl::check_instruments() {
  for (const plan::PlannedClause& planned : setup.plan.clauses) {
    if (planned.clause.procedure != "whole_meter_tightness") continue;
    for (const auto& station : stations) {
      if (!station->ready() || !station->is_open("gauge")) continue;
      const double finest = planned.clause.number("gauge_resolution_max_pa", station->dut());
      double resolution = 0;
      try {
        resolution = co_await run_in(stops.work, station->gauge().resolution_pa());
      } catch (const Error&) {
        continue;  // the clause asks again, and says what is missing
      } catch (const Cancelled&) {
        co_return;
      }
      if (resolution > finest && setup.override_by.empty()) {
        co_await refuse(fmt::format(
            "station {}: the gauge resolves {:g} Pa, and {} needs {:g} Pa or better; use another gauge, or leave the "
            "clause out with --only",
            station->name(), resolution, planned.clause.id, finest));
      }
    }
  }
}

void Run::Impl::begin() {
  if (!setup.resumption) {
    for (const auto* photos : {&setup.plan.job.receipt_photos, &setup.plan.job.sampling_photos})
      for (const plan::Attachment& photo : *photos) (void)journal->add_blob(*photo.content);
    journal->append("run_started", run_started_body(setup, run_id, instruments->list()));
    return;
  }
  nlohmann::json body{{"after", setup.resumption->after()},
                      {"software", {{"version", setup.version}, {"build", setup.build}}},
                      {"instruments", instruments->list()}};
  if (!setup.resumption->by().empty()) body["by"] = setup.resumption->by();
  journal->append("run_resumed", std::move(body));
}

// A rig whose emergency stop is pressed does not start.
Task<> Run::Impl::check_contacts(Interlocks& interlocks) {
  std::string why;
  try {
    co_await run_in(stops.work, interlocks.check_contacts());
  } catch (const UserError& error) {
    why = error.what();
  } catch (const Cancelled&) {
  }
  if (!why.empty()) co_await refuse(why);
}

Task<> Run::Impl::finish(Interlocks& interlocks) {
  std::vector<OutputState> all;
  for (const auto& station : stations) {
    const std::vector<OutputState> its = co_await station->make_safe(station->output_roles());
    all.insert(all.end(), its.begin(), its.end());
    if (station->commissioned) journal->append("sample_left", left_body(*station));
  }
  journal->append("safe_state", {{"reason", "end of run"}, {"outputs", outputs_json(all)}});
  co_await interlocks.end();
  run_state = stops.requested > 0 ? record::RunState::aborted : record::RunState::finished;
  const record::Verdict verdict = fold_verdict(journal->events(), run_state);
  journal->append("run_ended", {{"state", record::word(run_state)}, {"verdict", record::word(verdict)}});
  co_await committer->commit();
  observer.run_ended(run_state, verdict);
  co_await instruments->take_leave();
}

Task<> Run::execute() {
  Impl& m = *impl_;
  m.open_journal();
  m.committer = std::make_unique<Committer>(m.setup.clock, *m.journal, m.setup.store, [this](const std::string& why) {
    if (impl_->stops.requested == 0) stop("the store: " + why);
  });
  m.instruments = std::make_unique<Instruments>(m.setup.clock, m.setup.loader, m.setup.rig, m.setup.connector);
  m.meter_profile = std::make_unique<MeterProfile>(json::to_json(m.setup.loader.meter(m.setup.duts.front().profile)));

  const Context context = co_await current_context{};
  std::exception_ptr failed;
  try {
    co_await run_in(m.stops.work, m.open_stations());
  } catch (const Cancelled&) {
    // Stopped before anything was opened: the record says so, and nothing was switched on.
  } catch (const Error&) {
    failed = std::current_exception();
  }
  if (failed) {
    std::string why;
    try {
      std::rethrow_exception(failed);
    } catch (const Error& error) {
      why = error.what();
    }
    co_await m.refuse("the rig's shared equipment does not work: " + printable(why));
  }
  Sequencer sequencer(m.setup, *m.journal, *m.committer, m.leases, m.stops, m.observer, *m.instruments,
                      m.ambient.get());
  for (const auto& station : m.stations) co_await sequencer.make_ready(*station);
  if (m.setup.resumption) co_await m.identify_again();
  co_await m.check_instruments();

  m.begin();
  co_await m.committer->commit();
  // A program that was killed may have left outputs on. What stays unsafe is tried again before the first clause.
  for (const auto& station : m.stations) co_await sequencer.secure(*station);
  Interlocks interlocks(m.setup, *m.journal, m.stops, m.observer, *m.instruments, m.stations,
                        [&sequencer](Station& station, std::string reason) -> Task<> {
                          co_await sequencer.safe_state(station, std::move(reason));
                        });
  co_await m.check_contacts(interlocks);
  interlocks.start();
  m.observer.run_started(m.run_id, forecast(m.setup).duration_s);
  TaskGroup group(*context.clock, context.scope);
  // A verdict that could not be recorded ends its station's part; the others end with the stop that it was.
  auto part = [](Sequencer& through, Station& station) -> Task<> {
    try {
      co_await through.station(station);
    } catch (const record::StoreError&) {
    }
  };
  for (const auto& station : m.stations) group.spawn(part(sequencer, *station));
  co_await group.join();
  co_await m.finish(interlocks);
}

void drive(Run& run, Clock& clock, const std::function<int()>& stop_requests) {
  CancelScope scope;
  TaskGroup group(clock, &scope);
  group.spawn(run.execute());
  clock.run_until([&] {
    while (stop_requests && run.stops() < std::min(2, stop_requests())) run.stop("operator");
    return group.done();
  });
  meterrig::run(clock, scope, group.join());
}

}  // namespace meterrig::rig
