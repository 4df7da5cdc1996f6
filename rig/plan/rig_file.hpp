#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/node.hpp"
#include "rig/plan/address.hpp"
#include "rig/plan/clause.hpp"
#include "rig/plan/interlock_rule.hpp"

namespace meterrig::plan {

// Calibration data of one measuring function, as the rig file has them; in the function's unit.
struct CalibrationTable {
  struct Point {
    double indication = 0;
    double correction = 0;  // to be added to the indication
    double expanded_uncertainty = 0;
  };
  std::string function;  // of the profile's accuracy table
  std::vector<Point> points;
  double coverage_factor = 2;
  std::optional<double> drift;  // since the calibration, either way
  std::uint32_t line = 0;       // in the rig file
};

struct CalibrationData {
  std::string date;  // ISO 8601 days; with a digital certificate those of the certificate, and empty here
  std::string due;
  std::string certificate;
  std::vector<CalibrationTable> tables;
  // A digital calibration certificate (DCC), found from the rig file's folder; empty: none.
  std::string dcc;
  std::map<std::string, std::string> functions;  // the certificate's unit (UCUM) to the function that it is of
  std::map<std::string, double> drifts;          // of functions that the certificate has
};

struct RigInstrument {
  std::string name;
  std::string profile;  // of config/instruments/
  Address address;
  std::string serial;
  std::optional<CalibrationData> calibration;
};

// One coil of a relay instrument.
struct CoilUse {
  std::string instrument;
  int coil = 0;
};

// What fills a role: an instrument, or a link of its own. A role of the radio channel or such needs neither.
struct RoleBinding {
  std::string role;
  std::string instrument;            // empty: none
  std::optional<Address> address;    // of a link: UART, operator
  int channel = 0;                   // of an instrument with several; from 1
  std::map<std::string, int> coils;  // by purpose: coil, k1, k2, dummy_light, dummy_heavy
  std::optional<int> input;          // discrete input that a contact is wired to; on = closed
  std::optional<CoilUse> isolation;  // of the UART: on = connected
  std::optional<CoilUse> loopback;   // of the UART: on = the rig's own lines joined, the meter cut off
  std::optional<CoilUse> through;    // of a matrix: on = the instrument is in the path
};

// What a station's supply switches itself off at; absent: rig defaults (docs/interlocks.md).
struct Protections {
  std::optional<double> over_voltage_v;
  std::optional<double> over_current_a;
};

struct RigStation {
  std::string name;
  Protections protections;
  std::map<std::string, RoleBinding> roles;
};

class RigFile {
 public:
  std::string id;
  Title title;
  std::string place;
  std::string utc_offset;  // "+08:00"
  int bench_stations = 0;  // of the virtual bench; 0 when the rig has no bench, or one with a desk only
  // Meters on the bench's desk, as they stand in the file; each has a name of its own.
  std::vector<json::Node> bench_meters;
  std::map<std::string, RigInstrument> instruments;
  std::vector<RigStation> stations;
  std::map<std::string, RoleBinding> shared;
  double dummy_light_ohm = 0;
  double dummy_heavy_ohm = 0;
  std::vector<std::string> safe_state_order;  // roles
  std::vector<InterlockRule> interlocks;
  // The watchdog takes a program for dead that does not say for this long that it is alive, seconds of real time.
  double watchdog_s = 3;
  double time_scale = 1;
  std::string file;

  const RigStation* station(std::string_view name) const;
  // The binding for a station: its own role, else the shared one; null when the rig has neither.
  const RoleBinding* binding(const RigStation& station, std::string_view role) const;
  bool all_virtual() const;
  bool any_virtual() const;
  // Are the bench's meters in this process? A served bench has put them on ports.
  bool meters_virtual() const;
};

RigFile read_rig(const json::Node& document);

}  // namespace meterrig::plan
