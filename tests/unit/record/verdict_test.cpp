#include "rig/record/verdict.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace meterrig::record {
namespace {

using enum Verdict;

TEST(Verdict, OrderIsThePromisedOne) {
  const std::vector<std::string_view> promised{"fail", "void",     "inconclusive",  "not_tested",
                                               "pass", "recorded", "not_applicable"};
  ASSERT_EQ(promised.size(), verdicts.size());
  for (std::size_t i = 0; i < promised.size(); ++i) {
    const auto a = verdict_from(promised[i]);
    ASSERT_TRUE(a) << promised[i];
    EXPECT_EQ(word(*a), promised[i]);
    for (std::size_t j = i; j < promised.size(); ++j) {
      EXPECT_EQ(worst(*a, *verdict_from(promised[j])), *a);
      EXPECT_EQ(worst(*verdict_from(promised[j]), *a), *a);
    }
  }
  EXPECT_FALSE(verdict_from("passed"));
  EXPECT_FALSE(verdict_from(""));
  EXPECT_EQ(word_zh(inconclusive), "待定");
}

TEST(Verdict, ExitCodes) {
  using State = RunState;
  const auto code = [](State state, std::vector<Verdict> all) { return exit_code(state, all); };
  EXPECT_EQ(code(State::finished, {pass, recorded, not_applicable}), 0);
  EXPECT_EQ(code(State::finished, {not_applicable}), 0);
  EXPECT_EQ(code(State::finished, {pass, fail, void_}), 1);
  EXPECT_EQ(code(State::finished, {pass, void_}), 3);
  EXPECT_EQ(code(State::finished, {inconclusive}), 3);
  EXPECT_EQ(code(State::finished, {pass, not_tested}), 3);
  EXPECT_EQ(code(State::finished, {}), 3) << "nothing tested is no success";
  EXPECT_EQ(code(State::aborted, {fail}), 4);
  EXPECT_EQ(code(State::interrupted, {pass}), 4);
}

}  // namespace
}  // namespace meterrig::record
