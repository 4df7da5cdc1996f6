#include "core/tariff/price_table.hpp"

#include <fmt/format.h>

#include "core/tariff/decimal_text.hpp"

namespace meterrig::tariff {

std::vector<std::string> faults_of(const PriceTable& table) {
  std::vector<std::string> faults;
  const auto& volumes = table.volumes_m3;
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    if (volumes[i] < 0 || volumes[i] > step_volume_max_m3)
      faults.push_back(fmt::format("step volume {} is {} m3; expected 0 to {} (six digits, CJ/T 484 table 2)", i + 1,
                                   volumes[i], step_volume_max_m3));
    else if (i == 0 && volumes[i] == 0)
      faults.push_back("step volume 1 is 0 m3, where the period begins; expected it above 0");
    else if (i > 0 && volumes[i] <= volumes[i - 1])
      faults.push_back(fmt::format("step volume {} is {} m3, {} step volume {}; expected it above {} m3", i + 1,
                                   volumes[i], volumes[i] == volumes[i - 1] ? "the same as" : "below", i,
                                   volumes[i - 1]));
  }
  if (table.prices.size() != volumes.size() + 1)
    faults.push_back(fmt::format("step volumes: {}, prices: {}; expected one price more than step volumes",
                                 volumes.size(), table.prices.size()));
  for (std::size_t i = 0; i < table.prices.size(); ++i) {
    if (table.prices[i] < 0 || table.prices[i] > price_max)
      faults.push_back(fmt::format("price {} is {} yuan/m3; expected 0.00 to {} (six digits, CJ/T 484 table 2)", i + 1,
                                   price_text(table.prices[i]), price_text(price_max)));
  }
  return faults;
}

}  // namespace meterrig::tariff
