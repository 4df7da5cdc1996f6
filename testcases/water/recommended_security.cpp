// CJ/T 484 (revision) 5.4.9.2 b), a recommendation: what is written over a wire or a short-range radio is enciphered
// and its sender authenticated after CJ/T 188-2018 clause 7. Tables of several lengths, so that one block, several and
// each padding are met; then the same in plain, and under a key that is not the meter's.
#include <fmt/format.h>

#include "testcases/steps/money.hpp"

namespace meterrig::testcases {
namespace {

using cjt188::Bytes;

const std::string item = "standby_price_table";

// Of `steps` step volumes; `first_price` tells one table from another.
Bytes table_with(std::int64_t steps, tariff::Price first_price) {
  MeterTable table;
  for (std::int64_t i = 1; i <= steps; ++i) table.table.volumes_m3.push_back(10 * i);
  for (std::int64_t i = 0; i <= steps; ++i) table.table.prices.push_back(first_price + 10 * i);
  table.enabled = "28010100";
  return bytes_of(table);
}

Task<int> not_understood(Trial& trial) {
  Cjt188Meter& meter = trial.station().meter();
  int count = 0;
  for (const std::int64_t steps : {2, 3, 4}) {
    const Bytes offered = table_with(steps, 101);
    co_await trial.offer(item, offered);
    const Bytes is = co_await meter.bytes_of(item);
    if (is == offered) continue;
    ++count;
    trial.note(fmt::format("加密写入的 {} 阶水价表未生效", steps),
               fmt::format("an enciphered table of {} steps was written and is not read back", steps));
  }
  co_return count;
}

Task<int> taken(Trial& trial, Bytes before, const char* zh, const char* en) {
  const Bytes is = co_await trial.station().meter().bytes_of(item);
  if (is == before) co_return 0;
  trial.note(zh, en);
  co_return 1;
}

Task<int> taken_in_plain(Trial& trial) {
  Cjt188Meter& meter = trial.station().meter();
  const Bytes before = co_await meter.bytes_of(item);
  co_await meter.offer_plain(item, table_with(2, 202));
  co_return co_await taken(trial, before, "明文写入被接受", "a write in plain was taken");
}

Task<int> taken_from_a_stranger(Trial& trial) {
  Cjt188Meter& meter = trial.station().meter();
  const Bytes before = co_await meter.bytes_of(item);
  const cjt188::Block own = cjt188::block_from_hex(trial.dut().security_key);
  cjt188::Block other = own;
  for (std::uint8_t& byte : other) byte = static_cast<std::uint8_t>(~byte);
  meter.use_key(other);
  try {
    co_await meter.offer(item, table_with(2, 303));
  } catch (const ProtocolError&) {
    // A reply that this key does not open: whether the table was taken is looked at below.
  }
  meter.use_key(own);
  co_return co_await taken(trial, before, "错误密钥写入被接受", "a write under another key was taken");
}

Task<> run(Trial& trial) {
  if (trial.dut().security_key.empty())
    trial.end(Verdict::not_tested,
              Cause{"", "", "", 0,
                    fmt::format("{} has no security_key, without which nothing can be enciphered", trial.dut().file)});
  co_await start_water_meter(trial);
  co_await trial.keep(item);
  const int unread = co_await not_understood(trial);
  trial.count("enciphered_not_understood", unread);
  const int plain = co_await taken_in_plain(trial);
  trial.count("plain_taken", plain);
  const int strange = co_await taken_from_a_stranger(trial);
  trial.count("stranger_taken", strange);
}

double estimate(const plan::Clause& clause, const plan::DutFile&) { return clause.number("boot_s") + 20; }

}  // namespace

extern const Procedure procedure_recommended_security{
    "recommended_security",
    "推荐的加密与认证",
    "recommended encryption and authentication",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
