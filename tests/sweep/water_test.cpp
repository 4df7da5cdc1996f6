#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sweep/draws.hpp"

namespace meterrig::sweep {
namespace {

// Every clause of CJ/T 484 that the rig does by itself, on one station, disturbed at places that are drawn: most of
// their turns are pulses of water, one like the other.
class WaterClause : public testing::TestWithParam<std::string> {
 protected:
  WaterClause() : seed_(seed_or(1)), files_(files()), baseline_(undisturbed(files_, seed_)), draws_(baseline_, seed_) {}

  static cli::RunFiles files() {
    cli::RunOptions words;
    words.plan = "cjt484-auto";
    words.rig = "water";
    words.duts = {"lxs15-1"};
    words.only = {GetParam()};
    cli::RunFiles files = support::files_of(words);
    for (plan::PlannedClause& planned : files.plan.clauses) shorten_water(planned);
    return files;
  }
  static int runs() { return stride() > 1 ? 2 : 12; }

  std::uint64_t seed_;
  cli::RunFiles files_;
  Baseline baseline_;
  Draws draws_;
};

// (semantics: first stop)
TEST_P(WaterClause, Stopped) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i) sweep.one(draws_.stop());
}

// (semantics: every way out is safe)
TEST_P(WaterClause, Abandoned) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs() / 2; ++i) sweep.one("abandon@" + std::to_string(draws_.below(baseline_.turns)));
}

// (semantics: resume)
TEST_P(WaterClause, Resumed) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs() / 2; ++i) {
    sweep.one("resume@" + std::to_string(draws_.below(baseline_.turns)));
    sweep.one("halt@" + std::to_string(draws_.below(baseline_.turns)));
  }
}

// (semantics: whose fault)
TEST_P(WaterClause, OneExchangeSpoiled) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < 2 * runs(); ++i) sweep.one(draws_.io_fault());
}

// (semantics: store failure)
TEST_P(WaterClause, StoreFails) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs() / 2; ++i) sweep.one("store@" + std::to_string(1 + draws_.below(baseline_.store_calls)));
}

std::vector<std::string> clauses() {
  cli::RunOptions words;
  words.plan = "cjt484-auto";
  words.rig = "water";
  words.duts = {"lxs15-1"};
  std::vector<std::string> ids;
  for (const plan::PlannedClause& planned : support::files_of(words).plan.clauses) ids.push_back(planned.clause.id);
  return ids;
}

INSTANTIATE_TEST_SUITE_P(Sweep, WaterClause, testing::ValuesIn(clauses()), [](const auto& test) {
  std::string name = test.param;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '-' || c == '.' || c == '/'; }, '_');
  return name;
});

}  // namespace
}  // namespace meterrig::sweep
