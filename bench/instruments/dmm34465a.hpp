#pragma once

#include <cstdint>
#include <string>

#include "bench/instruments/dmm.hpp"

namespace meterrig::bench {

// Keysight 34465A with digitising option and large memory. SAMP:TIM below the aperture is a settings conflict at INIT.
class Dmm34465a : public Dmm {
 public:
  Dmm34465a(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed);

 protected:
  // How another maker's multimeter with the same commands differs.
  struct Variant {
    std::string identity;
    ScpiDialect dialect;
    DmmModel model;
    std::vector<double> nplc;
    bool digitises = true;  // has a sample timer, apertures in seconds
    Duration settles{};     // before the first reading after CONFigure
  };
  Dmm34465a(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed, Variant variant);

 private:
  void reset() override;
  void preset();
  void trigger() override;
  Instant operations_end() const override;
  void declare_configuration();
  void declare_function(const std::string& name, Function function);
  void declare_range(const std::string& base, Function function);
  void declare_trigger();
  void declare_timer();
  void declare_readings();
  void declare_statistics();
  void declare_system();
  void configure(ScpiCall& call, Function function);
  Duration aperture() const;
  void initiate();
  void start();
  void abort();
  bool waits_for_all(ScpiCall& call);
  void reply_values(ScpiCall& call, const std::vector<double>& values) const;
  void read(ScpiCall& call);
  void statistic(const char* header, double (*get)(ReadingStatistics&));

  bool digitises_ = true;
  Duration settles_{};
  bool unsettled_ = false;  // configured and not read since
  std::vector<double> nplc_values_;
  ScpiRange nplc_range_;
  double nplc_ = 10;
  double aperture_s_ = 0;   // 0: by NPLC
  int trigger_source_ = 0;  // IMM, BUS, EXT, INT
  std::uint64_t trigger_count_ = 1;
  double trigger_delay_ = 0;
  bool trigger_delay_auto_ = true;
  std::uint64_t sample_count_ = 1;
  bool sample_timer_ = false;
  double sample_interval_ = 1;
  bool autozero_ = true;
  bool impedance_auto_ = false;
  bool statistics_on_ = false;
  bool binary_ = false;
  bool swapped_ = false;

  bool armed_ = false;  // waits for a trigger
};

}  // namespace meterrig::bench
