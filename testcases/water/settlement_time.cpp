// CJ/T 484 (revision) 6.4.4, table 1: the settlement time is MMDDhh in BCD, month 1 to 12, day 1 to 28, hour 0 to 23.
// An illegal value must leave the old one; whether the meter says so or keeps silent is its own affair.
#include <array>

#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/water.hpp"

namespace meterrig::testcases {
namespace {

// Printed order, MM DD hh.
using Bytes3 = std::array<std::uint8_t, 3>;

constexpr std::array legal{Bytes3{0x01, 0x01, 0x00}, Bytes3{0x12, 0x28, 0x23}, Bytes3{0x02, 0x28, 0x00},
                           Bytes3{0x06, 0x01, 0x12}};
constexpr std::array illegal{Bytes3{0x00, 0x01, 0x00}, Bytes3{0x13, 0x01, 0x00}, Bytes3{0x01, 0x00, 0x00},
                             Bytes3{0x01, 0x29, 0x00}, Bytes3{0x02, 0x31, 0x00}, Bytes3{0x01, 0x01, 0x24},
                             Bytes3{0x01, 0x01, 0xFF}, Bytes3{0x1A, 0x01, 0x00}, Bytes3{0x01, 0x01, 0x1A}};

// As it goes over the line: low byte first.
cjt188::Bytes on_the_wire(const Bytes3& value) { return {value.rbegin(), value.rend()}; }

std::string text_of(const Bytes3& value) { return to_hex(value); }

Task<int> write_legal(Trial& trial) {
  Cjt188Meter& meter = trial.station().meter();
  int wrong = 0;
  for (const Bytes3& value : legal) {
    co_await trial.write_item("settlement_time", text_of(value));
    const cjt188::Bytes is = co_await meter.bytes_of("settlement_time");
    if (is == on_the_wire(value)) continue;
    ++wrong;
    trial.note(fmt::format("写入 {}，读回 {}", text_of(value), to_hex(is)),
               fmt::format("{} was written and {} (low byte first) is read", text_of(value), to_hex(is)));
  }
  co_return wrong;
}

Task<int> write_illegal(Trial& trial) {
  Cjt188Meter& meter = trial.station().meter();
  int taken = 0;
  for (const Bytes3& value : illegal) {
    const cjt188::Bytes before = co_await meter.bytes_of("settlement_time");
    co_await trial.offer("settlement_time", on_the_wire(value));
    const cjt188::Bytes after = co_await meter.bytes_of("settlement_time");
    if (after == before) continue;
    ++taken;
    trial.note(fmt::format("非法结算时间 {} 被接受", text_of(value)),
               fmt::format("the illegal settlement time {} was taken", text_of(value)));
    co_await trial.offer("settlement_time", before);
  }
  co_return taken;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  // All of MMDDhh is used under a yearly cycle; a monthly one may ignore the month.
  co_await set_cycle(trial, Cycle::year);
  const int wrong = co_await write_legal(trial);
  trial.count("legal_values_lost", wrong);
  const int taken = co_await write_illegal(trial);
  trial.count("illegal_values_taken", taken);
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) { return clause.number("boot_s", dut) + 30; }

}  // namespace

extern const Procedure procedure_settlement_time{
    "settlement_time", "结算时间",
    "settlement time", {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "ambient"},
    Radio::none,       run,
    estimate};

}  // namespace meterrig::testcases
