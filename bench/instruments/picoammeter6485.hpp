#pragma once

#include <string>

#include "bench/instruments/dmm.hpp"

namespace meterrig::bench {

// Keithley 6485 picoammeter. It starts with zero check on: its input is then shunted to low, and what it reads
// is its own offset. READ? gives reading with unit, time stamp and status, as FORMat:ELEMents says. A series of
// TRIGger:COUNt readings at most 2500 long; no sample timer.
class Picoammeter6485 final : public Dmm {
 public:
  Picoammeter6485(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed);

 private:
  void reset() override;
  Instant operations_end() const override { return running() ? series_end() : Instant::min(); }
  void declare_sense();
  void declare_readings();
  void initiate();
  bool zero_checked() const { return zero_check_ || trouble() == DmmTrouble::zero_check; }
  void reply(ScpiCall& call);

  bool zero_check_ = true;
  bool zero_correct_ = false;
  double nplc_ = 5;
  std::uint64_t trigger_count_ = 1;
  bool elements_[4] = {true, true, true, true};  // reading, units, time, status
};

}  // namespace meterrig::bench
