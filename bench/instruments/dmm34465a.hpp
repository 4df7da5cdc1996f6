#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "bench/instruments/dmm_readings.hpp"
#include "bench/instruments/scpi_device.hpp"
#include "bench/physics/station_model.hpp"

namespace meterrig::bench {

// Keysight 34465A with digitising option at the meter's terminals. Its current input has nothing connected. A reading
// is the mean of the voltage over the aperture; between apertures it sees nothing, so that a short dip is found by a
// fast enough sample timer and by nothing else. SAMP:TIM below the aperture is a settings conflict at INIT.
class Dmm34465a final : public ScpiDevice {
 public:
  Dmm34465a(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed);

  // Out of its accuracy, without knowing: it shows this many times the truth.
  void show_times(double factor) { reads_ = factor; }

 private:
  enum class Function { voltage, current };
  void reset() override;
  void preset();
  void trigger() override;
  Instant operations_end() const override;
  void declare_configuration();
  void declare_function(const std::string& name, Function function);
  void declare_trigger();
  void declare_readings();
  void declare_statistics();
  void declare_system();
  void configure(ScpiCall& call, Function function);
  Duration aperture() const;
  void initiate();
  void start();
  void abort();
  void update();
  // True when the call has to wait for readings.
  bool waits(ScpiCall& call, std::uint64_t readings);
  void reply_values(ScpiCall& call, const std::vector<double>& values) const;
  void read(ScpiCall& call);
  void statistic(const char* header, double (*get)(ReadingStatistics&));
  void sample(std::uint64_t from, std::uint64_t count, const ReadingSeries::Emit& emit);
  double shown(double volts) const;
  double range_for(double magnitude) const;
  std::string number(double value) const { return fmt::format("{:+.8E}", value); }

  SupplyPath& path_;
  double gain_error_;
  double offset_error_;
  double reads_ = 1;  // what it shows of the true voltage

  Function function_ = Function::voltage;
  bool autorange_ = true;
  double range_ = 10;
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
  ReadingSeries series_;
  Instant series_start_{};
  Duration series_interval_{};
  Duration series_aperture_{};
  std::shared_ptr<void> history_;
  Timer end_timer_;
};

}  // namespace meterrig::bench
