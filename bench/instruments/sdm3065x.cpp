#include "bench/instruments/sdm3065x.hpp"

namespace meterrig::bench {
namespace {

// Ranges and shunts: SDM3065X data sheet; 8 mV at most over the two lowest current ranges.
DmmModel model() {
  return {{{0.2, 1.1, 1e-7}, {2, 1.1, 1e-6}, {20, 1.1, 1e-5}, {200, 1.1, 1e-4}, {1000, 1, 1e-3}},
          {{200e-6, 1.1, 1e-10, 40},
           {2e-3, 1.1, 1e-9, 4},
           {20e-3, 1.1, 1e-8, 1},
           {0.2, 1.1, 1e-7, 1},
           {2, 1.1, 1e-6, 0.01},
           {10, 1, 1e-5, 0.01}}};
}

}  // namespace

Sdm3065x::Sdm3065x(Clock& clock, SupplyPath& path, const std::string& serial, std::uint64_t seed)
    : Dmm34465a(clock, path, serial, seed,
                {.identity = "Siglent Technologies,SDM3065X," + serial + ",3.01.01.10",
                 .dialect = {},
                 .model = model(),
                 .nplc = {0.005, 0.05, 0.5, 1, 10, 100},
                 .digitises = false,
                 .settles = 3200ms}) {}

}  // namespace meterrig::bench
