#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "bench/meter/traits.hpp"
#include "meters/cjt188.hpp"

namespace meterrig::bench {

// Everything the meter remembers.
struct MeterContent {
  std::int64_t pulses = 0;                 // accumulated volume, in pulse volumes
  std::int64_t settled_hundredths = 0;     // settlement day volume, 0.01 m3
  std::array<std::int64_t, 12> history{};  // 0.01 m3, last settlement day first
  int settlement_day = 20;
  int reading_day = 1;
  std::array<std::uint8_t, 15> prices{};  // as on the wire
  int price_enable_day = 1;
  int purchase_sequence = 0;
  std::int64_t purchase = 0, purchase_total = 0, remaining = 0;  // 0.01 yuan
  cjt188::Address address{};
  int starts = 0;
};

// Working copy and non-volatile copy. A write takes real time; the supply may go away before it ends.
class MeterMemory {
 public:
  MeterMemory(const MemoryTraits& traits, const MeterContent& content);
  MeterContent& working() { return working_; }
  const MeterContent& working() const { return working_; }

  void pulse_counted(Instant now);
  void save_parameters(Instant now);
  void save_all(Instant now);
  // The supply fell below what the processor needs. `slow_fall`: it took its time.
  void power_lost(Instant now, bool slow_fall);
  // What the non-volatile copy holds becomes the working copy.
  void start();
  int starts() const { return stored_.starts; }
  // The non-volatile copy.
  nlohmann::json kept() const;
  void take_up(const nlohmann::json& kept);

 private:
  struct Write {
    MeterContent content;
    Instant begins;
    Instant ends;
  };
  void write(Instant now, const MeterContent& content);
  void settle(Instant now);

  MemoryTraits traits_;
  MeterContent working_;
  MeterContent stored_;
  std::optional<Write> under_way_;
  bool saved_all_ = true;
};

}  // namespace meterrig::bench
