#pragma once

#include <string>
#include <vector>

#include "bench/bench.hpp"
#include "rig/plan/dut_file.hpp"
#include "rig/plan/rig_file.hpp"

namespace meterrig::cli {

// Misbehaviour that lies outside the bench: in the rig's papers, in the stored record, in the program itself.
struct OwnFaults {
  bool expired_calibration = false;  // R9
  int expired_station = 0;           // 1-based; 0: every station
  bool stepped_utc = false;          // R7
  bool altered_record = false;       // R11
  bool killed = false;               // R13

  bool any() const { return expired_calibration || stepped_utc || altered_record || killed; }
};

struct Choices {
  std::vector<bench::DefectChoice> defects;
  std::vector<bench::FaultChoice> faults;  // those of the bench
  OwnFaults own;
  std::vector<std::string> words;  // as the user wrote them
};

// `NAME[@SAMPLE]` and `NAME[@STATION][#EXCHANGE]`. Throws UserError for unknown names, with the nearest one, and for
// samples and stations that are not there.
Choices read_choices(const std::vector<std::string>& defects, const std::vector<std::string>& faults,
                     const std::vector<plan::DutFile>& duts, const plan::RigFile& rig);

// The sample with its declaration as the conditions of the chosen defects say that it must be.
plan::DutFile declared_for(const plan::DutFile& dut, int position, const std::vector<bench::DefectChoice>& defects);

// The same of all samples, in their order.
void declare_for(std::vector<plan::DutFile>& duts, const std::vector<bench::DefectChoice>& defects);

// The virtual meter of a sample.
bench::Sample sample_of(const plan::DutFile& dut);

// What the named microammeter's and ammeter's calibration is after fault R9: over since the day before `start`.
void expire_calibration(plan::RigFile& rig, int station, Utc start);

}  // namespace meterrig::cli
