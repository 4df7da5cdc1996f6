#pragma once

#include <string>

#include "bench/instruments/dmm.hpp"

namespace meterrig::bench {

// Keithley DMM6500 in its SCPI language: measure functions with NPLC, a digitiser of 1 kS/s to 1 MS/s, the trigger
// model SimpleLoop and the buffer defbuffer1 with its statistics. In another language (*LANG?) it answers only the
// common commands; a change takes effect when it is switched on again.
class Dmm6500 final : public Dmm {
 public:
  Dmm6500(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed);
  void suffer(DmmTrouble trouble) override;

 private:
  void reset() override;
  Instant operations_end() const override { return running() ? series_end() : Instant::min(); }
  // Handlers of the SCPI language; in another one the header is unknown.
  Handler scpi(Handler handler);
  void declare_language();
  void declare_measure(const std::string& name, Function function);
  void declare_digitise(const std::string& name, Function function);
  void declare_functions();
  void declare_readings();
  void declare_buffer();
  void declare_statistics();
  void start(std::uint64_t loops, Duration delay);
  static void expect_buffer(const ScpiCall& call, std::size_t i);

  std::string language_ = "SCPI";
  std::string next_language_ = "SCPI";
  bool digitising_ = false;
  double nplc_ = 1;
  bool autozero_ = true;
  std::uint64_t count_ = 1;
  double rate_ = 1000;
  double digitise_aperture_s_ = 0;  // 0: AUTO, the longest that the rate leaves
  std::uint64_t digitise_count_ = 1;
  std::uint64_t capacity_ = 100'000;
  std::uint64_t loops_ = 1;
  Duration loop_delay_{};
};

}  // namespace meterrig::bench
