#include "bench/instruments/mt768.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>

namespace meterrig::bench {
namespace {

constexpr Duration answer_time = 20ms;
constexpr Duration switch_time = 5s;
constexpr Duration integration = 1s;
constexpr double volts_max = 480, amperes_max = 120, compliance_volts = 12;
constexpr double hertz_min = 15, hertz_max = 70;

const std::string phase_values =
    R"(R(\d{3}\.\d{3})(\d{3}\.\d{2})S(\d{3}\.\d{3})(\d{3}\.\d{2})T(\d{3}\.\d{3})(\d{3}\.\d{2})$)";

// DIN: the angle counts the other way.
std::complex<double> phasor(double rms, double din_degrees) {
  return std::polar(rms, -din_degrees * std::numbers::pi / 180);
}
double din_degrees(std::complex<double> value) {
  if (std::abs(value) == 0) return 0;
  const double degrees = -std::arg(value) * 180 / std::numbers::pi;
  return degrees < -0.005 ? degrees + 360 : std::max(0.0, degrees);
}

}  // namespace

Mt768::Mt768(Clock& clock, const std::string& serial, std::uint64_t seed) : LinePeer('\r'), clock_(clock) {
  Spread spread(seed, serial);
  for (std::size_t i = 0; i < 3; ++i) {
    volt_gain_[i] = 1 + spread.within(2e-4);
    ampere_gain_[i] = 1 + spread.within(2e-4);
  }
}

void Mt768::connect_meter(double impulses_per_kwh, double error_percent) {
  meter_constant_ = impulses_per_kwh;
  meter_error_percent_ = error_percent;
  meter_connected_ = true;
}

void Mt768::settle() {
  if (!coming_ || clock_.now() < settled_) return;
  phases_ = *coming_;
  coming_.reset();
}

Mt768::Phasor Mt768::volts(std::size_t i) const {
  return phases_[i].voltage_on ? phases_[i].volts * volt_gain_[i] : Phasor{};
}

Mt768::Phasor Mt768::amperes(std::size_t i) const {
  if (!phases_[i].current_on) return {};
  const Phasor wanted = phases_[i].amperes * ampere_gain_[i];
  const double most = load_ohms_[i] > 0 ? compliance_volts / load_ohms_[i] : amperes_max;
  return std::abs(wanted) > most ? wanted * (most / std::abs(wanted)) : wanted;
}

bool Mt768::live() const {
  for (std::size_t i = 0; i < 3; ++i)
    if (std::abs(volts(i)) > 0 || std::abs(amperes(i)) > 0) return true;
  return coming_.has_value();
}

double Mt768::watts() const {
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += (volts(i) * std::conj(amperes(i))).real();
  return sum;
}

void Mt768::take(const std::string& line) {
  settle();
  if (line.front() == 'A') return reference(line);
  if (line.front() == 'S') source(line);
}

void Mt768::set_phasors(const std::smatch& match, bool volts) {
  std::array<Phase, 3> wanted = coming_ ? *coming_ : phases_;
  for (std::size_t i = 0; i < 3; ++i) {
    const double rms = std::stod(match[3 + 2 * i]), angle = std::stod(match[4 + 2 * i]);
    if (rms > (volts ? volts_max : amperes_max) || angle >= 360) return;
    (volts ? wanted[i].volts : wanted[i].amperes) = phasor(rms, angle);
  }
  (coming_ ? *coming_ : phases_) = wanted;
  say(volts ? "SOKUP" : "SOKIP", clock_.now() + answer_time);
}

void Mt768::switch_phases(const std::smatch& match) {
  std::array<Phase, 3> wanted = coming_ ? *coming_ : phases_;
  for (std::size_t i = 0; i < 3; ++i) {
    wanted[i].voltage_on = match[1 + i] == "E";
    wanted[i].current_on = match[4 + i] == "P";
  }
  settled_ = clock_.now() + switch_time;
  coming_ = wanted;
  say("SOKUI", settled_);
}

bool Mt768::source(const std::string& line) {
  static const std::regex voltages("^SUP([EA])([EA])" + phase_values), currents("^SIP([EA])([AM])" + phase_values),
      frequency(R"(^SFR(\d{2}\.\d{2})$)"), switches("^SUI([AE])([AE])([AE])([AP])([AP])([AP])([AE])([AE])([AE])$");
  std::smatch match;
  if (std::regex_match(line, match, voltages)) return set_phasors(match, true), true;
  if (std::regex_match(line, match, currents)) return set_phasors(match, false), true;
  if (std::regex_match(line, match, switches)) return switch_phases(match), true;
  if (!std::regex_match(line, match, frequency)) return false;
  const double wanted = std::stod(match[1]);
  if (wanted != 0 && (wanted < hertz_min || wanted > hertz_max)) return false;
  hertz_ = wanted == 0 ? 50 : wanted;
  say("SOKFR", clock_.now() + answer_time);
  return true;
}

void Mt768::measured_values() {
  const auto value = [this](int index, double number) { say(fmt::format("{};{:.7E}", index, number)); };
  std::array<Phasor, 3> power;
  Phasor sum;
  double apparent = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    power[i] = volts(i) * std::conj(amperes(i));
    sum += power[i];
    apparent += std::abs(power[i]);
  }
  const auto each = [&](int first, auto get) {
    for (std::size_t i = 0; i < 3; ++i) value(first + static_cast<int>(i), get(i));
  };
  each(0, [&](std::size_t i) { return std::abs(volts(i)); });
  each(3, [&](std::size_t i) { return std::abs(amperes(i)); });
  each(6, [&](std::size_t i) { return din_degrees(volts(i)); });
  each(9, [&](std::size_t i) { return din_degrees(amperes(i)); });
  each(12, [&](std::size_t i) { return std::abs(power[i]) > 0 ? power[i].real() / std::abs(power[i]) : 0; });
  each(15, [&](std::size_t i) { return power[i].real(); });
  each(18, [&](std::size_t i) { return power[i].imag(); });
  each(21, [&](std::size_t i) { return std::abs(power[i]); });
  value(24, sum.real());
  value(25, sum.imag());
  value(26, apparent);
  say("27;123");
  say(fmt::format("28;{:.2f}", hertz_));
  say("AMEACK", clock_.now() + integration);
}

void Mt768::error_state() {
  const double told = told_constant_ * watts() / 3.6e6;  // pulses a second of a meter without error
  const double real = meter_connected_ ? meter_constant_ * watts() * (1 + meter_error_percent_ / 100) / 3.6e6 : 0;
  double progress = 0;
  if (error_started_ && real > 0)
    progress = std::min(1.0, to_seconds(clock_.now() - *error_started_) * real / told_pulses_);
  const bool finished = progress >= 1;
  say(!error_started_ ? "00" : finished ? "03" : "02");
  say(!error_started_ ? "oo.oo" : finished ? fmt::format("{:.3f}", 100 * (real / told - 1)) : "--.--");
  say(fmt::format("{:.6f};{:.6f}", finished ? 0.0 : 100 * progress, progress * told_pulses_));
  say("AESACK", clock_.now() + answer_time);
}

void Mt768::reference(const std::string& line) {
  static const std::regex error_setting(R"(^AEP([^;]{1,6});(0[0-9]|10);([^;]{1,6});([0-5])$)"),
      integration_time(R"(^ATI(0[1-9]|[1-9]\d)$)"), mode("^AMT([234]W[A-Za-z]+)$");
  std::smatch match;
  const Instant later = clock_.now() + answer_time;
  if (line == "AAV") {
    say("MT768V05.52");
    return say("AAVACK", later);
  }
  if (line == "AME") return measured_values();
  if (line == "AES1") return error_state();
  if (line == "AEB0" && told_constant_ > 0) {
    error_started_ = clock_.now();
    return say("AEBACK", later);
  }
  if (line == "AEE") {
    error_started_.reset();
    return say("AEEACK", later);
  }
  if (std::regex_match(line, match, error_setting)) {
    told_constant_ = std::stod(match[1]) * std::pow(10, std::stoi(match[2]));
    told_pulses_ = std::stod(match[3]) * std::pow(10, std::stoi(match[4]));
    return say("AEPACK", later);
  }
  if (std::regex_match(line, integration_time)) return say("ATIACK", later);
  if (std::regex_match(line, mode)) return say("AMTACK", later);
  say(line.substr(0, 3) + "NAK", later);
}

}  // namespace meterrig::bench
