#include <gtest/gtest.h>

#include <cmath>

#include "bench/physics/signal.hpp"

namespace meterrig::bench {
namespace {

TEST(CurrentSignal, IntegratesExactly) {
  CurrentSignal signal;
  signal.set(Instant{}, 18'000);
  signal.set(Instant{1s}, 12'018'000);
  signal.set(Instant{1s + 6ms}, 18'000);
  const Charge expected = static_cast<Charge>(18'000) * 5'000'000'000 + static_cast<Charge>(12'000'000) * 6'000'000;
  EXPECT_TRUE(signal.charge(Instant{}, Instant{5s}) == expected);
  EXPECT_EQ(signal.at(Instant{1s + 3ms}), 12'018'000);
  EXPECT_EQ(signal.maximum(Instant{}, Instant{5s}), 12'018'000);
  EXPECT_EQ(signal.maximum(Instant{2s}, Instant{5s}), 18'000);
  EXPECT_EQ(signal.minimum(Instant{1s}, Instant{1s + 6ms}), 12'018'000);
}

TEST(CurrentSignal, HoldsThreeAmperesForAYear) {
  CurrentSignal signal;
  signal.set(Instant{}, 3'000'000'000);
  EXPECT_TRUE(signal.charge(Instant{}, Instant{365 * 24h}) ==
              static_cast<Charge>(3'000'000'000) * Duration(365 * 24h).count());
}

TEST(CurrentSignal, ForgetsButKeepsWhatIsInForce) {
  CurrentSignal signal;
  for (int i = 0; i < 100; ++i) signal.set(Instant{i * 1s}, i);
  signal.forget_before(Instant{50s + 500ms});
  EXPECT_EQ(signal.size(), 50u);
  EXPECT_EQ(signal.at(Instant{50s + 600ms}), 50);
  EXPECT_THROW(signal.set(Instant{10s}, 1), std::logic_error);
}

TEST(CurrentSignal, DropsStepsThatChangeNothing) {
  CurrentSignal signal;
  signal.set(Instant{}, 5);
  signal.set(Instant{1s}, 7);
  signal.set(Instant{1s}, 5);
  EXPECT_EQ(signal.size(), 1u);
}

TEST(VoltageSignal, RampsAndDecays) {
  VoltageSignal signal;
  signal.set_constant(Instant{}, 6);
  signal.set_decay(Instant{1s}, 6, 0, 7'200us);
  EXPECT_NEAR(signal.at(Instant{1s + 5ms}), 6 * std::exp(-5 / 7.2), 1e-12);
  EXPECT_NEAR(to_seconds(*signal.first_at_or_below(Instant{}, 2.0) - Instant{1s}), 0.0072 * std::log(3.0), 1e-8);
  EXPECT_FALSE(signal.steady_after(Instant{1s}));
  EXPECT_TRUE(signal.steady_after(Instant{2s}));
  signal.set_ramp(Instant{2s}, 0, 3);
  signal.set_constant(Instant{4s}, 6);
  EXPECT_NEAR(to_seconds(*signal.first_at_or_above(Instant{2s}, 3) - Instant{3s}), 0, 1e-8);
  EXPECT_NEAR(signal.mean(Instant{2s}, Instant{4s}), 3, 1e-9);
  EXPECT_NEAR(signal.mean(Instant{0s}, Instant{1s}), 6, 1e-12);
  EXPECT_NEAR(signal.minimum(Instant{2s + 500ms}, Instant{5s}), 1.5, 1e-9);
  EXPECT_NEAR(signal.maximum(Instant{2s}, Instant{5s}), 6, 1e-9);
  EXPECT_FALSE(signal.first_at_or_above(Instant{}, 6.5));
  // A new piece drops what lay ahead.
  signal.set_constant(Instant{3s}, 1);
  EXPECT_EQ(signal.at(Instant{10s}), 1);
}

}  // namespace
}  // namespace meterrig::bench
