#include "bench/desk/flow_model.hpp"

#include <algorithm>
#include <cstddef>

#include "bench/desk/settings.hpp"

namespace meterrig::bench {
namespace {

constexpr std::int64_t nano_kwh_per_hundredth = 10'000'000;

}  // namespace

FlowModel::FlowModel(const Clock& bench, const json::Node& meter)
    : clock_(bench),
      flow_(scaled(meter, "flow", 4, 0)),
      supply_(scaled(meter, "supply_temperature", 2, 20'00)),
      return_(scaled(meter, "return_temperature", 2, 20'00)),
      pressure_(scaled(meter, "pressure_kpa", 0, 300)),
      volume_(scaled(meter, "volume", 4, 0)),
      heat_(scaled(meter, "heat", 2, 0) * nano_kwh_per_hundredth),
      working_(scaled(meter, "working_time_h", 0, 0)),
      upto_(clock_.now()),
      next_settlement_(next_monthly(upto_, settlement_day_, 0)) {
  // A meter that has hung there for a year and a month, and counted the same each month.
  for (std::size_t i = 0; i < settlements; ++i) {
    const auto left = static_cast<std::int64_t>(settlements - i);
    const std::chrono::year_month_day next{std::chrono::floor<std::chrono::days>(next_settlement_)};
    history_[i] = {Utc{std::chrono::sys_days{next - std::chrono::months{static_cast<int>(i) + 1}}},
                   volume_.units() * left / 13, heat_.units() * left / 13};
  }
}

void FlowModel::run(Utc until) {
  const Duration lasting = until - upto_;
  volume_.add(flow(), lasting);
  heat_.add(power(), lasting);
  working_.add(1, lasting);
  upto_ = until;
}

void FlowModel::settle(Utc at) {
  std::rotate(history_.rbegin(), history_.rbegin() + 1, history_.rend());
  history_.front() = {at, volume_.units(), heat_.units()};
  next_settlement_ = next_monthly(at, settlement_day_, 0);
}

void FlowModel::advance() {
  const Utc now = clock_.now();
  while (next_settlement_ <= now) {
    run(next_settlement_);
    settle(next_settlement_);
  }
  run(now);
}

FlowModel::Reading FlowModel::now() {
  advance();
  return {upto_, volume_.units(), heat_.units()};
}

const FlowModel::Reading& FlowModel::settled(std::size_t back) {
  advance();
  return history_.at(back);
}

std::int64_t FlowModel::working_hours() {
  advance();
  return working_.units();
}

std::int64_t FlowModel::power() const {
  return std::max<std::int64_t>(0, flow() * (supply_ - return_) * heat_of_a_step);
}

void FlowModel::set_flow(std::int64_t flow) {
  advance();
  flow_ = flow;
}

void FlowModel::open_valve(bool open) {
  advance();
  open_ = open;
}

void FlowModel::set_volume(std::int64_t volume) {
  advance();
  volume_ = ExactSum(volume);
}

void FlowModel::set_time(Utc time) {
  advance();
  clock_.set(time);
  if (time < upto_) next_settlement_ = next_monthly(time, settlement_day_, 0);
  while (next_settlement_ <= time) settle(next_settlement_);
  upto_ = time;
}

void FlowModel::set_settlement_day(unsigned day) {
  advance();
  settlement_day_ = day;
  next_settlement_ = next_monthly(upto_, day, 0);
}

}  // namespace meterrig::bench
