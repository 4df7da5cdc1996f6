#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json/node.hpp"

namespace meterrig::plan {

// One sample and what its maker declares of it.
class DutFile {
 public:
  std::string model;
  std::string maker;
  std::string serial;
  int sample = 1;
  std::string profile;        // of config/meters/
  std::string meter = "gas";  // gas, water, heat, electricity
  std::string address;        // on its own link; for CJ/T 188 seven bytes as 14 hex digits
  std::string communication;  // R, S, G or O
  double nominal_voltage_v = 0;
  std::optional<double> undervoltage_v;
  std::optional<double> minimum_voltage_v;
  std::optional<double> maximum_voltage_v;
  std::string supply = "battery";  // or dc, mains: what it is fed from at home
  bool replaceable_battery = false;
  std::optional<double> wake_period_s;
  std::optional<double> detection_latency_s;
  std::optional<double> valve_close_time_s;
  std::string conversion = "pulse";  // or direct_reading
  std::string pulse_volume_m3;       // exact decimals
  std::string division_m3;           // smallest division of a direct-reading meter
  std::optional<double> nominal_flow_m3_per_h;
  std::optional<double> qmax_m3_per_h;
  std::optional<double> qmin_m3_per_h;
  std::optional<double> pressure_max_kpa;
  std::string test_mode = "none";
  std::string manual_action;  // what a person does to open the valve
  bool clock_backup = false;
  bool settles_money = true;                // of a water meter: CJ/T 484 (revision) clause 4
  int settlement_records = 12;              // that it keeps
  double period_resolution_m3 = 0.001;      // in which it tells the usage of the period
  double verification_interval_m3 = 0.001;  // of its verification scale (GB/T 778.1-2018)
  double boot_time_s = 2;                   // from power to the first answer
  std::string security_key;  // of the sample's test key set, CJ/T 188-2018 clause 7: 32 hex digits; empty: plain
  std::vector<std::string> persistent_items;
  std::vector<std::string> optional_functions;
  std::string file;

  // A declared number by its key, as a standard's file names it; none when the maker does not declare it.
  // Throws UserError for a key that is no number of a DUT file.
  std::optional<double> declared(const std::string& key) const;
  static const std::vector<std::string>& number_keys();
};

DutFile read_dut(const json::Node& document);

}  // namespace meterrig::plan
