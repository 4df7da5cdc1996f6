#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/sweep/sweep_support.hpp"

namespace meterrig::sweep {

namespace {

std::uint64_t number_in(const char* variable, std::uint64_t fallback) {
  const char* const text = std::getenv(variable);
  return text != nullptr && *text != '\0' ? std::stoull(text) : fallback;
}

constexpr int told_most = 5;

std::string test_name() {
  const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
  return fmt::format("{}.{}", test->test_suite_name(), test->name());
}

}  // namespace

std::uint64_t stride() { return std::max<std::uint64_t>(1, number_in("METERRIG_SWEEP_STRIDE", 1)); }
std::uint64_t seed_or(std::uint64_t fallback) { return number_in("METERRIG_SWEEP_SEED", fallback); }

void Sweeper::one(const std::string& what) {
  ++runs_;
  const std::string wrong = complaint_about(files_, what, baseline_, seed_);
  if (wrong.empty() || ++wrong_ > told_most) return;
  ADD_FAILURE() << what << ": " << wrong << "\nagain: METERRIG_SWEEP_CASE='" << what
                << "' METERRIG_SWEEP_SEED=" << seed_ << " build/tests/sweep --gtest_filter='" << test_name() << "'";
}

void Sweeper::each(const std::string& how, std::uint64_t first, std::uint64_t last) {
  if (std::getenv("METERRIG_SWEEP_CASE") != nullptr) return;
  auto& [visited, of] = visited_[how.substr(0, how.find('='))];
  of += last < first ? 0 : last - first + 1;
  const char join = how.find('=') == std::string::npos ? '@' : '#';
  // Strided sweeps begin elsewhere for each way, so that together they see more.
  const std::uint64_t offset = std::hash<std::string>{}(how) % stride();
  for (std::uint64_t at = first + offset; at <= last; at += stride()) {
    ++visited;
    one(fmt::format("{}{}{}", how, join, at));
  }
}

Sweeper::~Sweeper() {
  if (const char* const only = std::getenv("METERRIG_SWEEP_CASE")) one(only);
  for (const auto& [how, count] : visited_)
    fmt::print("{} {}: {} of {}\n", test_name(), how, count.first, count.second);
  if (wrong_ > told_most) ADD_FAILURE() << "and " << wrong_ - told_most << " more";
}

}  // namespace meterrig::sweep
