#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/instruments/station.hpp"

namespace meterrig::bench {

// Valves that put an instrument at the outlet of one station's air line at a time.
class AirSelector final : public AirOutlet {
 public:
  // Null: at none. What it drew from the line before ends.
  void connect(AirOutlet* line);
  void set_flow(double cubic_metres_per_hour, bool enabled) override;
  double gas_celsius() const override { return line_ ? line_->gas_celsius() : 20; }
  double outlet_l_per_h() const override { return line_ ? line_->outlet_l_per_h() : 0; }
  double passed_m3() const override { return passed_before_ + (line_ ? line_->passed_m3() - line_at_start_ : 0); }

 private:
  AirOutlet* line_ = nullptr;
  double flow_ = 0;
  bool enabled_ = false;
  double passed_before_ = 0;
  double line_at_start_ = 0;
};

// What stations may share instead of having one each: a current analyser, a leak sensor and a flow standard. Boards of
// eight relays bring them to one station at a time, four stations a board. Board "matrix" (matrix2, matrix3 ...):
// relays 0, 2, 4, 6 put channel 1 of the analyser into the K1 path of a station, 1, 3, 5, 7 channel 2 into its K2 path.
// Board "manifold" (manifold2 ...): even relays lead a station's outlet to the leak sensor, odd ones to the flow
// standard.
class SharedInstruments {
 public:
  SharedInstruments(Clock& clock, const std::vector<std::unique_ptr<Station>>& stations, const BenchProfiles& profiles,
                    std::uint64_t seed);
  SharedInstruments(const SharedInstruments&) = delete;
  SharedInstruments& operator=(const SharedInstruments&) = delete;

  std::vector<std::string> live_outputs() const;
  // For tests of leases only: how often an instrument was led to a second station while it stood at another.
  int collisions() const { return collisions_; }

 private:
  using Boards = std::vector<std::unique_ptr<RelayBoard>>;
  void add_boards(Boards& boards, const BenchProfiles& profiles, bool electrical);
  // The first station that the boards lead to; -1: none.
  int routed(const Boards& boards, int output);
  void route(bool electrical);

  Clock& clock_;
  const std::vector<std::unique_ptr<Station>>& stations_;
  AirSelector leak_outlet_, flow_outlet_;
  int collisions_ = 0;
  int at_[2][2] = {{-1, -1}, {-1, -1}};

 public:
  N6705c analyser;
  LeakSensor leak;
  FlowStandard flow;
  Boards matrix, manifold;
};

}  // namespace meterrig::bench
