#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/io/memory_bus.hpp"
#include "core/io/memory_link.hpp"
#include "core/json/node.hpp"

namespace meterrig::bench {

// What the maker declares of a sample; the virtual meter is built after it.
struct Sample {
  std::string serial;
  std::string address;       // 7 bytes BCD, hex, A0 first
  char communication = 'R';  // R, S, G, O (CJ/T 503-2016 table 2)
  double nominal_voltage_v = 6.0;
  double undervoltage_v = 4.8;
  double minimum_voltage_v = 4.5;
  double wake_period_s = 5;
  double detection_latency_s = 10;
  double pulse_volume_m3 = 0.01;
  bool direct_reading = false;
  bool replaceable_battery = true;
  std::string kind = "gas";  // gas, water
  // Of a water meter (CJ/T 484).
  bool settles_money = true;  // or only meters
  int settlement_records = 24;
  std::string supply = "battery";     // or dc, mains
  bool clock_backup = true;           // the clock goes on without supply
  std::string key;                    // SM4, 16 bytes in hex; empty: it knows none, and takes everything in plain
  std::string security = "required";  // none, offered, required: of a meter with a key
};

struct DefectChoice {
  std::string name;  // "cjt503-5.3.8-d3"
  int sample = 0;    // 1-based; 0: every sample
};

struct FaultChoice {
  std::string name;     // "R4", "io-silent:psu"
  int station = 0;      // 1-based; 0: every station
  int at_exchange = 0;  // n-th exchange of the instrument, 1-based; 0: always
};

// One row of `list defects`.
struct DefectRow {
  std::string name;
  std::vector<std::string> standards;
  std::string meter;                                          // "gas", "water"
  std::string kind;                                           // "defect", "borderline", "fault"
  std::vector<std::pair<std::string, std::string>> expected;  // clause id -> verdict, for every id that does not pass
  std::string conditions;                                     // JSON object text
  std::string what;
};
std::vector<DefectRow> defect_rows();

// A station's supply that is another one than the DP832.
struct SupplyChoice {
  json::Node profile;  // of config/instruments
  std::string serial;
  int channel = 1;  // that feeds the station
};

// A multimeter, picoammeter or power profiler of a rig file in one of a station's roles: it stands there besides the
// instruments that every station has, or under the name of one in its place.
struct BenchInstrument {
  std::string name;     // of the member: "dmm1"
  std::string profile;  // "keithley_dmm6500"; one that the bench has no such twin of is left out
  std::string serial;
  std::string role;  // voltmeter, microammeter, ammeter
  int station = 1;   // 1-based
};

struct BenchOptions {
  std::vector<Sample> samples;           // one a station
  std::map<int, SupplyChoice> supplies;  // by station, 1-based; the others have a DP832, whose channel 1 feeds them
  std::uint64_t seed = 1;
  std::vector<DefectChoice> defects;
  std::vector<FaultChoice> faults;
  std::string profiles_folder;  // config/instruments: register maps of the Modbus devices
  std::vector<BenchInstrument> instruments;
  std::vector<json::Node> meters;  // on the desk: elements of a rig file's bench.meters
};

// The virtual world: stations with their instruments, meters, air and radio, on one clock. Everything in it is reached
// as a rig reaches real things: by links and register buses, under the names of the rig file's virtual: addresses
// (psu1, dmm1, analyser1, relays1, air1, gauge1, leak1, flow1, counter1, pulses1, uart1,
// ambient, host, operator, inputs; chamber, where water meters are; what stations may share: analyser, leak, flow,
// matrix, manifold; and the names of the meters on the desk).
class Bench {
 public:
  // Throws UserError for an unknown defect or fault, with the nearest known name, and for a meter of the desk with the
  // name of another member.
  Bench(Clock& clock, BenchOptions options);
  ~Bench();

  struct LinkEnd {
    LinkPeer* peer = nullptr;  // null: no such name
    LineTiming timing;
  };
  LinkEnd link(const std::string& name);
  // Null: no such name. `unit` is the Modbus unit the device answers to.
  RegisterPeer* registers(const std::string& name, int& unit);
  std::vector<std::string> names() const;

  // What the meter of a station (1-based) keeps while its supply is off. take_up(): before anything is switched on,
  // what the bench of an earlier program said of it. Throws std::out_of_range or a JSON exception for what kept() never
  // said.
  nlohmann::json kept(int station) const;
  void take_up(int station, const nlohmann::json& kept);

  // For tests of safe state only: is any output of any station live (supply on, K closed, source enabled, ...)?
  // Gives their names.
  std::vector<std::string> live_outputs() const;
  // The same, of leases: how often a shared instrument was led to two stations at once.
  int collisions() const;
  // The same: what presses on the meter of a station (1-based) now, kPa gauge.
  double inlet_kpa(int station) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace meterrig::bench
