#include "instruments/ppk2_decoder.hpp"

#include <charconv>
#include <cmath>
#include <map>

#include <fmt/format.h>

#include "core/errors.hpp"

namespace meterrig {
namespace {

constexpr double volts_per_adc = 1.8 / 163840;
// Nordic's filter of the spikes that a range change makes.
constexpr double alpha = 0.18, slow_alpha = 0.06;
constexpr int filtered_samples = 3, held_samples = 2;
constexpr std::size_t last_range = Ppk2Calibration::ranges - 1;

std::optional<double> number(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '+')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

void take_field(Ppk2Calibration& to, std::string_view key, double value) {
  if (key == "Calibrated") to.calibrated = value != 0;
  if (key == "VDD") to.vdd_mv = static_cast<int>(value);
  if (key == "HW") to.hardware = static_cast<int>(value);
  if (key == "mode") to.mode = static_cast<int>(value);
  if (key.size() < 2 || key.back() < '0' || key.back() > '4') return;
  const auto range = static_cast<std::size_t>(key.back() - '0');
  const std::map<std::string_view, std::array<double, Ppk2Calibration::ranges>*> tables{
      {"R", &to.r}, {"GS", &to.gs}, {"GI", &to.gi}, {"O", &to.o}, {"S", &to.s}, {"I", &to.i}, {"UG", &to.ug}};
  const auto table = tables.find(key.substr(0, key.size() - 1));
  if (table == tables.end() || (table->first == "R" && value == 0)) return;
  (*table->second)[range] = value;
}

}  // namespace

double Ppk2Calibration::amperes(std::size_t range, double adc, double volts) const {
  const double raw = (adc - o[range]) * (volts_per_adc / r[range]);
  return ug[range] * (raw * (gs[range] * raw + gi[range]) + (s[range] * volts + i[range]));
}

Ppk2Calibration parse_ppk2_metadata(std::string_view text, const std::string& name) {
  Ppk2Calibration found;
  int fields = 0;
  bool ended = false;
  std::string_view rest = text;
  while (!rest.empty() && !ended) {
    const auto end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    ended = line == "END";
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    ++fields;
    if (const auto value = number(line.substr(colon + 2))) take_field(found, line.substr(0, colon), *value);
  }
  if (!ended || fields == 0)
    throw ProtocolError(
        fmt::format("{} answered the request for its metadata with {:?}; they end with END and name its "
                    "shunts R0 to R4",
                    name, text.substr(0, 80)),
        {name, "metadata (19)", std::string(text.substr(0, 80)), {}});
  return found;
}

void Ppk2Decoder::feed(std::span<const std::uint8_t> bytes, const Take& take) {
  for (const std::uint8_t byte : bytes) {
    partial_ |= static_cast<std::uint32_t>(byte) << (8 * partial_bytes_);
    if (++partial_bytes_ < 4) continue;
    word(partial_, take);
    partial_ = 0;
    partial_bytes_ = 0;
  }
}

void Ppk2Decoder::word(std::uint32_t bits, const Take& take) {
  const std::uint32_t code = bits & 0x3fffu;
  const std::size_t range = std::min<std::size_t>((bits >> 14) & 7u, last_range);
  const std::uint32_t counter = (bits >> 18) & 63u;
  if (expected_) {
    const std::uint32_t missing = (counter - *expected_) & 63u;
    lost_ += missing;
    for (std::uint32_t i = 0; i < missing; ++i) take(std::nullopt);
  }
  expected_ = (counter + 1) & 63u;
  clipped_ = clipped_ || (range == last_range && code == adc_full);
  const double amperes = calibration_.amperes(range, 4.0 * code, volts_);
  take(spike_filter_ ? filtered(range, amperes) : amperes);
}

double Ppk2Decoder::filtered(std::size_t range, double amperes) {
  const auto before = average_;
  const auto slow_before = slow_average_;
  average_ = average_ ? alpha * amperes + (1 - alpha) * *average_ : amperes;
  slow_average_ = slow_average_ ? slow_alpha * amperes + (1 - slow_alpha) * *slow_average_ : amperes;
  const bool changed = previous_range_ && *previous_range_ != range;
  previous_range_ = range;
  if (!changed && after_change_ == 0) return amperes;
  in_range_ = changed ? 0 : in_range_ + 1;
  if (changed) after_change_ = filtered_samples;
  --after_change_;
  if (range != last_range) return *average_;
  if (in_range_ < held_samples) {
    average_ = before;
    slow_average_ = slow_before;
  }
  return *slow_average_;
}

}  // namespace meterrig
