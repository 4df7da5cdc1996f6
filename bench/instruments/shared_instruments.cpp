#include "bench/instruments/shared_instruments.hpp"

namespace meterrig::bench {
namespace {

constexpr std::size_t stations_a_board = 4;

}  // namespace

void AirSelector::connect(AirOutlet* line) {
  if (line_) {
    passed_before_ = passed_m3();
    line_->set_flow(0, false);
  }
  line_ = line;
  if (!line_) return;
  line_at_start_ = line_->passed_m3();
  line_->set_flow(flow_, enabled_);
}

void AirSelector::set_flow(double cubic_metres_per_hour, bool enabled) {
  flow_ = cubic_metres_per_hour;
  enabled_ = enabled;
  if (line_) line_->set_flow(flow_, enabled_);
}

SharedInstruments::SharedInstruments(Clock& clock, const std::vector<std::unique_ptr<Station>>& stations,
                                     const BenchProfiles& profiles, std::uint64_t seed)
    : clock_(clock),
      stations_(stations),
      analyser(clock, "MY53000009", seed),
      leak(clock, leak_outlet_, profiles.leak, "LF-0009", seed),
      flow(clock, flow_outlet_, profiles.flow, "FS-0009", seed) {
  add_boards(matrix, profiles, true);
  add_boards(manifold, profiles, false);
}

void SharedInstruments::add_boards(Boards& boards, const BenchProfiles& profiles, bool electrical) {
  const std::size_t count = (stations_.size() + stations_a_board - 1) / stations_a_board;
  for (std::size_t i = 0; i < std::max<std::size_t>(count, 1); ++i)
    boards.push_back(
        std::make_unique<RelayBoard>(clock_, profiles.relays, [this, electrical](int, bool) { route(electrical); }));
}

int SharedInstruments::routed(const Boards& boards, int output) {
  int first = -1;
  for (std::size_t i = 0; i < stations_.size(); ++i) {
    const int relay = static_cast<int>(2 * (i % stations_a_board)) + output;
    if (!boards[i / stations_a_board]->closed(relay)) continue;
    if (first >= 0) ++collisions_;
    if (first < 0) first = static_cast<int>(i);
  }
  return first;
}

void SharedInstruments::route(bool electrical) {
  for (int output = 0; output < 2; ++output) {
    const int wanted = routed(electrical ? matrix : manifold, output);
    int& now_at = at_[electrical ? 0 : 1][output];
    if (wanted == now_at) continue;
    now_at = wanted;
    Station* const station = wanted < 0 ? nullptr : stations_[static_cast<std::size_t>(wanted)].get();
    if (electrical)
      analyser.probe(output + 1)
          .connect(clock_.now(), station ? station->path.get() : nullptr,
                   output == 0 ? Path::k1_microammeter : Path::k2_ammeter);
    else
      (output == 0 ? leak_outlet_ : flow_outlet_).connect(station ? station->line.get() : nullptr);
  }
}

std::vector<std::string> SharedInstruments::live_outputs() const {
  std::vector<std::string> live;
  if (flow.enabled()) live.emplace_back("flow enable");
  return live;
}

}  // namespace meterrig::bench
