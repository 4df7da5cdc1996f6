#pragma once

#include <string>

#include "bench/instruments/dmm.hpp"

namespace meterrig::bench {

// Rigol DM3068 with its own command set: ranges by index, three rates, single readings. In another command set
// (CMDSET AGILENT or FLUKE) it knows none of these commands.
class Dm3068 final : public Dmm {
 public:
  Dm3068(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed);
  void suffer(DmmTrouble trouble) override;

 private:
  enum class Language { rigol, agilent, fluke };
  void reset() override;
  Instant operations_end() const override { return running() ? series_end() : Instant::min(); }
  void declare_function(const std::string& name, Function function);
  void expect_own_language() const;
  void measure(ScpiCall& call, Function wanted);
  Duration conversion() const;

  Language language_ = Language::rigol;
  int rate_ = 0;  // S, M, F
};

}  // namespace meterrig::bench
