#include "rig/run/loans.hpp"

#include <algorithm>

#include "rig/record/canonical.hpp"

namespace meterrig::rig {

using nlohmann::json;

Patience::Patience(Clock& clock, CancelScope* parent, Duration limit)
    : clock_(clock),
      below_(parent),
      timer_(clock,
             [this] {
               over_ = true;
               below_.cancel("time limit");
             }),
      left_(limit) {
  resume();
}

void Patience::pause() {
  timer_.cancel();
  left_ -= clock_.now() - since_;
}

void Patience::resume() {
  since_ = clock_.now();
  timer_.at(since_ + left_);
}

void journal_waiting(record::Journal& journal, Clock& clock, const Station& station, const std::string& clause,
                     const std::vector<LeaseObstacle>& obstacles) {
  for (const LeaseObstacle& obstacle : obstacles)
    journal.append("lease", {{"station", station.name()},
                             {"sample", station.dut().sample},
                             {"id", clause},
                             {"role", obstacle.resource},
                             {"state", "waiting"},
                             {"held_by", obstacle.holder},
                             {"held_since", record::utc_text(clock.utc() - (clock.now() - obstacle.since))}});
}

void journal_lease(record::Journal& journal, const Station& station, const std::string& clause,
                   const LeaseRequest& request, const char* state, Duration waited) {
  for (const auto& [resource, mode] : request)
    journal.append("lease", {{"station", station.name()},
                             {"sample", station.dut().sample},
                             {"id", clause},
                             {"role", resource},
                             {"state", state},
                             {"waited_s", to_seconds(waited)}});
}

AttemptLoans::AttemptLoans(Station& station, const plan::PlannedClause& planned, const Procedure& procedure,
                           const Needs& needs, Others others, Lease lease)
    : station_(station),
      planned_(planned),
      procedure_(procedure),
      needs_(needs),
      others_(std::move(others)),
      at_start_(std::move(lease)) {
  if (procedure.gathered) settings_ = procedure.gathered->settings(planned.clause, station.dut());
}

std::vector<std::string> AttemptLoans::roles(bool later) const {
  std::vector<std::string> names;
  for (const std::string& role : procedure_.needs) {
    const plan::RoleBinding* const binding = station_.rig().binding(*station_.rig().station(station_.name()), role);
    const bool is_later = binding && needs_.later.contains(binding->instrument);
    if (is_later == later) names.push_back(role);
  }
  return names;
}

Task<> AttemptLoans::borrow() {
  if (borrowed_ || needs_.later.empty()) co_return;
  Clock& clock = trial_->clock();
  const std::string& id = planned_.clause.id;
  const Instant since = clock.now();
  LeaseWish wish;
  wish.holder = station_.name();
  wish.any_of.push_back(needs_.later);
  wish.midway = true;
  const LeaseTable::Waiting waiting = [&](const std::vector<LeaseObstacle>& obstacles) {
    journal_waiting(others_.journal, clock, station_, id, obstacles);
    for (const LeaseObstacle& obstacle : obstacles) others_.observer.waiting(station_, obstacle);
  };
  patience_->pause();
  LeaseGrant grant = co_await others_.leases.acquire(std::move(wish), waiting);
  patience_->resume();
  others_.observer.goes_on(station_);
  journal_lease(others_.journal, station_, id, needs_.later, "granted", clock.now() - since);
  borrowed_ = std::move(grant.lease);
  co_await station_.route(roles(true), true);
}

Task<> AttemptLoans::give_back() {
  if (!borrowed_) co_return;
  co_await others_.secure();
  co_await station_.route(roles(true), false);
  borrowed_.reset();
  journal_lease(others_.journal, station_, planned_.clause.id, needs_.later, "released", Duration::zero());
}

Task<> AttemptLoans::wait_out(Duration time) {
  patience_->pause();
  co_await sleep_for(time);
  patience_->resume();
}

Task<std::optional<double>> AttemptLoans::meet() {
  if (borrowed_) trial_->rig_fault("a procedure met other stations while it held what they may wait for");
  if (!others_.gathering || settings_.empty()) co_return std::nullopt;
  Gathering& gathering = *others_.gathering;
  std::vector<LeaseObstacle> missing;
  for (const std::string& other : gathering.missing())
    if (other != station_.name()) missing.push_back({procedure_.gathered->role, other, trial_->clock().now()});
  journal_waiting(others_.journal, trial_->clock(), station_, planned_.clause.id, missing);
  for (const LeaseObstacle& obstacle : missing) others_.observer.waiting(station_, obstacle);
  patience_->pause();
  const Gathering::Turn turn =
      co_await gathering.meet(station_.name(), settings_, seconds(procedure_.gathered->wait_max_s));
  patience_->resume();
  others_.observer.goes_on(station_);
  std::erase(settings_, turn.setting);
  if (turn.brings) co_await bring(turn.setting);
  co_return turn.setting;
}

Task<> AttemptLoans::bring(double setting) {
  std::exception_ptr failed;
  bool stopped = false;
  try {
    co_await procedure_.gathered->bring(*trial_, setting);
  } catch (const Cancelled&) {
    failed = std::current_exception();
    stopped = true;
  } catch (...) {
    failed = std::current_exception();
  }
  if (stopped)
    others_.gathering->passed_on();
  else
    others_.gathering->brought(failed);
  if (failed) std::rethrow_exception(failed);
}

}  // namespace meterrig::rig
