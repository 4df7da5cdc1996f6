#include "testcases/steps/plan_values.hpp"

#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

#include "core/tariff/decimal_text.hpp"
#include "core/tariff/settlement.hpp"
#include "instruments/scpi_answers.hpp"

namespace meterrig::testcases {
namespace {

constexpr tariff::Cents shown_balance_max = 9999'99;  // 5.4.8.4, table 3
constexpr double most_litres = 1e8;                   // where a register of five digits begins again

// What the library says of a text, as the user's fault at its place.
template <typename Read>
auto exact(const plan::Clause& clause, const std::string& name, const std::string& text, const Read& read,
           std::optional<std::size_t> element = {}) {
  try {
    return read(text);
  } catch (const std::invalid_argument& wrong) {
    const std::string why = wrong.what();
    const std::string mark = ": expected ";
    const std::size_t expected = why.find(mark);
    clause.refuse(name, expected == std::string::npos ? why : why.substr(expected + mark.size()), element);
  }
}

// Two digits of a text that has only digits.
unsigned two_digits(const std::string& text, std::size_t at) {
  return static_cast<unsigned>((text[at] - '0') * 10 + text[at + 1] - '0');
}

bool digits_only(const std::string& text, std::size_t count) {
  return text.size() == count && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

std::vector<std::int64_t> litres_list(const plan::Clause& clause, const std::string& name) {
  std::vector<std::int64_t> all;
  for (const double value : clause.list(name)) {
    if (!(value >= 1) || value > most_litres || value != std::floor(value))
      clause.refuse(name, "a whole number of litres, 1 or more", all.size());
    all.push_back(static_cast<std::int64_t>(value));
  }
  return all;
}

std::int64_t litres_of(const plan::Clause& clause, const std::string& name, std::int64_t least,
                       const std::string& why) {
  const double value = clause.number(name);
  if (!(value >= static_cast<double>(least)) || value > most_litres || value != std::floor(value))
    clause.refuse(name, fmt::format("a whole number of litres, {} or more{}{}", least, why.empty() ? "" : ": ", why));
  return static_cast<std::int64_t>(value);
}

tariff::Cents money_of(const plan::Clause& clause, const std::string& name) {
  const tariff::Cents money = exact(clause, name, clause.text(name), tariff::money_of);
  if (money < 1 || money > shown_balance_max)
    clause.refuse(name, "0.01 to 9999.99 yuan: a meter shows no more (5.4.8.4, table 3)");
  return money;
}

tariff::Price price_of(const plan::Clause& clause, const std::string& name) {
  return exact(clause, name, clause.text(name), tariff::price_of);
}

tariff::PriceTable table_of(const plan::Clause& clause, const std::string& prices) {
  const std::string volumes = "step_volumes_m3";
  tariff::PriceTable table;
  for (const double volume : clause.list(volumes)) {
    const std::size_t element = table.volumes_m3.size();
    if (!(volume >= 1) || volume > static_cast<double>(tariff::step_volume_max_m3) || volume != std::floor(volume))
      clause.refuse(volumes, "a whole number of m3 from 1 to 999999 (table 2)", element);
    table.volumes_m3.push_back(static_cast<std::int64_t>(volume));
  }
  constexpr std::size_t most_volumes = 99;  // two digits count them
  if (table.volumes_m3.size() > most_volumes) clause.refuse(volumes, "99 step volumes at most");
  const std::vector<std::string>& texts = clause.texts(prices);
  for (std::size_t i = 0; i < texts.size(); ++i)
    table.prices.push_back(exact(clause, prices, texts[i], tariff::price_of, i));
  if (table.prices.size() != table.volumes_m3.size() + 1)
    clause.refuse(prices, fmt::format("{} prices, one more than step_volumes_m3 has volumes (5.4.8.3)",
                                      table.volumes_m3.size() + 1));
  return table;
}

bool climbs(const tariff::PriceTable& table) { return table.volumes_m3.size() > 1 && tariff::faults_of(table).empty(); }

SettlementTime settlement_time_of(const plan::Clause& clause) {
  const std::string name = "settlement_time";
  const std::string& text = clause.text(name);
  if (!digits_only(text, 6)) clause.refuse(name, "a settlement time MMDDhh of six digits, such as 010100");
  const SettlementTime time{two_digits(text, 0), two_digits(text, 2), two_digits(text, 4)};
  if (time.month < 1 || time.month > 12 || time.day < 1 || time.day > 28 || time.hour > 23)
    clause.refuse(name,
                  "a settlement time MMDDhh with month 01 to 12, day 01 to 28 and hour 00 to 23 (5.4.4, table 1)");
  return time;
}

CivilTime enable_date_of(const plan::Clause& clause, CivilTime now) {
  const std::string name = "enable_date";
  const std::string& text = clause.text(name);
  if (text == "next_day") return std::chrono::ceil<std::chrono::hours>(now + 24h);
  if (!digits_only(text, 8)) clause.refuse(name, "\"next_day\", or an enable date YYMMDDhh of eight digits");
  const auto time = civil_from_text(
      fmt::format("20{}-{}-{}T{}:00:00", text.substr(0, 2), text.substr(2, 2), text.substr(4, 2), text.substr(6, 2)));
  if (!time) clause.refuse(name, "an enable date YYMMDDhh that exists (5.4.8.3, table 2)");
  return *time;
}

std::int64_t litres_a_pulse(const plan::DutFile& dut) {
  std::int64_t weight = 0;
  if (!parse_scaled(dut.pulse_volume_m3, 3, weight) || weight <= 0)
    throw UserError(
        fmt::format("{}: pulse_volume_m3 {:?} is not a whole number of litres", dut.file, dut.pulse_volume_m3));
  return weight;
}

void check_pulses(const plan::Clause& clause, const std::string& name, std::int64_t litres, const plan::DutFile* dut) {
  if (!dut || litres % litres_a_pulse(*dut) == 0) return;
  clause.refuse(name, fmt::format("a whole number of pulses: it makes {} L, and a pulse of sample {} ({}) is {} L",
                                  litres, dut->sample, dut->file, litres_a_pulse(*dut)));
}

void check_volume(const plan::Clause& clause, const std::string& name, const plan::DutFile* dut) {
  check_pulses(clause, name, litres_of(clause, name), dut);
}

void check_balance(const plan::Clause& clause, tariff::Cost cost) {
  const std::string name = "balance_yuan";
  if (money_of(clause, name) * tariff::costs_per_cent >= cost) return;
  const tariff::Charge least = tariff::charge_of(cost + tariff::costs_per_cent - 1);
  clause.refuse(name, fmt::format("at least {} yuan, which the clause's water costs (annex A: Ms is the cost at least)",
                                  tariff::money_text(least.whole)));
}

}  // namespace meterrig::testcases
