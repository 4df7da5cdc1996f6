#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/sweep/sweep_support.hpp"

namespace meterrig::sweep {
namespace {

// Every clause by itself, on one station, disturbed wherever it can be.
class EveryClause : public testing::TestWithParam<ShortClause> {
 protected:
  EveryClause()
      : seed_(seed_or(1)),
        files_(short_files({GetParam().id}, GetParam().duts)),
        baseline_(undisturbed(files_, seed_)) {}
  std::uint64_t seed_;
  cli::RunFiles files_;
  Baseline baseline_;
};

TEST_P(EveryClause, GivesAVerdict) {
  const std::string verdict = baseline_.verdicts.begin()->second;
  EXPECT_TRUE(verdict == "recorded" || verdict == "pass") << verdict;
  fmt::print("{} turns, {} exchanges, {} store calls\n", baseline_.turns, baseline_.exchanges, baseline_.store_calls);
}

// (semantics: first stop)
TEST_P(EveryClause, StoppedAtEveryTurn) {
  Sweeper sweep(files_, baseline_, seed_);
  sweep.each("stop", 0, baseline_.turns - 1);
  sweep.each("inside", 0, baseline_.turns - 1);
}

// (semantics: second stop)
TEST_P(EveryClause, StoppedTwiceAtEveryTurn) {
  Sweeper sweep(files_, baseline_, seed_);
  sweep.each("emergency", 0, baseline_.turns - 1);
}

// (semantics: every way out is safe)
TEST_P(EveryClause, AbandonedAtEveryTurn) {
  Sweeper sweep(files_, baseline_, seed_);
  sweep.each("abandon", 0, baseline_.turns - 1);
}

// (semantics: resume)
TEST_P(EveryClause, ResumedAtEveryTurn) {
  Sweeper sweep(files_, baseline_, seed_);
  sweep.each("resume", 0, baseline_.turns - 1);
  sweep.each("halt", 0, baseline_.turns - 1);
}

TEST_P(EveryClause, StoppedAtEveryExchange) {
  Sweeper sweep(files_, baseline_, seed_);
  const auto exchanges = static_cast<std::uint64_t>(baseline_.exchanges);
  sweep.each("io-stop", 1, exchanges);
  sweep.each("io-emergency", 1, exchanges);
}

// (semantics: whose fault)
TEST_P(EveryClause, FaultAtEveryExchange) {
  Sweeper sweep(files_, baseline_, seed_);
  for (const auto& [member, count] : baseline_.exchanges_of)
    for (const char* trouble : {"silent", "garbage", "late", "close", "error"})
      sweep.each(fmt::format("fault=io-{}:{}", trouble, member), 1, static_cast<std::uint64_t>(count));
}

// (semantics: store failure)
TEST_P(EveryClause, StoreFailsAtEveryCall) {
  Sweeper sweep(files_, baseline_, seed_);
  sweep.each("store", 1, baseline_.store_calls);
}

INSTANTIATE_TEST_SUITE_P(Sweep, EveryClause, testing::ValuesIn(short_clauses()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace meterrig::sweep
