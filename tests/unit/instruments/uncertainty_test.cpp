#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

#include "instruments/waveform_uncertainty.hpp"

namespace meterrig {
namespace {

// One range up to 100 uA whose error is `percent` of it and `of_reading` of the value.
Accuracy microammeter(double percent, double of_reading, double resolution) {
  return Accuracy({{100e-6, of_reading, percent / 100 * 100e-6, resolution}});
}

Budget in_microamperes(const Accuracy& accuracy, double value, double repeatability) {
  Budget budget = accuracy.reading(value).budget("A").in("uA", 1e6);
  return budget.standard("repeatability", repeatability);
}

// A class 1 instrument of 100 uA: 1 % of its upper limit whatever it reads (GB/T 7676: fiducial error).
TEST(Budget, OfAClassOneMicroammeter) {
  const Budget budget = in_microamperes(microammeter(1, 0, 0.1e-6), 49.2e-6, 0.05);
  ASSERT_EQ(budget.terms().size(), 3U);
  EXPECT_NEAR(budget.terms()[0].contribution(), 0.577, 0.0005);
  EXPECT_NEAR(budget.terms()[1].contribution(), 0.029, 0.0005);
  EXPECT_NEAR(budget.terms()[2].contribution(), 0.050, 1e-12);
  EXPECT_NEAR(budget.combined(), 0.580, 0.0005);
  EXPECT_NEAR(budget.expanded(), 1.16, 0.005);
  ASSERT_NE(budget.dominant(), nullptr);
  EXPECT_EQ(budget.dominant()->name, "accuracy");
}

TEST(Budget, OfASixDigitMeter) {
  const Budget budget = in_microamperes(microammeter(0.025, 0.0005, 0), 49.2e-6, 0.02);
  EXPECT_NEAR(budget.terms()[0].spread, 0.0496, 0.00005);
  EXPECT_NEAR(budget.expanded(), 0.07, 0.0005);
  EXPECT_EQ(budget.dominant(), nullptr);
}

// 0.3 L/h: sensor 1.5 % of 1 L/h, digits of 0.001, pressure within 1 %, zero within 0.01.
TEST(Budget, OfAValvesLeakage) {
  Budget budget("L/h");
  budget.half_width("accuracy", 0.015).half_width("resolution", 0.0005).half_width("zero", 0.01);
  budget.half_width_of("pressure", 0.15, "kPa", 0.3 / 15);
  EXPECT_NEAR(budget.combined(), 0.0106, 0.0001);
  EXPECT_NEAR(budget.expanded(), 0.021, 0.0005);
}

// A gauge of 10 Pa read twice, and 0.03 K at 397 Pa/K.
TEST(Budget, OfAPressureDrop) {
  Budget budget("Pa");
  budget.half_width("first reading", 5).half_width("last reading", 5);
  EXPECT_NEAR(budget.combined(), 4.1, 0.05);
  budget.half_width_of("temperature difference", 0.03, "K", 397);
  EXPECT_NEAR(budget.combined(), 8.0, 0.05);
  EXPECT_NEAR(budget.expanded(), 16, 0.05);
}

TEST(Budget, OfAShuntAtTheCurrentsLimit) {
  const Budget budget = Accuracy({{3, 0.01, 0, 0}}).reading(0.4).budget("A").in("mA", 1000);
  EXPECT_NEAR(budget.expanded(), 4.6, 0.05);
}

TEST(Budget, WithoutTermsIsExact) {
  Budget budget("1");
  EXPECT_TRUE(budget.half_width("accuracy", 0).exact());
  EXPECT_EQ(budget.expanded(), 0);
  EXPECT_EQ(budget.dominant(), nullptr);
}

TEST(Budget, RefusesWhatIsNoSpread) {
  Budget budget("1");
  EXPECT_THROW(budget.half_width("accuracy", -1), std::invalid_argument);
  EXPECT_THROW(budget.half_width("accuracy", std::nan("")), std::invalid_argument);
}

TEST(Budget, NeverLosesByAnotherTerm) {
  EXPECT_TRUE(rc::check("u_c grows with each term, and no term is larger than it", [] {
    Budget budget("V");
    double before = 0;
    for (const int spread : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 100'000))) {
      budget.half_width("accuracy", spread / 1000.0);
      RC_ASSERT(budget.combined() >= before * (1 - 1e-12));
      before = budget.combined();
    }
    for (const BudgetTerm& term : budget.terms()) RC_ASSERT(term.contribution() <= before * (1 + 1e-12));
  }));
}

TEST(StandardDeviation, OfAMean) {
  EXPECT_NEAR(standard_deviation_of_mean({1, 2, 3, 4, 5}), std::sqrt(2.5 / 5), 1e-12);
  EXPECT_EQ(standard_deviation_of_mean({7}), 0);
}

const Calibration curve({{0, 0.1, 0.01}, {10, 0.3, 0.03}, {20, -0.1, 0.02}});

TEST(Calibration, IsLinearBetweenItsPointsAndNothingOutside) {
  EXPECT_NEAR(curve.correction(0), 0.1, 1e-12);
  EXPECT_NEAR(curve.correction(5), 0.2, 1e-12);
  EXPECT_NEAR(curve.correction(10), 0.3, 1e-12);
  EXPECT_NEAR(curve.correction(15), 0.1, 1e-12);
  EXPECT_NEAR(curve.standard_uncertainty(15), 0.025, 1e-12);
  EXPECT_TRUE(curve.covers(20));
  EXPECT_FALSE(curve.covers(20.001));
  EXPECT_FALSE(curve.covers(-0.001));
}

TEST(Calibration, RefusesWhatNothingLiesBetween) {
  EXPECT_THROW(Calibration({{0, 0, 0}}), std::invalid_argument);
  EXPECT_THROW(Calibration({{1, 0, 0}, {1, 0, 0}}), std::invalid_argument);
  EXPECT_THROW(Calibration({{0, 0, 0}, {1, 0, -1}}), std::invalid_argument);
  EXPECT_THROW(Calibration({{0, 0, 0}, {1, 0, 0}}, -0.5), std::invalid_argument);
}

// docs/decisions/0012.
TEST(Calibration, ReplacesTheSpecificationOnlyWithADrift) {
  const std::vector<AccuracyLine> lines{{100, 0.01, 0.5, 0.1}};
  const Accuracy beside(lines, curve);
  const Reading corrected = beside.reading(5);
  EXPECT_NEAR(corrected.value, 5.2, 1e-12);
  EXPECT_NEAR(corrected.correction.value(), 0.2, 1e-12);
  EXPECT_NEAR(corrected.errors.accuracy, 0.55, 1e-12);
  EXPECT_NEAR(corrected.errors.calibration, 0.02, 1e-12);

  const Accuracy instead(lines, Calibration(curve.points(), 0.04));
  EXPECT_EQ(instead.errors(5).accuracy, 0);
  EXPECT_NEAR(instead.errors(5).drift, 0.04, 1e-12);
  const Reading outside = instead.reading(50);
  EXPECT_EQ(outside.value, 50);
  EXPECT_FALSE(outside.correction.has_value());
  EXPECT_NEAR(outside.errors.accuracy, 1.0, 1e-12);
  EXPECT_EQ(outside.errors.calibration, 0);
}

Waveform waveform(std::vector<std::int64_t> microamperes) {
  for (std::int64_t& counts : microamperes) counts *= 10'000;
  return {1ms, std::move(microamperes)};
}

TEST(WaveformUncertainty, AMeanHasTheErrorsOfItsRangesAndTheSpreadOfItsParts) {
  const Accuracy accuracy({{50e-6, 0, 1e-6, 0}, {1, 0, 5e-6, 0}});
  const WaveformValue mean = mean_of(waveform({10, 20, 10, 20, 10, 20, 10, 20, 100, 100}), accuracy, 0, 10, 5);
  EXPECT_NEAR(mean.amperes, 32e-6, 1e-12);
  ASSERT_EQ(mean.budget.terms().size(), 2U);
  EXPECT_NEAR(mean.budget.terms()[0].spread, (8 * 1e-6 + 2 * 5e-6) / 10, 1e-15);
  EXPECT_EQ(mean.budget.terms()[1].name, "repeatability");
  EXPECT_NEAR(mean.budget.terms()[1].spread, standard_deviation_of_mean({15e-6, 15e-6, 15e-6, 15e-6, 100e-6}), 1e-12);
  EXPECT_EQ(mean_of(waveform({10, 20, 10, 20}), accuracy, 0, 4, 4).budget.terms().size(), 1U) << "too few parts";
}

TEST(WaveformUncertainty, CorrectsEachSample) {
  const Accuracy accuracy({{1, 0, 0, 0}}, Calibration({{0, 1e-6, 0}, {20e-6, 2e-6, 0}}));
  const WaveformValue mean = mean_of(waveform({0, 20, 40, 40}), accuracy, 0, 4, 0);
  // 40 uA lies outside what was calibrated.
  EXPECT_NEAR(mean.amperes, 25e-6 + 3e-6 / 4, 1e-15);
  EXPECT_NEAR(mean.budget.correction().value(), 3e-6 / 4, 1e-15);
}

TEST(WaveformUncertainty, AWindowInAPlateauLosesNothingAtItsEdges) {
  const Accuracy accuracy({{1, 0, 1e-6, 0}});
  const WaveformValue plateau = largest_mean(waveform({100, 100, 100, 100, 100, 100}), accuracy, 2ms);
  EXPECT_EQ(plateau.budget.terms().size(), 1U);
  // At the plateau's edge no window between the samples holds more.
  EXPECT_EQ(largest_mean(waveform({0, 40, 100, 100, 40, 0}), accuracy, 2ms).budget.terms().size(), 1U);
  // Two and a half samples of 100: a window of three between the samples holds up to 40 more than 40 + 100 + 100.
  const WaveformValue burst = largest_mean(waveform({0, 40, 100, 100, 40, 0}), accuracy, 3ms);
  EXPECT_NEAR(burst.amperes, 80e-6, 1e-12);
  ASSERT_EQ(burst.budget.terms().size(), 2U);
  EXPECT_EQ(burst.budget.terms()[1].name, "window");
  EXPECT_NEAR(burst.budget.terms()[1].spread, 40e-6 / 3, 1e-12);
}

}  // namespace
}  // namespace meterrig
