#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "bench/desk/cjt_meter.hpp"

namespace meterrig::bench {

// A cold water meter with a valve (CJ/T 188, type 10H), paid for in advance. What it has of the 2018 edition: the
// clock, the instant freeze and the verification mode.
class WaterMeter final : public CjtMeter {
 public:
  WaterMeter(Clock& clock, const json::Node& meter);

 private:
  // D400: a reading and what went with it.
  struct Frozen {
    FlowModel::Reading reading;
    std::int64_t flow = 0, temperature = 0, pressure = 0;
  };

  bool read_item(unsigned identifier, Bytes& out) override;
  bool write_item(unsigned identifier, std::span<const std::uint8_t> content, Bytes& out) override;
  bool write_base(std::span<const std::uint8_t> content, Bytes& out) override;
  std::uint16_t status() const override;
  void append_volume(Bytes& out, std::int64_t volume) const;
  void append_frozen(Bytes& out, const Frozen& frozen) const;
  bool write_prices(std::span<const std::uint8_t> content, Bytes& out);
  bool write_purchase(std::span<const std::uint8_t> content, Bytes& out);
  bool write_valve(std::span<const std::uint8_t> content, Bytes& out);

  const std::uint8_t volume_unit_;
  // Price steps of 2.07, 4.14 and 6.21 yuan a cubic metre past 100 and 200 m3.
  std::array<std::uint8_t, 15> prices_{0x07, 0x02, 0x00, 0x00, 0x01, 0x00, 0x14, 0x04,
                                       0x00, 0x00, 0x02, 0x00, 0x21, 0x06, 0x00};
  int purchase_sequence_ = 1;
  std::int64_t purchased_ = 500'00, purchased_in_all_ = 500'00, remaining_ = 500'00;  // 0.01 yuan
  std::array<Frozen, 12> frozen_{};                                                   // D400 to D40B, latest first
  bool verifying_ = false;
};

}  // namespace meterrig::bench
