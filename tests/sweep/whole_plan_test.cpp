#include <gtest/gtest.h>

#include <fmt/format.h>

#include "tests/sweep/draws.hpp"

namespace meterrig::sweep {
namespace {

const std::vector<std::string> three{"wg25-r-1", "wg25-r-2", "wg25-r-direct-3"};

// The whole plan on three stations that share what stations share. What happens to it is drawn from a seed; the same
// seed draws the same.
class WholePlan : public testing::TestWithParam<std::uint64_t> {
 protected:
  WholePlan()
      : seed_(seed_or(GetParam())),
        files_(short_files({}, three)),
        baseline_(undisturbed(files_, seed_)),
        draws_(baseline_, seed_) {}

  int runs() const { return static_cast<int>(100 / std::min<std::uint64_t>(stride(), 10)); }

  std::uint64_t seed_;
  cli::RunFiles files_;
  Baseline baseline_;
  Draws draws_;
};

TEST_P(WholePlan, Stopped) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i) sweep.one(draws_.stop());
}

TEST_P(WholePlan, Abandoned) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i) sweep.one(fmt::format("abandon@{}", draws_.below(baseline_.turns)));
}

TEST_P(WholePlan, Resumed) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i)
    sweep.one(fmt::format("{}@{}", i % 2 == 0 ? "resume" : "halt", draws_.below(baseline_.turns)));
}

TEST_P(WholePlan, OneExchangeSpoiled) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i) sweep.one(draws_.io_fault());
}

// Everything at once: faults of instruments and of the rig, meters that are bad, stops, a store that fails.
TEST_P(WholePlan, Swarm) {
  static constexpr const char* rig_faults[] = {"R1", "R2", "R3", "R4", "R5", "R6", "R8", "R10", "R12", "R14", "R15"};
  std::vector<std::string> defects;
  for (const bench::DefectRow& row : bench::defect_rows())
    if (row.kind == "defect" && row.meter == "gas") defects.push_back(row.name);
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i) {
    std::string what;
    const auto add = [&](const std::string& word) { what += (what.empty() ? "" : ",") + word; };
    for (std::uint64_t n = draws_.below(3); n > 0; --n) add(draws_.io_fault());
    if (draws_.below(2) == 0)
      add(fmt::format("fault={}@{}", rig_faults[draws_.below(std::size(rig_faults))], 1 + draws_.below(3)));
    for (std::uint64_t n = draws_.below(3); n > 0; --n)
      add(fmt::format("defect={}@{}", defects[draws_.below(defects.size())], 1 + draws_.below(3)));
    if (draws_.below(3) == 0) add(fmt::format("store@{}", 1 + draws_.below(baseline_.store_calls)));
    if (draws_.below(3) == 0 || what.empty()) add(draws_.stop());
    sweep.one(what);
  }
}

INSTANTIATE_TEST_SUITE_P(Sweep, WholePlan, testing::Values(1, 2, 3),
                         [](const auto& test) { return fmt::format("seed{}", test.param); });

}  // namespace
}  // namespace meterrig::sweep
