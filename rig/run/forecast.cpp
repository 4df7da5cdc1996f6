#include "rig/run/forecast.hpp"

#include <algorithm>

#include "rig/run/gathering.hpp"

namespace meterrig::rig {
namespace {

using Gatherings = std::map<std::string, std::unique_ptr<Gathering>>;

// One station's agenda, worked off in estimated time.
class ForecastWork final : public StationWork {
 public:
  ForecastWork(const RunSetup& setup, std::size_t station, Agenda& agenda, LeaseTable& leases, Gatherings& gatherings,
               VirtualClock& clock, std::vector<ForecastStep>& steps)
      : setup_(setup),
        station_(station),
        agenda_(agenda),
        leases_(leases),
        gatherings_(gatherings),
        clock_(clock),
        steps_(steps) {}

  bool settled(std::size_t place) const override {
    const Procedure* const procedure = agenda_.procedure(place);
    return !procedure || std::any_of(procedure->needs.begin(), procedure->needs.end(), [this](const auto& role) {
      return !setup_.rig.binding(setup_.rig.stations[station_], role);
    });
  }
  void waits(std::size_t, const std::vector<LeaseObstacle>& obstacles) override {
    for (const LeaseObstacle& obstacle : obstacles) waits_.push_back({obstacle, now_s(), 0});
  }
  void granted(std::size_t, const LeaseRequest&, Duration) override {}

  Task<> attempt(std::size_t place, Lease lease) override {
    for (ForecastWait& wait : waits_) wait.until_s = now_s();
    // Served in the same instant: nobody waited.
    std::erase_if(waits_, [](const ForecastWait& wait) { return wait.until_s == wait.from_s; });
    if (!settled(place)) co_await perform(place);
    lease.release();
    waits_.clear();
    agenda_.done(place);
    for (const auto& [role, gathering] : gatherings_)
      if (!agenda_.gathers(role)) gathering->leave(name());
  }

 private:
  const std::string& name() const { return setup_.rig.stations[station_].name; }
  double now_s() const { return to_seconds(clock_.now().time_since_epoch()); }

  Task<> perform(std::size_t place) {
    ForecastStep step{station_, place, now_s(), 0, {}};
    const Procedure& procedure = *agenda_.procedure(place);
    const ClauseTime time = estimated_time(setup_, station_, place);
    if (procedure.gathered) {
      co_await together(place, *procedure.gathered);
    } else {
      co_await sleep_for(seconds(time.before_s));
      Lease borrowed;
      if (!agenda_.needs(place).later.empty()) borrowed = co_await borrow(place);
      co_await sleep_for(seconds(time.later_s));
    }
    step.end_s = now_s();
    step.waits = waits_;
    steps_.push_back(std::move(step));
  }

  Task<Lease> borrow(std::size_t place) {
    LeaseWish wish;
    wish.holder = name();
    wish.any_of.push_back(agenda_.needs(place).later);
    wish.midway = true;
    const std::size_t first = waits_.size();
    const LeaseTable::Waiting waiting = [&](const auto& obstacles) { waits(place, obstacles); };
    LeaseGrant grant = co_await leases_.acquire(std::move(wish), waiting);
    for (std::size_t i = first; i < waits_.size(); ++i) waits_[i].until_s = now_s();
    co_return std::move(grant.lease);
  }

  Task<> together(std::size_t place, const Gathered& gathered) {
    const plan::Clause& clause = setup_.plan.clauses[place].clause;
    const plan::DutFile& dut = setup_.duts[station_];
    std::vector<double> left = gathered.settings(clause, dut);
    const double bringing_s = gathered.bring_s(clause, dut);
    const double own_s = agenda_.procedure(place)->estimate_s(clause, dut) / static_cast<double>(left.size());
    Gathering& gathering = *gatherings_.at(gathered.role);
    while (!left.empty()) {
      const std::size_t first = waits_.size();
      for (const std::string& other : gathering.missing())
        if (other != name()) waits_.push_back({{gathered.role, other, clock_.now()}, now_s(), 0});
      const Gathering::Turn turn = co_await gathering.meet(name(), left, seconds(gathered.wait_max_s));
      for (std::size_t i = first; i < waits_.size(); ++i) waits_[i].until_s = now_s();
      if (turn.brings) {
        co_await sleep_for(seconds(bringing_s));
        gathering.brought(nullptr);
      }
      std::erase(left, turn.setting);
      Lease borrowed;
      if (!agenda_.needs(place).later.empty()) borrowed = co_await borrow(place);
      co_await sleep_for(seconds(own_s));
    }
  }

  const RunSetup& setup_;
  std::size_t station_;
  Agenda& agenda_;
  LeaseTable& leases_;
  Gatherings& gatherings_;
  VirtualClock& clock_;
  std::vector<ForecastStep>& steps_;
  std::vector<ForecastWait> waits_;
};

}  // namespace

Forecast forecast(const RunSetup& setup) {
  Forecast result;
  VirtualClock clock;
  CancelScope scope;
  LeaseTable leases;
  std::vector<Agenda> agendas;
  for (std::size_t i = 0; i < setup.duts.size(); ++i) agendas.emplace_back(setup, i);
  Gatherings gatherings = gatherings_of(setup, agendas, clock);
  std::vector<std::unique_ptr<ForecastWork>> works;
  TaskGroup group(clock, &scope);
  for (std::size_t i = 0; i < agendas.size(); ++i) {
    works.push_back(std::make_unique<ForecastWork>(setup, i, agendas[i], leases, gatherings, clock, result.steps));
    group.spawn(work_off(agendas[i], setup.rig.stations[i].name, leases, scope, *works.back()));
  }
  clock.run_until([&] { return group.done(); });
  meterrig::run(clock, scope, group.join());
  result.duration_s = to_seconds(clock.now().time_since_epoch());
  std::stable_sort(result.steps.begin(), result.steps.end(), [](const ForecastStep& a, const ForecastStep& b) {
    return a.begin_s != b.begin_s ? a.begin_s < b.begin_s : a.station < b.station;
  });
  result.bound = lower_bound(
      demands_of(setup, [&](std::size_t station, std::size_t place) { return estimated_time(setup, station, place); }));
  return result;
}

}  // namespace meterrig::rig
