#pragma once

#include <cstdint>
#include <vector>

#include "core/waveform/samples.hpp"

namespace meterrig::benchmarks {

// A battery meter at 100 kS/s as a current analyser sees it: 18 uA with 0.4 uA of noise, a receive window of 6 ms each
// 5 s, a transmission of 60 ms each minute.
class MeterCurrent {
 public:
  static constexpr std::uint64_t rate = 100'000;

  void next(std::vector<std::int64_t>& samples) {
    for (std::int64_t& sample : samples) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      const auto noise = static_cast<std::int64_t>(state_ >> 51) - 4096;
      const std::uint64_t in_period = at_ % (5 * rate);
      const bool receiving = in_period < 6 * rate / 1000;
      const bool sending = at_ % (60 * rate) < 66 * rate / 1000 && !receiving;
      sample = 180'000 + noise + (receiving ? 120'000'000 : 0) + (sending ? 1'200'000'000 : 0);
      ++at_;
    }
  }

 private:
  std::uint64_t state_ = 1;
  std::uint64_t at_ = 0;
};

}  // namespace meterrig::benchmarks
