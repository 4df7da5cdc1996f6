#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bench/desk/cjt_meter.hpp"

namespace meterrig::bench {

// A heat meter (CJ/T 188, type 20H). It sells nothing and has no valve.
class HeatMeter final : public CjtMeter {
 public:
  HeatMeter(Clock& clock, const json::Node& meter);

 private:
  // Of the unit table: a value in hundredths of the unit is nano kW.h * numerator / denominator.
  struct HeatUnit {
    std::string_view unit;
    std::uint8_t code;
    std::int64_t numerator, denominator;
  };
  static const HeatUnit& unit_of(const json::Node& meter);

  bool read_item(unsigned identifier, Bytes& out) override;
  bool write_item(unsigned, std::span<const std::uint8_t>, Bytes&) override { return false; }
  // Not for types 20H to 29H (table 7).
  bool write_base(std::span<const std::uint8_t>, Bytes&) override { return false; }
  std::uint16_t status() const override { return 0; }
  void append_heat(Bytes& out, std::int64_t nano_kwh) const;
  void append_power(Bytes& out);
  void append_now(Bytes& out);

  const HeatUnit& unit_;
};

}  // namespace meterrig::bench
