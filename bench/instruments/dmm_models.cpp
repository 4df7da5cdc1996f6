#include "bench/instruments/dmm_models.hpp"

#include "bench/instruments/dm3068.hpp"
#include "bench/instruments/dmm34465a.hpp"
#include "bench/instruments/dmm6500.hpp"
#include "bench/instruments/picoammeter6485.hpp"
#include "bench/instruments/sdm3065x.hpp"

namespace meterrig::bench {

std::unique_ptr<Dmm> make_multimeter(const std::string& profile, Clock& clock, SupplyPath& path,
                                     const std::string& serial, std::uint64_t seed) {
  if (profile == "keysight_34465a") return std::make_unique<Dmm34465a>(clock, path, serial, seed);
  if (profile == "keithley_dmm6500") return std::make_unique<Dmm6500>(clock, path, serial, seed);
  if (profile == "rigol_dm3068") return std::make_unique<Dm3068>(clock, path, serial, seed);
  if (profile == "siglent_sdm3065x") return std::make_unique<Sdm3065x>(clock, path, serial, seed);
  if (profile == "keithley_6485") return std::make_unique<Picoammeter6485>(clock, path, serial, seed);
  return nullptr;
}

}  // namespace meterrig::bench
