#pragma once

#include <string>
#include <vector>

#include "rig/run/station.hpp"

namespace meterrig::rig {

// What a member of the rig says of itself, held against its profile and the rig file.
struct MemberReport {
  std::string name;
  std::string profile;
  std::string address;
  std::string model;  // as it says; empty: it does not say
  std::string serial;
  std::string firmware;
  std::string calibrated;  // the day; empty: the rig file has no calibration of it
  std::string due;
  std::string certificate;
  int days_left = 0;      // until the calibration is due; negative: past
  std::string self_test;  // "passed", what failed, or empty: its profile names none
  std::vector<std::string> problems;
};

// One reading beside another that has to agree with it.
struct DriftReport {
  std::string station;
  std::string instrument;
  std::string quantity;  // supply_voltage, ammeter_into_dummy_heavy, microammeter_into_dummy_light
  std::string unit;      // V, A
  double reference = 0;
  double reading = 0;
  double allowed = 0;  // |reading - reference| at most
  std::string problem;
};

// Opens and asks one instrument; `today` is the day of the calibration's comparison. What goes wrong is in the report.
Task<MemberReport> check_member(Instruments& instruments, std::string name, std::chrono::sys_days today);

// Drives a station's outputs at `volts`, with 0.5 A at most, and brings them to their safe state again: the supply's
// own reading against the voltmeter at the terminals (a meter in its place is powered), the ammeter into the heavy and
// the microammeter into the light dummy load, which the rig file declares. A pair that the station lacks is left out.
Task<std::vector<DriftReport>> check_drift(Station& station, Instruments& instruments, double volts);

}  // namespace meterrig::rig
