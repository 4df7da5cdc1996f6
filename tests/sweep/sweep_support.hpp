#pragma once

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/virtual_rig.hpp"

namespace meterrig::sweep {

// A clause with parameters that leave every step in, each as short as it can be.
struct ShortClause {
  std::string name;  // of its procedure
  std::string id;
  std::vector<std::string> duts;
};
inline void PrintTo(const ShortClause& clause, std::ostream* out) { *out << clause.id; }
const std::vector<ShortClause>& short_clauses();

// Cuts down what is sampled, polled or repeated.
void shorten(plan::PlannedClause& planned);
// The same of the clauses of CJ/T 484: litres and hours. Step volumes are whole cubic metres.
void shorten_water(plan::PlannedClause& planned);
// The files of a short run: clauses by word (all when empty), one station a DUT.
cli::RunFiles short_files(const std::vector<std::string>& only, const std::vector<std::string>& duts);

// What an undisturbed run does.
struct Baseline {
  std::uint64_t turns = 0;
  std::uint64_t store_calls = 0;
  int exchanges = 0;
  std::map<std::string, int> exchanges_of;
  std::map<std::string, std::string> verdicts;
};
Baseline undisturbed(cli::RunFiles& files, std::uint64_t seed = 1);

// One disturbed run, as text, so that a failure can print it and a person can give it back:
//   stop@T          first stop from outside, before turn T
//   emergency@T     the same, and the second stop up to six turns later
//   inside@T        first stop from a coroutine that runs at turn T
//   io-stop@N       first stop from within the N-th exchange of all instruments
//   io-emergency@N  first and second stop there
//   abandon@T       the program is gone before turn T; another one opens the rig
//   resume@T        the program is gone before turn T; another one goes on with the run
//   halt@T          first stop before turn T; another program goes on with the run
//   store@N         the N-th call of the store fails
//   fault=NAME      a fault, as of `meterrig run --fault`
//   defect=NAME     a defect of a meter, as of `meterrig run --defect`
// Several are joined by a comma. The result is empty, or what is wrong.
std::string complaint_about(cli::RunFiles& files, const std::string& what, const Baseline& baseline,
                            std::uint64_t seed = 1);

// Runs each case, and reports those with a complaint with the command that replays them. METERRIG_SWEEP_CASE takes the
// place of the list. `unit`: what the cases are counted in, for the line that says how many were visited.
class Sweeper {
 public:
  Sweeper(cli::RunFiles& files, const Baseline& baseline, std::uint64_t seed = 1)
      : files_(files), baseline_(baseline), seed_(seed) {}
  ~Sweeper();
  // Cases HOW@first … HOW@last, each `stride`-th.
  void each(const std::string& how, std::uint64_t first, std::uint64_t last);
  void one(const std::string& what);

 private:
  cli::RunFiles& files_;
  const Baseline& baseline_;
  std::uint64_t seed_;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> visited_;
  int runs_ = 0;
  int wrong_ = 0;
};

// Every case is visited when 1, which it is without METERRIG_SWEEP_STRIDE.
std::uint64_t stride();
// METERRIG_SWEEP_SEED, else `fallback`.
std::uint64_t seed_or(std::uint64_t fallback);

}  // namespace meterrig::sweep
