#pragma once

#include <array>
#include <optional>

#include "instruments/roles/electrical.hpp"

namespace meterrig {

// One phase of a three-phase load point. RMS values; angles in degrees against the voltage of phase 1, IEC: a current
// that lags its voltage by 60 has its voltage's angle minus 60.
struct AcPhase {
  double volts = 0;
  double volts_angle = 0;
  double amperes = 0;
  double amperes_angle = 0;
  bool voltage_on = false;
  bool current_on = false;
};

struct AcLoadPoint {
  std::array<AcPhase, 3> phases;
  double hertz = 50;
};

// A programmable three-phase source.
class AcSource : public SafeOutput {
 public:
  // Sets frequency, voltages, currents, and switches the phases as the load point says. Throws UserError outside the
  // profile's limits, InstrumentError when the source refuses.
  virtual Task<> apply(AcLoadPoint point) = 0;
  virtual Task<> off() = 0;
};

// What a reference meter sees; active and reactive power with their signs, angles as in AcPhase.
struct AcReading {
  struct Phase {
    double volts = 0, amperes = 0, volts_angle = 0, amperes_angle = 0, power_factor = 0;
    double watts = 0, vars = 0, volt_amperes = 0;
  };
  std::array<Phase, 3> phases;
  double watts = 0, vars = 0, volt_amperes = 0;
  double hertz = 0;
};

// The error calculator: counts reference pulses over `pulses` of the meter under test.
struct MeterErrorSetting {
  double meter_constant = 0;       // impulses per kWh of the meter under test
  std::uint64_t meter_pulses = 1;  // over which the error is taken
};

class ReferenceMeter {
 public:
  virtual ~ReferenceMeter() = default;
  virtual Task<AcReading> read() = 0;
  virtual Task<> start_error(MeterErrorSetting setting) = 0;
  struct ErrorState {
    enum class Phase { idle, waiting, running, finished };
    Phase phase = Phase::idle;
    std::optional<double> percent;  // once finished
    double progress_percent = 0;
  };
  virtual Task<ErrorState> error_state() = 0;
  virtual Task<> stop_error() = 0;
  virtual const Accuracy& power_accuracy() const = 0;
};

}  // namespace meterrig
