// CJ/T 484 (revision) 5.4.9.1: exchanges resist eavesdropping, tampering and replay. The standard has no method; this
// is the rig's: a legal write is recorded, searched for what was written, sent with bits turned over, under another
// address, and again. Money, volume and the written value must stay what they are.
#include <algorithm>

#include <fmt/format.h>

#include "meters/telegram.hpp"
#include "testcases/steps/money.hpp"

namespace meterrig::testcases {
namespace {

using cjt188::Bytes;

const std::string item = "standby_price_table";
// FE.. 68 T A0..A6 C L: what stands before the data of a frame, from 68 on; behind them checksum and 16.
constexpr std::size_t head_size = 11, tail_size = 2;
constexpr std::size_t numbers_apart = 16;

// A price that is easy to recognise.
MeterTable pattern() { return {{{1, 2}, {123456, 234567, 345678}}, "28010100"}; }
MeterTable another() { return {{{3, 4}, {111, 222, 333}}, "28020200"}; }

struct State {
  Bytes table;
  tariff::Cents money = 0;
  std::int64_t volume = 0;
  bool operator==(const State&) const = default;
};

Task<State> state(Trial& trial) {
  State is;
  is.table = co_await trial.station().meter().bytes_of(item);
  if (trial.dut().settles_money) is.money = co_await balance(trial);
  const Usage now = co_await usage(trial);
  is.volume = now.cumulative;
  co_return is;
}

std::size_t begin_of(const Bytes& frame) {
  return static_cast<std::size_t>(std::find(frame.begin(), frame.end(), 0x68) - frame.begin());
}

void mend_checksum(Bytes& frame) {
  std::uint8_t sum = 0;
  for (std::size_t i = begin_of(frame); i + tail_size < frame.size(); ++i)
    sum = static_cast<std::uint8_t>(sum + frame[i]);
  frame[frame.size() - tail_size] = sum;
}

// Whether any of the written numbers stands in the frame as it was written.
int readable(const Bytes& frame) {
  const Bytes content = bytes_of(pattern());
  int found = 0;
  for (std::size_t at = 1; at + 3 <= content.size(); at += 3) {
    const auto number = std::span(content).subspan(at, 3);
    if (number[0] + number[1] + number[2] < 4) continue;  // too plain to be found by
    found += std::search(frame.begin(), frame.end(), number.begin(), number.end()) != frame.end();
  }
  return found;
}

// Sends what is no legal request of now, and says whether anything has changed.
Task<int> taken(Trial& trial, Bytes frame, std::string how) {
  const State before = co_await state(trial);
  co_await trial.station().meter().send_as_is(std::move(frame));
  const State after = co_await state(trial);
  if (after == before) co_return 0;
  trial.note(fmt::format("{}：表具数据被改变", how), fmt::format("{}: the meter's data changed", how));
  co_await trial.offer(item, before.table);
  co_return 1;
}

// A legal write that is caught on its way. The meter has not seen it: nothing but its check value tells it from one
// that was changed, whatever number it bears.
Task<Bytes> caught_write(Trial& trial) {
  Station& st = trial.station();
  co_await st.uart().connect(false);
  co_await trial.offer(item, bytes_of(pattern()));
  co_await st.uart().connect(true);
  co_return st.meter().last_written();
}

// Each time another one: a meter may have done with a number when it refuses what bore it. The first that is taken
// decides; more of them might leave the meter with a number that nobody knows.
Task<int> tamper(Trial& trial) {
  const auto positions = static_cast<std::size_t>(trial.number("positions"));
  for (std::size_t i = 0; i < positions; ++i) {
    Bytes frame = co_await caught_write(trial);
    const std::size_t first = begin_of(frame) + head_size;
    const std::size_t at = first + i * (frame.size() - tail_size - first) / positions;
    frame[at] = static_cast<std::uint8_t>(frame[at] ^ (1U << i % 8));
    mend_checksum(frame);
    const int changed =
        co_await taken(trial, std::move(frame), fmt::format("bit {} of byte {} turned over", i % 8, at - first));
    if (changed > 0) co_return changed;
    // So far ahead of the meter's own, numbers are new to it no more.
    if (i % numbers_apart == numbers_apart - 1) co_await trial.offer(item, bytes_of(another()));
  }
  Bytes elsewhere = co_await caught_write(trial);
  elsewhere[begin_of(elsewhere) + 2] ^= 0x01;
  mend_checksum(elsewhere);
  co_return co_await taken(trial, std::move(elsewhere), "another address");
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  Cjt188Meter& meter = trial.station().meter();
  co_await trial.keep(item);
  const Cjt188Meter::Answer legal = co_await trial.offer(item, bytes_of(pattern()));
  if (legal != Cjt188Meter::Answer::accepted) trial.inconclusive("the meter does not take a legal write: see 6.4.7");
  const Bytes recorded = meter.last_written();
  trial.record_text("recorded_frame", to_hex(recorded));
  trial.count("readable_numbers", readable(recorded));

  co_await trial.offer(item, bytes_of(another()));
  const int tampered = co_await tamper(trial);
  trial.count("tampered_taken", tampered);

  int replayed = co_await taken(trial, recorded, "replay");
  co_await power_cycle(trial, trial.time("off_s"));
  replayed += co_await taken(trial, recorded, "replay after a power cycle");
  trial.count("replayed_taken", replayed);
  trial.note("标准未规定试验方法，采用试验台方法", "the standard names no method; this is the rig's own");
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return 2 * clause.number("boot_s", dut) + clause.number("off_s", dut) + 5 * clause.number("positions", dut) + 20;
}

}  // namespace

extern const Procedure procedure_data_security{
    "data_security",
    "数据交互安全",
    "security of exchanges",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
