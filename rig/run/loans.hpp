#pragma once

#include <functional>
#include <memory>

#include "rig/run/agenda.hpp"
#include "rig/run/gathering.hpp"

namespace meterrig::rig {

// The time that an attempt may take by itself; what it waits for other stations is no part of it.
class Patience {
 public:
  Patience(Clock& clock, CancelScope* parent, Duration limit);
  CancelScope& scope() noexcept { return below_; }
  bool over() const noexcept { return over_; }
  void pause();
  void resume();

 private:
  Clock& clock_;
  CancelScope below_;
  bool over_ = false;
  Timer timer_;
  Duration left_;
  Instant since_{};
};

// What one attempt of a clause has taken of what stations share, and waits for.
class AttemptLoans final : public Loans {
 public:
  struct Others {
    LeaseTable& leases;
    Gathering* gathering;  // null: the procedure is not gathered
    record::Journal& journal;
    Observer& observer;
    // Makes the borrowed outputs safe before they are given back.
    std::function<Task<>()> secure;
  };
  // `lease`: what was taken at the start.
  AttemptLoans(Station& station, const plan::PlannedClause& planned, const Procedure& procedure, const Needs& needs,
               Others others, Lease lease);
  // From here on waiting stops this clock.
  void patience(Patience& patience) noexcept { patience_ = &patience; }
  bool holds(const std::string& resource) const {
    return at_start_.holds(resource) || (borrowed_ && borrowed_->holds(resource));
  }

  Task<> borrow() override;
  Task<> give_back() override;
  Task<std::optional<double>> meet() override;
  Task<> wait_out(Duration time) override;
  // Of the rig's roles those that the clause uses and holds now: their paths are closed.
  std::vector<std::string> roles(bool later) const;

 private:
  Task<> bring(double setting);
  nlohmann::json head(const char* state) const;

  Station& station_;
  const plan::PlannedClause& planned_;
  const Procedure& procedure_;
  const Needs& needs_;
  Others others_;
  Lease at_start_;
  std::optional<Lease> borrowed_;
  std::vector<double> settings_;  // of a gathered procedure, still to come
  Patience* patience_ = nullptr;
  Trial* trial_ = nullptr;

 public:
  void serve(Trial& trial) {
    trial_ = &trial;
    trial.lend(*this);
  }
};

// `lease` events of a station that waits, and of what it got after waiting (docs/journal.md).
void journal_waiting(record::Journal& journal, Clock& clock, const Station& station, const std::string& clause,
                     const std::vector<LeaseObstacle>& obstacles);
void journal_lease(record::Journal& journal, const Station& station, const std::string& clause,
                   const LeaseRequest& request, const char* state, Duration waited);

}  // namespace meterrig::rig
