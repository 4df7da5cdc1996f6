// CJ/T 503-2016 6.17: the valve is moved both ways; what the meter shows must be what the air says.
#include <fmt/format.h>

#include "testcases/steps/control.hpp"

namespace meterrig::testcases {
namespace {

struct Comparison {
  int wrong = 0;
  bool in_time = true;
  void add(const Comparison& other) {
    wrong += other.wrong;
    in_time = in_time && other.in_time;
  }
};

Task<Comparison> compare(Trial& trial, AirSays wanted, Duration within) {
  const PolledTime reached = co_await wait_for_air(trial, wanted, within);
  const std::string shown =
      co_await ask(trial, Operator::Kind::observe_status, "请观察表具显示的阀门状态（open/closed）",
                   "what valve state does the meter show (open/closed)?");
  const MeterStatus status = co_await trial.station().meter().status();
  const std::string real =
      reached.seen ? (wanted == AirSays::open ? "open" : "closed") : (wanted == AirSays::open ? "closed" : "open");
  const std::string said = status.valve == MeterStatus::Valve::open     ? "open"
                           : status.valve == MeterStatus::Valve::closed ? "closed"
                                                                        : "faulty";
  trial.record_text("shown", shown);
  trial.record_text("uart_status", said);
  trial.record_text("air", real);
  if (shown != "open" && shown != "closed") trial.inconclusive(fmt::format("{:?} is no valve state", shown));
  co_return Comparison{shown == real ? 0 : 1, reached.seen};
}

Task<> run(Trial& trial) {
  co_await power_up(trial);
  co_await sleep_for(trial.time("settle_s"));
  co_await close_valve(trial);
  co_await admit_air(trial, trial.number("flow_pressure_kpa"));
  Comparison all = co_await compare(trial, AirSays::closed, trial.time("close_within_s"));
  co_await open_valve(trial);
  all.add(co_await compare(trial, AirSays::open, trial.time("open_within_s")));
  co_await close_valve(trial);
  all.add(co_await compare(trial, AirSays::closed, trial.time("close_within_s")));
  // A valve that was not where it should be in time: another time may find it there.
  rig::Basis basis;
  if (!all.in_time) basis.parameters = {"open_within_s", "close_within_s"};
  trial.count("wrong_indications", all.wrong, basis);
  co_await vent_air(trial);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) { return clause.number("settle_s", dut) + 65; }

}  // namespace

extern const Procedure procedure_status_indication{
    "status_indication",
    "状态指示",
    "status indication",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "opener", "air_source", "inlet_valve", "vent",
     "outlet_seal", "gauge", "leak_sensor", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
