#pragma once

#include <string>

#include "rig/run/procedure.hpp"

// Steps that several procedures share, in the words of CJ/T 503-2016 clause 6 and figure 1.
namespace meterrig::testcases {

using record::Verdict;
using rig::Cause;
using rig::Procedure;
using rig::Radio;
using rig::Station;
using rig::Trial;
using Position = PathSwitch::Position;

// K0, supply to the nominal voltage, K2: the meter starts. The first time in a run with a low current limit, a look at
// polarity and current, and the question who is there. Each time the meter must be the sample of this station.
// A supply that the meter drags into its limit is judged by a dummy load first.
Task<> power_up(Trial& trial);

// The meter's current flows through the instrument of the path `in_use` alone: over a wake-up period the other path's
// instrument reads nothing. A contact of K that is welded would share the current, and no relay board tells.
Task<> prove_path_alone(Trial& trial, Position in_use);
// Throws UserError, with the reason, when an ammeter can't take the series that this and settle() want.
void expect_path_proof(Trial& trial);
// What a waveform proves of its mean, amperes: at least that with the range's end for each sample beyond the range.
double lowest_mean(const Waveform& waveform, double range_a);

// Waits `at_least`, then until windows of the ammeter agree and stay below `below_a` for `quiet_for`.
Task<> settle(Trial& trial, Duration at_least, Duration at_most, double below_a, Duration quiet_for);

// Opens the valve as on site: authorisation over the UART, then the opener. Void when it does not open.
Task<> open_valve(Trial& trial);
// Closes it over the UART and waits until its motor is at rest.
Task<> close_valve(Trial& trial);

// When something was first seen by one who looks again and again: at the upper end of the stretch since the look
// before.
struct PolledTime {
  bool seen = false;
  double seconds = 0;
  double since_last_look_s = 0;
  // The stretch, and 10 ms of the time stamp.
  Budget budget() const;
};
// The rig looked away for longer than a second, and only what it can't have seen decides that the limit was missed:
// void.
void expect_watched(Trial& trial, const PolledTime& time, double limit_s);

// Air through the meter at `kpa`; the outlet's flow in L/h tells whether the valve is open or closed.
struct Flow {
  double l_per_h = 0;
  Budget budget{"L/h"};
  bool more = false;  // one-sided: at least this
};
Task<> admit_air(Trial& trial, double kpa);
Task<Flow> outlet_flow(Trial& trial, LeakSensor::Range range);
// Closes the inlet, opens the vent, waits until the gauge is back at zero.
Task<> vent_air(Trial& trial);

// 15 kPa at the meter's inlet within the clause's tolerance, watched by the gauge. A pressure that can't be held is
// judged with the inlet valve closed: the source good, the meter leaks it away (fail, `leak_name` one-sided).
Task<> hold_test_pressure(Trial& trial, const std::string& leak_name, const std::string& leak_unit);

// CJ/T 503-2016 6.7 with the valve closed and the meter powered or not: settles, averages, converts to the reference
// conditions, watches for steps, checks the sensor's zero. Measures `leakage`.
Task<Verdict> measure_leakage(Trial& trial);

// The station's current limit for K2, amperes.
double supply_limit(Trial& trial);

// Watches the supply at the meter's terminals between its start and voltage_dipped().
Task<> watch_supply(Trial& trial, Duration interval, Duration longest);
// The lowest voltage seen, V.
Task<double> lowest_supply(Trial& trial);

// The ammeter's waveform of the valve's motion, taken at `interval` over `duration` from now.
struct Motion {
  bool moved = false;
  double seconds = 0;  // from start to stop
  double ended_s = 0;  // from the beginning of the capture to the stop
  double peak_a = 0;
};
Motion motion_in(const Waveform& waveform, double threshold_a);

}  // namespace meterrig::testcases
