#include "testcases/steps/water.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "instruments/scpi_session.hpp"
#include "testcases/steps/plan_values.hpp"

namespace meterrig::testcases {
namespace {

constexpr std::int64_t register_size = 100'000'000;  // five integer digits of cubic metres

// Of a value in cubic metres with at most three decimals.
std::int64_t litres(Trial& trial, const std::string& item, const std::string& text) {
  std::int64_t value = 0;
  if (!parse_scaled(text, 3, value)) trial.rig_fault(fmt::format("{} reads {:?}, which is no volume", item, text));
  return value;
}

CivilTime time_of(Trial& trial, const std::string& text) {
  const auto time = civil_from_text(text);
  if (!time) trial.rig_fault(fmt::format("the meter's clock reads {:?}, which is no time", text));
  return *time;
}

std::uint32_t pulses_of(const Trial& trial, std::int64_t volume) {
  const std::int64_t weight = litres_a_pulse(trial.dut());
  if (volume % weight != 0)
    throw UserError(fmt::format("{} L are no whole number of pulses of {} L: choose another volume", volume, weight));
  return static_cast<std::uint32_t>(volume / weight);
}

std::chrono::year_month_day date_of(CivilTime time) {
  return std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time));
}

// Whether a settlement of the cycle falls on this month.
bool settles_in(Cycle cycle, const SettlementTime& time, unsigned month) {
  if (cycle == Cycle::year) return month == time.month;
  if (cycle == Cycle::quarter) return month % 3 == time.month % 3;
  return true;
}

}  // namespace

Task<> start_water_meter(Trial& trial) {
  co_await power_up(trial);
  co_await sleep_for(trial.time("boot_s"));
}

Task<Usage> usage(Trial& trial) {
  std::vector<std::string> names{"cumulative_volume_fine", "period_volume", "usage_clock"};
  const auto read = co_await trial.station().meter().read(std::move(names));
  co_return Usage{litres(trial, "cumulative_volume_fine", read.at("cumulative_volume_fine")),
                  litres(trial, "period_volume", read.at("period_volume")), time_of(trial, read.at("usage_clock"))};
}

std::int64_t volume_between(std::int64_t before, std::int64_t after) {
  const std::int64_t passed = (after - before) % register_size;
  return passed < -register_size / 2 ? passed + register_size : passed;
}

std::int64_t period_steps_off(const Trial& trial, std::int64_t is, std::int64_t should) {
  const auto step = std::max<std::int64_t>(1, std::llround(trial.dut().period_resolution_m3 * 1000));
  const std::int64_t off = is - should;
  return off < 0 ? -((-off + step - 1) / step) : (off + step - 1) / step;
}

bool period_is(const Trial& trial, std::int64_t is, std::int64_t should) {
  const bool coarse = trial.dut().period_resolution_m3 > 0.001;
  return std::abs(period_steps_off(trial, is, should)) <= (coarse ? 1 : 0);
}

Task<RunningWater> let_water_flow(Trial& trial, std::int64_t volume) {
  const std::uint32_t pulses = pulses_of(trial, volume);
  const std::uint32_t before = co_await trial.station().pulses().count();
  co_await trial.station().pulse_simulator().start(pulses, trial.number("pulse_rate_hz"));
  co_return RunningWater{before};
}

// What the simulator says it gave is one thing, what came is another: a loose wire is not the meter's fault.
Task<std::int64_t> finish_water(Trial& trial, RunningWater water) {
  PulseSimulator& simulator = trial.station().pulse_simulator();
  for (;;) {
    const bool running = co_await simulator.running();
    if (!running) break;
    co_await sleep_for(500ms);
  }
  co_await sleep_for(trial.time("settle_s"));
  const std::uint32_t sent = co_await simulator.sent();
  const std::uint32_t counted = (co_await trial.station().pulses().count()) - water.counted_before;
  if (counted != sent)
    trial.rig_fault(
        fmt::format("the pulse simulator gave {} pulses, and the pulse counter had {} on the line to the meter: check "
                    "output and wiring",
                    sent, counted));
  co_return sent* litres_a_pulse(trial.dut());
}

Task<> pass_water(Trial& trial, std::int64_t volume) {
  if (volume == 0) co_return;
  const RunningWater running = co_await let_water_flow(trial, volume);
  co_await sleep_for(seconds(pulses_of(trial, volume) / trial.number("pulse_rate_hz")));
  const std::int64_t passed = co_await finish_water(trial, running);
  if (passed != volume) trial.rig_fault(fmt::format("the pulse simulator gave {} L instead of {} L", passed, volume));
}

Task<CivilTime> meter_clock(Trial& trial) {
  std::vector<std::string> names(1, "clock");
  const auto read = co_await trial.station().meter().read(std::move(names));
  co_return time_of(trial, read.at("clock"));
}

Task<> set_meter_clock(Trial& trial, CivilTime to) {
  std::string refused;
  try {
    co_await trial.move_clock(to);
  } catch (const MeterRefused& error) {
    refused = error.what();
  }
  if (refused.empty()) co_return;
  const CivilTime now = co_await meter_clock(trial);
  const double wait_h = static_cast<double>((to - now).count()) / 3600;
  if (wait_h < 0) trial.inconclusive(fmt::format("the meter does not let its clock be set to {}", civil_text(to)));
  const std::string answer =
      co_await ask(trial, Operator::Kind::confirm,
                   fmt::format("表具拒绝将时钟调整到 {}。是否实际等待 {:.1f} h？（yes/no）", civil_text(to), wait_h),
                   fmt::format("the meter refuses to have its clock set to {}: wait {:.1f} h for real (yes/no)?",
                               civil_text(to), wait_h));
  if (answer != "yes")
    trial.end(Verdict::not_tested,
              Cause{"", "", refused, 0,
                    fmt::format("the meter refuses to have its clock set to {}, and nobody wants to wait {:.1f} h",
                                civil_text(to), wait_h)});
  trial.note(fmt::format("表具拒绝调整时钟：实际等待 {:.1f} h", wait_h),
             fmt::format("the meter refuses to have its clock moved: {:.1f} h waited for real", wait_h));
  // By the meter's own clock: over weeks it goes another way than the rig's.
  for (CivilTime is = now; is < to;) {
    const Duration left = to - is;
    co_await trial.wait_out(left > 1h ? left - left / 1000 : left);
    is = co_await meter_clock(trial);
  }
}

Task<> run_across(Trial& trial, CivilTime instant) {
  const auto lead = std::chrono::seconds(static_cast<int>(trial.number("lead_s")));
  co_await set_meter_clock(trial, instant - lead);
  co_await sleep_for(2 * lead);
  // A slow clock is waited for: what is read next must lie behind the instant.
  for (int i = 0; i < 10; ++i) {
    const CivilTime now = co_await meter_clock(trial);
    if (now >= instant + lead - 1s) co_return;
    co_await sleep_for(1s);
  }
  trial.note("表具时钟走慢，未到预期时刻", "the meter's clock is late: it does not reach the expected time");
}

const char* word(Cycle cycle) {
  switch (cycle) {
    case Cycle::day:
      return "day";
    case Cycle::month:
      return "month";
    case Cycle::quarter:
      return "quarter";
    case Cycle::year:
      return "year";
  }
  return "";
}

Task<> set_cycle(Trial& trial, Cycle cycle) {
  co_await trial.write_item("settlement_cycle", fmt::format("{:02}", static_cast<int>(cycle)));
}

std::string SettlementTime::text() const { return fmt::format("{:02}{:02}{:02}", month, day, hour); }

Task<> set_settlement_time(Trial& trial, SettlementTime time) {
  co_await trial.write_item("settlement_time", time.text());
}

CivilTime next_settlement(Cycle cycle, const SettlementTime& time, CivilTime now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  constexpr int longest = 366 + 1;
  for (int i = 0; i <= longest; ++i) {
    const auto day = today + std::chrono::days(i);
    const std::chrono::year_month_day date(day);
    const CivilTime at = day + std::chrono::hours(time.hour);
    if (at <= now) continue;
    if (cycle == Cycle::day) return at;
    if (static_cast<unsigned>(date.day()) == time.day && settles_in(cycle, time, static_cast<unsigned>(date.month())))
      return at;
  }
  return now;
}

Task<Settled> settled(Trial& trial, int n) {
  const std::string mark = fmt::format("settled_time_{}", n), volume = fmt::format("settled_volume_{}", n);
  std::vector<std::string> names{mark, volume};
  const auto read = co_await trial.station().meter().read(std::move(names));
  co_return Settled{read.at(mark), litres(trial, volume, read.at(volume))};
}

std::string settled_mark(CivilTime time) { return civil_text(time).substr(0, 13); }

std::string time_mark(CivilTime time) {
  const auto date = date_of(time);
  const auto hour = std::chrono::duration_cast<std::chrono::hours>(time - std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:02}{:02}{:02}{:02}", static_cast<int>(date.year()) % 100, static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), hour.count());
}

Task<> power_cycle(Trial& trial, Duration off) {
  Station& st = trial.station();
  co_await st.path().select(Position::off);
  co_await sleep_for(off);
  const Reading volts = co_await st.voltmeter().voltage();
  trial.record("residual_voltage", volts.value, volts.budget("V"));
  if (volts.value > 0.1 * trial.dut().nominal_voltage_v)
    trial.rig_fault(
        fmt::format("{:.2f} V are left at the meter's terminals {:g} s after K0", volts.value, to_seconds(off)));
  co_await st.path().select(Position::ammeter);
  co_await sleep_for(seconds(trial.dut().boot_time_s) + trial.time("boot_s"));
}

Task<std::string> display(Trial& trial, const std::string& page, const std::string& zh, const std::string& en) {
  co_return co_await ask(trial, Operator::Kind::read_display, zh, en, page);
}

}  // namespace meterrig::testcases
