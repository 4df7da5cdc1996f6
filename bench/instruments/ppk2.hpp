#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/instruments/probe.hpp"
#include "bench/instruments/spread.hpp"
#include "bench/physics/station_model.hpp"
#include "core/clock.hpp"
#include "core/io/memory_link.hpp"

namespace meterrig::bench {

// A Nordic PPK2 in one of a station's current paths: raw command bytes, no answers but the metadata, and 100,000
// samples a second of the path's true current while it averages. It converts with a calibration of its own, which only
// its metadata tell.
class Ppk2Device final : public LinkPeer {
 public:
  Ppk2Device(Clock& clock, SupplyPath& path, Path which, const std::string& serial, std::uint64_t seed);

  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void connected(Port& port) override { port_ = &port; }
  void disconnected(Port& port) noexcept override;

  // The next samples do not get through, as when the host is too slow.
  void lose(std::uint32_t samples) { to_lose_ += samples; }
  bool device_on() const { return on_; }
  int millivolts() const { return millivolts_; }

 private:
  struct Range {
    double ohms, gain, offset_a;
  };
  void execute();
  void tell_metadata();
  void start();
  void stop();
  void send_samples();
  std::uint32_t word_of(double amperes);

  Clock& clock_;
  Probe probe_;
  Spread spread_;
  std::string serial_;
  std::vector<Range> ranges_;
  Port* port_ = nullptr;
  std::vector<std::uint8_t> command_;
  int mode_ = 1;
  int millivolts_ = 3000;
  bool on_ = false;
  bool averaging_ = false;
  Instant next_{};
  std::uint32_t counter_ = 0;
  std::uint32_t to_lose_ = 0;
  std::shared_ptr<void> history_;
  Timer timer_;
};

}  // namespace meterrig::bench
