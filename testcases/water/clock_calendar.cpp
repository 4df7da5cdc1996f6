// CJ/T 484 (revision) 6.4.2 c): the clock counts time and date. Days, months and years end as they do in the Gregorian
// calendar, and no hour is left out on the days when other countries, or this one until 1991, change their clocks.
#include <array>

#include <fmt/format.h>

#include "testcases/steps/water.hpp"

namespace meterrig::testcases {
namespace {

constexpr auto wait = 20s;

struct Case {
  const char* set_to;
  const char* about;
};

constexpr std::array cases{Case{"2023-02-28T23:59:50", "end of February"},
                           Case{"2024-02-28T23:59:50", "leap year"},
                           Case{"2024-02-29T23:59:50", "end of a leap February"},
                           Case{"2025-12-31T23:59:50", "end of the year"},
                           Case{"2026-04-30T23:59:50", "month of 30 days"},
                           Case{"2028-02-28T23:59:50", "next leap year"},
                           Case{"2099-12-30T23:59:50", "end of the century"},
                           Case{"2026-04-12T01:59:50", "summer time in China until 1991, beginning"},
                           Case{"2026-09-13T01:59:50", "summer time in China until 1991, end"},
                           Case{"2026-03-29T00:59:50", "summer time in Europe, UTC"},
                           Case{"2026-03-29T01:59:50", "summer time in Europe, local"}};

// The meter's clock against what it should show `at`; whole seconds roll over while it is read.
Task<int> expect(Trial& trial, CivilTime should, std::string about) {
  const CivilTime is = co_await meter_clock(trial);
  const auto off = (is - should).count();
  if (std::abs(off) <= static_cast<std::int64_t>(trial.number("tolerance_s"))) co_return 0;
  trial.note(fmt::format("{}：时钟为 {}，应为 {}", about, civil_text(is), civil_text(should)),
             fmt::format("{}: the clock shows {} and should show {}", about, civil_text(is), civil_text(should)));
  co_return 1;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  int wrong = 0, not_taken = 0;
  for (const Case& one : cases) {
    const CivilTime start = civil_from_text(one.set_to).value();
    bool refused = false;
    try {
      co_await trial.move_clock(start);
    } catch (const MeterRefused&) {
      refused = true;
    }
    if (refused) {
      ++not_taken;
      trial.note(fmt::format("{}：时钟不接受 {}", one.about, one.set_to),
                 fmt::format("{}: the clock does not take {}", one.about, one.set_to));
      continue;
    }
    const Instant set_at = trial.clock().now();
    co_await sleep_until(set_at + wait);
    wrong += co_await expect(trial, start + wait, one.about);
  }
  if (not_taken == static_cast<int>(cases.size()))
    trial.end(Verdict::not_tested,
              Cause{"meter", "", "", 0, "the meter does not let its clock be moved to these dates"});
  trial.count("wrong_dates", wrong + not_taken);
  if (!trial.dut().clock_backup) co_return;
  const CivilTime before = co_await meter_clock(trial);
  const Instant read_at = trial.clock().now();
  co_await power_cycle(trial, trial.time("off_s"));
  const auto passed = std::chrono::round<std::chrono::seconds>(trial.clock().now() - read_at);
  const int lost = co_await expect(trial, before + passed, "power cycle");
  trial.count("lost_in_power_cycle", lost);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return 2 * clause.number("boot_s", dut) + clause.number("off_s", dut) + 21.0 * static_cast<double>(cases.size());
}

}  // namespace

extern const Procedure procedure_clock_calendar{
    "clock_calendar",
    "时钟计时与日历",
    "clock and calendar",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
