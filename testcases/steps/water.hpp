#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/civil_time.hpp"
#include "testcases/steps/register.hpp"

// Steps of CJ/T 484 (revision) 6.4: what a step-tariff water meter counts, what its calendar does, and water for it.
// Volumes in litres.
namespace meterrig::testcases {

// The meter on K2 and answering; its usage and clock can be read.
Task<> start_water_meter(Trial& trial);

struct Usage {
  std::int64_t cumulative = 0;
  std::int64_t period = 0;  // of the current settlement period
  CivilTime at;
};
// Void when a value of it is none.
Task<Usage> usage(Trial& trial);
// Both registers of a meter count modulo 100 000 m3 (5.4.1: five integer digits).
std::int64_t volume_between(std::int64_t before, std::int64_t after);
// How many steps of the period's declared resolution `is` is off, begun ones as whole.
std::int64_t period_steps_off(const Trial& trial, std::int64_t is, std::int64_t should);
// The same to the litre; within one step where the maker declares a coarser resolution.
bool period_is(const Trial& trial, std::int64_t is, std::int64_t should);

// Exactly this volume from the pulse simulator, at `pulse_rate_hz`, and its wait `settle_s`. Void when the simulator
// gave another number of pulses, or another number came on the line to the meter.
Task<> pass_water(Trial& trial, std::int64_t litres);
// Water on its way: flows on while something else is done.
struct RunningWater {
  std::uint32_t counted_before = 0;  // on the line to the meter
};
Task<RunningWater> let_water_flow(Trial& trial, std::int64_t litres);
// Waits for its end, and gives the volume that passed. Void when the line had another number of pulses.
Task<std::int64_t> finish_water(Trial& trial, RunningWater water);

// Of the meter's clock.
Task<CivilTime> meter_clock(Trial& trial);
// Sets it. A meter that refuses to be moved so far: asks whether the rig shall wait for real, and does; not tested when
// nobody agrees.
Task<> set_meter_clock(Trial& trial, CivilTime to);
// Sets the clock `lead_s` before `instant`, and waits until it shows `lead_s` after it: nothing is jumped over.
Task<> run_across(Trial& trial, CivilTime instant);

// The settlement cycles of 5.4.3, by the codes of the meter's item.
enum class Cycle { day = 1, month = 2, quarter = 3, year = 4 };
const char* word(Cycle cycle);
Task<> set_cycle(Trial& trial, Cycle cycle);
// MMDDhh (5.4.4).
struct SettlementTime {
  unsigned month = 1, day = 1, hour = 0;
  std::string text() const;
};
Task<> set_settlement_time(Trial& trial, SettlementTime time);
// The first settlement after `now`. Natural cycles: the cycle gives the period, MMDDhh the anchor.
CivilTime next_settlement(Cycle cycle, const SettlementTime& time, CivilTime now);

// The n-th settled record, 1 the latest.
struct Settled {
  std::string mark;  // "2026-11-21T08"
  std::int64_t cumulative = 0;
  bool operator==(const Settled&) const = default;
};
Task<Settled> settled(Trial& trial, int n);
// As Settled has it.
std::string settled_mark(CivilTime time);
// YYMMDDhh (table 2), of an enable date.
std::string time_mark(CivilTime time);

// K0 for `off_s`, then K2 again, and the meter's start.
Task<> power_cycle(Trial& trial, Duration off);

// What stands on a page of the display, as an operator or a camera says; a prompt and its answer.
Task<std::string> display(Trial& trial, const std::string& page, const std::string& zh, const std::string& en);

}  // namespace meterrig::testcases
