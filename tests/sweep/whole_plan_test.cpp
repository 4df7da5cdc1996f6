#include <gtest/gtest.h>

#include <fmt/format.h>

#include <random>

#include "tests/sweep/sweep_support.hpp"

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
        random_(seed_) {}

  std::uint64_t draw(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }
  std::string stop() {
    static constexpr const char* ways[] = {"stop", "inside", "emergency"};
    if (draw(3) == 0)
      return fmt::format("io-{}@{}", draw(2) ? "stop" : "emergency",
                         1 + draw(static_cast<std::uint64_t>(baseline_.exchanges)));
    return fmt::format("{}@{}", ways[draw(3)], draw(baseline_.turns));
  }
  std::string io_fault() {
    static constexpr const char* troubles[] = {"silent", "garbage", "late", "close", "error"};
    auto member = baseline_.exchanges_of.begin();
    std::advance(member, draw(baseline_.exchanges_of.size()));
    return fmt::format("fault=io-{}:{}#{}", troubles[draw(5)], member->first,
                       1 + draw(static_cast<std::uint64_t>(member->second)));
  }
  int runs() const { return static_cast<int>(100 / std::min<std::uint64_t>(stride(), 10)); }

  std::uint64_t seed_;
  cli::RunFiles files_;
  Baseline baseline_;
  std::mt19937_64 random_;
};

TEST_P(WholePlan, Stopped) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i) sweep.one(stop());
}

TEST_P(WholePlan, Abandoned) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i) sweep.one(fmt::format("abandon@{}", draw(baseline_.turns)));
}

TEST_P(WholePlan, OneExchangeSpoiled) {
  Sweeper sweep(files_, baseline_, seed_);
  for (int i = 0; i < runs(); ++i) sweep.one(io_fault());
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
    for (std::uint64_t n = draw(3); n > 0; --n) add(io_fault());
    if (draw(2) == 0) add(fmt::format("fault={}@{}", rig_faults[draw(std::size(rig_faults))], 1 + draw(3)));
    for (std::uint64_t n = draw(3); n > 0; --n)
      add(fmt::format("defect={}@{}", defects[draw(defects.size())], 1 + draw(3)));
    if (draw(3) == 0) add(fmt::format("store@{}", 1 + draw(baseline_.store_calls)));
    if (draw(3) == 0 || what.empty()) add(stop());
    sweep.one(what);
  }
}

INSTANTIATE_TEST_SUITE_P(Sweep, WholePlan, testing::Values(1, 2, 3),
                         [](const auto& test) { return fmt::format("seed{}", test.param); });

}  // namespace
}  // namespace meterrig::sweep
