// CJ/T 484 (revision) 5.4.8.3, its lead sentence: amount, step prices, step volumes and what was bought are stored and
// shown. Read, looked at, and read again after the supply was away.
#include <fmt/format.h>

#include "testcases/steps/display.hpp"
#include "testcases/steps/plan_values.hpp"
#include "testcases/steps/purchases.hpp"

namespace meterrig::testcases {
namespace {

const std::vector<std::string> stored{"balance_sign",      "balance",         "current_step",         "current_price",
                                      "purchase_sequence", "purchased_money", "total_purchased_money"};

using Data = std::map<std::string, std::string>;

Task<Data> read_all(Trial& trial) {
  std::vector<std::string> names = stored;
  Data data = co_await trial.station().meter().read(std::move(names));
  for (const char* table : {"price_table", "standby_price_table"}) {
    const cjt188::Bytes bytes = co_await trial.station().meter().bytes_of(table);
    data[table] = to_hex(bytes);
  }
  co_return data;
}

// 1: the page is not what the interface says.
Task<int> apart(Trial& trial, std::string page, std::string on_the_wire) {
  std::int64_t should = 0;
  if (!parse_scaled(on_the_wire, 2, should)) trial.inconclusive(fmt::format("{} was read as {:?}", page, on_the_wire));
  const OnDisplay shown = co_await look_at_number(trial, std::move(page), should, 2);
  co_return shown == OnDisplay::as_expected ? 0 : 1;
}

Task<> run(Trial& trial) {
  co_await start_water_meter(trial);
  Purchases purchases(trial);
  co_await purchases.buy(money_of(trial.clause(), "purchase_yuan"));
  const Data before = co_await read_all(trial);
  int wrong = co_await apart(trial, "balance", before.at("balance"));
  wrong += co_await apart(trial, "purchase", before.at("purchased_money"));
  trial.count("wrong_pages", wrong);
  co_await power_cycle(trial, trial.time("off_s"));
  const Data after = co_await read_all(trial);
  trial.count("lost_in_power_cycle", changed_items(trial, before, after));
}

double estimate(const plan::Clause& clause, const plan::DutFile& dut) {
  return 2 * clause.number("boot_s", dut) + clause.number("off_s", dut) + 40;
}

}  // namespace

extern const Procedure procedure_money_data{
    "money_data",
    "金额与购水数据的存储和显示",
    "money and purchases are stored and shown",
    {"power_supply", "voltmeter", "ammeter", "path_switch", "uart_link", "operator", "ambient"},
    Radio::none,
    run,
    estimate};

}  // namespace meterrig::testcases
