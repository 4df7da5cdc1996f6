#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/instruments/dmm_readings.hpp"
#include "bench/instruments/probe.hpp"
#include "bench/instruments/scpi_device.hpp"
#include "bench/physics/station_model.hpp"

namespace meterrig::bench {

// One range of one function: full scale, the part of it that it still reads, its digits, and for a current range what
// it puts into the path.
struct DmmRange {
  double full = 0;
  double reads_up_to = 1.2;
  double resolution = 0;
  double burden_ohm = 0;
};

struct DmmModel {
  std::vector<DmmRange> volts;
  std::vector<DmmRange> amperes;
  double ampere_gain = 1e-4;  // a specimen is within this part of the reading and this part of the range
  double ampere_offset = 2e-5;
};

// What goes wrong with a multimeter that still answers.
enum class DmmTrouble { none, stuck, overload, zero_check, wrong_language };

// What bench multimeters have in common: an integrating converter at the meter's terminals or in one of the current
// paths, ranges, and series of readings. A reading is the mean over the aperture; between apertures it sees nothing, so
// that a short dip is found by a fast enough series and by nothing else. A current beyond the range within an aperture
// makes the reading an overload. Models add their command sets.
class Dmm : public ScpiDevice {
 public:
  Dmm(Clock& clock, SupplyPath& path, std::string identity, ScpiDialect dialect, DmmModel model,
      const std::string& serial, std::uint64_t seed);

  // Its current input is the instrument of that path.
  void wire_current(Path which);
  // Out of its accuracy, without knowing: it shows this many times the truth.
  void show_times(double factor) { reads_ = factor; }
  virtual void suffer(DmmTrouble trouble) { trouble_ = trouble; }

 protected:
  enum class Function { voltage, current };
  static constexpr double overload_value = 9.9e37;
  static constexpr double no_reading_value = 9.91e37;
  static constexpr double line_period = 0.02;

  struct Setting {
    bool autorange = true;
    std::size_t range = 0;  // of its function's ranges
  };

  const std::vector<DmmRange>& ranges(Function function) const;
  Setting& setting(Function function) { return settings_[function == Function::current]; }
  const Setting& setting(Function function) const { return settings_[function == Function::current]; }
  void select(Function function);
  Function function() const { return function_; }
  // The smallest range that holds `wanted`, fixed from now on.
  void fix_range(Function function, double wanted);
  void fix_range_index(Function function, std::size_t index);
  void autorange(Function function, bool on);
  // The full scale in force (of an autoranging function: for what is there now).
  double full_scale(Function function) const;

  // A series of readings of the function, `interval` from one to the next.
  void begin(std::uint64_t count, Duration interval, Duration aperture, Duration delay);
  void abort_series();
  void update();
  ReadingSeries& series() { return series_; }
  bool running() const { return series_.running(now()); }
  Instant series_end() const { return series_.end(); }
  // True when the call has to wait for that many readings of the series.
  bool waits(ScpiCall& call, std::uint64_t readings);
  DmmTrouble trouble() const { return trouble_; }
  static std::string nr3(double value) { return fmt::format("{:+.8E}", value); }

 private:
  void sample(std::uint64_t from, std::uint64_t count, const ReadingSeries::Emit& emit);
  void sample_current(std::uint64_t from, std::uint64_t count, const ReadingSeries::Emit& emit) const;
  double shown(double truth);
  double specimen(double truth, const DmmRange& range) const;
  const DmmRange& range_for(double magnitude) const;
  double present() const;
  void load_path();

  SupplyPath& path_;
  DmmModel model_;
  std::optional<Path> wired_;
  Probe probe_;
  double gain_error_, offset_error_;                // volts; the offset in parts of the range
  double ampere_gain_error_, ampere_offset_error_;  // amperes
  double reads_ = 1;                                // what it shows of the truth
  DmmTrouble trouble_ = DmmTrouble::none;
  std::optional<double> frozen_;

  Function function_ = Function::voltage;
  Setting settings_[2];
  ReadingSeries series_;
  Instant series_start_{};
  Duration series_interval_{};
  Duration series_aperture_{};
  std::shared_ptr<void> history_;
  Timer end_timer_;
};

}  // namespace meterrig::bench
