#include "bench/instruments/ppk2.hpp"

#include <cmath>

#include <fmt/format.h>

namespace meterrig::bench {
namespace {

constexpr Duration sample_time = 10us;
constexpr std::size_t samples_a_packet = 1000;
constexpr double volts_per_code = 4 * 1.8 / 163840;
constexpr double full_code = 16383;
// Where it changes to the next range.
constexpr double switch_at[] = {50e-6, 500e-6, 5e-3, 60e-3};
constexpr std::int64_t no_limit = INT64_MAX;

// Bytes that follow a command, by pc-nrfconnect-ppk; -1: not one of its commands.
int arguments_of(std::uint8_t command) {
  switch (command) {
    case 0x06:
    case 0x07:
    case 0x0a:
    case 0x15:
    case 0x16:
    case 0x19:
    case 0x20:
      return 0;
    case 0x0c:
    case 0x11:
      return 1;
    case 0x0d:
    case 0x0e:
    case 0x0f:
      return 2;
    case 0x25:
      return 5;
    default:
      return -1;
  }
}

}  // namespace

Ppk2Device::Ppk2Device(Clock& clock, SupplyPath& path, Path which, const std::string& serial, std::uint64_t seed)
    : clock_(clock), spread_(seed, serial), serial_(serial), timer_(clock, [this] { send_samples(); }) {
  probe_.connect(clock.now(), &path, which);
  for (const double ohms : {1031.64, 101.65, 10.15, 0.94, 0.043})
    ranges_.push_back(
        {ohms * (1 + spread_.within(0.02)), 1 + spread_.within(0.03), spread_.within(0.02) * 1e-3 / ohms});
}

void Ppk2Device::disconnected(Port& port) noexcept {
  if (port_ != &port) return;
  port_ = nullptr;
  stop();
}

void Ppk2Device::receive(Port& port, std::span<const std::uint8_t> bytes) {
  port_ = &port;
  for (const std::uint8_t byte : bytes) {
    command_.push_back(byte);
    const int wanted = arguments_of(command_.front());
    if (wanted < 0) {
      command_.clear();
    } else if (command_.size() == static_cast<std::size_t>(wanted) + 1) {
      execute();
      command_.clear();
    }
  }
}

void Ppk2Device::execute() {
  switch (command_[0]) {
    case 0x06:
      return start();
    case 0x07:
      return stop();
    case 0x0c:
      on_ = command_[1] != 0;
      return;
    case 0x0d:
      // It keeps what it has when the value is none of its own.
      if (const int wanted = command_[1] << 8 | command_[2]; wanted >= 800 && wanted <= 5000) millivolts_ = wanted;
      return;
    case 0x11:
      if (command_[1] == 1 || command_[1] == 2) mode_ = command_[1];
      return;
    case 0x19:
      return tell_metadata();
    case 0x20:
      stop();
      on_ = false;
      return;
    default:
      return;
  }
}

void Ppk2Device::tell_metadata() {
  if (!port_) return;
  std::string text = "Calibrated: 1\n";
  const auto list = [&](const char* key, auto value) {
    for (std::size_t i = 0; i < ranges_.size(); ++i) text += fmt::format("{}{}: {:.10g}\n", key, i, value(ranges_[i]));
  };
  list("R", [](const Range& range) { return range.ohms; });
  list("GS", [](const Range&) { return 0.0; });
  list("GI", [](const Range& range) { return range.gain; });
  list("O", [](const Range&) { return 0.0; });
  list("S", [](const Range&) { return 0.0; });
  list("I", [](const Range& range) { return range.offset_a; });
  list("UG", [](const Range&) { return 1.0; });
  text += fmt::format("VDD: {}\nHW: 9173\nmode: {}\nIA: 56\nEND\n", millivolts_, mode_);
  port_->send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, clock_.now() + 1ms);
}

void Ppk2Device::start() {
  averaging_ = true;
  next_ = clock_.now();
  history_ = probe_.retain_from(next_);
  timer_.at(next_ + sample_time * static_cast<std::int64_t>(samples_a_packet));
}

void Ppk2Device::stop() {
  averaging_ = false;
  history_.reset();
  timer_.cancel();
}

std::uint32_t Ppk2Device::word_of(double amperes) {
  std::uint32_t range = 0;
  while (range < 4 && amperes > switch_at[range]) ++range;
  const Range& its = ranges_[range];
  // The converter's own noise spreads over a code, so that means see what lies between two codes.
  const double code = (amperes - its.offset_a) / its.gain * its.ohms / volts_per_code + 0.5 + spread_.within(0.5);
  const auto adc = static_cast<std::uint32_t>(std::min(full_code, std::max(0.0, std::floor(code))));
  return adc | range << 14 | (counter_++ & 63u) << 18;
}

void Ppk2Device::send_samples() {
  if (!averaging_ || !port_) return;
  std::vector<double> amperes;
  probe_.digitise(next_, sample_time, samples_a_packet, no_limit, 0, amperes);
  next_ += sample_time * static_cast<std::int64_t>(samples_a_packet);
  history_ = probe_.retain_from(next_);
  timer_.at(next_ + sample_time * static_cast<std::int64_t>(samples_a_packet));
  std::vector<std::uint8_t> bytes;
  bytes.reserve(4 * samples_a_packet);
  for (const double current : amperes) {
    const std::uint32_t word = word_of(on_ ? current : 0);
    if (to_lose_ > 0) {
      --to_lose_;
      continue;
    }
    for (int shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  port_->send(bytes, clock_.now());
}

}  // namespace meterrig::bench
