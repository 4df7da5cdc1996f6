#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace meterrig {

// The calibration of one Nordic Power Profiler Kit II, as its metadata tell it. Sources: Nordic's pc-nrfconnect-ppk and
// IRNAS' ppk2-api-python, src/ppk2_api/ppk2_api.py.
struct Ppk2Calibration {
  static constexpr std::size_t ranges = 5;
  std::array<double, ranges> r{1031.64, 101.65, 10.15, 0.94, 0.043};  // shunts, ohms
  std::array<double, ranges> gs{1, 1, 1, 1, 1};                       // quadratic and linear gain
  std::array<double, ranges> gi{1, 1, 1, 1, 1};
  std::array<double, ranges> o{};                // offset, ADC codes
  std::array<double, ranges> s{};                // offset by supply voltage, A/V
  std::array<double, ranges> i{};                // offset, A
  std::array<double, ranges> ug{1, 1, 1, 1, 1};  // the user's gain
  bool calibrated = false;
  int vdd_mv = 0;
  int hardware = 0;
  int mode = 0;  // 1 ampere meter, 2 source meter

  // Amperes of an ADC value (four times the code) in a range, at the supply voltage.
  double amperes(std::size_t range, double adc, double volts) const;
};

// Lines "KEY: value" up to END. What is missing or no number ("-nan" occurs) keeps its default, as does a shunt of 0.
// Throws ProtocolError when END or everything else is missing.
Ppk2Calibration parse_ppk2_metadata(std::string_view text, const std::string& name);

// 100,000 samples a second, a little-endian word each: bits 0-13 ADC code, 14-16 range, 18-23 counter modulo 64, 24-31
// logic inputs. Bytes may come in any chunks. A gap in the counter gives as many samples without a value, so that time
// stays right; the loss of a whole multiple of 64 shows in no counter.
class Ppk2Decoder {
 public:
  // No value: the sample was lost.
  using Take = std::function<void(std::optional<double> amperes)>;
  Ppk2Decoder(const Ppk2Calibration& calibration, double volts, bool spike_filter)
      : calibration_(calibration), volts_(volts), spike_filter_(spike_filter) {}

  void feed(std::span<const std::uint8_t> bytes, const Take& take);
  std::uint64_t lost() const noexcept { return lost_; }
  // In the last range, at the end of the ADC: the sample may be more than it says.
  static constexpr std::uint32_t adc_full = 16383;
  bool clipped() const noexcept { return clipped_; }
  void forget_clipping() noexcept { clipped_ = false; }

 private:
  void word(std::uint32_t bits, const Take& take);
  double filtered(std::size_t range, double amperes);

  Ppk2Calibration calibration_;
  double volts_;
  bool spike_filter_;
  std::uint32_t partial_ = 0;
  int partial_bytes_ = 0;
  std::optional<std::uint32_t> expected_;
  std::uint64_t lost_ = 0;
  bool clipped_ = false;

  std::optional<double> average_, slow_average_;
  std::optional<std::size_t> previous_range_;
  int after_change_ = 0;
  int in_range_ = 0;  // samples since the change
};

}  // namespace meterrig
